"""Word2Vec: corpus -> training -> vectors, in one call or step by step."""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np

from w2v_fast.config import OUTPUT_ROWS, TrainConfig
from w2v_fast.corpus._ingest import compact
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.sources import Source
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.memory import MemoryEstimate, available
from w2v_fast.training._inner import choose_isa
from w2v_fast.training.progress import reporter
from w2v_fast.training.trainer import CHECKPOINT_MINUTES, EpochLoss, Report, Trainer
from w2v_fast.training.weights import copy_rows
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
        Bytes of ids to hold in memory; above it they go to a temporary file (default: half of what is free).
    init
        Vectors to start from, or the path of a file of them, in any known format. Words that they lack start as usual.
        Their output vectors, if they have any that belong to words, are taken over too.
    grow
        With `init`: keep every word of `init`, in its row, and add the words that are new in the corpus and occur
        `min_count` times. Counts are added up.

    Attributes
    ----------
    config : TrainConfig
    corpus : Corpus
    memory : MemoryEstimate
        What the run takes.
    trainer : Trainer

    Raises
    ------
    MemoryError
        The system has less memory than the run takes; nothing has been trained.
    ValueError
        `init` has vectors of another size, or none of the words, or values that are not finite.

    Examples
    --------
    >>> model = Word2Vec([["the", "cat", "sat"], ["the", "dog", "sat"]] * 50, vector_size=8, seed=3)
    >>> model.train().wv.index_to_key
    ['the', 'sat', 'cat', 'dog']
    """

    def __init__(self, corpus: Corpus | Source, config: TrainConfig | None = None, *,
                 vocabulary: Vocabulary | None = None, memory_budget: int | None = None,
                 init: KeyedVectors | str | os.PathLike[str] | None = None, grow: bool = False, **options: Any) -> None:
        if config is not None and options:
            raise TypeError(f"give either a config or options, not both: {', '.join(options)}")
        if config is not None and not isinstance(config, TrainConfig):
            raise TypeError(f"config = {config!r} must be a TrainConfig; hyper-parameters go by name: vector_size=100")
        if grow and (init is None or vocabulary is not None):
            raise TypeError("grow needs init and takes no vocabulary: it adds the words of the corpus to those of init")
        self.config = config or TrainConfig.from_options(options)
        choose_isa(self.config.isa)  # an error now, not after the corpus is read
        known = KeyedVectors.load(init) if isinstance(init, (str, os.PathLike)) else init
        if known is not None and known.vector_size != self.config.vector_size:
            raise ValueError(f"init has vectors of {known.vector_size} dimensions, vector_size is "
                             f"{self.config.vector_size}")
        self.corpus = corpus if isinstance(corpus, Corpus) else _read(
            corpus, self.config, vocabulary, memory_budget, every_word=grow)
        if not len(self.corpus):
            raise ValueError("the corpus is empty: it has no tokens")
        if grow and known is not None:
            self.corpus = _grown(self.corpus, known, self.config)
        if len(self.corpus.vocabulary) == 1:
            warnings.warn(f"the vocabulary is one word, {self.corpus.vocabulary.words[0]!r}: there is nothing to learn",
                          RuntimeWarning, stacklevel=2)
        self.memory = MemoryEstimate(len(self.corpus.vocabulary), _tokens_in_memory(self.corpus), self.config)
        self.memory.check()
        self.trainer = Trainer(self.corpus.ids, self.corpus.vocabulary, self.config)
        if known is not None:
            self._take_over(known)

    def train(self, progress: str | Report = "quiet", *, checkpoint: str | os.PathLike[str] | None = None,
              checkpoint_minutes: float = CHECKPOINT_MINUTES) -> Word2Vec:
        """Train what is left of the run, and return the model.

        Ctrl-C stops within a second: the exception leaves after every thread has ended, the vectors keep what was
        trained, and another call goes on.

        Parameters
        ----------
        progress
            "bar", "json" or "quiet" (all on stderr), or a function that is called with `Progress` reports.
        checkpoint
            A folder to write checkpoints to: every `checkpoint_minutes`, at a stop or Ctrl-C, and at the end. The
            newest two are kept. `resume` goes on from them, in another process too.

        Raises
        ------
        DivergenceError
            The loss or a weight is not finite; the message names the learning rate. The last checkpoint is kept.
        FileExistsError
            The folder has checkpoints of an earlier run, and this one did not go on from them.
        OSError
            Checkpoints cannot be written there; nothing has been trained.
        """
        self.trainer.train(reporter(progress) if isinstance(progress, str) else progress, checkpoint,
                           checkpoint_minutes)
        return self

    def resume(self, checkpoint: str | os.PathLike[str]) -> bool:
        """Go on from the newest whole checkpoint in a folder, if there is one; `train` then does what is left.

        Raises
        ------
        CheckpointError
            It is of a run on another corpus or with another configuration (the message says what differs; workers and
            isa may), or no checkpoint there is whole.
        OSError
            The folder cannot be read, or another run uses it.
        """
        return self.trainer.resume(checkpoint)

    def stop(self) -> None:
        """Let `train` return after the jobs at hand, within a second; any thread or signal handler may call this."""
        self.trainer.stop()

    @property
    def done(self) -> bool:
        """Whether the run has reached its end."""
        return self.trainer.done

    def _take_over(self, known: KeyedVectors) -> None:
        """The rows of the words that `known` has."""
        pairs = [(row, known.key_to_index[word]) for row, word in enumerate(self.corpus.vocabulary.words)
                 if word in known.key_to_index]
        if not pairs:
            raise ValueError(f"init has none of the {len(self.corpus.vocabulary):,} words of the vocabulary")
        rows, known_rows = np.array(pairs, np.int64).T
        copy_rows(self.trainer.weights.vectors, rows, known.vectors, known_rows)
        if known.output_vectors is not None and _rows_are_words(self.config) and _rows_are_words(_config_of(known)):
            copy_rows(self.trainer.weights.output_vectors, rows, known.output_vectors, known_rows)

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
          memory_budget: int | None = None, init: KeyedVectors | str | os.PathLike[str] | None = None,
          grow: bool = False, checkpoint: str | os.PathLike[str] | None = None,
          checkpoint_minutes: float = CHECKPOINT_MINUTES, resume: bool = False, **options: Any) -> KeyedVectors:
    """Train word vectors.

    Parameters
    ----------
    corpus, vocabulary, memory_budget, init, grow
        As for `Word2Vec`.
    progress, checkpoint, checkpoint_minutes
        As for `Word2Vec.train`.
    resume
        Go on from the newest checkpoint in the folder `checkpoint`, if there is one.
    options
        Hyper-parameters, by the names of `TrainConfig`: vector_size, window, min_count, epochs, ...

    Raises
    ------
    TypeError
        An unknown option (the nearest name is suggested) or a value of the wrong type.
    ValueError
        A value out of its range, or a corpus without words; nothing has been trained.
    MemoryError
        The system has less memory than the run takes; nothing has been trained.
    OSError
        The corpus cannot be read, or checkpoints cannot be written.
    DivergenceError
        The loss or a weight is not finite; the message names the learning rate.
    """
    if resume and checkpoint is None:
        raise TypeError("resume needs the folder of the checkpoints: checkpoint=DIR")
    if isinstance(progress, str):
        reporter(progress)  # an error now, not after the corpus is read
    model = Word2Vec(corpus, vocabulary=vocabulary, memory_budget=memory_budget, init=init, grow=grow, **options)
    if resume and checkpoint is not None:
        model.resume(checkpoint)
    return model.train(progress, checkpoint=checkpoint, checkpoint_minutes=checkpoint_minutes).wv


def load(path: str | os.PathLike[str], **options: Any) -> KeyedVectors:
    """Load vectors of any known format (see `KeyedVectors.load`)."""
    return KeyedVectors.load(path, **options)


def _read(source: Source, config: TrainConfig, vocabulary: Vocabulary | None, memory_budget: int | None,
          every_word: bool) -> Corpus:
    """Read a corpus; with `every_word`, words that occur once are kept too."""
    free = available()
    budget = free // 2 if memory_budget is None and free is not None else memory_budget
    try:
        return Corpus.from_source(source, min_count=1 if every_word else config.min_count,
                                  max_vocab=None if every_word else config.max_vocab, vocabulary=vocabulary,
                                  workers=config.workers, memory_budget=budget)
    except MemoryError as error:
        raise MemoryError(f"there is not enough memory to read the corpus ({error or 'none is left'}); lower "
                          f"memory_budget (now {budget:,} bytes) to hold fewer ids, or workers") from error


def _rows_are_words(config: TrainConfig | None) -> bool:
    """Whether output rows belong to words, not to the nodes of one run's tree."""
    return config is not None and OUTPUT_ROWS[config.objective] == "words"


