"""ByteStream: the unpacked bytes of a file, with a preview of the beginning."""

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
"""Limits of unpacked data: bytes, and multiples of the compressed size (vectors: about 3)."""


class ByteStream:
    """The unpacked bytes of a file.

    Attributes
    ----------
    name
        The path, for messages.
    size
        Total number of bytes; None if unknown before the end (compressed, remote, a pipe).
    head
        The first 64 KiB, or all of a smaller file; `read_into` returns them again.
    damage
        Why the compressed data ended early, or None; reading stops there.
    """

    def __init__(
        self, stream: BinaryIO, name: str, size: int | None, packed: int | None = None
    ) -> None:
        self._stream, self.name, self.size = stream, name, size
        unpacks = isinstance(stream, io.BufferedIOBase) and type(stream) is not io.BufferedReader
        # A decompressor's own readinto1 may lose the data before the damage (gzip since 3.14).
        reader: Any = io.BufferedIOBase if unpacks else type(stream)
        self._read = reader.readinto1
        self._room = None if packed is None else max(MAX_UNPACKED, MAX_TIMES * packed)
        self.damage: str | None = None
        self._pending = b""
        head = bytearray(HEAD)
        self.head = bytes(head[: self.read_into(memoryview(head))])
        self._pending = self.head

    def skip(self, count: int) -> None:
        """Skip the first `count` bytes of the head; call before the first `read_into`."""
        self._pending = self.head[count:]

    def lengthen_head(self, lines: int, limit: int) -> bytes:
        """Extend `head` to `lines` lines, `limit` bytes or the end; call before `read_into`."""
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
        """Fill `target` and return the number of bytes read; fewer mean the end of the file."""
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
        except Exception as error:  # the exception depends on the decompressor
            self.damage = str(error)
            return 0
        if self._room is not None:
            self._room -= got
            if self._room < 0:
                problem = f"it unpacks to more than {MAX_TIMES} times its size"
                advice = "as no file of vectors does; if it is one, unpack it first"
                raise FormatError(self.name, f"{problem}, {advice}")
        return got

    def check_intact(self, keep: bool) -> None:
        """Raise FormatError for damaged compressed data, unless the data before it are kept."""
        if self.damage and not keep:
            problem = f"the compressed data are cut or damaged ({self.damage})"
            advice = "on_truncated='keep' takes the rows before the damage"
            raise FormatError(self.name, f"{problem}; {advice}")


@contextlib.contextmanager
def open_stream(path: str | os.PathLike[str]) -> Iterator[ByteStream]:
    """Open a plain or compressed file, a URL, or `-` for standard input."""
    name = os.fspath(path)
    with files.open_raw(path) as raw, files.unpacked(raw) as stream:
        size = None if name == "-" or "://" in name else _size(raw)
        yield ByteStream(stream, name, *((size, None) if stream is raw else (None, size)))


def _size(file: BinaryIO) -> int | None:
    """Bytes of an open file; None for a pipe."""
    status = os.fstat(file.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else None
