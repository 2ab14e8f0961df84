"""A stopped or killed run continues as if nothing had happened; a damaged checkpoint is refused."""

import contextlib
import errno
import hashlib
import os
import random
import re
import shutil
import signal
import threading
import time
import warnings
from collections import namedtuple

import numpy as np
import pytest

from tests.skips import posix
from tests.training.toys import vocabulary_of, zipf_ids
from w2v_fast.config import TrainConfig
from w2v_fast.system import container, files
from w2v_fast.training import checkpoint as checkpoint_module
from w2v_fast.training._inner import supported_isas
from w2v_fast.training.checkpoint import Checkpoint, CheckpointError, CheckpointFolder
from w2v_fast.training.trainer import DivergenceError, Trainer

WORDS = 60
IDS = zipf_ids(20_000, WORDS, 12)
VOCABULARY = vocabulary_of(IDS, WORDS)
OFTEN = 1e-4  # minutes between checkpoints: 6 ms
KILLS = 20


def trainer_of(ids=IDS, vocabulary=VOCABULARY, **options):
    return Trainer(
        ids,
        vocabulary,
        TrainConfig(**{"vector_size": 20, "epochs": 3, "workers": 1, "sample": 1e-2, **options}),
    )


def stop_after(run, jobs):
    """The run, made to stop when its first worker takes job number `jobs` or a later one."""
    loop = getattr(run._loops[0], "loop", run._loops[0])

    class Counted:
        def __init__(self):
            self.loop = loop

        def run(self, *arguments):
            if run.next_job >= jobs:
                run.stop()
            return loop.run(*arguments)

    run._loops[0] = Counted()
    return run


def digest(run):
    state = hashlib.sha256(run.weights.input.tobytes() + run.weights.output.tobytes())
    state.update(repr((run.losses, run.tokens, run.kept_tokens)).encode())
    return state.hexdigest()


def files_of(folder):
    """Its files in order; on Windows there is one more, by which the folder is locked."""
    return sorted(path for path in folder.iterdir() if path.name != ".lock")


@pytest.fixture
def stopped(tmp_path):
    """A folder with the two checkpoints of a run that was stopped twice."""
    run = stop_after(trainer_of(), 100)
    run.train(checkpoint=tmp_path / "run")
    run = stop_after(run, 200)
    run.train(checkpoint=tmp_path / "run")
    assert not run.done
    assert len(files_of(tmp_path / "run")) == 2
    return tmp_path / "run"


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"architecture": "cbow", "objective": "hs"},
        {"objective": "nce", "share_noise": False},
        {"noise_draws": 2},
        {"objective": "softmax", "epochs": 1},
    ],
)
def test_a_stopped_run_goes_on_bit_for_bit(tmp_path, options):
    whole = trainer_of(**options)
    whole.train()
    assert whole.done
    for jobs in (10, 250, 10_000):
        run = stop_after(trainer_of(**options), jobs)
        assert run.resume(tmp_path / "run") == (jobs > 10)
        run.train(checkpoint=tmp_path / "run")
    assert run.done
    assert digest(run) == digest(whole)
    again = trainer_of(**options)
    assert again.resume(tmp_path / "run")
    assert again.done
    assert digest(again) == digest(whole)


class TestKill:
    """SIGKILL at random moments, half of them in the middle of writing a checkpoint."""

    OPTIONS = {"epochs": 12, "vector_size": 50}  # noqa: RUF012

    def child(self, folder, result, number):
        """Go on with the run, and die at a random writing call, or wait to be killed."""
        rng = random.Random(number)
        if number % 2:
            left = rng.randrange(1, 200)
            for module, name in (
                (container, "_write"),
                (os, "fsync"),
                (os, "replace"),
                (os, "chmod"),
                (files, "sync_folder"),
            ):
                original = getattr(module, name)

                def deadly(*arguments, original=original):
                    nonlocal left
                    left -= 1
                    if left == 0:
                        os.kill(os.getpid(), signal.SIGKILL)
                    return original(*arguments)

                setattr(module, name, deadly)
        run = trainer_of(**self.OPTIONS)
        run.resume(folder)
        run.train(checkpoint=folder, checkpoint_minutes=OFTEN)
        finished = result.with_suffix(".part")
        finished.write_text(digest(run))
        finished.rename(result)

    @posix
    @pytest.mark.slow
    def test_a_killed_run_goes_on_bit_for_bit(self, tmp_path):
        whole = trainer_of(**self.OPTIONS)
        started = time.monotonic()
        whole.train()
        expected, seconds = digest(whole), time.monotonic() - started
        folder, result = tmp_path / "run", tmp_path / "digest"
        kills = resumed = number = 0
        while kills < KILLS or not result.exists():
            if result.exists():
                assert result.read_text() == expected
                result.unlink()
                shutil.rmtree(folder)
            resumed += folder.exists() and bool(list(folder.glob("checkpoint-*")))
            pid = os.fork()
            if pid == 0:
                try:
                    self.child(folder, result, number)
                finally:
                    os._exit(0)
            if not number % 2 and kills < KILLS:
                time.sleep(random.Random(number).uniform(0, seconds))
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            status = os.waitpid(pid, 0)[1]
            kills += os.WIFSIGNALED(status)
            number += 1
        assert result.read_text() == expected
        assert resumed > KILLS // 3


