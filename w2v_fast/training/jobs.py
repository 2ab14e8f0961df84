"""A run is a list of jobs; job i = (tokens, learning rate, noise stream) is a pure function of i.

    lr(i) = alpha - (alpha - min_alpha) * (tokens before job i) / (tokens * epochs)

Jobs cover every token of every epoch exactly once, and need no alignment with sentences: a window that reaches over
the edge of a job sees the same neighbors there that the next job sees.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import overload

from w2v_fast.config import TrainConfig
from w2v_fast.training.generator import derive

JOB_TOKENS = 50_000
SMALLEST_JOB = 100
STEPS_OF_LR = 1_000
JOB_FLOPS = 5e9

TOKENS, NOISE, WEIGHTS = range(3)


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """Tokens `start..stop` of one epoch, to be trained with one learning rate."""

    index: int
    epoch: int
    start: int
    stop: int
    lr: float
    token_key: int
    noise_key: int


class Jobs(Sequence[Job]):
    """All jobs of a run over `tokens` tokens, in order.

    A job has 50,000 tokens, or fewer where the learning rate would otherwise fall in fewer than 1,000 steps, or where
    the arithmetic of so many (`token_flops` each, at most) would take so long that a run could not stop in a second.
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
        bound = min(JOB_TOKENS, int(JOB_FLOPS / token_flops))
        self.job_tokens = job_tokens or max(
            min(SMALLEST_JOB, bound), min(bound, self.total_tokens // STEPS_OF_LR), 1
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
        epoch, place = divmod(index, self.per_epoch)
        start = place * self.job_tokens
        seed = self._config.seed
        return Job(
            index=index,
            epoch=epoch,
            start=start,
            stop=min(start + self.job_tokens, self.tokens),
            lr=self.lr_after(self.tokens_before(index)),
            token_key=derive(seed, TOKENS, epoch),
            noise_key=derive(seed, NOISE, index),
        )

    def tokens_before(self, index: int) -> int:
        """Tokens in all jobs before number `index`, which may be the number of jobs."""
        epoch, place = divmod(index, self.per_epoch)
        return epoch * self.tokens + place * self.job_tokens

    def lr_after(self, tokens_done: int) -> float:
        """The learning rate after that many of the run's tokens."""
        config = self._config
        return config.alpha - (config.alpha - config.min_alpha) * (tokens_done / self.total_tokens)
