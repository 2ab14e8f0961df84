"""A sealed file: a few parts of bytes, and a checksum that covers all of them.

    magic       16 bytes     what the file is
    parts                    their lengths follow from the first
    checksum    32 bytes     SHA-256 of everything before it

The magic and every part are padded with zeros to a multiple of 64 bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from w2v_fast.system.files import atomic_write
from w2v_fast.system.threads import map_in_order

ALIGNMENT = 64
CHUNK = 1 << 20  # bytes hashed at a time
CHECKSUM_BYTES = hashlib.sha256().digest_size


def padded(length: int) -> int:
    """The bytes that a part of this length takes."""
    return length + -length % ALIGNMENT


def write_sealed(path: str | os.PathLike[str], magic: bytes, parts: Iterable[Any]) -> None:
    """Write a sealed file, whole or not at all.

    Parameters
    ----------
    path
        The file.
    magic
        16 bytes.
    parts
        Bytes, or contiguous arrays.

    Raises
    ------
    OSError
        The file cannot be written; an older one stays as it was.
    """
    checksum = hashlib.sha256()
    with atomic_write(path) as file:
        for part in (magic, *parts):
            view = memoryview(part).cast("B") if len(part) else memoryview(b"")
            chunks: list[Any] = [view[i : i + CHUNK] for i in range(0, len(view), CHUNK)]
            for data in (*chunks, bytes(-len(view) % ALIGNMENT)):
                file.write(data)
                checksum.update(data)
        file.write(checksum.digest())


class SealedFile:
    """A sealed file that is read once, from start to end, and hashed as it is read.

    Parameters
    ----------
    file
        Open at its start.
    magic
        What it must start with.
    kind
        What it is, for messages: "a saved corpus".
    error
        The class of the errors for a file that is something else, cut or damaged.
    name
        What messages call it (default: the name of the file).

    Attributes
    ----------
    position
        Where the next part starts, in bytes.
    """

    def __init__(
        self,
        file: BinaryIO,
        magic: bytes,
        kind: str,
        error: type[ValueError] = ValueError,
        name: str | None = None,
    ) -> None:
        self.size = file.seek(0, os.SEEK_END)
        self.name = name or file.name
        file.seek(0)
        self.position = 0
        self._file, self._error = file, error
        self._checksum = hashlib.sha256()
        head = file.read(len(magic))
        if head != magic:
            raise error(f"{self.name} is not {kind}: it does not start with {magic!r}")
        file.seek(0)
        self.part(len(magic))

    def part(self, length: int) -> bytes:
        """The next part, of this length."""
        return self._hashed(self._read(padded(length)))[:length]

    def chunks(self, length: int) -> Iterator[bytes]:
        """The next part in chunks; one is hashed in a thread while the next is read."""
        sizes = (min(CHUNK, length - start) for start in range(0, length, CHUNK))
        with contextlib.closing(map_in_order(self._hashed, map(self._read, sizes), 1)) as chunks:
            yield from chunks
        self._hashed(self._read(-length % ALIGNMENT))

    def check_rest(self, lengths: Iterable[int]) -> None:
        """Raise the error unless the file has exactly parts of these lengths left."""
        expected = self.position + sum(map(padded, lengths)) + CHECKSUM_BYTES
        if self.size != expected:
            raise self.damage(
                f"is cut or damaged: it has {self.size} bytes, its header asks for {expected}"
            )

    def check_seal(self) -> None:
        """Raise the error unless the checksum, which comes next, is that of all parts."""
        if self._checksum.digest() != self._read(CHECKSUM_BYTES):
            raise self.damage("is damaged: its checksum does not fit")

    def damage(self, what: str) -> ValueError:
        """The error that says what is wrong with this file."""
        return self._error(f"{self.name} {what}")

    def _read(self, size: int) -> bytes:
        data = self._file.read(size)
        self.position += len(data)
        if len(data) != size:
            is_short = self.position >= self.size
            raise self.damage(
                f"is cut: it has {self.size} bytes" if is_short else "was cut while it was read"
            )
        return data

    def _hashed(self, data: bytes) -> bytes:
        self._checksum.update(data)
        return data
