"""The loss of a trained model on other text: the objective's own, or the exact softmax's negative log likelihood."""

from __future__ import annotations

import dataclasses
import math
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from w2v_fast.config import OUTPUT_ROWS, TrainConfig
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.sources import CorpusSource
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.training._inner import InnerLoop, choose_isa
from w2v_fast.training.jobs import Jobs
from w2v_fast.training.tables import Tables
from w2v_fast.training.trainer import check_ids
from w2v_fast.training.weights import Weights, stride_of, zeros
from w2v_fast.vectors.keyed_vectors import KeyedVectors
from w2v_fast.word2vec import Word2Vec


@dataclasses.dataclass(frozen=True)
class Loss:
    """The mean loss over (center, context) pairs; for CBOW over centers."""

    objective: str
    nats: float
    pairs: int

    @property
    def perplexity(self) -> float:
        """exp(nats): of the softmax and hierarchical softmax, which are distributions over words."""
        return math.exp(self.nats) if self.nats < 700 else math.inf


def evaluate_loss(
    model: Word2Vec | KeyedVectors,
    corpus: Corpus | CorpusSource,
    objective: str | None = None,
    **options: Any,
) -> Loss:
    """The loss of `model` on `corpus`, with the model left as it is.

    Parameters
    ----------
    model
        A `Word2Vec`, or `KeyedVectors` with their output weights and counts.
    corpus
        Text as for `Word2Vec`; words that the model does not have are left out.
    objective
        "ns", "nce", "hs" or "softmax" (default: the one the model was trained with). With "softmax" the result is the
        exact negative log likelihood, -u_o . v_c + log sum_k exp(u_k . v_c), whatever objective trained the model; its
        cost for each word is the vocabulary's size.
    options
        `TrainConfig` fields that differ from the model's: window, negative, sample, seed, workers, ...

    Raises
    ------
    TypeError
        An unknown option.
    ValueError
        The model has no output weights or no counts, they do not belong to the objective (a hierarchical softmax has
        tree nodes for rows, the others words), or no pair of words is left.
    """
    config, vocabulary, weights = _parts(model, objective, options)
    if not isinstance(corpus, Corpus) or corpus.vocabulary != vocabulary:
        source = corpus if not isinstance(corpus, Corpus) else _sentences(corpus)
        corpus = Corpus.from_source(source, vocabulary=vocabulary, workers=config.workers)
    check_ids(corpus.ids, len(vocabulary))
    ids, tables, isa = corpus.ids, Tables(vocabulary, config), choose_isa(config.isa)
    loops = [InnerLoop(ids, weights, tables, config, isa) for _ in range(config.threads)]
    jobs = Jobs(len(ids), config, token_flops=loops[0].token_flops)

    stopped = threading.Event()

    def run(worker: int) -> tuple[float, int]:
        nats, pairs = 0.0, 0
        for index in range(worker, len(jobs), len(loops)):
            if stopped.is_set():
                break
            job = jobs[index]
            _, job_nats, job_pairs = loops[worker].run(
                job.start, job.stop, 0.0, job.token_key, job.noise_key
            )
            nats, pairs = nats + job_nats, pairs + job_pairs
        return nats, pairs

    with ThreadPoolExecutor(len(loops)) as threads:
        try:
            sums = list(threads.map(run, range(len(loops))))
        finally:
            stopped.set()
    pairs = sum(count for _, count in sums)
    if not pairs:
        raise ValueError("the corpus has no two words of the model's vocabulary in one window")
    return Loss(config.objective, math.fsum(nats for nats, _ in sums) / pairs, pairs)


def _parts(
    model: Word2Vec | KeyedVectors, objective: str | None, options: dict[str, Any]
) -> tuple[TrainConfig, Vocabulary, Weights]:
    """The config to evaluate with, the vocabulary, and a copy of the weights, which a step with lr 0 may touch."""
    if isinstance(model, Word2Vec):
        trained, vectors = model.config, model.wv
    else:
        trained, vectors = TrainConfig.from_metadata(model.metadata), model
    config = TrainConfig.from_options(
        {
            **dataclasses.asdict(trained),
            "objective": objective or trained.objective,
            **options,
            "epochs": 1,
            "vector_size": vectors.vector_size,
        }
    )
    if vectors.output_vectors is None or vectors.counts is None:
        raise ValueError(
            "the model has no output weights or counts; save and load it in the native format, which has"
        )
    has, needs = OUTPUT_ROWS[trained.objective], OUTPUT_ROWS[config.objective]
    if has != needs:
        raise ValueError(
            f"the output rows of a model trained with {trained.objective} are {has}; "
            f"{config.objective} needs {needs}"
        )
    shape = (len(vectors), stride_of(vectors.vector_size))
    weights = Weights(zeros(*shape), zeros(*shape), vectors.vector_size)
    weights.vectors[...] = vectors.vectors
    weights.output_vectors[...] = vectors.output_vectors
    return config, Vocabulary(vectors.index_to_key, np.asarray(vectors.counts)), weights


def _sentences(corpus: Corpus) -> CorpusSource:
    words = corpus.vocabulary.words
    return ([words[id] for id in sentence.tolist()] for sentence in corpus.sentences())
