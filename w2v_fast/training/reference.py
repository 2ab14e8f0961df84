"""The same algorithm in numpy: slow and obvious, the oracle of the tests.

Every function says in a few lines what `_inner.pyx` and the kernels do fast. Nothing in the package uses it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from w2v_fast.config import TrainConfig
from w2v_fast.training.generator import draw
from w2v_fast.training.jobs import Job
from w2v_fast.training.tables import Tables

Array: TypeAlias = NDArray[np.floating[Any]]
REDRAWS = 64


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), without overflow."""
    return np.where(x >= 0, 1.0, np.exp(-np.abs(x))) / (1.0 + np.exp(-np.abs(x)))


def softmax(x: Array) -> Array:
    """exp(x) / sum exp(x) along the last axis."""
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


# One step, whatever the variant: m input vectors [m, d] against n output rows [n, d].


def step(inputs: Array, rows: Array, label: Array, shift: Array, lr: float) -> tuple[Array, Array, Array]:
    """Scores, and what is added to the inputs and to the rows; `label` and `shift` are [n]."""
    score = inputs @ rows.T
    error = lr * (label - sigmoid(score - shift))
    return score, error @ rows, error.T @ inputs


def loss(score: Array, label: Array, shift: Array) -> float:
    """-log sigmoid(x) where the label is 1, -log sigmoid(-x) where it is 0, x = score - shift; in sum."""
    return float(np.sum(np.logaddexp(0.0, score - shift) - label * (score - shift)))


# What an objective says: the output rows of a target, with labels and shifts.


def noise_words(target: int, tables: Tables, config: TrainConfig, key: int, index: int) -> tuple[list[int], int]:
    """K draws from q that are not the target, and the index of the next draw of the stream."""
    words: list[int] = []
    while len(words) < config.negative and tables.words > 1:
        for _ in range(REDRAWS):
            bits = int(draw(key, index))
            index += 1
            column = (bits >> 32) * tables.words >> 32
            entry = tables.alias[column]
            word = column if bits & 0xFFFFFFFF < entry["threshold"] else int(entry["alias"])
            if word != target:
                break
        else:
            word = (bits >> 32) * (tables.words - 1) >> 32
            word += word >= target
        words.append(word)
    return words, index


def rows_of(target: int, noise: list[int], tables: Tables, objective: str) -> tuple[list[int], Array, Array]:
    """Row numbers, labels and shifts of one target: the table in DESIGN, section 1."""
    if objective == "hs":
        path = slice(tables.paths.start[target], tables.paths.start[target + 1])
        return tables.paths.nodes[path].tolist(), 1.0 - tables.paths.codes[path], np.zeros(path.stop - path.start)
    rows = [target, *noise]
    shift = tables.log_expected_noise[rows].astype(np.float64) if objective == "nce" else np.zeros(len(rows))
    return rows, np.array([1.0] + [0.0] * len(noise)), shift


# What a job is: centers and their contexts.


def windows(ids: NDArray[np.int32], tables: Tables, config: TrainConfig, job: Job) -> Iterator[tuple[int, list[int]]]:
    """(center word, context words) of every kept token of the job that has a context, in order."""
    bits = draw(job.token_key, np.arange(len(ids)))
    words = np.where(ids < 0, ~ids, ids)
    kept = (bits >> np.uint64(32)) <= tables.keep_threshold[words]
    radius = 1 + ((bits & np.uint64(0xFFFFFFFF)) * np.uint64(config.window) >> np.uint64(32)).astype(int)
    sentence = np.concatenate([[0], np.cumsum(ids < 0)[:-1]])
    for center in range(job.start, job.stop):
        if not kept[center]:
            continue
        members = np.flatnonzero(kept & (sentence == sentence[center]))
        place = int(np.searchsorted(members, center))
        near = [*members[max(place - radius[center], 0) : place], *members[place + 1 : place + 1 + radius[center]]]
        if near:
            yield int(words[center]), [int(words[p]) for p in near]


