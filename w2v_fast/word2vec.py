"""Word2Vec: corpus -> training -> vectors, in one call or step by step."""

from __future__ import annotations

import dataclasses
import os
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NoReturn, TypeAlias, Unpack

import numpy as np

from w2v_fast.config import OUTPUT_ROWS, TrainConfig, TrainOptions
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.rows import Column
from w2v_fast.corpus.sources import CorpusSource
from w2v_fast.corpus.tokenizers import TokenizerChoice
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.html_table import html_table
from w2v_fast.training._inner import choose_isa
from w2v_fast.training.memory import MemoryEstimate
from w2v_fast.training.progress import EpochLoss, Progress, Report, reporter
from w2v_fast.training.trainer import CHECKPOINT_MINUTES, Trainer
from w2v_fast.training.weights import copy_rows, initial_weights
from w2v_fast.vectors.keyed_vectors import KeyedVectors
from w2v_fast.vectors.prediction import predict_center

OnEpoch: TypeAlias = "Callable[[Word2Vec, Progress], object]"


class Word2Vec:
    """A model and its training run.

    Parameters
    ----------
    corpus
        A `Corpus`, or anything that `Corpus.from_source` reads: paths, folders, globs, `-`,
        iterables of token lists, arrays of integers. Read once. May be left out with a
        `vocabulary`: `train(corpus=...)` then gives it.
    config
        Hyper-parameters; or give them as keyword `options`.
    column, tokenizer
        Where the text of the corpus is and what cuts it into words, as for `Corpus.from_source`.
    vocabulary
        Words and counts to use instead of counting the corpus: a `Vocabulary`, or a dict of counts.
    memory_budget
        Bytes of ids to hold in memory; above it they go to a temporary file (default: half of what
        is free).
    init
        Vectors to start from, or the path of a file of them, in any known format. Words that they
        lack start as usual. Output vectors are used too if they belong to words, not to tree nodes.
    grow
        With `init`: keep all of its words, in their rows, and add the words of the corpus that are
        new and occur `min_count` times. Counts are added up.
    frozen
        Words whose vectors training leaves as they are; the others learn from them.
    **options
        Hyper-parameters by the names of `TrainConfig`, which are gensim 4's: vector_size, window,
        ...

    Attributes
    ----------
    config : TrainConfig
        The hyper-parameters.
    corpus : Corpus
        The text as ids, and its vocabulary.
    memory : MemoryEstimate
        The memory that the run takes.
    trainer : Trainer
        The run: its jobs, its weights, and where it stands.
    vocabulary : Vocabulary
        The words, in the order of the rows, and their counts.
    weights : Weights
        Both matrices, which training changes in place.
    metadata : dict
        The text that `load` found beside the weights.

    Raises
    ------
    TypeError
        An option is unknown (the nearest name is suggested) or of the wrong type, or the corpus is
        missing.
    ValueError
        An option is out of its range; the corpus has no words; `init` has vectors of another size,
        none of the words, or values that are not finite.
    KeyError
        A `frozen` word is not in the vocabulary.
    OSError
        The corpus or `init` cannot be read.
    MemoryError
        The system has less memory than the run takes; nothing has been trained.

    Warns
    -----
    RuntimeWarning
        The vocabulary is a single word: there is nothing to learn.

    Examples
    --------
    >>> model = Word2Vec([["the", "cat", "sat"], ["the", "dog", "sat"]] * 50, vector_size=8, seed=3)
    >>> model.train().wv.index_to_key
    ['the', 'sat', 'cat', 'dog']
    """

    _corpus: Corpus | None = None
    _trainer: Trainer | None = None
    _wv: KeyedVectors | None = None
    _runs = 0

    def __init__(
        self,
        corpus: Corpus | CorpusSource | None = None,
        config: TrainConfig | None = None,
        *,
        column: Column | None = None,
        tokenizer: TokenizerChoice = None,
        vocabulary: Vocabulary | Mapping[str, int] | None = None,
        memory_budget: int | None = None,
        init: KeyedVectors | str | os.PathLike[str] | None = None,
        grow: bool = False,
        frozen: Collection[str] = (),
        **options: Unpack[TrainOptions],
    ) -> None:
        if grow and (init is None or vocabulary is not None):
            raise TypeError(
                "grow needs init and takes no vocabulary: it adds the words of the corpus to those "
                "of init"
            )
        self.config = _as_config(config, options)
        words = as_vocabulary(vocabulary)
        if corpus is None and words is None:
            raise TypeError(
                "the corpus is missing: Word2Vec(corpus, ...) reads it at once, and train() trains "
                "on it"
            )
        choose_isa(self.config.isa)  # an error now, not after the corpus is read
        initial_vectors = load_initial_vectors(init, self.config)
        if corpus is None:
            _check_unread(corpus, column, tokenizer)
        else:
            corpus = read_corpus(
                corpus,
                self.config,
                column=column,
                tokenizer=tokenizer,
                vocabulary=words,
                memory_budget=memory_budget,
                grow=grow,
            )
            if grow and initial_vectors is not None:
                corpus = _grown(corpus, initial_vectors, self.config)
            words = corpus.vocabulary
        assert words is not None
        self.vocabulary = words
        self._warn_if_one_word()
        in_memory = corpus.tokens_in_memory if corpus is not None else 0
        self.memory = MemoryEstimate(len(words), in_memory, self.config)
        self.memory.check()
        self.weights = initial_weights(len(words), self.config.vector_size, self.config.seed)
        self.metadata: dict[str, Any] = {}
        self._memory_budget = memory_budget
        self._freeze(frozen)
        if corpus is not None:
            self._start(corpus)
        self._starts_at_random = initial_vectors is None
        if initial_vectors is not None:
            self._copy_initial_rows(initial_vectors)

    def _start(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._trainer = Trainer(corpus.ids, self.vocabulary, self.config, self.weights)
        self._runs += 1

    def _freeze(self, words: Collection[str]) -> None:
        if isinstance(words, str):
            raise TypeError(f"frozen must be a collection of words, got the str {words!r:.60}")
        self.weights.frozen = None
        if len(words):
            self.weights.frozen = np.zeros(len(self.vocabulary), np.uint8)
            self.weights.frozen[[self.vocabulary.index[word] for word in words]] = 1

    def _warn_if_one_word(self) -> None:
        words = self.vocabulary.words
        if len(words) == 1:
            warnings.warn(
                f"the vocabulary is one word, {words[0]!r}: there is nothing to learn",
                RuntimeWarning,
                stacklevel=3,
            )

    def _copy_initial_rows(self, kv: KeyedVectors) -> None:
        """Start the words that `kv` has from its vectors."""
        pairs = [
            (row, kv.key_to_index[word])
            for row, word in enumerate(self.vocabulary.words)
            if word in kv.key_to_index
        ]
        if not pairs:
            raise ValueError(
                f"init has none of the {len(self.vocabulary):,} words of the vocabulary"
            )
        rows, initial_rows = np.array(pairs, np.int64).T
        copy_rows(self.weights.vectors, rows, kv.vectors, initial_rows)
        rows_are_words = _rows_are_words(self.config) and _rows_are_words(_config_of(kv))
        if kv.output_vectors is not None and rows_are_words:
            copy_rows(self.weights.output_vectors, rows, kv.output_vectors, initial_rows)

    @property
    def corpus(self) -> Corpus:
        """The text as ids, and its vocabulary; TypeError before it is given."""
        if self._corpus is None:
            raise TypeError("the corpus is missing: train(corpus=...) trains on it")
        return self._corpus

    @property
    def trainer(self) -> Trainer:
        """The run: its jobs and where it stands; TypeError before there is a corpus."""
        if self._trainer is None:
            raise TypeError("the corpus is missing: train(corpus=...) trains on it")
        return self._trainer

    def train(
        self,
        progress: str | Report = "quiet",
        *,
        corpus: Corpus | CorpusSource | None = None,
        column: Column | None = None,
        tokenizer: TokenizerChoice = None,
        frozen: Collection[str] | None = None,
        on_epoch: OnEpoch | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_minutes: float = CHECKPOINT_MINUTES,
        **options: Unpack[TrainOptions],
    ) -> Word2Vec:
        """Train the rest of the run.

        With a `corpus`, `frozen` or `options` another run begins, from the vectors as they are:
        more epochs, another text, another learning rate. Its random draws are new ones.

        Ctrl-C stops within a second: KeyboardInterrupt is raised when every thread has ended, the
        vectors keep what was trained, and another call continues the run.

        Parameters
        ----------
        progress
            "bar", "json" or "quiet" (all on stderr), or a function that is called with `Progress`
            reports: a few times a second, and at the end of each epoch (`epoch_done`), before the
            next begins. All workers wait for it there, at most for one job of 50,000 words each.
        corpus
            Text of another run; words that the model does not have are left out.
        column, tokenizer
            Where its text is and what cuts it into words, as for `Corpus.from_source`.
        frozen
            Words whose vectors another run leaves as they are; the empty list frees all.
        on_epoch
            Function that is called with the model and its `Progress` at the end of each epoch,
            before the next begins. The run stops if it returns True; a later call continues it.
        checkpoint
            Folder for checkpoints, written every `checkpoint_minutes`, at a stop or Ctrl-C, and at
            the end. The newest two are kept. `resume` continues from them, in another process too.
        checkpoint_minutes
            Minutes between checkpoints.
        **options
            Hyper-parameters of another run: epochs, alpha, window, ... but not vector_size.

        Returns
        -------
        Word2Vec
            This model.

        Raises
        ------
        DivergenceError
            The loss or a weight is not finite; the message names the learning rate. The last
            checkpoint is kept.
        TypeError
            An option is unknown, or no corpus was given yet.
        ValueError
            An option is out of its range, or cannot change after the first run.
        RuntimeError
            Another thread trains this model.
        FileExistsError
            The folder has checkpoints of another run.
        OSError
            Checkpoints cannot be written there; nothing has been trained.

        Warns
        -----
        RuntimeWarning
            Nothing was learned, since no sentence has two words; or all epochs are trained already.
        """
        report = as_report(progress)
        if on_epoch is not None:
            report = self._with_epochs(report, on_epoch)
        if self._wv is not None and not np.may_share_memory(self._wv.vectors, self.weights.vectors):
            raise ValueError(
                "model.wv has vectors of its own (add_vector, ...), which training would not "
                "change; start a new run from them: Word2Vec(corpus, init=model.wv, grow=True)"
            )
        if corpus is None:
            _check_unread(corpus, column, tokenizer)
        if corpus is not None or frozen is not None or options:
            self._begin(corpus, frozen, options, column, tokenizer)
        self.trainer.train(report, checkpoint, checkpoint_minutes)
        return self

    def _begin(
        self,
        corpus: Corpus | CorpusSource | None,
        frozen: Collection[str] | None,
        options: Mapping[str, Any],
        column: Column | None,
        tokenizer: TokenizerChoice,
    ) -> None:
        """Begin another run, from the weights as they are."""
        config = TrainConfig.from_options({**dataclasses.asdict(self.config), **options})
        if config.vector_size != self.config.vector_size or (
            OUTPUT_ROWS[config.objective] != OUTPUT_ROWS[self.config.objective]
        ):
            raise ValueError(
                "vector_size, and whether output rows are words or tree nodes, are fixed with the "
                "first run; start a new model from these vectors: Word2Vec(corpus, init=model.wv)"
            )
        corpus = read_corpus(
            self.corpus if corpus is None else corpus,
            config,
            column=column,
            tokenizer=tokenizer,
            vocabulary=self.vocabulary,
            memory_budget=self._memory_budget,
        )
        if frozen is not None:
            self._freeze(frozen)
        if self._runs and "seed" not in options:
            config = dataclasses.replace(config, seed=(self.config.seed + 1) % 2**64)
        self.config = config
        if self._wv is not None:
            self._wv.metadata.update(config.as_metadata())
        self._start(corpus)

    def _with_epochs(self, report: Report | None, on_epoch: OnEpoch) -> Report:
        def tell(progress: Progress) -> None:
            if report is not None:
                report(progress)
            if progress.epoch_done and on_epoch(self, progress):
                self.stop()

        return tell

    def resume(self, checkpoint: str | os.PathLike[str]) -> bool:
        """Continue from the newest whole checkpoint in a folder; `train` then trains the rest.

        Parameters
        ----------
        checkpoint
            The folder that was given to `train`.

        Returns
        -------
        bool
            Whether the folder has a checkpoint.

        Raises
        ------
        CheckpointError
            It belongs to a run on another corpus or with another configuration (the message says
            what differs; workers and isa may), or every checkpoint there is damaged.
        OSError
            The folder cannot be read, or another run uses it.
        """
        return self.trainer.resume(checkpoint)

    def stop(self) -> None:
        """Let `train` return within a second; any thread or signal handler may call this."""
        self.trainer.stop()

    @property
    def done(self) -> bool:
        """Whether the run has reached its end."""
        return self._trainer is not None and self._trainer.done

    @property
    def losses(self) -> list[EpochLoss]:
        """The loss of each epoch of the run."""
        return self._trainer.losses if self._trainer is not None else []

    @property
    def wv(self) -> KeyedVectors:
        """The word vectors: one object for the life of the model, which training changes.

        Warns
        -----
        RuntimeWarning
            Nothing is trained yet: they are random numbers.
        """
        if self._starts_at_random and not (self._trainer and self._trainer.next_job):
            self._starts_at_random = False  # said once
            warnings.warn(
                "these vectors are random numbers: nothing is trained yet; call train() first",
                RuntimeWarning,
                stacklevel=2,
            )
        if self._wv is None:
            self._wv = KeyedVectors(
                self.vocabulary.words,
                self.weights.vectors,
                counts=self.vocabulary.counts,
                output_vectors=self.weights.output_vectors,
                metadata=self.config.as_metadata(),
            )
        return self._wv

    def predict(self, contexts: Iterable[str], topn: int | None = 10) -> list[tuple[str, float]]:
        """The most probable centers of a window with these contexts (see `predict_center`).

        Parameters
        ----------
        contexts
            Words; unknown ones are left out.
        topn
            How many; None for all words.

        Returns
        -------
        list of (str, float)
            Words and probabilities, the highest first; empty if no context is known.

        Raises
        ------
        ValueError
            Output vectors belong to tree nodes (hierarchical softmax).
        """
        return predict_center(self.wv, contexts, topn)

    def save(self, path: str | os.PathLike[str], metadata: Mapping[str, Any] | None = None) -> None:
        """Write the model in the native format, a folder: words, counts, weights, hyper-parameters.

        The run is not kept, neither its corpus nor where it stands: `train(checkpoint=...)` does.

        Parameters
        ----------
        path
            The folder, made or written anew as a whole.
        metadata
            More text to keep with it.

        Raises
        ------
        OSError
            It cannot be written, or something else is there.
        """
        KeyedVectors(
            self.vocabulary.words,
            self.weights.vectors,
            self.vocabulary.counts,
            output_vectors=self.weights.output_vectors,
            metadata={**(metadata or {}), **self.config.as_metadata()},
        ).save(path, format="safetensors")

    @classmethod
    def load(cls, path: str | os.PathLike[str], **options: Unpack[TrainOptions]) -> Word2Vec:
        """Read a model that `save` wrote; `train(corpus=...)` goes on with it.

        Parameters
        ----------
        path
            The folder.
        **options
            Hyper-parameters to change: epochs, alpha, workers, ...

        Returns
        -------
        Word2Vec
            A model without a corpus.

        Raises
        ------
        ValueError
            There are vectors only, without counts, output vectors or hyper-parameters.
        OSError
            It cannot be read.
        """
        kv = KeyedVectors.load(path)
        if kv.counts is None or kv.output_vectors is None or "train_config" not in kv.metadata:
            raise ValueError(
                f"{os.fspath(path)} holds vectors only, not a model; w2v_fast.load(path) reads "
                "them, and Word2Vec(corpus, init=path) starts from them"
            )
        config = dataclasses.asdict(TrainConfig.from_metadata(kv.metadata))
        model = cls(
            config=TrainConfig.from_options({**config, **options}),
            vocabulary=Vocabulary(kv.index_to_key, kv.counts),
            init=kv,
        )
        model.weights.output_vectors[...] = kv.output_vectors
        model.metadata = kv.metadata
        return model

    def _repr_html_(self) -> str:
        config, run = self.config, self._trainer
        losses = [loss.mean for loss in self.losses if loss.pairs]
        facts = {
            "architecture": config.architecture,
            "objective": config.objective,
            "dimensions": config.vector_size,
            "window": config.window,
            "words": len(self.vocabulary),
            "tokens": None if self._corpus is None else len(self._corpus),
            "epochs": f"{run.next_job // run.jobs.per_epoch if run else 0} of {config.epochs}",
            "loss": f"{losses[-1]:.4f} nats a pair" if losses else None,
        }
        return html_table("Word2Vec", facts)

    # -- what users of gensim look for here --------------------------------------------------------

    def __getattr__(self, name: str) -> NoReturn:
        if name in ELSEWHERE:
            raise AttributeError(f"Word2Vec has no {name}: {ELSEWHERE[name]}")
        if hasattr(KeyedVectors, name) and not name.startswith("_"):
            raise AttributeError(f"Word2Vec has no {name}, its vectors have: model.wv.{name}")
        raise AttributeError(f"Word2Vec has no attribute {name!r}")

    def __getitem__(self, word: object) -> NoReturn:
        raise TypeError(
            "Word2Vec is not a table of vectors, model.wv is: write model.wv[word], or word in "
            "model.wv"
        )

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "Word2Vec cannot be copied or pickled: it holds a run. model.wv.save(path) keeps the "
            "vectors; train(checkpoint=folder) and resume(folder) go on with the run elsewhere"
        )


