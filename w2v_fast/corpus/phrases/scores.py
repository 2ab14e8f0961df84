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
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Scorer: TypeAlias = "Callable[..., float]"


def _default(
    worda_count: Any,
    wordb_count: Any,
    bigram_count: Any,
    len_vocab: float,
    min_count: float,
    corpus_word_count: float,
) -> Any:
    return (bigram_count - min_count) / (worda_count * wordb_count) * len_vocab


def _word2phrase(
    worda_count: Any,
    wordb_count: Any,
    bigram_count: Any,
    len_vocab: float,
    min_count: float,
    corpus_word_count: float,
) -> Any:
    return (bigram_count - min_count) / (worda_count * wordb_count) * corpus_word_count


def _npmi(
    worda_count: Any,
    wordb_count: Any,
    bigram_count: Any,
    len_vocab: float,
    min_count: float,
    corpus_word_count: float,
) -> Any:
    pair = bigram_count / corpus_word_count
    return _log(
        pair / (worda_count / corpus_word_count * (wordb_count / corpus_word_count))
    ) / -_log(pair)


def _log(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The C library's logarithm: the last bit of numpy's depends on the CPU."""
    return np.fromiter(map(math.log, values.tolist()), np.float64, len(values))


SCORERS: dict[str, Scorer] = {"default": _default, "word2phrase": _word2phrase, "npmi": _npmi}


def check_scoring(scoring: str | Scorer, threshold: float) -> None:
    """Raise a ValueError for a scoring that does not exist, or a threshold out of its range."""
    if not callable(scoring) and scoring not in SCORERS:
        raise ValueError(
            f"scoring = {scoring!r} must be one of {', '.join(SCORERS)}, or a function"
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
    if not callable(scoring):
        return np.asarray(
            SCORERS[scoring](*(column.astype(float) for column in columns), **settings)
        )
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return np.array(
        [
            scoring(worda_count=first, wordb_count=last, bigram_count=count, **settings)
            for first, last, count in rows
        ],
        float,
    )
