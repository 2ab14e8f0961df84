"""The two weight matrices: rows padded to 64 bytes, on huge pages where the system gives them."""

from __future__ import annotations

import dataclasses
import mmap

import numpy as np
from numpy.typing import NDArray

from w2v_fast.training.generator import derive
from w2v_fast.training.jobs import WEIGHTS

ROW_FLOATS = 16
HUGE_PAGE = 1 << 21
INIT_ROWS = 65_536


@dataclasses.dataclass
class Weights:
    """Input vectors [V, stride] and output rows [V, stride], float32; columns from `dim` on are zero and stay zero."""

    input: NDArray[np.float32]
    output: NDArray[np.float32]
    dim: int

    @property
    def vectors(self) -> NDArray[np.float32]:
        """The input vectors without padding, [V, dim]: what a user calls the word vectors (a view)."""
        return self.input[:, : self.dim]

    @property
    def output_vectors(self) -> NDArray[np.float32]:
        """The output rows without padding, [V, dim] (a view)."""
        return self.output[:, : self.dim]


def stride_of(dim: int) -> int:
    """Floats in a row: `dim` rounded up to a multiple of 16."""
    return -(-dim // ROW_FLOATS) * ROW_FLOATS


def initial_weights(rows: int, dim: int, seed: int) -> Weights:
    """Input vectors uniform in (-0.5, 0.5) / dim from the seed, output rows zero (as word2vec.c starts)."""
    weights = Weights(zeros(rows, stride_of(dim)), zeros(rows, stride_of(dim)), dim)
    generator = np.random.Generator(np.random.PCG64(derive(seed, WEIGHTS)))
    for start in range(0, rows, INIT_ROWS):
        block = weights.vectors[start : start + INIT_ROWS]
        block[...] = (generator.random(block.shape, np.float32) - np.float32(0.5)) / np.float32(dim)
    return weights


def zeros(rows: int, columns: int) -> NDArray[np.float32]:
    """A zero matrix that starts on a huge-page boundary and asks the system for huge pages."""
    size = max(rows * columns * 4, 1)
    memory = mmap.mmap(-1, size + HUGE_PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        memory.madvise(mmap.MADV_HUGEPAGE)
    whole = np.frombuffer(memory, np.uint8)
    offset = -whole.ctypes.data % HUGE_PAGE
    return whole[offset : offset + rows * columns * 4].view(np.float32).reshape(rows, columns)
