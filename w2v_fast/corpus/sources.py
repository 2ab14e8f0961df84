"""The sources of a corpus, cut into blocks: files, standard input, token lists, integers.

Everything that cannot be a corpus is refused here, with a way to make one of it.
"""

from __future__ import annotations

import dataclasses
import io
import itertools
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Set
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from w2v_fast.corpus._words import PADDING, WordTable, blank_marks, text_end
from w2v_fast.corpus.text_files import JoinedFiles, expand, plain_size

Ids: TypeAlias = "npt.NDArray[np.int32]"
CorpusSource: TypeAlias = "str | os.PathLike[str] | npt.NDArray[np.integer[Any]] | Iterable[Any]"

DEFAULT_BLOCK_BYTES = 1 << 20
MAX_BLOCK_BYTES = 1 << 30
MAX_WORD_BYTES = 1 << 24
EXPECTED_SOURCE = "expected a path, lists of tokens, or integers"
EXPECTED_SENTENCE = "expected a list of tokens: str, or integers (also a 1-D array of them)"
STR_ITERATORS = type(iter("")), type(iter("\u20ac"))


class Block(Protocol):
    """What one thread encodes at a time."""

    @property
    def size(self) -> int:
        """Bytes of the source."""

    def encode(self, table: WordTable, number: int) -> tuple[Ids, bool]:
        """Write the tokens of block `number` into the table.

        Returns
        -------
        ids
            Provisional ids of this table, int32; the last token of a sentence as ~id.
        ends_open_sentence
            Whether the block starts with the end of a sentence that an earlier block left open.
        """


Blocks: TypeAlias = "Generator[Block, None, None]"


class TextStream(Protocol):
    """Bytes of text; a separator follows the last word."""

    path: str

    def __enter__(self) -> TextStream: ...
    def __exit__(self, *error: object) -> None: ...
    def readinto(self, buffer: memoryview) -> int:
        """Read at least one byte into `buffer`; 0 at the end."""


@dataclasses.dataclass
class TextBlock:
    """Whole words as bytes: `data[:size]` ends with a separator, and PADDING more bytes follow."""

    data: npt.NDArray[np.uint8]
    size: int

    def encode(self, table: WordTable, number: int) -> tuple[Ids, bool]:
        """As `Block.encode`."""
        blank_marks(self.data, self.size)
        ids = np.empty(self.size // 2 + 2, np.int32)
        tokens, ends_open_sentence = table.encode_text(self.data, self.size, number, ids)
        return ids[:tokens], ends_open_sentence


@dataclasses.dataclass
class TokenBlock:
    """Sentences as lists of str; every item is one word, whatever its characters."""

    sentences: list[list[str]]
    size: int = 0

    def encode(self, table: WordTable, number: int) -> tuple[Ids, bool]:
        """As `Block.encode`."""
        ids = np.empty(sum(map(len, self.sentences)), np.int32)
        self.size = table.encode_tokens(self.sentences, number, ids)
        return ids, False


@dataclasses.dataclass
class IntegerBlock:
    """Sentences as integers: all values in one array, and where each sentence ends."""

    values: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]

    @property
    def size(self) -> int:
        """Bytes of the values."""
        return self.values.nbytes

    def encode(self, table: WordTable, number: int) -> tuple[Ids, bool]:
        """As `Block.encode`."""
        ids = np.empty(len(self.values), np.int32)
        table.encode_integers(self.values, self.ends, number, ids)
        return ids, False


