"""FormatError: what is wrong in a file of vectors, and where."""

from __future__ import annotations


class FormatError(ValueError):
    """A file does not hold what its format promises.

    Parameters
    ----------
    path
        The file.
    problem
        What is wrong, and what to do where that is known.
    line
        Line of a text file, from 1.
    offset
        Byte offset in a binary file (after decompression), from 0.
    row
        Number of the vector, from 0.
    expected, found
        What the format asks for at this place, and what is there.
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
        contrast = "".join(
            f"; {name} {value}"
            for name, value in [("expected", expected), ("found", found)]
            if value is not None
        )
        super().__init__(f"{path}{where}: {problem}{contrast}")