ELSEWHERE = {
    "build_vocab": "Word2Vec(corpus) has counted it; init=model.wv, grow=True adds words",
    "build_vocab_from_freq": "Word2Vec(corpus, vocabulary={word: count})",
    "get_latest_training_loss": "model.losses[-1].mean is the last epoch's loss, in nats per pair",
    "running_training_loss": "model.losses[-1].mean is the last epoch's loss, in nats per pair",
    "epochs": "model.config.epochs",
    "vector_size": "model.config.vector_size",
    "corpus_total_words": "model.corpus.raw_tokens",
    "corpus_count": "sum(1 for _ in model.corpus.sentences())",
    "syn1neg": "model.wv.output_vectors",
    "syn1": "model.wv.output_vectors",
    "predict_output_word": "model.predict(contexts)",
    "score": "w2v_fast.evaluate_loss(model, sentences)",
    "init_sims": "leave it out: it is not needed",
}
"""What users of gensim look for, and where it is."""


def load(path: str | os.PathLike[str], **options: Any) -> KeyedVectors:
    """Load vectors from a file of any known format, recognized by its content.

    Parameters
    ----------
    path
        A file, compressed or not, a folder of the native format, or `-` for standard input.
    **options
        What the format can do when it reads: format, limit, mmap, on_duplicate, on_truncated, ...
        (see `w2v_fast.vectors.formats.load`).

    Returns
    -------
    KeyedVectors
        The words and vectors, and what the file has beside them: counts, output vectors, metadata.

    Raises
    ------
    OSError
        The file cannot be read.
    ValueError
        The file is of no known format, or damaged; the message says where.
    TypeError
        The format has no such option.

    Examples
    --------
    >>> kv = load("GoogleNews-vectors-negative300.bin.gz", limit=100_000)  # doctest: +SKIP
    """
    return KeyedVectors.load(path, **options)


