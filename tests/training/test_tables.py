"""Link 3 of the chain of trust: draws, alias table, Huffman tree, subsampling, jobs."""

import heapq
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.toys import tables_of, zipf_ids
from w2v_fast.config import TrainConfig
from w2v_fast.training.generator import GAMMA, MASK, derive, draw
from w2v_fast.training.huffman import huffman_paths
from w2v_fast.training.jobs import Jobs
from w2v_fast.training.noise import alias_table, noise_distribution
from w2v_fast.training.reference import noise_words
from w2v_fast.training.tables import PRIVATE_NODES, PRIVATE_WORDS, merge_share

COUNTS = st.lists(st.integers(0, 10**12), min_size=1, max_size=60).map(
    lambda c: np.array(c, np.int64)
)


def splitmix64(key, index):
    """The published generator, in Python's own integers."""
    x = (key + (index + 1) * GAMMA) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


@given(st.integers(0, MASK), st.lists(st.integers(0, MASK), min_size=1, max_size=5))
def test_draw_is_splitmix64(key, indices):
    assert draw(key, np.array(indices, np.uint64)).tolist() == [splitmix64(key, i) for i in indices]


def test_draw_of_the_published_test_vector():
    assert [int(draw(1234567, i)) for i in range(3)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]


def test_derived_keys_differ():
    keys = {derive(seed, stream, i) for seed in range(3) for stream in range(3) for i in range(100)}
    assert len(keys) == 900


@given(COUNTS, st.floats(-2, 2))
def test_noise_distribution(counts, exponent):
    q = noise_distribution(counts, exponent)
    assert q.sum() == pytest.approx(1)
    if counts.any():
        expected = np.array([float(c) ** exponent if c else 0.0 for c in counts.tolist()])
        np.testing.assert_allclose(q, expected / expected.sum(), rtol=1e-9, atol=1e-15)


@given(COUNTS, st.floats(0, 1.5))
def test_alias_table_holds_exactly_q(counts, exponent):
    q = noise_distribution(counts, exponent)
    table = alias_table(q)
    assert table.dtype.itemsize == 8
    own = table["threshold"] / 2.0**32
    held = own.copy()
    np.add.at(held, table["alias"], 1.0 - own)
    np.testing.assert_allclose(held / len(q), q, atol=2.0**-31)


@pytest.mark.parametrize("targets", [[7], [7, 0, 3]])
def test_draws_follow_the_alias_table(targets):
    """Chi-square of 50,000 draws against q without the targets, at the 1e-4 level."""
    words = 50
    config = TrainConfig(negative=200)
    tables = tables_of(zipf_ids(3000, words, 10), words, config)
    drawn, index = np.zeros(words), 0
    for _ in range(250):
        noise, index = noise_words(targets, tables, config, key=11, index=index)
        assert len(noise) == 200
        drawn += np.bincount(noise, minlength=words)
    assert not drawn[targets].any()
    q = tables.noise.copy()
    q[targets] = 0
    expected = drawn.sum() * q / q.sum()
    seen = expected > 0
    chi_square = (((drawn - expected) ** 2)[seen] / expected[seen]).sum()
    assert chi_square < 48 + 3.9 * (2 * 48) ** 0.5


def optimal_cost(counts):
    """Cost of Huffman's code by the textbook heap."""
    heap = counts.tolist()
    heapq.heapify(heap)
    cost = 0
    while len(heap) > 1:
        merged = heapq.heappop(heap) + heapq.heappop(heap)
        cost += merged
        heapq.heappush(heap, merged)
    return cost


