"""Replicas: one is the trainer itself; several are equal, repeatable, resumable, and learn."""

import dataclasses
import json

import numpy as np
import pytest

from tests.cluster.threads import on_threads
from tests.training.toys import vocabulary_of, zipf_ids
from w2v_fast.cluster import replica as replica_module
from w2v_fast.cluster.plan import bounds_at_sentences
from w2v_fast.cluster.position import identity, newest, save
from w2v_fast.cluster.replica import Replica, lr_factor
from w2v_fast.config import TrainConfig
from w2v_fast.training.checkpoint import CheckpointError, CheckpointFolder, write
from w2v_fast.training.trainer import DivergenceError, Trainer
from w2v_fast.training.weights import initial_weights

WORDS = 60
IDS = zipf_ids(20_000, WORDS, 12)
VOCABULARY = vocabulary_of(IDS, WORDS)
UNEVEN = [0, 3000, 3400, 20_000]


@pytest.fixture(autouse=True)
def small_counts(monkeypatch):
    monkeypatch.setattr(replica_module, "COUNT_TOKENS", 4000)


def config_of(**options):
    return TrainConfig(**{"vector_size": 24, "epochs": 2, "workers": 1, "sample": 1e-2, **options})


def replica_of(exchange, config, bounds=None, **options):
    bounds = bounds or bounds_at_sentences(IDS, exchange.size)
    ids = IDS[bounds[exchange.rank] : bounds[exchange.rank + 1]]
    return Replica(ids, VOCABULARY, config, exchange, **{"sync_words": 1500, **options})


def trained(nodes, config, rounds=None, start=None, **options):
    """The replicas after so many rounds (default: all), and what they reported.

    They go on from the position and the weights of the replica `start`.
    """

    def work(exchange):
        replica = replica_of(exchange, config, **options)
        if start is not None:
            for array, values in zip(replica.weights.arrays, start.weights.arrays, strict=True):
                array[...] = values
            replica.go_on(start.position)
        reports = []
        for progress in replica.rounds():
            reports.append(progress)
            if len(reports) == rounds and exchange.rank == nodes - 1:
                replica.stop()
        return replica, reports

    return on_threads(nodes, work)


def bits(replica):
    return b"".join(array.tobytes() for array in replica.weights.arrays)


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
@pytest.mark.parametrize("objective", ["ns", "nce", "hs"])
def test_one_node_has_the_bits_of_one_machine(architecture, objective):
    config = config_of(architecture=architecture, objective=objective)
    alone = Trainer(IDS, VOCABULARY, config)
    alone.train()
    ((replica, reports),) = trained(1, config)
    assert bits(replica) == bits(alone)
    for found, expected in zip(replica.position.losses, alone.losses, strict=True):
        assert found.pairs == expected.pairs
        assert found.nats == pytest.approx(expected.nats)
    assert replica.position.kept_tokens == alone.kept_tokens
    assert reports[-1].tokens == alone.tokens
    assert replica.done
    assert replica.equal


@pytest.mark.parametrize("bounds", [None, UNEVEN])
def test_nodes_end_equal_and_repeat(bounds):
    config = config_of()
    first, second = (trained(3, config, bounds=bounds) for _ in range(2))
    assert len({bits(replica) for replica, _ in [*first, *second]}) == 1
    replica, reports = first[0]
    assert replica.position.tokens == 2 * len(IDS)
    assert [report.epoch for report in reports if report.epoch_done] == [1, 2]
    assert reports[-1].tokens == reports[-1].total_tokens == 2 * len(IDS)
    assert replica.position.losses[1].mean < replica.position.losses[0].mean
    for other, others_reports in first[1:]:
        assert other.position == replica.position
        assert [dataclasses.replace(report, seconds=0) for report in others_reports] == [
            dataclasses.replace(report, seconds=0) for report in reports
        ]


def test_several_workers_learn():
    (replica, _), _ = trained(2, config_of(workers=2))
    assert replica.plan.round_jobs == 1500 // replica.plan.jobs.job_tokens >= 8
    assert replica.position.losses[1].mean < replica.position.losses[0].mean


def test_the_learning_rate_is_raised():
    (replica, reports), *_ = trained(2, config_of())
    assert lr_factor(1) == 1
    assert lr_factor(2) > 1
    assert replica.config.alpha == lr_factor(2) * 0.025
    assert reports[-1].lr == pytest.approx(lr_factor(2) * 1e-4)


def test_frozen_words_stay():
    def work(exchange):
        weights = initial_weights(WORDS, 24, 1)
        weights.frozen = np.zeros(WORDS, np.uint8)
        weights.frozen[:7] = 1
        replica = replica_of(exchange, config_of(), weights=weights)
        list(replica.rounds())
        return replica

    start = initial_weights(WORDS, 24, 1).input
    for replica in on_threads(2, work):
        np.testing.assert_array_equal(replica.weights.input[:7], start[:7])
        assert not np.array_equal(replica.weights.input[7:], start[7:])


