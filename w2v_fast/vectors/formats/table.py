"""VectorData: what every format reads and writes, and the rules for words that all of them share."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from w2v_fast.keys import all_different
from w2v_fast.vectors.data import VectorData, Vectors
from w2v_fast.vectors.file_sets import atomic_write_together
from w2v_fast.vectors.formats.errors import FormatError
from w2v_fast.vectors.formats.options import ReadOptions, WriteOptions
from w2v_fast.vectors.text_lines import UTF8_MARK
from w2v_fast.vectors.vocabulary_file import write_counts

Floats = npt.NDArray[np.float32]
NUMBER = re.compile(
    rb"[+-]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?|nan|inf|infinity)", re.IGNORECASE
)
"""A number in a text file; each byte is looked at once, or twice."""
MOST_BYTES = 1 << 24
"""Bytes of words, beside 1,024 for each row, above which a file of words is not read."""


class Rows:
    """A float32 matrix [rows, size] that grows as rows arrive, by an eighth at a time.

    `expected` rows are reserved at once: pass a number only after it was checked against the size of the file.
    """

    def __init__(self, size: int, expected: int = 0) -> None:
        self._matrix = np.empty((expected, size), np.float32)
        self.size = size
        self.count = 0

    def append(self, count: int) -> Floats:
        """Make room for `count` more rows and return them, to be filled before the next call."""
        needed = self.count + count
        if needed > len(self._matrix):
            self._matrix.resize((needed + needed // 8, self.size), refcheck=False)
        rows = self._matrix[self.count : needed]
        self.count = needed
        return rows

    def finish(self) -> Floats:
        """Give back what was not used and return the matrix."""
        if self.count < len(self._matrix):
            self._matrix.resize((self.count, self.size), refcheck=False)
        return self._matrix


def distinct(name: str, keys: list[str], vectors: Floats, options: ReadOptions) -> VectorData:
    """Decode the words as `options` says and keep one row for each.

    `keys` hold the bytes of the file as UTF-8 with surrogateescape, which is one-to-one.
    """
    rows = len(keys)
    keys, vectors = _without_repeats(name, keys, vectors, options, "come more than once")
    if not options.keeps_bytes:
        keys = [_decoded(name, row, key, options) for row, key in enumerate(keys)]
        reason = (
            "have different bytes but are the same under "
            f"encoding={options.encoding!r}, errors={options.errors!r}"
        )
        keys, vectors = _without_repeats(name, keys, vectors, options, reason)
    return VectorData(keys, vectors, repeated_words=rows - len(keys))


def _without_repeats(
    name: str, keys: list[str], vectors: Floats, options: ReadOptions, reason: str
) -> tuple[list[str], Floats]:
    """The first or last row of each word."""
    if all_different(keys):
        return keys, vectors
    row_of: dict[str, int] = {}
    for row, key in enumerate(keys):
        if options.on_duplicate == "error" and key in row_of:
            raise FormatError(
                name,
                f"the word {key!r} of row {row_of[key]} comes again; "
                "on_duplicate='first' or 'last' keeps one of the two",
                row=row,
            )
        if options.on_duplicate == "last" or key not in row_of:
            row_of[key] = row
    kept = np.sort(np.fromiter(row_of.values(), np.int64, len(row_of)))
    removed = len(keys) - len(kept)
    warnings.warn(
        f"{name}: {removed} words {reason}; the {options.on_duplicate} row of each is kept",
        stacklevel=2,
    )
    for start in range(0, len(kept), 4096):  # in place: a kept row never moves down
        rows = kept[start : start + 4096]
        vectors[start : start + len(rows)] = vectors[rows]
    return [keys[row] for row in kept], vectors[: len(kept)]


def _decoded(name: str, row: int, key: str, options: ReadOptions) -> str:
    raw = key.encode("utf-8", "surrogateescape")
    try:
        return raw.decode(options.encoding, options.errors)
    except UnicodeError as error:
        raise FormatError(
            name,
            f"the word {raw!r} is not {options.encoding}; pass its encoding or another errors=",
            row=row,
        ) from error


def blocks(vectors: Any, rows: int) -> Iterator[Floats]:
    """Cut a matrix into contiguous float32 blocks of at most `rows` rows."""
    for start in range(0, len(vectors), rows):
        yield np.ascontiguousarray(vectors[start : start + rows], dtype=np.float32)


def check_finite(name: str, kv: Vectors, options: WriteOptions) -> None:
    """Raise ValueError for NaN or infinity among the vectors, naming the word."""
    if options.allow_nonfinite:
        return
    done = 0
    for block in blocks(kv.vectors[: options.limit], 4096):
        finite = np.isfinite(block).all(axis=1)
        if not finite.all():
            key = kv.index_to_key[done + int(np.argmin(finite))]
            raise ValueError(
                f"cannot write {name}: the vector of {key!r} is not finite; "
                "allow_nonfinite=True writes it all the same"
            )
        done += len(block)


@dataclasses.dataclass(frozen=True)
class WordRules:
    """Which words a format can hold.

    Attributes
    ----------
    forbidden
        Characters that no word may have.
    empty
        Whether a word may be empty.
    trimmed
        Whether readers take spaces off the ends of a word, so that it must not have any there.
    number_last
        Whether a word with spaces may end in a number, which a reader may take for the first of the vector.
    opens_file
        Whether the file starts with the first word: then that must not start with a byte order mark.
    """

    forbidden: str
    empty: bool = False
    trimmed: bool = False
    number_last: bool = True
    opens_file: bool = False


def encoded_keys(
    name: str, keys: Sequence[str], rules: WordRules, options: WriteOptions
) -> list[bytes]:
    """The bytes of each word, UTF-8 with surrogateescape, after the check that the format can hold them all.

    Raises
    ------
    ValueError
        A word breaks a rule, is not valid Unicode, or has the bytes of another word.
    """
    words, forbidden = keys[: options.limit], rules.forbidden
    if options.escape is not None and not set(forbidden).isdisjoint(options.escape):
        raise ValueError(
            f"escape = {options.escape!r} is itself something that this format cannot hold"
        )
    everything = "".join(words)
    if options.escape is not None:
        words = [_escaped(word, forbidden, options.escape) for word in words]
    elif any(char in everything for char in forbidden):
        word = next(word for word in words if not set(forbidden).isdisjoint(word))
        raise ValueError(
            f"cannot write {name}: this format cannot hold the word {word!r}; "
            "escape='_' or escape='percent' replaces what it cannot hold"
        )
    if rules.trimmed and " " in everything:
        _check_spaces(name, words, rules)
    if rules.opens_file and words and words[0].startswith("\ufeff"):
        raise ValueError(
            f"cannot write {name}: the first word {words[0]!r} starts with a byte order mark, which a "
            "reader takes off the start of a file; write another format"
        )
    if not rules.empty and not all(words):
        raise ValueError(
            f"cannot write {name}: this format cannot hold an empty word (row {list(words).index('')})"
        )
    raw = (
        [_encoded(name, word) for word in words]
        if _has_surrogates(everything)
        else [w.encode() for w in words]
    )
    if not all_different(raw):
        seen: set[bytes] = set()
        twice = next(word for word in raw if word in seen or seen.add(word))  # type: ignore[func-returns-value]
        raise ValueError(f"cannot write {name}: two words would both be written as {twice!r}")
    return raw


def _check_spaces(name: str, words: Sequence[str], rules: WordRules) -> None:
    for word in words:
        if word.strip(" ") != word:
            raise ValueError(
                f"cannot write {name}: the word {word!r} begins or ends with a space, which a reader "
                "takes off; write another format"
            )
        before, _, last = word.rpartition(" ")
        if (
            before
            and not rules.number_last
            and NUMBER.fullmatch(last.encode("utf-8", "surrogatepass"))
        ):
            raise ValueError(
                f"cannot write {name}: the word {word!r} ends in a number, so that a reader could not "
                "tell where its vector starts; write a format with a header"
            )


def _escaped(word: str, forbidden: str, escape: str) -> str:
    if escape == "percent":
        return "".join(
            f"%{ord(char):02X}" if char in forbidden or char == "%" else char for char in word
        )
    return "".join(escape if char in forbidden else char for char in word)


def _has_surrogates(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _encoded(name: str, word: str) -> bytes:
    """Bytes that were no UTF-8 when they were read come back as they were; other surrogates have no bytes."""
    try:
        raw = word.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = b""
    if raw.decode("utf-8", "surrogateescape") != word:
        raise ValueError(f"cannot write {name}: the word {word!r} is not valid Unicode")
    return raw


@contextlib.contextmanager
def vectors_and_counts(
    kv: Vectors, words: Sequence[bytes], path: str | os.PathLike[str], options: WriteOptions
) -> Iterator[BinaryIO]:
    """Open the file of the vectors for writing; the counts are written beside it if `options.fvocab` names a file."""
    if options.fvocab is None:
        with atomic_write_together(path) as (file,):
            yield file
        return
    name = os.fspath(options.fvocab)
    if kv.counts is None:
        raise ValueError(f"cannot write {name}: these vectors have no counts")
    if words and words[0].startswith(UTF8_MARK):
        raise ValueError(
            f"cannot write {name}: the first word starts with a byte order mark, which a reader takes off"
        )
    with atomic_write_together(path, name) as (file, counts_file):
        write_counts(counts_file, words, kv.counts.tolist())
        yield file


def most_bytes(rows: int) -> int:
    """Bytes that the words of so many rows may take: more are no words."""
    return MOST_BYTES + 1024 * rows
