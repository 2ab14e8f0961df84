"""How the changes of several nodes become one: a share of each, by how far a row has settled.

    row = base + share * sum_i (row_i - base)

    share = (1 - exp(-sum_i s_i)) / sum_i (1 - exp(-s_i))
    s_i   = settling * sum over node i's jobs of  lr * kept words * visits of the row a kept word

`base` is the row after its last exchange. The updates of node i moved it 1 - exp(-s_i) of the way
to its fixed point; those of all nodes in turn would have moved it 1 - exp(-sum_i s_i). So changes
are added while the row is on its way, and averaged once each node has taken it there.
"""

from __future__ import annotations

import collections
import time

import numpy as np
from numpy.typing import NDArray

from w2v_fast.cluster.exchange.protocol import Exchange
from w2v_fast.training.tables import LookupTables
from w2v_fast.training.weights import Weights, zeros

SETTLING = {"ns": 0.1, "nce": 0.3, "hs": 0.1}
"""How far an update moves a row towards its fixed point, per unit of learning rate, by objective:
empirical constants (docs/performance-notes.md)."""
PART_BYTES = 1 << 23
"""Bytes that are exchanged in one call, of both matrices together."""
MIN_WAY = 1e-12
"""Below it changes are added."""


class Combiner:
    """One node's weights, their values at the last exchange, and how much was trained since.

    Parameters
    ----------
    weights
        This node's matrices, changed in place; equal on all nodes now.
    visits
        For each matrix, the updates of each row a kept word, [V].
    exchange
        The nodes.
    hot_rows
        Rows that every round exchanges.
    settling
        The constant of the objective, of `SETTLING`.

    Attributes
    ----------
    bytes : int
        What this node gave to exchanges.
    seconds : float
        Time spent on them; the nodes have waited for each other before.
    """

    def __init__(
        self,
        weights: Weights,
        visits: tuple[NDArray[np.float64], NDArray[np.float64]],
        exchange: Exchange,
        hot_rows: int,
        settling: float,
    ) -> None:
        self.bytes = 0
        self.seconds = 0.0
        self._visits, self._exchange, self._settling = visits, exchange, settling
        self._matrices = (weights.vectors, weights.output_vectors) if exchange.size > 1 else ()
        self._bases = [zeros(*matrix.shape) for matrix in self._matrices]
        rows, dim = weights.vectors.shape
        part = max(min(PART_BYTES // (8 * dim), rows), 1)
        self._changes = np.empty((2 * part, dim), np.float32)
        self._ends = [hot_rows]  # of the rows that are exchanged together
        while self._ends[-1] < rows:
            self._ends.append(2 * self._ends[-1])
        self._ends[-1] = rows
        self._trained = np.zeros((len(self._ends), exchange.size))
        self.restart()

    def restart(self) -> None:
        """Take the weights as they are, equal on all nodes, for those of the last exchange."""
        for base, matrix in zip(self._bases, self._matrices, strict=True):
            base[...] = matrix
        self._trained[...] = 0

    def add(self, trained: NDArray[np.float64]) -> None:
        """Count what a round trained: learning rate times kept words of each node, [nodes]."""
        self._trained += trained

    def combine(self, rows: int) -> None:
        """Combine the first rows of both matrices, as many as `plan.rows_of` says."""
        if self._exchange.size == 1:
            return
        start = time.perf_counter()
        size = len(self._changes) // 2
        for first in range(0, rows, size):
            self._combine(slice(first, min(first + size, rows)))
        self._trained[: self._ends.index(rows) + 1] = 0
        self.seconds += time.perf_counter() - start

    def _combine(self, part: slice) -> None:
        """Combine a part of the rows of both matrices, in one call of the exchange."""
        matrices = [matrix[part] for matrix in self._matrices]
        bases = [base[part] for base in self._bases]
        rows = len(matrices[0])
        changes = self._changes[: 2 * rows]
        for matrix, base, change in zip(matrices, bases, np.split(changes, 2), strict=True):
            np.subtract(matrix, base, out=change)
        self._exchange.sum(changes)
        self.bytes += changes.nbytes
        for matrix, base, change, visits in zip(
            matrices, bases, np.split(changes, 2), self._visits, strict=True
        ):
            change *= self._shares(visits, part)[:, None]
            base += change
            matrix[...] = base

    def _shares(self, visits: NDArray[np.float64], part: slice) -> NDArray[np.float32]:
        """The share of each row of a part."""
        shares, first = [], 0
        for end, trained in zip(self._ends, self._trained, strict=True):
            together = slice(max(first, part.start), min(end, part.stop))
            if together.start < together.stop:
                shares.append(shares_of(visits[together], self._settling * trained))
            first = end
        return np.concatenate(shares)


def shares_of(visits: NDArray[np.float64], trained: NDArray[np.float64]) -> NDArray[np.float32]:
    """The share of the nodes' changes that each row takes.

    Parameters
    ----------
    visits
        Updates of each row a kept word, [rows].
    trained
        The constant times learning rate times kept words of each node, [nodes].

    Returns
    -------
    ndarray of float32, shape [rows]
        From 1 (changes are added) to 1 / nodes (they are averaged).
    """
    nodes = collections.Counter(trained.tolist())  # few different values
    way = -np.expm1(-visits * trained.sum())
    ways = -sum(count * np.expm1(-visits * value) for value, count in nodes.items())
    shares = np.ones(len(visits), np.float32)
    return np.divide(way, ways, out=shares, where=way > MIN_WAY, casting="same_kind")


def visits_of_rows(
    tables: LookupTables, inputs_per_window: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Updates of each input vector and of each output row a kept word, [V] each.

    A kept word is the center of a window, whose inputs meet its output rows; and it is an input
    of as many windows as a window has inputs.
    """
    outputs = tables.output_visits * inputs_per_window
    return tables.centers * outputs.sum(), outputs
