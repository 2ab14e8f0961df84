"""Link 4 of the chain of trust: repeatable, stoppable runs, and errors that reach the caller."""

import itertools
import subprocess
import sys
import threading

import numpy as np
import pytest

from tests.training.toys import vocabulary_of, zipf_ids
from w2v_fast.config import TrainConfig
from w2v_fast.training import progress as progress_module
from w2v_fast.training.trainer import Trainer

WORDS = 60
IDS = zipf_ids(20_000, WORDS, 12)


def trainer_of(**options):
    config = TrainConfig(**{"vector_size": 24, "epochs": 2, "workers": 1, "sample": 1e-2, **options})
    return Trainer(IDS, vocabulary_of(IDS, WORDS), config)


def our_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("w2v_fast")]


def test_one_worker_is_repeatable():
    runs = [trainer_of(), trainer_of()]
    for run in runs:
        run.train()
    np.testing.assert_array_equal(runs[0].weights.input, runs[1].weights.input)
    np.testing.assert_array_equal(runs[0].weights.output, runs[1].weights.output)
    other = trainer_of(seed=2)
    other.train()
    assert not np.array_equal(runs[0].weights.input, other.weights.input)


def test_one_worker_is_repeatable_across_processes():
    code = ("from tests.training.test_trainer import trainer_of; import hashlib; t = trainer_of(); t.train(); "
            "print(hashlib.sha256(t.weights.input.tobytes() + t.weights.output.tobytes()).hexdigest())")
    digests = {subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
               for _ in range(2)}
    assert len(digests) == 1


@pytest.mark.parametrize("workers", [1, 2, 5, 16])
@pytest.mark.parametrize("last_newline", [True, False])
def test_every_token_is_a_center_once_an_epoch(workers, last_newline):
    ids = IDS.copy()
    ids[-1] = ~abs(ids[-1]) if last_newline else abs(ids[-1])
    config = TrainConfig(vector_size=8, epochs=3, workers=workers, sample=0)
    run = Trainer(ids, vocabulary_of(ids, WORDS), config)
    run.train()
    assert run.tokens == run.kept_tokens == 3 * len(ids)


def test_initial_weights_and_padding():
    run = trainer_of()
    vectors = run.weights.vectors
    assert vectors.shape == (WORDS, 24)
    assert (np.abs(vectors) <= 0.5 / 24).all()
    assert np.abs(vectors).max() > 0.45 / 24
    assert not run.weights.output.any()
    assert run.weights.input.ctypes.data % 64 == run.weights.output.ctypes.data % 64 == 0
    assert run.weights.input.shape[1] == 32
    run.train()
    assert not run.weights.input[:, 24:].any()
    assert not run.weights.output[:, 24:].any()


def test_many_workers_learn_the_same_windows():
    """Another interleaving, the same words: the losses of 1 and 4 workers agree."""
    losses = []
    for workers in (1, 4):
        run = trainer_of(workers=workers, epochs=3)
        run.train()
        losses.append([loss.mean for loss in run.losses])
        assert [loss.pairs for loss in run.losses] == [loss.pairs for loss in trainer_losses(run)]
    np.testing.assert_allclose(losses[0], losses[1], rtol=0.02)
    assert losses[0][2] < losses[0][0]


def trainer_losses(run):
    again = Trainer(IDS, vocabulary_of(IDS, WORDS), run.config)
    again.train()
    return again.losses


def test_error_in_a_worker_reaches_the_caller_and_leaves_no_thread():
    class Broken:
        def run(self, *_):
            raise RuntimeError("a broken worker")

    run = trainer_of(workers=3)
    run._loops[1] = Broken()
    with pytest.raises(RuntimeError, match="a broken worker"):
        run.train()
    assert not our_threads()


def test_error_in_the_report_reaches_the_caller_and_leaves_no_thread():
    def report(_):
        raise ValueError("a broken report")

    run = trainer_of(workers=2)
    with pytest.raises(ValueError, match="a broken report"):
        run.train(report)
    assert not our_threads()


@pytest.mark.parametrize("workers", [1, 3])
def test_interrupt_keeps_what_was_trained_and_training_goes_on(monkeypatch, workers):
    whole = trainer_of(workers=workers, epochs=5)
    whole.train()

    run = trainer_of(workers=workers, epochs=5)
    interrupt_after = 30
    take = run._take

    def interrupted(*_):
        raise KeyboardInterrupt

    def counted_take():
        if run.next_job >= interrupt_after:
            run._halt = True
            return None
        return take()

    monkeypatch.setattr(run, "_take", counted_take)
    with pytest.raises(KeyboardInterrupt):
        run.train(interrupted)
    assert not our_threads()
    assert run.tokens == sum(job.stop - job.start for job in run.jobs[: run.next_job])
    monkeypatch.undo()
    run.train()
    assert run.tokens == whole.tokens == 5 * len(IDS)
    if workers == 1:
        np.testing.assert_array_equal(run.weights.input, whole.weights.input)
        np.testing.assert_array_equal(run.weights.output, whole.weights.output)


def test_reports(monkeypatch):
    monkeypatch.setattr(progress_module, "REPORT_SECONDS", 0.001)
    reports = []
    run = trainer_of(epochs=3)
    run.train(reports.append)
    assert [r.epoch for r in reports if r.epoch_done] == [1, 2, 3]
    last = reports[-1]
    assert last.epoch_done
    assert last.tokens == last.total_tokens == 3 * len(IDS)
    assert 0 < last.kept_tokens < last.tokens
    assert last.loss == run.losses[2].mean > 0
    assert last.lr == pytest.approx(run.config.min_alpha)
    assert last.raw_rate > last.kept_rate > 0
    assert all(a.tokens <= b.tokens and a.lr >= b.lr for a, b in itertools.pairwise(reports))


def test_several_runs_at_once_do_not_disturb_each_other():
    alone = trainer_of()
    alone.train()
    runs = [trainer_of() for _ in range(3)]
    threads = [threading.Thread(target=run.train) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for run in runs:
        np.testing.assert_array_equal(run.weights.input, alone.weights.input)


def test_a_vocabulary_of_one_word_trains_and_ends():
    ids = np.array([0] * 99 + [~0], np.int32)
    run = Trainer(ids, vocabulary_of(ids, 1), TrainConfig(vector_size=4, epochs=2, workers=2))
    run.train()
    assert np.isfinite(run.weights.vectors).all()