@given(COUNTS)
@settings(max_examples=200)
def test_huffman_paths(counts):
    paths = huffman_paths(counts)
    lengths = np.diff(paths.start)
    if len(counts) > 1:
        assert sum(2.0 ** -int(length) for length in lengths) == 1.0, "Kraft's sum"
    assert int((lengths.astype(object) * counts.astype(object)).sum()) == optimal_cost(counts), (
        "the least cost"
    )
    codes = {
        tuple(paths.codes[a:b].tolist()) for a, b in zip(paths.start, paths.start[1:], strict=False)
    }
    assert len(codes) == len(counts), "every word has its own code"
    branches = {}
    for a, b in zip(paths.start, paths.start[1:], strict=False):
        nodes, code = paths.nodes[a:b].tolist(), paths.codes[a:b].tolist()
        assert not nodes or nodes[0] == 0, "the root is node 0"
        for k, node in enumerate(nodes):
            assert 0 <= node < len(counts) - 1
            after = nodes[k + 1] if k + 1 < len(nodes) else ("leaf", a)
            assert branches.setdefault((node, code[k]), after) == after, (
                "a branch leads to one place"
            )


def test_a_path_of_any_length():
    fibonacci = [1, 1]
    while len(fibonacci) < 80:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    assert huffman_paths(np.array(fibonacci, np.int64)).longest == 79


def test_keep_threshold():
    config = TrainConfig(sample=1e-3)
    ids = zipf_ids(5000, 40, 10)
    tables = tables_of(ids, 40, config)
    share = np.bincount(np.where(ids < 0, ~ids, ids), minlength=40) / len(ids)
    for word in range(40):
        expected = min(1.0, (1e-3 / share[word]) ** 0.5 + 1e-3 / share[word])
        assert (int(tables.keep_threshold[word]) + 1) / 2**32 == pytest.approx(expected, abs=1e-9)
    assert (tables_of(ids, 40, TrainConfig(sample=0)).keep_threshold == 2**32 - 1).all()


@given(st.integers(1, 10**6), st.integers(1, 7))
def test_jobs_cover_each_token_of_each_epoch_once(tokens, epochs):
    jobs = Jobs(tokens, TrainConfig(epochs=epochs))
    at = (0, 0)
    for job in jobs:
        assert (job.epoch, job.start) == at
        assert job.start < job.stop <= tokens
        at = (job.epoch, job.stop) if job.stop < tokens else (job.epoch + 1, 0)
    assert at == (epochs, 0)


def test_learning_rate_falls_smoothly_on_small_corpora():
    rates = [job.lr for job in Jobs(200_000, TrainConfig(epochs=5))]
    assert len(rates) >= 1000
    assert rates[0] == 0.025
    assert all(a > b > 0 for a, b in itertools.pairwise(rates))


@pytest.mark.parametrize("workers", [2, 5, 100])
@pytest.mark.parametrize("updates", [1, 10, 1000, 100_000])
def test_merged_changes_add_up_to_the_updates_in_turn(workers, updates):
    """Updates that each take x a thousandth of the way to 1."""
    alone, in_turn = (1 - 0.999**count for count in (updates, workers * updates))
    share = merge_share(np.array([-np.log(0.999) * updates]), workers)
    np.testing.assert_allclose(workers * share * alone, [in_turn], rtol=1e-5)


def test_the_whole_change_of_a_row_that_is_never_visited_counts():
    np.testing.assert_allclose(merge_share(np.zeros(3), 8), 1, rtol=1e-6)


@pytest.mark.parametrize("objective", ["ns", "hs"])
def test_visits_of_the_first_rows(objective):
    """As counted over the corpus without subsampling: a token's row and K draws, or its path."""
    config = TrainConfig(sample=0, negative=3, objective=objective)
    ids = zipf_ids(2000, 1000, sentence=10)
    tables = tables_of(ids, 1000, config)
    words = np.where(ids < 0, ~ids, ids)
    if objective == "ns":
        visits, found = (
            tables.noise_visits,
            np.bincount(words, minlength=1000) / len(ids) + 3 * tables.noise,
        )
    else:
        start = tables.paths.start
        nodes = np.concatenate(
            [tables.paths.nodes[start[word] : start[word + 1]] for word in words]
        )
        visits, found = tables.path_visits, np.bincount(nodes, minlength=1000) / len(ids)
    assert len(visits) == (PRIVATE_WORDS if objective == "ns" else PRIVATE_NODES)
    np.testing.assert_allclose(visits, found[: len(visits)], rtol=1e-9)