def _config_of(vectors: KeyedVectors) -> TrainConfig | None:
    """How vectors were trained, where their metadata tell."""
    try:
        return TrainConfig.from_metadata(vectors.metadata)
    except (TypeError, ValueError):
        return None


def _tokens_in_memory(corpus: Corpus) -> int:
    """Tokens whose ids are not mapped from a file."""
    base = corpus.ids
    while isinstance(base, np.ndarray):
        if base.base is None:
            return len(corpus.ids)
        base = base.base
    return 0


def _grown(corpus: Corpus, known: KeyedVectors, config: TrainConfig) -> Corpus:
    """The corpus under another vocabulary: the words of `known` in their rows, then the new ones that are frequent."""
    old, words, counts = known.key_to_index, corpus.vocabulary.words, corpus.vocabulary.counts
    new_ids = np.array([old.get(word, -1) for word in words], np.int32)
    added = np.flatnonzero((new_ids < 0) & (counts >= config.min_count))
    added = added[: None if config.max_vocab is None else max(0, config.max_vocab - len(old))]
    new_ids[added] = np.arange(len(old), len(old) + len(added), dtype=np.int32)
    total = np.zeros(len(old) + len(added), np.int64)
    total[: len(old)] = 0 if known.counts is None else known.counts
    total[new_ids[new_ids >= 0]] += counts[new_ids >= 0]
    ids = np.array(corpus.ids)
    kept = compact(ids, 0, len(ids), 0, new_ids)
    if not kept:
        raise ValueError(f"none of the {len(ids):,} tokens of the corpus is in init, or occurs min_count times")
    return Corpus(ids[:kept], Vocabulary([*known.index_to_key, *(words[id] for id in added)], total), corpus.raw_tokens)
