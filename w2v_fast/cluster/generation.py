"""A generation: the actors that train together, one a machine, until one of them is lost."""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

from w2v_fast.cluster.exchange.protocol import ExchangeError
from w2v_fast.cluster.node import Node
from w2v_fast.system.version import __version__

PING_SECONDS = 2.0
HANG_SECONDS = 15.0
"""A node that does not answer for so long is lost."""
READY_SECONDS = 60.0
"""A machine on which no actor can be started in this time is left out."""
LATE_SECONDS = 20.0
"""The same, after a first one has started."""

TOLD = (OSError, ValueError, MemoryError, ImportError, FloatingPointError)
"""Errors of a node that the driver raises as what they are; others are RuntimeErrors."""

logger = logging.getLogger("w2v_fast.cluster")


class NodeLost(Exception):
    """A node is gone, hung or cut off: its generation ends."""


@dataclasses.dataclass(frozen=True)
class Machine:
    """A machine of the cluster: Ray's id of it, its address, and the CPUs that it gives."""

    id: str
    address: str
    cpus: int


def machines(ray: Any) -> list[Machine]:
    """The machines that are alive and give CPUs, in the order of their ids."""
    return sorted(
        (
            Machine(node["NodeID"], node["NodeManagerAddress"], int(node["Resources"]["CPU"]))
            for node in ray.nodes()
            if node["Alive"] and node["Resources"].get("CPU", 0) >= 1
        ),
        key=lambda machine: machine.id,
    )