def load_initial_vectors(
    init: KeyedVectors | str | os.PathLike[str] | None, config: TrainConfig
) -> KeyedVectors | None:
    """The vectors that a run starts from.

    Raises
    ------
    TypeError, ValueError
        They are of another type or size than the run can start from, or their file is damaged.
    OSError
        Their file cannot be read.
    """
    kv = KeyedVectors.load(init) if isinstance(init, (str, os.PathLike)) else init
    if kv is not None and not isinstance(kv, KeyedVectors):
        raise TypeError(
            f"init is of type {type(kv).__name__}; expected KeyedVectors or the path of a file"
        )
    if kv is not None and kv.vector_size != config.vector_size:
        raise ValueError(
            f"init has vectors of {kv.vector_size} dimensions, vector_size is {config.vector_size}"
        )
    return kv


def read_corpus(
    source: Corpus | CorpusSource,
    config: TrainConfig,
    *,
    column: Column | None = None,
    tokenizer: TokenizerChoice = None,
    vocabulary: Vocabulary | None = None,
    memory_budget: int | None = None,
    grow: bool = False,
    progress: Callable[[int, int | None], object] | None = None,
) -> Corpus:
    """Read the corpus of a run (see `Corpus.from_source`), or give one its ids under `vocabulary`.

    With `grow` every word is kept: one that is rare here may be in the vectors that grow.
    """
    if isinstance(source, Corpus):
        _check_unread(source, column, tokenizer)
        if vocabulary is None or vocabulary == source.vocabulary:
            return source
        return source.under_vocabulary(vocabulary)
    try:
        return Corpus.from_source(
            source,
            column=column,
            tokenizer=tokenizer,
            min_count=1 if grow else config.min_count,
            max_vocab=None if grow else config.max_vocab,
            vocabulary=vocabulary,
            workers=config.workers,
            memory_budget=memory_budget,
            progress=progress,
        )
    except MemoryError as error:
        raise MemoryError(
            f"there is not enough memory to read the corpus ({error or 'none is left'}); lower "
            "memory_budget to hold fewer ids, or workers"
        ) from error


