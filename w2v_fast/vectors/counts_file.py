"""Vocabulary files of word2vec.c (`-save-vocab`): a line `word count` for each word."""

from __future__ import annotations

import os

from w2v_fast.files import atomic_write, open_input


def read_counts(path: str | os.PathLike[str], encoding: str = "utf-8", errors: str = "surrogateescape"
                ) -> dict[str, int]:
    """Count of each word; the first line counts for a word that comes again.

    Raises
    ------
    ValueError
        A line is not a word and a number; file and line are named.
    """
    counts: dict[str, int] = {}
    with open_input(path) as file:
        for number, line in enumerate(file, 1):
            word, _, count = line.strip(b" \t\r\n").rpartition(b" ")
            if not count:
                continue
            if not word or not count.isdigit():
                raise ValueError(f"{os.fspath(path)}, line {number}: expected a word and its count; found {line!r}")
            counts.setdefault(word.decode(encoding, errors), int(count))
    return counts


def write_counts(path: str | os.PathLike[str], counts: dict[str, int]) -> None:
    """Write the lines in the order of `counts`, as UTF-8."""
    with atomic_write(path) as file:
        file.writelines(f"{word} {count}\n".encode("utf-8", "surrogateescape") for word, count in counts.items())
