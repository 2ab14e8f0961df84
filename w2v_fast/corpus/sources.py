"""Where a corpus comes from: files, folders, globs, standard input, token lists, integer ids; cut into blocks.

A block is what one thread encodes at a time. Its `encode(table, number)` writes the tokens into a table and returns
their provisional ids (int32, the last token of a sentence as ~id) and whether the block starts with the end of a
sentence that an earlier block left open. `size` is the number of its bytes, for the progress.
"""

from __future__ import annotations

import contextlib
import dataclasses
import glob
import os
import stat
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import Any, BinaryIO, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from w2v_fast.corpus._ingest import PADDING, Table, text_end
from w2v_fast.files import MAGIC_LENGTH, compression_of, naming_errors, open_input

Ids: TypeAlias = "npt.NDArray[np.int32]"
Source: TypeAlias = "str | os.PathLike[str] | npt.NDArray[np.integer[Any]] | Iterable[Any]"

DEFAULT_BLOCK_BYTES = 1 << 20
MAX_BLOCK_BYTES = 1 << 30
MAX_WORD_BYTES = 1 << 24
TEXT_HEAD_BYTES = 1 << 16  # what is looked at to tell whether a file is text
NOT_OF_TEXT = np.array([c not in b"\0\b\t\n\v\f\r\x1b" and c < 32 for c in range(256)])
MOST_NOT_OF_TEXT = 0.03  # a third of what random bytes have


class Block(Protocol):
    @property
    def size(self) -> int: ...

    def encode(self, table: Table, number: int) -> tuple[Ids, bool]: ...


Blocks: TypeAlias = "Generator[Block, None, None]"


@dataclasses.dataclass
class TextBlock:
    """Whole words as bytes: `data[:size]` ends with a separator, and PADDING more bytes follow."""

    data: bytearray
    size: int

    def encode(self, table: Table, number: int) -> tuple[Ids, bool]:
        ids = np.empty(self.size // 2 + 2, np.int32)
        tokens, opens = table.encode_text(self.data, self.size, number, ids)
        return ids[:tokens], opens


@dataclasses.dataclass
class TokenBlock:
    """Sentences as lists of str; every item is one word, whatever its characters."""

    sentences: list[list[str]]
    size: int = 0

    def encode(self, table: Table, number: int) -> tuple[Ids, bool]:
        ids = np.empty(sum(map(len, self.sentences)), np.int32)
        self.size = table.encode_tokens(self.sentences, number, ids)
        return ids, False


@dataclasses.dataclass
class IntegerBlock:
    """Sentences as integers: all values in one array, and the positions after the end of each sentence."""

    values: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]

    @property
    def size(self) -> int:
        return self.values.nbytes

    def encode(self, table: Table, number: int) -> tuple[Ids, bool]:
        ids = np.empty(len(self.values), np.int32)
        table.encode_integers(self.values, self.ends, number, ids)
        return ids, False


def open_source(source: Source, block_bytes: int) -> tuple[Blocks, Callable[[], int | None]]:
    """Blocks of a source, and a function that tells its size in bytes where it can be known beforehand, else None.

    Everything that can be wrong with the names of files is reported here, before reading starts.

    Raises
    ------
    OSError
        A path that does not exist, a folder without files, a glob that matches nothing.
    TypeError
        Something that is none of the sources, such as a str where a list of tokens is expected.
    """
    if isinstance(source, (str, os.PathLike)):
        return _open_paths([source], block_bytes)
    if isinstance(source, (bytes, bytearray, memoryview)):
        raise TypeError(f"a corpus cannot be {type(source).__name__}; expected a path, lists of tokens, or integers")
    if isinstance(source, np.ndarray) and source.dtype != object:
        return _integer_array_blocks(source, block_bytes), lambda: source.size * 8
    if isinstance(source, (list, tuple)) and source and all(isinstance(item, (str, os.PathLike)) for item in source):
        return _open_paths(source, block_bytes)
    try:
        sentences = iter(source)
    except TypeError:
        kind = type(source).__name__
        raise TypeError(f"a corpus cannot be of type {kind}; expected a path, lists of tokens, or integers") from None
    return _sentence_blocks(sentences, block_bytes), lambda: None


