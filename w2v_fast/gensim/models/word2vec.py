"""Word2Vec with gensim 4's constructor, defaults and methods, over w2v_fast.Word2Vec."""

from __future__ import annotations

import dataclasses
import itertools
import json
import logging
import os
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

import w2v_fast
from w2v_fast.config import OUTPUT_ROWS
from w2v_fast.corpus.sentences import STR_ITERATORS
from w2v_fast.gensim import utils
from w2v_fast.gensim.models.keyedvectors import INTEGER_KEYS, KeyedVectors
from w2v_fast.gensim.models.line_sentences import (
    MAX_WORDS_IN_BATCH,
    LineSentence,
    PathLineSentences,
    Text8Corpus,
    source_of,
)
from w2v_fast.gensim.refusals import refuse_pickle
from w2v_fast.loss import sentence_losses
from w2v_fast.vectors.prediction import predict_center

__all__ = ["LineSentence", "PathLineSentences", "Text8Corpus", "Word2Vec"]

logger = logging.getLogger(__name__)

SG = ("cbow", "skipgram")
"""The architectures of sg=0 and sg=1."""
OUTPUTS = {"syn1neg": "syn1", "syn1": "syn1neg"}
"""Output vectors of words and of tree nodes: a model has one of them."""
TrimRule = Callable[[str, int, int], int]
NOT_OFFERED = {
    "size": "write vector_size",
    "iter": "write epochs",
    "docvecs": "documents have no vectors here; Doc2Vec is gensim's",
    "dv": "documents have no vectors here; Doc2Vec is gensim's",
    "infer_vector": "documents have no vectors here; Doc2Vec is gensim's",
    "cum_table": "noise words are drawn from an alias table, which is no attribute of a model",
    "raw_vocab": "counts of words left out are not kept; model.wv.get_vecattr(word, 'count')",
    "scan_vocab": "build_vocab counts and chooses the words at once",
    "prepare_vocab": "build_vocab counts and chooses the words at once",
    "prepare_weights": "build_vocab makes the weights; init_weights() makes them anew",
    "update_weights": "build_vocab(update=True) adds rows for new words",
    "add_null_word": "contexts are never padded",
    "estimate_memory": "a run that takes more memory than there is says so before it starts",
    "lifecycle_events": "what happens to a model is not recorded",
    "add_lifecycle_event": "what happens to a model is not recorded",
    "vocabulary": "a name of older gensim versions; use model.wv",
    "trainables": "a name of older gensim versions; use model.syn1neg or model.syn1",
}
"""What a model of gensim has and one of ours does not, and why or what to use."""


