"""Which words of an evaluation the vectors know, in which spelling."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Fold = Callable[[str], str]
"""Maps all spellings of a word that count as equal to one."""


def fold_of(case_insensitive: bool) -> Fold:
    """Upper case, or the word as it is."""
    return str.upper if case_insensitive else str


def rows_by_word(words: Sequence[str], fold: Fold) -> dict[str, int]:
    """Row of each folded word; of several spellings the first row."""
    return {fold(words[row]): row for row in range(len(words) - 1, -1, -1)}
