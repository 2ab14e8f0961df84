"""Words and their counts by id: the most frequent word first, ties by first appearance."""

from __future__ import annotations

import functools
import hashlib
import itertools
import os
import re
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from w2v_fast.corpus.text_files import text_lines
from w2v_fast.keys import all_different
from w2v_fast.system.files import atomic_write

MAX_COUNT = 2**63 - 1
_WHITE_SPACE = b" \t\n\v\f\r"


class Vocabulary:
    """The words of a model, and how often each occurs.

    Parameters
    ----------
    words
        Different words; an integer is the word of its digits, as in a corpus. Bytes that are not
        UTF-8 are kept as lone surrogates (the `surrogateescape` error handler).
    counts
        An integer for each word, at least 0.

    Attributes
    ----------
    words : list of str
        The word of each id.
    counts : numpy.ndarray
        int64, shape [V].

    Raises
    ------
    TypeError
        A word is neither a str nor an integer, or a count is not an integer.
    ValueError
        There are more words than counts or fewer, a word comes twice, a count is negative, or the
        counts add up to more than 2**63 - 1.
    """

    def __init__(self, words: Sequence[str | int], counts: npt.ArrayLike) -> None:
        self.words = [word if type(word) is str else _word(word) for word in words]
        if not all_different(self.words):
            word = next(word for word, id in self.index.items() if self.words.index(word) != id)
            raise ValueError(f"the word {word!r:.60} comes twice; words must differ")
        given = np.asarray(counts)
        if given.size and given.dtype.kind not in "iu":
            raise TypeError(f"counts of type {given.dtype}; expected integers of at most 64 bits")
        self.counts: npt.NDArray[np.int64] = given.astype(np.int64)
        if self.counts.shape != (len(self.words),):
            raise ValueError(
                f"{len(self.words)} words need as many counts, got the shape {self.counts.shape}"
            )
        if len(self.words) and self.counts.min() < 0:
            raise ValueError(
                f"the count of {self.words[int(self.counts.argmin())]!r:.60} is negative"
            )
        if self.counts.sum(dtype=np.float64) >= 2.0**63:
            raise ValueError(f"the counts add up to more than {MAX_COUNT}")

    @classmethod
    def of_counted(cls, words: list[str], counts: npt.NDArray[np.int64]) -> Vocabulary:
        """Make a vocabulary of words and counts that are not checked.

        Parameters
        ----------
        words
            Different words, the most frequent first.
        counts
            int64, shape [V].

        Returns
        -------
        Vocabulary
            It keeps both, not copies.
        """
        counted = cls.__new__(cls)
        counted.words, counted.counts = words, counts
        return counted

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self.index

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Vocabulary):
            return NotImplemented
        return self.words == other.words and np.array_equal(self.counts, other.counts)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Vocabulary: {len(self)} words, {int(self.counts.sum())} tokens>"

    @functools.cached_property
    def index(self) -> dict[str, int]:
        """The id of each word; built when it is first asked for."""
        return {word: id for id, word in enumerate(self.words)}

    def keep_probabilities(self, sample: float) -> npt.NDArray[np.float64]:
        """Probability that a token of each word survives subsampling.

        With f the word's share of all tokens: min(1, sqrt(sample / f) + sample / f), as word2vec.c
        computes it. Its first term is equation 5 of Mikolov et al. 2013 (Distributed
        Representations of Words and Phrases).

        Parameters
        ----------
        sample
            The threshold of subsampling; 0 keeps every token.

        Returns
        -------
        numpy.ndarray
            float64, shape [V].

        Raises
        ------
        ValueError
            `sample` is negative.
        """
        if sample < 0:
            raise ValueError(f"sample = {sample} must not be negative")
        if sample == 0:
            return np.ones(len(self))
        ratio = sample * max(1, int(self.counts.sum())) / np.maximum(self.counts, 1)
        return np.minimum(1.0, np.sqrt(ratio) + ratio)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a line `word count` for each word, as word2vec.c's -save-vocab does.

        Parameters
        ----------
        path
            The file; its suffix may ask for compression.

        Raises
        ------
        ValueError
            A word would not be read back: it is empty, has white space around it, or has a newline
            in it.
        OSError
            The file cannot be written.
        """
        encoded = [_encode(word) for word in self.words]
        for word in encoded:
            if not word or b"\n" in word or word.strip(_WHITE_SPACE) != word:
                text = _decode(word)
                raise ValueError(f"the word {text!r:.60} cannot be written as a line of text")
        with atomic_write(path) as file:
            file.writelines(
                b"%s %d\n" % pair for pair in zip(encoded, self.counts.tolist(), strict=True)
            )

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], min_count: int = 1, max_vocab: int | None = None
    ) -> Vocabulary:
        """Read `word count` lines in any order; equal counts keep the order of the file.

        A word may hold spaces: the count is what follows the last white space. Compressed files are
        recognized.

        Parameters
        ----------
        path
            The file.
        min_count
            Leave out words with a smaller count.
        max_vocab
            Keep only this many, the most frequent (default: all).

        Returns
        -------
        Vocabulary
            The words kept.

        Raises
        ------
        ValueError
            A line is not a word and a count, a word comes twice, or no word is left; the message
            names file and line.
        OSError
            The file cannot be read.
        """
        counts: list[int] = []
        lines: dict[str, int] = {}
        for number, line in enumerate(text_lines(path), 1):
            if not line.strip(_WHITE_SPACE):
                continue
            where = f"{os.fspath(path)}, line {number}"
            word, count = _parse(line, where)
            if word in lines:
                raise ValueError(
                    f"{where}: the word {word!r:.60} was in line {lines[word]} already"
                )
            lines[word] = number
            counts.append(count)
        words = list(lines)
        if not words:
            raise ValueError(
                f"{os.fspath(path)} has no words; expected lines of a word and its count"
            )
        order = rank(np.array(counts, np.int64), np.arange(len(words)), min_count, max_vocab)
        if not len(order):
            raise ValueError(f"{os.fspath(path)}: {below_min_count(max(counts), min_count)}")
        return cls([words[id] for id in order.tolist()], np.array(counts, np.int64)[order])

    def digest(self) -> str:
        """Hash the words and counts in their order.

        Returns
        -------
        str
            SHA-256, as 64 hexadecimal digits.
        """
        blob, offsets = join_words(self.words)
        state = hashlib.sha256(offsets.astype("<i8").tobytes())
        state.update(blob)
        state.update(self.counts.astype("<i8").tobytes())
        return state.hexdigest()


def ids_of(words: Iterable[str], vocabulary: Vocabulary) -> npt.NDArray[np.int32]:
    """The id of each word, -1 for unknown ones."""
    return np.array([vocabulary.index.get(word, -1) for word in words], np.int32)


def rank(
    counts: npt.NDArray[np.int64],
    first_positions: npt.NDArray[np.int64],
    min_count: int,
    max_vocab: int | None,
) -> npt.NDArray[np.int64]:
    """Positions of the words to keep, most frequent first, ties by `first_positions`."""
    kept = np.flatnonzero(counts >= min_count)
    return kept[np.lexsort((first_positions[kept], -counts[kept]))][:max_vocab]


def below_min_count(largest: int, min_count: int) -> str:
    """The message for a vocabulary that min_count leaves empty."""
    return (
        f"every word occurs less than min_count = {min_count} times; "
        f"the most frequent one occurs {largest} times (try min_count = {max(1, largest // 2)})"
    )


def join_words(words: Iterable[str]) -> tuple[bytes, npt.NDArray[np.int64]]:
    """All words as bytes, and the V + 1 offsets at which they start and end."""
    encoded = [_encode(word) for word in words]
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(word) for word in encoded], out=offsets[1:])
    return b"".join(encoded), offsets


def split_words(blob: bytes, offsets: npt.NDArray[np.int64]) -> list[str]:
    """Undo `join_words`."""
    ends = offsets.tolist()
    return [_decode(blob[start:end]) for start, end in itertools.pairwise(ends)]


def _word(word: object) -> str:
    if isinstance(word, str):
        return str(word)
    if isinstance(word, (int, np.integer)) and not isinstance(word, bool):
        return str(int(word))
    raise TypeError(
        f"the word {word!r:.60} is of type {type(word).__name__}; expected a str, or an integer"
    )


def _encode(word: str) -> bytes:
    return word.encode("utf-8", "surrogateescape")


def _decode(word: bytes) -> str:
    return word.decode("utf-8", "surrogateescape")


def _parse(line: bytes, where: str) -> tuple[str, int]:
    word, *rest = map(_decode, line.strip(_WHITE_SPACE).rsplit(None, 1))
    if not rest:
        raise ValueError(f"{where}: expected a word and its count, got {word!r:.60}")
    digits = rest[0]
    if not re.fullmatch("[0-9]{1,19}", digits) or int(digits) > MAX_COUNT:
        raise ValueError(
            f"{where}: the count must be a whole number from 0 to 2**63 - 1, got {digits!r:.60}"
        )
    return word, int(digits)
