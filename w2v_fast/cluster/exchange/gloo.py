"""Nodes that add up arrays by gloo, torch's collectives over TCP, in a group that Ray arranges."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
from typing import Any

from numpy.typing import NDArray

from w2v_fast.cluster.exchange.protocol import ExchangeError

INTERFACE = "GLOO_SOCKET_IFNAME"
GET_ADDRESS = 0x8915  # SIOCGIFADDR of Linux
MEET_MILLISECONDS = 60_000
"""The nodes wait so long for each other at the start."""


class GlooExchange:
    """One node's end (see `Exchange`); made in an actor of Ray, at the same time on all nodes.

    Parameters
    ----------
    rank, size
        This node's number, and how many there are.
    group
        A name that no other group of the cluster has.
    address
        This node's IP address; gloo uses the network interface that has it, unless
        `GLOO_SOCKET_IFNAME` names one.

    Raises
    ------
    ExchangeError
        The group does not come about.
    """

    name = "gloo"

    def __init__(self, rank: int, size: int, group: str, address: str) -> None:
        from ray.util import collective

        self.rank, self.size = rank, size
        self._collective, self._group = collective, group
        if interface := interface_of(address):
            os.environ.setdefault(INTERFACE, interface)
        try:
            backend: Any = "gloo"  # Ray's annotation knows only its own enumeration
            collective.init_collective_group(size, rank, backend, group, MEET_MILLISECONDS)
        except Exception as error:
            raise ExchangeError(f"the nodes did not come together: {error}") from error

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
        try:
            self._collective.allreduce(array, self._group)
        except Exception as error:
            raise ExchangeError(f"another node is gone: {error}") from error

    def close(self) -> None:
        """Leave: what other nodes wait for fails."""
        with contextlib.suppress(Exception):
            self._collective.destroy_collective_group(self._group)


def interface_of(address: str) -> str | None:
    """The network interface that has an IPv4 address; None if that cannot be told."""
    if sys.platform != "linux":
        return None
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for _, name in socket.if_nameindex():
            with contextlib.suppress(OSError):
                request = struct.pack("256s", name.encode())
                found = fcntl.ioctl(any_socket.fileno(), GET_ADDRESS, request)
                if socket.inet_ntoa(found[20:24]) == address:
                    return name
    return None
