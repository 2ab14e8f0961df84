"""Phrases with gensim 4's names; finding and joining them is done by w2v_fast.corpus.phrases."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

import numpy as np

import w2v_fast
from w2v_fast.corpus import phrases as core
from w2v_fast.corpus.phrases.scores import scores_of
from w2v_fast.gensim.refusals import refuse_pickle

ENGLISH_CONNECTOR_WORDS = frozenset(
    {
        "a",
        "an",
        "the",
        "and",
        "or",
        "of",
        "for",
        "with",
        "without",
        "at",
        "from",
        "to",
        "in",
        "on",
        "by",
    }
)
"""Articles, prepositions and conjunctions that may stand inside of a phrase."""
MAX_VOCAB_SIZE = 40_000_000


def original_scorer(
    worda_count: float,
    wordb_count: float,
    bigram_count: float,
    len_vocab: float,
    min_count: float,
    corpus_word_count: float,
) -> float:
    """The score that `scoring="default"` gives a pair of words."""
    return _score("default", locals())


def npmi_scorer(
    worda_count: float,
    wordb_count: float,
    bigram_count: float,
    len_vocab: float,
    min_count: float,
    corpus_word_count: float,
) -> float:
    """The score that `scoring="npmi"` gives a pair; minus infinity below `min_count`."""
    return _score("npmi", locals()) if bigram_count >= min_count else -np.inf


def _score(name: str, counts: dict[str, float]) -> float:
    first, last, pair, *_ = (np.array([count]) for count in counts.values())
    return float(scores_of(name, first, last, pair, counts)[0])


SCORERS = {"default": original_scorer, "npmi": npmi_scorer}


def _name_of(scorer: Any) -> str:
    """The name of a scoring function: default, npmi, or module:function."""
    names = {function: name for name, function in SCORERS.items()}
    return names.get(scorer) or (
        f"{scorer.__module__}:{scorer.__qualname__}" if scorer is not None else ""
    )


def _scorer_named(name: str) -> Any:
    """The function of a name, if its module is loaded: a file of phrases imports nothing."""
    module, _, function = name.partition(":")
    return SCORERS.get(name) or getattr(sys.modules.get(module), function, None)


class _Candidates:
    """What the joining looks phrases up in: a method that a subclass has written."""

    def __init__(self, model: _PhrasesTransformation) -> None:
        self._model = model

    def get(self, words: tuple[str, ...]) -> float | None:
        return self._model.score_candidate(words[0], words[-1], list(words[1:-1]))[1]


class _PhrasesTransformation(core.FrozenPhrases):
    """Joins what the method `score_candidate` of a subclass says is a phrase."""

    def __init__(
        self, connector_words: Collection[str] = frozenset(), delimiter: str = "_"
    ) -> None:
        super().__init__({}, delimiter, connector_words)
        self.phrases = _Candidates(self)  # type: ignore[assignment]

    def score_candidate(
        self, word_a: str, word_b: str, in_between: list[str]
    ) -> tuple[str | None, float | None]:
        """The joined phrase of two words, connectors between, and its score; else (None, None)."""
        raise NotImplementedError


class FrozenPhrases(_PhrasesTransformation):
    """The phrases of a model, without what finds them.

    Parameters
    ----------
    phrases_model
        `Phrases`, or other `FrozenPhrases`.

    Attributes
    ----------
    phrasegrams : dict of str to float
        The score of each joined phrase.
    """

    threshold: float
    min_count: float
    scoring: Any

    def __init__(self, phrases_model: FrozenPhrases) -> None:
        super().__init__(phrases_model.connector_words, phrases_model.delimiter)
        self.threshold, self.min_count = phrases_model.threshold, phrases_model.min_count
        self.scoring = phrases_model.scoring
        self._frozen = phrases_model._found()

    @classmethod
    def of(cls, phrases: core.FrozenPhrases) -> FrozenPhrases:
        """The same phrases, with gensim's names."""
        ours = FrozenPhrases.__new__(FrozenPhrases)
        _PhrasesTransformation.__init__(ours, phrases.connector_words, phrases.delimiter)
        kept = phrases.metadata
        ours.threshold, ours.min_count = kept.get("threshold", 0.0), kept.get("min_count", 0)
        ours.scoring, ours._frozen = _scorer_named(kept.get("scoring", "")), phrases
        return ours

    def _found(self) -> core.FrozenPhrases:
        return self._frozen

    def __len__(self) -> int:
        return len(self._found())

    def __getitem__(self, text: Any) -> Any:
        """Join the phrases of a sentence, or of an iterable of sentences."""
        if isinstance(text, Iterator):  # of tokens, or of sentences
            first = next(text, None)
            text = [] if first is None else itertools.chain([first], text)
            if isinstance(first, str):
                text = list(text)
        return self._found()[text]

    @property
    def phrasegrams(self) -> dict[str, float]:
        """The score of each joined phrase."""
        return self.export_phrases()

    def score_candidate(
        self, word_a: str, word_b: str, in_between: list[str]
    ) -> tuple[str | None, float | None]:
        """The joined phrase of two words, connectors between, and its score; else (None, None)."""
        words = (word_a, *in_between, word_b)
        score = self._found().phrases.get(words)
        return (None, None) if score is None else (self.delimiter.join(words), score)

    def find_phrases(self, sentences: Iterable[Iterable[str]]) -> dict[str, float]:
        """The phrases that occur in `sentences`, joined, and their scores."""
        return self._found().find_phrases(sentences)

    def export_phrases(self) -> dict[str, float]:
        """The score of each joined phrase."""
        return self._found().export_phrases()

    def apply(self, corpus: w2v_fast.Corpus, **options: Any) -> w2v_fast.Corpus:
        """See `w2v_fast.corpus.phrases.FrozenPhrases.apply`."""
        return self._found().apply(corpus, **options)

    def freeze(self) -> FrozenPhrases:
        """The phrases alone."""
        return FrozenPhrases(self)

    def save(self, path: str | os.PathLike[str], *_: object, **__: object) -> None:
        """Write the phrases and their scores as text; the counts are not kept."""
        found = self._found()
        found.metadata = {
            "threshold": self.threshold,
            "min_count": self.min_count,
            "scoring": _name_of(self.scoring),
        }
        found.save(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *_: object, **__: object) -> FrozenPhrases:
        """Read what `save` wrote: the phrases found, whatever class found them.

        Raises
        ------
        ValueError
            It is a pickle; the message says how to convert it.
        """
        refuse_pickle(path, f"phrases.{cls.__name__}")
        return cls.of(core.FrozenPhrases.load(path))

    @classmethod
    def from_gensim(cls, phrases: Any) -> FrozenPhrases:
        """The phrases of a gensim object."""
        scores = getattr(phrases, "phrasegrams", None)
        scores = phrases.export_phrases() if scores is None else scores
        delimiter, connector_words = phrases.delimiter, phrases.connector_words
        split = {tuple(phrase.split(delimiter)): float(score) for phrase, score in scores.items()}
        return cls.of(core.FrozenPhrases(split, delimiter, connector_words))


