"""How good vectors are: correlation with human scores of word pairs, and analogy questions.

pairs        cosine(word1, word2) against the human score: Pearson's r, and Spearman's rho, which is r of the ranks
analogies    a : b = c : ?  over all words v but a, b, c; s(x) = cosine(v, x), t(x) = (1 + s(x)) / 2
             3CosAdd   argmax s(b) + s(c) - s(a)             (Mikolov et al., 2013)
             3CosMul   argmax t(b) t(c) / (t(a) + 1e-6)      (Levy and Goldberg, 2014)
"""

from __future__ import annotations

import csv
import dataclasses
import math
import os
import re
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from w2v_fast.system.files import open_input
from w2v_fast.vectors import neighbors
from w2v_fast.vectors.lines import numbered_lines
from w2v_fast.vectors.queries import COSMUL_EPSILON, Queries

DELIMITERS = ("\t", ";", ",")
MISSING = ("", "na", "n/a", "#n/a", "nan", "none", "null", "nil", "-", "--", "?", ".")
"""What stands for a missing score, in lower case."""
SAMPLE = 50
"""Lines that are looked at to find the delimiter and the column of the scores."""
LARGEST_FILE = 1 << 26
LONGEST_SHOWN = 120
_SCORE = re.compile(r"[+-]?([0-9]{1,40}([.,][0-9]*)?|[.,][0-9]+)([eE][+-]?[0-9]{1,2})?", re.ASCII)
OOV_POLICIES = ("skip", "zero")
METHODS = {"most_similar": "add", "most_similar_cosmul": "mul"}
QUESTION_ROWS, QUESTION_CHUNK = 1024, 256
"""Vectors and questions scored at a time: 1 MB of scores, and the table of the words' cosines, stay in the cache."""


# -- word pairs -----------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class PairsResult:
    """Agreement of cosines with human scores.

    Attributes
    ----------
    pearson, spearman
        Correlations; NaN with fewer than two pairs, or if all scores are equal.
    pearson_p, spearman_p
        Two-sided p-values; NaN where scipy is not installed.
    pairs, covered
        Pairs in the file, and those of which both words are known.
    oov
        What happened to the others: "skip" (left out) or "zero" (similarity 0).
    case_insensitive, restrict_vocab
        Whether words were compared upper-cased, and how many first rows counted as known (None: all).
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
        """Share of the pairs of which both words are known."""
        return self.covered / self.pairs if self.pairs else math.nan

    def as_dict(self) -> dict[str, Any]:
        """All figures, for JSON; what is undefined is None."""
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
        Words beyond these first rows count as unknown; default: none.
    case_insensitive
        Compare upper-cased words; of several spellings of a word the first row counts.
    oov
        "skip" leaves pairs with an unknown word out; "zero" gives them similarity 0.

    Raises
    ------
    ValueError
        The file is not one of word pairs (file and line are named), or `oov` is neither.
    """
    _check_choice("oov", oov, OOV_POLICIES)
    known = _known_words(kv, restrict_vocab, case_insensitive)
    pairs = read_pairs(path, delimiter=delimiter, encoding=encoding)
    human, model, covered = [], [], 0
    for word1, word2, score in pairs:
        row1, row2 = (known.get(_folded(word, case_insensitive)) for word in (word1, word2))
        if row1 is not None and row2 is not None:
            covered += 1
            human.append(score)
            model.append(float(kv.similarity(kv.index_to_key[row1], kv.index_to_key[row2])))
        elif oov == "zero":
            human.append(score)
            model.append(0.0)
    pearson, spearman = correlation(human, model), correlation(ranks(human), ranks(model))
    return PairsResult(
        pearson,
        spearman,
        p_value(pearson, len(human)),
        p_value(spearman, len(human)),
        len(pairs),
        covered,
        oov,
        case_insensitive,
        restrict_vocab,
    )


