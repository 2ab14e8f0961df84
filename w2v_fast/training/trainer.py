"""THE training loop: threads take the next job until there is none, on shared weights without a lock.

    for each thread:   while a job is left:   inner loop (no GIL);   add its counts
    calling thread:    report progress; on Ctrl-C or an error, let every thread finish its job, then raise
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from w2v_fast.config import TrainConfig
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.training._inner import InnerLoop, choose_isa
from w2v_fast.training.jobs import Job, Jobs
from w2v_fast.training.tables import Tables
from w2v_fast.training.weights import Weights, initial_weights

REPORT_SECONDS = 0.2
LOSS_WINDOWS = 20_000
MOST_LOSS_PERIOD = 256


@dataclasses.dataclass(frozen=True)
class EpochLoss:
    """The loss of one epoch, from a fixed sample of its windows."""

    nats: float = 0.0
    pairs: int = 0

    @property
    def mean(self) -> float:
        """Nats for each (center, context) pair; NaN before the first."""
        return self.nats / self.pairs if self.pairs else float("nan")


@dataclasses.dataclass(frozen=True)
class Progress:
    """Where a run stands; `epoch_done` marks the report that ends an epoch."""

    epoch: int
    epochs: int
    tokens: int
    total_tokens: int
    kept_tokens: int
    seconds: float
    lr: float
    loss: float
    epoch_done: bool = False

    @property
    def raw_rate(self) -> float:
        """Words of the vocabulary trained or dropped by subsampling, a second."""
        return self.tokens / self.seconds if self.seconds else 0.0

    @property
    def kept_rate(self) -> float:
        """Words that survived subsampling, a second."""
        return self.kept_tokens / self.seconds if self.seconds else 0.0


Report: TypeAlias = Callable[[Progress], object]


class Trainer:
    """Trains `weights` on `ids`, job by job.

    Parameters
    ----------
    ids
        int32 [N], each sentence's last token as ~id.
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
    losses : list of EpochLoss
        One for each epoch.
    isa : str
        The instruction set that runs.
    """

    def __init__(self, ids: NDArray[np.int32], vocabulary: Vocabulary, config: TrainConfig,
                 weights: Weights | None = None) -> None:
        self.config = config
        self.isa = choose_isa(config.isa)
        self.weights = weights or initial_weights(len(vocabulary), config.vector_size, config.seed)
        tables = Tables(vocabulary, config)
        loss_period = min(max(len(ids) // LOSS_WINDOWS, 1), MOST_LOSS_PERIOD)
        self._loops = [InnerLoop(ids, self.weights, tables, config, self.isa, loss_period)
                       for _ in range(config.threads)]
        self.jobs = Jobs(len(ids), config, token_flops=self._loops[0].token_flops)
        self.next_job = 0
        self.tokens = 0
        self.kept_tokens = 0
        self.losses = [EpochLoss() for _ in range(config.epochs)]
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._error: BaseException | None = None

    def train(self, report: Report | None = None) -> None:
        """Do all jobs that are left.

        Whatever ends it early (Ctrl-C, an error in a thread or in `report`), every thread finishes its job and ends
        before the exception leaves; the weights keep what was trained, and another call goes on with the next job.
        """
        self._stop.clear()
        self._error = None
        started, at_start = time.monotonic(), (self.tokens, self.kept_tokens)
        threads = [threading.Thread(target=self._work, args=(loop,), name=f"w2v_fast-{i}", daemon=True)
                   for i, loop in enumerate(self._loops)]
        try:
            for thread in threads:
                thread.start()
            self._watch(threads, report, started, at_start)
        finally:
            self._stop.set()
            for thread in threads:
                if thread.ident is not None:
                    thread.join()
        if self._error is not None:
            raise self._error

    def _work(self, loop: InnerLoop) -> None:
        try:
            while not self._stop.is_set():
                job = self._take()
                if job is None:
                    return
                self._add(job, *loop.run(job.start, job.stop, job.lr, job.token_key, job.noise_key))
        except BaseException as error:
            self._error = self._error or error
            self._stop.set()

    def _take(self) -> Job | None:
        with self._lock:
            if self.next_job == len(self.jobs):
                return None
            self.next_job += 1
            return self.jobs[self.next_job - 1]

    def _add(self, job: Job, kept: int, nats: float, pairs: int) -> None:
        with self._lock:
            before = self.losses[job.epoch]
            self.losses[job.epoch] = EpochLoss(before.nats + nats, before.pairs + pairs)
            self.tokens += job.stop - job.start
            self.kept_tokens += kept

    def _watch(self, threads: list[threading.Thread], report: Report | None, started: float,
               at_start: tuple[int, int]) -> None:
        """Report a few times a second, and at the end of each epoch, until the threads are done."""
        epochs_done = at_start[0] // self.jobs.tokens
        while True:
            for thread in threads:
                thread.join(REPORT_SECONDS / len(threads))
            alive = any(thread.is_alive() for thread in threads)
            if report is not None:
                seconds = time.monotonic() - started
                while epochs_done < min(self.tokens // self.jobs.tokens, self.config.epochs):
                    report(self._progress(epochs_done, seconds, at_start, epoch_done=True))
                    epochs_done += 1
                if epochs_done < self.config.epochs:
                    report(self._progress(epochs_done, seconds, at_start))
            if not alive:
                return

    def _progress(self, epoch: int, seconds: float, at_start: tuple[int, int], epoch_done: bool = False) -> Progress:
        return Progress(
            epoch=epoch, epochs=self.config.epochs, tokens=self.tokens - at_start[0],
            total_tokens=self.jobs.total_tokens - at_start[0], kept_tokens=self.kept_tokens - at_start[1],
            seconds=seconds, lr=self.jobs.lr_after(self.tokens), loss=self.losses[epoch].mean, epoch_done=epoch_done,
        )
