"""ByteStream: a stream of bytes that a reader takes in large pieces, with a look at its beginning."""

from __future__ import annotations

import contextlib
import io
import os
import stat
from collections.abc import Iterator
from typing import Any, BinaryIO

from w2v_fast.system import files
from w2v_fast.vectors.formats.errors import FormatError

HEAD = 1 << 16
MOST_UNPACKED, MOST_TIMES = 1 << 28, 100
"""A compressed file may unpack to so many bytes, or so many times its size; vectors unpack to 3 times theirs."""


class ByteStream:
    """The unpacked bytes of a file.

    Attributes
    ----------
    name
        The path, for messages.
    size
        Bytes in all, or None where that is not known before the end (compressed, remote, a pipe).
    head
        The first 64 KiB, or all of a smaller file; they are read again by `read_into`.
    damage
        Why the compressed data ended early, or None. Reading then stops as at the end of the file.
    """

    def __init__(
        self, stream: BinaryIO, name: str, size: int | None, packed: int | None = None
    ) -> None:
        self._stream, self.name, self.size = stream, name, size
        unpacks = isinstance(stream, io.BufferedIOBase) and type(stream) is not io.BufferedReader
        # A decompressor's own readinto1 may lose what comes right before the damage (gzip's from 3.14 on).
        reader: Any = io.BufferedIOBase if unpacks else type(stream)
        self._read = reader.readinto1
        self._room = None if packed is None else max(MOST_UNPACKED, MOST_TIMES * packed)
        self.damage: str | None = None
        self._pending = b""
        head = bytearray(HEAD)
        self.head = bytes(head[: self.read_into(memoryview(head))])
        self._pending = self.head

    def skip(self, count: int) -> None:
        """Leave out `count` bytes of the head; call before the first `read_into`."""
        self._pending = self.head[count:]

    def look_at_lines(self, count: int, most: int) -> bytes:
        """Lengthen `head` until it has `count` lines, or `most` bytes, or all of the file; call before `read_into`."""
        while self.head.count(b"\n") < count and len(self.head) < most:
            self._pending = b""
            more = bytearray(max(HEAD, len(self.head)))
            got = self.read_into(memoryview(more))
            self.head += more[:got]
            if got < len(more):
                break
        self._pending = self.head
        return self.head

    def read_into(self, target: memoryview) -> int:
        """Fill `target`; fewer bytes than it has room for mean the end."""
        filled = min(len(self._pending), len(target))
        target[:filled] = self._pending[:filled]
        self._pending = self._pending[filled:]
        while filled < len(target):
            got = self._read_some(target[filled:])
            if not got:
                break
            filled += got
        return filled

    def _read_some(self, target: memoryview) -> int:
        if self.damage:
            return 0
        try:
            got: int = self._read(self._stream, target)
        except (OSError, MemoryError):
            raise
        except (
            Exception
        ) as error:  # each decompressor has exceptions of its own; none is an OSError
            self.damage = str(error)
            return 0
        if self._room is not None:
            self._room -= got
            if self._room < 0:
                raise FormatError(
                    self.name,
                    f"it unpacks to more than {MOST_TIMES} times its size, as no file of "
                    "vectors does; unpack it first if it is one all the same",
                )
        return got

    def check_intact(self, keep: bool) -> None:
        """Raise FormatError if the compressed data were damaged, unless what came before the damage is wanted."""
        if self.damage and not keep:
            raise FormatError(
                self.name,
                f"the compressed data are cut or damaged ({self.damage}); "
                "on_truncated='keep' takes the rows before the damage",
            )


@contextlib.contextmanager
def open_source(path: str | os.PathLike[str]) -> Iterator[ByteStream]:
    """Open a plain or compressed file, a URL, or `-` for standard input."""
    name = os.fspath(path)
    with files.open_raw(path) as raw, files.unpacked(raw) as stream:
        size = None if name == "-" or "://" in name else _size(raw)
        yield ByteStream(stream, name, *((size, None) if stream is raw else (None, size)))


def _size(file: BinaryIO) -> int | None:
    """Bytes of an open file, whatever its name stands for by now; None for a pipe."""
    status = os.fstat(file.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else None
