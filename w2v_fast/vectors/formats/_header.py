"""The first line of a word2vec file: the number of words and the vector size."""

from __future__ import annotations

import re
import warnings

from w2v_fast.vectors.formats._errors import FormatError
from w2v_fast.vectors.formats._options import ReadOptions

MAX_SIZE = 1 << 20
"""Limit of the vector size, far above any model: bounds the memory for a damaged file."""
_TWO_INTEGERS = re.compile(rb"[ \t]*([+-]?[0-9]{1,100})[ \t]+([+-]?[0-9]{1,100})[ \t]*\r?\n?")


def parse_header(line: bytes) -> tuple[int, int] | None:
    """The two integers of a header line, or None if the line is something else."""
    match = _TWO_INTEGERS.fullmatch(line)
    return (int(match[1]), int(match[2])) if match else None


def check_header(name: str, count: int, size: int) -> None:
    """Raise FormatError for impossible numbers; a file without words is valid."""
    if count < 0 or not 0 < size <= MAX_SIZE:
        found = f"{count} {size}"
        expected = f"a count of 0 or more and a vector size of 1 to {MAX_SIZE}"
        raise FormatError(name, "the header is impossible", line=1, expected=expected, found=found)


def rows_to_reserve(
    name: str, count: int, size: int, min_row: int, bytes_left: int | None, options: ReadOptions
) -> int:
    """Number of rows to reserve: that of the header, but no more than fit into the file.

    Parameters
    ----------
    name
        The file, for messages.
    count, size
        The numbers of the header.
    min_row
        Bytes of the shortest row.
    bytes_left
        Bytes of the file after the header; None if unknown.
    options
        `limit` and `on_truncated` are used.

    Raises
    ------
    FormatError
        Not even one row of this size fits into `bytes_left`.
    """
    if bytes_left is None:
        return 0
    wanted = count if options.limit is None else min(count, options.limit)
    possible = bytes_left // min_row
    if wanted and not possible and options.on_truncated == "error":
        problem = f"cut inside the first row, or the header with its size {size} is wrong"
        expected = f"{min_row} bytes or more after the header"
        raise FormatError(name, problem, row=0, expected=expected, found=bytes_left)
    return min(wanted, possible)


def check_count(name: str, count: int, found: int, options: ReadOptions) -> None:
    """Raise FormatError, or warn, if the file has `found` rows and its header says `count`."""
    if found == count:
        return
    if options.strict and not (found < count and options.on_truncated == "keep"):
        problem = "the header and the rows disagree (strict=False takes the rows as they are)"
        expected, shown = f"{count} rows", f"{found} or more" if found > count else found
        row = min(found, count)
        raise FormatError(name, problem, line=1, row=row, expected=expected, found=shown)
    message = f"{name}: the header says {count} rows, the file has {found}; the rows count"
    warnings.warn(message, stacklevel=2)
