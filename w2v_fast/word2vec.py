"""Word2Vec: corpus -> training -> vectors, in one call or step by step."""

from __future__ import annotations

import os
from typing import Any

from w2v_fast.config import TrainConfig
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.sources import Source
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.training.progress import reporter
from w2v_fast.training.trainer import EpochLoss, Report, Trainer
from w2v_fast.vectors.keyed_vectors import KeyedVectors


class Word2Vec:
    """A model and its training run.

    Parameters
    ----------
    corpus
        A `Corpus`, or anything `Corpus.from_source` reads: paths, folders, globs, `-`, iterables of token lists, arrays
        of integers. Read once.
    config
        Hyper-parameters; or give them as keyword `options`, gensim 4's names (see `TrainConfig`).
    vocabulary
        Use these words and counts instead of counting the corpus.
    memory_budget
        Bytes of ids to hold in memory; above it they go to a temporary file (default: half of the RAM).

    Attributes
    ----------
    config : TrainConfig
    corpus : Corpus
    trainer : Trainer

    Examples
    --------
    >>> model = Word2Vec([["the", "cat", "sat"], ["the", "dog", "sat"]] * 50, vector_size=8, seed=3)
    >>> model.train().wv.index_to_key
    ['the', 'sat', 'cat', 'dog']
    """

    def __init__(self, corpus: Corpus | Source, config: TrainConfig | None = None, *,
                 vocabulary: Vocabulary | None = None, memory_budget: int | None = None, **options: Any) -> None:
        if config is not None and options:
            raise TypeError(f"give either a config or options, not both: {', '.join(options)}")
        self.config = config or TrainConfig.from_options(options)
        self.corpus = corpus if isinstance(corpus, Corpus) else Corpus.from_source(
            corpus, min_count=self.config.min_count, max_vocab=self.config.max_vocab, vocabulary=vocabulary,
            workers=self.config.workers, memory_budget=memory_budget)
        self.trainer = Trainer(self.corpus.ids, self.corpus.vocabulary, self.config)

    def train(self, progress: str | Report = "quiet") -> Word2Vec:
        """Train what is left of the run, and return the model.

        Ctrl-C stops within a second: the exception leaves after every thread has ended, the vectors keep what was
        trained, and another call goes on.

        Parameters
        ----------
        progress
            "bar", "json" or "quiet" (all on stderr), or a function that is called with `Progress` reports.
        """
        self.trainer.train(reporter(progress) if isinstance(progress, str) else progress)
        return self

    @property
    def losses(self) -> list[EpochLoss]:
        """The loss of each epoch."""
        return self.trainer.losses

    @property
    def wv(self) -> KeyedVectors:
        """The word vectors as they are now, without a copy: further training changes them."""
        return KeyedVectors(self.corpus.vocabulary.words, self.trainer.weights.vectors,
                            counts=self.corpus.vocabulary.counts,
                            output_vectors=self.trainer.weights.output_vectors, metadata=self.config.as_metadata())


def train(corpus: Corpus | Source, *, progress: str | Report = "quiet", vocabulary: Vocabulary | None = None,
          memory_budget: int | None = None, **options: Any) -> KeyedVectors:
    """Train word vectors.

    Parameters
    ----------
    corpus, vocabulary, memory_budget
        As for `Word2Vec`.
    progress
        As for `Word2Vec.train`.
    options
        Hyper-parameters, by the names of `TrainConfig`: vector_size, window, min_count, epochs, ...

    Raises
    ------
    TypeError
        An unknown option (the nearest name is suggested) or a value of the wrong type.
    ValueError
        A value out of its range, or a corpus without words; nothing has been trained.
    OSError
        The corpus cannot be read.
    """
    return Word2Vec(corpus, vocabulary=vocabulary, memory_budget=memory_budget, **options).train(progress).wv


def load(path: str | os.PathLike[str], **options: Any) -> KeyedVectors:
    """Load vectors of any known format (see `KeyedVectors.load`)."""
    return KeyedVectors.load(path, **options)
