"""Find the words of an evaluation among the keys, with or without regard to case."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Fold = Callable[[str], str]
"""Maps equal spellings of a word to one of them."""


def fold_of(case_insensitive: bool) -> Fold:
    """Upper-case the words, or leave them unchanged."""
    return str.upper if case_insensitive else str


def rows_by_word(words: Sequence[str], fold: Fold) -> dict[str, int]:
    """Row of each folded word; of several spellings the first row."""
    return {fold(words[row]): row for row in range(len(words) - 1, -1, -1)}
