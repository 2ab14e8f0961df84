"""Analogy questions a : b = c : ?, answered by any word v except a, b and c.

s(x) = cosine(v, x), t(x) = (1 + s(x)) / 2
3CosAdd   argmax s(b) + s(c) - s(a)             (Mikolov et al., 2013)
3CosMul   argmax t(b) t(c) / (t(a) + 1e-6)      (Levy and Goldberg, 2014)
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from w2v_fast.system.files import open_input
from w2v_fast.vectors import neighbors
from w2v_fast.vectors.choices import check_choice
from w2v_fast.vectors.evaluation._fields import DELIMITERS, fields_of, read_lines, shown
from w2v_fast.vectors.evaluation.known_words import Fold, fold_of, rows_by_word
from w2v_fast.vectors.evaluation.pairs import OOV_POLICIES
from w2v_fast.vectors.queries import COSMUL_EPSILON, Queries
from w2v_fast.vectors.text_lines import numbered_lines

Question = tuple[str, str, str, str]
METHODS = ("add", "mul")
QUESTION_ROWS, QUESTION_CHUNK = 1024, 256
"""Vectors and questions scored at a time: 1 MB of scores and the table of cosines fit the cache."""


@dataclasses.dataclass(frozen=True)
class AnalogyScore:
    """Correct answers to the questions of one section.

    Parameters
    ----------
    name
        Of the section.
    questions, covered, counted, correct
        Numbers of questions: all; those whose four words are all known; those that count in the
        accuracy (the covered ones, or all with oov="zero"); those answered correctly.
    """

    name: str
    questions: int
    covered: int
    counted: int
    correct: int

    @property
    def accuracy(self) -> float:
        """Share of the counted questions that were answered correctly; NaN if there are none."""
        return self.correct / self.counted if self.counted else math.nan

    def as_dict(self) -> dict[str, Any]:
        """All figures, for JSON; an undefined accuracy is None."""
        return {**dataclasses.asdict(self), "accuracy": self.accuracy if self.counted else None}


@dataclasses.dataclass(frozen=True)
class AnalogyResult:
    """Correct answers by section, and in total.

    Parameters
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
        sections = [section.as_dict() for section in self.sections]
        return {**dataclasses.asdict(self), "sections": sections, **sums}


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
        Use only the N most frequent words, the first rows, in questions and answers (None: all).
    case_insensitive
        Compare upper-cased words; of several spellings of a word the first row counts.
    method
        "add" (3CosAdd) or "mul" (3CosMul).
    oov
        "skip" leaves out questions with an unknown word; "zero" counts them as answered wrongly.

    Returns
    -------
    AnalogyResult
        Correct answers by section.

    Raises
    ------
    ValueError
        The file does not hold questions (file and line are named), or an option has an unknown
        value.
    OSError
        The file cannot be read.
    """
    check_choice("method", method, METHODS)
    check_choice("oov", oov, OOV_POLICIES)
    fold, scores = fold_of(case_insensitive), []
    for name, questions, marks in marked_questions(kv, path, restrict_vocab, fold, method):
        covered = sum(mark is not None for mark in marks)
        counted = covered if oov == "skip" else len(questions)
        scores.append(AnalogyScore(name, len(questions), covered, counted, marks.count(True)))
    semantic = [score for score in scores if not score.name.startswith("gram")]
    syntactic = [score for score in scores if score.name.startswith("gram")]
    sums = _sum("semantic", semantic), _sum("syntactic", syntactic), _sum("total", scores)
    return AnalogyResult(tuple(scores), *sums, method, oov, case_insensitive, restrict_vocab)


def _sum(name: str, scores: Sequence[AnalogyScore]) -> AnalogyScore:
    fields = ("questions", "covered", "counted", "correct")
    return AnalogyScore(name, *(sum(getattr(score, field) for score in scores) for field in fields))


def read_analogies(path: str | os.PathLike[str]) -> list[tuple[str, list[Question]]]:
    """Read sections of analogy questions: `: name` opens a section, `a b c expected` is a question.

    A question is split at white space; if that does not give four words, at tabs, semicolons or
    commas. Quotes around a word are stripped. Empty lines and lines that begin with
    `#` are skipped.

    Parameters
    ----------
    path
        A UTF-8 file, perhaps compressed.

    Returns
    -------
    list of (str, list of (a, b, c, expected))
        The name and questions of each section.

    Raises
    ------
    ValueError
        A line is neither, a question comes before the first section, or there is no section; file
        and line are named.
    OSError
        The file cannot be read.
    """
    sections: list[tuple[str, list[Question]]] = []
    for number, line in read_lines(path, "utf-8"):
        if line.startswith(":"):
            sections.append((line[1:].strip(), []))
            continue
        where = f"{os.fspath(path)}, line {number}"
        if not sections:
            raise ValueError(f"{where}: expected the first section, ': name'; found {shown(line)}")
        cuts = (fields_of(line, delimiter) for delimiter in (None, *DELIMITERS))
        words = next((words for words in cuts if len(words) == 4 and all(words)), None)
        if words is None:
            raise ValueError(f"{where}: expected four words; found {shown(line)}")
        sections[-1][1].append((words[0], words[1], words[2], words[3]))
    if not sections:
        expected = "expected ': name' and lines of four words"
        raise ValueError(f"{os.fspath(path)}: no analogy questions; {expected}")
    return sections


def has_sections(path: str | os.PathLike[str]) -> bool:
    """Whether a file opens with a section of analogy questions.

    Parameters
    ----------
    path
        A file, perhaps compressed.

    Returns
    -------
    bool
        False for an empty file too.

    Raises
    ------
    ValueError, OSError
        The file cannot be read as lines of text.
    """
    with open_input(path) as file:
        for _, line in numbered_lines(file, path):
            if line.strip() and not line.startswith(b"#"):
                return line.startswith(b":")
    return False


def marked_questions(
    kv: Queries, path: str | os.PathLike[str], restrict_vocab: int | None, fold: Fold, method: str
) -> list[tuple[str, list[Question], list[bool | None]]]:
    """Answer the questions of a file; `fold` maps equal spellings to one.

    Returns
    -------
    list of (str, list of questions, list of marks)
        For each section its name, its questions and their marks: whether the answer is correct, or
        None if a word is unknown.
    """
    sections = read_analogies(path)
    words = kv.index_to_key[:restrict_vocab]
    known = rows_by_word(words, fold)
    asked = (word for _, questions in sections for question in questions for word in question)
    table = np.array([known.get(fold(word), -1) for word in asked], np.int64).reshape(-1, 4)
    covered = np.asarray((table >= 0).all(axis=1))
    canonical = np.array([known[fold(word)] for word in words], np.int64)
    vectors, norms = kv.vectors[: len(words)], kv.norms[: len(words)]
    correct = solve_analogies(vectors, norms, table[covered], canonical, method)
    answers = iter(correct.tolist())
    marks = iter([next(answers) if is_covered else None for is_covered in covered.tolist()])
    return [
        (name, questions, list(itertools.islice(marks, len(questions))))
        for name, questions in sections
    ]


def solve_analogies(
    vectors: np.ndarray,
    norms: np.ndarray,
    questions: np.ndarray,
    canonical: np.ndarray,
    method: str,
) -> np.ndarray:
    """Whether the best answer to each question is the expected one.

    The few different words of the questions are compared with all rows once, by one matrix product
    for each block of rows; the score of a question is then a sum (or product) of rows of that
    table. The part of a and b is shared by all questions with the same pair.

    Parameters
    ----------
    vectors, norms
        [V, d] and [V]; rows of zeros are never answers.
    questions
        [N, 4] rows of a, b, c and the expected answer.
    canonical
        [V] for each row, the first row of the same word in any spelling. No spelling of a, b or c
        is an answer.
    method
        "add" or "mul".

    Returns
    -------
    np.ndarray
        [N] bool.
    """
    words, positions = np.unique(questions[:, :3], return_inverse=True)
    a, b, c = positions.reshape(-1, 3).T
    (pair_a, pair_b), pair = np.unique(np.stack([a, b]), axis=1, return_inverse=True)
    directions = np.nan_to_num(neighbors.unit_rows(vectors[words], norms[words]), copy=False)
    excluded = _excluded_answers(questions[:, :3], canonical)
    best_scores = np.full(len(questions), -np.inf, np.float32)
    best_rows = np.full(len(questions), -1, np.int64)
    buffers = np.empty((2, QUESTION_CHUNK * QUESTION_ROWS), np.float32)
    for block in neighbors.row_blocks(0, len(vectors), QUESTION_ROWS):
        cosines = neighbors.defined_cosines(directions, vectors[block], norms[block])
        gain, cost, combine = _score_terms(cosines, method)
        undefined = np.flatnonzero(norms[block] == 0)
        pair_terms = combine(gain[pair_b], cost[pair_a])
        for chunk in neighbors.row_blocks(0, len(questions), QUESTION_CHUNK):
            shape = chunk.stop - chunk.start, block.stop - block.start
            scores, others = (buffer[: shape[0] * shape[1]].reshape(shape) for buffer in buffers)
            np.take(pair_terms, pair[chunk], axis=0, out=scores, mode="clip")
            np.take(gain, c[chunk], axis=0, out=others, mode="clip")
            combine(scores, others, out=scores)
            scores[:, undefined] = -np.inf
            scores[excluded.positions_in(block.start, chunk.start)] = -np.inf
            _keep_better(scores, block.start, best_scores[chunk], best_rows[chunk])
    return (best_rows >= 0) & (canonical[best_rows] == questions[:, 3])


def _score_terms(cosines: np.ndarray, method: str) -> tuple[np.ndarray, np.ndarray, np.ufunc]:
    """Contributions of b and c, contribution of a, and the operation that combines them."""
    if method == "add":
        return cosines, -cosines, np.add
    shifted = (1 + cosines) / 2
    return shifted, 1 / (shifted + COSMUL_EPSILON), np.multiply


def _keep_better(
    scores: np.ndarray, first_row: int, best_scores: np.ndarray, best_rows: np.ndarray
) -> None:
    """Update the best answers so far [q], by scores [q, rows] of a block of rows."""
    winners = scores.argmax(axis=1)
    values = scores[np.arange(len(winners)), winners]
    better = values > best_scores
    best_scores[better] = values[better]
    best_rows[better] = winners[better] + first_row


@dataclasses.dataclass(frozen=True)
class _Excluded:
    """Pairs of row and question where the row may not be the answer, ordered by block."""

    rows: np.ndarray
    questions: np.ndarray
    keys: np.ndarray

    def positions_in(self, first_row: int, first_question: int) -> tuple[np.ndarray, np.ndarray]:
        """Question and row of the pairs in one block of scores, counted from its corner."""
        key = _block_key(first_row, first_question)
        first, last = np.searchsorted(self.keys, [key, key + 1])
        return self.questions[first:last] - first_question, self.rows[first:last] - first_row


def _block_key(row: Any, question: Any) -> Any:
    """One number for a block of rows and a chunk of questions, ascending with them."""
    return (row // QUESTION_ROWS << 32) + question // QUESTION_CHUNK


def _excluded_answers(given: np.ndarray, canonical_row: np.ndarray) -> _Excluded:
    """Every spelling of the words given [N, 3] is excluded as an answer to their question."""
    by_word = np.argsort(canonical_row, kind="stable")
    first, last = (
        np.searchsorted(canonical_row, given.ravel(), side, sorter=by_word)
        for side in ("left", "right")
    )
    lengths = last - first
    # Positions in `by_word`: first[i], first[i] + 1, ..., last[i] - 1 for each word i in turn.
    starts = np.cumsum(lengths) - lengths
    rows = by_word[np.arange(lengths.sum()) + np.repeat(first - starts, lengths)]
    questions = np.repeat(np.arange(len(given)).repeat(3), lengths)
    keys = _block_key(rows, questions)
    order = np.argsort(keys, kind="stable")
    return _Excluded(rows[order], questions[order], keys[order])