def test_many_workers_do_the_same_jobs_after_a_resume(tmp_path):
    whole = trainer_of(workers=4)
    whole.train()
    run = stop_after(trainer_of(workers=4), 150)
    run.train(checkpoint=tmp_path / "run")
    assert not run.done
    again = trainer_of(workers=3)  # the number of workers is free
    assert again.resume(tmp_path / "run")
    again.train()
    assert again.tokens == whole.tokens == 3 * len(IDS)
    assert again.kept_tokens == whole.kept_tokens
    assert [loss.pairs for loss in again.losses] == [loss.pairs for loss in whole.losses]
    np.testing.assert_allclose(
        [loss.mean for loss in again.losses], [loss.mean for loss in whole.losses], rtol=0.03
    )


@pytest.mark.skipif(len(supported_isas()) < 2, reason="this CPU or build has one instruction set")
def test_the_instruction_set_is_free(stopped):
    run = trainer_of(isa=supported_isas()[-1])
    assert run.resume(stopped)


def test_periodic_checkpoints_change_nothing(tmp_path):
    whole = trainer_of()
    whole.train()
    run = trainer_of()
    reports = []
    run.train(reports.append, checkpoint=tmp_path / "run", checkpoint_minutes=OFTEN)
    assert digest(run) == digest(whole)
    assert len(files_of(tmp_path / "run")) == 2
    assert [report.epoch for report in reports if report.epoch_done] == [1, 2, 3]


def test_a_missing_or_empty_folder_is_a_fresh_start(tmp_path):
    assert not trainer_of().resume(tmp_path / "missing")
    assert not trainer_of().resume(tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": 0.05}, r"config\.alpha is 0\.05, the checkpoint has 0\.025"),
        ({"vector_size": 21}, r"config\.vector_size is 21, the checkpoint has 20"),
        ({"noise_draws": 2}, r"config\.noise_draws is 2, the checkpoint has None"),
        ({"window": 4, "seed": 9}, r"config\.seed is 9, the checkpoint has 1; config\.window is 4"),
    ],
)
def test_another_configuration_is_refused(stopped, options, message):
    run = trainer_of(**options)
    before = digest(run)
    with pytest.raises(CheckpointError, match=message):
        run.resume(stopped)
    assert digest(run) == before


def test_another_corpus_is_refused(stopped):
    ids = IDS.copy()
    ids[[0, 1]] = ids[[1, 0]]
    with pytest.raises(CheckpointError, match=r"corpus\.sha256 is \w+, the checkpoint has \w+$"):
        trainer_of(ids).resume(stopped)
    with pytest.raises(CheckpointError, match=r"corpus\.tokens is 19990, the checkpoint has 20000"):
        trainer_of(IDS[:19_990]).resume(stopped)
    with pytest.raises(CheckpointError, match="vocabulary is"):
        trainer_of(vocabulary=vocabulary_of(IDS[:100], WORDS)).resume(stopped)


def test_an_earlier_run_is_not_overwritten(stopped):
    before = {path.name: path.read_bytes() for path in files_of(stopped)}
    with pytest.raises(FileExistsError, match="earlier run"):
        trainer_of().train(checkpoint=stopped)
    assert {path.name: path.read_bytes() for path in files_of(stopped)} == before


def test_the_newest_whole_checkpoint_is_used(stopped):
    older, newer = files_of(stopped)
    newer.write_bytes(newer.read_bytes()[:-1])
    run = trainer_of()
    with pytest.warns(RuntimeWarning, match="is cut or damaged.*going on from .*" + older.name):
        assert run.resume(stopped)
    whole = trainer_of()
    whole.train()
    run.train(checkpoint=stopped)
    assert digest(run) == digest(whole)


def test_a_damaged_checkpoint_does_not_count_among_the_two_that_are_kept(stopped):
    for jobs in (250, 300):
        newer = files_of(stopped)[-1]
        newer.write_bytes(newer.read_bytes()[:-1])
        run = stop_after(trainer_of(), jobs)
        with pytest.warns(RuntimeWarning, match=newer.name):
            assert run.resume(stopped)
        run.train(checkpoint=stopped)
        assert not newer.exists()
        assert len(files_of(stopped)) == 2