@dataclasses.dataclass(eq=False, repr=False)
class Word2Vec:
    """A word2vec model.

    With a corpus, the constructor trains.

    Parameters
    ----------
    sentences
        Lists of tokens, or a `LineSentence`.
    corpus_file
        The path of a text, a sentence a line; instead of `sentences`.
    vector_size, alpha, window, min_count, sample, seed, min_alpha, negative, ns_exponent, epochs, \
shrink_windows
        As in `w2v_fast.TrainConfig`.
    workers
        Threads, at most one for `batch_words` words of the corpus: small ones then give the same
        result each time.
    sg
        1 is skip-gram, 0 CBOW.
    hs
        1 is hierarchical softmax; `negative` has no effect then.
    cbow_mean
        1: CBOW takes the mean of the contexts; 0: their sum.
    max_final_vocab
        Raise min_count until at most so many words are left.
    trim_rule
        A function of a word, its count and min_count: RULE_DISCARD, RULE_KEEP or RULE_DEFAULT.
    compute_loss
        Add up the mean loss of each epoch, in nats a pair, for `get_latest_training_loss`.
    callbacks
        Objects with the methods of `CallbackAny2Vec`.
    max_vocab_size, hashfxn, null_word, sorted_vocab, comment
        No effect: counting is exact, contexts are not padded, words are sorted by their counts.

    Attributes
    ----------
    wv : KeyedVectors
        The vectors; training changes them in place.
    syn1neg, syn1 : np.ndarray
        [V, d] output vectors of words (negative sampling), or of tree nodes (hierarchical softmax).
    corpus_count, corpus_total_words : int
        Sentences and words of the text that the vocabulary was counted in; of a file, the
        sentences that have a word of the vocabulary.
    """

    sentences: dataclasses.InitVar[Iterable[Any] | None] = None
    corpus_file: dataclasses.InitVar[str | os.PathLike[str] | None] = None
    vector_size: int = 100
    alpha: float = 0.025
    window: int = 5
    min_count: int = 5
    max_vocab_size: int | None = None
    sample: float = 1e-3
    seed: int = 1
    workers: int = 3
    min_alpha: float = 0.0001
    sg: int = 0
    hs: int = 0
    negative: int = 5
    ns_exponent: float = 0.75
    cbow_mean: int = 1
    hashfxn: Any = hash
    epochs: int = 5
    null_word: int = 0
    trim_rule: TrimRule | None = None
    sorted_vocab: int = 1
    batch_words: int = MAX_WORDS_IN_BATCH
    compute_loss: bool = False
    callbacks: dataclasses.InitVar[Sequence[Any]] = ()
    comment: str | None = None
    max_final_vocab: int | None = None
    shrink_windows: bool = True

    def __new__(cls, *_: Any, **options: Any) -> Word2Vec:
        """Refuse options that are not offered, each with its reason."""
        for name in options:
            if name in NOT_OFFERED:
                raise TypeError(f"unknown option {name!r}; {NOT_OFFERED[name]}")
        return super().__new__(cls)

    def __post_init__(
        self,
        sentences: Iterable[Any] | None,
        corpus_file: str | os.PathLike[str] | None,
        callbacks: Sequence[Any],
    ) -> None:
        self.wv = KeyedVectors(self.vector_size)
        self.corpus_count = self.corpus_total_words = 0
        self.effective_min_count = self.min_count
        self.running_training_loss = self.total_train_time = 0.0
        self.min_alpha_yet_reached = self.alpha
        self._core: w2v_fast.Word2Vec | None = None
        self.load = _only_on_the_class  # type: ignore[method-assign]
        self._warn_of_options()
        self._config()  # an error now, not after the corpus is read
        if sentences is not None or corpus_file is not None:
            corpus = self._count(sentences, corpus_file, self.trim_rule)
            self._train(
                corpus, self.epochs, self.alpha, self.min_alpha, self.compute_loss, callbacks
            )

    def _warn_of_options(self) -> None:
        if not self.hs and not self.negative:
            raise ValueError("hs=0 and negative=0 leave nothing to train; choose one of them")
        if self.hs and self.negative:
            warnings.warn(
                f"one run has one objective: hs=1 is trained, negative={self.negative} has no "
                "effect; write negative=0",
                RuntimeWarning,
                stacklevel=4,
            )
        if self.max_vocab_size is not None:
            warnings.warn(
                "max_vocab_size has no effect: counting is exact, and nothing is pruned; "
                "max_final_vocab limits the vocabulary",
                RuntimeWarning,
                stacklevel=4,
            )

    def _config(self, **changes: Any) -> w2v_fast.TrainConfig:
        """The hyper-parameters as they are now."""
        options = {
            "vector_size": self.vector_size,
            "window": self.window,
            "shrink_windows": bool(self.shrink_windows),
            "min_count": max(1, self.min_count),
            "sample": self.sample,
            "architecture": SG[bool(self.sg)],
            "objective": "hs" if self.hs else "ns",
            "cbow_sum": not self.cbow_mean,
            "negative": self.negative or 1,
            "ns_exponent": self.ns_exponent,
            "epochs": self.epochs,
            "alpha": self.alpha,
            "min_alpha": min(self.min_alpha, self.alpha),
            "seed": self.seed,
            "workers": self.workers,
        }
        return w2v_fast.TrainConfig(**{**options, **changes})

    # -- the corpus and its vocabulary -------------------------------------------------------------

    def build_vocab(
        self,
        corpus_iterable: Iterable[Any] | None = None,
        corpus_file: str | os.PathLike[str] | None = None,
        update: bool = False,
        progress_per: int = 10_000,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule | None = None,
        **_: Any,
    ) -> None:
        """Count a text and make the weights; with `update`, add its new words to the model's.

        Parameters
        ----------
        corpus_iterable, corpus_file
            As in the constructor.
        update
            Keep all words, in their rows, with their vectors; counts are added up.
        trim_rule
            As in the constructor; default: the one given there.
        progress_per, keep_raw_vocab
            No effect.

        Raises
        ------
        TypeError
            Neither or both of the corpora are given, or a sentence is no list of tokens.
        ValueError
            The text is empty, or none of its words is kept.
        """
        self._count(corpus_iterable, corpus_file, trim_rule or self.trim_rule, update)

    def build_vocab_from_freq(
        self,
        word_freq: Mapping[str, int],
        keep_raw_vocab: bool = False,
        corpus_count: int | None = None,
        trim_rule: TrimRule | None = None,
        update: bool = False,
    ) -> None:
        """Make the weights for words whose counts are known.

        Parameters
        ----------
        word_freq
            The count of each word.
        corpus_count
            Sentences of the text, for the attribute `corpus_count`.
        trim_rule, update, keep_raw_vocab
            As in `build_vocab`.

        Raises
        ------
        ValueError
            No word is kept.
        """
        words = sorted(word_freq, key=word_freq.__getitem__, reverse=True)
        counts = np.array([word_freq[word] for word in words], np.int64)
        self.corpus_count, self.corpus_total_words = corpus_count or 0, int(counts.sum())
        if words and isinstance(words[0], (int, np.integer)):
            self.wv.metadata[INTEGER_KEYS] = "yes"
        self._choose(w2v_fast.Vocabulary(words, counts), trim_rule or self.trim_rule, update)

    def _count(
        self,
        sentences: Iterable[Any] | None,
        corpus_file: str | os.PathLike[str] | None,
        trim_rule: TrimRule | None,
        update: bool = False,
    ) -> w2v_fast.Corpus:
        """Read a text, choose its words, and return it with their ids."""
        source, has_integers = _source(sentences, corpus_file)
        counted = _Counted(source)
        by_count = trim_rule is None and self.max_final_vocab is None and not update
        corpus = w2v_fast.Corpus.from_source(
            counted.source,
            min_count=max(1, self.min_count) if by_count else 1,
            workers=self.workers,
        )
        self.corpus_count = counted.sentences or int(np.count_nonzero(corpus.ids < 0))
        self.corpus_total_words = corpus.raw_tokens
        if has_integers:
            self.wv.metadata[INTEGER_KEYS] = "yes"
        if by_count:
            self.effective_min_count = self.min_count
            self._make(corpus.vocabulary)
        else:
            self._choose(corpus.vocabulary, trim_rule, update)
        return corpus

    def _choose(
        self, counted: w2v_fast.Vocabulary, trim_rule: TrimRule | None, update: bool
    ) -> None:
        """Make the weights for the counted words that stay."""
        self.effective_min_count = min_count = self._min_count(counted.counts)
        pairs = zip(counted.words, counted.counts.tolist(), strict=True)
        kept = {word: count for word, count in pairs if _stays(word, count, min_count, trim_rule)}
        init = self.wv if update and len(self.wv) else None
        if init is not None:
            known = dict(zip(init.index_to_key, self._counts().tolist(), strict=True))
            kept = {
                **{word: count + kept.get(word, 0) for word, count in known.items()},
                **{word: count for word, count in kept.items() if word not in known},
            }
        if not kept:
            raise ValueError(
                f"the vocabulary is empty: no word of the text occurs {min_count} times, or stays "
                "by trim_rule"
            )
        self._make(w2v_fast.Vocabulary(list(kept), list(kept.values())), init)

    def _min_count(self, counts: np.ndarray) -> int:
        """The count that words need, raised until at most max_final_vocab of them are left."""
        limit = self.max_final_vocab
        if limit is None or limit >= len(counts):
            return self.min_count
        return max(self.min_count, int(np.sort(counts)[::-1][limit]) + 1)

    def _counts(self) -> np.ndarray:
        counts = self.wv.counts
        return np.zeros(len(self.wv), np.int64) if counts is None else counts

    def _make(self, vocabulary: w2v_fast.Vocabulary, init: KeyedVectors | None = None) -> None:
        """New weights for these words, with the vectors of `init`; `wv` becomes their view."""
        if init is not None:
            init.metadata = {**self._config().as_metadata(), **init.metadata}
        locks = np.ones(len(vocabulary), np.float32)
        if init is not None:
            locks[: len(init)] = init.vectors_lockf
        with warnings.catch_warnings():  # a vocabulary of one word is no news here
            warnings.simplefilter("ignore", RuntimeWarning)
            self._core = w2v_fast.Word2Vec(config=self._config(), vocabulary=vocabulary, init=init)
        self._view()
        self.wv.vectors_lockf = locks if not locks.all() else np.ones(1, np.float32)

    def _view(self) -> None:
        """Let `wv`, one object for the life of a model, show the weights."""
        core = self._core
        assert core is not None
        vars(self.wv).pop("key_to_index", None)
        metadata = {
            key: self.wv.metadata[key] for key in (INTEGER_KEYS,) if key in self.wv.metadata
        }
        w2v_fast.KeyedVectors.__init__(
            self.wv,
            core.vocabulary.words,
            core.weights.vectors,
            core.vocabulary.counts,
            output_vectors=core.weights.output_vectors,
            metadata={**metadata, **core.config.as_metadata()},
        )

    def _model(self) -> w2v_fast.Word2Vec:
        """The model behind `wv`, made anew where somebody has put other vectors or words there."""
        if not len(self.wv):
            raise RuntimeError(
                "there is no vocabulary yet: call build_vocab(sentences), or give sentences to the "
                "constructor"
            )
        core = self._core
        if (
            core is None
            or self.wv.index_to_key != core.vocabulary.words
            or not np.may_share_memory(self.wv.vectors, core.weights.vectors)
        ):
            self._make(w2v_fast.Vocabulary(self.wv.index_to_key, self._counts()), self.wv)
            core = self._core
        assert core is not None
        return core

    # -- training ----------------------------------------------------------------------------------

    def train(
        self,
        corpus_iterable: Iterable[Any] | None = None,
        corpus_file: str | os.PathLike[str] | None = None,
        total_examples: int | None = None,
        total_words: int | None = None,
        epochs: int | None = None,
        start_alpha: float | None = None,
        end_alpha: float | None = None,
        word_count: int = 0,
        queue_factor: int = 2,
        report_delay: float = 1.0,
        compute_loss: bool | None = None,
        callbacks: Sequence[Any] = (),
        **_: Any,
    ) -> tuple[int, int]:
        """Train for some epochs, from the vectors as they are.

        Parameters
        ----------
        corpus_iterable, corpus_file
            The text; words that the model does not have are left out.
        total_examples, total_words
            One of them must be given, as in gensim; the learning rate follows the words read.
        epochs
            Passes over the text.
        start_alpha, end_alpha
            Learning rates at the start and the end; default: those of the model.
        word_count, queue_factor, report_delay
            No effect.
        compute_loss, callbacks
            As in the constructor.

        Returns
        -------
        tuple of int
            Words trained, after subsampling, and words read, in all epochs.

        Raises
        ------
        ValueError
            No epochs or size of the text is given; the text has none of the words; `vectors_lockf`
            is neither 0 nor 1, or has another length.
        RuntimeError
            There is no vocabulary yet.
        """
        if epochs is None or epochs < 1:
            raise ValueError("give the passes over the text: train(..., epochs=model.epochs)")
        if total_examples is None and total_words is None:
            raise ValueError(
                "give the size of the text: train(..., total_examples=model.corpus_count, ...)"
            )
        core = self._model()
        source, _integers = _source(corpus_iterable, corpus_file)
        corpus = w2v_fast.Corpus.from_source(
            source, vocabulary=core.vocabulary, workers=self.workers
        )
        self.epochs = epochs
        start = self.alpha if start_alpha is None else start_alpha
        end = self.min_alpha if end_alpha is None else end_alpha
        wanted = self.compute_loss if compute_loss is None else compute_loss
        return self._train(corpus, epochs, start, end, wanted, callbacks)

    def _train(
        self,
        corpus: w2v_fast.Corpus,
        epochs: int,
        alpha: float,
        min_alpha: float,
        compute_loss: bool,
        callbacks: Sequence[Any],
    ) -> tuple[int, int]:
        core, started = self._model(), time.monotonic()
        if alpha > self.min_alpha_yet_reached:
            logger.warning("the learning rate rises again, to %g, after an earlier training", alpha)
        batches = 1 + len(corpus) // max(1, self.batch_words)
        config = self._config(
            epochs=epochs,
            alpha=alpha,
            min_alpha=min(min_alpha, alpha),
            workers=self.workers and min(self.workers, batches),
        )
        options = dataclasses.asdict(config)
        del options["seed"]  # each run draws anew
        tells = _Callbacks(self, callbacks, epochs)
        if compute_loss:
            self.running_training_loss = 0.0
        tells.begin()
        core.train(
            corpus=corpus,
            frozen=self._frozen(),
            on_epoch=tells.epoch if callbacks or compute_loss else None,
            **options,
        )
        tells.end()
        self.min_alpha_yet_reached = config.min_alpha
        self.total_train_time += time.monotonic() - started
        return core.trainer.kept_tokens, corpus.raw_tokens * epochs

    def _frozen(self) -> list[str]:
        """The words that vectors_lockf keeps as they are."""
        locks = np.asarray(self.wv.vectors_lockf)
        if locks.shape not in ((1,), (len(self.wv),)):
            raise ValueError(
                f"wv.vectors_lockf has the shape {locks.shape}; expected ({len(self.wv)},), "
                "a factor a word"
            )
        if not np.isin(locks, (0, 1)).all():
            raise ValueError(
                "wv.vectors_lockf must be 0 (the vector stays) or 1 (it is trained); a part of an "
                "update is not offered"
            )
        if locks.all():
            return []
        rows = np.flatnonzero(np.broadcast_to(locks, len(self.wv)) == 0)
        return [self.wv.index_to_key[row] for row in rows.tolist()]

    def get_latest_training_loss(self) -> float:
        """The sum over the epochs so far of the mean loss, in nats a pair (compute_loss)."""
        return self.running_training_loss

    def reset_from(self, other_model: Word2Vec) -> None:
        """Take the vocabulary of another model, with new weights."""
        self.corpus_count = other_model.corpus_count
        self.corpus_total_words = other_model.corpus_total_words
        self._make(w2v_fast.Vocabulary(other_model.wv.index_to_key, other_model._counts()))

    def init_weights(self) -> None:
        """Set all weights to their initial values."""
        self._make(self._model().vocabulary)

    def init_sims(self, replace: bool = False) -> None:
        """See `KeyedVectors.init_sims`."""
        self.wv.init_sims(replace)

    # -- answers -----------------------------------------------------------------------------------

    @property
    def syn1neg(self) -> np.ndarray:
        """[V, d] output vectors of words."""
        return self._output("words")

    @property
    def syn1(self) -> np.ndarray:
        """[V, d] output vectors of the nodes of the Huffman tree."""
        return self._output("tree nodes")

    @property
    def layer1_size(self) -> int:
        """The dimensions of a vector."""
        return self.vector_size

    def _output(self, rows: str) -> np.ndarray:
        if OUTPUT_ROWS[self._config().objective] != rows or self.wv.output_vectors is None:
            raise AttributeError(rows)
        return self.wv.output_vectors

    def predict_output_word(
        self, context_words_list: Iterable[str | int], topn: int = 10
    ) -> list[tuple[str, float]] | None:
        """The most probable centers of these contexts, with probabilities; None if none is known.

        Parameters
        ----------
        context_words_list
            Words, or numbers of rows; unknown ones are left out.
        topn
            How many.

        Returns
        -------
        list of (str, float) or None
            Words and probabilities, the highest first.

        Raises
        ------
        RuntimeError
            The model has no output vectors of words.
        """
        try:
            return predict_center(self.wv, context_words_list, topn) or None
        except ValueError as error:
            raise RuntimeError(f"{error}; train with negative above 0 and hs=0") from None

    def score(
        self,
        sentences: Iterable[Sequence[str]],
        total_sentences: int = 1_000_000,
        chunksize: int = 100,
        queue_factor: int = 2,
        report_delay: float = 1,
    ) -> np.ndarray:
        """The log probability of each sentence, by its full windows: [sentences] float32.

        It is 0 where no pair of words is known.

        Parameters
        ----------
        sentences
            Lists of tokens; words that the model does not have are left out.
        total_sentences
            Take the first ones only, this many.
        chunksize, queue_factor, report_delay
            No effect.

        Raises
        ------
        RuntimeError
            The model is not of hierarchical softmax, whose probabilities are exact.
        """
        if not self.hs:
            raise RuntimeError(
                "score needs hierarchical softmax, hs=1 and negative=0; w2v_fast.evaluate_loss "
                "measures other models"
            )
        given = list(itertools.islice(sentences, total_sentences))
        known = [i for i, words in enumerate(given) if any(word in self.wv for word in words)]
        scores = np.zeros(len(given), np.float32)
        if known:
            texts = [given[i] for i in known]
            losses = sentence_losses(self.wv, texts, sample=0, shrink_windows=False)
            scores[known] = [-loss.nats * loss.pairs if loss.pairs else 0 for loss in losses]
        return scores

    # -- files -------------------------------------------------------------------------------------

    def save(self, fname: str | os.PathLike[str], *_: object, **__: object) -> None:
        """Write the model in the native format, a folder, whatever the suffix.

        trim_rule is not kept.

        Raises
        ------
        OSError
            It cannot be written, or something else is there.
        """
        state = {name: getattr(self, name) for name in _saved()}
        kept = {"gensim": json.dumps(state, default=float)}
        if INTEGER_KEYS in self.wv.metadata:
            kept[INTEGER_KEYS] = "yes"
        core = self._model()
        core.config = self._config()
        core.save(fname, kept)

    @classmethod
    def load(cls, fname: str | os.PathLike[str], mmap: str | None = None) -> Word2Vec:
        """Read a model that `save`, or w2v_fast.Word2Vec.save, wrote.

        Parameters
        ----------
        fname
            The folder.
        mmap
            No effect: weights to train are in memory; KeyedVectors.load(path, mmap="r") maps.

        Returns
        -------
        Word2Vec
            A model without a corpus: `train` and `build_vocab` take one.

        Raises
        ------
        ValueError
            It is a pickle (the message says how to convert it), or vectors without a model.
        """
        refuse_pickle(fname, "Word2Vec")
        core = w2v_fast.Word2Vec.load(fname)
        config, metadata = core.config, core.metadata
        state = json.loads(metadata.get("gensim", "{}")) or {
            **{
                name: value
                for name, value in dataclasses.asdict(config).items()
                if name in _saved()
            },
            "sg": SG.index(config.architecture),
            "hs": int(OUTPUT_ROWS[config.objective] != "words"),
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # they came when the model was made
            model = cls(
                **{name: value for name, value in state.items() if not name.startswith("corpus_")}
            )
        if INTEGER_KEYS in metadata:
            model.wv.metadata[INTEGER_KEYS] = "yes"
        model.corpus_count = state.get("corpus_count", 0)
        model.corpus_total_words = state.get("corpus_total_words", 0)
        model._core = core
        model._view()
        return model

    @classmethod
    def from_gensim(cls, model: Any) -> Word2Vec:
        """A model from one of gensim 4: options, words, counts and vectors; not tree nodes."""
        options = {
            name: getattr(model, name)
            for name in _saved()
            if not name.startswith("corpus_") and hasattr(model, name)
        }
        options["hs"], options["window"] = int(model.hs), int(model.window)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            ours = cls(**options)
        ours.corpus_count = int(model.corpus_count)
        ours.corpus_total_words = int(model.corpus_total_words or 0)
        ours.wv = KeyedVectors.from_gensim(model)
        ours._model()
        return ours

    # -- what gensim has elsewhere, or had ---------------------------------------------------------

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}<vocab={len(self.wv)}, vector_size={self.vector_size}, "
            f"alpha={self.alpha}>"
        )

    def __getattr__(self, name: str) -> NoReturn:
        if name in OUTPUTS:
            raise AttributeError(f"a model with hs={self.hs} has no {name}; it has {OUTPUTS[name]}")
        if name in NOT_OFFERED:
            raise AttributeError(f"Word2Vec has no {name}: {NOT_OFFERED[name]}")
        if hasattr(KeyedVectors, name) and not name.startswith("_"):
            raise AttributeError(f"Word2Vec has no {name}, its vectors have: model.wv.{name}")
        raise AttributeError(f"Word2Vec has no attribute {name!r}")

    def __getitem__(self, word: object) -> NoReturn:
        raise TypeError("a model is no table of vectors: write model.wv[word], word in model.wv")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a model is never pickled: model.save(path), Word2Vec.load(path)")


