"""The scores of phrases, from counts.

With n the count of a pair of words, a and b those of the words, V the number of different words and
pairs, and N that of tokens:

    default       (n - min_count) / (a * b) * V                 gensim's variant of word2phrase
    word2phrase   (n - min_count) / (a * b) * N                 word2phrase.c, and equation 6 below
    npmi          log(n / N / (a / N * b / N)) / -log(n / N)    Bouma 2009, for n >= min_count

Equation 6 is that of Mikolov et al. 2013, Distributed Representations of Words and Phrases.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Scorer: TypeAlias = "Callable[..., float]"
SCORINGS = ("default", "word2phrase", "npmi")


def check_scoring(scoring: str | Scorer, threshold: float) -> None:
    """Raise a ValueError for a scoring that does not exist, or a threshold out of its range."""
    if not callable(scoring) and scoring not in SCORINGS:
        raise ValueError(
            f"scoring = {scoring!r} must be one of {', '.join(SCORINGS)}, or a function"
        )
    if scoring == "npmi" and not -1 <= threshold <= 1:
        raise ValueError(f"threshold = {threshold} must lie in [-1, 1] for npmi")
    if scoring in ("default", "word2phrase") and not threshold > 0:
        raise ValueError(f"threshold = {threshold} must be above 0 for the scoring {scoring!r}")


def scores_of(
    scoring: str | Scorer,
    first_counts: npt.NDArray[np.int64],
    last_counts: npt.NDArray[np.int64],
    counts: npt.NDArray[np.int64],
    settings: dict[str, float],
) -> npt.NDArray[np.float64]:
    """The score of each phrase, from its count and those of its first and last word, shape [n].

    `settings` are the parameters len_vocab, min_count and corpus_word_count of a scorer.
    """
    columns = first_counts, last_counts, counts
    if callable(scoring):
        rows = zip(*(column.tolist() for column in columns), strict=True)
        names = "worda_count", "wordb_count", "bigram_count"
        return np.array(
            [scoring(**dict(zip(names, row, strict=True)), **settings) for row in rows], float
        )
    first, last, pair = (column.astype(float) for column in columns)
    tokens = settings["corpus_word_count"]
    if scoring == "npmi":
        share = pair / tokens
        return _log(share / (first / tokens * (last / tokens))) / -_log(share)
    total = settings["len_vocab"] if scoring == "default" else tokens
    return (pair - settings["min_count"]) / (first * last) * total


def _log(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The C library's logarithm: the last bit of numpy's depends on the CPU."""
    return np.fromiter(map(math.log, values.tolist()), np.float64, len(values))
