"""Phrases: pairs of words that stand together more often than their counts explain, joined to one word.

With n the count of a pair, a and b those of its words, V the number of different words and pairs, and N that of tokens:

    default       (n - min_count) / (a * b) * V                      gensim's variant of the formula below
    word2phrase   (n - min_count) / (a * b) * N                      word2phrase.c; Mikolov et al. 2013 (Distributed
                                                                     Representations of Words and Phrases), equation 6
    npmi          log(n / N / (a / N * b / N)) / -log(n / N)         Bouma 2009, for n >= min_count

A pair is a phrase when its score is above the threshold. Text is read from left to right, and a word that ends a
phrase does not start another one: phrases of three and more words come from further passes over the joined text.
Connector words (such as "of") neither start nor end a phrase, but may stand inside: "bank of america" is the pair of
bank and america.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import os
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from w2v_fast.config import TrainConfig
from w2v_fast.corpus._ingest import CONNECTOR, ENDS, STARTS, Table, tally, to_text
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.id_store import IdStore
from w2v_fast.corpus.ingest import Progress, limit, renumber
from w2v_fast.corpus.sources import Ids, Source, checked_sentence
from w2v_fast.corpus.text_files import expand, text_lines
from w2v_fast.corpus.vocabulary import Vocabulary, join_words
from w2v_fast.system.files import atomic_write, check_writable, is_stream, path_name
from w2v_fast.system.memory import default_budget
from w2v_fast.system.threads import map_in_order

CHUNK = 1 << 20  # tokens counted, joined or written at a time
FORMAT = "w2v_fast phrases 1"
ELSEWHERE = {
    "common_terms": "write connector_words",
    "max_vocab_size": "leave it out: no pair is left out",
    "progress_per": "leave it out: it has no meaning here",
}
"""Options of gensim's Phrases."""

Tokens: TypeAlias = "tuple[str, ...]"
Scorer: TypeAlias = "Callable[..., float]"
Bytes: TypeAlias = "npt.NDArray[np.uint8]"


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
    """The C library's logarithm: numpy's differs in the last bit between CPUs, which could move a threshold."""
    return np.fromiter(map(math.log, values.tolist()), np.float64, len(values))


SCORERS: dict[str, Scorer] = {"default": _default, "word2phrase": _word2phrase, "npmi": _npmi}


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
        What else a file of the phrases has to keep, as JSON.
    """

    def __init__(
        self,
        phrases: Mapping[Tokens, float],
        delimiter: str = "_",
        connector_words: Collection[str] = frozenset(),
    ) -> None:
        if isinstance(connector_words, str):
            raise TypeError(
                f"connector_words must be a collection of words, got the str {connector_words!r:.60}"
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
        """Join the phrases of one sentence (a list of str), of an iterable of sentences, or of a corpus.

        Sentences are joined when they are asked for; the result can be iterated as often as what was given.
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
        """All phrases, joined, and their scores; the higher one where two phrases are the same when joined."""
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
            It should be read with `min_count=1`: words that were left out do not separate their neighbors.
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
        store = IdStore(default_budget() if memory_budget is None else memory_budget)

        def work(stretch: tuple[int, int]) -> Ids:
            start, stop = stretch
            out = np.empty(stop - start, np.int32)
            return out[: table.replace_phrases(corpus.ids, start, stop, roles, new_ids, out)]

        with contextlib.closing(
            map_in_order(work, _stretches(corpus.ids, roles), config.threads)
        ) as joined:
            for ids in joined:
                store.append(ids)
        raw_tokens = corpus.raw_tokens - len(corpus) + store.size
        counts, firsts = _tally(store.array(), len(words))
        order, ranks = limit(counts, firsts, config.min_count, config.max_vocab)
        ids = renumber(store, np.array([[0, store.size]]), [ranks])
        return Corpus.of_own_ids(
            ids, Vocabulary([words[id] for id in order.tolist()], counts[order]), raw_tokens
        )

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
        phrases = dict(
            _phrase(line, f"{name}, line {number}") for number, line in enumerate(lines, 2)
        )
        if len(phrases) != head.get("phrases"):
            raise ValueError(
                f"{name} is cut or damaged: it has {len(phrases)} phrases of {head.get('phrases')!r:.60}"
            )
        delimiter, connector_words = head.get("delimiter"), head.get("connector_words")
        if (
            not isinstance(delimiter, str)
            or connector_words is None
            or not _is_words(connector_words)
        ):
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
                    f"a sentence holds {token!r:.60} of type {type(token).__name__}; expected str tokens"
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

    def _number(self, vocabulary: Vocabulary) -> tuple[Table, Ids, list[str], Bytes]:
        """The phrases made of words of `vocabulary`, their ids, the words with the new ones, and the roles of words."""
        index = vocabulary.index
        phrases = [phrase for phrase in self.phrases if all(map(index.__contains__, phrase))]
        lengths = np.fromiter(map(len, phrases), np.int64, len(phrases))
        ends = lengths.cumsum()
        ids = np.fromiter(
            map(index.__getitem__, itertools.chain.from_iterable(phrases)), np.int32, lengths.sum()
        )
        table = Table()
        table.add_phrases(ids, ends)
        roles = _flags(vocabulary.words, self.connector_words)
        roles[ids[ends - lengths]] |= STARTS
        roles[ids[ends - 1]] |= ENDS
        added: dict[str, int] = {}
        new_ids = [
            index[name] if name in index else added.setdefault(name, len(index) + len(added))
            for name in map(self.delimiter.join, phrases)
        ]
        return table, np.array(new_ids, np.int32), [*vocabulary.words, *added], roles


