"""ByteStream: the unpacked bytes of a file, read in large pieces, with a look at the beginning."""

from __future__ import annotations

import contextlib
import io
import os
import stat
from collections.abc import Iterator
from typing import Any, BinaryIO

from w2v_fast.system import files
from w2v_fast.vectors.formats._errors import FormatError

HEAD = 1 << 16
MAX_UNPACKED, MAX_TIMES = 1 << 28, 100
"""A compressed file may unpack to that many bytes, or times its size; vectors unpack to 3 times."""


class ByteStream:
    """The unpacked bytes of a file.

    Attributes
    ----------
    name
        The path, for messages.
    size
        Bytes in total; None if unknown before the end (compressed, remote, a pipe).
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
        # A decompressor's own readinto1 may lose what precedes the damage (gzip's from 3.14 on).
        reader: Any = io.BufferedIOBase if unpacks else type(stream)
        self._read = reader.readinto1
        self._room = None if packed is None else max(MAX_UNPACKED, MAX_TIMES * packed)
        self.damage: str | None = None
        self._pending = b""
        head = bytearray(HEAD)
        self.head = bytes(head[: self.read_into(memoryview(head))])
        self._pending = self.head

    def skip(self, count: int) -> None:
        """Leave out `count` bytes of the head; call before the first `read_into`."""
        self._pending = self.head[count:]

    def lengthen_head(self, lines: int, limit: int) -> bytes:
        """Read on until `head` has so many lines, `limit` bytes or all; call before `read_into`."""
        while self.head.count(b"\n") < lines and len(self.head) < limit:
            self._pending = b""
            more = bytearray(max(HEAD, len(self.head)))
            got = self.read_into(memoryview(more))
            self.head += more[:got]
            if got < len(more):
                break
        self._pending = self.head
        return self.head

    def read_into(self, target: memoryview) -> int:
        """Fill `target` and return the bytes read; fewer than it has room for mean the end."""
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
        except Exception as error:  # each decompressor raises another kind, but no OSError
            self.damage = str(error)
            return 0
        if self._room is not None:
            self._room -= got
            if self._room < 0:
                raise FormatError(
                    self.name,
                    f"it unpacks to more than {MAX_TIMES} times its size, as no file of vectors "
                    "does; unpack it first if it is one all the same",
                )
        return got

    def check_intact(self, keep: bool) -> None:
        """Raise FormatError for damaged compressed data, unless what precedes it is wanted."""
        if self.damage and not keep:
            raise FormatError(
                self.name,
                f"the compressed data are cut or damaged ({self.damage}); "
                "on_truncated='keep' takes the rows before the damage",
            )


@contextlib.contextmanager
def open_stream(path: str | os.PathLike[str]) -> Iterator[ByteStream]:
    """Open a plain or compressed file, a URL, or `-` for standard input."""
    name = os.fspath(path)
    with files.open_raw(path) as raw, files.unpacked(raw) as stream:
        size = None if name == "-" or "://" in name else _size(raw)
        yield ByteStream(stream, name, *((size, None) if stream is raw else (None, size)))


def _size(file: BinaryIO) -> int | None:
    """Bytes of an open file, whatever its name refers to by now; None for a pipe."""
    status = os.fstat(file.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else None