def word_pairs_as_gensim(
    kv: Queries,
    path: str | os.PathLike[str],
    delimiter: str | None,
    encoding: str,
    restrict_vocab: int | None,
    case_insensitive: bool,
    dummy4unknown: bool,
) -> tuple[tuple[float, float], tuple[float, float], float]:
    """`evaluate_pairs` in the shape of gensim; see `KeyedVectors.evaluate_word_pairs`."""
    result = evaluate_pairs(
        kv,
        path,
        delimiter=delimiter,
        encoding=encoding,
        restrict_vocab=restrict_vocab,
        case_insensitive=case_insensitive,
        oov="zero" if dummy4unknown else "skip",
    )
    if (result.pairs if dummy4unknown else result.covered) < 2:
        raise ValueError(
            f"{os.fspath(path)}: {result.covered} of {result.pairs} pairs have both words in the "
            "vocabulary; a correlation needs two"
        )
    return (
        (result.pearson, result.pearson_p),
        (result.spearman, result.spearman_p),
        100 * (1 - result.coverage),
    )


def read_pairs(
    path: str | os.PathLike[str], *, delimiter: str | None = None, encoding: str = "utf-8"
) -> list[tuple[str, str, float]]:
    """Read word pairs and their scores: two words first, then the score in the first column of numbers.

    So WordSim-353, SimLex-999, RG-65 and MTurk-287 are read as they are published, and so is what spreadsheets write:
    quoted fields, decimal commas. Empty lines and lines that begin with `#` are passed over, and so is a header: a
    first line that has a name in the column of the score.

    Parameters
    ----------
    path
        A file, perhaps compressed.
    delimiter
        Between columns; default: the tab, semicolon or comma that cuts the lines into three fields, else white space.
    encoding
        Of the file; a byte order mark is passed over.

    Raises
    ------
    ValueError
        A line has no two words and a score, or there are no pairs; file, line and what was expected are named.
    """
    lines = [
        (number, line) for number, line in _read_lines(path, encoding) if not line.startswith("#")
    ]
    if not lines:
        raise ValueError(
            f"{os.fspath(path)}: no word pairs; expected lines of word1, word2 and a score"
        )
    if delimiter is None:
        delimiter = _delimiter_of([line for _, line in lines[:SAMPLE]])
    rows = [(number, _fields(line, delimiter)) for number, line in lines]
    column = _score_column([fields for _, fields in rows[:SAMPLE]])
    header = len(rows) > 1 and column is not None and _is_name(rows[0][1], column)
    _check_commas(path, rows, delimiter, header)
    pairs, commas = [], None
    for number, fields in rows[header:]:
        text = fields[column] if column is not None and column < len(fields) else ""
        if not _SCORE.fullmatch(text) or not fields[0] or not fields[1]:
            expected = (
                "word1, word2 and a score, with "
                + ("white space" if delimiter is None else repr(delimiter))
                + " between"
            )
            if text.lower() in MISSING and all(fields[:2]) and len(fields) > 2:
                expected += (
                    f" (the score {text!r} is missing: take the line out, or begin it with #)"
                )
            raise ValueError(
                f"{os.fspath(path)}, line {number}: expected {expected}; found {_shown(fields)}"
            )
        if "," in text or "." in text:
            if commas is not None and commas != ("," in text):
                raise ValueError(
                    f"{os.fspath(path)}, line {number}: {text!r} and scores before it have different "
                    "decimal marks; expected all points or all commas"
                )
            commas = "," in text
        pairs.append((fields[0], fields[1], float(text.replace(",", "."))))
    return pairs


def _delimiter_of(lines: Sequence[str]) -> str | None:
    """The delimiter that cuts the most lines, and if possible every one, into three fields or more."""
    cut = {mark: sum(len(_fields(line, mark)) > 2 for line in lines) for mark in DELIMITERS}
    best = max(DELIMITERS, key=cut.__getitem__)
    if cut[best] < len(lines) and sum(len(line.split()) > 2 for line in lines) > cut[best]:
        return None
    return best if cut[best] else next((mark for mark in DELIMITERS if mark in lines[0]), None)


def _fields(line: str, delimiter: str | None) -> list[str]:
    """Cut a line at a delimiter, or at white space; quotes around a field are taken off."""
    if delimiter is None or len(delimiter) > 1 or line.count('"') % 2:
        fields = line.split(delimiter)
    else:
        fields = next(csv.reader([line], delimiter=delimiter, skipinitialspace=delimiter != " "))
    return [re.sub(r'^"(.*)"$', r"\1", field.strip()) for field in fields]