class Phrases(FrozenPhrases):
    """Find the phrases of a corpus.

    Parameters
    ----------
    sentences
        A `Corpus` (read with `min_count=1`, or the words that were left out do not count), or any source of one, such
        as lists of tokens or a path.
    min_count
        Taken off the count of a pair, so that rare ones score lower; with npmi, rarer pairs are left out.
    threshold
        A pair is a phrase when its score is above: more than 0 for the default and word2phrase, -1 to 1 for npmi.
    delimiter
        What joins the words.
    scoring
        "default", "npmi", "word2phrase", or a function with the parameters worda_count, wordb_count, bigram_count,
        len_vocab, min_count, corpus_word_count, which returns a number.
    connector_words
        Words that may stand inside of a phrase only.
    workers
        Threads (default: the CPUs this process may use).

    Attributes
    ----------
    phrases : dict
        The score of each phrase, which is a tuple of words; the highest first.

    Raises
    ------
    TypeError, ValueError
        A parameter out of its range; an empty corpus.
    """

    def __init__(
        self,
        sentences: Corpus | Source,
        min_count: int = 5,
        threshold: float = 10.0,
        delimiter: str = "_",
        scoring: str | Scorer = "default",
        connector_words: Collection[str] = frozenset(),
        *,
        workers: int | None = None,
        **others: Any,
    ) -> None:
        for name in others:
            raise TypeError(
                f"unknown option {name!r}" + (f"; {ELSEWHERE[name]}" if name in ELSEWHERE else "")
            )
        config = TrainConfig(min_count=min_count, workers=workers)
        if not callable(scoring) and scoring not in SCORERS:
            raise ValueError(
                f"scoring = {scoring!r} must be one of {', '.join(SCORERS)}, or a function"
            )
        if scoring == "npmi" and not -1 <= threshold <= 1:
            raise ValueError(f"threshold = {threshold} must lie in [-1, 1] for npmi")
        if scoring in ("default", "word2phrase") and not threshold > 0:
            raise ValueError(f"threshold = {threshold} must be above 0 for the scoring {scoring!r}")
        super().__init__({}, delimiter, connector_words)
        corpus = (
            sentences
            if isinstance(sentences, Corpus)
            else Corpus.from_source(sentences, min_count=1, workers=workers)
        )
        pairs = _Pairs(corpus, delimiter, self.connector_words, config.threads)
        self.phrases = pairs.above(threshold, scoring, config.min_count)

    def freeze(self) -> FrozenPhrases:
        """The same phrases, without the class that finds them."""
        return FrozenPhrases(self.phrases, self.delimiter, self.connector_words)


class _Joined:
    """Sentences whose phrases are joined as they are iterated."""

    def __init__(self, phrases: FrozenPhrases, sentences: Iterable[Iterable[str]]) -> None:
        self._phrases = phrases
        self._sentences = sentences

    def __iter__(self) -> Iterator[list[str]]:
        for sentence in self._sentences:
            yield [token for token, _ in self._phrases._segments(sentence)]


