"""train: one call from a corpus to vectors, on this machine or on a cluster."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import Any, Literal, TypeAlias, Unpack, get_args

from w2v_fast.cluster.driver import ClusterRun
from w2v_fast.config import TrainConfig, TrainOptions, with_options
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.rows import Column
from w2v_fast.corpus.sources import CorpusSource
from w2v_fast.corpus.tokenizers import TokenizerChoice
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.training.progress import Report
from w2v_fast.training.trainer import CHECKPOINT_MINUTES
from w2v_fast.vectors.keyed_vectors import KeyedVectors
from w2v_fast.word2vec import OnEpoch, Word2Vec, as_report, as_vocabulary

Engine: TypeAlias = Literal["local", "ray"]
ENGINES: tuple[str, ...] = get_args(Engine)


@with_options
def train(
    corpus: Corpus | CorpusSource | None = None,
    *,
    column: Column | None = None,
    tokenizer: TokenizerChoice = None,
    progress: str | Report = "quiet",
    vocabulary: Vocabulary | Mapping[str, int] | None = None,
    memory_budget: int | None = None,
    init: KeyedVectors | str | os.PathLike[str] | None = None,
    grow: bool = False,
    frozen: Collection[str] = (),
    on_epoch: OnEpoch | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_minutes: float | None = None,
    resume: bool = False,
    engine: Engine = "local",
    nodes: tuple[int, int | None] | None = None,
    address: str | None = None,
    sync_words: int | None = None,
    **options: Unpack[TrainOptions],
) -> KeyedVectors:
    """Train word vectors on a corpus.

    Parameters
    ----------
    corpus
        Paths, folders, globs, `-`, iterables of token lists, arrays of integers, or a `Corpus`.
    column, tokenizer
        Where its text is and what cuts it into words, as for `Corpus.from_source`.
    progress, on_epoch, checkpoint
        As for `Word2Vec.train`.
    checkpoint_minutes
        Minutes from one checkpoint to the next (default: 10; with Ray half a minute, or as much
        more as keeps the time for them below a twentieth).
    vocabulary, memory_budget, init, grow, frozen
        As for `Word2Vec`.
    resume
        Continue from the newest checkpoint in the folder `checkpoint`, if it has one.
    engine
        "local" trains in threads of this process; "ray" on the machines of a Ray cluster, from
        files that each of them can open under the same name (docs: Clusters). Then nobody waits for
        a function given as `progress`, a function given as `tokenizer` is sent to the machines;
        memory_budget, init, grow, frozen and on_epoch are for "local" only, and so is the softmax.
    nodes
        With Ray, the smallest number of machines to wait for, and the largest to use, None for all
        (default: (1, None)).
    address
        Of the Ray cluster (default: the one that this process is connected to, else the one that
        runs on this machine); "local" starts one on this machine alone.
    sync_words
        With Ray, words that a node trains between two exchanges (default: by the size of the run).
    **options
        Hyper-parameters, by the names of `TrainConfig`:

    Returns
    -------
    KeyedVectors
        The vectors, float32, shape [words, vector_size], the most frequent word first; with their
        counts, their output vectors, and the hyper-parameters as metadata.

    Raises
    ------
    TypeError
        An option is unknown (the nearest name is suggested), of the wrong type, or of another
        engine.
    ValueError
        An option is out of its range, or the corpus has no words; nothing has been trained.
    MemoryError
        The system has less memory than the run takes; nothing has been trained.
    OSError
        The corpus cannot be read, or checkpoints cannot be written.
    ImportError
        Ray is not installed, or a node has another version of w2v_fast.
    ConnectionError
        There is no Ray cluster at the address.
    RuntimeError
        Nodes were lost again and again.
    CheckpointError
        `resume` found a checkpoint of another run, or only damaged ones.
    DivergenceError
        The loss or a weight is not finite; the message names the learning rate.

    Warns
    -----
    RuntimeWarning
        Nothing was learned, or the vocabulary is a single word.
    """
    if resume and checkpoint is None:
        raise TypeError("resume needs the folder of the checkpoints: checkpoint=DIR")
    report = as_report(progress)  # an error now, not after the corpus is read
    reading: dict[str, Any] = {"column": column, "tokenizer": tokenizer}
    local: dict[str, Any] = {
        "memory_budget": memory_budget,
        "init": init,
        "grow": grow,
        "frozen": frozen or (),
    }
    cluster: dict[str, Any] = {"nodes": nodes, "address": address, "sync_words": sync_words}
    if engine == "ray":
        _refuse({**local, "on_epoch": on_epoch}, "ray")
        cluster["nodes"] = nodes or (1, None)
        config = TrainConfig.from_options(options)
        words = as_vocabulary(vocabulary)
        run = ClusterRun(corpus, config, vocabulary=words, **reading, **cluster)
        run.train(report, checkpoint, checkpoint_minutes, resume)
        return run.wv
    if engine != "local":
        raise ValueError(f"engine = {engine!r} must be one of {', '.join(ENGINES)}")
    _refuse(cluster, "local")
    model = Word2Vec(corpus, vocabulary=vocabulary, **reading, **local, **options)
    if resume and checkpoint is not None:
        model.resume(checkpoint)
    minutes = CHECKPOINT_MINUTES if checkpoint_minutes is None else checkpoint_minutes
    model.train(progress, on_epoch=on_epoch, checkpoint=checkpoint, checkpoint_minutes=minutes)
    return model.wv


def _refuse(options: Mapping[str, object], engine: str) -> None:
    """Raise a TypeError for options that are given and that this engine does not take."""
    if given := [name for name, value in options.items() if value not in (None, False, ())]:
        raise TypeError(f"engine={engine!r} takes no {' and no '.join(given)}")
