"""The model of a round: its rows are those of the plan."""

import pytest

from w2v_fast.cluster.model import mean_rows, round_time
from w2v_fast.cluster.plan import FULL_ROUNDS, Plan, Round
from w2v_fast.config import TrainConfig


@pytest.mark.parametrize("words", [10, 1024, 50_000, 1_000_000])
def test_mean_rows_are_those_of_the_plan(words):
    plan = Plan([0, 10, 20], TrainConfig(), words)
    rows = [plan.rows_of(Round(n, 0, [[], []], last=False)) for n in range(1, FULL_ROUNDS + 1)]
    assert mean_rows(words) == pytest.approx(sum(rows) / FULL_ROUNDS)


def test_a_slow_network_costs_efficiency_and_one_node_pays_nothing():
    given = {"words": 100_000, "vector_size": 100, "sync_words": 10**6, "words_per_second": 2e6}
    alone = round_time(1, bits_per_second=1e9, **given)
    slow, fast = (round_time(8, bits_per_second=speed, **given) for speed in (1e9, 1e10))
    assert alone.efficiency == 1
    assert slow.efficiency < fast.efficiency < 1
    assert slow.wire == pytest.approx(1.75 * 8 * slow.bytes / 1e9)
