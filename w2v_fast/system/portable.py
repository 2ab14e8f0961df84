"""What differs between systems: locks of open files, flags of `open`, owners of files.

On Windows, unlike POSIX, an open file cannot be renamed or removed.
"""

from __future__ import annotations

import os
import sys
import time

PLAIN = sum(
    getattr(os, flag, 0)
    for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_NOINHERIT", "O_BINARY")
)
"""Flags for `open`: bytes; follow no link, wait for no pipe, do not pass on to child processes."""
LOCKED_BYTE = 1 << 40  # beyond all data: on Windows nobody else can read a locked byte
PAUSE = 0.05


def lock(handle: int, wait: bool = True, shared: bool = False) -> None:
    """Lock an open file until it is closed; several may have a shared lock (not on Windows).

    Raises
    ------
    BlockingIOError
        Another has the lock, and it is not waited for.
    OSError
        The file system has no locks.
    """
    if sys.platform != "win32":
        import fcntl

        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fcntl.flock(handle, kind | (0 if wait else fcntl.LOCK_NB))
        return
    import msvcrt

    position = os.lseek(handle, 0, os.SEEK_CUR)
    os.lseek(handle, LOCKED_BYTE, os.SEEK_SET)
    try:
        while True:
            try:
                return msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            except PermissionError as error:
                if not wait:
                    raise BlockingIOError(*error.args) from None
            time.sleep(PAUSE)
    finally:
        os.lseek(handle, position, os.SEEK_SET)


def is_writable(handle: int) -> bool:
    """Whether an open descriptor takes what is written; Windows does not tell."""
    if sys.platform == "win32":
        return True
    import fcntl

    return fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY


def set_mode(handle: int, mode: int) -> None:
    """Set the permissions of an open file; on Windows it inherits those of its folder."""
    if sys.platform != "win32":
        os.fchmod(handle, mode)


def open_folder(folder: str | os.PathLike[str]) -> int:
    """A handle to lock a folder by; on Windows, that of a hidden file in it."""
    if sys.platform == "win32":
        return os.open(os.path.join(folder, ".lock"), os.O_RDWR | os.O_CREAT | PLAIN)
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)


def user() -> int:
    """The user's number, as the owner of a file is given; 0 for all on Windows."""
    return os.geteuid() if hasattr(os, "geteuid") else 0
