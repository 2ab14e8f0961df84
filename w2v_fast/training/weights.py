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
from w2v_fast.training.generator import derive
from w2v_fast.training.jobs import WEIGHTS

ROW_FLOATS = 16
HUGE_PAGE = 1 << 21
BLOCK_ROWS = 65_536
DRAWN_ROWS = 8_192
"""Rows drawn at once; even, since a draw of 64 random bits makes two floats."""


@dataclasses.dataclass
class Weights:
    """Input vectors [V, stride] and output rows [V, stride], float32; columns from `dim` on are zero and stay zero."""

    input: NDArray[np.float32]
    output: NDArray[np.float32]
    dim: int
    frozen: NDArray[np.uint8] | None = None
    """[V], 1 for each word whose input vector training leaves as it is; None if there is none."""

    @property
    def vectors(self) -> NDArray[np.float32]:
        """The input vectors without padding, [V, dim]: what a user calls the word vectors (a view)."""
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
    """Floats in a row: `dim` rounded up to a multiple of 16."""
    return -(-dim // ROW_FLOATS) * ROW_FLOATS


def initial_weights(rows: int, dim: int, seed: int) -> Weights:
    """Input vectors uniform in (-1, 1) / dim from the seed, output rows zero (as gensim starts).

    The same for any number of threads: each block of rows takes its own part of one stream of random numbers.
    """
    weights = Weights(zeros(rows, stride_of(dim)), zeros(rows, stride_of(dim)), dim)

    def fill(start: int) -> None:
        generator = np.random.Generator(
            np.random.PCG64(derive(seed, WEIGHTS)).advance(start * dim // 2)
        )
        block = weights.vectors[start : start + DRAWN_ROWS]
        uniform = generator.random(block.shape, np.float32)
        uniform -= np.float32(0.5)
        np.divide(uniform, np.float32(dim / 2), out=block)
        weights.output[start : start + DRAWN_ROWS] = (
            0  # so that no thread waits for its pages while it trains
        )

    with ThreadPoolExecutor(usable_cpus()) as threads:
        list(threads.map(fill, range(0, rows, DRAWN_ROWS)))
    return weights


def checked_weights(weights: Weights, rows: int, dim: int) -> Weights:
    """`weights`, if they are what the native loop takes for a vocabulary of `rows` words.

    Raises
    ------
    TypeError
        A matrix is not a writable, contiguous float32 array whose rows start at multiples of 64 bytes.
    ValueError
        A matrix has another shape, its padding is not zero, or both are the same memory.
    """
    shape = (rows, stride_of(dim))
    for name, matrix in (("input", weights.input), ("output", weights.output)):
        if not (
            isinstance(matrix, np.ndarray)
            and matrix.dtype == np.float32
            and matrix.dtype.isnative
            and matrix.flags.c_contiguous
            and matrix.flags.writeable
            and not matrix.ctypes.data % (4 * ROW_FLOATS)
        ):
            raise TypeError(
                f"the {name} matrix must be a writable, contiguous float32 array that starts at a multiple "
                f"of {4 * ROW_FLOATS} bytes, as `zeros` makes them"
            )
        if matrix.shape != shape or weights.dim != dim:
            raise ValueError(
                f"the {name} matrix has the shape {matrix.shape} and {weights.dim} dimensions; {rows} "
                f"words of {dim} dimensions need {shape}"
            )
        if matrix[:, dim:].any():
            raise ValueError(
                f"the {name} matrix has numbers beyond the {dim} dimensions: its padding must be zero"
            )
    if weights.frozen is not None and (
        weights.frozen.dtype != np.uint8 or weights.frozen.shape != (rows,)
    ):
        raise TypeError(
            f"frozen must be an array of uint8, shape ({rows},): 1 for each word whose vector stays"
        )
    if np.may_share_memory(weights.input, weights.output):
        raise ValueError("the input and the output matrix must not share memory")
    return weights


def zeros(rows: int, columns: int) -> NDArray[np.float32]:
    """A zero matrix that starts on a huge-page boundary and asks the system for huge pages.

    Raises
    ------
    MemoryError
        The system does not give so much.
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
    """`target[rows] = source[source_rows]`, block by block: `source` may be of another float type, or a file's map.

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
