"""Search among all words while somebody types: whole words first, then beginnings, then parts."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np

SEPARATOR = b"\xff"
"""A byte that UTF-8 never has, so that no word can contain it."""


def folded(word: str) -> bytes:
    """A word without differences of case and of composed characters, in UTF-8."""
    return unicodedata.normalize("NFC", word.casefold()).encode("utf-8", "surrogatepass")


class WordSearch:
    """All words in one string of bytes, in the order of the rows: hits come most frequent first.

    Parameters
    ----------
    words
        The words of rows 0 .. V - 1.
    """

    def __init__(self, words: Sequence[str]) -> None:
        parts = [folded(word) for word in words]
        self._text = SEPARATOR + SEPARATOR.join(parts) + SEPARATOR
        lengths = np.fromiter((len(part) + 1 for part in parts), np.int64, len(parts))
        self._ends = np.cumsum(lengths)

    def find(self, query: str, limit: int) -> list[int]:
        """Rows of words that equal, begin with or contain `query`, in this order, at most `limit`."""
        wanted = folded(query)
        if not wanted:
            return []
        rows: dict[int, None] = {}
        for pattern in (SEPARATOR + wanted + SEPARATOR, SEPARATOR + wanted, wanted):
            start, shift = 0, int(pattern.startswith(SEPARATOR))
            while len(rows) < limit and (hit := self._text.find(pattern, start)) >= 0:
                row = int(np.searchsorted(self._ends, hit + shift))
                rows[row] = None
                start = int(self._ends[row])
        return list(rows)