def train(ids: NDArray[np.int32], input: Array, output: Array, tables: Tables, config: TrainConfig, job: Job,
          batch: int = 1) -> float:
    """Train one job in place on `input` [V, d] and `output` [V, d]; return the summed loss of its windows.

    A softmax takes `batch` windows against the same weights.
    """
    found = list(windows(ids, tables, config, job))
    if config.objective == "softmax":
        return sum(train_softmax(input, output, found[k : k + batch], config, job.lr)
                   for k in range(0, len(found), batch))
    noise_index, total = 0, 0.0
    for target, contexts in found:
        whole = config.share_noise or config.architecture == "cbow"
        for unit in [contexts] if whole else [[context] for context in contexts]:
            noise: list[int] = []
            if config.objective in ("ns", "nce"):
                noise, noise_index = noise_words(target, tables, config, job.noise_key, noise_index)
            rows, label, shift = rows_of(target, noise, tables, config.objective)
            total += train_unit(input, output, unit, rows, label, shift, config, job.lr)
    return total


def train_unit(input: Array, output: Array, contexts: list[int], rows: list[int], label: Array, shift: Array,
               config: TrainConfig, lr: float) -> float:
    """The steps of a unit, with the architecture's inputs; repeated contexts and rows receive all their updates.

    Skip-gram's contexts take their steps in turn, each against the rows as the one before left them; a word that stands
    there several times takes all of them at its first place.

    CBOW's loss is of the mean of m contexts, so its gradient by each of them is 1 / m of that by the mean
    (`corrected_cbow`; Irsoy, Benton and Stratos, "Corrected CBOW performs as well as skip-gram", arXiv 2012.15332).
    word2vec.c, and gensim after it, give each of them the whole of it: the default.
    """
    if config.architecture == "cbow":
        score, to_mean, to_rows = step(input[contexts].mean(0, keepdims=True), output[rows], label, shift, lr)
        to_inputs: Array = np.repeat(to_mean / (len(contexts) if config.corrected_cbow else 1), len(contexts), axis=0)
        np.add.at(input, contexts, to_inputs)
        np.add.at(output, rows, to_rows)
        return loss(score, label, shift)
    total = 0.0
    for word in dict.fromkeys(contexts):
        group = [word] * contexts.count(word)
        score, to_inputs, to_rows = step(input[group], output[rows], label, shift, lr)
        np.add.at(input, group, to_inputs)
        np.add.at(output, rows, to_rows)
        total += loss(score, label, shift)
    return total


# The softmax over the whole vocabulary, skip-gram as its objective is written: the center's vector v_c against the
# contexts o, -sum_o u_o . v_c + 2m log sum_k exp(u_k . v_c); CBOW: the mean of the contexts against the center.


def softmax_step(inputs: Array, rows: Array, label: Array, lr: float) -> tuple[float, Array, Array]:
    """The loss in sum, and what is added to the inputs [m, d] and the rows [V, d]; `label` [m, V] holds counts."""
    score = inputs @ rows.T
    log_sum = np.logaddexp.reduce(score, axis=1, keepdims=True)
    error = lr * (label - label.sum(1, keepdims=True) * softmax(score))
    return float(np.sum(label * (log_sum - score))), error @ rows, error.T @ inputs


def train_softmax(input: Array, output: Array, batch: list[tuple[int, list[int]]], config: TrainConfig,
                  lr: float) -> float:
    """One softmax step of a batch of (center, contexts)."""
    cbow = config.architecture == "cbow"
    members = [contexts if cbow else [center] for center, contexts in batch]
    targets = [[center] if cbow else contexts for center, contexts in batch]
    label = np.zeros((len(batch), len(output)))
    for i, words in enumerate(targets):
        np.add.at(label[i], words, 1.0)
    inputs = np.array([input[words].mean(0) for words in members])
    nats, to_inputs, to_rows = softmax_step(inputs, output, label, lr)
    for words, update in zip(members, to_inputs, strict=True):
        np.add.at(input, words, update / (len(words) if config.corrected_cbow else 1))
    output += to_rows
    return nats
