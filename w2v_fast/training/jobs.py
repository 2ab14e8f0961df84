"""A run is a list of jobs; job i = (tokens, learning rate, noise stream) is a pure function of i.

    lr(i) = alpha - (alpha - min_alpha) * (tokens before job i) / (tokens * epochs)

Jobs cover every token of every epoch exactly once and need no alignment with sentences: a window
that crosses the end of a job sees the same neighbors there as the windows of the next job.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import overload

from w2v_fast.config import TrainConfig
from w2v_fast.training.generator import Stream, derive

JOB_TOKENS = 50_000
MIN_JOB_TOKENS = 100
MIN_LR_STEPS = 1_000
MAX_JOB_FLOPS = 5e9


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """Tokens `start..stop` of one epoch, to be trained with one learning rate.

    Attributes
    ----------
    index, epoch : int
        Position in the list of jobs, and the epoch, both from 0.
    start, stop : int
        The tokens whose windows are trained.
    lr : float
        Learning rate.
    token_key, noise_key : int
        Keys of the random streams (`generator.Stream`).
    """

    index: int
    epoch: int
    start: int
    stop: int
    lr: float
    token_key: int
    noise_key: int


class Jobs(Sequence[Job]):
    """All jobs of a run over `tokens` tokens, in order.

    A job has JOB_TOKENS tokens: fewer where the learning rate would otherwise fall in fewer than
    MIN_LR_STEPS steps, or where a job would take so long that a run could not stop in a second.

    Parameters
    ----------
    tokens
        Tokens of the corpus.
    config
        Hyper-parameters.
    job_tokens
        Tokens of a job (default: by the rule above).
    token_flops
        Multiplications and additions that a token takes at most, on average.

    Attributes
    ----------
    total_tokens : int
        Tokens of all epochs.
    job_tokens, per_epoch : int
        Tokens of a job (the last of an epoch may have fewer), and jobs of an epoch.
    """

    def __init__(
        self,
        tokens: int,
        config: TrainConfig,
        job_tokens: int | None = None,
        token_flops: float = 1,
    ) -> None:
        self.tokens = tokens
        self.epochs = config.epochs
        self.total_tokens = tokens * config.epochs
        bound = min(JOB_TOKENS, int(MAX_JOB_FLOPS / token_flops))
        self.job_tokens = job_tokens or max(
            min(MIN_JOB_TOKENS, bound), min(bound, self.total_tokens // MIN_LR_STEPS), 1
        )
        self.per_epoch = -(-tokens // self.job_tokens)
        self._config = config

    def __len__(self) -> int:
        return self.per_epoch * self.epochs

    @overload
    def __getitem__(self, index: int) -> Job: ...
    @overload
    def __getitem__(self, index: slice) -> list[Job]: ...
    def __getitem__(self, index: int | slice) -> Job | list[Job]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(f"job {index} of {len(self)}")
        epoch, job = divmod(index, self.per_epoch)
        start = job * self.job_tokens
        seed = self._config.seed
        return Job(
            index=index,
            epoch=epoch,
            start=start,
            stop=min(start + self.job_tokens, self.tokens),
            lr=self.lr_after(self.tokens_before(index)),
            token_key=derive(seed, Stream.TOKENS, epoch),
            noise_key=derive(seed, Stream.NOISE, index),
        )

    def tokens_before(self, index: int) -> int:
        """Tokens in all jobs before number `index`, which may be the number of jobs."""
        epoch, job = divmod(index, self.per_epoch)
        return epoch * self.tokens + job * self.job_tokens

    def lr_after(self, tokens_done: int) -> float:
        """The learning rate after that many of the run's tokens."""
        config = self._config
        return config.alpha - (config.alpha - config.min_alpha) * (tokens_done / self.total_tokens)
