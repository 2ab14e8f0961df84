"""NumPy arrays: NAME.npy is the matrix, NAME.words.txt has one word per line.

A line is `word`, or `word TAB count` if counts are known.
"""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from w2v_fast.system import files
from w2v_fast.vectors import file_sets
from w2v_fast.vectors.data import VectorData
from w2v_fast.vectors.formats._byte_stream import ByteStream
from w2v_fast.vectors.formats._errors import FormatError
from w2v_fast.vectors.formats._format import Format
from w2v_fast.vectors.formats._options import ALL_WRITE, ReadOptions, WriteOptions
from w2v_fast.vectors.formats._rows import blocks, distinct
from w2v_fast.vectors.formats._words import WordRules, max_word_bytes
from w2v_fast.vectors.text_lines import UTF8_MARK

MAX_HEADER = 10_000
MAGIC = b"\x93NUMPY"


def words_path(path: str | os.PathLike[str]) -> Path:
    """The file of words beside a `.npy` file."""
    return Path(path).with_suffix(".words.txt")


def read(stream: ByteStream, options: ReadOptions) -> VectorData:
    """Map the matrix (with mmap=False: read it) and read its words; numbers are not checked."""
    beside = os.fspath(words_path(stream.name))
    try:
        with file_sets.open_together(stream.name, beside) as (file, words_file):
            vectors = _matrix(file, stream.name)
            keys, counts = _words(words_file, beside, len(vectors))
    except FileNotFoundError as error:
        advice = f"put them into {beside}, one a line, in the order of the rows"
        other = "pass the array to KeyedVectors(keys, vectors)"
        problem = f"a matrix without words; {advice}, or {other}"
        raise FormatError(stream.name, problem) from error
    if len(keys) != len(vectors):
        problem, expected = "the words and the matrix disagree", f"{len(vectors)} words"
        raise FormatError(beside, problem, expected=expected, found=len(keys))
    vectors = vectors[: options.limit]
    if not options.mmap or vectors.dtype not in (np.float32, np.float16):
        vectors = np.array(vectors, np.float16 if vectors.dtype == np.float16 else np.float32)
    no_repeats = dataclasses.replace(options, on_duplicate="error")
    data = distinct(beside, keys[: options.limit], vectors, no_repeats)
    data.counts = None if counts is None else counts[: options.limit]
    return data


def _matrix(file: BinaryIO, name: str) -> npt.NDArray[Any]:
    """Check the header against the size of the file, and map the matrix."""
    try:
        version = np.lib.format.read_magic(file)
        head = file.peek(4)[:4]  # type: ignore[attr-defined]
        if version != (1, 0) and int.from_bytes(head, "little") > MAX_HEADER:
            raise ValueError(f"its header is longer than {MAX_HEADER} bytes")
        number = "1_0" if version == (1, 0) else "2_0"
        read_header = getattr(np.lib.format, f"read_array_header_{number}")
        shape, by_columns, dtype = read_header(file)
    except OSError:
        raise
    except Exception as error:  # numpy's parser raises many kinds of errors
        raise FormatError(name, f"not a readable .npy array ({error})") from error
    if len(shape) != 2 or dtype.kind not in "fiu":
        problem, found = "not a matrix of numbers", f"shape {shape} of {dtype}"
        raise FormatError(name, problem, expected="two dimensions", found=found)
    size, start = math.prod(shape) * dtype.itemsize, file.tell()
    if min(shape) < 0 or size > os.fstat(file.fileno()).st_size - start:
        expected = f"{size} bytes of numbers after the header"
        raise FormatError(name, "the file is cut", expected=expected)
    if not size:
        return np.empty(shape, dtype)
    return np.memmap(file, dtype, "r", start, shape, "F" if by_columns else "C")


def _words(file: BinaryIO, path: str, rows: int) -> tuple[list[str], npt.NDArray[np.int64] | None]:
    if os.fstat(file.fileno()).st_size > max_word_bytes(rows):
        raise FormatError(path, "far more than the words of the matrix", expected=f"{rows} words")
    text = file.read().removeprefix(UTF8_MARK).decode("utf-8", "surrogateescape")
    lines = text.removesuffix("\n").split("\n")
    fields = [line.removesuffix("\r").split("\t") for line in lines if line]
    keys = [line[0] for line in fields]
    if not all(len(line) == 2 for line in fields):
        return keys, None
    try:
        return keys, np.array([int(line[1]) for line in fields], np.int64)
    except (ValueError, OverflowError) as error:
        raise FormatError(path, f"a count is not a number ({str(error)[:80]})") from error


def write(data: VectorData, words: list[bytes], path: str, options: WriteOptions) -> None:
    """Write the matrix and the words; both files are replaced together."""
    with file_sets.atomic_write_together(path, words_path(path)) as (file, words_file):
        words_file.writelines(word_lines(words, data.counts))
        header = {"descr": "<f4", "fortran_order": False, "shape": data.vectors.shape}
        np.lib.format.write_array_header_1_0(file, header)
        for block in blocks(data.vectors):
            file.write(block.astype("<f4", copy=False).data.cast("B"))


def check_path(path: str) -> None:
    """Raise ValueError for a compressed file or a stream."""
    if files.compression_of_name(path) or files.is_stream(path):
        raise ValueError(
            f"cannot write {path}: a .npy file is mapped into memory and has its words in another "
            "file beside it, so it is neither compressed nor a stream; write another format"
        )


def word_lines(words: list[bytes], counts: npt.NDArray[Any] | None) -> Iterable[bytes]:
    """Lines of `word TAB count`, or of the words alone if no counts are known."""
    if counts is None:
        return (word + b"\n" for word in words)
    return (b"%s\t%d\n" % pair for pair in zip(words, counts, strict=True))


FORMAT = Format(
    name="npy",
    suffixes=(".npy",),
    rules=WordRules("\t\n\r\v\f\0", opens_file=True),
    write_options=ALL_WRITE - {"fvocab"},
    write=write,
    read_options=frozenset({"limit", "encoding", "errors", "mmap"}),
    read=read,
    is_mapped=True,
    check_path=check_path,
    files=lambda path: (path, os.fspath(words_path(path))),
)