def test_no_whole_checkpoint_is_an_error(stopped):
    for path in files_of(stopped):
        path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(CheckpointError, match=r"no checkpoint in .* is whole"):
        trainer_of().resume(stopped)


@pytest.mark.slow
def test_every_cut_and_every_changed_byte_is_found(tmp_path):
    path = tmp_path / "small"
    checkpoint_module.write(path, {"run": {}}, [np.ones((2, 16), np.float32)])
    data = path.read_bytes()
    assert Checkpoint.read(path).header["shapes"] == [[2, 16]]
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(CheckpointError):
            Checkpoint.read(path)
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(CheckpointError):
            Checkpoint.read(path)


def with_header(path, change):
    """Write the checkpoint again under a changed header, with a right checksum."""
    old = Checkpoint.read(path)
    arrays = [np.empty(shape, np.float32) for shape in old.header["shapes"]]
    old.fill(arrays)
    header = {key: value for key, value in old.header.items() if key != "shapes"}
    change(header)
    checkpoint_module.write(path, header, arrays)


@pytest.mark.parametrize(
    "position",
    [
        None,
        [],
        {},
        {"job": -1},
        {"job": 10**9},
        {"job": "1"},
        {"job": 1.0},
        {"job": True},
        {"kept_tokens": -1},
        {"kept_tokens": 10**12},
        {"losses": []},
        {"losses": [[1.0, 1]] * 4},
        {"losses": [["1", 1]] * 3},
        {"losses": [[1.0, -1]] * 3},
        {"losses": [[1.0]] * 3},
        {"losses": 3},
    ],
)
def test_an_impossible_position_is_refused(stopped, position):
    def change(header):
        header["position"] = position if not position else {**header["position"], **position}

    newest = files_of(stopped)[-1]
    with_header(newest, change)
    with pytest.raises(CheckpointError, match="position"):
        trainer_of().resume(stopped)


def test_another_version_is_a_warning(stopped):
    with_header(files_of(stopped)[-1], lambda header: header.update(version="0.0.1"))
    with pytest.warns(RuntimeWarning, match=r"written by version 0\.0\.1"):
        assert trainer_of().resume(stopped)


def test_two_runs_cannot_share_a_folder(tmp_path):
    with CheckpointFolder(tmp_path), pytest.raises(BlockingIOError, match="another run"):
        trainer_of().train(checkpoint=tmp_path)
    trainer_of().train(checkpoint=tmp_path)


def test_what_a_killed_run_left_is_removed(tmp_path):
    (tmp_path / ".checkpoint-000000000000100.w2v.x1y2.part").write_bytes(b"half")
    trainer_of().train(checkpoint=tmp_path)
    assert [path.name for path in files_of(tmp_path)] == ["checkpoint-000000000000600.w2v"]


@pytest.mark.parametrize("place", ["file", "missing/folder"])
def test_a_folder_that_cannot_be_is_known_before_training(tmp_path, place):
    (tmp_path / "file").write_bytes(b"")
    run = trainer_of()
    with pytest.raises(OSError, match=os.path.basename(place)):
        run.train(checkpoint=tmp_path / place)
    assert run.next_job == 0


