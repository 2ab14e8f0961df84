"""`.npy` and its words: NAME.npy is the matrix; NAME.words.txt has a word a line, with TAB and count where known."""

from __future__ import annotations

import dataclasses
import math
import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from w2v_fast.system import files
from w2v_fast.vectors import file_sets
from w2v_fast.vectors.data import VectorData, Vectors
from w2v_fast.vectors.formats.errors import FormatError
from w2v_fast.vectors.formats.options import ReadOptions, WriteOptions
from w2v_fast.vectors.formats.source import ByteStream
from w2v_fast.vectors.formats.table import (
    WordRules,
    blocks,
    check_finite,
    distinct,
    encoded_keys,
    most_bytes,
)
from w2v_fast.vectors.text_lines import UTF8_MARK

LONGEST_HEADER = 10_000
MAGIC = b"\x93NUMPY"
READS = frozenset({"limit", "encoding", "errors", "mmap"})
WRITES = frozenset({"limit", "escape", "allow_nonfinite"})
SUFFIXES = (".npy",)
RULES = WordRules("\t\n\r\v\f\0", opens_file=True)


def words_path(path: str | os.PathLike[str]) -> Path:
    """The file of words beside a `.npy` file."""
    return Path(path).with_suffix(".words.txt")


def read(source: ByteStream, options: ReadOptions) -> VectorData:
    """Map the matrix (or read it, with mmap=False) and read its words; the numbers are not checked."""
    beside = words_path(source.name)
    try:
        with file_sets.open_together(source.name, beside) as (file, words_file):
            vectors = _matrix(file, source.name)
            keys, counts = _words(words_file, os.fspath(beside), len(vectors))
    except FileNotFoundError as error:
        raise FormatError(
            source.name,
            f"a matrix without words; put them into {beside}, one a line, in the order of "
            "the rows, or pass the array to KeyedVectors(keys, vectors)",
        ) from error
    if len(keys) != len(vectors):
        raise FormatError(
            os.fspath(beside),
            "the words and the matrix disagree",
            expected=f"{len(vectors)} words",
            found=len(keys),
        )
    vectors = vectors[: options.limit]
    if not options.mmap or vectors.dtype not in (np.float32, np.float16):
        vectors = np.array(vectors, np.float16 if vectors.dtype == np.float16 else np.float32)
    table = distinct(
        os.fspath(beside),
        keys[: options.limit],
        vectors,
        dataclasses.replace(options, on_duplicate="error"),
    )
    table.counts = None if counts is None else counts[: options.limit]
    return table


def _matrix(file: BinaryIO, name: str) -> npt.NDArray[Any]:
    """The matrix as a map, which numpy checks against the size of the file."""
    try:
        version = np.lib.format.read_magic(file)
        if version != (1, 0) and int.from_bytes(file.peek(4)[:4], "little") > LONGEST_HEADER:  # type: ignore[attr-defined]
            raise ValueError(f"its header is longer than {LONGEST_HEADER} bytes")
        read_header = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, by_columns, dtype = read_header(file)
    except OSError:
        raise
    except Exception as error:  # a damaged header makes numpy's parser raise many kinds
        raise FormatError(name, f"not a readable .npy array ({error})") from error
    if len(shape) != 2 or dtype.kind not in "fiu":
        raise FormatError(
            name,
            "not a matrix of numbers",
            expected="two dimensions",
            found=f"shape {shape} of {dtype}",
        )
    size, start = math.prod(shape) * dtype.itemsize, file.tell()
    if min(shape) < 0 or size > os.fstat(file.fileno()).st_size - start:
        raise FormatError(
            name, "the file is cut", expected=f"{size} bytes of numbers after the header"
        )
    if not size:
        return np.empty(shape, dtype)
    return np.memmap(file, dtype, "r", start, shape, "F" if by_columns else "C")


def _words(file: BinaryIO, path: str, rows: int) -> tuple[list[str], npt.NDArray[np.int64] | None]:
    if os.fstat(file.fileno()).st_size > most_bytes(rows):
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


def write(kv: Vectors, path: str | os.PathLike[str], options: WriteOptions) -> None:
    """Write the matrix and the words as one act."""
    name = os.fspath(path)
    check_name(name)
    words = encoded_keys(name, kv.index_to_key, RULES, options)
    check_finite(name, kv, options)
    vectors = kv.vectors[: options.limit]
    with file_sets.atomic_write_together(path, words_path(path)) as (file, words_file):
        words_file.writelines(line + b"\n" for line in with_counts(words, kv.counts))
        np.lib.format.write_array_header_1_0(
            file, {"descr": "<f4", "fortran_order": False, "shape": vectors.shape}
        )
        for block in blocks(vectors, 4096):
            file.write(block.astype("<f4", copy=False).data.cast("B"))


def check_name(path: str | os.PathLike[str]) -> None:
    """Raise ValueError for a name that asks for what a .npy file cannot be."""
    name = os.fspath(path)
    if files.compression_of_name(name) or files.is_stream(name):
        raise ValueError(
            f"cannot write {name}: a .npy file is mapped into memory and has its words in another file "
            "beside it, so it is neither compressed nor a stream; write another format"
        )


def with_counts(words: list[bytes], counts: Any) -> list[bytes]:
    """`word TAB count`, or the words alone where no counts are known."""
    if counts is None:
        return words
    return [b"%s\t%d" % (word, count) for word, count in zip(words, counts, strict=False)]
