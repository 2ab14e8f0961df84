"""Link 4 of the chain of trust: repeatable, stoppable runs, and errors that reach the caller."""

import contextlib
import dataclasses
import errno
import io
import itertools
import json
import mmap
import subprocess
import sys
import threading

import numpy as np
import pytest

from tests.training.toys import vocabulary_of, zipf_ids
from w2v_fast.config import TrainConfig
from w2v_fast.training import watch as watch_module
from w2v_fast.training import workers as workers_module
from w2v_fast.training.progress import reporter
from w2v_fast.training.trainer import Trainer
from w2v_fast.training.weights import Weights, initial_weights, zeros
from w2v_fast.training.workers import Worker

WORDS = 60
IDS = zipf_ids(20_000, WORDS, 12)


def trainer_of(**options):
    config = TrainConfig(
        **{"vector_size": 24, "epochs": 2, "workers": 1, "sample": 1e-2, **options}
    )
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


@pytest.mark.slow
def test_one_worker_is_repeatable_across_processes():
    code = (
        "from tests.training.test_trainer import trainer_of; import hashlib; "
        "t = trainer_of(); t.train(); "
        "print(hashlib.sha256(t.weights.input.tobytes() + t.weights.output.tobytes()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    }
    assert len(digests) == 1


def test_initial_weights_and_padding():
    run = trainer_of()
    vectors = run.weights.vectors
    assert vectors.shape == (WORDS, 24)
    assert (np.abs(vectors) <= 1 / 24).all()
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

    run = trainer_of(workers=3, epochs=1000)  # more than two workers train before the third starts
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
    monkeypatch.setattr(watch_module, "REPORT_SECONDS", 0.001)
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
    assert last.words_per_second > last.kept_words_per_second > 0
    assert all(a.tokens <= b.tokens and a.lr >= b.lr for a, b in itertools.pairwise(reports))


@pytest.mark.parametrize("workers", [1, 3])
def test_an_epoch_is_told_before_the_next_begins(workers):
    run = trainer_of(epochs=4, workers=workers)
    told, weights = [], []

    def report(progress):
        if progress.epoch_done:
            assert not our_threads()
            told.append((progress.epoch, progress.tokens))
            weights.append(run.weights.input.copy())

    run.train(report)
    assert told == [(epoch, epoch * len(IDS)) for epoch in (1, 2, 3, 4)]
    assert all(not np.array_equal(a, b) for a, b in itertools.pairwise(weights))
    np.testing.assert_array_equal(weights[-1], run.weights.input)
    if workers == 1:
        whole = trainer_of(epochs=4)
        whole.train()
        np.testing.assert_array_equal(run.weights.input, whole.weights.input)


@pytest.mark.parametrize("ending", ["stop", "error"])
def test_a_run_that_ends_at_the_end_of_an_epoch_goes_on_there(ending):
    run = trainer_of(epochs=3, workers=2)
    told = []

    def report(progress):
        if progress.epoch_done:
            told.append(progress.epoch)
            if progress.epoch == 2 and ending == "stop":
                run.stop()
            elif progress.epoch == 2:
                raise ValueError("enough")

    with (
        contextlib.nullcontext() if ending == "stop" else pytest.raises(ValueError, match="enough")
    ):
        run.train(report)
    assert (told, run.tokens, run.epochs_done) == ([1, 2], 2 * len(IDS), 2)
    run.train(report)
    assert (told, run.tokens, run.done) == ([1, 2, 3], 3 * len(IDS), True)


def test_no_worker_waits_for_a_display(monkeypatch):
    """A report of an epoch comes when all of it is done, while the next may be under way."""
    monkeypatch.setattr(watch_module, "REPORT_SECONDS", 0.001)
    started = []
    monkeypatch.setattr(
        workers_module, "Worker", lambda *arguments: started.append(1) or Worker(*arguments)
    )
    lines = io.StringIO()
    run = trainer_of(epochs=5, workers=2)
    run.train(reporter("json", lines))
    told = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert [event["epoch"] for event in told if event["event"] == "epoch"] == [1, 2, 3, 4, 5]
    assert [event["loss"] for event in told if event["event"] == "epoch"] == [
        loss.mean for loss in run.losses
    ]
    assert len(started) == 2


def test_a_second_call_while_a_run_trains_is_an_error(tmp_path):
    run = trainer_of(epochs=200, workers=2)
    other = trainer_of(epochs=200)
    other.stop()
    other.train(checkpoint=tmp_path / "run")
    errors = []

    def report(_):
        for call in (run.train, lambda: run.resume(tmp_path / "run")):
            with pytest.raises(RuntimeError, match="another call trains or resumes this model"):
                call()
            errors.append(call)
        run.stop()

    run.train(report)
    assert len(errors) >= 2
    before = run.tokens
    assert before == run.jobs.tokens_before(run.next_job) < run.jobs.total_tokens
    run.stop()
    run.train()
    assert run.tokens == before


def test_a_loop_that_runs_is_an_error_for_another_thread():
    run = trainer_of(epochs=1)
    loop, stop, errors = run._loops[0], len(run.ids), []

    def again():
        while not errors:
            try:
                loop.run(0, stop, 0.01, 1, 2)
            except RuntimeError as error:
                errors.append(str(error))

    threads = [threading.Thread(target=again) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "another thread runs this loop" in errors[0]
    loop.run(0, stop, 0.01, 1, 2)


def test_two_threads_that_train_one_run_lose_no_token():
    for _ in range(5):
        run = trainer_of(epochs=3, workers=2)
        barrier, refused = threading.Barrier(2), []

        def go(run=run, barrier=barrier, refused=refused):
            barrier.wait()
            try:
                run.train()
            except RuntimeError as error:
                refused.append(error)

        threads = [threading.Thread(target=go) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert run.done
        assert run.tokens == run.jobs.total_tokens
        assert len(refused) <= 1


@pytest.mark.parametrize(
    ("ids", "kind", "message"),
    [
        (IDS.astype(np.int64), TypeError, "int32"),
        (IDS.astype(">i4"), TypeError, "int32"),
        (IDS[::2], TypeError, "contiguous"),
        (IDS.reshape(2, -1), TypeError, "shape"),
        (IDS.tolist(), TypeError, "array"),
        (IDS[:0], ValueError, "no tokens"),
        (
            np.append(IDS, WORDS).astype(np.int32),
            ValueError,
            f"the id {WORDS}, but its vocabulary has {WORDS} words",
        ),
        (np.append(IDS, ~WORDS).astype(np.int32), ValueError, f"the id {WORDS}"),
        (np.append(IDS, 2**31 - 1).astype(np.int32), ValueError, f"the id {2**31 - 1}"),
        (np.append(IDS, -(2**31)).astype(np.int32), ValueError, f"the id {2**31 - 1}"),
    ],
)
def test_ids_that_the_native_loop_cannot_take(ids, kind, message):
    with pytest.raises(kind, match=message):
        Trainer(ids, vocabulary_of(IDS, WORDS), TrainConfig(vector_size=8, workers=1))


def test_ids_that_change_after_the_run_was_made():
    ids = IDS.copy()
    run = Trainer(ids, vocabulary_of(ids, WORDS), TrainConfig(vector_size=8, workers=1))
    ids[7] = 10**6
    with pytest.raises(ValueError, match="the id 1000000"):
        run.train()


def changed(weights, **parts):
    return Weights(
        **{"input": weights.input, "output": weights.output, "dim": weights.dim, **parts}
    )


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        (lambda w: changed(w, input=w.input[:-1]), ValueError, "the input matrix has the shape"),
        (lambda w: changed(w, output=w.output[:, :16]), TypeError, "the output matrix must be"),
        (
            lambda w: changed(w, output=w.output.astype(np.float64)),
            TypeError,
            "the output matrix must be",
        ),
        (lambda w: changed(w, input=w.input.ravel()[1:-31].reshape(-1, 32)), TypeError, "64 bytes"),
        (lambda w: changed(w, dim=23), ValueError, "23 dimensions"),
        (lambda w: changed(w, output=w.input), ValueError, "must not share memory"),
        (lambda w: w.input[:, 24:].fill(1) or w, ValueError, "padding must be zero"),
        (lambda w: w.output.setflags(write=False) or w, TypeError, "writable"),
    ],
)
def test_weights_that_the_native_loop_cannot_take(change, kind, message):
    config = TrainConfig(vector_size=24, workers=1)
    weights = change(initial_weights(WORDS, 24, 1))
    with pytest.raises(kind, match=message):
        Trainer(IDS, vocabulary_of(IDS, WORDS), config, weights)
    Trainer(IDS, vocabulary_of(IDS, WORDS), config, initial_weights(WORDS, 24, 1))


def test_a_kernel_without_huge_pages(monkeypatch):
    class Memory(mmap.mmap):
        def madvise(self, *_):
            raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr("w2v_fast.training.weights.mmap.mmap", Memory)
    assert not zeros(3, 16).any()


@pytest.mark.parametrize(
    ("ids", "options", "advice"),
    [
        (~np.arange(100, dtype=np.int32) % 5 - 5, {"sample": 0}, "give longer sentences$"),
        (np.arange(100, dtype=np.int32) % 5, {"sample": 1e-12}, "or a larger sample than 1e-12"),
    ],
)
def test_a_run_without_a_pair_is_a_warning(ids, options, advice):
    run = Trainer(ids, vocabulary_of(ids, 5), TrainConfig(vector_size=8, workers=1, **options))
    before = run.weights.input.copy()
    with pytest.warns(RuntimeWarning, match=f"nothing was learned: no two of the .*{advice}"):
        run.train()
    np.testing.assert_array_equal(run.weights.input, before)


@pytest.mark.parametrize(
    "variant", [{}, {"architecture": "cbow"}, {"objective": "hs"}, {"objective": "softmax"}]
)
def test_one_pair_in_many_sentences_is_no_warning(recwarn, variant):
    ids = np.full(100_000, ~0, np.int32)
    ids[77_000] = 1
    run = Trainer(
        ids,
        vocabulary_of(ids, 2),
        TrainConfig(vector_size=8, workers=2, sample=0, epochs=1, **variant),
    )
    run.train()
    assert not recwarn.list
    assert run.losses[0].pairs > 0


def test_a_run_at_its_end_says_that_nothing_is_left():
    run = trainer_of()
    run.train()
    weights = run.weights.input.copy()
    with pytest.warns(
        RuntimeWarning, match=r"nothing is left to do: all 2 epochs are trained.*init="
    ):
        run.train()
    np.testing.assert_array_equal(run.weights.input, weights)


# -- jobs that somebody else planned -----------------------------------------------------------


def test_jobs_of_somebody_else_are_trained_like_those_of_the_run():
    run, other = trainer_of(), trainer_of()
    run.train()
    counts = [other.run_jobs(other.jobs[:7]), other.run_jobs(other.jobs[7:])]
    assert run.weights.input.tobytes() == other.weights.input.tobytes()
    assert run.weights.output.tobytes() == other.weights.output.tobytes()
    assert sum(count.kept for count in counts) == run.kept_tokens
    assert sum(count.pairs for count in counts) == sum(loss.pairs for loss in run.losses)
    assert other.next_job == 0


def test_threads_share_the_jobs_of_somebody_else():
    run = trainer_of(workers=3)
    counts = run.run_jobs(run.jobs)
    assert counts.kept == trainer_of().run_jobs(run.jobs).kept
    assert not our_threads()


def test_a_job_beyond_the_tokens_is_an_error():
    run = trainer_of()
    job = dataclasses.replace(run.jobs[0], stop=len(IDS) + 1)
    with pytest.raises(IndexError, match="tokens 0"):
        run.run_jobs([job])
    assert run.run_jobs([run.jobs[0]]).pairs > 0
