"""FormatError: what is wrong in a file of vectors, and where."""

from __future__ import annotations


class FormatError(ValueError):
    """The content of a file does not follow its format.

    Parameters
    ----------
    path
        The file.
    problem
        What is wrong and, if known, what to do.
    line
        Line of a text file, from 1.
    offset
        Byte offset in a binary file (after decompression), from 0.
    row
        Number of the vector, from 0.
    expected, found
        What the format requires at this place, and what the file has.
    """

    def __init__(
        self,
        path: str,
        problem: str,
        *,
        line: int | None = None,
        offset: int | None = None,
        row: int | None = None,
        expected: object = None,
        found: object = None,
    ) -> None:
        self.path, self.problem, self.line, self.offset, self.row = path, problem, line, offset, row
        self.expected, self.found = expected, found
        places = [("line", line), ("byte", offset), ("row", row)]
        where = "".join(f", {name} {value}" for name, value in places if value is not None)
        values = [("expected", expected), ("found", found)]
        contrast = "".join(f"; {name} {value}" for name, value in values if value is not None)
        super().__init__(f"{path}{where}: {problem}{contrast}")
