"""Nodes that are threads of one process, for tests and simulations."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2v_fast.cluster.exchange.protocol import ExchangeError


class LocalExchange:
    """One thread's end; `of_threads` makes those of all (see `Exchange`)."""

    name = "local"

    def __init__(self, rank: int, arrays: list[NDArray[Any]], barrier: threading.Barrier) -> None:
        self.rank = rank
        self.size = len(arrays)
        self._arrays, self._barrier = arrays, barrier

    @classmethod
    def of_threads(cls, size: int, timeout: float | None = None) -> list[LocalExchange]:
        """The ends of `size` threads, which wait `timeout` seconds for each other (default: ever).

        Parameters
        ----------
        size
            Threads.
        timeout
            Seconds; a thread that waits longer gets an ExchangeError.

        Returns
        -------
        list of LocalExchange
            In the order of their ranks.
        """
        arrays: list[NDArray[Any]] = [np.empty(0)] * size
        barrier = threading.Barrier(size, timeout=timeout)
        return [cls(rank, arrays, barrier) for rank in range(size)]

    def sum(self, array: NDArray[Any]) -> None:
        """Add up the arrays of all threads in place: each thread one part of them.

        Parameters
        ----------
        array
            C-contiguous, of the same shape in every thread.

        Raises
        ------
        ExchangeError
            A thread has closed its end, or did not come in time.
        """
        self._arrays[self.rank] = array.reshape(-1).view()
        self._wait()
        part = slice(*(array.size * number // self.size for number in (self.rank, self.rank + 1)))
        total = self._arrays[0][part].copy()
        for other in self._arrays[1:]:
            total += other[part]
        for every in self._arrays:
            every[part] = total
        self._wait()

    def _wait(self) -> None:
        try:
            self._barrier.wait()
        except threading.BrokenBarrierError:
            raise ExchangeError("another node has ended, or does not answer") from None

    def close(self) -> None:
        """Leave: threads that wait for this one get an ExchangeError."""
        self._barrier.abort()