class Generation:
    """Actors on some machines.

    Parameters
    ----------
    ray
        The module.
    candidates
        The machines to use; those on which no actor starts are left out.
    arguments
        Returns the arguments of `Node` for a machine.
    workers
        Threads of an actor (default: the CPUs of its machine).

    Attributes
    ----------
    machines : list of Machine
        Those in use: the place is the rank.
    late : list of Machine
        Those left out.
    nodes : list
        The actors' handles.
    """

    def __init__(
        self,
        ray: Any,
        candidates: Sequence[Machine],
        arguments: Callable[[Machine], tuple[Any, ...]],
        workers: int | None,
    ) -> None:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        self._ray = ray
        remote = ray.remote(concurrency_groups={"mail": 4, "watch": 1})(Node)
        self.machines = list(candidates)
        self.nodes = [
            remote.options(
                num_cpus=min(workers or machine.cpus, machine.cpus),
                max_restarts=0,
                max_task_retries=0,
                scheduling_strategy=NodeAffinitySchedulingStrategy(machine.id, soft=False),
            ).remote(*arguments(machine))
            for machine in candidates
        ]
        self._pings: dict[int, tuple[Any, float]] = {}
        self.late: list[Machine] = []
        try:
            self._leave_out_late()
        except BaseException:
            self.kill()
            raise

    def _leave_out_late(self) -> None:
        """Keep the actors that have started in time."""
        pings = {self._watched(node, "ping"): rank for rank, node in enumerate(self.nodes)}
        deadline, started = time.monotonic() + READY_SECONDS, []
        waiting = list(pings)
        while waiting and (left := deadline - time.monotonic()) > 0:
            ready, waiting = self._ray.wait(waiting, timeout=min(left, PING_SECONDS))
            for ref in ready:
                try:
                    self._ray.get(ref)
                except Exception as error:
                    self._raise_unless_lost(error, self.machines[pings[ref]])
                    logger.warning("node %s: %s", self.machines[pings[ref]].address, _line(error))
                    continue
                deadline = min(deadline, time.monotonic() + LATE_SECONDS)
                started.append(pings[ref])
        for rank, machine in enumerate(self.machines):
            if rank not in started:
                self.late.append(machine)
                self._kill(self.nodes[rank])
        self.machines = [self.machines[rank] for rank in sorted(started)]
        self.nodes = [self.nodes[rank] for rank in sorted(started)]

    def __len__(self) -> int:
        return len(self.nodes)

    def check_versions(self) -> bool:
        """Whether every node has torch; an ImportError if one has another version of w2v_fast."""
        facts = self.call("facts")
        other = [
            f"{machine.address} has {fact.version}"
            for machine, fact in zip(self.machines, facts, strict=True)
            if fact.version != __version__
        ]
        if other:
            raise ImportError(
                f"the driver has version {__version__} of w2v_fast, node {', node '.join(other)}: "
                "install the same version everywhere"
            )
        return all(fact.has_torch for fact in facts)

    def submit(self, method: str, each: Iterable[tuple[Any, ...]] | None = None) -> list[Any]:
        """Call a method of every node; each with its arguments, which may be references."""
        given = [()] * len(self) if each is None else list(each)
        return [
            getattr(node, method).remote(*arguments)
            for node, arguments in zip(self.nodes, given, strict=True)
        ]

    def call(self, method: str, each: Iterable[tuple[Any, ...]] | None = None) -> list[Any]:
        """Call a method of every node, and wait for what they return.

        Raises
        ------
        NodeLost
            A node is gone or does not answer.
        Exception
            What a method raised, with the address of its node.
        """
        return self.wait(self.submit(method, each))

    def wait(self, calls: Sequence[Any]) -> list[Any]:
        """Wait for calls of all nodes, in the order of their ranks (see `call`)."""
        results: dict[Any, Any] = {}
        waiting = list(calls)
        while waiting:
            ready, waiting = self._ray.wait(waiting, timeout=PING_SECONDS)
            for ref in ready:
                machine = self.machines[calls.index(ref) % len(self)]
                try:
                    results[ref] = self._ray.get(ref)
                except Exception as error:
                    self._raise_unless_lost(error, machine)
                    raise NodeLost(f"node {machine.address}: {_line(error)}") from None
            self._watch()
        return [results[ref] for ref in calls]

    def call_one(self, method: str, *arguments: Any) -> Any:
        """Call a method of the first node, and wait for what it returns (see `call`)."""
        return self.wait([getattr(self.nodes[0], method).remote(*arguments)])[0]

    def put(self, value: Any) -> Any:
        """A reference to a value, to be given to several nodes."""
        return self._ray.put(value)

    def stop(self) -> None:
        """Let the nodes end after the next round."""
        self._watched(self.nodes[0], "stop")

    def kill(self) -> None:
        """End all actors, whatever they do."""
        for node in self.nodes:
            self._kill(node)

    # -- who is lost -----------------------------------------------------------------------------

    def _watch(self) -> None:
        """Raise NodeLost for a node that has not answered for a while."""
        now = time.monotonic()
        for rank, node in enumerate(self.nodes):
            ref, sent = self._pings.get(rank, (None, now))
            if ref is None or self._ray.wait([ref], timeout=0)[0]:
                self._pings[rank] = self._watched(node, "ping"), now
            elif now - sent > HANG_SECONDS:
                raise NodeLost(
                    f"node {self.machines[rank].address} does not answer for {HANG_SECONDS:g} s"
                )

    def _watched(self, node: Any, method: str) -> Any:
        return getattr(node, method).options(concurrency_group="watch").remote()

    def _kill(self, node: Any) -> None:
        self._ray.kill(node, no_restart=True)

    def _raise_unless_lost(self, error: Exception, machine: Machine) -> None:
        """Raise what a method raised, unless it tells that a node is gone."""
        errors = self._ray.exceptions
        cause = getattr(error, "cause", None)
        told = isinstance(error, errors.RayTaskError) and isinstance(cause, Exception)
        if told and not isinstance(cause, (ExchangeError, errors.RayError)):
            _raise_named(cause, machine)


def _raise_named(error: Any, machine: Machine) -> NoReturn:
    """Raise an error of a node with the node's address."""
    where = f"node {machine.address}: "
    if isinstance(error, OSError) and error.strerror:
        raise OSError(error.errno, where + error.strerror, error.filename) from error
    kind = type(error) if isinstance(error, TOLD) else RuntimeError
    try:
        named = kind(where + str(error))
    except TypeError:  # an error that takes other arguments, as UnicodeDecodeError
        named = RuntimeError(where + str(error))
    raise named from error


def _line(error: Exception) -> str:
    """The first sentence of the last line of an error's message."""
    lines = str(getattr(error, "cause", None) or error).strip().splitlines()
    return lines[-1].split(". ")[0].rstrip(".") if lines else type(error).__name__
