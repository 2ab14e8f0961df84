"""Link 1 of the chain of trust: the reference's step is minus the gradient of the loss."""

import itertools

import numpy as np
import pytest

from w2v_fast.config import TrainConfig
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.training import reference
from w2v_fast.training.jobs import Jobs
from w2v_fast.training.tables import LookupTables


def written_loss(inputs, rows, label, shift, in_index, out_index):
    """Sum over pairs of -log p(label), p(1) = 1 / (1 + exp(shift - in . out)), by hand."""
    total = 0.0
    for i in in_index:
        for r, y, s in zip(out_index, label, shift, strict=True):
            p = 1.0 / (1.0 + np.exp(s - inputs[i] @ rows[r]))
            total -= np.log(p) if y == 1 else np.log(1.0 - p)
    return total


def finite_difference(f, x, eps=1e-5):
    """Fourth-order central differences of f with respect to every entry of x."""
    gradient = np.zeros_like(x)
    for k in np.ndindex(*x.shape):

        def at(h, k=k):
            y = x.copy()
            y[k] += h
            return f(y)

        gradient[k] = (8 * (at(eps) - at(-eps)) - (at(2 * eps) - at(-2 * eps))) / (12 * eps)
    return gradient


CASES = {
    "ns": ([0, 1, 2], [3, 1, 4], [1, 0, 0], [0, 0, 0]),
    "nce": ([0, 1, 2], [3, 1, 4], [1, 0, 0], [-2.0, -1.5, 0.3]),
    "hs": ([0, 2], [0, 1, 2, 4], [1, 0, 0, 1], [0, 0, 0, 0]),
    "repeated context and noise": ([0, 1, 0], [3, 1, 1, 4], [1, 0, 0, 0], [0.1, 0.2, 0.2, 0]),
}


@pytest.mark.parametrize("case", CASES)
def test_step_is_the_negative_gradient_of_the_loss(case):
    in_index, out_index, label, shift = CASES[case]
    label, shift = np.array(label, float), np.array(shift, float)
    random = np.random.default_rng(5)
    inputs, rows = random.normal(size=(4, 7)), random.normal(size=(5, 7))

    weight = np.ones(len(label))
    score, to_inputs, to_rows = reference.step(
        inputs[in_index], rows[out_index], label, shift, weight, lr=1.0
    )

    assert reference.loss(score, label, shift, weight) == pytest.approx(
        written_loss(inputs, rows, label, shift, in_index, out_index), rel=1e-12
    )
    summed_inputs, summed_rows = np.zeros_like(inputs), np.zeros_like(rows)
    np.add.at(summed_inputs, in_index, to_inputs)
    np.add.at(summed_rows, out_index, to_rows)
    by_input = finite_difference(
        lambda x: written_loss(x, rows, label, shift, in_index, out_index), inputs
    )
    by_row = finite_difference(
        lambda x: written_loss(inputs, x, label, shift, in_index, out_index), rows
    )
    np.testing.assert_allclose(summed_inputs, -by_input, atol=1e-8)
    np.testing.assert_allclose(summed_rows, -by_row, atol=1e-8)


@pytest.mark.parametrize("corrected", [False, True])
def test_cbow_gradient_of_the_mean(corrected):
    """The corrected rule is the gradient; word2vec.c's update of inputs is a multiple."""
    random = np.random.default_rng(6)
    inputs, rows = random.normal(size=(4, 5)), random.normal(size=(3, 5))
    contexts, label, shift = [0, 2, 2, 3], np.array([1.0, 0, 0]), np.zeros(3)

    def loss(x, y):
        return written_loss(x[contexts].mean(0, keepdims=True), y, label, shift, [0], [0, 1, 2])

    by_input = finite_difference(lambda x: loss(x, rows), inputs)
    by_row = finite_difference(lambda y: loss(inputs, y), rows)
    new_inputs, new_rows = inputs.copy(), rows.copy()
    config = TrainConfig(architecture="cbow", corrected_cbow=corrected)
    reference.train_sigmoid(
        new_inputs, new_rows, [(contexts, ([0, 1, 2], label, shift, np.ones(3)))], config, lr=1.0
    )
    np.testing.assert_allclose(
        new_inputs - inputs, -by_input * (1 if corrected else len(contexts)), atol=1e-8
    )
    np.testing.assert_allclose(new_rows - rows, -by_row, atol=1e-8)


def test_cbow_gradient_of_the_sum_is_shared_by_the_contexts():
    random = np.random.default_rng(6)
    inputs, rows = random.normal(size=(4, 5)), random.normal(size=(3, 5))
    contexts, label, shift = [0, 2, 2, 3], np.array([1.0, 0, 0]), np.zeros(3)

    def loss(x):
        return written_loss(x[contexts].sum(0, keepdims=True), rows, label, shift, [0], [0, 1, 2])

    moved = inputs.copy()
    groups = [(contexts, ([0, 1, 2], label, shift, np.ones(3)))]
    config = TrainConfig(architecture="cbow", cbow_sum=True)
    reference.train_sigmoid(moved, rows.copy(), groups, config, lr=1.0)
    by_input = finite_difference(loss, inputs)
    np.testing.assert_allclose(moved - inputs, -by_input / len(contexts), atol=1e-8)


