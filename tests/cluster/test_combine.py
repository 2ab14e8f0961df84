"""How changes become one: added while a row is on its way, averaged once it has settled."""

import numpy as np
import pytest

from tests.cluster.threads import on_threads
from tests.training.toys import tables_of, vocabulary_of, zipf_ids
from w2v_fast.cluster.combine import Combiner, shares_of, visits_of_rows
from w2v_fast.config import TrainConfig
from w2v_fast.training.tables import merge_share
from w2v_fast.training.trainer import Trainer
from w2v_fast.training.weights import Weights, zeros

WORDS = 40
SETTLING = 0.1


def test_shares_go_from_the_sum_to_the_mean():
    shares = shares_of(np.array([1e-12, 1.0, 1e6]), np.full(4, 0.3))
    np.testing.assert_allclose(shares[[0, 2]], [1, 1 / 4], rtol=1e-5)
    np.testing.assert_allclose(shares[1], merge_share(np.array([0.3]), 4)[0], rtol=1e-6)


def test_a_node_that_trained_alone_is_taken_as_it_is():
    shares = shares_of(np.array([1e-3, 1.0, 1e3]), np.array([0.0, 0.5, 0.0]))
    np.testing.assert_allclose(shares, 1, rtol=1e-6)


def test_nodes_in_turn_or_at_once_take_a_row_equally_far():
    """Rows that move exactly s of the way: the share leads where all nodes in turn would."""
    trained, visits = np.array([0.2, 0.7, 0.4]), np.array([0.01, 0.5, 3.0])
    moved = -np.expm1(-np.outer(trained, visits)).sum(axis=0) * shares_of(visits, trained)
    np.testing.assert_allclose(moved, -np.expm1(-trained.sum() * visits), rtol=1e-6)


@pytest.mark.parametrize("objective", ["ns", "hs"])
@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_visits_count_the_pairs_of_inputs_and_rows(architecture, objective):
    ids = zipf_ids(5000, WORDS, 8)
    config = TrainConfig(architecture=architecture, objective=objective, workers=1)
    tables = tables_of(ids, WORDS, config)
    inputs = 6 if architecture == "skipgram" else 1
    visits = visits_of_rows(tables, inputs)
    np.testing.assert_allclose(visits[0].sum(), visits[1].sum())
    if objective == "ns":
        np.testing.assert_allclose(visits[1].sum(), inputs * 6)
    else:
        np.testing.assert_allclose(
            visits[1][: len(tables.path_visits)], inputs * tables.path_visits
        )
    assert visits[0].shape == visits[1].shape == (WORDS,)


def test_rows_are_combined_as_the_formula_says():
    """Also rows that wait some rounds: what was trained since counts."""
    random = np.random.default_rng(3)
    start = random.normal(size=(2, 50, 16)).astype(np.float32)
    changes = random.normal(size=(3, 2, 50, 16)).astype(np.float32)
    visits = (random.random(50), random.random(50))
    trained = np.array([0.5, 0.7, 0.6])

    def work(exchange):
        weights = Weights(zeros(50, 16), zeros(50, 16), 16)
        weights.input[:], weights.output[:] = start
        combiner = Combiner(weights, visits, exchange, hot_rows=20, settling=SETTLING)
        for rows in (20, 50):
            for array, change in zip(weights.arrays, changes[exchange.rank], strict=True):
                array += change
            combiner.add(trained)
            combiner.combine(rows)
        assert combiner.bytes == 2 * (20 + 50) * 64
        assert combiner.seconds > 0
        return np.stack(weights.arrays)

    found = on_threads(3, work)
    for other in found[1:]:
        np.testing.assert_array_equal(found[0], other)
    for matrix in range(2):
        once = shares_of(visits[matrix], SETTLING * trained)[:, None]
        late = shares_of(visits[matrix], 2 * SETTLING * trained)[:, None]
        every = changes[:, matrix].sum(axis=0)
        expected = start[matrix] + 2 * np.where(np.arange(50)[:, None] < 20, once, late) * every
        np.testing.assert_allclose(found[0][matrix], expected, rtol=1e-5, atol=1e-5)


def test_trainer_tells_what_combining_needs():
    ids = zipf_ids(5000, WORDS, 8)
    trainer = Trainer(ids, vocabulary_of(ids, WORDS), TrainConfig(workers=1, vector_size=8))
    assert trainer.inputs_per_window == 6
    assert trainer.token_flops > 0