class _Counted:
    """A source whose sentences are counted while they are read, unless it is a file."""

    def __init__(self, source: Any) -> None:
        self.sentences = len(source) if isinstance(source, np.ndarray) else 0
        is_text = isinstance(source, (str, os.PathLike, np.ndarray))
        is_paths = isinstance(source, list) and bool(source) and isinstance(source[0], str)
        self.source = source if is_text or is_paths else self._counted(source)

    def _counted(self, sentences: Iterable[Any]) -> Iterator[Any]:
        for sentence in sentences:
            self.sentences += 1
            yield sentence


class _Callbacks:
    """Tells the callbacks of a run, and adds up its loss."""

    def __init__(self, model: Word2Vec, callbacks: Sequence[Any], epochs: int) -> None:
        self._model, self._callbacks, self._epochs = model, callbacks, epochs

    def begin(self) -> None:
        self._tell("on_train_begin")
        self._tell("on_epoch_begin")

    def epoch(self, _: w2v_fast.Word2Vec, progress: Any) -> None:
        if progress.loss == progress.loss:  # else no two words stood in one sentence
            self._model.running_training_loss += progress.loss
        self._tell("on_epoch_end")
        if progress.epoch < self._epochs:
            self._tell("on_epoch_begin")

    def end(self) -> None:
        self._tell("on_train_end")

    def _tell(self, event: str) -> None:
        for callback in self._callbacks:
            getattr(callback, event)(self._model)


