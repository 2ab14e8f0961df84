"""The sources of a corpus, cut into blocks: files, standard input, sentences, integers.

Everything that cannot be a corpus is refused here, with a way to make one of it.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Set, Sized
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from w2v_fast.corpus._words import PADDING, text_end
from w2v_fast.corpus.blocks import Blocks, Bytes, IntegerBlock, TextBlock
from w2v_fast.corpus.rows import Column, cells
from w2v_fast.corpus.sentences import int64, sentence_blocks, some
from w2v_fast.corpus.table_files import are_tables, table_file_blocks
from w2v_fast.corpus.tables import blocks_of_tables, is_frame, is_table, table_blocks
from w2v_fast.corpus.text_files import MAX_LINE_BYTES, JoinedFiles, expand, plain_size
from w2v_fast.corpus.tokenizers import Tokenizer

CorpusSource: TypeAlias = "str | os.PathLike[str] | npt.NDArray[np.integer[Any]] | Iterable[Any]"

DEFAULT_BLOCK_BYTES = 1 << 20
MAX_BLOCK_BYTES = 1 << 30
MAX_WORD_BYTES = 1 << 24
EXPECTED_SOURCE = "expected a path, a table, lists of tokens, or integers"


class TextStream(Protocol):
    """Bytes of text; a separator follows the last word."""

    path: str

    def __enter__(self) -> TextStream: ...
    def __exit__(self, *error: object) -> None: ...
    def readinto(self, buffer: memoryview) -> int:
        """Read at least one byte into `buffer`; 0 at the end."""


def open_source(
    source: CorpusSource,
    block_bytes: int,
    column: Column | None = None,
    tokenizer: Tokenizer | None = None,
    takes_texts: bool = False,
) -> tuple[Blocks, Callable[[], int | None]]:
    """Blocks of a source, and a function that returns its size in bytes, or None if unknown.

    Names of files are checked here, before reading starts. A sentence may be a str if it is a cell
    of a `column`, or with `takes_texts`.

    Raises
    ------
    OSError
        A path that does not exist, a folder without files, a glob that matches nothing.
    TypeError
        It is none of the sources, or a sentence is a str where a list of tokens is expected.
    """
    if isinstance(source, (str, os.PathLike)):
        source = [source]
    _check_is_ordered(source)
    if is_table(source):
        return table_blocks(source, column, block_bytes, tokenizer), _unknown
    if isinstance(source, np.ndarray) and source.dtype != object:
        if column is not None or tokenizer is not None:
            raise TypeError("an array of integers has no text: leave out column and tokenizer")
        return _integer_array_blocks(source, block_bytes), lambda: source.size * 8
    if (
        isinstance(source, (list, tuple))
        and source
        and all(isinstance(item, (str, os.PathLike)) for item in source)
    ):
        paths = [path for name in source for path in expand(name)]
        if are_tables(paths, column):
            return table_file_blocks(paths, column, block_bytes, tokenizer), _unknown
        return text_blocks(JoinedFiles(paths), block_bytes, tokenizer), lambda: plain_size(paths)
    try:
        items = iter(source)
    except TypeError:
        raise TypeError(
            f"a corpus cannot be of type {type(source).__name__}; {EXPECTED_SOURCE}"
        ) from None
    return _blocks_of_items(source, items, block_bytes, column, tokenizer, takes_texts), _unknown


def _unknown() -> None:
    """The size of a source that does not tell it."""


def _blocks_of_items(
    source: Any,
    items: Iterator[Any],
    block_bytes: int,
    column: Column | None,
    tokenizer: Tokenizer | None,
    takes_texts: bool,
) -> Blocks:
    """Blocks of sentences, of rows, of the cells of a column of objects, or of tables."""
    for first in items:
        items = itertools.chain([first], items)
        if is_frame(first):
            return blocks_of_tables(items, column, block_bytes, tokenizer)
        break
    if column is not None:
        rows = cells(items, column, source)
        return sentence_blocks(rows, block_bytes, tokenizer, True, noun="row")
    is_column = isinstance(source, Sized) and hasattr(source, "to_frame")
    return sentence_blocks(items, block_bytes, tokenizer, takes_texts or is_column)


def _check_is_ordered(source: Any) -> None:
    """Refuse a source that can be iterated, but not over its sentences in their order."""
    kind = type(source).__name__
    if isinstance(source, (bytes, bytearray, memoryview, Set)):
        raise TypeError(f"a corpus cannot be of type {kind}; {EXPECTED_SOURCE}")
    if isinstance(source, Mapping):
        key = next(iter(source), "text")
        remedy = f"data[{key!r}]"
        if not is_table(source.get(key)):
            remedy = f"(text.split() for text in {remedy})"
        raise TypeError(
            f"a corpus cannot be a {kind} with the keys {some(source)}; {EXPECTED_SOURCE}: {remedy}"
        )


def text_blocks(stream: TextStream, block_bytes: int, tokenizer: Tokenizer | None = None) -> Blocks:
    """Blocks cut after a separator, for a tokenizer after a line; they grow for longer ones."""
    with stream as text:
        data, used = np.empty(block_bytes + PADDING, np.uint8), 0
        while True:
            room = data.data[used : len(data) - PADDING]
            count = text.readinto(room)
            used += count
            if 0 < count < len(room):
                continue
            end = text_end(data, 0, used) if tokenizer is None else _line_end(data, used)
            rest = data[end:used]
            if end:
                yield TextBlock(data, end, tokenizer)
            if not count:
                return
            if len(rest) >= MAX_WORD_BYTES:
                raise ValueError(
                    f"{text.path} is not text: it has a word of {MAX_WORD_BYTES:,} bytes or more"
                )
            data, used = np.empty(max(block_bytes, 2 * len(rest)) + PADDING, np.uint8), len(rest)
            data[:used] = rest


def _line_end(data: Bytes, stop: int) -> int:
    """The position after the last line in `data[:stop]`; after a word if the line is too long."""
    end = bytes(data.data[:stop]).rfind(b"\n") + 1
    return end if end or stop < MAX_LINE_BYTES else text_end(data, 0, stop)


def _integer_array_blocks(array: npt.NDArray[Any], block_bytes: int) -> Blocks:
    """Blocks of a 1-D array, which is one sentence, or of a 2-D array, where each row is one."""
    if array.dtype.kind not in "iu":
        is_text = array.dtype.kind in "SU"
        remedy = "; tokens as str are given as lists: array.tolist()" if is_text else ""
        raise TypeError(f"an array of ids must have an integer dtype, got {array.dtype}{remedy}")
    if array.ndim not in (1, 2):
        raise ValueError(
            f"an array of ids must have 1 or 2 dimensions, got the shape {array.shape}"
        )
    limit = max(1, block_bytes // 8)
    if array.ndim == 1:
        no_ends = np.empty(0, np.int64)
        return (IntegerBlock(int64(part), no_ends) for part in _slices(array, limit))
    columns = array.shape[1]
    return (
        IntegerBlock(int64(part).ravel(), np.arange(1, len(part) + 1, dtype=np.int64) * columns)
        for part in _slices(array, max(1, limit // max(1, columns)))
    )


def _slices(array: npt.NDArray[Any], length: int) -> Iterator[npt.NDArray[Any]]:
    return (array[start : start + length] for start in range(0, len(array), length))