def _check_unread(corpus: Corpus | None, column: Column | None, tokenizer: TokenizerChoice) -> None:
    """Refuse options of reading where nothing is read."""
    if column is not None or tokenizer is not None:
        what = "there is no corpus to read" if corpus is None else "a Corpus has been read already"
        raise TypeError(f"column and tokenizer say how a corpus is read: {what}")


def _grown(corpus: Corpus, kv: KeyedVectors, config: TrainConfig) -> Corpus:
    """Use the words of `kv` in their rows, then new words that are frequent; add their counts."""
    counts = [0] * len(kv) if kv.counts is None else kv.counts.tolist()
    found, added = corpus.vocabulary, []
    for word, count in zip(found.words, found.counts.tolist(), strict=True):
        row = kv.key_to_index.get(word)
        if row is not None:
            counts[row] += count
        elif count >= config.min_count:
            added.append((word, count))
    if config.max_vocab is not None:
        added = added[: max(0, config.max_vocab - len(kv))]
    words = [*kv.index_to_key, *(word for word, _ in added)]
    counts += [count for _, count in added]
    return corpus.under_vocabulary(Vocabulary(words, np.array(counts, np.int64)))


def _as_config(config: TrainConfig | None, options: Mapping[str, Any]) -> TrainConfig:
    if config is not None and options:
        raise TypeError(f"give either a config or options, not both: {', '.join(options)}")
    if config is not None and not isinstance(config, TrainConfig):
        raise TypeError(
            f"config = {config!r} must be a TrainConfig; hyper-parameters go by name: "
            "vector_size=100"
        )
    return config or TrainConfig.from_options(options)


