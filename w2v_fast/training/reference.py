"""The training algorithm in numpy: slow and obvious, the oracle of the tests.

Every function says in a few lines what `_inner.pyx` and the kernels do fast. Only tests import it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from w2v_fast.config import TrainConfig
from w2v_fast.training.generator import draw
from w2v_fast.training.jobs import Job
from w2v_fast.training.steps import (
    BLOCK_TOKENS,
    MAX_INPUTS,
    MAX_REDRAWS,
    group_distance,
    max_contexts,
    max_windows,
)
from w2v_fast.training.tables import LookupTables

Array: TypeAlias = NDArray[np.floating[Any]]
Window: TypeAlias = tuple[int, list[int]]  # the center word and its context words
Rows: TypeAlias = tuple[list[int], Array, Array, Array]  # row numbers, labels, shifts and weights


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), without overflow."""
    return np.where(x >= 0, 1.0, np.exp(-np.abs(x))) / (1.0 + np.exp(-np.abs(x)))


def softmax(x: Array) -> Array:
    """exp(x) / sum exp(x) along the last axis."""
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


# One group of a step, whatever the variant: m input vectors [m, d] against n output rows [n, d].


def step(
    inputs: Array, rows: Array, label: Array, shift: Array, weight: Array, lr: float
) -> tuple[Array, Array, Array]:
    """Scores [m, n], updates of the inputs and of the rows; label, shift and weight are [n]."""
    score = inputs @ rows.T
    error = lr * weight * (label - sigmoid(score - shift))
    return score, error @ rows, error.T @ inputs


def loss(score: Array, label: Array, shift: Array, weight: Array) -> float:
    """Weighted sum of -log sigmoid(x) for label 1, -log sigmoid(-x) for 0, x = score - shift."""
    return float(np.sum(weight * (np.logaddexp(0.0, score - shift) - label * (score - shift))))


# What an objective says: the output rows of a target, with labels, shifts and weights.


def noise_words(
    targets: list[int], tables: LookupTables, config: TrainConfig, key: int, index: int
) -> tuple[list[int], int]:
    """Draws from q that are none of the targets, and the index of the next draw of the stream."""
    words: list[int] = []
    while len(words) < config.draws and tables.words > 1:
        for _ in range(MAX_REDRAWS):
            bits = int(draw(key, index))
            index += 1
            column = (bits >> 32) * tables.words >> 32
            entry = tables.alias[column]
            word = column if bits & 0xFFFFFFFF < entry["threshold"] else int(entry["alias"])
            if word not in targets:
                break
        else:
            word = (bits >> 32) * (tables.words - len(targets)) >> 32
            for target in sorted(targets):
                word += word >= target
        words.append(word)
    return words, index


def rows_of(target: int, noise: list[int], tables: LookupTables, config: TrainConfig) -> Rows:
    """The rows of one target: the table at the top of kernel/step.h."""
    if config.objective == "hs":
        path = slice(tables.paths.start[target], tables.paths.start[target + 1])
        rows, label = tables.paths.nodes[path].tolist(), 1.0 - tables.paths.codes[path]
        return rows, label, np.zeros(len(rows)), np.ones(len(rows))
    rows, shift = [target, *noise], np.zeros(1 + len(noise))
    if config.objective == "nce":
        shift += tables.log_expected_noise[rows]
    weight = np.array([1.0] + [config.negative / config.draws] * len(noise))
    return rows, np.array([1.0] + [0.0] * len(noise)), shift, weight


# What a job is: centers and their contexts, in steps.


def windows(
    ids: NDArray[np.int32], tables: LookupTables, config: TrainConfig, job: Job
) -> Iterator[Window]:
    """The window of every kept token of the job, in order; some have no context."""
    bits = draw(job.token_key, np.arange(len(ids)))
    words = np.where(ids < 0, ~ids, ids)
    kept = (bits >> np.uint64(32)) <= tables.keep_threshold[words]
    radius = np.full(len(ids), config.window)
    if config.shrink_windows:
        drawn = (bits & np.uint64(0xFFFFFFFF)) * np.uint64(config.window) >> np.uint64(32)
        radius = 1 + drawn.astype(int)
    sentence = np.concatenate([[0], np.cumsum(ids < 0)[:-1]])
    for center in range(job.start, job.stop):
        if not kept[center]:
            continue
        tokens = np.flatnonzero(kept & (sentence == sentence[center]))
        at = int(np.searchsorted(tokens, center))
        near = tokens[max(at - radius[center], 0) : at + 1 + radius[center]]
        yield int(words[center]), words[near[near != center]].tolist()


