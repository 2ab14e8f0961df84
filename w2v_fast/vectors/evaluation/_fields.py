"""Lines and fields of the small text files that evaluation reads."""

from __future__ import annotations

import csv
import os
import re

from w2v_fast.system.files import open_input
from w2v_fast.vectors.text_lines import numbered_lines

DELIMITERS = ("\t", ";", ",")
MAX_FILE = 1 << 26
"""Maximum size of a file in bytes, unpacked."""
MAX_SHOWN = 120
"""Maximum number of characters of a line that a message shows."""


def read_lines(path: str | os.PathLike[str], encoding: str) -> list[tuple[int, str]]:
    """Line numbers (from 1) and texts, without empty lines and lines that begin with `#`."""
    lines: list[tuple[int, str]] = []
    size = 0
    with open_input(path) as file:
        for number, raw in numbered_lines(file, path):
            where = f"{os.fspath(path)}, line {number}"
            size += len(raw)
            try:
                text = raw.decode(encoding)
            except UnicodeDecodeError as error:
                raise ValueError(f"{where}: not {encoding} text: {error}") from None
            text = text.removeprefix("\ufeff" if number == 1 else "").strip("\r\n")
            if "\r" in text:
                problem = "a carriage return (CR) inside a line; lines end with LF or CR LF"
                raise ValueError(f"{where}: {problem}")
            if size > MAX_FILE:
                problem = f"more than {MAX_FILE:,} bytes, so this is no file for an evaluation"
                raise ValueError(f"{where}: {problem}")
            if text.strip() and not text.startswith("#"):
                lines.append((number, text))
    return lines


def fields_of(line: str, delimiter: str | None) -> list[str]:
    """Split a line at a delimiter (None: white space) and strip the quotes around its fields."""
    if delimiter is None or len(delimiter) > 1 or line.count('"') % 2:
        fields = line.split(delimiter)
    else:
        fields = next(csv.reader([line], delimiter=delimiter, skipinitialspace=delimiter != " "))
    return [re.sub(r'^"(.*)"$', r"\1", field.strip()) for field in fields]


def shown(value: object) -> str:
    """The repr of a value for a message, cut if it is long."""
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."
