"""Phrases joined to one token each, in sentences or a corpus, and their file.

Text is read from left to right, and a word that ends a phrase does not start another one.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, TypeAlias, TypeGuard, overload

import numpy as np
import numpy.typing as npt

from w2v_fast.config import TrainConfig
from w2v_fast.corpus._ids import tally
from w2v_fast.corpus.blocks import Ids
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.id_store import IdStore, checked_budget
from w2v_fast.corpus.ingest import rank_and_cut, renumber
from w2v_fast.corpus.phrases._phrases import CONNECTOR, ENDS, STARTS, PhraseTable
from w2v_fast.corpus.sentences import checked_sentence
from w2v_fast.corpus.text_files import text_lines
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.system.files import atomic_write, path_name
from w2v_fast.system.threads import map_in_order

CHUNK = 1 << 20  # tokens counted or joined at a time
FORMAT = "w2v_fast phrases 1"

Tokens: TypeAlias = "tuple[str, ...]"
Flags: TypeAlias = "npt.NDArray[np.uint8]"


class FrozenPhrases:
    """Phrases with their scores, ready to be joined in text.

    Parameters
    ----------
    phrases
        The score of each phrase: its two words, with the connector words between them.
    delimiter
        What joins the words.
    connector_words
        Words that may stand inside of a phrase only.

    Attributes
    ----------
    metadata : dict
        What else the file of the phrases has to keep, as JSON.
    """

    def __init__(
        self,
        phrases: Mapping[Tokens, float],
        delimiter: str = "_",
        connector_words: Collection[str] = frozenset(),
    ) -> None:
        if isinstance(connector_words, str):
            raise TypeError(
                "connector_words must be a collection of words, "
                f"got the str {connector_words!r:.60}"
            )
        if not isinstance(delimiter, str):
            raise TypeError(f"delimiter must be a str, got {delimiter!r:.60}")
        self.phrases = dict(phrases)
        self.metadata: dict[str, Any] = {}
        self.delimiter = delimiter
        self.connector_words = frozenset(connector_words)

    def __len__(self) -> int:
        return len(self.phrases)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self)} phrases>"

    @overload
    def __getitem__(self, text: Corpus) -> Corpus: ...
    @overload
    def __getitem__(self, text: list[str] | tuple[str, ...]) -> list[str]: ...
    @overload
    def __getitem__(self, text: Iterable[list[str]]) -> Iterable[list[str]]: ...
    def __getitem__(self, text: Any) -> Any:
        """Join the phrases of a sentence (a list of str), an iterable of sentences, or a corpus.

        Sentences are joined when they are iterated over; the result can be iterated again if the
        sentences can.
        """
        if isinstance(text, Corpus):
            return self.apply(text)
        checked_sentence(text, "the text")
        if isinstance(text, (list, tuple)) and (not text or isinstance(text[0], str)):
            return [token for token, _ in self._segments(text)]
        return _Joined(self, text)

    def find_phrases(self, sentences: Iterable[Iterable[str]]) -> dict[str, float]:
        """The phrases that occur in `sentences`, joined, and their scores."""
        return {
            token: score
            for sentence in sentences
            for token, score in self._segments(sentence)
            if score is not None
        }

    def export_phrases(self) -> dict[str, float]:
        """All joined phrases and their scores; the higher score where two have the same name."""
        joined: dict[str, float] = {}
        for words, score in self.phrases.items():
            name = self.delimiter.join(words)
            joined[name] = max(score, joined.get(name, score))
        return joined

    def apply(
        self,
        corpus: Corpus,
        *,
        min_count: int = 1,
        max_vocab: int | None = None,
        memory_budget: int | None = None,
        workers: int | None = None,
    ) -> Corpus:
        """A new corpus in which each phrase is one token.

        Parameters
        ----------
        corpus
            It should be read with `min_count=1`: words that were left out do not separate their
            neighbors.
        min_count, max_vocab, memory_budget
            Limits of the new vocabulary and of the memory for ids, as in `Corpus.from_source`.
        workers
            Threads (default: the CPUs this process may use).

        Raises
        ------
        ValueError
            Every word is below `min_count`.
        """
        config = TrainConfig(min_count=min_count, max_vocab=max_vocab, workers=workers)
        table, new_ids, words, roles = self._number(corpus.vocabulary)
        store = IdStore(checked_budget(memory_budget))

        def work(chunk: tuple[int, int]) -> Ids:
            start, stop = chunk
            out = np.empty(stop - start, np.int32)
            return out[: table.replace(corpus.ids, start, stop, roles, new_ids, out)]

        chunks = map_in_order(work, _chunks(corpus.ids, roles), config.threads)
        with contextlib.closing(chunks):
            for ids in chunks:
                store.append(ids)
        raw_tokens = corpus.raw_tokens - len(corpus) + store.size
        counts, first_positions = tally_all(store.array(), len(words))
        order, ranks = rank_and_cut(counts, first_positions, config.min_count, config.max_vocab)
        ids = renumber(store, np.array([[0, store.size]]), [ranks])
        vocabulary = Vocabulary([words[id] for id in order.tolist()], counts[order])
        return Corpus.of_own_ids(ids, vocabulary, raw_tokens)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write text: a line of JSON with the settings, then one for each phrase.

        Raises
        ------
        OSError
            The file cannot be written.
        """
        head = {
            "format": FORMAT,
            "phrases": len(self),
            "delimiter": self.delimiter,
            "connector_words": sorted(self.connector_words),
            "metadata": self.metadata,
        }
        with atomic_write(path) as file:
            file.write(json.dumps(head).encode() + b"\n")
            file.writelines(
                json.dumps([score, *words]).encode() + b"\n"
                for words, score in self.phrases.items()
            )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> FrozenPhrases:
        """Read what `save` wrote.

        Raises
        ------
        OSError
            The file cannot be read.
        ValueError
            It is not a file of phrases, or it was cut; the message names file and line.
        """
        name = path_name(path)
        lines = text_lines(path)
        head = _json(next(lines), f"{name}, line 1")
        if not isinstance(head, dict) or head.get("format") != FORMAT:
            raise ValueError(f"{name} is not a file of phrases: its first line must say {FORMAT!r}")
        phrases = dict(_phrase(row, f"{name}, line {i}") for i, row in enumerate(lines, 2))
        if len(phrases) != head.get("phrases"):
            raise ValueError(
                f"{name} is cut or damaged: it has {len(phrases)} phrases "
                f"of {head.get('phrases')!r:.60}"
            )
        delimiter, connector_words = head.get("delimiter"), head.get("connector_words")
        if not isinstance(delimiter, str) or not _is_words(connector_words):
            raise ValueError(f"{name}, line 1: expected a delimiter and a list of connector words")
        found = FrozenPhrases(phrases, delimiter, connector_words)
        metadata = head.get("metadata")
        found.metadata = metadata if isinstance(metadata, dict) else {}
        return found

    def _segments(self, sentence: Iterable[str]) -> Iterator[tuple[str, float | None]]:
        """The tokens of a sentence, phrases joined and with their score."""
        run: Tokens = ()
        for token in checked_sentence(sentence, "a sentence"):
            if not isinstance(token, str):
                raise TypeError(
                    f"a sentence holds {token!r:.60} of type {type(token).__name__}; "
                    "expected str tokens"
                )
            if token in self.connector_words:
                if run:
                    run += (token,)
                else:
                    yield token, None
                continue
            score = self.phrases.get((*run, token)) if run else None
            if score is not None:
                yield self.delimiter.join((*run, token)), score
                run = ()
            else:
                yield from ((word, None) for word in run)
                run = (token,)
        yield from ((word, None) for word in run)

    def _number(self, vocabulary: Vocabulary) -> tuple[PhraseTable, Ids, list[str], Flags]:
        """The phrases of known words, their new ids, all words, and the roles of words."""
        index = vocabulary.index
        phrases = [phrase for phrase in self.phrases if all(map(index.__contains__, phrase))]
        lengths = np.fromiter(map(len, phrases), np.int64, len(phrases))
        ends = lengths.cumsum()
        ids = np.fromiter(
            map(index.__getitem__, itertools.chain.from_iterable(phrases)), np.int32, lengths.sum()
        )
        table = PhraseTable()
        table.add(ids, ends)
        roles = flags(vocabulary.words, self.connector_words)
        roles[ids[ends - lengths]] |= STARTS
        roles[ids[ends - 1]] |= ENDS
        added: dict[str, int] = {}
        new_ids = [
            index[name] if name in index else added.setdefault(name, len(index) + len(added))
            for name in map(self.delimiter.join, phrases)
        ]
        return table, np.array(new_ids, np.int32), [*vocabulary.words, *added], roles


