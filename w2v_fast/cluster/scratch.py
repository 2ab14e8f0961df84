"""Temporary folders of a run; what a crash leaves is removed when the next run starts there."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import tempfile
from pathlib import Path

from w2v_fast.system import portable


class ScratchFolder:
    """A folder among the temporary files (`TMPDIR`), which processes of one run share.

    Each of them holds a lock, which the system releases when the process ends, however it ends. A
    folder that nobody has locked is left from a crash, or waits for the next generation of its
    run, which makes it again if it was removed.

    Parameters
    ----------
    name
        A part of its name, which no other run has.

    Attributes
    ----------
    path : Path
        The folder.

    Raises
    ------
    OSError
        The folder cannot be made, or another user has a file of its name.
    """

    def __init__(self, name: str) -> None:
        prefix = f"w2v_fast-{portable.user()}-"
        temporary = Path(tempfile.gettempdir())
        self.path = temporary / f"{prefix}{name}"
        for other in temporary.glob(f"{prefix}*"):
            if other != self.path:
                _remove_unused(other)
        self._handle: int | None = self._locked()

    def _locked(self) -> int:
        """Make the folder and lock it, again if another run removes it in between."""
        while True:
            with contextlib.suppress(FileExistsError):
                self.path.mkdir(mode=0o700)
            if not _is_own(self.path):
                raise FileExistsError(
                    errno.EEXIST, "another user has a file of this name", str(self.path)
                )
            handle = portable.open_folder(self.path)
            with contextlib.suppress(OSError):  # a file system without locks
                portable.lock(handle, shared=True)
            if self.path.exists() and _is_own(self.path):
                return handle
            os.close(handle)

    def remove(self) -> None:
        """Remove the folder, whoever uses it."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
        shutil.rmtree(self.path, ignore_errors=True)


def _is_own(path: Path) -> bool:
    status = path.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == portable.user()


def _remove_unused(path: Path) -> None:
    """Remove a folder of this user, unless a living process uses it."""
    with contextlib.suppress(OSError):
        if not _is_own(path):
            return
        handle = portable.open_folder(path)
        try:
            portable.lock(handle, wait=False)
            shutil.rmtree(path, ignore_errors=True)
        finally:
            os.close(handle)
