"""The loss of a trained model on other text: its objective's, or the exact softmax's."""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2v_fast.config import OUTPUT_ROWS, Objective, TrainConfig
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.sources import CorpusSource
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.training._inner import InnerLoop, choose_isa
from w2v_fast.training.checks import check_ids
from w2v_fast.training.jobs import Job, Jobs
from w2v_fast.training.tables import LookupTables
from w2v_fast.training.weights import Weights, stride_of, zeros
from w2v_fast.training.workers import Workers
from w2v_fast.vectors.keyed_vectors import KeyedVectors
from w2v_fast.word2vec import Word2Vec, read_corpus


@dataclasses.dataclass(frozen=True)
class Loss:
    """The mean loss over (center, context) pairs; for CBOW over centers.

    Parameters
    ----------
    objective : str
        Whose loss it is: "ns", "nce", "hs" or "softmax".
    nats : float
        The mean over the pairs.
    pairs : int
        (center, context) pairs; for CBOW, centers.
    """

    objective: str
    nats: float
    pairs: int

    @property
    def perplexity(self) -> float:
        """exp(nats); meaningful for hs and softmax, which are distributions over words."""
        return math.exp(self.nats) if self.nats < 700 else math.inf


def evaluate_loss(
    model: Word2Vec | KeyedVectors,
    corpus: Corpus | CorpusSource,
    objective: Objective | None = None,
    **options: Any,
) -> Loss:
    """Measure the loss of a model on a corpus; the model does not change.

    Parameters
    ----------
    model
        A `Word2Vec`, or `KeyedVectors` with their output weights and counts.
    corpus
        Text as for `Word2Vec`; words that the model does not have are left out.
    objective
        "ns", "nce", "hs" or "softmax" (default: what the model was trained with). "softmax" gives
        the exact negative log likelihood, -u_o . v_c + log sum_k exp(u_k . v_c), whatever objective
        trained the model; the cost of each word is proportional to the size of the vocabulary.
    **options
        `TrainConfig` fields that differ from the model's: window, negative, sample, seed, ...

    Returns
    -------
    Loss
        The mean in nats; the same for any number of workers, up to rounding.

    Raises
    ------
    TypeError
        An unknown option.
    ValueError
        The model has no output weights or no counts; its output rows are not the objective's (tree
        nodes for hs, words for the others); or no window has two words of the vocabulary.
    """
    config, ids, weights, tables = _evaluation_inputs(model, corpus, objective, options)
    isa = choose_isa(config.isa)
    loops = [InnerLoop(ids, weights, tables, config, isa) for _ in range(config.threads)]
    nats, pairs = _losses_of_jobs(loops, Jobs(len(ids), config, token_flops=loops[0].token_flops))
    if not pairs:
        raise ValueError("the corpus has no two words of the model's vocabulary in one window")
    return Loss(config.objective, nats / pairs, pairs)


def sentence_losses(
    model: Word2Vec | KeyedVectors,
    corpus: Corpus | CorpusSource,
    objective: Objective | None = None,
    **options: Any,
) -> list[Loss]:
    """The loss of `model` on each sentence of `corpus` that has a word of the model.

    Parameters and errors are those of `evaluate_loss`; a mean is NaN where there is no pair.
    """
    config, ids, weights, tables = _evaluation_inputs(model, corpus, objective, options)
    loop = InnerLoop(ids, weights, tables, config, choose_isa(config.isa))
    job = Jobs(len(ids), config)[0]
    ends = [*(np.flatnonzero(ids < 0) + 1).tolist(), len(ids)]
    losses = []
    for start, stop in itertools.pairwise(dict.fromkeys([0, *ends])):
        _, nats, pairs = loop.run(start, stop, 0.0, job.token_key, job.noise_key)
        losses.append(Loss(config.objective, nats / pairs if pairs else math.nan, pairs))
    return losses


def _losses_of_jobs(loops: list[InnerLoop], jobs: Jobs) -> tuple[float, int]:
    """Nats and pairs of all jobs, trained with learning rate 0; summed in the order of the jobs."""
    found: dict[int, tuple[float, int]] = {}
    indices = iter(range(len(jobs)))

    def take() -> Job | None:
        index = next(indices, None)
        return None if index is None else dataclasses.replace(jobs[index], lr=0.0)

    def add(job: Job, kept: int, nats: float, pairs: int) -> None:
        found[job.index] = nats, pairs

    workers = Workers(loops, take, add)
    workers.run(workers.join)
    if workers.error is not None:
        raise workers.error
    nats, pairs = zip(*(found[index] for index in range(len(jobs))), strict=True)
    return sum(nats), sum(pairs)


def _evaluation_inputs(
    model: Word2Vec | KeyedVectors,
    corpus: Corpus | CorpusSource,
    objective: Objective | None,
    options: dict[str, Any],
) -> tuple[TrainConfig, NDArray[np.int32], Weights, LookupTables]:
    """The config, checked ids, a copy of the weights (a step with lr 0 writes them), the tables."""
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
        raise ValueError("the model has no output weights or counts; the native format keeps both")
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
    vocabulary = Vocabulary(vectors.index_to_key, np.asarray(vectors.counts))
    ids = read_corpus(corpus, config, vocabulary=vocabulary).ids
    check_ids(ids, len(vocabulary))
    return config, ids, weights, LookupTables(vocabulary, config)
