"""THE training loop: threads take job after job, on shared weights and without locks.

each thread:      while a job is left: run the inner loop on it (no GIL), add its counts
calling thread:   report progress; on a stop, an error or for a checkpoint, let every thread
                  finish its job
"""

from __future__ import annotations

import math
import os
import threading
import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from w2v_fast.config import TrainConfig
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.training._inner import InnerLoop, choose_isa
from w2v_fast.training.checkpoint import CheckpointFolder
from w2v_fast.training.checks import check_ids, check_weights
from w2v_fast.training.jobs import Job, Jobs
from w2v_fast.training.progress import Report
from w2v_fast.training.run_state import RunState
from w2v_fast.training.tables import LookupTables
from w2v_fast.training.watch import Watch
from w2v_fast.training.weights import Weights, initial_weights
from w2v_fast.training.workers import Workers

LOSS_WINDOWS = 20_000
CHECKPOINT_MINUTES = 10.0
MAX_LOSS = 1000.0  # nats for each pair and row; a run that learns has well below 20


class DivergenceError(FloatingPointError):
    """Training diverged: the loss is NaN or above MAX_LOSS, or a weight is not finite."""


class JobCounts(NamedTuple):
    """What some jobs counted: centers kept, and the loss and the pairs of sampled windows."""

    kept: int = 0
    nats: float = 0.0
    pairs: int = 0


