"""Vocabulary files of word2vec.c (`-save-vocab`): one line `word count` for each word."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import BinaryIO

from w2v_fast.system.files import unpacked
from w2v_fast.vectors.text_lines import numbered_lines

MAX_DIGITS = 18
"""Limit of the digits of a count, so that it fits into 64 bits."""


def read_counts(
    file: BinaryIO,
    path: str | os.PathLike[str],
    encoding: str = "utf-8",
    errors: str = "surrogateescape",
) -> dict[str, int]:
    """Read the count of each word; for repeated words the first line is used.

    Parameters
    ----------
    file, path
        The open file, compressed or not, and its name for messages. A word may hold spaces.
    encoding, errors
        Decoding of the words, as for `bytes.decode`.

    Returns
    -------
    dict of str to int
        The count of each word.

    Raises
    ------
    ValueError
        A line is not a word and a number; file and line are named.
    """
    counts: dict[str, int] = {}
    with unpacked(file) as lines:
        for number, line in numbered_lines(lines, path):
            where = f"{os.fspath(path)}, line {number}"
            parts = line.strip(b" \t\r\n").rsplit(None, 1)
            if not parts:
                continue
            if len(parts) != 2 or not parts[1].isdigit() or len(parts[1]) > MAX_DIGITS:
                raise ValueError(f"{where}: expected a word and its count; found {line[:60]!r}")
            try:
                word = parts[0].decode(encoding, errors)
            except UnicodeDecodeError as error:
                raise ValueError(f"{where}: not {encoding} text: {error.reason}") from None
            counts.setdefault(word, int(parts[1]))
    return counts


def write_counts(file: BinaryIO, words: Iterable[bytes], counts: Iterable[int]) -> None:
    """Write the lines of a vocabulary file."""
    file.writelines(b"%s %d\n" % pair for pair in zip(words, counts, strict=True))
