"""Nearest rows by cosine, for one query or for many, without a copy of the vectors.

    score[q, v] = queries[q] . vectors[v] / norms[v]      queries [Q, d] of length 1, vectors [V, d]

A row of zeros has no direction: its score is NaN, and it ranks last.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from w2v_fast.vectors import rounded
from w2v_fast.vectors.rounded import RoundedRows

BLOCK_ROWS = 4096
"""Rows in a block of vectors: 4096 x 300 float32 take 5 MB and stay in the cache."""
BLOCK_SCORES = 1 << 22
"""Scores of one chunk of queries and one block of rows: 16 MB."""
ROUNDED_QUERIES, ROUNDED_ROWS = 8, 35_000
"""From so many queries and rows on, rounding the rows to 8 bits first is faster."""
GROUP_SCORES = 1024
"""Limit of the scores in a group of `best`, of which the maximum is taken first."""
UNDEFINED = np.float32(-2.0)
"""Stands for NaN while scores are compared: lower than every cosine."""


def row_blocks(start: int, stop: int, size: int = BLOCK_ROWS) -> Iterator[slice]:
    """Split `start..stop` into slices of at most `size`."""
    return (slice(first, min(first + size, stop)) for first in range(start, stop, size))


def row_norms(vectors: np.ndarray) -> np.ndarray:
    """Euclidean length of each row: [V] float32."""
    norms = np.empty(len(vectors), np.float32)
    size = BLOCK_ROWS if vectors.dtype != np.float32 else max(len(vectors), 1)  # float32: no copies
    for block in row_blocks(0, len(vectors), size):
        rows = np.asarray(vectors[block], np.float32)
        np.einsum("ij,ij->i", rows, rows, out=norms[block])
    return np.sqrt(norms, out=norms)


def unit_rows(vectors: np.ndarray, norms: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1, as float32; rows of zeros become NaN."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.divide(vectors, norms[:, None], dtype=np.float32, casting="same_kind")


def cosines(vectors: np.ndarray, norms: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Cosine of each row to the unit vector `query` [d]: [V] float32, NaN for rows of zeros."""
    scores: np.ndarray
    if vectors.dtype == np.float32:
        scores = np.asarray(vectors @ query)
    else:
        scores = np.empty(len(vectors), np.float32)
        for block in row_blocks(0, len(vectors)):
            scores[block] = np.asarray(vectors[block], np.float32) @ query
    with np.errstate(invalid="ignore", divide="ignore"):
        scores /= norms
    return scores


