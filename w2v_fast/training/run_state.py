"""The state of a run: its weights, the jobs done, and what they counted.

While no thread works on a job, the weights, the number of jobs done and the losses are the whole
state: a checkpoint saves it, and a stopped run keeps it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
import threading
import warnings
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2v_fast.config import TrainConfig
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.system.version import __version__
from w2v_fast.training.checkpoint import CheckpointError, CheckpointFolder, differences, size_of
from w2v_fast.training.jobs import Job, Jobs
from w2v_fast.training.progress import EpochLoss
from w2v_fast.training.weights import Weights

CHUNK_TOKENS = 1 << 22
RESUMABLE_OPTIONS = ("workers", "isa")
"""A resumed run may change them."""


@dataclasses.dataclass(eq=False, repr=False)
class RunState:
    """A run's weights, its position in the list of jobs, and its losses.

    Attributes
    ----------
    ids : ndarray of int32, shape [N]
        The text; the last token of each sentence is stored as ~id.
    vocabulary : Vocabulary
        The words of the ids.
    config : TrainConfig
        Hyper-parameters.
    weights : Weights
        Shared by all threads, changed in place.
    jobs : Jobs
        All jobs of the run.
    next_job : int
        The first job that no thread has taken.
    tokens, kept_tokens : int
        Tokens of all jobs done, and those of them that survived subsampling.
    losses : list of EpochLoss
        One for each epoch.
    last_checkpoint : Path or None
        The checkpoint that this run went on from, or wrote last.
    """

    ids: NDArray[np.int32]
    vocabulary: Vocabulary
    config: TrainConfig
    weights: Weights
    jobs: Jobs
    next_job: int = 0
    tokens: int = 0
    kept_tokens: int = 0
    last_checkpoint: Path | None = None

    def __post_init__(self) -> None:
        self.losses = [EpochLoss() for _ in range(self.config.epochs)]
        self._lock = threading.Lock()
        self._running: set[int] = set()

    @property
    def done(self) -> bool:
        """Whether no job of the run is left."""
        return self.next_job == len(self.jobs)

    @property
    def epochs_done(self) -> int:
        """Epochs of which every job is done."""
        with self._lock:
            return min(self._running, default=self.next_job) // self.jobs.per_epoch

    def take_job(self, stop: int) -> Job | None:
        """The next job, which then counts as running; None when it is number `stop`."""
        with self._lock:
            if self.next_job == stop:
                return None
            job = self.jobs[self.next_job]
            self._running.add(job.index)
            self.next_job += 1
            return job

    def add_job(self, job: Job, kept: int, nats: float, pairs: int) -> None:
        """Count a job that is done."""
        with self._lock:
            before = self.losses[job.epoch]
            self.losses[job.epoch] = EpochLoss(before.nats + nats, before.pairs + pairs)
            self.tokens += job.stop - job.start
            self.kept_tokens += kept
            self._running.remove(job.index)

    # -- checkpoints ---------------------------------------------------------------------------

    def prepare(self, folder: CheckpointFolder) -> None:
        """Fail now, before training, if checkpoints could not be written later."""
        last = self.last_checkpoint
        if folder.files() and (last is None or last.parent != folder.path):
            raise FileExistsError(
                f"{folder.path} has checkpoints of an earlier run: resume it, or give another "
                "folder"
            )
        folder.prepare(size_of(self.weights.arrays))
        self.identity  # noqa: B018 - hash the corpus now, not while somebody waits for a stop

    def save(self, folder: CheckpointFolder) -> None:
        """Write a checkpoint; a failure is a RuntimeWarning.

        None is written while a thread works on a job: the weights belong to no position then.
        """
        if self._running:
            return
        position = {
            "epoch": min(self.next_job // self.jobs.per_epoch, self.config.epochs - 1),
            "job": self.next_job,
            "tokens": self.tokens,
            "kept_tokens": self.kept_tokens,
            "losses": [[loss.nats, loss.pairs] for loss in self.losses],
        }
        header = {"version": __version__, "run": self.identity, "position": position}

        def write() -> None:
            self.last_checkpoint = folder.save(
                self.next_job, header, self.weights.arrays, self.last_checkpoint
            )

        try:
            try:
                write()
            except KeyboardInterrupt:  # once more, and whole: only a second one ends it
                write()
                raise
        except OSError as error:
            warnings.warn(
                f"no checkpoint after {self.tokens:,} of {self.jobs.total_tokens:,} words: "
                f"{error} (the last one is {self.last_checkpoint})",
                RuntimeWarning,
                stacklevel=3,
            )

    def restore(self, folder: CheckpointFolder) -> bool:
        """Go on from the newest whole checkpoint of a folder; False when it has none.

        Raises
        ------
        CheckpointError
            It is of another run, or damaged; this run is as it was.
        """
        newest = folder.newest()
        if newest is None:
            return False
        header = newest.header
        if header.get("run") != self.identity:
            lines = "; ".join(differences("", header.get("run"), self.identity))
            raise CheckpointError(f"{newest.path} is of another run: {lines}")
        position = self._checked_position(newest.path, header.get("position"))
        newest.fill(self.weights.arrays)
        self.next_job, self.tokens, self.kept_tokens, self.losses = position
        self._running.clear()
        self.last_checkpoint = newest.path
        if header.get("version") != __version__:
            warnings.warn(
                f"{newest.path} was written by version {header.get('version')} of w2v_fast, this "
                f"is {__version__}: the results may differ in the last bits",
                RuntimeWarning,
                stacklevel=3,
            )
        return True

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What must be unchanged when a run is resumed, in the types that JSON restores."""
        config, frozen = dataclasses.asdict(self.config), self.weights.frozen
        ids = hashlib.sha256()
        for start in range(0, len(self.ids), CHUNK_TOKENS):
            ids.update(self.ids[start : start + CHUNK_TOKENS].data)
        return {
            "config": {
                name: value for name, value in config.items() if name not in RESUMABLE_OPTIONS
            },
            "vocabulary": self.vocabulary.digest(),
            "corpus": {"tokens": len(self.ids), "sha256": ids.hexdigest()},
            "job_tokens": self.jobs.job_tokens,
            **({} if frozen is None else {"frozen": hashlib.sha256(frozen.data).hexdigest()}),
        }

    def _checked_position(self, path: Path, position: Any) -> tuple[int, int, int, list[EpochLoss]]:
        """The numbers of a position, or an error if they do not fit together."""
        try:
            job, kept = position["job"], position["kept_tokens"]
            losses = [EpochLoss(nats, pairs) for nats, pairs in position["losses"]]
            tokens = self.jobs.tokens_before(job)
            if (
                type(job) is type(kept) is int
                and 0 <= job <= len(self.jobs)
                and 0 <= kept <= tokens
                and len(losses) == self.config.epochs
                and all(type(loss.nats) is float and math.isfinite(loss.nats) for loss in losses)
                and all(type(loss.pairs) is int and loss.pairs >= 0 for loss in losses)
            ):
                return job, tokens, kept, losses
        except (TypeError, KeyError, ValueError):
            pass
        raise CheckpointError(
            f"{path} is damaged: the position in its header is not one of this run"
        )
