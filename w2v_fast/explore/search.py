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
        """At most `limit` rows of words that equal, start with or contain `query`, in order."""
        wanted = folded(query)
        if not wanted:
            return []
        whole = SEPARATOR + wanted + SEPARATOR
        starts = self._rows_with(SEPARATOR + wanted, limit)
        if len(starts) == limit:  # there may be more, and the word itself among them
            first = self._rows_with(whole, limit)
        else:
            first = [row for row in starts if self._separated(row) == whole]
        rows = dict.fromkeys([*first, *starts])
        if len(rows) < limit:
            rows |= dict.fromkeys(self._rows_with(wanted, limit))
        return list(rows)[:limit]

    def _rows_with(self, pattern: bytes, limit: int) -> list[int]:
        rows: list[int] = []
        start, shift = 0, int(pattern.startswith(SEPARATOR))
        while len(rows) < limit and (hit := self._text.find(pattern, start)) >= 0:
            rows.append(int(np.searchsorted(self._ends, hit + shift)))
            start = int(self._ends[rows[-1]])
        return rows

    def _separated(self, row: int) -> bytes:
        start = int(self._ends[row - 1]) if row else 0
        return self._text[start : int(self._ends[row]) + 1]
