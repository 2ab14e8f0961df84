"""The two weight matrices: rows padded to 64 bytes, on huge pages where the system gives them."""

from __future__ import annotations

import contextlib
import dataclasses
import mmap
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2v_fast.system.cpus import usable_cpus
from w2v_fast.training.generator import Stream, derive

ROW_FLOATS = 16
"""Rows are padded to a multiple of this many floats, 64 bytes (kernel.h: W2V_ALIGN)."""
HUGE_PAGE = 1 << 21
BLOCK_ROWS = 65_536
DRAWN_ROWS = 8_192
"""Rows drawn at once; even, since a draw of 64 random bits makes two floats."""


@dataclasses.dataclass
class Weights:
    """The matrices of a run; columns from `dim` on are padding, which is zero and stays zero.

    Attributes
    ----------
    input, output : ndarray of float32, shape [V, stride_of(dim)]
        Input vectors and output rows.
    dim : int
        Dimensions of a vector.
    """

    input: NDArray[np.float32]
    output: NDArray[np.float32]
    dim: int
    frozen: NDArray[np.uint8] | None = None
    """[V], 1 for each word whose input vector training leaves as it is; None if there is none."""

    @property
    def vectors(self) -> NDArray[np.float32]:
        """The input vectors without padding, [V, dim]: the word vectors (a view)."""
        return self.input[:, : self.dim]

    @property
    def output_vectors(self) -> NDArray[np.float32]:
        """The output rows without padding, [V, dim] (a view)."""
        return self.output[:, : self.dim]

    @property
    def arrays(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Both matrices, padding included."""
        return self.input, self.output

    def are_finite(self) -> bool:
        """Whether no weight is NaN or infinite."""
        with np.errstate(all="ignore"):
            return all(
                np.isfinite(array[start : start + BLOCK_ROWS]).all()
                for array in self.arrays
                for start in range(0, len(array), BLOCK_ROWS)
            )


def stride_of(dim: int) -> int:
    """Floats in a row: `dim` rounded up to a multiple of ROW_FLOATS."""
    return -(-dim // ROW_FLOATS) * ROW_FLOATS


def initial_weights(rows: int, dim: int, seed: int) -> Weights:
    """Input vectors uniform in (-1, 1) / dim from the seed, output rows zero (as gensim starts).

    The same for any number of threads: each block of rows has a fixed place in the random stream.
    """
    weights = Weights(zeros(rows, stride_of(dim)), zeros(rows, stride_of(dim)), dim)

    def fill(start: int) -> None:
        generator = np.random.Generator(
            np.random.PCG64(derive(seed, Stream.WEIGHTS)).advance(start * dim // 2)
        )
        block = weights.vectors[start : start + DRAWN_ROWS]
        uniform = generator.random(block.shape, np.float32)
        uniform -= np.float32(0.5)
        np.divide(uniform, np.float32(dim / 2), out=block)
        weights.output[start : start + DRAWN_ROWS] = 0  # maps its pages before training

    with ThreadPoolExecutor(usable_cpus()) as threads:
        list(threads.map(fill, range(0, rows, DRAWN_ROWS)))
    return weights


def zeros(rows: int, columns: int) -> NDArray[np.float32]:
    """A zero matrix that starts on a huge-page boundary and asks the system for huge pages.

    Raises
    ------
    MemoryError
        There is not enough memory.
    """
    size = max(rows * columns * 4, 1)
    try:
        if sys.platform == "win32":
            memory = mmap.mmap(-1, size + HUGE_PAGE)
        else:
            memory = mmap.mmap(-1, size + HUGE_PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except (OSError, OverflowError) as error:
        raise MemoryError(
            f"no memory for a matrix of {rows:,} x {columns:,} floats, {size:,} bytes"
        ) from error
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # a kernel without them
            memory.madvise(mmap.MADV_HUGEPAGE)
    whole = np.frombuffer(memory, np.uint8)
    offset = -whole.ctypes.data % HUGE_PAGE
    return whole[offset : offset + rows * columns * 4].view(np.float32).reshape(rows, columns)


def copy_rows(
    target: NDArray[np.float32],
    rows: NDArray[np.int64],
    source: NDArray[Any],
    source_rows: NDArray[np.int64],
) -> None:
    """`target[rows] = source[source_rows]`, block by block.

    Parameters
    ----------
    target
        float32 [V, dim], changed in place.
    rows, source_rows
        int64 [n]: row `rows[i]` of the target takes row `source_rows[i]` of the source.
    source
        Floats [W, dim] of any precision; may be mapped from a file.

    Raises
    ------
    ValueError
        A row of the source has a value that is not finite; rows before it have been copied.
    """
    for start in range(0, len(rows), BLOCK_ROWS):
        block = source[source_rows[start : start + BLOCK_ROWS]].astype(np.float32)
        if not np.isfinite(block).all():
            broken = source_rows[start + int((~np.isfinite(block)).any(axis=1).argmax())]
            raise ValueError(f"row {broken} has values that are not finite")
        target[rows[start : start + BLOCK_ROWS]] = block