def test_no_room_is_known_before_training(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(checkpoint_module.shutil, "disk_usage", lambda _: usage(10**9, 10**9, 1000))
    run = trainer_of()
    with pytest.raises(OSError, match="1,000 are free") as error:
        run.train(checkpoint=tmp_path)
    assert error.value.errno == errno.ENOSPC
    assert run.next_job == 0


def test_a_checkpoint_that_fails_does_not_end_the_run(tmp_path, monkeypatch):
    """The disk fills up later: training goes on, and the older checkpoint stays whole."""
    run = stop_after(trainer_of(), 100)
    run.train(checkpoint=tmp_path)

    @contextlib.contextmanager
    def full(path):
        with files.atomic_write(path):
            raise OSError(errno.ENOSPC, "No space left on device")
        yield

    monkeypatch.setattr(container, "atomic_write", full)
    with pytest.warns(
        RuntimeWarning, match="no checkpoint after 60,000 of 60,000 words: .*No space left"
    ):
        stop_after(run, 10_000).train(checkpoint=tmp_path)
    assert run.done
    assert len(files_of(tmp_path)) == 1
    again = trainer_of()
    assert again.resume(tmp_path)
    again.train()
    assert digest(again) == digest(run)


def test_divergence_keeps_the_last_good_checkpoint(tmp_path):
    run = stop_after(trainer_of(), 100)
    run.train(checkpoint=tmp_path)
    good = {path.name: path.read_bytes() for path in files_of(tmp_path)}
    run.weights.vectors[3, 5] = np.nan
    with pytest.raises(
        DivergenceError, match=r"diverged .* learning rate 0\.02.*last checkpoint is .*checkpoint-"
    ):
        run.train(checkpoint=tmp_path, checkpoint_minutes=OFTEN)
    assert {path.name: path.read_bytes() for path in files_of(tmp_path)} == good
    again = trainer_of()
    assert again.resume(tmp_path)
    again.train()
    assert again.weights.are_finite()


def test_a_weight_outside_of_the_sample_of_the_loss_is_found_at_the_end():
    ids = np.append(IDS[: np.flatnonzero(IDS < 0)[-1] + 1], [~WORDS]).astype(
        np.int32
    )  # alone in its sentence
    run = trainer_of(ids, vocabulary_of(ids, WORDS + 1), objective="hs")
    run.weights.vectors[WORDS, 0] = np.inf
    with pytest.raises(DivergenceError, match="not finite"):
        run.train()


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
@pytest.mark.parametrize("objective", ["ns", "nce", "hs", "softmax"])
@pytest.mark.parametrize("alpha", [1000.0, 1e38])
def test_a_mad_learning_rate_is_noticed_at_once(architecture, objective, alpha):
    run = trainer_of(alpha=alpha, architecture=architecture, objective=objective)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DivergenceError, match=re.escape(f"try a smaller alpha than {alpha:g}")):
            run.train()
    assert run.next_job <= 3


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 1, 5])
def test_stop_from_another_thread(tmp_path, number):
    run = trainer_of(epochs=100_000, workers=2)
    thread = threading.Thread(target=lambda: (time.sleep(number / 50), run.stop()))
    thread.start()
    started = time.monotonic()
    run.train(checkpoint=tmp_path / "run")
    thread.join()
    assert not run.done
    assert time.monotonic() - started < 10
    assert (
        trainer_of(epochs=100_000).resume(tmp_path / "run") == (run.next_job > 0)
        or run.next_job == 0
    )


def test_a_stop_before_training_is_not_lost():
    run = trainer_of()
    run.stop()
    run.train()
    assert run.next_job == 0
    run.train()
    assert run.done


@posix
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals(tmp_path, number):
    """The handler calls stop(); the checkpoint has the whole run. So does KeyboardInterrupt."""
    folder = tmp_path / "run"
    pid = os.fork()
    if pid == 0:
        code = 99
        try:
            run = trainer_of(epochs=100_000)
            if number == signal.SIGTERM:
                signal.signal(number, lambda *_: run.stop())
            else:
                signal.signal(number, signal.default_int_handler)
            try:
                (tmp_path / "ready").write_bytes(b"")
                run.train(checkpoint=folder)
                code = 1
            except KeyboardInterrupt:
                code = 2
            again = trainer_of(epochs=100_000)
            code = (
                code
                if again.resume(folder) and digest(again) == digest(run) and again.next_job
                else 98
            )
        finally:
            os._exit(code)
    while not (tmp_path / "ready").exists():
        time.sleep(0.01)
    time.sleep(0.3)
    os.kill(pid, number)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == (
        1 if number == signal.SIGTERM else 2
    )


def test_an_interrupt_while_a_checkpoint_is_written_writes_it_again(tmp_path, monkeypatch):
    write, calls = checkpoint_module.write, []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 1:
            raise KeyboardInterrupt
        write(*arguments)

    monkeypatch.setattr(checkpoint_module, "write", interrupted)
    run = stop_after(trainer_of(), 50)
    with pytest.raises(KeyboardInterrupt):
        run.train(checkpoint=tmp_path)
    again = trainer_of()
    assert again.resume(tmp_path)
    assert digest(again) == digest(run)


def test_a_worker_that_failed_leaves_no_checkpoint(tmp_path):
    """The failed job is not done, so the weights belong to no position."""
    run = stop_after(trainer_of(), 100)
    run.train(checkpoint=tmp_path)
    before = files_of(tmp_path)

    class Broken:
        def run(self, *_):
            raise RuntimeError("a broken worker")

    run._loops[0] = Broken()
    with pytest.raises(RuntimeError, match="a broken worker"):
        run.train(checkpoint=tmp_path)
    assert files_of(tmp_path) == before


@pytest.mark.parametrize("minutes", [0, -1, float("nan"), float("inf")])
def test_minutes_are_checked(tmp_path, minutes):
    with pytest.raises(ValueError, match="checkpoint_minutes"):
        trainer_of().train(checkpoint=tmp_path / "run", checkpoint_minutes=minutes)
    assert not (tmp_path / "run").exists()
