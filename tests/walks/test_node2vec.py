"""Walks have the probabilities of node2vec, and are the same for a seed, however they are made."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import w2v_fast
from w2v_fast.walks import node2vec

UNWEIGHTED = [(0, 1), (0, 2), (1, 2), (2, 3), (3, 4), (4, 5), (3, 5), (5, 0), (1, 4), (6, 0)]
WEIGHTED = [(a, b, 1 + (3 * a + 5 * b) % 7) for a, b in UNWEIGHTED]
BOTH_WAYS = [*WEIGHTED, (2, 1, 3.5), (0, 5, 0.25), (4, 3, 2), (5, 5, 1), (0, 6, 4)]


def neighbors(edges, directed):
    """Weights by node and neighbor."""
    weights = {}
    for source, target, *weight in edges:
        for a, b in [(source, target)] + [(target, source)] * (not directed and source != target):
            node = weights.setdefault(str(a), {})
            node[str(b)] = node.get(str(b), 0) + weight[0] if weight else 1
    return weights


def probabilities(graph, before, node, p, q):
    """Of the neighbors of `node`: equation 3.2 of the paper, written down again."""
    biased = {}
    for target, weight in graph[node].items():
        if target == before:
            bias = 1 / p
        elif target in graph[before]:
            bias = 1
        else:
            bias = 1 / q
        biased[target] = weight * bias
    total = sum(biased.values())
    return {target: weight / total for target, weight in biased.items()}


@pytest.mark.parametrize(("p", "q"), [(1, 1), (0.1, 1), (0.25, 4), (4, 0.25), (3, 3), (0.5, 0.4)])
@pytest.mark.parametrize(
    ("edges", "directed"), [(UNWEIGHTED, False), (WEIGHTED, False), (BOTH_WAYS, True)]
)
def test_each_step_has_the_probability_of_the_paper(edges, directed, p, q):
    graph = neighbors(edges, directed)
    walks = node2vec(edges, p, q, walks=600, length=50, directed=directed, seed=7)
    counts = {}
    for walk in walks.token_lists():
        for before, node, target in zip(walk, walk[1:], walk[2:], strict=False):
            found = counts.setdefault((before, node), {})
            found[target] = found.get(target, 0) + 1
    statistic = freedom = 0
    for (before, node), found in counts.items():
        expected = probabilities(graph, before, node, p, q)
        assert set(found) <= set(expected)
        times = sum(found.values())
        if times * min(expected.values()) >= 5:
            for target, share in expected.items():
                statistic += (found.get(target, 0) - times * share) ** 2 / (times * share)
            freedom += len(expected) - 1
    assert freedom > 10
    assert abs(statistic - freedom) < 4 * (2 * freedom) ** 0.5


def test_first_steps_go_by_weight():
    walks = node2vec([("a", "b", 1), ("a", "c", 3)], walks=4000, length=2)
    starts = [walk[1] for walk in walks.token_lists() if walk[0] == "a"]
    assert len(starts) == 4000
    assert abs(starts.count("c") - 3000) < 4 * (4000 * 0.75 * 0.25) ** 0.5


@pytest.fixture(scope="module")
def edges():
    return np.random.default_rng(3).integers(0, 400, (1500, 2))


def test_workers_do_not_matter(edges, monkeypatch):
    monkeypatch.setattr("w2v_fast.walks.random_walks.BLOCK_NODES", 1 << 10)
    one = node2vec(edges, 0.5, 2, walks=3, length=20, workers=1)
    for workers in (2, 5):
        many = node2vec(edges, 0.5, 2, walks=3, length=20, workers=workers)
        assert np.array_equal(one.ids, many.ids)
        assert one.vocabulary == many.vocabulary
    monkeypatch.setattr("w2v_fast.walks.random_walks.BLOCK_NODES", 1 << 20)
    assert np.array_equal(one.ids, node2vec(edges, 0.5, 2, walks=3, length=20).ids)
    assert not np.array_equal(one.ids, node2vec(edges, 0.5, 2, walks=3, length=20, seed=2).ids)


def test_each_node_starts_each_round_in_another_order(edges):
    walks = list(node2vec(edges, walks=3, length=5).token_lists())
    nodes = set(map(str, np.unique(edges).tolist()))
    rounds = [[walk[0] for walk in walks[i * len(nodes) : (i + 1) * len(nodes)]] for i in range(3)]
    assert len(walks) == 3 * len(nodes)
    assert all(set(starts) == nodes for starts in rounds)
    assert rounds[0] != rounds[1] != rounds[2]


def test_walks_follow_edges_and_fit_the_vocabulary(edges):
    walks = node2vec(edges, 0.5, 2, walks=2, length=30)
    graph = neighbors(edges.tolist(), directed=False)
    counts = dict.fromkeys(walks.vocabulary.words, 0)
    for walk in walks.token_lists():
        assert len(walk) == 30
        assert all(b in graph[a] for a, b in itertools.pairwise(walk))
        for node in walk:
            counts[node] += 1
    assert list(counts.values()) == walks.vocabulary.counts.tolist()
    assert list(counts.values()) == sorted(counts.values(), reverse=True)


def test_a_walk_ends_where_no_edge_goes_on():
    walks = node2vec([("a", "b"), ("b", "c"), ("d", "c")], walks=2, length=9, directed=True)
    expected = {"a": ["a", "b", "c"], "b": ["b", "c"], "d": ["d", "c"]}
    found = list(walks.token_lists())
    assert len(found) == 6
    assert all(walk == expected[walk[0]] for walk in found)


def test_walks_that_do_not_fit_in_memory_go_to_a_file(edges):
    small = node2vec(edges, walks=2, length=10, memory_budget=1000)
    assert small.tokens_in_memory == 0
    assert np.array_equal(small.ids, node2vec(edges, walks=2, length=10).ids)


def test_progress_counts_walks(edges):
    told = []
    node2vec(edges, walks=2, length=10, progress=lambda *numbers: told.append(numbers))
    assert told[-1][0] == told[-1][1] == 2 * len(np.unique(edges))


def test_vectors_of_two_cliques_separate():
    cliques = [(a + n, b + n) for n in (0, 20) for a in range(20) for b in range(a)]
    walks = node2vec([*cliques, (0, 20)], walks=10, length=20)
    kv = w2v_fast.train(walks, vector_size=16, epochs=5, workers=1, sample=0)
    assert kv.similarity("1", "5") > kv.similarity("1", "25") + 0.3


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"p": 0}, ValueError, "p = 0 must be above 0"),
        ({"q": -1}, ValueError, "q = -1 must be above 0"),
        ({"q": float("nan")}, ValueError, "q = nan"),
        ({"walks": 0}, ValueError, "walks = 0 must be at least 1"),
        ({"length": 1}, ValueError, "length = 1 must be at least 2"),
        ({"length": 2.5}, TypeError, "length = 2.5 must be a whole number"),
        ({"workers": 0}, ValueError, "workers"),
        ({"seed": -1}, ValueError, "seed"),
    ],
)
def test_options_out_of_range(options, error, said):
    with pytest.raises(error, match=said):
        node2vec([("a", "b")], **options)
