"""THE training loop: threads take the next job until there is none, on shared weights without a lock.

    for each thread:   while a job is left:   inner loop (no GIL);   add its counts
    calling thread:    report progress; to stop, for a checkpoint or on an error, let every thread finish its job

Between two jobs of all threads, (weights, number of jobs done, losses) is all there is to a run: that is what a
checkpoint holds, and what a stop leaves behind.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
import os
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2v_fast.config import TrainConfig
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.system.version import __version__
from w2v_fast.training._inner import InnerLoop, choose_isa
from w2v_fast.training.checkpoint import CheckpointError, CheckpointFolder, differences, size_of
from w2v_fast.training.jobs import Job, Jobs
from w2v_fast.training.progress import EpochLoss, Report, Watch
from w2v_fast.training.tables import Tables
from w2v_fast.training.weights import Weights, checked_weights, initial_weights

LOSS_WINDOWS = 20_000
CHECKPOINT_MINUTES = 10.0
MOST_LOSS = 1000.0  # nats for each pair and row; a run that learns has well below 20
HASHED_TOKENS = 1 << 22
FREE_OPTIONS = ("workers", "isa")  # a resumed run may change them


class DivergenceError(FloatingPointError):
    """The loss is beyond all measure or not a number, or there are weights that are not finite."""


class Trainer:
    """Trains `weights` on `ids`, job by job.

    Parameters
    ----------
    ids
        int32 [N], each sentence's last token as ~id; none of them beyond the vocabulary.
    vocabulary
        Words and counts the ids refer to.
    config
        Hyper-parameters.
    weights
        Matrices to go on from (default: fresh ones from the seed).

    Attributes
    ----------
    weights : Weights
        Shared by all threads, changed in place.
    next_job : int
        The first job that no thread has taken; `train` goes on from there.
    tokens, kept_tokens : int
        Tokens of all jobs done, and those of them that survived subsampling.
    losses : list of EpochLoss
        One for each epoch.
    isa : str
        The instruction set that runs.
    last_checkpoint : Path or None
        The checkpoint that this run went on from, or wrote last.

    Raises
    ------
    ValueError, TypeError
        `ids` or `weights` are not what the native loop takes: their type, shape, memory or values.
    """

    def __init__(
        self,
        ids: NDArray[np.int32],
        vocabulary: Vocabulary,
        config: TrainConfig,
        weights: Weights | None = None,
    ) -> None:
        self.config = config
        self.isa = choose_isa(config.isa)
        self._ids = ids
        self._vocabulary = vocabulary
        check_ids(self._ids, len(self._vocabulary))
        self.weights = (
            initial_weights(len(vocabulary), config.vector_size, config.seed)
            if weights is None
            else checked_weights(weights, len(vocabulary), config.vector_size)
        )
        tables = Tables(vocabulary, config)
        loss_period = max(len(ids) // LOSS_WINDOWS, 1)
        self._loops = [
            InnerLoop(ids, self.weights, tables, config, self.isa, loss_period)
            for _ in range(config.threads)
        ]
        self.jobs = Jobs(len(ids), config, token_flops=self._loops[0].token_flops)
        self.next_job = 0
        self.tokens = 0
        self.kept_tokens = 0
        self.losses = [EpochLoss() for _ in range(config.epochs)]
        self.last_checkpoint: Path | None = None
        self._lock = threading.Lock()
        self._busy = threading.Lock()
        self._threads: list[Worker] = []
        self._running: set[int] = set()
        self._round_end = 0
        self._halt = False
        self._stopped = False
        self._error: BaseException | None = None

    @property
    def done(self) -> bool:
        """Whether no job of the run is left."""
        return self.next_job == len(self.jobs)

    @property
    def epochs_done(self) -> int:
        """Epochs of which every job is done."""
        with self._lock:
            return min(self._running, default=self.next_job) // self.jobs.per_epoch

    def stop(self) -> None:
        """Let the call of `train` that runs, or else the next one, return after the jobs at hand.

        Only sets a flag: any thread and any signal handler may call it.
        """
        self._stopped = True

    def train(
        self,
        report: Report | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_minutes: float = CHECKPOINT_MINUTES,
    ) -> None:
        """Do all jobs that are left, or those up to a `stop`.

        Whatever ends it early (a stop, Ctrl-C, an error in a thread or in `report`), every thread finishes its job and
        ends before the call does; the weights keep what was trained, and another call goes on with the next job. Only
        a second Ctrl-C, while the first one waits for the threads, does not wait.

        Parameters
        ----------
        report
            Called a few times a second, and at the end of each epoch, where all workers wait for it (but for a
            `Display`, which only shows numbers).
        checkpoint
            A folder for checkpoints. One is written every `checkpoint_minutes` and when the call ends, unless a thread
            failed or the weights are not finite. One that cannot be written is a RuntimeWarning: training goes on.

        Warns
        -----
        RuntimeWarning
            The run is at its end already, or it has ended without a pair of words to learn from.

        Raises
        ------
        DivergenceError
            The loss of a job is beyond all measure or not a number, or a weight is not finite at the end.
        RuntimeError
            Another call trains or resumes this run.
        FileExistsError
            The folder has checkpoints of a run that this one did not go on from.
        OSError
            Checkpoints cannot be written there, or the disk has no room for them; nothing has been trained.
        """
        if isinstance(checkpoint_minutes, (str, bytes)) or not 0 < checkpoint_minutes < math.inf:
            raise ValueError(
                f"checkpoint_minutes = {checkpoint_minutes!r} must be a number above 0"
            )
        with self._only_call():
            try:
                if self.done:
                    warnings.warn(
                        f"nothing is left to do: all {self.config.epochs} epochs are trained; a new run goes "
                        "on from these vectors with init=model.wv",
                        RuntimeWarning,
                        stacklevel=3,
                    )
                    return
                if self._ids.flags.writeable:
                    check_ids(self._ids, len(self._vocabulary))
                with (
                    nullcontext() if checkpoint is None else CheckpointFolder(checkpoint) as folder
                ):
                    self._train_rounds(Watch(self, report), folder, 60 * checkpoint_minutes)
            finally:
                self._stopped = False
            self._warn_if_nothing_was_learned()

    def _warn_if_nothing_was_learned(self) -> None:
        if self.done and not any(
            loss.pairs for loss in self.losses
        ):  # the first step of each job is in the sample
            sample = (
                f", or a larger sample than {self.config.sample:g}" if self.config.sample else ""
            )
            warnings.warn(
                f"nothing was learned: no two of the {self.kept_tokens:,} words that subsampling kept (of "
                f"{self.tokens:,}) stood in one sentence; give longer sentences{sample}",
                RuntimeWarning,
                stacklevel=4,
            )

    @contextmanager
    def _only_call(self) -> Iterator[None]:
        """The weights, the position and the workers' memory are in the hands of one call at a time."""
        if not self._busy.acquire(blocking=False):
            raise RuntimeError(
                "another call trains or resumes this model now: wait for it, or stop() it first"
            )
        try:
            self._wait()  # a second Ctrl-C may have left threads that finish their job
            yield
        finally:
            self._busy.release()

    def _train_rounds(self, watch: Watch, folder: CheckpointFolder | None, seconds: float) -> None:
        """Do all jobs that are left, with a checkpoint after each round of some seconds if there is a folder."""
        if folder is None:
            self._train_round(watch, math.inf)
            return
        self._prepare(folder)
        while not self.done and not self._stopped:
            try:
                self._train_round(watch, seconds)
            finally:
                self._save(folder)

    def resume(self, checkpoint: str | os.PathLike[str]) -> bool:
        """Go on from the newest whole checkpoint in a folder; returns False when it has none, or is missing.

        One worker then gives the same bits as a run that was never interrupted.

        Raises
        ------
        CheckpointError
            The checkpoint is of a run on another corpus or with another configuration (the number of workers and the
            instruction set may differ), or no checkpoint there is whole. This run is as it was.
        OSError
            The folder cannot be read, or another run uses it.
        RuntimeError
            Another call trains or resumes this run.
        """
        if not os.path.exists(checkpoint):
            return False
        with self._only_call(), CheckpointFolder(checkpoint) as folder:
            newest = folder.newest()
            if newest is None:
                return False
            header = newest.header
            if header.get("run") != self._run:
                lines = "; ".join(differences("", header.get("run"), self._run))
                raise CheckpointError(f"{newest.path} is of another run: {lines}")
            position = self._checked_position(newest.path, header.get("position"))
            newest.fill(self.weights.arrays)
            self.next_job, self.tokens, self.kept_tokens, self.losses = position
            self._running.clear()
            self.last_checkpoint = newest.path
        if header.get("version") != __version__:
            warnings.warn(
                f"{newest.path} was written by version {header.get('version')} of w2v_fast, this is "
                f"{__version__}: the results may differ in the last bits",
                RuntimeWarning,
                stacklevel=2,
            )
        return True

    @cached_property
    def _run(self) -> dict[str, Any]:
        """What must be the same when a run goes on: as JSON gives it back."""
        config = dataclasses.asdict(self.config)
        ids = hashlib.sha256()
        for start in range(0, len(self._ids), HASHED_TOKENS):
            ids.update(self._ids[start : start + HASHED_TOKENS].data)
        return {
            "config": {name: value for name, value in config.items() if name not in FREE_OPTIONS},
            "vocabulary": self._vocabulary.digest(),
            "corpus": {"tokens": len(self._ids), "sha256": ids.hexdigest()},
            "job_tokens": self.jobs.job_tokens,
        }

    def _checked_position(self, path: Path, position: Any) -> tuple[int, int, int, list[EpochLoss]]:
        """The numbers of a position, if they fit together."""
        try:
            job, kept = position["job"], position["kept_tokens"]
            losses = [EpochLoss(nats, pairs) for nats, pairs in position["losses"]]
            tokens = self.jobs.tokens_before(job)
            if (
                type(job) is type(kept) is int
                and 0 <= job <= len(self.jobs)
                and 0 <= kept <= tokens
                and len(losses) == self.config.epochs
                and all(
                    type(loss.nats) is float
                    and math.isfinite(loss.nats)
                    and type(loss.pairs) is int
                    and loss.pairs >= 0
                    for loss in losses
                )
            ):
                return job, tokens, kept, losses
        except (TypeError, KeyError, ValueError):
            pass
        raise CheckpointError(
            f"{path} is damaged: the position in its header is not one of this run"
        )

    def _prepare(self, folder: CheckpointFolder) -> None:
        """Everything that could keep checkpoints from being written shows here, before training."""
        if folder.files() and (
            self.last_checkpoint is None or self.last_checkpoint.parent != folder.path
        ):
            raise FileExistsError(
                f"{folder.path} has checkpoints of an earlier run: resume it, or give another folder"
            )
        folder.prepare(size_of(self.weights.arrays))
        self._run  # noqa: B018 - hash the corpus now, not while somebody waits for a stop

    def _save(self, folder: CheckpointFolder) -> None:
        """Write a checkpoint if the weights are those of a position: all jobs that were taken are done and well."""
        if self._running or isinstance(self._error, DivergenceError):
            return
        position = {
            "epoch": min(self.next_job // self.jobs.per_epoch, self.config.epochs - 1),
            "job": self.next_job,
            "tokens": self.tokens,
            "kept_tokens": self.kept_tokens,
            "losses": [[loss.nats, loss.pairs] for loss in self.losses],
        }
        header = {"version": __version__, "run": self._run, "position": position}
        try:
            try:
                self.last_checkpoint = folder.save(
                    self.next_job, header, self.weights.arrays, self.last_checkpoint
                )
            except KeyboardInterrupt:  # once more, and whole: only a second one ends it
                self.last_checkpoint = folder.save(
                    self.next_job, header, self.weights.arrays, self.last_checkpoint
                )
                raise
        except OSError as error:
            warnings.warn(
                f"no checkpoint after {self.tokens:,} of {self.jobs.total_tokens:,} words: {error} (the last "
                f"one is {self.last_checkpoint})",
                RuntimeWarning,
                stacklevel=3,
            )

    def _train_round(self, watch: Watch, seconds: float) -> None:
        """Do jobs until none is left, for some seconds, or up to a stop; all threads have ended when it returns."""
        until = time.monotonic() + seconds
        self._error = None
        try:
            while self._run_threads(watch, until):
                watch.tell()
        finally:
            self._check_weights()
        if self._error is not None:
            raise self._error
        watch.tell()

    def _run_threads(self, watch: Watch, until: float) -> bool:
        """Do jobs up to the end of the epoch, where it is watched, else of the run; whether the round goes on then."""
        per_epoch = self.jobs.per_epoch
        self._round_end = (
            (self.next_job // per_epoch + 1) * per_epoch if watch.needs_weights else len(self.jobs)
        )
        self._halt = False
        self._threads = [
            Worker(self._work, loop, number) for number, loop in enumerate(self._loops)
        ]
        try:
            for thread in self._threads:
                thread.start()
            watch.wait(self._threads, until)
        finally:
            self._halt = True
            self._wait()
        return not (self._error or self._stopped or self.done or time.monotonic() >= until)

    def _wait(self) -> None:
        """Wait until every thread that was started has finished its job."""
        for thread in self._threads:
            if thread.ident is not None:
                thread.finished.wait()
                thread.join()

    def _work(self, loop: InnerLoop) -> None:
        try:
            while (job := self._take()) is not None:
                self._add(job, *loop.run(job.start, job.stop, job.lr, job.token_key, job.noise_key))
        except BaseException as error:
            self._error = self._error or error
            self._halt = True

    def _take(self) -> Job | None:
        with self._lock:
            if self._halt or self._stopped or self.next_job == self._round_end:
                return None
            job = self.jobs[self.next_job]
            self._running.add(job.index)
            self.next_job += 1
            return job

    def _add(self, job: Job, kept: int, nats: float, pairs: int) -> None:
        if not nats <= MOST_LOSS * (1 + self.config.negative) * pairs:
            raise self._divergence(job, f"the loss is {nats / pairs:.3g} nats a pair")
        with self._lock:
            before = self.losses[job.epoch]
            self.losses[job.epoch] = EpochLoss(before.nats + nats, before.pairs + pairs)
            self.tokens += job.stop - job.start
            self.kept_tokens += kept
            self._running.remove(job.index)

    def _check_weights(self) -> None:
        """A weight can overflow in a window that is not in the sample of the loss."""
        if self._error is None and self.next_job and not self.weights.are_finite():
            self._error = self._divergence(
                self.jobs[self.next_job - 1], "there are weights that are not finite"
            )

    def _divergence(self, job: Job, sign: str) -> DivergenceError:
        kept = f"; the last checkpoint is {self.last_checkpoint}" if self.last_checkpoint else ""
        return DivergenceError(
            f"training diverged in epoch {job.epoch + 1}, job {job.index + 1:,} of {len(self.jobs):,}: {sign} at the "
            f"learning rate {job.lr:.6g}; try a smaller alpha than {self.config.alpha:g}{kept}"
        )


def check_ids(ids: NDArray[np.int32], words: int) -> None:
    """The native loop reads and writes rows of the matrices by these numbers: ValueError or TypeError unless it can."""
    if not (
        isinstance(ids, np.ndarray)
        and ids.dtype == np.int32
        and ids.dtype.isnative
        and ids.ndim == 1
        and ids.flags.c_contiguous
        and ids.flags.aligned
    ):
        raise TypeError("the ids of a corpus must be a contiguous array of int32, shape [n]")
    if not len(ids):
        raise ValueError("the corpus is empty: it has no tokens")
    for start in range(0, len(ids), HASHED_TOKENS):
        part = ids[start : start + HASHED_TOKENS]
        largest = max(int(part.max()), ~int(part.min()))
        if largest >= words:
            raise ValueError(
                f"the corpus has the id {largest}, but its vocabulary has {words} words: ids must be "
                f"below {words} (the last one of a sentence is ~id)"
            )


class Worker(threading.Thread):
    """A thread that tells when it has finished.

    `join` is only for threads known to have finished: when Ctrl-C interrupts it, CPython 3.11 and 3.12 take a thread
    that still runs for one that has ended (python/cpython#90882).
    """

    def __init__(self, work: Callable[[InnerLoop], None], loop: InnerLoop, number: int) -> None:
        super().__init__(name=f"w2v_fast-{number}", daemon=True)
        self.finished = threading.Event()
        self._work = work
        self._loop = loop

    def run(self) -> None:
        try:
            self._work(self._loop)
        finally:
            self.finished.set()
