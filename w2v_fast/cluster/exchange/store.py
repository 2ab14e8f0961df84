"""Nodes that add up arrays through Ray's object store, with nothing but numpy.

Each node adds up one part of the array: it gets this part from all others, and sends the sum to
all. So a node sends and receives 2 (N - 1) / N times the array, as in a ring. Small arrays go to
all nodes as they are.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from w2v_fast.cluster.exchange.protocol import ExchangeError

SMALL_BYTES = 1 << 15


class Mailbox:
    """What other nodes have sent to this one, by the number of the call and the sender."""

    def __init__(self) -> None:
        self._arrived = threading.Condition()
        self._arrays: dict[tuple[int, int], NDArray[Any]] = {}
        self._closed = False

    def put(self, call: int, sender: int, array: NDArray[Any]) -> None:
        """Take an array that another node sends."""
        with self._arrived:
            self._arrays[call, sender] = array
            self._arrived.notify_all()

    def get(self, call: int, sender: int) -> NDArray[Any]:
        """Wait for an array, and take it out.

        Raises
        ------
        ExchangeError
            The mailbox was closed.
        """
        with self._arrived:
            self._arrived.wait_for(lambda: self._closed or (call, sender) in self._arrays)
            if self._closed:
                raise ExchangeError("another node is gone")
            return self._arrays.pop((call, sender))

    def close(self) -> None:
        """Let every `get` that waits fail."""
        with self._arrived:
            self._closed = True
            self._arrived.notify_all()


class StoreExchange:
    """One node's end (see `Exchange`).

    Parameters
    ----------
    rank
        This node's number.
    nodes
        The actors of all nodes, whose method `deliver` puts an array into their mailbox.
    mailbox
        This node's mailbox.
    """

    name = "object store"

    def __init__(self, rank: int, nodes: Sequence[Any], mailbox: Mailbox) -> None:
        self.rank, self.size = rank, len(nodes)
        self._nodes, self._mailbox = nodes, mailbox
        self._others = [other for other in range(self.size) if other != rank]
        self._call = 0

    def sum(self, array: NDArray[Any]) -> None:
        """Add up the arrays of all nodes in place (see `Exchange.sum`).

        Parameters
        ----------
        array
            C-contiguous, of the same shape on every node.

        Raises
        ------
        ExchangeError
            Another node is gone.
        """
        if self.size == 1:
            return
        flat = array.reshape(-1)
        if array.nbytes <= SMALL_BYTES:
            self._sum_whole(flat)
            return
        import ray

        ends = [flat.size * number // self.size for number in range(self.size + 1)]
        parts = [flat[start:stop] for start, stop in itertools.pairwise(ends)]
        own = parts[self.rank]
        self._send(dict(enumerate(parts)))
        self._add_up(own)
        self._send(dict.fromkeys(self._others, ray.put(own)))
        for other in self._others:
            parts[other][...] = self._mailbox.get(self._call, other)

    def _sum_whole(self, flat: NDArray[Any]) -> None:
        """Let every node add up all arrays: one message instead of two."""
        self._send(dict.fromkeys(self._others, flat))
        self._add_up(flat)

    def _send(self, arrays: Mapping[int, Any]) -> None:
        """Begin the next call: send each other node its array."""
        self._call += 1
        for other in self._others:
            deliver = self._nodes[other].deliver.options(concurrency_group="mail")
            deliver.remote(self._call, self.rank, arrays[other])

    def _add_up(self, own: NDArray[Any]) -> None:
        """Add the arrays of the others to this one, in the order of the ranks on every node."""
        received = {other: self._mailbox.get(self._call, other) for other in self._others}
        received[self.rank] = own.copy()
        own[...] = received[0]
        for sender in range(1, self.size):
            own += received[sender]

    def close(self) -> None:
        """Leave: what this node waits for fails."""
        self._mailbox.close()