def _saved() -> list[str]:
    """Attributes that `save` keeps beside the weights."""
    options = [field.name for field in dataclasses.fields(Word2Vec)]
    kept = [name for name in options if name not in ("hashfxn", "trim_rule")]
    return [*kept, "corpus_count", "corpus_total_words"]


def _only_on_the_class(*_: object, **__: object) -> NoReturn:
    raise AttributeError("load makes a new model: write model = Word2Vec.load(path)")


def _stays(word: str, count: int, min_count: int, trim_rule: TrimRule | None) -> bool:
    verdict = utils.RULE_DEFAULT if trim_rule is None else trim_rule(word, count, min_count)
    return verdict == utils.RULE_KEEP or (verdict != utils.RULE_DISCARD and count >= min_count)


def _source(sentences: Any, corpus_file: str | os.PathLike[str] | None) -> tuple[Any, bool]:
    """What to read, and whether its tokens are integers."""
    if (sentences is None) == (corpus_file is None):
        raise TypeError("give either sentences or corpus_file")
    if corpus_file is not None:
        if not isinstance(corpus_file, (str, os.PathLike)):
            raise TypeError(f"corpus_file must be a path, got {type(corpus_file).__name__}")
        return corpus_file, False
    if isinstance(sentences, (str, os.PathLike)):
        raise TypeError(
            "sentences must be lists of tokens; for a file write "
            f"corpus_file={os.fspath(sentences)!r:.60}"
        )
    source = source_of(sentences)
    if source is not sentences:
        return source, False
    tokens = iter(source)
    sentence = next(tokens, ())
    if tokens is source:  # it can be read once
        source = itertools.chain([sentence], tokens)
    if isinstance(sentence, (str, os.PathLike, *STR_ITERATORS)):
        raise TypeError(
            f"a sentence must be a list of tokens, got the str {sentence!r:.60}; split it: "
            "[text.split() for text in texts]"
        )
    if isinstance(sentence, np.ndarray):
        return source, sentence.dtype.kind in "iu"
    first = sentence[0] if isinstance(sentence, (list, tuple)) and sentence else None
    return source, isinstance(first, (int, np.integer))


def __getattr__(name: str) -> NoReturn:
    if name == "BrownCorpus":
        raise ImportError(
            "BrownCorpus is not offered: its tagged words are read in three lines of a generator"
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
