"""Progress of a run, and what is shown of it: a bar and a line an epoch, JSON lines, or nothing.

It goes to stderr; a stream that fails never ends a run.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable
from typing import TextIO, TypeAlias, cast

from w2v_fast.system.bar import Bar
from w2v_fast.system.streams import Unfailing

MODES = ("bar", "json", "quiet")


@dataclasses.dataclass(frozen=True)
class EpochLoss:
    """The loss of one epoch, from a fixed sample of its windows.

    Attributes
    ----------
    nats : float
        The sum over the sample; a nat is 1 / log 2 bits.
    pairs : int
        (center, context) pairs of the sample; for CBOW, its centers.
    """

    nats: float = 0.0
    pairs: int = 0

    @property
    def mean(self) -> float:
        """Nats a pair; NaN before the first."""
        return self.nats / self.pairs if self.pairs else float("nan")


@dataclasses.dataclass(frozen=True)
class Progress:
    """Where a run stands.

    Attributes
    ----------
    epoch, epochs : int
        The epoch reported on, counted from 1, and the number of epochs.
    tokens : int
        Words of the vocabulary trained since `train` was called, before subsampling.
    total_tokens : int
        Words that were left to train then.
    kept_tokens : int
        Those of `tokens` that subsampling kept.
    seconds : float
        Time since `train` was called.
    lr : float
        The learning rate now.
    loss : float
        Mean loss of the epoch so far, in nats a pair; NaN before the first pair.
    epoch_done : bool
        Whether all of the epoch is trained; reported once an epoch. When a function that was given
        as `progress` is told so, no job of the next epoch has begun: the weights are those of the
        epoch's end.
    """

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
    def words_per_second(self) -> float:
        """Words trained a second, before subsampling."""
        return self.tokens / self.seconds if self.seconds else 0.0

    @property
    def kept_words_per_second(self) -> float:
        """Words trained a second that subsampling kept."""
        return self.kept_tokens / self.seconds if self.seconds else 0.0


Report: TypeAlias = Callable[[Progress], object]


def reporter(mode: str, file: TextIO | None = None) -> Display | None:
    """The report function of a mode.

    Parameters
    ----------
    mode
        "bar", "json" or "quiet".
    file
        Where to write (default: stderr).

    Returns
    -------
    Display or None
        What `Trainer.train` takes as `report`; None for "quiet".

    Raises
    ------
    ValueError
        The mode is not one of MODES.
    """
    stream = cast(TextIO, Unfailing(file or sys.stderr))
    if mode == "bar":
        return _TrainingBar(stream)
    if mode == "json":
        return _JsonLines(stream)
    if mode == "quiet":
        return None
    raise ValueError(f"progress = {mode!r} must be one of {', '.join(MODES)}")


class Display:
    """A report that only shows numbers: no worker waits for it, since it never reads weights."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, progress: Progress) -> None:
        """Show the numbers."""
        raise NotImplementedError


class _TrainingBar(Display):
    """A bar over the words of all epochs, with a line above it whenever an epoch ends."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._bar = Bar("training", " words", stream)

    def __call__(self, progress: Progress) -> None:
        loss = f"{progress.loss:.4f}" if progress.loss == progress.loss else "-"
        kept = _millions(progress.kept_words_per_second)
        note = f"{kept} kept/s, lr {progress.lr:.5f}, loss {loss}"
        self._bar.show(progress.tokens, progress.total_tokens, note)
        if progress.epoch_done:
            self._bar.write(
                f"epoch {progress.epoch}/{progress.epochs}: loss {loss} nats a pair, "
                f"{_millions(progress.words_per_second)} words/s ({kept} kept), "
                f"{progress.seconds:.1f} s"
            )
            if progress.epoch == progress.epochs:
                self._bar.close()


def _millions(rate: float) -> str:
    return f"{rate / 1e6:.2f}M"


class _JsonLines(Display):
    """One JSON object a line; the loss is null before the first pair."""

    def __call__(self, progress: Progress) -> None:
        record = {
            "event": "epoch" if progress.epoch_done else "progress",
            "epoch": progress.epoch,
            "epochs": progress.epochs,
            "words": progress.tokens,
            "total_words": progress.total_tokens,
            "kept_words": progress.kept_tokens,
            "seconds": round(progress.seconds, 3),
            "words_per_second": round(progress.words_per_second),
            "kept_words_per_second": round(progress.kept_words_per_second),
            "lr": progress.lr,
            "loss": progress.loss if progress.loss == progress.loss else None,
        }
        print(json.dumps(record, allow_nan=False), file=self._stream, flush=True)
