"""Numbered lines of small text files, with a limit of their length."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO

from w2v_fast.system.files import naming_errors

MAX_LINE = 1 << 16
UTF8_MARK = b"\xef\xbb\xbf"


def numbered_lines(file: BinaryIO, path: str | os.PathLike[str]) -> Iterator[tuple[int, bytes]]:
    """Read a file line by line; a byte order mark at its start is removed.

    Parameters
    ----------
    file, path
        The open file, and its name for messages.

    Yields
    ------
    number, line
        From 1, and the bytes with the line end.

    Raises
    ------
    ValueError
        A line is longer than 64 KiB.
    OSError
        The file cannot be read, or its compressed data are damaged.
    """
    number = 0
    while line := _line(file, path):
        number += 1
        if number == 1:
            line = line.removeprefix(UTF8_MARK)
        if len(line) > MAX_LINE:
            raise ValueError(
                f"{os.fspath(path)}, line {number}: longer than {MAX_LINE:,} bytes, so this is no "
                f"file of this kind; it begins with {line[:40]!r}"
            )
        yield number, line


def _line(file: BinaryIO, path: str | os.PathLike[str]) -> bytes:
    try:
        return file.readline(MAX_LINE + 1)
    except Exception:
        with naming_errors(path):
            raise
