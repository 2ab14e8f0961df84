"""Word2Vec: corpus -> training -> vectors, in one call or step by step."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from w2v_fast.config import OUTPUT_ROWS, TrainConfig
from w2v_fast.corpus._ids import compact
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.sources import CorpusSource
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.training._inner import choose_isa
from w2v_fast.training.memory import MemoryEstimate
from w2v_fast.training.progress import EpochLoss, Report, reporter
from w2v_fast.training.trainer import CHECKPOINT_MINUTES, Trainer
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
        Use these words and counts instead of counting the corpus: a `Vocabulary`, or a dict of counts.
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

    def __init__(
        self,
        corpus: Corpus | CorpusSource | None = None,
        config: TrainConfig | None = None,
        *,
        vocabulary: Vocabulary | Mapping[str, int] | None = None,
        memory_budget: int | None = None,
        init: KeyedVectors | str | os.PathLike[str] | None = None,
        grow: bool = False,
        **options: Any,
    ) -> None:
        if config is not None and options:
            raise TypeError(f"give either a config or options, not both: {', '.join(options)}")
        if config is not None and not isinstance(config, TrainConfig):
            raise TypeError(
                f"config = {config!r} must be a TrainConfig; hyper-parameters go by name: vector_size=100"
            )
        if grow and (init is None or vocabulary is not None):
            raise TypeError(
                "grow needs init and takes no vocabulary: it adds the words of the corpus to those of init"
            )
        self._wv: KeyedVectors | None = None
        self.config = config or TrainConfig.from_options(options)
        if corpus is None:
            raise TypeError(
                "the corpus is missing: Word2Vec(corpus, ...) reads it at once, and train() trains on it"
            )
        vocabulary = _as_vocabulary(vocabulary)
        choose_isa(self.config.isa)  # an error now, not after the corpus is read
        known = KeyedVectors.load(init) if isinstance(init, (str, os.PathLike)) else init
        if known is not None and not isinstance(known, KeyedVectors):
            raise TypeError(
                f"init is of type {type(known).__name__}; expected KeyedVectors or the path of a file"
            )
        if known is not None and known.vector_size != self.config.vector_size:
            raise ValueError(
                f"init has vectors of {known.vector_size} dimensions, vector_size is "
                f"{self.config.vector_size}"
            )
        self.corpus = (
            corpus
            if isinstance(corpus, Corpus)
            else _read(corpus, self.config, vocabulary, memory_budget, every_word=grow)
        )
        if grow and known is not None:
            self.corpus = _grown(self.corpus, known, self.config)
        if len(self.corpus.vocabulary) == 1:
            warnings.warn(
                f"the vocabulary is one word, {self.corpus.vocabulary.words[0]!r}: there is nothing to learn",
                RuntimeWarning,
                stacklevel=2,
            )
        self.memory = MemoryEstimate(
            len(self.corpus.vocabulary), _tokens_in_memory(self.corpus), self.config
        )
        self.memory.check()
        self.trainer = Trainer(self.corpus.ids, self.corpus.vocabulary, self.config)
        self._starts_at_random = known is None
        if known is not None:
            self._take_over(known)

    def train(
        self,
        progress: str | Report = "quiet",
        *,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_minutes: float = CHECKPOINT_MINUTES,
        **others: Any,
    ) -> Word2Vec:
        """Train what is left of the run, and return the model.

        Ctrl-C stops within a second: the exception leaves after every thread has ended, the vectors keep what was
        trained, and another call goes on.

        Parameters
        ----------
        progress
            "bar", "json" or "quiet" (all on stderr), or a function that is called with `Progress` reports: a few times
            a second, and at the end of each epoch (`epoch_done`), before the next begins. All workers wait for it
            there, at most for one job of 50,000 words each.
        checkpoint
            A folder to write checkpoints to: every `checkpoint_minutes`, at a stop or Ctrl-C, and at the end. The
            newest two are kept. `resume` goes on from them, in another process too.

        Warns
        -----
        RuntimeWarning
            Nothing was learned: no two words stood in one sentence. Or all epochs are trained already.

        Raises
        ------
        DivergenceError
            The loss or a weight is not finite; the message names the learning rate. The last checkpoint is kept.
        RuntimeError
            Another thread trains this model.
        FileExistsError
            The folder has checkpoints of an earlier run, and this one did not go on from them.
        OSError
            Checkpoints cannot be written there; nothing has been trained.
        """
        if others:
            raise TypeError(
                f"train() takes no {', '.join(others)}: the corpus and the hyper-parameters are given to "
                "Word2Vec(corpus, ...)"
            )
        report = _as_report(progress)
        if self._wv is not None and not np.may_share_memory(
            self._wv.vectors, self.trainer.weights.vectors
        ):
            raise ValueError(
                "model.wv has got vectors of its own (add_vector, ...), which training would not change; "
                "start a new run from them: Word2Vec(corpus, init=model.wv, grow=True)"
            )
        self.trainer.train(report, checkpoint, checkpoint_minutes)
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
        pairs = [
            (row, known.key_to_index[word])
            for row, word in enumerate(self.corpus.vocabulary.words)
            if word in known.key_to_index
        ]
        if not pairs:
            raise ValueError(
                f"init has none of the {len(self.corpus.vocabulary):,} words of the vocabulary"
            )
        rows, known_rows = np.array(pairs, np.int64).T
        copy_rows(self.trainer.weights.vectors, rows, known.vectors, known_rows)
        if (
            known.output_vectors is not None
            and _rows_are_words(self.config)
            and _rows_are_words(_config_of(known))
        ):
            copy_rows(self.trainer.weights.output_vectors, rows, known.output_vectors, known_rows)

    @property
    def losses(self) -> list[EpochLoss]:
        """The loss of each epoch."""
        return self.trainer.losses

    @property
    def wv(self) -> KeyedVectors:
        """The word vectors, one object for the life of the model, without a copy: further training changes them.

        Warns
        -----
        RuntimeWarning
            Nothing is trained yet: they are random numbers.
        """
        if self._starts_at_random and not self.trainer.next_job:
            self._starts_at_random = False  # said once
            warnings.warn(
                "these vectors are random numbers: nothing is trained yet; call train() first",
                RuntimeWarning,
                stacklevel=2,
            )
        if self._wv is None:
            self._wv = KeyedVectors(
                self.corpus.vocabulary.words,
                self.trainer.weights.vectors,
                counts=self.corpus.vocabulary.counts,
                output_vectors=self.trainer.weights.output_vectors,
                metadata=self.config.as_metadata(),
            )
        return self._wv

    # -- what users of gensim look for here -------------------------------------------------------------------------

    def __getattr__(self, name: str) -> NoReturn:
        if name in ELSEWHERE:
            raise AttributeError(f"Word2Vec has no {name}: {ELSEWHERE[name]}")
        if hasattr(KeyedVectors, name) and not name.startswith("_"):
            raise AttributeError(f"Word2Vec has no {name}, its vectors have: model.wv.{name}")
        raise AttributeError(f"Word2Vec has no attribute {name!r}")

    def __getitem__(self, word: object) -> NoReturn:
        raise TypeError(
            "Word2Vec is not a table of vectors, model.wv is: write model.wv[word], word in model.wv"
        )

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "Word2Vec cannot be copied or pickled: it holds a run. model.wv.save(path) keeps the vectors; "
            "train(checkpoint=folder) and resume(folder) go on with the run elsewhere"
        )

    @classmethod
    def load(cls, *_: object, **__: object) -> NoReturn:
        """Not there: `w2v_fast.load` reads vectors, `resume` a run."""
        raise TypeError(
            "Word2Vec has no load: w2v_fast.load(path) reads vectors; a run goes on with "
            "Word2Vec(corpus, ...), resume(folder) and train()"
        )


ELSEWHERE = {
    "save": "model.wv.save(path) writes the vectors; train(checkpoint=folder) keeps a run to go on with",
    "build_vocab": "Word2Vec(corpus) has counted it; for more words start with init=model.wv, grow=True",
    "build_vocab_from_freq": "Word2Vec(corpus, vocabulary={word: count})",
    "get_latest_training_loss": "model.losses[-1].mean is the loss of the last epoch, a pair",
    "running_training_loss": "model.losses[-1].mean is the loss of the last epoch, a pair",
    "epochs": "model.config.epochs",
    "vector_size": "model.config.vector_size",
    "corpus_total_words": "model.corpus.raw_tokens",
    "corpus_count": "sum(1 for _ in model.corpus.sentences())",
    "syn1neg": "model.wv.output_vectors",
    "syn1": "model.wv.output_vectors",
    "predict_output_word": "w2v_fast.evaluate_loss measures how well contexts are predicted",
    "score": "w2v_fast.evaluate_loss(model, sentences)",
    "init_sims": "leave it out: it is not needed",
}


def train(
    corpus: Corpus | CorpusSource | None = None,
    *,
    progress: str | Report = "quiet",
    vocabulary: Vocabulary | Mapping[str, int] | None = None,
    memory_budget: int | None = None,
    init: KeyedVectors | str | os.PathLike[str] | None = None,
    grow: bool = False,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_minutes: float = CHECKPOINT_MINUTES,
    resume: bool = False,
    **options: Any,
) -> KeyedVectors:
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
    _as_report(progress)  # an error now, not after the corpus is read
    model = Word2Vec(
        corpus, vocabulary=vocabulary, memory_budget=memory_budget, init=init, grow=grow, **options
    )
    if resume and checkpoint is not None:
        model.resume(checkpoint)
    return model.train(progress, checkpoint=checkpoint, checkpoint_minutes=checkpoint_minutes).wv


def load(path: str | os.PathLike[str], **options: Any) -> KeyedVectors:
    """Load vectors of any known format (see `KeyedVectors.load`)."""
    return KeyedVectors.load(path, **options)


def _as_report(progress: Any) -> Report | None:
    """What is called with progress reports; TypeError for what cannot be."""
    if isinstance(progress, str):
        return reporter(progress)
    if progress is not None and not callable(progress):
        raise TypeError(
            f"progress is of type {type(progress).__name__}; expected 'bar', 'json', 'quiet' or a function "
            "(a corpus is given to Word2Vec(corpus, ...), not to train())"
        )
    report: Report | None = progress
    return report


def _as_vocabulary(vocabulary: Any) -> Vocabulary | None:
    """A vocabulary that may be a dict of counts: the most frequent word first, ties as they come."""
    if vocabulary is None or isinstance(vocabulary, Vocabulary):
        return vocabulary
    if not isinstance(vocabulary, Mapping):
        raise TypeError(
            f"vocabulary is of type {type(vocabulary).__name__}; expected {{word: count}} or a Vocabulary "
            "(Vocabulary.load(path) reads one); min_count and max_vocab limit the words of the corpus"
        )
    words = sorted(vocabulary, key=vocabulary.__getitem__, reverse=True)
    return Vocabulary(words, [vocabulary[word] for word in words])


def _read(
    source: CorpusSource,
    config: TrainConfig,
    vocabulary: Vocabulary | None,
    memory_budget: int | None,
    every_word: bool,
) -> Corpus:
    """Read a corpus; with `every_word`, words that occur once are kept too."""
    try:
        return Corpus.from_source(
            source,
            min_count=1 if every_word else config.min_count,
            max_vocab=None if every_word else config.max_vocab,
            vocabulary=vocabulary,
            workers=config.workers,
            memory_budget=memory_budget,
        )
    except MemoryError as error:
        raise MemoryError(
            f"there is not enough memory to read the corpus ({error or 'none is left'}); lower "
            "memory_budget to hold fewer ids, or workers"
        ) from error


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
        raise ValueError(
            f"none of the {len(ids):,} tokens of the corpus is in init, or occurs min_count times"
        )
    vocabulary = Vocabulary([*known.index_to_key, *(words[id] for id in added)], total)
    return Corpus.of_own_ids(ids[:kept], vocabulary, corpus.raw_tokens)
