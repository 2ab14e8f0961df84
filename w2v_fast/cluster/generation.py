"""A generation: the actors that train together, one a machine, until one of them is lost."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import time
from collections.abc import Collection, Iterable, Sequence
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
STUCK_SECONDS = 60.0
"""Nodes that wait for one another for so long, all of them, are lost: what one of them sent is."""
REMOVE_SECONDS = 5.0
"""The driver waits so long for nodes to remove their files."""

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
    has_torch : bool
        Whether every node has torch.

    Raises
    ------
    ImportError
        A node has another version of w2v_fast, or none.
    """

    def __init__(self, ray: Any, candidates: Sequence[Machine], workers: int | None) -> None:
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
            ).remote()
            for machine in candidates
        ]
        self._pings: dict[int, tuple[Any, float]] = {}
        self._waited: dict[int, float] = {}
        self.late: list[Machine] = []
        try:
            self.has_torch = self._begin()
        except BaseException:
            self.kill()
            raise

    def _begin(self) -> bool:
        """Keep the actors that start in time, check their versions; whether all have torch."""
        facts = self._facts_in_time()
        for rank, machine in enumerate(self.machines):
            if rank not in facts:
                self.late.append(machine)
                self._kill(self.nodes[rank])
        other = [
            f"{self.machines[rank].address} has {version}"
            for rank, (version, _) in sorted(facts.items())
            if version != __version__
        ]
        if other:
            raise ImportError(
                f"the driver has version {__version__} of w2v_fast, node {', node '.join(other)}: "
                "install the same version everywhere"
            )
        self.machines = [self.machines[rank] for rank in sorted(facts)]
        self.nodes = [self.nodes[rank] for rank in sorted(facts)]
        return all(has_torch for _, has_torch in facts.values())

    def _facts_in_time(self) -> dict[int, tuple[str, bool]]:
        """What the actors that start in time tell of themselves, by their numbers."""
        calls = {self._watched(node, "facts"): rank for rank, node in enumerate(self.nodes)}
        deadline, found = time.monotonic() + READY_SECONDS, {}
        waiting = list(calls)
        while waiting and (left := deadline - time.monotonic()) > 0:
            ready, waiting = self._ray.wait(waiting, timeout=min(left, PING_SECONDS))
            for ref in ready:
                machine = self.machines[calls[ref]]
                try:
                    found[calls[ref]] = self._ray.get(ref)
                except Exception as error:
                    self._raise_unless_lost(error, machine)
                    if getattr(error, "_actor_init_failed", False):
                        raise ImportError(
                            f"node {machine.address} cannot import w2v_fast ({_line(error)}): "
                            f"install version {__version__} there"
                        ) from None
                    logger.warning("node %s: %s", machine.address, _line(error))
                    continue
                deadline = min(deadline, time.monotonic() + LATE_SECONDS)
        return found

    def __len__(self) -> int:
        return len(self.nodes)

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
            self._check_not_stuck({calls.index(ref) % len(self) for ref in waiting})
        return [results[ref] for ref in calls]

    def call_one(self, method: str, *arguments: Any) -> Any:
        """Call a method of the first node, and wait for what it returns (see `call`)."""
        return self.wait([getattr(self.nodes[0], method).remote(*arguments)])[0]

    def put(self, value: Any) -> Any:
        """A reference to a value, to be given to several nodes."""
        return self._ray.put(value)

    def stop(self) -> None:
        """Let the nodes end within a few rounds."""
        self._watched(self.nodes[0], "stop")

    def kill(self) -> None:
        """End all actors, whatever they do; their local files stay for the next generation."""
        for node in self.nodes:
            self._kill(node)

    def end(self) -> None:
        """End all actors, and remove the local files of those that answer."""
        with contextlib.suppress(Exception):
            calls = [self._watched(node, "remove") for node in self.nodes]
            self._ray.wait(calls, num_returns=len(calls), timeout=REMOVE_SECONDS)
        self.kill()

    # -- who is lost -----------------------------------------------------------------------------

    def _watch(self) -> None:
        """Raise NodeLost for a node that has not answered for a while."""
        now = time.monotonic()
        for rank, node in enumerate(self.nodes):
            ref, sent = self._pings.get(rank, (None, now))
            if ref is not None and not self._ray.wait([ref], timeout=0)[0]:
                if now - sent > HANG_SECONDS:
                    raise NodeLost(
                        f"node {self.machines[rank].address} does not answer for {HANG_SECONDS:g} s"
                    )
                continue
            if ref is not None:
                try:
                    self._waited[rank] = self._ray.get(ref)
                except Exception as error:
                    raise NodeLost(f"node {self.machines[rank].address}: {_line(error)}") from None
            self._pings[rank] = self._watched(node, "ping"), now

    def _check_not_stuck(self, ranks: Collection[int]) -> None:
        """Raise NodeLost if all of these nodes wait for others."""
        if ranks and min(self._waited.get(rank, 0) for rank in ranks) > STUCK_SECONDS:
            raise NodeLost(f"the nodes have waited for one another for {STUCK_SECONDS:g} s")

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
