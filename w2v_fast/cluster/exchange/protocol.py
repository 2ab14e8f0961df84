"""What a means of transport must do: add up arrays of equal shape over all nodes."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class ExchangeError(RuntimeError):
    """A node is gone or does not answer; what was trained since the last checkpoint is lost."""


class Exchange(Protocol):
    """One node's end of an exchange; the nodes call `sum` in the same order.

    Attributes
    ----------
    rank, size : int
        This node's number, from 0, and how many there are.
    name : str
        The means of transport, for logs.
    """

    rank: int
    size: int
    name: str

    def sum(self, array: NDArray[Any]) -> None:
        """Replace the array of every node by the sum of all, the same bits everywhere.

        Parameters
        ----------
        array
            float32, float64 or int64, C-contiguous, of the same shape on every node.

        Raises
        ------
        ExchangeError
            Another node is gone or does not answer.
        """

    def close(self) -> None:
        """Leave: what other nodes wait for fails."""


def gathered(exchange: Exchange, row: NDArray[Any]) -> NDArray[Any]:
    """The rows of all nodes, in the order of their ranks: [size, ...]."""
    rows = np.zeros((exchange.size, *row.shape), row.dtype)
    rows[exchange.rank] = row
    exchange.sum(rows)
    return rows