class Phrases(FrozenPhrases):
    """Find the phrases of a corpus.

    Parameters
    ----------
    sentences
        Lists of tokens, or any corpus of w2v_fast; None to begin with `add_vocab`.
    min_count, threshold, delimiter, scoring, connector_words
        As for `w2v_fast.corpus.phrases.Phrases`. They may be set later: what is found follows them.
    max_vocab_size, progress_per
        No effect: counting is exact, and nothing is pruned.

    Attributes
    ----------
    vocab : dict of str to int
        The counts of words and joined pairs, made when it is asked for.
    corpus_word_count : int
        Tokens read.
    """

    def __init__(
        self,
        sentences: Any = None,
        min_count: float = 5,
        threshold: float = 10.0,
        max_vocab_size: int = MAX_VOCAB_SIZE,
        delimiter: str = "_",
        progress_per: int = 10_000,
        scoring: str | Callable[..., float] = "default",
        connector_words: Collection[str] = frozenset(),
    ) -> None:
        _PhrasesTransformation.__init__(self, connector_words, delimiter)
        if min_count <= 0:
            raise ValueError(f"min_count = {min_count} must be at least 1")
        if isinstance(scoring, str) and scoring not in SCORERS:
            raise ValueError(
                f"scoring = {scoring!r} must be one of {', '.join(SCORERS)}, or a function"
            )
        if threshold <= 0 and scoring in ("default", original_scorer):
            raise ValueError(f"threshold = {threshold} must be above 0 for the scoring 'default'")
        self.min_count, self.threshold, self.max_vocab_size = min_count, threshold, max_vocab_size
        self.scoring = SCORERS[scoring] if isinstance(scoring, str) else scoring
        self._corpora: list[w2v_fast.Corpus] = []
        self._frozen = core.FrozenPhrases({}, delimiter, connector_words)
        self._settings: Any = None
        if sentences is not None:
            self.add_vocab(sentences)

    def add_vocab(self, sentences: Any) -> None:
        """Count more text."""
        if not isinstance(sentences, w2v_fast.Corpus):
            sentences = w2v_fast.Corpus.from_source(sentences, min_count=1)
        self._corpora.append(sentences)
        self._settings = None

    @property
    def corpus_word_count(self) -> int:
        """Tokens read."""
        return sum(corpus.raw_tokens for corpus in self._corpora)

    @property
    def vocab(self) -> dict[str, int]:
        """The counts of words and joined pairs."""
        if not self._corpora:
            return {}
        vocabulary = self._corpus().vocabulary
        words = zip(vocabulary.words, vocabulary.counts.tolist(), strict=True)
        pairs = self._find(1, 0.0, lambda bigram_count, **_: bigram_count)
        return {
            **{word: count for word, count in words if word not in self.connector_words},
            **{name: int(count) for name, count in pairs.export_phrases().items()},
        }

    def _corpus(self) -> w2v_fast.Corpus:
        """All text counted, as one corpus."""
        if len(self._corpora) > 1:
            text = itertools.chain.from_iterable(corpus.token_lists() for corpus in self._corpora)
            self._corpora = [w2v_fast.Corpus.from_source(text, min_count=1)]
        return self._corpora[0]

    def _found(self) -> core.FrozenPhrases:
        settings = (self.min_count, self.threshold, self.scoring)
        if self._corpora and self._settings != settings:
            names = {scorer: name for name, scorer in SCORERS.items()}
            scoring = names.get(self.scoring, self.scoring)
            self._frozen = self._find(self.min_count, self.threshold, scoring)
            self._settings = settings
        return self._frozen

    def _find(self, min_count: float, threshold: float, scoring: Any) -> core.FrozenPhrases:
        return core.Phrases(
            self._corpus(), int(min_count), threshold, self.delimiter, scoring, self.connector_words
        ).freeze()


Phraser = FrozenPhrases
