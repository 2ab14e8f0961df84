"""Matrices of vectors while they are read or written, row by row."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from w2v_fast.keys import all_different
from w2v_fast.vectors.data import VectorData
from w2v_fast.vectors.formats._errors import FormatError
from w2v_fast.vectors.formats._options import ReadOptions

Floats = npt.NDArray[np.float32]
BLOCK_ROWS = 4096


class Rows:
    """A float32 matrix [rows, size] that grows by an eighth when it is full.

    `expected` rows are reserved at once; a number from a file must be checked before.
    """

    def __init__(self, size: int, expected: int = 0) -> None:
        self._matrix = np.empty((expected, size), np.float32)
        self.size = size
        self.count = 0

    def append(self, count: int) -> Floats:
        """Add `count` rows and return them; the caller fills them before the next call."""
        needed = self.count + count
        if needed > len(self._matrix):
            self._matrix.resize((needed + needed // 8, self.size), refcheck=False)
        rows = self._matrix[self.count : needed]
        self.count = needed
        return rows

    def finish(self) -> Floats:
        """Give back unused room and return the matrix."""
        if self.count < len(self._matrix):
            self._matrix.resize((self.count, self.size), refcheck=False)
        return self._matrix


def distinct(name: str, keys: list[str], vectors: Floats, options: ReadOptions) -> VectorData:
    """Decode the words as `options` says and keep one row for each.

    `keys` hold the bytes of the file as UTF-8 with surrogateescape, which is one-to-one.
    """
    rows = len(keys)
    keys, vectors = _without_repeats(name, keys, vectors, options, "come more than once")
    if not options.keeps_bytes:
        keys = [_decoded(name, row, key, options) for row, key in enumerate(keys)]
        decoding = f"encoding={options.encoding!r}, errors={options.errors!r}"
        reason = f"have different bytes but are the same under {decoding}"
        keys, vectors = _without_repeats(name, keys, vectors, options, reason)
    return VectorData(keys, vectors, repeated_words=rows - len(keys))


def _without_repeats(
    name: str, keys: list[str], vectors: Floats, options: ReadOptions, reason: str
) -> tuple[list[str], Floats]:
    """The first or last row of each word."""
    if all_different(keys):
        return keys, vectors
    row_of: dict[str, int] = {}
    for row, key in enumerate(keys):
        if options.on_duplicate == "error" and key in row_of:
            problem = f"the word {key!r} of row {row_of[key]} comes again"
            advice = "on_duplicate='first' or 'last' keeps one of the two"
            raise FormatError(name, f"{problem}; {advice}", row=row)
        if options.on_duplicate == "last" or key not in row_of:
            row_of[key] = row
    kept = np.sort(np.fromiter(row_of.values(), np.int64, len(row_of)))
    removed = len(keys) - len(kept)
    kept_row = f"the {options.on_duplicate} row of each is kept"
    warnings.warn(f"{name}: {removed} words {reason}; {kept_row}", stacklevel=2)
    for start in range(0, len(kept), BLOCK_ROWS):  # in place: a kept row never moves down
        rows = kept[start : start + BLOCK_ROWS]
        vectors[start : start + len(rows)] = vectors[rows]
    return [keys[row] for row in kept], vectors[: len(kept)]


def _decoded(name: str, row: int, key: str, options: ReadOptions) -> str:
    raw = key.encode("utf-8", "surrogateescape")
    try:
        return raw.decode(options.encoding, options.errors)
    except UnicodeError as error:
        problem = f"the word {raw!r} is not {options.encoding}"
        advice = "pass its encoding or another errors="
        raise FormatError(name, f"{problem}; {advice}", row=row) from error


def blocks(vectors: npt.NDArray[Any], rows: int = BLOCK_ROWS) -> Iterator[Floats]:
    """Cut a matrix into contiguous float32 blocks of at most `rows` rows."""
    for start in range(0, len(vectors), rows):
        yield np.ascontiguousarray(vectors[start : start + rows], dtype=np.float32)


def check_finite(name: str, data: VectorData) -> None:
    """Raise ValueError for NaN or infinity among the vectors, naming the word."""
    for number, block in enumerate(blocks(data.vectors)):
        finite = np.isfinite(block).all(axis=1)
        if not finite.all():
            key = data.index_to_key[number * BLOCK_ROWS + int(np.argmin(finite))]
            problem = f"the vector of {key!r} is not finite"
            advice = "allow_nonfinite=True writes it anyway"
            raise ValueError(f"cannot write {name}: {problem}; {advice}")
