"""`.npy` and its words: NAME.npy is the matrix; NAME.words.txt has a word a line, with TAB and count where known."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from w2v_fast import files
from w2v_fast.vectors.formats.errors import FormatError
from w2v_fast.vectors.formats.options import ReadOptions, WriteOptions
from w2v_fast.vectors.formats.source import Source
from w2v_fast.vectors.formats.table import Table, Vectors, blocks, check_finite, distinct, encoded_keys

MAGIC = b"\x93NUMPY"
READS = frozenset({"limit", "encoding", "errors", "mmap"})
WRITES = frozenset({"limit", "escape", "allow_nonfinite"})
SUFFIXES = (".npy",)
FORBIDDEN = "\t\n\r\v\f\0"


def words_path(path: str | os.PathLike[str]) -> Path:
    """The file of words beside a `.npy` file."""
    return Path(path).with_suffix(".words.txt")


def read(source: Source, options: ReadOptions) -> Table:
    """Map the matrix (or read it, with mmap=False) and read its words; the numbers are not checked."""
    path, beside = Path(source.name), words_path(source.name)
    if not beside.is_file():
        raise FormatError(source.name, f"a matrix without words; put them into {beside}, one a line, in the order of "
                                       "the rows, or pass the array to KeyedVectors(keys, vectors)")
    vectors = _matrix(path)
    keys, counts = _words(beside)
    if len(keys) != len(vectors):
        raise FormatError(os.fspath(beside), "the words and the matrix disagree", expected=f"{len(vectors)} words",
                          found=len(keys))
    vectors = vectors[:options.limit]
    if not options.mmap or vectors.dtype not in (np.float32, np.float16):
        vectors = np.array(vectors, np.float16 if vectors.dtype == np.float16 else np.float32)
    table = distinct(os.fspath(beside), keys[:options.limit], vectors,
                     dataclasses.replace(options, on_duplicate="error"))
    table.counts = None if counts is None else counts[:options.limit]
    return table


def _matrix(path: Path) -> npt.NDArray[Any]:
    """The matrix as a map, which numpy checks against the size of the file."""
    try:
        matrix: npt.NDArray[Any] = np.lib.format.open_memmap(path, mode="r")
    except OSError:
        raise
    except Exception as error:  # a damaged header makes numpy's parser raise many kinds
        raise FormatError(os.fspath(path), f"not a readable .npy array ({error})") from error
    if matrix.ndim != 2 or matrix.dtype.kind not in "fiu":
        raise FormatError(os.fspath(path), "not a matrix of numbers", expected="two dimensions",
                          found=f"shape {matrix.shape} of {matrix.dtype}")
    return matrix


def _words(path: Path) -> tuple[list[str], npt.NDArray[np.int64] | None]:
    lines = path.read_bytes().decode("utf-8", "surrogateescape").removesuffix("\n").split("\n")
    fields = [line.removesuffix("\r").split("\t") for line in lines if line]
    keys = [line[0] for line in fields]
    if not all(len(line) == 2 for line in fields):
        return keys, None
    try:
        return keys, np.array([int(line[1]) for line in fields], np.int64)
    except (ValueError, OverflowError) as error:
        raise FormatError(os.fspath(path), f"a count is not a number ({error})") from error


def write(kv: Vectors, path: str | os.PathLike[str], options: WriteOptions) -> None:
    """Write the matrix and the words."""
    name = os.fspath(path)
    words = encoded_keys(name, kv.index_to_key, FORBIDDEN, options)
    check_finite(name, kv, options)
    vectors = kv.vectors[:options.limit]
    with files.atomic_write(words_path(path)) as words_file, files.atomic_write(path) as file:
        words_file.writelines(line + b"\n" for line in with_counts(words, kv.counts))
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": vectors.shape})
        for block in blocks(vectors, 4096):
            file.write(block.astype("<f4", copy=False).data.cast("B"))


def with_counts(words: list[bytes], counts: Any) -> list[bytes]:
    """`word TAB count`, or the words alone where no counts are known."""
    if counts is None:
        return words
    return [b"%s\t%d" % (word, count) for word, count in zip(words, counts, strict=False)]
