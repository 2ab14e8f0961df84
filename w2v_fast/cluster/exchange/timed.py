"""An exchange that tells how long it has waited for the other nodes."""

from __future__ import annotations

import time
from typing import Any

from numpy.typing import NDArray

from w2v_fast.cluster.exchange.protocol import Exchange


class TimedExchange:
    """Any exchange (see `Exchange`), which another thread may ask for `waited`."""

    def __init__(self, exchange: Exchange) -> None:
        self.rank, self.size, self.name = exchange.rank, exchange.size, exchange.name
        self._exchange = exchange
        self._since: float | None = None

    @property
    def waited(self) -> float:
        """Seconds since the sum that is being added up was begun; 0 between two sums."""
        since = self._since
        return 0.0 if since is None else time.monotonic() - since

    def sum(self, array: NDArray[Any]) -> None:
        """Add up the arrays of all nodes in place (see `Exchange.sum`).

        Parameters
        ----------
        array
            C-contiguous, of the same shape on every node.

        Raises
        ------
        ExchangeError
            Another node is gone or does not answer.
        """
        self._since = time.monotonic()
        try:
            self._exchange.sum(array)
        finally:
            self._since = None

    def close(self) -> None:
        """Leave: what other nodes wait for fails."""
        self._exchange.close()
