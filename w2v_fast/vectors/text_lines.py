"""Lines of small text files, each of a bounded length."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO

from w2v_fast.system.files import naming_errors

LONGEST_LINE = 1 << 16
UTF8_MARK = b"\xef\xbb\xbf"


def numbered_lines(file: BinaryIO, path: str | os.PathLike[str]) -> Iterator[tuple[int, bytes]]:
    """Number, from 1, and bytes of each line; a byte order mark at the start of the file is taken off.

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
        if len(line) > LONGEST_LINE:
            raise ValueError(
                f"{os.fspath(path)}, line {number}: longer than {LONGEST_LINE:,} bytes, so this is no "
                f"file of this kind; it begins with {line[:40]!r}"
            )
        yield number, line


def _line(file: BinaryIO, path: str | os.PathLike[str]) -> bytes:
    try:
        return file.readline(LONGEST_LINE + 1)
    except Exception:
        with naming_errors(path):
            raise