def _open_paths(names: Sequence[str | os.PathLike[str]], block_bytes: int) -> tuple[Blocks, Callable[[], int | None]]:
    paths = [path for name in names for path in expand(name)]
    return _text_blocks(paths, block_bytes), lambda: _plain_size(paths)


def expand(name: str | os.PathLike[str]) -> list[str]:
    """The files that a path, folder or glob stands for, sorted; `-` and URLs stand for themselves.

    A folder stands for all files in it and below, except those whose name (or folder) starts with a dot.

    Raises
    ------
    OSError
        Nothing is there.
    """
    path = os.fspath(name)
    if not isinstance(path, str):
        raise TypeError(f"expected a path as str or os.PathLike, got {path!r}")
    if path == "-" or "://" in path:
        return [path]
    if os.path.isdir(path):
        files = sorted(_files_below(path))
        if not files:
            raise FileNotFoundError(f"the folder {path} has no files")
        return files
    if os.path.lexists(path):
        return [path]
    if glob.has_magic(path):
        matches = sorted(glob.glob(path, recursive=True))
        files = [file for match in matches for file in (_files_below(match) if os.path.isdir(match) else [match])]
        if not files:
            raise FileNotFoundError(f"no file matches {path}")
        return sorted(set(files))
    raise FileNotFoundError(
        f"no such file or folder: {path}" + (" (a sentence is given as a list of tokens)" if " " in path else "")
    )


def _files_below(folder: str) -> list[str]:
    files = []
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [os.path.join(root, name) for name in names if not name.startswith(".")]
    return files


def _plain_size(paths: list[str]) -> int | None:
    """Bytes of text in `paths`, when all are uncompressed regular files."""
    total = 0
    for path in paths:
        state = _state(path)
        if state is None:
            return None
        with open(path, "rb", buffering=0) as file:
            if compression_of(file.read(MAGIC_LENGTH)):
                return None
        total += state[1]
    return total


