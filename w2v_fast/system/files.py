"""Reading any file (plain, compressed, remote, stdin), and writing one whole or not at all."""

from __future__ import annotations

import bz2
import contextlib
import errno
import gzip
import hashlib
import io
import lzma
import os
import re
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from w2v_fast.system import portable
from w2v_fast.system.remote import (
    check_remote_target,
    check_remote_writable,
    is_remote,
    open_remote,
    upload,
)

MAGIC_LENGTH = 10
UNFINISHED = ".part"
HIDDEN_EXTRA = 48
"""Characters of a hidden name beside those of its target."""
HIDDEN = re.compile(r"\.(?P<target>.+)\.([0-9a-f]{16}\.part|[0-9a-f]+-[0-9a-f]+\.next|lock)")
"""Names of drafts, of files that wait for their head (`vectors.file_sets`), and of its lock."""
DESCRIPTORS = re.compile(r"/dev/fd|/proc/\d+(/task/\d+)?/fd")
MAX_LINKS = 40
NO_ROOM = errno.ENOSPC, errno.EDQUOT, errno.EFBIG
PACKING_LEVEL = 6
SUFFIXES = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd"}
COMPRESSIONS = {
    "gzip": re.compile(rb"\x1f\x8b\x08"),
    "bzip2": re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)"),
    "xz": re.compile(rb"\xfd7zXZ\x00"),
    "zstd": re.compile(rb"[\x22-\x28]\xb5\x2f\xfd"),
}
MODULES: dict[str, Any] = {"gzip": gzip, "bzip2": bz2, "xz": lzma}


def compression_of(head: bytes) -> str | None:
    """Name the compression whose magic bytes `head` starts with, or None."""
    return next((name for name, magic in COMPRESSIONS.items() if magic.match(head)), None)


def compression_of_file(path: str) -> str | None:
    """Name the compression of a regular file, or None."""
    with open(path, "rb", buffering=0) as file:
        return compression_of(file.read(MAGIC_LENGTH))


def compression_of_name(name: str | os.PathLike[str]) -> str | None:
    """Name the compression that the suffix of a file name asks for, or None."""
    return SUFFIXES.get(os.path.splitext(os.fspath(name))[1].lower())


def path_name(path: object) -> str:
    """A path as str.

    Raises
    ------
    TypeError
        It is something else, such as an open file.
    FileNotFoundError
        It is empty, which the system would take for the current folder.
    """
    name = os.fspath(path) if isinstance(path, (str, os.PathLike)) else None
    if not isinstance(name, str):
        is_open = hasattr(path, "read") or hasattr(path, "write")
        raise TypeError(
            f"expected a path as str or os.PathLike, got {path!r:.60} of type {type(path).__name__}"
            + ("; give the name of the file, or - for the standard streams" if is_open else "")
        )
    if not name:
        raise FileNotFoundError(errno.ENOENT, "the name is empty; expected that of a file")
    return name


@contextlib.contextmanager
def open_input(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open for reading bytes, unpacked: gzip, bzip2, xz and zstd are told by their first bytes.

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
    with open_raw(path) as raw, unpacked(raw) as file:
        yield file


@contextlib.contextmanager
def unpacked(raw: BinaryIO) -> Iterator[BinaryIO]:
    """The bytes of an open file, unpacked if it is compressed."""
    buffered = (
        raw if hasattr(raw, "peek") else cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, raw)))
    )
    head = buffered.peek(MAGIC_LENGTH)[:MAGIC_LENGTH]  # type: ignore[attr-defined]
    with _decompressed(buffered, compression_of(head)) as file:
        yield file


def open_raw(path: str | os.PathLike[str]) -> contextlib.AbstractContextManager[BinaryIO]:
    """Open a file, `-` or a URL for reading bytes as they are."""
    name = path_name(path)
    if name == "-":
        return contextlib.nullcontext(cast(BinaryIO, sys.stdin.buffer))
    if is_remote(name):
        return open_remote(name)
    return open(name, "rb")


def _decompressed(
    raw: BinaryIO, compression: str | None
) -> contextlib.AbstractContextManager[BinaryIO]:
    if compression is None:
        return contextlib.nullcontext(raw)
    module = zstd_module() if compression == "zstd" else MODULES[compression]
    return cast(BinaryIO, module.open(raw, "rb"))


