"""Find the phrases of a corpus: pairs of words that often stand together.

A pair is a phrase when its score (`scores.py`) is above the threshold. Phrases of three and more
words come from further passes over the joined text. Connector words (such as "of") neither start
nor end a phrase, but may stand inside: "bank of america" is the pair of bank and america.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from w2v_fast.config import TrainConfig
from w2v_fast.corpus.blocks import Ids
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.phrases._phrases import PhraseTable
from w2v_fast.corpus.phrases.join import CHUNK, Flags, FrozenPhrases, Tokens, flags, tally_all
from w2v_fast.corpus.phrases.scores import Scorer, check_scoring, scores_of
from w2v_fast.corpus.sources import CorpusSource

ELSEWHERE = {
    "common_terms": "write connector_words",
    "max_vocab_size": "leave it out: no pair is left out",
    "progress_per": "leave it out: it has no meaning here",
}
"""Options of gensim's Phrases."""
MODULUS = 2**32 - 5
"""Of the hashes of names: a prime."""


class Phrases(FrozenPhrases):
    """Find the phrases of a corpus.

    Parameters
    ----------
    sentences
        A `Corpus` (read with `min_count=1`, or the words that were left out do not count), or any
        source of one, such as lists of tokens or a path.
    min_count
        Taken off the count of a pair, so that rare ones score lower; with npmi, rarer pairs are
        left out.
    threshold
        A pair is a phrase when its score is above: more than 0 for the default and word2phrase, -1
        to 1 for npmi.
    delimiter
        What joins the words.
    scoring
        "default", "npmi", "word2phrase", or a function with the parameters worda_count,
        wordb_count, bigram_count, len_vocab, min_count, corpus_word_count, which returns a number.
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
        sentences: Corpus | CorpusSource,
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
        check_scoring(scoring, threshold)
        super().__init__({}, delimiter, connector_words)
        if not isinstance(sentences, Corpus):
            sentences = Corpus.from_source(sentences, min_count=1, workers=workers)
        pairs = _Pairs(sentences, delimiter, self.connector_words, config.threads)
        self.phrases = pairs.above(threshold, scoring, config.min_count)

    def freeze(self) -> FrozenPhrases:
        """The same phrases, without the class that finds them."""
        return FrozenPhrases(self.phrases, self.delimiter, self.connector_words)


class _Pairs:
    """The counts of all words and pairs of a corpus.

    A phrase is known by its joined name: when words contain the delimiter, new_york + city and new
    + york_city are the same phrase, and the word new_york is the same as new + york. The counts of
    such collisions are added up.
    """

    def __init__(
        self, corpus: Corpus, delimiter: str, connector_words: frozenset[str], workers: int
    ) -> None:
        self.vocabulary = corpus.vocabulary
        self.tokens = len(corpus)
        self.word_counts, _ = tally_all(corpus.ids, len(corpus.vocabulary))
        self.connector = flags(corpus.vocabulary.words, connector_words)
        self.tables = _count(corpus.ids, self.connector, workers)
        self.distinct = np.count_nonzero(self.word_counts[self.connector == 0]) + sum(
            map(len, self.tables)
        )
        ambiguous = _ambiguous(corpus.vocabulary.words, delimiter)
        if ambiguous.any():
            self._pool_collisions(ambiguous, delimiter)

    def above(self, threshold: float, scoring: str | Scorer, min_count: int) -> dict[Tokens, float]:
        """The phrases whose score is above the threshold, the highest score first."""
        settings = {
            "len_vocab": float(self.distinct),
            "min_count": float(min_count),
            "corpus_word_count": float(self.tokens),
        }
        word, least = self.vocabulary.words.__getitem__, 1 if callable(scoring) else min_count
        found: list[tuple[float, Tokens]] = []
        for table in self.tables:
            numbers, counts, first_words, last_words = table.select(least)
            columns = self.word_counts[first_words], self.word_counts[last_words], counts
            scores = scores_of(scoring, *columns, settings)
            kept = scores > threshold
            phrases = (tuple(map(word, table.phrase(i))) for i in numbers[kept].tolist())
            found += zip((-scores[kept]).tolist(), phrases, strict=True)
        return {words: -score for score, words in sorted(found)}

    def _pool_collisions(self, ambiguous: Flags, delimiter: str) -> None:
        """Give all words and phrases of the same name their common count.

        Names are compared only where their hashes, which follow from those of the words, are equal.
        """
        words = [
            (delimiter + word).encode("utf-8", "surrogateescape") for word in self.vocabulary.words
        ]
        hashes = np.array([int.from_bytes(word, "big") % MODULUS for word in words], np.uint64)
        powers = np.array([pow(256, len(word), MODULUS) for word in words], np.uint64)
        ids = np.flatnonzero((ambiguous > 0) & (self.connector == 0) & (self.word_counts > 0))
        found = [hashes[ids].astype(np.uint32)]
        found += [table.name_hashes(hashes, powers, MODULUS) for table in self.tables]
        ordered = np.sort(np.concatenate(found))
        shared = ordered[1:][ordered[1:] == ordered[:-1]]
        by_name: dict[bytes, list[tuple[Any, int]]] = defaultdict(list)  # counts, and an index
        for id in ids[np.isin(found[0], shared)].tolist():
            by_name[words[id]].append((self.word_counts, id))
        for phrases, of_phrases in zip(self.tables, found[1:], strict=True):
            for number in np.flatnonzero(np.isin(of_phrases, shared)).tolist():
                name = b"".join(words[id] for id in phrases.phrase(number))
                by_name[name].append((phrases, number))
        for same in by_name.values():
            total = sum(counts[i] for counts, i in same)
            for counts, i in same:
                counts[i] = total
            self.distinct -= len(same) - 1


def _count(ids: Ids, connector: Flags, workers: int) -> list[PhraseTable]:
    """Count all phrases. Each thread counts the phrases of its share of the hashes."""
    tables = [PhraseTable() for _ in range(workers)]
    stopped = threading.Event()

    def work(part: int) -> None:
        start, stop, size = 0, 0, CHUNK
        while stop < len(ids) and not stopped.is_set():
            stop = min(start + size, len(ids))
            end = tables[part].count(ids, start, stop, connector, part, workers)
            size = 2 * size if end == start else CHUNK
            start = end

    with ThreadPoolExecutor(workers, "w2v_fast-phrases") as pool:
        try:
            list(pool.map(work, range(workers)))
        finally:
            stopped.set()
    return tables


def _ambiguous(words: list[str], delimiter: str) -> Flags:
    """1 for each word with a character of the delimiter; for all if it is empty."""
    flags = np.full(len(words), not delimiter, np.uint8)
    for character in set(delimiter):
        flags |= np.fromiter((character in word for word in words), np.uint8, len(words))
    return flags