class _Pairs:
    """The counts of all words and pairs of a corpus.

    A phrase is known by its joined name: when words have the delimiter in them, new_york + city and new + york_city are
    the same phrase, and the word new_york is the same as new + york. The counts of such namesakes are added up.
    """

    def __init__(
        self, corpus: Corpus, delimiter: str, connector_words: frozenset[str], workers: int
    ) -> None:
        self.vocabulary = corpus.vocabulary
        self.delimiter = delimiter
        self.tokens = len(corpus)
        self.word_counts, _ = _tally(corpus.ids, len(corpus.vocabulary))
        self.connector = _flags(corpus.vocabulary.words, connector_words)
        self.tables = _count(corpus.ids, self.connector, workers)
        self.distinct = np.count_nonzero(self.word_counts[self.connector == 0]) + sum(
            map(len, self.tables)
        )
        ambiguous = _ambiguous(corpus.vocabulary.words, delimiter)
        if ambiguous.any():
            self._pool_namesakes(ambiguous)

    def above(self, threshold: float, scoring: str | Scorer, min_count: int) -> dict[Tokens, float]:
        """The phrases whose score is above the threshold, the highest score first."""
        settings = {
            "len_vocab": float(self.distinct),
            "min_count": float(min_count),
            "corpus_word_count": float(self.tokens),
        }
        found: list[tuple[float, Tokens]] = []
        for table in self.tables:
            numbers, counts, firsts, lasts = _select(table, 1 if callable(scoring) else min_count)
            columns = self.word_counts[firsts], self.word_counts[lasts], counts
            if callable(scoring):
                scores = np.array(
                    [
                        scoring(worda_count=a, wordb_count=b, bigram_count=n, **settings)
                        for a, b, n in zip(*(column.tolist() for column in columns), strict=True)
                    ],
                    float,
                )
            else:
                scores = np.asarray(
                    SCORERS[scoring](*(column.astype(float) for column in columns), **settings)
                )
            kept = scores > threshold
            found += zip(
                (-scores[kept]).tolist(),
                map(self._words, map(table.phrase, numbers[kept].tolist())),
                strict=True,
            )
        return {words: -score for score, words in sorted(found)}

    def _words(self, phrase: Iterable[int]) -> Tokens:
        return tuple(self.vocabulary.words[id] for id in phrase)

    def _pool_namesakes(self, ambiguous: Bytes) -> None:
        """Give all words and phrases of the same name their common count.

        Only names that have a part of the delimiter in one of their words can have several origins.
        """
        ids = np.flatnonzero((ambiguous > 0) & (self.connector == 0) & (self.word_counts > 0))
        names = Table()
        names.encode_tokens(
            [[self.vocabulary.words[id] for id in ids.tolist()]], 0, np.empty(len(ids), np.int32)
        )
        for name, count in enumerate(self.word_counts[ids].tolist()):
            names.set_count(name, count)
        blob, offsets = join_words(self.vocabulary.words)
        text = blob + b"\0", offsets, self.delimiter.encode("utf-8", "surrogateescape") + b"\0"
        concerned = sum(
            names.pool_names(table, ambiguous, step, *text)
            for step in (0, 1)
            for table in self.tables
        )
        for table in self.tables:
            names.pool_names(table, ambiguous, 2, *text)
        self.distinct += len(names) - len(ids) - concerned
        totals = np.empty(len(names), np.int64)
        names.statistics(totals, np.empty_like(totals))
        self.word_counts[ids] = totals[: len(ids)]


def phrase_text(
    source: Source,
    output: str | os.PathLike[str],
    *,
    min_count: int = 5,
    threshold: float = 100.0,
    scoring: str | Scorer = "word2phrase",
    delimiter: str = "_",
    connector_words: Collection[str] = frozenset(),
    passes: int = 1,
    workers: int | None = None,
    memory_budget: int | None = None,
    progress: Progress | None = None,
) -> list[FrozenPhrases]:
    """Write a text with its phrases joined, as word2phrase.c does: a sentence a line, words separated by one space.

    Lines without words are left out.

    Parameters
    ----------
    source, workers, memory_budget, progress
        As in `Corpus.from_source`.
    output
        The file to write, or `-` for standard output.
    min_count, threshold, scoring, delimiter, connector_words
        As in `Phrases`, with the defaults of word2phrase.c.
    passes
        How often phrases are found and joined; two make phrases of up to four words.

    Returns
    -------
    list of FrozenPhrases
        The phrases of each pass.

    Raises
    ------
    OSError, TypeError, ValueError
        As `Corpus.from_source` and `Phrases`; the output cannot be written. An older output stays as it was.
    """
    if passes < 1:
        raise ValueError(f"passes = {passes} must be at least 1")
    if set(delimiter) & set("\0\t\n\v\f\r "):
        raise ValueError(
            f"delimiter = {delimiter!r:.60} separates words in the output; expected other characters"
        )
    _check_is_not_read(output, source)
    check_writable(output)
    corpus = Corpus.from_source(
        source, min_count=1, workers=workers, memory_budget=memory_budget, progress=progress
    )
    found = []
    for _ in range(passes):
        phrases = Phrases(
            corpus, min_count, threshold, delimiter, scoring, connector_words, workers=workers
        )
        corpus = phrases.apply(corpus, memory_budget=memory_budget, workers=workers)
        found.append(phrases.freeze())
    _write(corpus, output, TrainConfig(workers=workers).threads)
    return found