def zstd_module() -> Any:
    """The module of Python 3.14 and newer, or its backport."""
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
    except ImportError as error:
        raise ImportError(
            "zstd files need the backports.zstd package; pip install 'w2v_fast[zstd]'"
        ) from error
    return zstd


@contextlib.contextmanager
def naming_errors(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn every error of reading `path`, the decompressors' too, into an OSError that names it."""
    name = path_name(path)
    try:
        yield
    except (ImportError, MemoryError):
        raise
    except OSError as error:
        if error.filename is not None:
            raise
        arguments = [] if error.errno is None else [error.errno]
        raise OSError(*arguments, f"cannot read {name}: {error.strerror or error}") from error
    except Exception as error:
        raise OSError(f"cannot read {name}: its compressed data are damaged ({error})") from error


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open for writing bytes so that `path` ends up either complete or as it was.

    A temporary file in the same folder is written, flushed to the disk and renamed; on any error it
    is removed. A file that a killed process left is removed by the next that writes the same path.
    The suffixes .gz, .bz2, .xz and .zst ask for compression. `-` is standard output; streams
    (devices, pipes, /dev/stdout) are written directly. A URL (extra: `remote`) gets a temporary
    file of this machine, when that is complete.

    Raises
    ------
    OSError
        The file cannot be written (see `check_writable`), or the disk is full; the old file is
        untouched.
    ImportError
        The suffix is .zst or the path a URL, and the extra `zstd` or `remote` is not installed.
    """
    name = path_name(path)
    check_target(name)
    if is_stream(name):
        with _naming(name), _open_stream(name) as stream, _packed(stream, name) as file:
            yield file
        return
    with draft(name) as part:
        yield part.file
        part.finish()
        part.take_place()


# -- drafts: files that are being written ---------------------------------------------------------


class Draft:
    """A new file beside its target, hidden, and locked while it is open.

    Attributes
    ----------
    name, target
        What is to be written, as the caller names it and with links resolved.
    path
        Where the draft is at present.
    file
        To write to; the bytes are packed as the suffix of `name` says.
    """

    def __init__(self, name: str) -> None:
        self.name, self.target = name, os.path.realpath(name)
        _remove_leftovers(self.target)
        self._handle, self.path, self._mode = _temporary_beside(self.target)
        self._raw = open(self._handle, "wb", buffering=1 << 20)  # noqa: SIM115 - closed by `draft`
        self._stack = contextlib.ExitStack()
        self.file = self._stack.enter_context(_packed(self._raw, name))

    def finish(self) -> None:
        """Flush to the disk, with the permissions of the file that will be replaced.

        The time is set in nanoseconds: most systems stamp files by a clock of milliseconds and
        reuse inode numbers, so that two files saved in quick succession would look the same.
        """
        self._stack.close()
        self._raw.flush()
        with contextlib.suppress(FileNotFoundError):
            self._mode = stat.S_IMODE(os.stat(self.target).st_mode)
        portable.set_mode(self._handle, self._mode)
        with contextlib.suppress(OSError):  # a file system that keeps its own times
            os.utime(self.path, ns=(time.time_ns(),) * 2)
        os.fsync(self._handle)
        if sys.platform == "win32":  # an open file cannot be renamed there
            self._raw.close()

    def take_place(self) -> None:
        """Rename it to its target, for good."""
        os.replace(self.path, self.target)
        sync_folder(os.path.dirname(self.target))

    def move(self, path: str) -> None:
        """Rename it to where it stays: `close` no longer removes it."""
        os.rename(self.path, path)
        self.path = ""

    def close(self) -> None:
        """Close it, and remove it if it still has its hidden name."""
        for close in (self._stack.close, self._raw.close):
            with contextlib.suppress(OSError, ValueError):
                close()
        with contextlib.suppress(OSError):
            os.unlink(self.path)


@contextlib.contextmanager
def draft(name: str) -> Iterator[Draft]:
    """A draft, removed at the end unless it was moved to its target; errors name the target."""
    with _naming(name), contextlib.closing(Draft(name)) as part:
        yield part


@contextlib.contextmanager
def _naming(name: str) -> Iterator[None]:
    """Let errors of writing name `name`, not the hidden file or nothing (as on a full disk)."""
    try:
        yield
    except OSError as error:
        if (error.filename is None and error.errno in NO_ROOM) or (
            isinstance(error.filename, str) and HIDDEN.fullmatch(os.path.basename(error.filename))
        ):
            raise OSError(error.errno, error.strerror, name) from error
        raise


def hidden(target: str, ending: str) -> str:
    """A hidden name in the folder of `target`, never longer than the system takes."""
    folder, name = os.path.split(target)
    if len(os.fsencode(name)) + HIDDEN_EXTRA > _longest_name(folder):
        name = hashlib.sha256(os.fsencode(name)).hexdigest()[:32]
    return os.path.join(folder, f".{name}.{ending}")


def _longest_name(folder: str) -> int:
    if hasattr(os, "pathconf"):
        with contextlib.suppress(OSError, ValueError):
            return os.pathconf(folder, "PC_NAME_MAX")
    return 255


def _temporary_beside(target: str) -> tuple[int, str, int]:
    """A new file in the folder of `target`, its owner's alone and locked while it is open.

    Returns
    -------
    handle, name, mode
        `mode` are the permissions that the system gives a new file here; the umask cannot be asked
        without setting it.
    """
    while True:
        name = hidden(target, secrets.token_hex(8) + UNFINISHED)
        handle = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | portable.PLAIN, 0o666)
        mode = stat.S_IMODE(os.fstat(handle).st_mode)
        portable.set_mode(handle, 0o600)
        with contextlib.suppress(OSError):  # a file system without locks
            portable.lock(handle)
        if os.path.exists(name):  # another process may have taken it for a leftover before the lock
            return handle, name, mode
        os.close(handle)


def leftovers(target: str, ending: str) -> list[str]:
    """Files of this user under hidden names of `target` whose ending matches a pattern."""
    folder, prefix = os.path.dirname(target), os.path.basename(hidden(target, ""))
    pattern = re.compile(re.escape(prefix) + ending)
    try:
        names = filter(pattern.fullmatch, os.listdir(folder))
    except OSError:
        return []
    return list(filter(is_own_file, (os.path.join(folder, name) for name in names)))


def is_own_file(path: str, user: int | None = None) -> bool:
    """Whether `path` is a regular file, no link, of this user (or of `user`); it is not opened."""
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_uid == (
        portable.user() if user is None else user
    )


def _remove_leftovers(target: str) -> None:
    """Remove temporary files of `target` whose writer has ended."""
    for name in leftovers(target, f"[0-9a-f]{{16}}{re.escape(UNFINISHED)}"):
        with contextlib.suppress(OSError):
            if sys.platform == "win32":  # fails while the writer has it open
                os.unlink(name)
                continue
            handle = os.open(name, os.O_RDONLY | portable.PLAIN)
            try:
                portable.lock(handle, wait=False)
                os.unlink(name)
            finally:
                os.close(handle)


def sync_folder(folder: str | os.PathLike[str]) -> None:
    """Make renames in `folder` durable, where the system can open folders."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def _packed(raw: BinaryIO, name: str) -> Iterator[BinaryIO]:
    """Pack what is written to `raw` as the suffix of `name` says."""
    compression = compression_of_name(name)
    if compression is None:
        yield raw
        return
    packer: Any
    if compression == "gzip":  # without a date, so that equal data give equal files
        packer = gzip.GzipFile("", "wb", PACKING_LEVEL, raw, mtime=0)
    elif compression == "zstd":
        zstd = zstd_module()
        packer = zstd.open(raw, "wb", options={zstd.CompressionParameter.checksum_flag: 1})
    else:
        packer = MODULES[compression].open(raw, "wb")
    with packer:
        yield packer


# -- streams --------------------------------------------------------------------------------------


def is_stream(name: str) -> bool:
    """Whether `name` is a stream: standard output, a pipe, a device, an open descriptor, a URL."""
    if name == "-" or is_remote(name) or _descriptor_path(name) is not None:
        return True
    try:
        mode = os.stat(name).st_mode  # once: another process may replace the file meanwhile
    except (OSError, ValueError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _descriptor_path(name: str) -> str | None:
    """The name in /proc/PID/fd or /dev/fd that `name` (such as /dev/stdout) leads to, else None."""
    for _ in range(MAX_LINKS):
        folder, last = os.path.split(os.path.abspath(name))
        folder = os.path.realpath(folder)
        name = os.path.join(folder, last)
        if DESCRIPTORS.fullmatch(folder):
            return name if last.isdecimal() else None
        if not os.path.islink(name):
            return None
        name = os.path.join(folder, os.readlink(name))
    return None


@contextlib.contextmanager
def _open_stream(name: str) -> Iterator[BinaryIO]:
    """Open a stream for writing after what was written to it before."""
    if name == "-":
        yield cast(BinaryIO, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    if is_remote(name):
        with upload(name) as file:
            yield file
        return
    handle = _own_descriptor(name)
    if handle == 1 and sys.stdout is not None and not sys.stdout.closed:
        sys.stdout.flush()
    # append, since opening another process's file for writing would cut it
    is_other = handle is None and _descriptor_path(name) is not None
    with open(name if handle is None else os.dup(handle), "ab" if is_other else "wb") as stream:
        yield cast(BinaryIO, stream)


def _own_descriptor(name: str) -> int | None:
    folder, last = os.path.split(_descriptor_path(name) or "")
    return int(last) if folder in ("/dev/fd", os.path.realpath("/proc/self/fd")) else None


# -- errors that are known before writing ----------------------------------------------------------


def check_target(path: str | os.PathLike[str]) -> None:
    """Raise the error that writing `path` would raise, if it can be told without opening a file."""
    name = path_name(path)
    if compression_of_name(name) == "zstd":
        zstd_module()
    if name == "-":
        if sys.stdout is None or sys.stdout.closed:
            raise OSError(errno.EBADF, "cannot be written, it is closed", "standard output")
        return
    if is_remote(name):
        check_remote_target(name)
        return
    if is_stream(name):
        handle = _own_descriptor(name)
        if handle is None:
            is_writable = os.access(name, os.W_OK) and not stat.S_ISSOCK(os.stat(name).st_mode)
        else:
            is_writable = portable.is_writable(handle)
        if not is_writable:
            raise PermissionError(errno.EACCES, "not open for writing", name)
        return
    if os.path.isdir(name) or name.endswith((os.sep, "/")):
        raise IsADirectoryError(f"{name} is a folder; expected the name of a file to write")
    target = os.path.realpath(name)
    folder, last = os.path.split(target)
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"cannot write {name}: there is no folder {folder}")
    limit = _longest_name(folder)
    if len(os.fsencode(last)) > limit:
        raise OSError(errno.ENAMETOOLONG, f"the name is longer than {limit} bytes", name)
    if os.path.islink(target):
        raise OSError(errno.ELOOP, "a circle of links", name)
    with contextlib.suppress(FileNotFoundError):
        _check_replaceable(name, os.stat(target), target, folder)


def _check_replaceable(name: str, file: os.stat_result, target: str, folder: str) -> None:
    """A mounted file and another user's file in a sticky folder cannot be renamed over."""
    if _is_mount_point(target):
        raise OSError(
            errno.EBUSY,
            "a file that is mounted here cannot be replaced; write to another name, or mount "
            "its folder instead of the file",
            name,
        )
    above, user = os.stat(folder), portable.user()
    if above.st_mode & stat.S_ISVTX and user not in (0, file.st_uid, above.st_uid):
        raise PermissionError(
            errno.EPERM,
            f"the file belongs to another user, and only that one may replace it in the "
            f"sticky folder {folder}",
            name,
        )


def _is_mount_point(path: str) -> bool:
    try:
        lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:
        return os.stat(path).st_dev != os.stat(os.path.dirname(path)).st_dev
    places = (line.split(b" ")[4] for line in lines)
    return any(
        re.sub(rb"\\([0-7]{3})", lambda code: bytes([int(code[1], 8)]), place) == os.fsencode(path)
        for place in places
    )


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raise now the error that `atomic_write(path)` would raise later.

    A file is created in the folder and removed. This finds a missing, read-only or full folder, a
    folder of that name, a mounted file, a file of another user in a sticky folder, a name that is
    too long, a closed stream, and a missing extra of the suffix. For the room on the disk see
    `check_space`.
    """
    name = os.fspath(path)
    check_target(name)
    if is_remote(name):
        check_remote_writable(name)
    elif not is_stream(name):
        with draft(name):
            pass


def check_space(path: str | os.PathLike[str], size: int) -> None:
    """Raise an OSError if the disk has no room for `size` bytes beside an old file at `path`."""
    name = os.fspath(path)
    if is_stream(name):
        return
    free = shutil.disk_usage(os.path.dirname(os.path.realpath(name))).free
    if free < size:
        raise OSError(
            errno.ENOSPC, f"it takes about {size:,} bytes on the disk, {free:,} are free", name
        )