def _state(path: str) -> tuple[int, int, int] | None:
    """What must stay the same while a regular file is read (inode, size, time of change); None for anything else."""
    if path == "-" or "://" in path:
        return None
    status = os.stat(path)
    return (status.st_ino, status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


class _JoinedFiles:
    """Files one after the other as one stream of bytes, with a newline after each: words and sentences end there."""

    def __init__(self, paths: list[str]) -> None:
        self._paths = iter(paths)
        self._stack = contextlib.ExitStack()
        self._file: BinaryIO | None = None

    def __enter__(self) -> _JoinedFiles:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    @property
    def path(self) -> str:
        """The file that was read last."""
        return self._path

    def readinto(self, buffer: memoryview) -> int:
        """Read at least one byte into `buffer`; 0 when all files are done."""
        if self._file is None:
            path = next(self._paths, None)
            if path is None:
                return 0
            self._path, self._before = path, _state(path)
            with naming_errors(path):
                self._file = self._stack.enter_context(open_input(path))
            self._is_new = True
        with naming_errors(self._path):
            count: int = self._file.readinto(buffer)  # type: ignore[attr-defined]
        if self._is_new:
            _check_is_text(self._path, buffer[: min(count, TEXT_HEAD_BYTES)])
            self._is_new = False
        if count:
            return count
        self._stack.close()
        self._file = None
        if _state(self._path) != self._before:
            raise OSError(f"{self._path} changed while it was read; try again when nothing writes to it")
        buffer[0] = ord("\n")
        return 1


def _check_is_text(path: str, head: memoryview) -> None:
    """Refuse a file whose first bytes are not those of text."""
    if bytes(head[:2]) in (b"\xff\xfe", b"\xfe\xff") and bytes(head).count(0) > len(head) // 8:
        raise ValueError(f"{path} is text in UTF-16 or UTF-32; convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)")
    strange = int(NOT_OF_TEXT[np.frombuffer(head, np.uint8)].sum())
    if strange > max(64, MOST_NOT_OF_TEXT * len(head)):
        raise ValueError(f"{path} is not text: {strange:,} of its first {len(head):,} bytes are control characters; "
                         "expected text, or text compressed by gzip, bzip2, xz or zstd")


def _text_blocks(paths: list[str], block_bytes: int) -> Blocks:
    """Blocks cut after a separator; what follows it goes to the next block, and a longer word makes its block grow."""
    with _JoinedFiles(paths) as text:
        data, used = bytearray(block_bytes + PADDING), 0
        while True:
            room = memoryview(data)[used : len(data) - PADDING]
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
                raise ValueError(f"{text.path} is not text: it has a word of {MAX_WORD_BYTES:,} bytes or more")
            data, used = bytearray(max(block_bytes, 2 * len(rest)) + PADDING), len(rest)
            data[:used] = rest


def _integer_array_blocks(array: npt.NDArray[Any], block_bytes: int) -> Blocks:
    """Blocks of a 1-D array, which is one sentence, or of a 2-D array, where each row is one."""
    if not np.issubdtype(array.dtype, np.integer):
        raise TypeError(f"an array of ids must have an integer dtype, got {array.dtype}")
    if array.ndim not in (1, 2):
        raise ValueError(f"an array of ids must have 1 or 2 dimensions, got the shape {array.shape}")
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
    if values.dtype == np.uint64 and values.size and values.max() > np.iinfo(np.int64).max:
        raise ValueError(f"the id {values.max()} does not fit in 64 bits with a sign")
    return np.ascontiguousarray(values, np.int64)


def _sentence_blocks(sentences: Iterator[Any], block_bytes: int) -> Blocks:
    """Blocks of sentences that are all lists of str, or all lists or arrays of integers."""
    limit = max(1, block_bytes // 8)
    kind: type | None = None
    batch: list[Any] = []
    tokens = 0
    for number, sentence in enumerate(sentences, 1):
        items, this_kind = _sentence(sentence, number)
        if not len(items):
            continue
        if kind not in (None, this_kind):
            raise TypeError(f"sentence {number} holds {_KINDS[this_kind]}, those before it {_KINDS[kind]}")
        kind = this_kind
        batch.append(items)
        tokens += len(items)
        if tokens >= limit:
            yield _block(kind, batch)
            batch, tokens = [], 0
    if kind and batch:
        yield _block(kind, batch)


_KINDS = {str: "str tokens", int: "integers"}


def _block(kind: type, batch: list[Any]) -> Block:
    if kind is str:
        return TokenBlock(batch)
    return IntegerBlock(np.concatenate(batch), np.cumsum([len(items) for items in batch], dtype=np.int64))


def _sentence(sentence: Any, number: int) -> tuple[Any, type]:
    """One sentence as a list of str or an int64 array, and which of the two it is."""
    if isinstance(sentence, np.ndarray) and sentence.dtype.kind in "iu" and sentence.ndim == 1:
        return _int64(sentence), int
    expected = "expected a list of str tokens, or a list or 1-D array of integers"
    if isinstance(sentence, (str, bytes)) or not isinstance(sentence, Iterable):
        raise TypeError(f"sentence {number} is {sentence!r:.60} of type {type(sentence).__name__}; {expected}")
    items = list(sentence)
    types = set(map(type, items))
    if all(issubclass(kind, str) for kind in types):
        return items, str
    if all(issubclass(kind, (int, np.integer)) and kind is not bool for kind in types):
        try:
            return np.array(items, np.int64), int
        except OverflowError:
            raise ValueError(f"sentence {number} has an id that does not fit in 64 bits with a sign") from None
    names = ", ".join(sorted(kind.__name__ for kind in types))
    raise TypeError(f"sentence {number} holds tokens of type {names}; {expected}")