class Trainer(RunState):
    """Trains `weights` on `ids`, job by job; its attributes are those of `RunState`, and these.

    Parameters
    ----------
    ids
        int32 [N], the last token of each sentence as ~id; none of them beyond the vocabulary.
    vocabulary
        Words and counts the ids refer to.
    config
        Hyper-parameters.
    weights
        Matrices to go on from (default: fresh ones from the seed).

    Attributes
    ----------
    isa : str
        The instruction set that runs.
    tables : LookupTables
        What the inner loops look up.

    Raises
    ------
    ValueError, TypeError
        `ids` or `weights` have a type, shape, memory layout or values that the native loop does
        not take.
    """

    def __init__(
        self,
        ids: NDArray[np.int32],
        vocabulary: Vocabulary,
        config: TrainConfig,
        weights: Weights | None = None,
    ) -> None:
        self.isa = choose_isa(config.isa)
        words = len(vocabulary)
        check_ids(ids, words)
        if weights is None:
            weights = initial_weights(words, config.vector_size, config.seed)
        else:
            check_weights(weights, words, config.vector_size)
        self.tables = LookupTables(vocabulary, config)
        loss_period = max(len(ids) // LOSS_WINDOWS, 1)
        self._loops = [
            InnerLoop(ids, weights, self.tables, config, self.isa, loss_period)
            for _ in range(config.threads)
        ]
        jobs = Jobs(len(ids), config, token_flops=self.token_flops)
        super().__init__(ids, vocabulary, config, weights, jobs)
        self._busy = threading.Lock()
        self._workers: Workers | None = None
        self._round_end = 0
        self._stopped = False
        self._error: BaseException | None = None

    @property
    def token_flops(self) -> float:
        """Multiplications and additions that a token takes at most, on average."""
        return self._loops[0].token_flops

    @property
    def inputs_per_window(self) -> int:
        """Inputs of a window at most, on average over the radius."""
        return self._loops[0].inputs_per_window

    def stop(self) -> None:
        """Let the running call of `train`, or else the next one, return after the current jobs.

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

        Whatever ends it early (a stop, Ctrl-C, an error in a thread or in `report`), every thread
        finishes its job and ends before the call does; the weights keep what was trained, and
        another call goes on with the next job. Only a second Ctrl-C, while the first one waits for
        the threads, does not wait.

        Parameters
        ----------
        report
            Called with `Progress` a few times a second, and at the end of each epoch, where all
            workers wait for it (unless it is a `Display`, which only shows numbers).
        checkpoint
            A folder for checkpoints. One is written every `checkpoint_minutes` and when the call
            ends, unless a thread failed or the weights are not finite. When one cannot be written,
            a RuntimeWarning says so and training goes on.
        checkpoint_minutes
            Minutes from one checkpoint to the next.

        Warns
        -----
        RuntimeWarning
            The run is at its end already, or no two of its words were in one window.

        Raises
        ------
        DivergenceError
            The loss of a job is NaN or far too large, or a weight is not finite at the end.
        ValueError
            `checkpoint_minutes` is not above 0.
        RuntimeError
            Another call trains or resumes this run.
        FileExistsError
            The folder has checkpoints of a run that this one did not go on from.
        OSError
            Checkpoints cannot be written there, or the disk has no room for them; nothing has been
            trained.
        """
        if isinstance(checkpoint_minutes, (str, bytes)) or not 0 < checkpoint_minutes < math.inf:
            raise ValueError(
                f"checkpoint_minutes = {checkpoint_minutes!r} must be a number above 0"
            )
        with self._only_call():
            try:
                self._train(Watch(self, report), checkpoint, 60 * checkpoint_minutes)
            finally:
                self._stopped = False

    def resume(self, checkpoint: str | os.PathLike[str]) -> bool:
        """Go on from the newest whole checkpoint in a folder.

        One worker then gives the same bits as a run that was never interrupted.

        Parameters
        ----------
        checkpoint
            The folder that was given to `train`.

        Returns
        -------
        bool
            False when the folder is missing or has no checkpoint.

        Raises
        ------
        CheckpointError
            The checkpoint is of a run on another corpus or with another configuration (the number
            of workers and the instruction set may differ), or no checkpoint there is whole. This
            run is as it was.
        OSError
            The folder cannot be read, or another run uses it.
        RuntimeError
            Another call trains or resumes this run.
        """
        if not os.path.exists(checkpoint):
            return False
        with self._only_call(), CheckpointFolder(checkpoint) as folder:
            return self.restore(folder)

    def run_jobs(self, jobs: Iterable[Job]) -> JobCounts:
        """Train on jobs that somebody else planned; the position of this run stays where it is.

        Parameters
        ----------
        jobs
            Their tokens are those of `ids`; learning rates and keys of streams may be any.

        Returns
        -------
        JobCounts
            What they counted. All threads have ended; the weights are as the last job left them.

        Raises
        ------
        DivergenceError
            The loss of a job is NaN or far too large.
        IndexError
            A job has tokens that `ids` lacks.
        RuntimeError
            Another call trains or resumes this run.
        """
        left, counts = iter(jobs), JobCounts()

        def take() -> Job | None:
            with self._lock:
                return next(left, None)

        def add(job: Job, kept: int, nats: float, pairs: int) -> None:
            nonlocal counts
            self._check_loss(job, nats, pairs)
            with self._lock:
                counts = JobCounts(counts.kept + kept, counts.nats + nats, counts.pairs + pairs)

        with self._only_call():
            self._workers = workers = Workers(self._loops, take, add)
            workers.run(workers.join)
            if workers.error is not None:
                raise workers.error
        return counts

    # -- the loop ------------------------------------------------------------------------------

    def _train(
        self, watch: Watch, checkpoint: str | os.PathLike[str] | None, seconds: float
    ) -> None:
        if self.done:
            warnings.warn(
                f"nothing is left to do: all {self.config.epochs} epochs are trained; a new run "
                "goes on from these vectors with init=model.wv",
                RuntimeWarning,
                stacklevel=4,
            )
            return
        if self.ids.flags.writeable:
            check_ids(self.ids, len(self.vocabulary))
        with nullcontext() if checkpoint is None else CheckpointFolder(checkpoint) as folder:
            self._train_rounds(watch, folder, seconds)
        self._warn_if_nothing_was_learned()

    def _train_rounds(self, watch: Watch, folder: CheckpointFolder | None, seconds: float) -> None:
        """Do all jobs that are left; if there is a folder, with a checkpoint after some seconds."""
        if folder is None:
            self._train_round(watch, math.inf)
            return
        self.prepare(folder)
        while not self.done and not self._stopped:
            try:
                self._train_round(watch, seconds)
            finally:
                if not isinstance(self._error, DivergenceError):
                    self.save(folder)

    def _train_round(self, watch: Watch, seconds: float) -> None:
        """Do jobs until none is left, for some seconds, or up to a stop; no thread is left then."""
        until = time.monotonic() + seconds
        self._error = None
        try:
            while self._run_workers(watch, until):
                watch.tell()
        finally:
            self._check_weights()
        if self._error is not None:
            raise self._error
        watch.tell()

    def _run_workers(self, watch: Watch, until: float) -> bool:
        """Do jobs, and return whether the round goes on.

        A round ends with the run, or with the epoch if `report` may look at the weights.
        """
        per_epoch = self.jobs.per_epoch
        next_epoch = (self.next_job // per_epoch + 1) * per_epoch
        self._round_end = next_epoch if watch.needs_weights else len(self.jobs)
        self._workers = workers = Workers(self._loops, self._take, self._add)
        try:
            workers.run(lambda: watch.wait(workers, until))
        finally:
            self._error = workers.error
        return not (self._error or self._stopped or self.done or time.monotonic() >= until)

    def _take(self) -> Job | None:
        return None if self._stopped else self.take_job(self._round_end)

    def _add(self, job: Job, kept: int, nats: float, pairs: int) -> None:
        self._check_loss(job, nats, pairs)
        self.add_job(job, kept, nats, pairs)

    @contextmanager
    def _only_call(self) -> Iterator[None]:
        """Admit one call at a time: all use the same weights, position and workers' memory."""
        if not self._busy.acquire(blocking=False):
            raise RuntimeError(
                "another call trains or resumes this model now: wait for it, or stop() it first"
            )
        try:
            if self._workers is not None:  # a second Ctrl-C leaves threads that finish their job
                self._workers.join()
            yield
        finally:
            self._busy.release()

    # -- what can go wrong ---------------------------------------------------------------------

    def _check_loss(self, job: Job, nats: float, pairs: int) -> None:
        if not nats <= MAX_LOSS * (1 + self.config.negative) * pairs:
            raise self._divergence(job, f"the loss is {nats / pairs:.3g} nats a pair")

    def _check_weights(self) -> None:
        """A weight can overflow in a window that is not in the sample of the loss."""
        if self._error is None and self.next_job and not self.weights.are_finite():
            self._error = self._divergence(
                self.jobs[self.next_job - 1], "there are weights that are not finite"
            )

    def _divergence(self, job: Job, sign: str) -> DivergenceError:
        kept = f"; the last checkpoint is {self.last_checkpoint}" if self.last_checkpoint else ""
        return DivergenceError(
            f"training diverged in epoch {job.epoch + 1}, job {job.index + 1:,}: {sign} at the "
            f"learning rate {job.lr:.6g}; try a smaller alpha than {self.config.alpha:g}{kept}"
        )

    def _warn_if_nothing_was_learned(self) -> None:
        if not self.done or any(loss.pairs for loss in self.losses):  # each job's first step counts
            return
        sample = f", or a larger sample than {self.config.sample:g}" if self.config.sample else ""
        warnings.warn(
            f"nothing was learned: no two of the {self.kept_tokens:,} words that subsampling kept "
            f"(of {self.tokens:,}) stood in one sentence; give longer sentences{sample}",
            RuntimeWarning,
            stacklevel=5,
        )
