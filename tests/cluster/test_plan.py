"""The plan of a run on nodes: every token once, in any number of parts, after any interruption."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from w2v_fast.cluster.plan import (
    FULL_ROUNDS,
    Plan,
    bounds_at_sentences,
    default_sync_words,
    joined,
    left_of,
    shares_of_shards,
)
from w2v_fast.config import TrainConfig
from w2v_fast.training.generator import draw
from w2v_fast.training.jobs import Jobs

CONFIG = TrainConfig(epochs=3)
PARTS = st.lists(st.integers(0, 5000), min_size=1, max_size=6).filter(sum)


def plan_of(parts, **options):
    return Plan(list(itertools.accumulate(parts, initial=0)), CONFIG, 5000, **options)


@settings(max_examples=40)
@given(PARTS, st.integers(20, 3000), st.integers(1, 4))
def test_rounds_train_every_token_once(parts, sync_words, workers):
    plan = plan_of(parts, sync_words=sync_words, workers=workers)
    rounds = list(plan.rounds(1))
    assert joined([span for round in rounds for span in round.spans]) == [(0, sum(parts))]
    assert sum(sum(round.tokens) for round in rounds) == sum(parts)
    assert [round.last for round in rounds] == [False] * (len(rounds) - 1) + [True]
    for round in rounds:
        for rank, pieces in enumerate(round.pieces):
            assert len(pieces) <= plan.round_jobs
            assert all(
                plan.bounds[rank] <= start < stop <= plan.bounds[rank + 1]
                for _, start, stop in pieces
            )


@settings(max_examples=40)
@given(PARTS, PARTS, st.integers(0, 40))
def test_another_number_of_nodes_trains_what_is_left(parts, others, stop):
    """The rounds that are done and those of a plan on other nodes have all tokens."""
    rounds = list(plan_of(parts, sync_words=300).rounds(0))[:stop]
    done = joined([span for round in rounds for span in round.spans])
    others = [sum(parts) * n // len(others) for n in range(len(others) + 1)]
    rest = Plan(others, CONFIG, 5000, sync_words=400).rounds(0, done)
    assert joined([*done, *(span for round in rest for span in round.spans)]) == [(0, sum(parts))]


def test_the_rest_of_an_epoch_has_the_rounds_that_were_left():
    plan = plan_of([4000, 2500, 4100], sync_words=300)
    rounds = list(plan.rounds(0))
    done = joined([span for round in rounds[:5] for span in round.spans])
    assert [round.pieces for round in plan.rounds(0, done)] == [r.pieces for r in rounds[5:]]


def test_one_node_has_the_jobs_of_one_machine():
    plan, jobs = plan_of([9999]), Jobs(9999, CONFIG)
    found, before = [], 0
    for epoch in range(CONFIG.epochs):
        for round in plan.rounds(epoch):
            found += plan.jobs_of(round, 0, before)
            before += sum(round.tokens)
    assert found == list(jobs)


def test_learning_rates_fall_and_draws_are_those_of_the_whole_corpus():
    plan = plan_of([1000, 2000], sync_words=250)
    before, last = 0, CONFIG.alpha
    for round in plan.rounds(0):
        for rank in range(2):
            jobs = plan.jobs_of(round, rank, before)
            rates = [job.lr for job in jobs]
            assert rates == sorted(rates, reverse=True)
            assert all(rate <= last for rate in rates)
            for job, (index, start, _) in zip(jobs, round.pieces[rank], strict=True):
                whole = plan.jobs[index]
                assert draw(job.token_key, job.start) == draw(whole.token_key, start)
        before += sum(round.tokens)
        last = plan.jobs.lr_after(before)
    assert before == 3000


def test_rare_rows_are_exchanged_half_as_often_with_each_doubling():
    plan = Plan([0, 500, 1000], TrainConfig(epochs=1), 5000, sync_words=1, hot_rows=1000)
    rows = [plan.rows_of(round) for round in plan.rounds(0)]
    assert rows[:8] == [1000, 2000, 1000, 4000, 1000, 2000, 1000, 5000]
    assert rows[-1] == rows[FULL_ROUNDS - 1] == 5000
    few = Plan([0, 500, 1000], TrainConfig(epochs=1), 30, sync_words=100)
    assert {few.rows_of(round) for round in few.rounds(0)} == {30}


def test_default_rounds():
    assert default_sync_words(50_000_000, 8) == default_sync_words(5, 8) == 5_000
    assert default_sync_words(50_000_000, 2) == 1_000_000
    assert default_sync_words(50_000_000, 4) == 25_000
    assert default_sync_words(340_000_000, 8) == 25_000
    assert default_sync_words(10**13, 8) == 1_000_000


def test_what_is_left():
    assert left_of((10, 20), []) == [(10, 20)]
    assert left_of((10, 20), [(0, 5), (25, 30)]) == [(10, 20)]
    assert left_of((10, 20), [(0, 12), (15, 16), (18, 40)]) == [(12, 15), (16, 18)]
    assert left_of((10, 20), [(10, 20)]) == left_of((5, 5), []) == []


@pytest.mark.parametrize("nodes", [1, 2, 3, 7])
def test_shards_are_shared_out_in_order(nodes):
    sizes = [5, 1, 1, 8, 2, 2, 2, 7, 1, 1, 1, 1]
    shares = shares_of_shards(sizes, nodes)
    assert [shard for share in shares for shard in share] == list(range(len(sizes)))
    assert len(shares) == nodes
    most = max(sum(sizes[shard] for shard in share) for share in shares)
    assert most <= sum(sizes) / nodes + max(sizes)
    assert shares_of_shards([3], 3) == [range(0, 0), range(0, 1), range(1, 1)]


def test_ids_are_cut_at_sentences():
    ids = np.array([1, 2, ~3, 1, 1, 1, 1, ~1, 2, ~2], np.int32)
    assert bounds_at_sentences(ids, 1) == [0, 10]
    assert bounds_at_sentences(ids, 2) == [0, 8, 10]
    assert bounds_at_sentences(ids, 4) == [0, 3, 8, 8, 10]
    assert bounds_at_sentences(np.array([1, 2, 3], np.int32), 2) == [0, 3, 3]