# -- stopping and going on ---------------------------------------------------------------------


def test_a_stop_on_one_node_ends_all_and_makes_them_equal():
    found = trained(3, config_of(), rounds=2, hot_rows=8, sync_words=500)
    assert len({bits(replica) for replica, _ in found}) == 1
    for replica, reports in found:
        assert len(reports) == replica.count_rounds == 8
        assert replica.equal
        assert not replica.done
        assert replica.position.tokens == sum(stop - start for start, stop in replica.position.done)


@pytest.mark.parametrize("nodes", [1, 2, 4])
def test_another_number_of_nodes_goes_on(nodes):
    config = config_of()
    (stopped, _), *_ = trained(3, config, rounds=7)
    found = trained(nodes, config, start=stopped)
    assert len({bits(replica) for replica, _ in found}) == 1
    replica, reports = found[0]
    assert replica.done
    assert replica.position.tokens == 2 * len(IDS)
    assert reports[-1].tokens == 2 * len(IDS) - stopped.position.tokens
    (whole, _), *_ = trained(1, config)
    assert replica.position.kept_tokens == whole.position.kept_tokens


@pytest.mark.parametrize("nodes", [1, 3])
def test_the_same_nodes_go_on_to_the_same_bits(nodes):
    """All rows are exchanged in every round here, so a stop changes nothing."""
    config = config_of()
    (stopped, _), *_ = trained(nodes, config, rounds=3)
    assert bits(trained(nodes, config, start=stopped)[0][0]) == bits(trained(nodes, config)[0][0])


def test_nodes_are_equal_when_all_rows_were_exchanged():
    def work(exchange):
        replica = replica_of(exchange, config_of(), hot_rows=8)
        return [(replica.equal, bits(replica)) for _ in replica.rounds()]

    first, second = on_threads(2, work)
    assert [equal for equal, _ in first] == [equal for equal, _ in second]
    assert sum(equal for equal, _ in first) >= 2  # the ends of the epochs
    for (equal, ours), (_, others) in zip(first, second, strict=True):
        assert equal == (ours == others)


@pytest.mark.parametrize("nodes", [1, 2])
def test_a_checkpoint_keeps_a_position(tmp_path, nodes):
    config = config_of()
    (replica, _), *_ = trained(nodes, config, rounds=3)
    run = identity(config, VOCABULARY)
    with CheckpointFolder(tmp_path) as folder:
        path = save(folder, replica.position, run, replica.weights.arrays, None)
        checkpoint, position = newest(folder, run, config, len(IDS))
        assert checkpoint.path == path
        assert position == replica.position
        other = identity(config_of(window=3), VOCABULARY)
        with pytest.raises(CheckpointError, match=r"is of another run: config.window is 3, the"):
            newest(folder, other, config, len(IDS))


def test_a_position_that_does_not_fit_is_damage(tmp_path):
    config = config_of()
    (replica, _), *_ = trained(2, config, rounds=2)
    run = identity(config, VOCABULARY)
    good = json.loads(json.dumps(dataclasses.asdict(replica.position)))
    bad = [
        None,
        {**good, "epoch": 3},
        {**good, "tokens": good["tokens"] + 1},
        {**good, "kept_tokens": good["tokens"] + 1},
        {**good, "losses": good["losses"][:1]},
        {**good, "done": [[5, 3]]},
        {**good, "done": [[0, len(IDS) + 1]]},
        {**good, "done": 7},
    ]
    for position in bad:
        header = {"version": "1", "run": run, "position": position}
        write(tmp_path / "checkpoint-000000000000001.w2v", header, replica.weights.arrays)
        with (
            CheckpointFolder(tmp_path) as folder,
            pytest.raises(CheckpointError, match="the position in its header"),
        ):
            newest(folder, run, config, len(IDS))


# -- what is refused ---------------------------------------------------------------------------


def test_the_softmax_is_refused():
    with pytest.raises(ValueError, match="choose ns, nce, hs"):
        trained(2, config_of(objective="softmax"))


def test_a_node_without_tokens_is_named():
    with pytest.raises(ValueError, match=r"no tokens are left for node 1 of 3: train on fewer"):
        trained(3, config_of(), bounds=[0, 500, 500, 20_000])


def test_nodes_with_other_options_are_named():
    def work(exchange):
        return replica_of(exchange, config_of(window=3 + (exchange.rank == 2)))

    with pytest.raises(ValueError, match="nodes 2 and node 0 do not have the same vocabulary"):
        on_threads(3, work)


def test_divergence_ends_all_nodes():
    with pytest.raises(DivergenceError, match="training diverged in epoch 1"):
        trained(2, config_of(alpha=1e12, min_alpha=0))