def open_source(source: CorpusSource, block_bytes: int) -> tuple[Blocks, Callable[[], int | None]]:
    """Blocks of a source, and a function that returns its size in bytes, or None if unknown.

    Names of files are checked here, before reading starts.

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
    if isinstance(source, np.ndarray) and source.dtype != object:
        return _integer_array_blocks(source, block_bytes), lambda: source.size * 8
    if (
        isinstance(source, (list, tuple))
        and source
        and all(isinstance(item, (str, os.PathLike)) for item in source)
    ):
        paths = [path for name in source for path in expand(name)]
        return text_blocks(JoinedFiles(paths), block_bytes), lambda: plain_size(paths)
    try:
        sentences = iter(source)
    except TypeError:
        raise TypeError(
            f"a corpus cannot be of type {type(source).__name__}; {EXPECTED_SOURCE}"
        ) from None
    return _sentence_blocks(sentences, block_bytes), lambda: None


def _check_is_ordered(source: Any) -> None:
    """Refuse a source that can be iterated, but not over its sentences in their order."""
    kind = type(source).__name__
    if isinstance(source, (bytes, bytearray, memoryview, Set)):
        raise TypeError(f"a corpus cannot be of type {kind}; {EXPECTED_SOURCE}")
    names = source.keys() if isinstance(source, Mapping) else getattr(source, "columns", None)
    if names is not None:
        raise TypeError(
            f"a corpus cannot be a {kind} with the keys {_some(names)}; {EXPECTED_SOURCE}: "
            f"(text.split() for text in data[{next(iter(names), 'text')!r}])"
        )


def text_blocks(stream: TextStream, block_bytes: int) -> Blocks:
    """Blocks cut after a separator; they grow for longer words."""
    with stream as text:
        data, used = np.empty(block_bytes + PADDING, np.uint8), 0
        while True:
            room = data.data[used : len(data) - PADDING]
            count = text.readinto(room)
            used += count
            if 0 < count < len(room):
                continue
            end = text_end(data, 0, used)
            rest = data[end:used]
            if end:
                yield TextBlock(data, end)
            if not count:
                return
            if len(rest) >= MAX_WORD_BYTES:
                raise ValueError(
                    f"{text.path} is not text: it has a word of {MAX_WORD_BYTES:,} bytes or more"
                )
            data, used = np.empty(max(block_bytes, 2 * len(rest)) + PADDING, np.uint8), len(rest)
            data[:used] = rest


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
        return (IntegerBlock(_int64(part), no_ends) for part in _slices(array, limit))
    columns = array.shape[1]
    return (
        IntegerBlock(_int64(part).ravel(), np.arange(1, len(part) + 1, dtype=np.int64) * columns)
        for part in _slices(array, max(1, limit // max(1, columns)))
    )


def _slices(array: npt.NDArray[Any], length: int) -> Iterator[npt.NDArray[Any]]:
    return (array[start : start + length] for start in range(0, len(array), length))


def _int64(values: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    if np.ma.isMaskedArray(values):
        raise TypeError(
            "an array of ids must not be masked; leave the masked ones out: array.compressed()"
        )
    if values.dtype == np.uint64 and values.size and values.max() > np.iinfo(np.int64).max:
        raise ValueError(f"the id {values.max()} does not fit in 64 bits with a sign")
    return np.ascontiguousarray(values, np.int64)


def _sentence_blocks(sentences: Iterator[Any], block_bytes: int) -> Blocks:
    """Blocks of sentences that are all lists of str, or all lists or arrays of integers."""
    limit = max(1, block_bytes // 8)
    kind: type | None = None
    batch: list[Any] = []
    tokens = 0
    only_characters = True
    for number, sentence in enumerate(sentences, 1):
        items, this_kind = _sentence(sentence, number)
        if not len(items):
            continue
        only_characters = only_characters and _yields_characters(sentence, items)
        if kind not in (None, this_kind):
            raise TypeError(
                f"sentence {number} holds {_KINDS[this_kind]}, those before it {_KINDS[kind]}"
            )
        kind = this_kind
        batch.append(items)
        tokens += len(items)
        if tokens >= limit:
            yield _block(kind, batch, only_characters)
            batch, tokens = [], 0
    if kind and batch:
        yield _block(kind, batch, only_characters)


def _yields_characters(sentence: Any, items: Any) -> bool:
    """Whether a sentence is a generator of characters: it may be text that nobody has split."""
    return isinstance(sentence, Iterator) and all(
        isinstance(item, str) and len(item) == 1 for item in items
    )


_KINDS = {str: "str tokens", int: "integers"}


def _block(kind: type, batch: list[Any], only_characters: bool) -> Block:
    if only_characters:
        raise TypeError(
            "every sentence is a generator of single characters; split the texts: "
            "(text.split() for text in texts), or, if characters are the words, give lists: "
            "(list(text) for text in texts)"
        )
    if kind is str:
        return TokenBlock(batch)
    return IntegerBlock(np.concatenate(batch), np.cumsum(list(map(len, batch)), dtype=np.int64))


def _sentence(sentence: Any, number: int) -> tuple[Any, type]:
    """A copy of one sentence as a list of str or an int64 array, and which of the two it is."""
    if isinstance(sentence, np.ndarray) and sentence.dtype.kind in "iu" and sentence.ndim == 1:
        return _int64(sentence).copy(), int
    items = list(checked_sentence(sentence, f"sentence {number}"))
    types = set(map(type, items))
    if all(issubclass(kind, str) for kind in types):
        return items, str
    if all(
        issubclass(kind, (int, np.integer)) and kind not in (bool, np.timedelta64) for kind in types
    ):
        try:
            return np.array(list(map(int, items)), np.int64), int
        except OverflowError:
            raise ValueError(
                f"sentence {number} has an id that does not fit in 64 bits with a sign"
            ) from None
    names = ", ".join(sorted(kind.__name__ for kind in types))
    raise TypeError(f"sentence {number} holds tokens of type {names}; {EXPECTED_SENTENCE}")


def checked_sentence(sentence: Any, name: str) -> Iterable[Any]:
    """The sentence itself, if what it iterates over are its tokens in their order.

    Raises
    ------
    TypeError
        It is text, a row of a table, a set, an open file, or cannot be iterated over.
    """
    kind = type(sentence).__name__
    found, remedy = f"of type {kind}", ""
    if isinstance(sentence, (str, *STR_ITERATORS)):
        found = f"{sentence!r:.60} of type {kind}"
        remedy = "split it: (text.split() for text in texts)"
    elif isinstance(sentence, (bytes, bytearray, memoryview)):
        found = f"{bytes(sentence[:40])!r:.60} of type {kind}"
        remedy = "decode and split it: (line.decode().split() for line in lines)"
    elif keys := _keys(sentence):
        found = f"a row of type {kind} with the keys {_some(keys)}"
        key = next((key for key in ("text", "tokens") if key in keys), keys[0])
        is_list = len(sentence) > 0 and isinstance(sentence[key], (list, tuple))
        remedy = f"take its text: (row[{key!r}]{'' if is_list else '.split()'} for row in rows)"
    elif _is_named_row(sentence):
        found = f"a row of type {kind} with the fields {_some(sentence._fields)}"
        longest = max(sentence._fields, key=lambda field: len(str(getattr(sentence, field))))
        remedy = f"take its text: (row.{longest}.split() for row in rows)"
    elif isinstance(sentence, Set):
        found, remedy = f"a {kind}, which has no order", "give the tokens as they stand in the text"
    elif isinstance(sentence, io.IOBase):
        found = f"an open file of type {kind}"
        remedy = "give its path, or (line.split() for line in file)"
    elif isinstance(sentence, Iterable) or hasattr(type(sentence), "__getitem__"):
        return sentence
    raise TypeError(f"{name} is {found}; {EXPECTED_SENTENCE}" + (f"; {remedy}" if remedy else ""))


def _keys(sentence: Any) -> list[Any]:
    """The keys of a mapping, or of a row with str keys, as databases and data frames have."""
    keys = getattr(sentence, "keys", None)
    names = list(keys()) if callable(keys) else []
    if isinstance(sentence, Mapping):
        return names or ["text"]
    if isinstance(sentence, np.void):
        return list(sentence.dtype.names or ())
    return names if names and isinstance(names[0], str) else []


def _is_named_row(sentence: Any) -> bool:
    """Whether a named tuple is not a list of words: a cell holds text, or is not a str."""
    return (
        isinstance(sentence, tuple)
        and hasattr(sentence, "_fields")
        and any(not isinstance(cell, str) or len(cell.split()) > 1 for cell in sentence)
    )


def _some(names: Iterable[Any]) -> str:
    shown = [f"{name!r:.40}" for name in itertools.islice(names, 6)]
    return ", ".join(shown[:5] + ["..."] * (len(shown) > 5))