def _check_is_not_read(output: str | os.PathLike[str], source: Source) -> None:
    names = (
        [source]
        if isinstance(source, (str, os.PathLike))
        else source
        if isinstance(source, (list, tuple))
        else ()
    )
    if is_stream(path_name(output)) or not os.path.exists(output):
        return
    for path in itertools.chain.from_iterable(
        expand(name) for name in names if isinstance(name, (str, os.PathLike))
    ):
        if os.path.exists(path) and os.path.samefile(path, output):
            raise ValueError(
                f"{os.fspath(output)} would replace {path}, which is read; give another name"
            )


def _write(corpus: Corpus, output: str | os.PathLike[str], workers: int) -> None:
    blob, offsets = join_words(corpus.vocabulary.words)

    def text_from(start: int) -> bytes:
        return to_text(corpus.ids, start, min(start + CHUNK, len(corpus)), blob, offsets)

    starts = range(0, len(corpus), CHUNK)
    with (
        atomic_write(output) as file,
        contextlib.closing(map_in_order(text_from, starts, workers)) as lines,
    ):
        file.writelines(lines)


def _stretches(ids: Ids, roles: Bytes) -> Iterator[tuple[int, int]]:
    """Start and end of stretches of about CHUNK ids, cut after a sentence or before a word that ends no phrase."""
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


def _count(ids: Ids, connector: Bytes, workers: int) -> list[Table]:
    """Count all phrases. Each thread reads all ids and counts the phrases whose hash is its own: no tables to merge."""
    tables = [Table() for _ in range(workers)]
    stopped = threading.Event()

    def work(part: int) -> None:
        start, stop, size = 0, 0, CHUNK
        while stop < len(ids) and not stopped.is_set():
            stop = min(start + size, len(ids))
            end = tables[part].count_phrases(ids, start, stop, connector, part, workers)
            size = 2 * size if end == start else CHUNK
            start = end

    with ThreadPoolExecutor(workers, "w2v_fast-phrases") as pool:
        try:
            list(pool.map(work, range(workers)))
        finally:
            stopped.set()
    return tables


def _select(table: Table, min_count: int) -> tuple[Any, Any, Any, Any]:
    """Numbers, counts, first and last words of the phrases that occur `min_count` times."""
    columns = _columns(table.select_phrases(min_count, *_columns(0)))
    table.select_phrases(min_count, *columns)
    return columns


def _columns(size: int) -> tuple[Any, Any, Any, Any]:
    return (
        np.empty(size, np.int64),
        np.empty(size, np.int64),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
    )


def _tally(ids: Ids, words: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Count and first position of every word."""
    counts, firsts = np.zeros(words, np.int64), np.zeros(words, np.int64)
    for start in range(0, len(ids), CHUNK):
        tally(ids, start, min(start + CHUNK, len(ids)), counts, firsts)
    return counts, firsts


def _flags(words: list[str], chosen: frozenset[str]) -> Bytes:
    """1 for each word that is among the chosen ones."""
    return np.fromiter(map(chosen.__contains__, words), np.uint8, len(words))


def _ambiguous(words: list[str], delimiter: str) -> Bytes:
    """1 for each word that holds a character of the delimiter, or for all words when it is empty."""
    flags = np.full(len(words), not delimiter, np.uint8)
    for character in set(delimiter):
        flags |= np.fromiter((character in word for word in words), np.uint8, len(words))
    return flags


def _json(line: bytes, where: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{where}: expected JSON ({error})") from None


def _phrase(line: bytes, where: str) -> tuple[Tokens, float]:
    fields = _json(line, where)
    if (
        not isinstance(fields, list)
        or len(fields) < 3
        or not isinstance(fields[0], float)
        or math.isnan(fields[0])
        or not _is_words(fields[1:])
    ):
        raise ValueError(f"{where}: expected a score and two words or more")
    return tuple(fields[1:]), fields[0]


def _is_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)
