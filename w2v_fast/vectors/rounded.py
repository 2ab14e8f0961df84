"""Which rows may be nearest: scores of vectors in 8 bits leave few rows to be scored in full.

    x = s q + r,  y = t p + u              x, y of length 1; q, p whole numbers of at most 8 bits
    |x.y - s t q.p|  <=  |r| + (1 + |r|) |u|

A row whose upper bound is below the k-th best lower bound is none of the k nearest.
"""

from __future__ import annotations

import threading
from typing import NamedTuple

import numpy as np

from w2v_fast.system.cpus import usable_cpus
from w2v_fast.system.threads import map_in_order
from w2v_fast.vectors import _rounded

CHUNK_ROWS = 2048
"""Rows that are rounded at once: 0.6 MB for 300 dimensions."""
BATCH = 256
"""Queries of one pass over the rows."""
MAX_COUNT = 1000
"""With more neighbors too few rows are ruled out."""
BELOW_EVERY_COSINE = -3.0
KERNELS = _rounded.kernels()
"""What this CPU can do: names, best first, and the largest rounded number of a query."""


class Chunk(NamedTuple):
    """Rounded rows from number `first` on; see kernel/rounded.h for the arrays."""

    first: int
    codes: np.ndarray
    scales: np.ndarray
    errors: np.ndarray


class Queries(NamedTuple):
    """Rounded queries, padded as kernel/rounded.h wants it."""

    codes: np.ndarray
    scales: np.ndarray
    errors: np.ndarray
    offsets: np.ndarray


class Found(NamedTuple):
    """What a thread knows of each query: lower bounds [Q, k], candidates [Q, room], their number.

    -1 candidates: there was no room for them.
    """

    worst: np.ndarray
    rows: np.ndarray
    uppers: np.ndarray
    numbers: np.ndarray


def available() -> bool:
    """Whether this CPU has the instructions."""
    return bool(KERNELS)


class RoundedRows:
    """Vectors in 8 bits, kept or made again a chunk at a time.

    Parameters
    ----------
    vectors, norms
        [V, d] of any floating type, and [V] float32.
    keep
        Keep the copy, V x d bytes; the vectors must not change then.
    kernel
        The number of one of `KERNELS`.
    """

    def __init__(
        self, vectors: np.ndarray, norms: np.ndarray, keep: bool = False, kernel: int = 0
    ) -> None:
        self._vectors, self._norms, self._kernel = vectors, norms, kernel
        self._kept: list[Chunk] = []
        if keep:
            firsts = range(0, len(vectors), CHUNK_ROWS)
            self._kept = list(map_in_order(self._chunk, firsts, usable_cpus()))

    def _chunk(self, first: int) -> Chunk:
        if self._kept:
            return self._kept[first // CHUNK_ROWS]
        rows = slice(first, first + CHUNK_ROWS)
        vectors = np.ascontiguousarray(self._vectors[rows], np.float32)
        blocks = -(-len(vectors) // _rounded.BLOCK)
        shape = (blocks, -(-vectors.shape[1] // 4), _rounded.BLOCK, 4)
        codes = np.full(shape, 128, np.uint8)
        scales = np.zeros(blocks * _rounded.BLOCK, np.float32)
        errors = np.full(blocks * _rounded.BLOCK, -4, np.float32)
        _rounded.round_rows(self._kernel, vectors, self._norms[rows], codes, scales, errors)
        return Chunk(first, codes, scales, errors)

    def candidates(self, queries: np.ndarray, count: int) -> list[np.ndarray | None]:
        """Rows among which the `count` nearest of each query are, in ascending order.

        Parameters
        ----------
        queries
            [Q, d] float32 of length 1.
        count
            At most `MAX_COUNT`, and at most the number of rows that are not zero.

        Returns
        -------
        list
            [n] for each query, None where rounding rules out too few rows.
        """
        found: list[np.ndarray | None] = []
        for start in range(0, len(queries), BATCH):
            found += self._candidates(queries[start : start + BATCH], count)
        return found

    def _candidates(self, queries: np.ndarray, count: int) -> list[np.ndarray | None]:
        threads = usable_cpus()
        rounded = _rounded_queries(queries, list(KERNELS.values())[self._kernel])
        slack = float(np.finfo(np.float32).eps) * (queries.shape[1] + 32)
        firsts, lock = iter(range(0, len(self._vectors), CHUNK_ROWS)), threading.Lock()

        def scan(_: int) -> Found:
            part = _nothing_found(len(queries), len(rounded.codes), count)
            while True:
                with lock:
                    first = next(firsts, None)
                if first is None:
                    return part
                chunk = self._chunk(first)
                arrays = chunk.codes, chunk.scales, chunk.errors
                _rounded.scan(self._kernel, *arrays, first, *rounded, slack, *part)

        return _merged(list(map_in_order(scan, range(threads), threads)), len(queries), count)


def _rounded_queries(queries: np.ndarray, levels: int) -> Queries:
    number, d = queries.shape
    padded = -(-number // _rounded.QUERIES) * _rounded.QUERIES
    codes = np.zeros((padded, -(-d // 4) * 4), np.int8)
    scales, errors = np.zeros(padded, np.float32), np.zeros(padded, np.float32)
    largest = np.abs(queries).max(axis=1, initial=0)
    scales[:number] = np.maximum(largest / levels, np.float32(1e-30))
    codes[:number, :d] = np.rint(queries / scales[:number, None])
    residuals = queries - scales[:number, None] * codes[:number, :d]
    errors[:number] = np.linalg.norm(residuals, axis=1)
    return Queries(codes, scales, errors, 128 * codes.sum(axis=1, dtype=np.int32))


def _nothing_found(queries: int, padded: int, count: int) -> Found:
    room = 4096 + 16 * count
    worst = np.full((padded, count), BELOW_EVERY_COSINE, np.float32)
    worst[queries:] = np.inf
    return Found(
        worst,
        np.empty((padded, room), np.int32),
        np.empty((padded, room), np.float32),
        np.zeros(padded, np.int32),
    )


def _merged(parts: list[Found], queries: int, count: int) -> list[np.ndarray | None]:
    """The candidates of all threads that no other thread has left behind."""
    bounds = np.concatenate([part.worst for part in parts], axis=1)
    worst = np.partition(bounds, -count, axis=1)[:, -count]
    found: list[np.ndarray | None] = []
    for query in range(queries):
        numbers = [int(part.numbers[query]) for part in parts]
        if min(numbers) < 0:
            found.append(None)
            continue
        pairs = zip(parts, numbers, strict=True)
        rows = [part.rows[query, :n][part.uppers[query, :n] >= worst[query]] for part, n in pairs]
        found.append(np.sort(np.concatenate(rows)))
    return found