class _Joined:
    """Sentences whose phrases are joined as they are iterated."""

    def __init__(self, phrases: FrozenPhrases, sentences: Iterable[Iterable[str]]) -> None:
        self._phrases = phrases
        self._sentences = sentences

    def __iter__(self) -> Iterator[list[str]]:
        for sentence in self._sentences:
            yield [token for token, _ in self._phrases._segments(sentence)]


def _chunks(ids: Ids, roles: Flags) -> Iterator[tuple[int, int]]:
    """Bounds of chunks of about CHUNK ids, cut where no phrase can reach across."""
    ends_none = roles & (CONNECTOR | ENDS) == 0
    start = 0
    while start < len(ids):
        stop = min(start + CHUNK, len(ids))
        while stop < len(ids):
            ahead = ids[stop - 1 : stop + 1000]
            places = np.flatnonzero((ahead[:-1] < 0) | ends_none[np.maximum(ahead[1:], ~ahead[1:])])
            if len(places):
                stop += int(places[0])
                break
            stop += len(ahead) - 1
        yield start, stop
        start = stop


def tally_all(ids: Ids, words: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Count and first position of every word."""
    counts, first_positions = np.zeros(words, np.int64), np.zeros(words, np.int64)
    for start in range(0, len(ids), CHUNK):
        tally(ids, start, min(start + CHUNK, len(ids)), counts, first_positions)
    return counts, first_positions


def flags(words: list[str], chosen: frozenset[str]) -> Flags:
    """1 for each word that is among the chosen ones."""
    return np.fromiter(map(chosen.__contains__, words), np.uint8, len(words))


def _json(line: bytes, where: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{where}: expected JSON ({error})") from None


def _phrase(line: bytes, where: str) -> tuple[Tokens, float]:
    match _json(line, where):
        case [float(score), *words] if len(words) > 1 and _is_words(words):
            if not math.isnan(score):
                return tuple(words), score
    raise ValueError(f"{where}: expected a score and two words or more")


def _is_words(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)
