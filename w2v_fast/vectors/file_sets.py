"""Sets of files, such as a matrix and its words, that are replaced together.

One file of a set is the head. Its mark is its inode number and modification time. Each other file
is found under a hidden name with the mark of the head, or if there is none, under its plain name.
A save replaces the set in four steps:

    1. rename the draft of each other file to         .OTHER.(mark of the new head).next
    2. rename each other file of the old set to       .OTHER.(mark of the old head).next
    3. rename the draft of the head to its target: from now on the set is the new one
    4. rename the new hidden files to their plain names, and remove those of the old set

The set is complete at any moment, even if the process is killed. A program that does not know the
hidden names finds a file missing between steps 2 and 4, but never a mixture.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from typing import BinaryIO

from w2v_fast.system import files, portable

MAX_TRIES = 1000
"""How often a reader starts again because of a concurrent save."""
MAX_MISSING = 10
"""How often a file may be missing while the head is unchanged before it is an error."""


@contextlib.contextmanager
def atomic_write_together(
    head: str | os.PathLike[str], *others: str | os.PathLike[str]
) -> Iterator[list[BinaryIO]]:
    """Open files for writing so that all of them are replaced, or none.

    Concurrent savers of one head take turns to exchange the files; the last one wins. Streams are
    written directly. What a killed saver left is removed by the next one.

    Parameters
    ----------
    head, others
        Paths; see `files.atomic_write`.

    Yields
    ------
    list of BinaryIO
        The open files in this order.

    Raises
    ------
    OSError
        One of them cannot be written; none has changed.
    """
    names = [os.fspath(path) for path in (head, *others)]
    for name in names:
        files.check_target(name)
    with contextlib.ExitStack() as stack:
        opened: list[BinaryIO] = []
        drafts: list[files.Draft] = []
        for name in names:
            if files.is_stream(name):
                opened.append(stack.enter_context(files.atomic_write(name)))
            else:
                drafts.append(stack.enter_context(files.draft(name)))
                opened.append(drafts[-1].file)
        yield opened
        for draft in drafts:
            draft.finish()
        if len(drafts) == 1:
            drafts[0].take_place()
        elif drafts:
            _exchange(drafts[0], drafts[1:])


def _exchange(head: files.Draft, others: list[files.Draft]) -> None:
    folders = {os.path.dirname(draft.target) for draft in (head, *others)}
    with _lock(head.target):
        old, new = _status(head.target), os.lstat(head.path)
        for other in others:
            _settle(other.target, old)
        try:
            for other in others:
                other.move(_waiting(other.target, new))  # from now on not removed with the draft
            for other in others:
                if old is not None and os.path.lexists(other.target):
                    os.rename(other.target, _waiting(other.target, old))
            _sync(folders)
            os.replace(head.path, head.target)
        except BaseException:
            if not is_current(head.target, new):
                for other in others:
                    _settle(other.target, old)
            raise
        _sync(folders)
        for other in others:
            _settle(other.target, new)
            if old is not None:
                # `_settle` leaves files of other users
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(_waiting(other.target, old))
    _sync(folders)


def _settle(other: str, head: os.stat_result | None) -> None:
    """Rename the file that belongs to the head to its plain name, and remove the others."""
    path = other if head is None else current(other, head)
    if path != other:
        os.replace(path, other)
    for path in files.leftovers(other, r"[0-9a-f]+-[0-9a-f]+\.next"):
        os.unlink(path)


@contextlib.contextmanager
def open_together(
    head: str | os.PathLike[str], *others: str | os.PathLike[str]
) -> Iterator[list[BinaryIO]]:
    """Open the files of one save for reading, whatever other saves happen meanwhile.

    Yields
    ------
    list of BinaryIO
        The open files in the order of the arguments.

    Raises
    ------
    FileNotFoundError
        One of them is missing.
    OSError
        The head was replaced at each of many attempts.
    """
    missing = 0
    for _ in range(MAX_TRIES):
        with contextlib.ExitStack() as stack:
            opened = [stack.enter_context(_open_file(head))]
            status = os.fstat(opened[0].fileno())
            try:
                for other in others:
                    opened.append(stack.enter_context(_open_file(current(other, status))))
            except FileNotFoundError:  # it may have been renamed just now
                missing = missing + 1 if is_current(head, status) else 0
                if missing > MAX_MISSING:
                    raise
                continue
            if is_current(head, status):
                yield opened
                return
    raise OSError(f"{os.fspath(head)} is written again and again while it is read")


def _open_file(path: str | os.PathLike[str]) -> BinaryIO:
    if not os.path.isfile(path):  # opening a pipe would block
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), os.fspath(path))
    return open(path, "rb")


def is_current(head: str | os.PathLike[str], status: os.stat_result) -> bool:
    """Whether the file at `head` is still the one with this status."""
    now = _status(os.fspath(head))
    return now is not None and _mark(now) == _mark(status)


def current(other: str | os.PathLike[str], head: os.stat_result) -> str:
    """Path of the file that belongs to a head at present."""
    waiting = _waiting(os.path.realpath(other), head)
    return waiting if files.is_own_file(waiting, head.st_uid) else os.fspath(other)


def _mark(head: os.stat_result) -> str:
    return f"{head.st_ino:x}-{head.st_mtime_ns:x}"


def _waiting(other: str, head: os.stat_result) -> str:
    return files.hidden(other, f"{_mark(head)}.next")


def _status(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _sync(folders: set[str]) -> None:
    for folder in folders:
        files.sync_folder(folder)


@contextlib.contextmanager
def _lock(head: str) -> Iterator[None]:
    """Let savers exchange files one at a time, as far as the folder and file system allow."""
    path = files.hidden(head, "lock")
    handle = _locked(path)
    try:
        yield
    finally:
        if handle is not None:
            try:
                with contextlib.suppress(OSError):
                    os.unlink(path)
            finally:  # a lock that stays open would block every other saver
                os.close(handle)


def _locked(path: str) -> int | None:
    while not os.path.lexists(path) or files.is_own_file(path):
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | portable.PLAIN, 0o600)
        except OSError:
            return None
        with contextlib.suppress(OSError):  # a file system without locks
            portable.lock(handle)
        with contextlib.suppress(OSError):  # the previous saver has removed it
            if files.is_own_file(path) and os.path.samestat(os.lstat(path), os.fstat(handle)):
                return handle
        os.close(handle)
    return None
