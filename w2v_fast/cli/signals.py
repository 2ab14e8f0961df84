"""Ctrl-C, SIGTERM and SIGHUP: the first one stops a run cleanly, the second one ends it."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

NAMES = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
if hasattr(signal, "SIGHUP"):
    NAMES[signal.SIGHUP] = "hung up"


class Stopped(BaseException):
    """A signal asked to stop. Like KeyboardInterrupt, it is no Exception, hence no error."""

    def __init__(self, number: int) -> None:
        super().__init__(NAMES.get(signal.Signals(number), f"stopped by signal {number}"))
        self.exit_code = 128 + number


class StopSignals(contextlib.ExitStack):
    """Inside it, the first SIGINT, SIGTERM or SIGHUP calls `stop`, and a second raises `Stopped`.

    Attributes
    ----------
    stopped
        The signal that came first, or None.
    """

    def __init__(self, stop: Callable[[], object]) -> None:
        super().__init__()
        self.stopped: Stopped | None = None
        self._stop = stop

    def __enter__(self) -> StopSignals:
        for number in NAMES:
            self.enter_context(_handled(number, self._handle))
        return self

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.stopped is not None:
            raise Stopped(number)
        self.stopped = Stopped(number)
        self._stop()

    @property
    def exit_code(self) -> int:
        """0, or that of the signal that came."""
        return self.stopped.exit_code if self.stopped else 0


@contextlib.contextmanager
def raise_on_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise `Stopped`, so that half-written files are removed."""

    def handle(number: int, frame: FrameType | None) -> None:
        raise Stopped(number)

    with contextlib.ExitStack() as stack:
        for number in NAMES.keys() - {signal.SIGINT}:
            stack.enter_context(_handled(number, handle))
        yield


@contextlib.contextmanager
def _handled(number: int, handler: Callable[[int, FrameType | None], Any]) -> Iterator[None]:
    """Install a handler for a while, unless the signal is ignored or another thread asks."""
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(number) is signal.SIG_IGN
    ):
        yield
        return
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)
