"""The first line of a word2vec file: how many words, and how many numbers each vector has. A hint, never an order."""

from __future__ import annotations

import re
import warnings

from w2v_fast.vectors.formats.errors import FormatError
from w2v_fast.vectors.formats.options import ReadOptions

LARGEST_SIZE = 1 << 20
"""Far more than any model has; a bound for what one row of a damaged file may ask for."""
_TWO_INTEGERS = re.compile(rb"[ \t]*([+-]?[0-9]{1,100})[ \t]+([+-]?[0-9]{1,100})[ \t]*\r?\n?")


def parse_header(line: bytes) -> tuple[int, int] | None:
    """The two integers of a header line, or None if the line is something else."""
    match = _TWO_INTEGERS.fullmatch(line)
    return (int(match[1]), int(match[2])) if match else None


def check_header(name: str, count: int, size: int) -> None:
    """Raise FormatError for numbers that no file can have. No words at all (count 0) is a valid file."""
    if count < 0 or not 0 < size <= LARGEST_SIZE:
        raise FormatError(
            name,
            "the header is impossible",
            line=1,
            found=f"{count} {size}",
            expected=f"a count of 0 or more and a vector size of 1 to {LARGEST_SIZE}",
        )


def rows_to_reserve(
    name: str,
    count: int,
    size: int,
    shortest_row: int,
    bytes_left: int | None,
    options: ReadOptions,
) -> int:
    """How many rows to make room for at once: those of the header, but never more than the file can hold.

    Raises
    ------
    FormatError
        Not even one row of this size fits into `bytes_left`.
    """
    if bytes_left is None:
        return 0
    wanted = count if options.limit is None else min(count, options.limit)
    possible = bytes_left // shortest_row
    if wanted and not possible and options.on_truncated == "error":
        raise FormatError(
            name,
            f"cut inside the first row, or the header with its size {size} is wrong",
            row=0,
            expected=f"{shortest_row} bytes or more after the header",
            found=bytes_left,
        )
    return min(wanted, possible)


def check_count(name: str, count: int, found: int, options: ReadOptions) -> None:
    """Raise FormatError, or warn, if the file holds `found` rows and not the `count` of its header."""
    if found == count:
        return
    if options.strict and not (found < count and options.on_truncated == "keep"):
        raise FormatError(
            name,
            "the header and the rows disagree (strict=False takes the rows as they are)",
            line=1,
            row=min(found, count),
            expected=f"{count} rows",
            found=f"{found} or more" if found > count else found,
        )
    warnings.warn(
        f"{name}: the header says {count} rows, the file has {found}; the rows count", stacklevel=2
    )