def _score_column(rows: Sequence[Sequence[str]]) -> int | None:
    """The first column after the words that holds numbers in most lines, a header aside."""

    def share(rows: Sequence[Sequence[str]], column: int) -> float:
        return sum(
            column < len(fields) and _SCORE.fullmatch(fields[column]) is not None for fields in rows
        ) / len(rows)

    columns = range(2, max(map(len, rows)))
    body = rows[1:] or rows
    most = (column for column in columns if share(body, column) > 0.5)
    return next(
        most,
        next(
            (column for part in (body, rows[:1]) for column in columns if share(part, column)), None
        ),
    )


def _is_name(fields: Sequence[str], column: int) -> bool:
    """Whether the first line has the name of a column where others have the score."""
    text = fields[column] if column < len(fields) else ""
    return text[:1].isalpha() and text.lower() not in MISSING


def _check_commas(
    path: str | os.PathLike[str],
    rows: Sequence[tuple[int, Sequence[str]]],
    delimiter: str | None,
    header: bool,
) -> None:
    """Between commas `7,5` may be one score or two columns: the number of fields must tell."""
    if delimiter != ",":
        return
    width = len(rows[0][1])
    for number, fields in rows:
        if len(fields) != width:
            raise ValueError(
                f"{os.fspath(path)}, line {number}: {len(fields)} fields between commas, {width} in the "
                "first line; a score with a decimal comma needs quotes or another delimiter; "
                f"found {_shown(fields)}"
            )
    if (
        not header
        and width == 4
        and all(map(str.isdecimal, (field for _, fields in rows for field in fields[2:])))
    ):
        number, fields = rows[0]
        raise ValueError(
            f"{os.fspath(path)}, line {number}: '{','.join(fields[2:])}' may be a score with a decimal "
            "comma, or two columns; put another delimiter between columns, or name them in a first line"
        )


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def correlation(x: Sequence[float] | np.ndarray, y: Sequence[float] | np.ndarray) -> float:
    """Pearson's r, sum(dx dy) / sqrt(sum(dx^2) sum(dy^2)) in float64; NaN if it is undefined."""
    if len(x) < 2:
        return math.nan
    dx, dy = np.asarray(x, np.float64) - np.mean(x), np.asarray(y, np.float64) - np.mean(y)
    scale = np.linalg.norm(dx) * np.linalg.norm(dy)
    return float(np.clip(dx @ dy / scale, -1, 1)) if scale > 0 else math.nan


