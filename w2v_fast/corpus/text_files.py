"""Files of text: which files a path stands for, their bytes as one stream, the lines of one.

A byte order mark is not part of the text. Files that are not text are refused (`text_check.py`).
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import glob
import itertools
import os
import re
import stat
import warnings
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from w2v_fast.corpus.text_check import HEAD_BYTES, check_is_no_container, check_is_text
from w2v_fast.system.files import compression_of_file, naming_errors, open_input
from w2v_fast.system.remote import is_remote, remote_files

MAX_LINE_BYTES = 1 << 24
LINK_ERRORS = {errno.ENOENT: "a link that leads nowhere", errno.ELOOP: "a circle of links"}
ANY_DEPTH = re.compile(r"(?:^|(?<=/))\*\*(?:/+\*\*)*(?:/+|$)")


def expand(name: str | os.PathLike[str]) -> list[str]:
    """The files that a path, folder or glob stands for, sorted; `-` stands for itself.

    So does a URL without `*`.

    A folder stands for all files in it and below, except those whose name (or folder) starts with a
    dot. Links are followed. Among the files of a folder or glob each comes once, and a special file
    (a pipe, a socket, a device) does not count: a RuntimeWarning says which are left out. A special
    file that is named itself is read.

    Raises
    ------
    OSError
        Nothing is there, a folder cannot be read, or a link in it leads nowhere.
    """
    path = os.fspath(name)
    if not isinstance(path, str):
        raise TypeError(f"expected a path as str or os.PathLike, got {path!r}")
    if path == "-":
        return [path]
    if is_remote(path):
        return remote_files(path) if "*" in path else [path]
    matches: Iterable[str] = [path]
    if os.path.isdir(path):
        nothing = f"the folder {path} has no files"
    elif os.path.lexists(path):
        return [path]
    elif glob.has_magic(path):
        matches, nothing = _matches(path), f"no file matches {path}"
    else:
        is_text = " " in path or (os.sep not in path and "." not in path)
        remedy = (
            "a corpus is a list of sentences, each a list of tokens; a list of str is one of paths"
        )
        raise FileNotFoundError(
            f"no such file or folder: {path}" + (f" ({remedy})" if is_text else "")
        )
    below = (_files_below(match) if os.path.isdir(match) else [match] for match in matches)
    files = _distinct_files(path, itertools.chain.from_iterable(below))
    if not files:
        raise FileNotFoundError(nothing)
    return files


def _walk(top: str) -> Iterator[tuple[str, list[str]]]:
    """Every folder at or below `top` that is not hidden, and the names of the files in it.

    Each folder comes once. Folders that links lead to come at the end, so that a folder is met by
    its name without links first.
    """
    seen: set[tuple[int, int]] = set()
    starts = [top]
    for start in starts:
        for folder, below, names in os.walk(start, onerror=_fail):
            status = os.stat(folder)
            if (status.st_dev, status.st_ino) in seen:
                below.clear()
                continue
            seen.add((status.st_dev, status.st_ino))
            below[:] = sorted(name for name in below if not name.startswith("."))
            starts += filter(os.path.islink, (os.path.join(folder, name) for name in below))
            yield folder, [name for name in names if not name.startswith(".")]


def _fail(error: OSError) -> None:
    raise error


def _files_below(folder: str) -> Iterator[str]:
    return (os.path.join(root, name) for root, names in _walk(folder) for name in names)


def _matches(pattern: str) -> Iterator[str]:
    """As `glob.iglob(pattern, recursive=True)`, but without endless circles of links."""
    any_depth = ANY_DEPTH.search(pattern)
    if any_depth is None:
        yield from glob.iglob(pattern)
        return
    before, after = pattern[: any_depth.start()], pattern[any_depth.end() :]
    for top in glob.iglob(before) if before else [""]:
        for folder, names in _walk(top or "."):
            inside = folder if top else os.path.relpath(folder, ".")
            inside = "" if inside == "." else inside
            if after:
                yield from _matches(os.path.join(glob.escape(inside), after))
            else:
                yield from (os.path.join(inside, name) for name in names)


def _distinct_files(where: str, paths: Iterator[str]) -> list[str]:
    """Sorted paths of regular files, each file once; a warning tells of the others."""
    files: dict[tuple[int, ...], str] = {}
    special, again = [], []
    for path in sorted(set(paths), key=lambda path: (os.path.islink(path), len(path), path)):
        try:
            status = os.stat(path)
        except OSError as error:
            if error.errno not in LINK_ERRORS:
                raise
            raise OSError(error.errno, LINK_ERRORS[error.errno], path) from None
        identity = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        if not stat.S_ISREG(status.st_mode):
            special.append(path)
        elif files.setdefault(identity, path) != path:
            again.append(f"{path}, which is {files[identity]}")
    for left_out, what in (
        (special, "special files (pipes, sockets, devices); name one to read it"),
        (again, "names of files that are read under another name"),
    ):
        if left_out:
            warnings.warn(
                f"{where}: left out {len(left_out)} {what}: {left_out[0]}"
                + (", ..." if len(left_out) > 1 else ""),
                RuntimeWarning,
                stacklevel=2,
            )
    return sorted(files.values())


def plain_size(paths: list[str]) -> int | None:
    """Bytes of text in `paths`, when all are uncompressed regular files."""
    total = 0
    for path in paths:
        state = file_state(path)
        if state is None or compression_of_file(path):
            return None
        total += state[1]
    return total


def file_state(path: str) -> tuple[int, int, int] | None:
    """Inode, size and time of change of a regular file, by which a change is noticed."""
    if path == "-" or is_remote(path):
        return None
    status = os.stat(path)
    is_file = stat.S_ISREG(status.st_mode)
    return (status.st_ino, status.st_size, status.st_mtime_ns) if is_file else None


class JoinedFiles:
    """Files as one stream of bytes, with a newline after each: words and sentences end there.

    `path` is the file that was read last.
    """

    def __init__(self, paths: list[str]) -> None:
        self._paths = iter(paths)
        self._stack = contextlib.ExitStack()
        self._file: BinaryIO | None = None
        self._head = memoryview(b"")

    def __enter__(self) -> JoinedFiles:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def readinto(self, buffer: memoryview) -> int:
        """Read at least one byte into `buffer`; 0 when all files are done."""
        if self._file is None:
            path = next(self._paths, None)
            if path is None:
                return 0
            self._file = self._open(path)
        if self._head:
            count = min(len(buffer), len(self._head))
            buffer[:count], self._head = self._head[:count], self._head[count:]
            return count
        with naming_errors(self.path):
            count = self._file.readinto(buffer)  # type: ignore[attr-defined]
        if count:
            return count
        self._stack.close()
        self._file = None
        if file_state(self.path) != self._before:
            raise OSError(
                f"{self.path} changed while it was read; try again when nothing writes to it"
            )
        buffer[0] = ord("\n")
        return 1

    def _open(self, path: str) -> BinaryIO:
        self.path, self._before = path, file_state(path)
        with naming_errors(path):
            file = self._stack.enter_context(open_input(path))
            head = bytearray()
            while len(head) < HEAD_BYTES and (part := file.read(HEAD_BYTES - len(head))):
                head += part
        text = bytes(head).removeprefix(codecs.BOM_UTF8)
        check_is_text(path, text, is_whole=len(head) < HEAD_BYTES)
        self._head = memoryview(text)
        return file


def text_lines(path: str | os.PathLike[str]) -> Iterator[bytes]:
    """The lines of a file, compressed or not, each of less than `MAX_LINE_BYTES`.

    Raises
    ------
    OSError
        The file cannot be read, or a line is too long.
    ValueError
        It is not text.
    """
    lines = _bounded_lines(path)
    first = next(lines, b"")
    check_is_no_container(os.fspath(path), first[:HEAD_BYTES])
    yield first.removeprefix(codecs.BOM_UTF8)
    yield from lines


def _bounded_lines(path: str | os.PathLike[str]) -> Iterator[bytes]:
    with naming_errors(path), open_input(path) as file:
        while line := file.readline(MAX_LINE_BYTES):
            if len(line) == MAX_LINE_BYTES:
                raise OSError(
                    errno.EINVAL, f"a line has {MAX_LINE_BYTES:,} bytes or more", os.fspath(path)
                )
            yield line