def steps(found: list[Window], config: TrainConfig, tables: LookupTables) -> Iterator[list[Window]]:
    """The windows of each step, as far apart as their block of kept tokens allows (steps.py)."""
    softmax = config.objective == "softmax"
    one_input = config.architecture == "cbow" or softmax
    for start in range(0, len(found), BLOCK_TOKENS):
        block = [window for window in found[start : start + BLOCK_TOKENS] if window[1]]
        limit = max(1, min(max_windows(config, tables), len(block) // group_distance(config)))
        apart = -(-len(block) // limit)
        group: list[Window] = []
        for target, contexts in itertools.chain(*(block[column::apart] for column in range(apart))):
            size = len(contexts) if one_input else max_contexts(config)
            for k in range(0, len(contexts), size):
                part = contexts[k : k + size]
                inputs = sum(1 if one_input else len(other) for _, other in [*group, (0, part)])
                repeated = not softmax and target in [other for other, _ in group]
                if len(group) == limit or inputs > MAX_INPUTS or repeated:
                    yield group
                    group = []
                group.append((target, part))
        if group:
            yield group


def train(
    ids: NDArray[np.int32],
    input: Array,
    output: Array,
    tables: LookupTables,
    config: TrainConfig,
    job: Job,
    frozen: NDArray[np.uint8] | None = None,
) -> float:
    """Train one job in place on `input` and `output`, [V, d]; return the loss of its windows.

    Input vectors whose word is `frozen` [V] stay as they are.
    """
    noise_index, total = 0, 0.0
    for group in steps(list(windows(ids, tables, config, job)), config, tables):
        if config.objective == "softmax":
            total += train_softmax(input, output, group, config, job.lr, frozen)
            continue
        targets, noise = [target for target, _ in group], list[int]()
        if config.objective in ("ns", "nce"):
            noise, noise_index = noise_words(targets, tables, config, job.noise_key, noise_index)
        groups = [(contexts, rows_of(target, noise, tables, config)) for target, contexts in group]
        total += train_sigmoid(input, output, groups, config, job.lr, frozen)
    return total


def add_updates(
    input: Array, words: list[int], updates: Array, frozen: NDArray[np.uint8] | None
) -> None:
    """Add to the vectors of the words, but to those of frozen ones."""
    free = np.ones(len(words)) if frozen is None else 1.0 - frozen[words]
    np.add.at(input, words, free[:, None] * updates)


def train_sigmoid(
    input: Array,
    output: Array,
    groups: list[tuple[list[int], Rows]],
    config: TrainConfig,
    lr: float,
    frozen: NDArray[np.uint8] | None = None,
) -> float:
    """One step: the contexts of each window, or their mean, against its rows, all from old values.

    CBOW's loss is of the mean of m contexts, so its gradient by each of them is 1 / m of that by
    the mean (`corrected_cbow`; Irsoy, Benton and Stratos, "Corrected CBOW performs as well as
    skip-gram", arXiv 2012.15332). word2vec.c, and gensim after it, give each of them all of it:
    the default.
    """
    total, updates = 0.0, []
    for contexts, (index, label, shift, weight) in groups:
        inputs = input[contexts]
        if config.architecture == "cbow":
            inputs = (inputs.sum if config.cbow_sum else inputs.mean)(0, keepdims=True)
        score, to_inputs, to_rows = step(inputs, output[index], label, shift, weight, lr)
        divisor = len(contexts) if config.shares_update else 1
        updates.append((contexts, to_inputs / divisor, index, to_rows))
        total += loss(score, label, shift, weight)
    for contexts, to_inputs, index, to_rows in updates:
        add_updates(input, contexts, to_inputs, frozen)
        np.add.at(output, index, to_rows)
    return total


# The softmax over the whole vocabulary. Skip-gram, as its objective is written, scores the center's
# vector v_c against the contexts o: -sum_o u_o . v_c + 2m log sum_k exp(u_k . v_c). CBOW scores the
# mean of the contexts against the center.


def softmax_step(inputs: Array, rows: Array, label: Array, lr: float) -> tuple[float, Array, Array]:
    """Summed loss, updates of the inputs [m, d] and the rows [V, d]; `label` [m, V] has counts."""
    score = inputs @ rows.T
    log_sum = np.logaddexp.reduce(score, axis=1, keepdims=True)
    error = lr * (label - label.sum(1, keepdims=True) * softmax(score))
    return float(np.sum(label * (log_sum - score))), error @ rows, error.T @ inputs


def train_softmax(
    input: Array,
    output: Array,
    batch: list[Window],
    config: TrainConfig,
    lr: float,
    frozen: NDArray[np.uint8] | None = None,
) -> float:
    """One softmax step of a batch of windows."""
    cbow = config.architecture == "cbow"
    sources = [contexts if cbow else [center] for center, contexts in batch]
    targets = [[center] if cbow else contexts for center, contexts in batch]
    label = np.zeros((len(batch), len(output)))
    for i, words in enumerate(targets):
        np.add.at(label[i], words, 1.0)
    inputs = np.array(
        [(input[words].sum if config.cbow_sum else input[words].mean)(0) for words in sources]
    )
    nats, to_inputs, to_rows = softmax_step(inputs, output, label, lr)
    for words, update in zip(sources, to_inputs, strict=True):
        share = len(words) if config.shares_update else 1
        add_updates(input, words, update / share, frozen)
    output += to_rows
    return nats