def ranks(values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Ranks from 1, ascending; equal values share the mean of their ranks: [n] float64."""
    _, inverse, counts = np.unique(
        np.asarray(values, np.float64), return_inverse=True, return_counts=True
    )
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]


def p_value(r: float, count: int) -> float:
    """Chance of a correlation at least as strong as `r` among `count` unrelated pairs (Student's t, two-sided).

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


# -- analogies ------------------------------------------------------------------------------------------------------

Question = tuple[str, str, str, str]


@dataclasses.dataclass(frozen=True)
class AnalogyScore:
    """Right answers to the questions of one section.

    Attributes
    ----------
    questions, covered, counted, correct
        All questions; those of which all four words are known; those that count in the accuracy (the covered ones, or
        all with oov="zero"); those answered right.
    """

    name: str
    questions: int
    covered: int
    counted: int
    correct: int

    @property
    def accuracy(self) -> float:
        """Share of the counted questions that were answered right; NaN if there are none."""
        return self.correct / self.counted if self.counted else math.nan

    def as_dict(self) -> dict[str, Any]:
        """All figures, for JSON; an undefined accuracy is None."""
        return {**dataclasses.asdict(self), "accuracy": self.accuracy if self.counted else None}


@dataclasses.dataclass(frozen=True)
class AnalogyResult:
    """Right answers by section, and in sum.

    Attributes
    ----------
    sections
        In the order of the file.
    semantic, syntactic, total
        Sums; sections whose name begins with "gram" are syntactic.
    method, oov, case_insensitive, restrict_vocab
        The rules, see `evaluate_analogies`.
    """

    sections: tuple[AnalogyScore, ...]
    semantic: AnalogyScore
    syntactic: AnalogyScore
    total: AnalogyScore
    method: str
    oov: str
    case_insensitive: bool
    restrict_vocab: int | None

    def as_dict(self) -> dict[str, Any]:
        """All figures and rules, for JSON."""
        sums = {name: getattr(self, name).as_dict() for name in ("semantic", "syntactic", "total")}
        rules = {
            name: getattr(self, name)
            for name in ("method", "oov", "case_insensitive", "restrict_vocab")
        }
        return {"sections": [section.as_dict() for section in self.sections], **sums, **rules}


def evaluate_analogies(
    kv: Queries,
    path: str | os.PathLike[str],
    *,
    restrict_vocab: int | None = 300_000,
    case_insensitive: bool = True,
    method: str = "add",
    oov: str = "skip",
) -> AnalogyResult:
    """Answer the analogy questions of a file, such as Google's questions-words.txt.

    Parameters
    ----------
    kv
        The vectors.
    path
        See `read_analogies`.
    restrict_vocab
        Words beyond these first rows are unknown, and no answers; None: all are used.
    case_insensitive
        Compare upper-cased words; of several spellings of a word the first row counts.
    method
        "add" (3CosAdd) or "mul" (3CosMul).
    oov
        "skip" leaves questions with an unknown word out; "zero" counts them as answered wrong.

    Raises
    ------
    ValueError
        The file is not one of questions (file and line are named), or an option is none of its choices.
    """
    _check_choice("method", method, METHODS.values())
    _check_choice("oov", oov, OOV_POLICIES)
    scores = []
    for name, questions, answers in _answered(kv, path, restrict_vocab, case_insensitive, method):
        covered = sum(answer is not None for answer in answers)
        counted = covered if oov == "skip" else len(questions)
        scores.append(AnalogyScore(name, len(questions), covered, counted, answers.count(True)))
    syntactic = [score for score in scores if score.name.startswith("gram")]
    semantic = [score for score in scores if not score.name.startswith("gram")]
    return AnalogyResult(
        tuple(scores),
        _sum("semantic", semantic),
        _sum("syntactic", syntactic),
        _sum("total", scores),
        method,
        oov,
        case_insensitive,
        restrict_vocab,
    )


def _sum(name: str, scores: Sequence[AnalogyScore]) -> AnalogyScore:
    fields = ("questions", "covered", "counted", "correct")
    return AnalogyScore(name, *(sum(getattr(score, field) for score in scores) for field in fields))


def word_analogies_as_gensim(
    kv: Queries,
    path: str | os.PathLike[str],
    restrict_vocab: int | None,
    case_insensitive: bool,
    dummy4unknown: bool,
    similarity_function: str,
) -> tuple[float, list[dict[str, Any]]]:
    """`evaluate_analogies` in the shape of gensim; see `KeyedVectors.evaluate_word_analogies`."""
    _check_choice("similarity_function", similarity_function, METHODS)
    sections: list[dict[str, Any]] = []
    for name, questions, answers in _answered(
        kv, path, restrict_vocab, case_insensitive, METHODS[similarity_function]
    ):
        judged = [
            (tuple(_folded(word, case_insensitive) for word in question), answer is True)
            for question, answer in zip(questions, answers, strict=True)
            if answer is not None or dummy4unknown
        ]
        sections.append(
            {
                "section": name,
                "correct": [question for question, right in judged if right],
                "incorrect": [question for question, right in judged if not right],
            }
        )
    total = {
        kind: [question for section in sections for question in section[kind]]
        for kind in ("correct", "incorrect")
    }
    counted = len(total["correct"]) + len(total["incorrect"])
    return len(total["correct"]) / max(counted, 1), [
        *sections,
        {"section": "Total accuracy", **total},
    ]


def read_analogies(path: str | os.PathLike[str]) -> list[tuple[str, list[Question]]]:
    """Read sections of analogy questions: `: name` opens a section, `a b c expected` is a question.

    The words of a question are cut at white space, or, where that does not give four, at tabs, semicolons or commas;
    quotes around a word are taken off. Empty lines and lines that begin with `#` are passed over.

    Raises
    ------
    ValueError
        A line is neither, or comes before the first section, or there are none; file and line are named.
    """
    sections: list[tuple[str, list[Question]]] = []
    for number, line in _read_lines(path, "utf-8"):
        if line.startswith("#"):
            continue
        if line.startswith(":"):
            sections.append((line[1:].strip(), []))
            continue
        where = f"{os.fspath(path)}, line {number}"
        if not sections:
            raise ValueError(f"{where}: expected the first section, ': name'; found {_shown(line)}")
        cuts = (_fields(line, delimiter) for delimiter in (None, *DELIMITERS))
        words = next((words for words in cuts if len(words) == 4 and all(words)), None)
        if words is None:
            raise ValueError(f"{where}: expected four words; found {_shown(line)}")
        sections[-1][1].append((words[0], words[1], words[2], words[3]))
    if not sections:
        raise ValueError(
            f"{os.fspath(path)}: no analogy questions; expected ': name' and lines of four words"
        )
    return sections


def has_sections(path: str | os.PathLike[str]) -> bool:
    """Whether a file opens with a section of analogy questions."""
    with open_input(path) as file:
        lines = (
            line
            for _, line in numbered_lines(file, path)
            if line.strip() and not line.startswith(b"#")
        )
        return next(lines, b"").startswith(b":")


def _answered(
    kv: Queries,
    path: str | os.PathLike[str],
    restrict_vocab: int | None,
    case_insensitive: bool,
    method: str,
) -> list[tuple[str, list[Question], list[bool | None]]]:
    """Sections of the file with, for each question, whether it was answered right; None where a word is unknown."""
    sections = read_analogies(path)
    known = _known_words(kv, restrict_vocab, case_insensitive)
    rows = [
        [known.get(_folded(word, case_insensitive), -1) for word in question]
        for _, questions in sections
        for question in questions
    ]
    table = np.array(rows, np.int64).reshape(-1, 4)
    covered = (table >= 0).all(axis=1)
    words = kv.index_to_key[:restrict_vocab]
    spelling_of = np.array([known[_folded(word, case_insensitive)] for word in words], np.int64)
    right = solve_analogies(
        kv.vectors[: len(words)], kv.norms[: len(words)], table[covered], spelling_of, method
    )
    answers: list[bool | None] = [None] * len(table)
    for question, answer in zip(np.flatnonzero(covered).tolist(), right.tolist(), strict=True):
        answers[question] = answer
    ends = np.cumsum([len(questions) for _, questions in sections]).tolist()
    return [
        (name, questions, answers[end - len(questions) : end])
        for (name, questions), end in zip(sections, ends, strict=True)
    ]


def solve_analogies(
    vectors: np.ndarray,
    norms: np.ndarray,
    questions: np.ndarray,
    spelling_of: np.ndarray,
    method: str,
) -> np.ndarray:
    """Whether the best answer to each question is the expected one.

    The few different words of the questions are compared with all rows once, by one matrix product for each block of
    rows; the score of a question then is a sum (or product) of rows of that table, and b - a is shared by many.

    Parameters
    ----------
    vectors, norms
        [V, d] and [V]; rows of zeros are no answers.
    questions
        [N, 4] rows of a, b, c and the expected answer.
    spelling_of
        [V] for each row, the first row of the same word in another spelling; all of a, b and c are no answers.
    method
        "add" or "mul".

    Returns
    -------
    np.ndarray
        [N] bool.
    """
    words, places = np.unique(questions[:, :3], return_inverse=True)
    a, b, c = places.reshape(-1, 3).T
    (pair_a, pair_b), pair = np.unique(np.stack([a, b]), axis=1, return_inverse=True)
    directions = np.nan_to_num(neighbors.unit_rows(vectors[words], norms[words]), copy=False)
    barred = _barred(questions[:, :3], spelling_of)
    best_scores = np.full(len(questions), -np.inf, np.float32)
    best_rows = np.full(len(questions), -1, np.int64)
    buffers = np.empty((2, QUESTION_CHUNK * QUESTION_ROWS), np.float32)
    for block in neighbors.row_blocks(0, len(vectors), QUESTION_ROWS):
        gain, cost, combine = _terms(
            neighbors.defined_cosines(directions, vectors[block], norms[block]), method
        )
        undefined = np.flatnonzero(norms[block] == 0)
        pair_terms = combine(gain[pair_b], cost[pair_a])
        for chunk in neighbors.row_blocks(0, len(questions), QUESTION_CHUNK):
            shape = chunk.stop - chunk.start, block.stop - block.start
            scores, others = (buffer[: shape[0] * shape[1]].reshape(shape) for buffer in buffers)
            np.take(pair_terms, pair[chunk], axis=0, out=scores, mode="clip")
            np.take(gain, c[chunk], axis=0, out=others, mode="clip")
            combine(scores, others, out=scores)
            scores[:, undefined] = -np.inf
            first, last = np.searchsorted(
                barred["cell"], _cell(block.start, chunk.start) + np.arange(2)
            )
            scores[
                barred["question"][first:last] - chunk.start,
                barred["row"][first:last] - block.start,
            ] = -np.inf
            winners = scores.argmax(axis=1)
            values = scores[np.arange(len(winners)), winners]
            better = values > best_scores[chunk]
            best_scores[chunk][better] = values[better]
            best_rows[chunk][better] = winners[better] + block.start
    return (best_rows >= 0) & (spelling_of[best_rows] == questions[:, 3])


def _terms(cosines: np.ndarray, method: str) -> tuple[np.ndarray, np.ndarray, np.ufunc]:
    """Contribution of b and c, that of a, and how they combine."""
    if method == "add":
        return cosines, -cosines, np.add
    closeness = (1 + cosines) / 2
    return closeness, 1 / (closeness + COSMUL_EPSILON), np.multiply


def _cell(row: int | np.ndarray, question: int | np.ndarray) -> Any:
    """One number for the block of rows and the chunk of questions, ascending with them."""
    return (row // QUESTION_ROWS << 32) + question // QUESTION_CHUNK


def _barred(given: np.ndarray, spelling_of: np.ndarray) -> dict[str, np.ndarray]:
    """Pairs of question and row that are no answers, by cell: all spellings of the words given [N, 3]."""
    by_spelling = np.argsort(spelling_of, kind="stable")
    first, last = (
        np.searchsorted(spelling_of, given.ravel(), side, sorter=by_spelling)
        for side in ("left", "right")
    )
    lengths = last - first
    starts = np.cumsum(lengths) - lengths
    row = by_spelling[np.arange(lengths.sum()) + np.repeat(first - starts, lengths)]
    question = np.repeat(np.arange(len(given)).repeat(3), lengths)
    cell = _cell(row, question)
    order = np.argsort(cell, kind="stable")
    return {"row": row[order], "question": question[order], "cell": cell[order]}


# -- shared ---------------------------------------------------------------------------------------------------------


def _known_words(kv: Queries, restrict_vocab: int | None, case_insensitive: bool) -> dict[str, int]:
    """Row of each word among the first rows; with upper-cased words, the first of several spellings."""
    words = kv.index_to_key[:restrict_vocab]
    return {_folded(words[row], case_insensitive): row for row in range(len(words) - 1, -1, -1)}


def _folded(word: str, case_insensitive: bool) -> str:
    return word.upper() if case_insensitive else word


def _read_lines(path: str | os.PathLike[str], encoding: str) -> list[tuple[int, str]]:
    """Numbers, from 1, and text of the lines that are not empty."""
    lines: list[tuple[int, str]] = []
    size = 0
    with open_input(path) as file:
        for number, raw in numbered_lines(file, path):
            size += len(raw)
            try:
                text = (
                    raw.decode(encoding).removeprefix("\ufeff" if number == 1 else "").strip("\r\n")
                )
            except UnicodeDecodeError as error:
                raise ValueError(
                    f"{os.fspath(path)}, line {number}: not {encoding} text: {error}"
                ) from None
            if size > LARGEST_FILE or "\r" in text:
                problem = (
                    "a carriage return (CR) inside a line; lines end with LF or CR LF"
                    if "\r" in text
                    else f"more than {LARGEST_FILE:,} bytes, so this is no file for an evaluation"
                )
                raise ValueError(f"{os.fspath(path)}, line {number}: {problem}")
            if text.strip():
                lines.append((number, text))
    return lines


def _check_choice(name: str, value: str, choices: Collection[str]) -> None:
    if value not in choices:
        raise ValueError(f"{name} = {value!r} must be one of {', '.join(choices)}")