def as_report(progress: Any) -> Report | None:
    """The function to call with progress reports; None for none."""
    if isinstance(progress, str):
        return reporter(progress)
    if progress is not None and not callable(progress):
        raise TypeError(
            f"progress is of type {type(progress).__name__}; expected 'bar', 'json', 'quiet' or a "
            "function (a corpus is given to Word2Vec(corpus, ...), not to train())"
        )
    report: Report | None = progress
    return report


def as_vocabulary(vocabulary: Any) -> Vocabulary | None:
    """A dict of counts as a Vocabulary: the most frequent word first, ties in the dict's order."""
    if vocabulary is None or isinstance(vocabulary, Vocabulary):
        return vocabulary
    if not isinstance(vocabulary, Mapping):
        raise TypeError(
            f"vocabulary is of type {type(vocabulary).__name__}; expected {{word: count}} or a "
            "Vocabulary (Vocabulary.load(path) reads one); min_count and max_vocab limit the words "
            "of the corpus"
        )
    words = sorted(vocabulary, key=vocabulary.__getitem__, reverse=True)
    return Vocabulary(words, [vocabulary[word] for word in words])


def _rows_are_words(config: TrainConfig | None) -> bool:
    """Whether output rows belong to words, not to the nodes of one run's tree."""
    return config is not None and OUTPUT_ROWS[config.objective] == "words"


def _config_of(vectors: KeyedVectors) -> TrainConfig | None:
    """The hyper-parameters that vectors were trained with, if their metadata has them."""
    try:
        return TrainConfig.from_metadata(vectors.metadata)
    except (TypeError, ValueError):
        return None