def test_softmax_step_is_the_negative_gradient_of_the_written_objective():
    """-sum_o u_o . v_c + 2m log sum_k exp(u_k . v_c), for two centers with 4 and 3 contexts."""
    random = np.random.default_rng(7)
    centers, rows = random.normal(size=(2, 6)), random.normal(size=(9, 6))
    contexts = [[1, 4, 4, 8], [0, 1, 2]]

    def loss(v, u):
        return sum(
            -sum(u[o] @ v[c] for o in outside) + len(outside) * np.log(np.exp(u @ v[c]).sum())
            for c, outside in enumerate(contexts)
        )

    label = np.array([np.bincount(outside, minlength=9) for outside in contexts], float)
    nats, to_centers, to_rows = reference.softmax_step(centers, rows, label, lr=1.0)
    assert nats == pytest.approx(loss(centers, rows), rel=1e-12)
    np.testing.assert_allclose(
        to_centers, -finite_difference(lambda v: loss(v, rows), centers), atol=1e-8
    )
    np.testing.assert_allclose(
        to_rows, -finite_difference(lambda u: loss(centers, u), rows), atol=1e-8
    )


K = 3
SHARING = [
    (0, [1, 2]),
    (3, [2, 4, 4]),
]  # targets and contexts of two windows of a step, which share their noise
WEIGHTS = np.random.default_rng(8).normal(size=(2, 6, 4))


def tables_of_six_words(config):
    """Their tables, and the noise distribution without the targets."""
    tables = LookupTables(Vocabulary(list("abcdef"), [9, 7, 5, 4, 2, 1]), config)
    q = tables.noise.copy()
    q[[target for target, _ in SHARING]] = 0
    return tables, q / q.sum()


def every_draw(objective, draws):
    """Each sequence of noise words a step can draw: probability, loss, and updates."""
    config = TrainConfig(objective=objective, negative=K, noise_draws=draws)
    tables, q = tables_of_six_words(config)
    for noise in itertools.product(map(int, np.flatnonzero(q)), repeat=draws):
        moved = WEIGHTS.copy()
        loss = reference.train_sigmoid(
            *moved,
            [
                (contexts, reference.rows_of(target, list(noise), tables, config))
                for target, contexts in SHARING
            ],
            config,
            lr=1.0,
        )
        yield q[list(noise)].prod(), loss, moved - WEIGHTS


@pytest.mark.parametrize("draws", [1, 2, 3, 4])
@pytest.mark.parametrize("objective", ["ns", "nce"])
def test_any_number_of_draws_is_an_unbiased_estimate_of_the_loss_and_its_gradient(objective, draws):
    """Of -log s(u_o . v_c) - K sum_w q(w) log s(-u_w . v_c); nce subtracts log(K q) from scores."""
    tables, q = tables_of_six_words(TrainConfig(objective=objective, negative=K))
    shift = np.log(K * tables.noise) if objective == "nce" else np.zeros(6)

    def expected_loss(weights):
        total = 0.0
        for target, contexts in SHARING:
            for context in contexts:
                score = weights[1] @ weights[0, context] - shift
                total += np.log1p(np.exp(-score[target])) + K * (q @ np.log1p(np.exp(score)))
        return total

    probabilities, losses, steps = zip(*every_draw(objective, draws), strict=True)
    assert sum(probabilities) == pytest.approx(1, rel=1e-12)
    assert np.dot(probabilities, losses) == pytest.approx(expected_loss(WEIGHTS), rel=1e-6)
    np.testing.assert_allclose(
        np.tensordot(probabilities, np.array(steps), 1),
        -finite_difference(expected_loss, WEIGHTS),
        atol=1e-6,
    )


@pytest.mark.parametrize("draws", [2, 3])
@pytest.mark.parametrize("objective", ["ns", "nce"])
def test_the_variance_of_a_step_is_that_of_one_draw_over_their_number(objective, draws):
    def variance(draws):
        probabilities, _, steps = map(np.array, zip(*every_draw(objective, draws), strict=True))
        return np.tensordot(probabilities, (steps - np.tensordot(probabilities, steps, 1)) ** 2, 1)

    np.testing.assert_allclose(variance(draws), variance(1) / draws, rtol=1e-9, atol=1e-12)


def test_activations_at_known_points():
    np.testing.assert_allclose(
        reference.sigmoid(np.array([0.0, np.log(3), -np.log(3), 800, -800])),
        [0.5, 0.75, 0.25, 1.0, 0.0],
        atol=1e-15,
    )
    np.testing.assert_allclose(
        reference.softmax(np.array([[0.0, np.log(3.0)], [1000.0, 1000.0]])),
        [[0.25, 0.75], [0.5, 0.5]],
        atol=1e-15,
    )


def test_every_radius_is_the_window_where_windows_do_not_shrink():
    ids = np.array([0, 1, 2, 3, 4, ~5], np.int32)
    config = TrainConfig(window=2, sample=0, shrink_windows=False, epochs=1)
    tables = LookupTables(Vocabulary(list("abcdef"), [1] * 6), config)
    found = list(reference.windows(ids, tables, config, Jobs(6, config, 6)[0]))
    assert found == [
        (0, [1, 2]),
        (1, [0, 2, 3]),
        (2, [0, 1, 3, 4]),
        (3, [1, 2, 4, 5]),
        (4, [2, 3, 5]),
        (5, [3, 4]),
    ]
