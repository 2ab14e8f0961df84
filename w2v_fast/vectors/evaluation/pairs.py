"""Agreement with human judgment: cosines of word pairs against the scores people gave them.

Pearson's r of cosine(word1, word2) and the score, and Spearman's rho, which is r of the ranks.
"""

from __future__ import annotations

import dataclasses
import math
import os
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from w2v_fast.vectors.choices import check_choice
from w2v_fast.vectors.evaluation._fields import DELIMITERS, fields_of, read_lines, shown
from w2v_fast.vectors.evaluation.known_words import fold_of, rows_by_word
from w2v_fast.vectors.queries import Queries

MISSING = ("", "na", "n/a", "#n/a", "nan", "none", "null", "nil", "-", "--", "?", ".")
"""Markers of a missing score, in lower case."""
SAMPLE = 50
"""Number of lines that are examined to find the delimiter and the column of the scores."""
OOV_POLICIES = ("skip", "zero")
_SCORE = re.compile(r"[+-]?([0-9]{1,40}([.,][0-9]*)?|[.,][0-9]+)([eE][+-]?[0-9]{1,2})?", re.ASCII)


@dataclasses.dataclass(frozen=True)
class PairsResult:
    """Agreement of cosines with human scores.

    Parameters
    ----------
    pearson, spearman
        Correlations; NaN with fewer than two pairs, or if all scores are equal.
    pearson_p, spearman_p
        Two-sided p-values; NaN where scipy is not installed.
    pairs, covered
        Number of pairs in the file, and of those whose words are both known.
    oov
        Treatment of the others: "skip" (left out) or "zero" (similarity 0).
    case_insensitive, restrict_vocab
        Whether words were compared upper-cased, and how many first rows were used (None: all).
    """

    pearson: float
    spearman: float
    pearson_p: float
    spearman_p: float
    pairs: int
    covered: int
    oov: str
    case_insensitive: bool
    restrict_vocab: int | None

    @property
    def coverage(self) -> float:
        """Share of the pairs whose words are both known; NaN if there are no pairs."""
        return self.covered / self.pairs if self.pairs else math.nan

    def as_dict(self) -> dict[str, Any]:
        """All figures, for JSON; undefined ones are None."""
        figures = {**dataclasses.asdict(self), "coverage": self.coverage}
        return {name: None if value != value else value for name, value in figures.items()}


def evaluate_pairs(
    kv: Queries,
    path: str | os.PathLike[str],
    *,
    delimiter: str | None = None,
    encoding: str = "utf-8",
    restrict_vocab: int | None = None,
    case_insensitive: bool = True,
    oov: str = "skip",
) -> PairsResult:
    """Correlate cosines with the human scores of a file of word pairs.

    Parameters
    ----------
    kv
        The vectors.
    path, delimiter, encoding
        See `read_pairs`.
    restrict_vocab
        Use only the N most frequent words, the first rows (default: all).
    case_insensitive
        Compare upper-cased words; of several spellings of a word the first row counts.
    oov
        "skip" leaves out pairs with an unknown word; "zero" gives them similarity 0.

    Returns
    -------
    PairsResult
        The correlations and the number of pairs behind them.

    Raises
    ------
    ValueError
        The file does not hold word pairs (file and line are named), or `oov` is unknown.
    OSError
        The file cannot be read.
    """
    check_choice("oov", oov, OOV_POLICIES)
    fold = fold_of(case_insensitive)
    known = rows_by_word(kv.index_to_key[:restrict_vocab], fold)
    pairs = read_pairs(path, delimiter=delimiter, encoding=encoding)
    human, model, covered = [], [], 0
    for word1, word2, score in pairs:
        row1, row2 = known.get(fold(word1)), known.get(fold(word2))
        if row1 is not None and row2 is not None:
            covered += 1
            human.append(score)
            model.append(float(kv.similarity(kv.index_to_key[row1], kv.index_to_key[row2])))
        elif oov == "zero":
            human.append(score)
            model.append(0.0)
    r, rho = correlation(human, model), correlation(ranks(human), ranks(model))
    r_p, rho_p = p_value(r, len(human)), p_value(rho, len(human))
    rules = oov, case_insensitive, restrict_vocab
    return PairsResult(r, rho, r_p, rho_p, len(pairs), covered, *rules)


def read_pairs(
    path: str | os.PathLike[str], *, delimiter: str | None = None, encoding: str = "utf-8"
) -> list[tuple[str, str, float]]:
    """Read word pairs and their scores: two words, then the score in the first column of numbers.

    This reads WordSim-353, SimLex-999, RG-65 and MTurk-287 as they are published, and what
    spreadsheets export: quoted fields, decimal commas. Empty lines, lines that begin with `#` and
    a header (a first line with a name in the column of the score) are skipped.

    Parameters
    ----------
    path
        A file, perhaps compressed.
    delimiter
        Between columns; default: the tab, semicolon or comma that splits the lines into three
        fields, otherwise white space.
    encoding
        Of the file; a byte order mark is skipped.

    Returns
    -------
    list of (str, str, float)
        Two words and their score.

    Raises
    ------
    ValueError
        A line lacks two words and a score, or there are no pairs; file, line and what was expected
        are named.
    OSError
        The file cannot be read.
    """
    lines = read_lines(path, encoding)
    if not lines:
        expected = "expected lines of word1, word2 and a score"
        raise ValueError(f"{os.fspath(path)}: no word pairs; {expected}")
    if delimiter is None:
        delimiter = _delimiter_of([line for _, line in lines[:SAMPLE]])
    name = os.fspath(path)
    rows = [(f"{name}, line {number}", fields_of(line, delimiter)) for number, line in lines]
    column = _score_column([fields for _, fields in rows[:SAMPLE]])
    header = len(rows) > 1 and column is not None and _is_name(rows[0][1], column)
    if delimiter == ",":
        _check_commas(rows, header)
    pairs, marks = [], set()
    for where, fields in rows[header:]:
        score = _score_of(where, fields, column, delimiter)
        marks |= set(score) & {",", "."}
        if len(marks) > 1:
            raise ValueError(
                f"{where}: {score!r} and scores before it have different decimal marks; "
                "expected all points or all commas"
            )
        pairs.append((fields[0], fields[1], float(score.replace(",", "."))))
    return pairs


