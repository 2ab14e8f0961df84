"""Threads that do jobs on shared weights: each takes the next job until none is left."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial

from w2v_fast.training._inner import InnerLoop
from w2v_fast.training.jobs import Job


class Workers:
    """One thread for each inner loop.

    Parameters
    ----------
    loops
        The inner loops; each belongs to one thread.
    take
        Returns the next job, None when none is left; called by every thread.
    add
        Called with each job done and what its loop counted: centers, nats, pairs.

    Attributes
    ----------
    error : BaseException or None
        The first error of a thread; the other threads then end after their current job.
    """

    def __init__(
        self,
        loops: Sequence[InnerLoop],
        take: Callable[[], Job | None],
        add: Callable[[Job, int, float, int], None],
    ) -> None:
        self.error: BaseException | None = None
        self._take, self._add = take, add
        self._halted = False
        self._threads = [
            Worker(partial(self._work, loop), number) for number, loop in enumerate(loops)
        ]

    def _work(self, loop: InnerLoop) -> None:
        try:
            while not self._halted and (job := self._take()) is not None:
                self._add(job, *loop.run(job.start, job.stop, job.lr, job.token_key, job.noise_key))
        except BaseException as error:
            self.error = self.error or error
            self._halted = True

    def run(self, meanwhile: Callable[[], object]) -> None:
        """Start the threads and call `meanwhile`; after it, every thread ends with its job."""
        try:
            for thread in self._threads:
                thread.start()
            meanwhile()
        finally:
            self._halted = True
            self.join()

    def wait(self, seconds: float) -> None:
        """Wait that long, or until every thread has finished."""
        for thread in self._threads:
            thread.finished.wait(seconds / len(self._threads))

    @property
    def finished(self) -> bool:
        """Whether every thread has finished."""
        return all(thread.finished.is_set() for thread in self._threads)

    def join(self) -> None:
        """Wait until every thread that was started has ended."""
        for thread in self._threads:
            if thread.ident is not None:
                thread.finished.wait()
                thread.join()


class Worker(threading.Thread):
    """A thread with an event that is set when it has finished.

    `join` is only for threads known to have finished: when Ctrl-C interrupts it, CPython 3.11 and
    3.12 take a thread that still runs for one that has ended (python/cpython#90882).
    """

    def __init__(self, work: Callable[[], None], number: int) -> None:
        super().__init__(name=f"w2v_fast-{number}", daemon=True)
        self.finished = threading.Event()
        self._work = work

    def run(self) -> None:
        """Work, and set `finished` however the work ends."""
        try:
            self._work()
        finally:
            self.finished.set()
