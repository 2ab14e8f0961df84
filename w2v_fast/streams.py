"""Standard streams that are closed, full or gone: what is said on them ends no work, and no file takes their place."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast

CLOSED = (("stdin", os.O_WRONLY, "r"), ("stdout", os.O_RDONLY, "w"), ("stderr", os.O_WRONLY, "w"))
"""How /dev/null takes the place of a closed stream: data that are asked for or written there are an error."""


class Unfailing:
    """A text stream whose errors are dropped; None is a stream that drops everything."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        if self._stream is not None:
            with contextlib.suppress(OSError, ValueError):
                self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        if self._stream is not None:
            with contextlib.suppress(OSError, ValueError):
                self._stream.flush()

    def isatty(self) -> bool:
        return self._stream is not None and self._stream.isatty()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def steady_streams() -> Iterator[None]:
    """While it is entered, stderr never fails, and the descriptors of closed streams are not free for other files."""
    for name, flags, mode in CLOSED:
        if getattr(sys, name) is None:  # the lowest free descriptor is the one of the stream
            setattr(sys, name, open(os.open(os.devnull, flags), mode, encoding="utf-8", closefd=False))
    before = sys.stderr
    sys.stderr = cast(TextIO, Unfailing(before))
    try:
        yield
    finally:
        sys.stderr = before
        for stream in (sys.stdout, before):
            _drop_unwritten(stream)


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


def _drop_unwritten(stream: TextIO) -> None:
    """Let what cannot be written go nowhere, so that the interpreter does not fail on it when it ends."""
    try:
        stream.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
