"""Standard streams that are closed, full or gone: they never end a run by surprise."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from collections.abc import Iterator
from typing import Any, NoReturn, TextIO, cast


class Closed(io.RawIOBase):
    """Stands in for a closed stream: reading or writing it raises an error that says so."""

    def __init__(self, name: str) -> None:
        self.name = name

    def refuse(self, *_: object) -> NoReturn:
        """Raise the error."""
        raise OSError(errno.EBADF, "it is closed", self.name)

    def readable(self) -> bool:
        """Whether it may be wrapped for reading, which it may."""
        return True

    writable = readable
    readinto = write = refuse


class Unfailing:
    """A text stream whose errors are dropped; without a stream, all text is."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream or cast(TextIO, io.TextIOBase())

    def write(self, text: str) -> int:
        """Write what can be written."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush what can be written."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._stream.isatty()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def steady_streams() -> Iterator[None]:
    """Let stderr never fail, and keep the descriptors of closed streams from other files."""
    before = sys.stdin, sys.stdout, sys.stderr
    closed = Closed("standard output")
    for stream in before:
        if stream is None:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free descriptor: the stream's
    sys.stdin = sys.stdin or io.TextIOWrapper(io.BufferedReader(Closed("standard input")))
    sys.stdout = sys.stdout or io.TextIOWrapper(io.BufferedWriter(closed))
    sys.stderr = cast(TextIO, Unfailing(sys.stderr))
    try:
        yield
    finally:
        # From 3.13 on the interpreter prints what flushing a discarded stream raises.
        closed.write = len  # type: ignore[assignment]
        sys.stdin, sys.stdout, sys.stderr = before
        for stream in before[1:]:
            _drop_unwritten(stream)


def check_output() -> None:
    """Raise now the OSError that writing to a closed stdout ends in."""
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    if isinstance(raw, Closed):
        raw.refuse()


def flush_output() -> None:
    """Write what stdout still holds.

    Raises
    ------
    OSError
        It cannot be written: stdout is closed, or its disk is full.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, "standard output") from error


def _drop_unwritten(stream: TextIO | None) -> None:
    """Drop what cannot be written, so that the interpreter does not fail on it at exit."""
    if stream is None:
        return
    try:
        stream.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
