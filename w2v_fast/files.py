"""Reading any file (plain, compressed, remote, standard input) and writing one whole or not at all."""

from __future__ import annotations

import bz2
import contextlib
import errno
import fcntl
import glob
import gzip
import io
import lzma
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

MAGIC_LENGTH = 10
ZSTD_CHUNK = 1 << 10
UNFINISHED = ".part"
COMPRESSIONS = {
    "gzip": re.compile(rb"\x1f\x8b\x08"),
    "bzip2": re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)"),
    "xz": re.compile(rb"\xfd7zXZ\x00"),
    "zstd": re.compile(rb"[\x22-\x28]\xb5\x2f\xfd"),
}


def compression_of(head: bytes) -> str | None:
    """Name the compression whose magic bytes `head` starts with, or None."""
    return next((name for name, magic in COMPRESSIONS.items() if magic.match(head)), None)


@contextlib.contextmanager
def open_input(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open for reading bytes; gzip, bzip2, xz and zstd are recognized by their first bytes and unpacked.

    Parameters
    ----------
    path
        A file, `-` for standard input, or a URL such as `s3://bucket/key` (extra: `remote`).

    Raises
    ------
    OSError, EOFError, zlib.error, lzma.LZMAError
        The file cannot be opened; or, on reading, its compressed data are damaged or end too early.
    ImportError
        A zstd file or a URL, and the extra that reads it is not installed.
    """
    with contextlib.ExitStack() as stack:
        raw = stack.enter_context(_open_raw(path))
        buffered = raw if hasattr(raw, "peek") else cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, raw)))
        head = buffered.peek(MAGIC_LENGTH)[:MAGIC_LENGTH]  # type: ignore[attr-defined]
        yield stack.enter_context(_decompressed(buffered, compression_of(head)))


def _open_raw(path: str | os.PathLike[str]) -> contextlib.AbstractContextManager[BinaryIO]:
    name = os.fspath(path)
    if name == "-":
        return contextlib.nullcontext(cast(BinaryIO, sys.stdin.buffer))
    if "://" in name:
        try:
            import fsspec
        except ImportError as error:
            raise ImportError(f"{name}: remote files need fsspec; pip install 'w2v_fast[remote]'") from error
        return cast("contextlib.AbstractContextManager[BinaryIO]", fsspec.open(name, "rb"))
    return open(name, "rb")


def _decompressed(raw: BinaryIO, compression: str | None) -> contextlib.AbstractContextManager[BinaryIO]:
    if compression is None:
        return contextlib.nullcontext(raw)
    if compression == "zstd":
        return _open_zstd(raw)
    if compression == "gzip":
        return cast(BinaryIO, gzip.open(raw, "rb"))
    if compression == "bzip2":
        return cast(BinaryIO, bz2.open(raw, "rb"))
    return cast(BinaryIO, lzma.open(raw, "rb"))


def _open_zstd(raw: BinaryIO) -> contextlib.AbstractContextManager[BinaryIO]:
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd  # type: ignore[import-not-found,unused-ignore]

            return cast("contextlib.AbstractContextManager[BinaryIO]", zstd.open(raw, "rb"))
        import zstandard
    except ImportError as error:
        raise ImportError("zstd files need the zstandard package; pip install 'w2v_fast[zstd]'") from error
    reader = _ZstdReader(raw, zstandard.ZstdDecompressor())
    return cast("contextlib.AbstractContextManager[BinaryIO]", io.BufferedReader(reader, 1 << 20))


class _ZstdReader(io.RawIOBase):
    """Frames of zstd one after the other. Unlike zstandard's own reader it tells a file that was cut from a whole one.

    It reads little at a time: a kilobyte may unpack to 32 MB.
    """

    def __init__(self, raw: BinaryIO, decompressor: Any) -> None:
        self._raw = raw
        self._decompressor = decompressor
        self._frame: Any = None
        self._packed = b""
        self._unpacked = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._unpacked:
            self._packed = self._packed or self._raw.read(ZSTD_CHUNK)
            if not self._packed:
                if self._frame is not None:
                    raise EOFError("the data end inside a frame")
                return 0
            self._frame = self._frame or self._decompressor.decompressobj()
            self._unpacked = memoryview(self._frame.decompress(self._packed))
            self._packed = self._frame.unused_data
            if self._frame.eof:
                self._frame = None
        count = min(len(buffer), len(self._unpacked))
        buffer[:count] = self._unpacked[:count]
        self._unpacked = self._unpacked[count:]
        return count


@contextlib.contextmanager
def naming_errors(path: str | os.PathLike[str]) -> Iterator[None]:
    """Every error of reading `path` becomes an OSError that names it, those of each decompressor too."""
    try:
        yield
    except (OSError, ImportError, MemoryError) as error:
        if not isinstance(error, OSError) or error.filename is not None:
            raise
        raise OSError(error.errno, f"cannot read {os.fspath(path)}: {error.strerror or error}") from error
    except Exception as error:
        raise OSError(f"cannot read {os.fspath(path)}: its compressed data are damaged ({error})") from error


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open for writing bytes so that `path` ends up either complete or as it was.

    A temporary file in the same folder is written, flushed to the disk and renamed; on any error it is removed. What a
    killed process left is removed by the next that writes the same path. `-` is standard output, and a device or pipe
    is written directly.

    Raises
    ------
    OSError
        The folder cannot be written, or the disk is full; the old file is untouched.
    """
    name = os.fspath(path)
    if name == "-":
        yield cast(BinaryIO, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    if os.path.exists(name) and not stat.S_ISREG(os.stat(name).st_mode):
        with open(name, "wb") as device:
            yield device
        return
    target = Path(os.path.realpath(name))
    _remove_leftovers(target)
    handle, temporary = _temporary_beside(target)
    try:
        with os.fdopen(handle, "wb", buffering=1 << 20) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode_for(target))
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    sync_folder(target.parent)


def _temporary_beside(target: Path) -> tuple[int, str]:
    """A new file in the folder of `target`, locked while it is open: handle and name."""
    while True:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=UNFINISHED, dir=target.parent)
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.path.exists(name):  # another process may have taken it for a leftover before the lock
            return handle, name
        os.close(handle)