def best(scores: np.ndarray, count: int) -> np.ndarray:
    """Positions of the highest scores, in the order of gensim if some are equal.

    Fast path: the `count`-th largest maximum of small groups is a lower bound of the `count`-th
    largest score, so only scores above it are sorted. Ties and NaN take the slow path, which gives
    the order of gensim.

    Parameters
    ----------
    scores
        [V].
    count
        Number of positions, at most V.

    Returns
    -------
    np.ndarray
        Positions, of the highest score first, of NaN last.
    """
    descending = -scores
    if not 0 < count < len(scores):
        return np.argsort(descending)[:count]
    group = max(1, min(GROUP_SCORES, len(scores) // (8 * count)))
    maxima = np.maximum.reduceat(scores, np.arange(0, len(scores), group))
    candidates = np.flatnonzero(scores >= np.partition(maxima, -count)[-count])
    order = candidates[np.argsort(descending[candidates])][: count + 1]
    if len(order) < count or (np.diff(descending[order]) == 0).any():
        order = np.argpartition(descending, count)[:count]
        order = order[np.argsort(descending[order])]
    return order[:count]


def best_of_many(
    vectors: np.ndarray,
    norms: np.ndarray,
    queries: np.ndarray,
    count: int,
    copy: RoundedRows | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The `count` rows nearest to each query.

    Parameters
    ----------
    vectors, norms
        [V, d] of any floating type, and [V] float32.
    queries
        [Q, d] float32 of unit length; a NaN query has undefined scores.
    count
        Number of rows for each query, at most V.
    copy
        The vectors in 8 bits, if a copy is kept.

    Returns
    -------
    rows, scores
        [Q, min(count, V)] int64 and float32, best first.
    """
    count = min(count, len(vectors))
    rows = np.zeros((len(queries), count), np.int64)
    scores = np.zeros((len(queries), count), np.float32)
    if count == 0:
        return rows, scores
    undefined = np.isnan(queries).any(axis=1)
    queries = np.where(undefined[:, None], np.float32(0), queries)
    left = np.arange(len(queries))
    if copy is None and len(queries) >= ROUNDED_QUERIES and len(vectors) >= ROUNDED_ROWS:
        copy = RoundedRows(vectors, norms) if rounded.available() else None
    few = min(rounded.MAX_COUNT, int(np.count_nonzero(norms > 0)))
    if copy is not None and count <= few:
        found = copy.candidates(queries, count)
        left = np.array([i for i, candidates in enumerate(found) if candidates is None], np.int64)
        for i, candidates in enumerate(found):
            if candidates is not None:
                best = _best_of_rows(vectors, norms, queries[i], count, candidates)
                rows[i], scores[i] = best
    block_rows = max(BLOCK_ROWS, 4 * count)
    for chunk in row_blocks(0, len(left), max(1, BLOCK_SCORES // block_rows)):
        rows[left[chunk]], scores[left[chunk]] = _best_of_chunk(
            vectors, norms, queries[left[chunk]], count, block_rows
        )
    scores[undefined] = np.nan
    return rows, scores


def _best_of_rows(
    vectors: np.ndarray, norms: np.ndarray, query: np.ndarray, count: int, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The `count` nearest of some rows."""
    scores = cosines(vectors.take(rows, axis=0), norms[rows], query)
    order = np.argsort(-scores, kind="stable")[:count]
    return rows[order], scores[order]


def _best_of_chunk(
    vectors: np.ndarray, norms: np.ndarray, queries: np.ndarray, count: int, block_rows: int
) -> tuple[np.ndarray, np.ndarray]:
    """Compare a chunk of queries with all vectors, block by block."""
    top_scores = np.full((len(queries), count), -np.inf, np.float32)
    top_rows = np.zeros((len(queries), count), np.int64)
    for block in _growing_blocks(len(vectors), 4 * count, block_rows):
        scores = defined_cosines(queries, vectors[block], norms[block])
        _keep_best(top_scores, top_rows, scores, block.start)
    order = np.argsort(-top_scores, axis=1, kind="stable")
    top_scores = np.take_along_axis(top_scores, order, axis=1)
    top_scores[top_scores == UNDEFINED] = np.nan
    return np.take_along_axis(top_rows, order, axis=1), top_scores


def _growing_blocks(stop: int, first: int, largest: int) -> Iterator[slice]:
    """Split `0..stop` into doubling slices: few scores of later ones beat those of early ones."""
    start, size = 0, min(first, largest)
    while start < stop:
        yield slice(start, min(start + size, stop))
        start, size = start + size, min(2 * size, largest)


def _keep_best(
    top_scores: np.ndarray, top_rows: np.ndarray, scores: np.ndarray, first_row: int
) -> None:
    """Merge a block of scores [Q, B] into the best so far [Q, count] where they beat the worst."""
    better = np.flatnonzero(scores > top_scores.min(axis=1, keepdims=True))
    if not len(better):
        return
    # Each query that has better scores is a row of `merged`: its best so far, then the better ones.
    query, column = np.divmod(better, scores.shape[1])
    hits, first, found = np.unique(query, return_index=True, return_counts=True)
    hit = np.repeat(np.arange(len(hits)), found)
    position = top_scores.shape[1] + np.arange(len(query)) - np.repeat(first, found)
    merged_scores = np.pad(top_scores[hits], [(0, 0), (0, found.max())], constant_values=-np.inf)
    merged_rows = np.pad(top_rows[hits], [(0, 0), (0, found.max())])
    merged_scores[hit, position] = scores[query, column]
    merged_rows[hit, position] = first_row + column
    kept = np.argpartition(merged_scores, -top_scores.shape[1], axis=1)[:, -top_scores.shape[1] :]
    top_scores[hits] = np.take_along_axis(merged_scores, kept, axis=1)
    top_rows[hits] = np.take_along_axis(merged_rows, kept, axis=1)


def cosines_of_many(vectors: np.ndarray, norms: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """Cosine of each row to each unit query [Q, d]: [Q, V] float32, NaN for rows of zeros."""
    scores = np.empty((len(queries), len(vectors)), np.float32)
    for block in row_blocks(0, len(vectors)):
        np.matmul(queries, unit_rows(vectors[block], norms[block]).T, out=scores[:, block])
    return scores


def defined_cosines(queries: np.ndarray, vectors: np.ndarray, norms: np.ndarray) -> np.ndarray:
    """Cosines of unit queries [Q, d] to rows [B, d]: [Q, B]; rows of zeros score UNDEFINED."""
    zeros = norms == 0
    scores: np.ndarray = queries @ unit_rows(vectors, np.where(zeros, np.float32(1), norms)).T
    if zeros.any():
        scores[:, zeros] = UNDEFINED
    return scores