def _score_of(where: str, fields: Sequence[str], column: int | None, delimiter: str | None) -> str:
    """Check a line and return its score as text."""
    score = fields[column] if column is not None and column < len(fields) else ""
    if _SCORE.fullmatch(score) and fields[0] and fields[1]:
        return score
    between = "white space" if delimiter is None else repr(delimiter)
    missing = ""
    if score.lower() in MISSING and all(fields[:2]) and len(fields) > 2:
        missing = f" (the score {score!r} is missing: take the line out, or begin it with #)"
    raise ValueError(
        f"{where}: expected word1, word2 and a score, with {between} between{missing}; "
        f"found {shown(fields)}"
    )


def _delimiter_of(lines: Sequence[str]) -> str | None:
    """The delimiter that splits the most lines into three fields or more; None: white space."""
    cut = {mark: sum(len(fields_of(line, mark)) > 2 for line in lines) for mark in DELIMITERS}
    best = max(DELIMITERS, key=cut.__getitem__)
    if cut[best] < len(lines) and sum(len(line.split()) > 2 for line in lines) > cut[best]:
        return None
    return best if cut[best] else next((mark for mark in DELIMITERS if mark in lines[0]), None)


def _score_column(rows: Sequence[Sequence[str]]) -> int | None:
    """The first column after the words that holds numbers in most lines below the header.

    If there is none, the first column that holds any number, below the header or in it.
    """

    def share(rows: Sequence[Sequence[str]], column: int) -> float:
        cells = [fields[column] for fields in rows if column < len(fields)]
        return sum(_SCORE.fullmatch(cell) is not None for cell in cells) / len(rows)

    columns = range(2, max(map(len, rows)))
    body = rows[1:] or rows
    for part, enough in ((body, 0.5), (body, 0), (rows[:1], 0)):
        for column in columns:
            if share(part, column) > enough:
                return column
    return None


def _is_name(fields: Sequence[str], column: int) -> bool:
    """Whether the first line has the name of a column where others have the score."""
    text = fields[column] if column < len(fields) else ""
    return text[:1].isalpha() and text.lower() not in MISSING


def _check_commas(rows: Sequence[tuple[str, Sequence[str]]], header: bool) -> None:
    """Raise ValueError if `7,5` between commas may be one score as well as two columns."""
    where, first = rows[0]
    for place, fields in rows:
        if len(fields) != len(first):
            raise ValueError(
                f"{place}: {len(fields)} fields between commas, {len(first)} in the first line; "
                "a score with a decimal comma needs quotes or another delimiter; "
                f"found {shown(fields)}"
            )
    digits_only = all(field.isdecimal() for _, fields in rows for field in fields[2:])
    if not header and len(first) == 4 and digits_only:
        raise ValueError(
            f"{where}: '{','.join(first[2:])}' may be a score with a decimal comma, or two "
            "columns; put another delimiter between columns, or name them in a first line"
        )


def correlation(x: Sequence[float] | np.ndarray, y: Sequence[float] | np.ndarray) -> float:
    """Pearson's r, sum(dx dy) / sqrt(sum(dx^2) sum(dy^2)) in float64.

    Parameters
    ----------
    x, y
        [n] numbers each.

    Returns
    -------
    float
        NaN for fewer than two numbers, or if all of one side are equal.
    """
    if len(x) < 2:
        return math.nan
    dx, dy = np.asarray(x, np.float64) - np.mean(x), np.asarray(y, np.float64) - np.mean(y)
    scale = np.linalg.norm(dx) * np.linalg.norm(dy)
    return float(np.clip(dx @ dy / scale, -1, 1)) if scale > 0 else math.nan


def ranks(values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Ranks from 1, ascending; equal values share the mean of their ranks: [n] float64."""
    numbers = np.asarray(values, np.float64)
    _, inverse, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]


def p_value(r: float, count: int) -> float:
    """Chance of a correlation at least as strong as `r` among `count` unrelated pairs.

    Student's t with count - 2 degrees of freedom, two-sided.

    Returns
    -------
    float
        NaN without scipy, and with fewer than three pairs.
    """
    try:
        from scipy.special import stdtr
    except ImportError:
        return math.nan
    if count < 3 or math.isnan(r):
        return math.nan
    t = abs(r) * math.sqrt((count - 2) / (1 - r * r)) if abs(r) < 1 else math.inf
    return float(2 * stdtr(count - 2, -t))