def _remove_leftovers(target: Path) -> None:
    """Remove temporary files of `target` whose writer is no more."""
    for name in target.parent.glob(f".{glob.escape(target.name)}.*{UNFINISHED}"):
        with contextlib.suppress(OSError), open(name, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            name.unlink()


def _mode_for(target: Path) -> int:
    """The permissions `target` has, or those a new file would get."""
    if target.exists():
        return stat.S_IMODE(target.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def sync_folder(folder: str | os.PathLike[str]) -> None:
    """Make renames in `folder` durable, where the system can open folders."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raise now the OSError that `atomic_write(path)` would raise later (a missing or read-only folder, ...)."""
    name = os.fspath(path)
    if name == "-" or (os.path.exists(name) and not os.path.isfile(name) and not os.path.isdir(name)):
        return
    if os.path.isdir(name):
        raise IsADirectoryError(f"{name} is a folder; expected the name of a file to write")
    folder = Path(os.path.realpath(name)).parent
    if not folder.is_dir():
        raise FileNotFoundError(f"cannot write {name}: there is no folder {folder}")
    with tempfile.TemporaryFile(dir=folder):
        pass


def check_space(path: str | os.PathLike[str], size: int) -> None:
    """Raise now the OSError that writing `size` bytes to `path` would end in: no room beside an old file."""
    name = os.fspath(path)
    if name == "-" or (os.path.exists(name) and not os.path.isfile(name) and not os.path.isdir(name)):
        return
    free = shutil.disk_usage(Path(os.path.realpath(name)).parent).free
    if free < size:
        raise OSError(errno.ENOSPC, f"it takes about {size:,} bytes on the disk, {free:,} are free", name)
