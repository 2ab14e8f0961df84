"""Where a run stands, who is told when, and what is shown: a bar and a line for each epoch, JSON lines, or nothing.

What is shown goes to stderr, which may fail.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO, TypeAlias, cast

from tqdm import tqdm

from w2v_fast.system.streams import Unfailing

if TYPE_CHECKING:
    from w2v_fast.training.trainer import Trainer, Worker

MODES = ("bar", "json", "quiet")
REPORT_SECONDS = 0.2


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
    """Where a run stands.

    Attributes
    ----------
    epoch, epochs : int
        The epoch that is told of, counted from 1, of how many.
    tokens, total_tokens, kept_tokens : int
        Words trained or dropped by subsampling since `train` was called, those that were to come then, and those of
        them that survived subsampling.
    seconds : float
        Since `train` was called.
    lr, loss : float
        The learning rate now, and the mean loss of the epoch so far (NaN before its first pair).
    epoch_done : bool
        All of the epoch is trained; told once an epoch. No job of the next has begun when a function is called that
        was given as `progress`: the weights are those of the epoch's end.
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
    def raw_rate(self) -> float:
        """Words of the vocabulary trained or dropped by subsampling, a second."""
        return self.tokens / self.seconds if self.seconds else 0.0

    @property
    def kept_rate(self) -> float:
        """Words that survived subsampling, a second."""
        return self.kept_tokens / self.seconds if self.seconds else 0.0


Report: TypeAlias = Callable[[Progress], object]


class Watch:
    """Reports a few times a second, and at the end of each epoch, while threads work."""

    def __init__(self, trainer: Trainer, report: Report | None) -> None:
        self._trainer = trainer
        self._report = report
        self._started = time.monotonic()
        self._tokens_before = trainer.tokens
        self._kept_before = trainer.kept_tokens
        self._epochs_done = trainer.epochs_done

    @property
    def needs_weights(self) -> bool:
        """Whether the workers are to meet at the end of each epoch: somebody may look at the weights then."""
        return self._report is not None and not isinstance(self._report, Display)

    def wait(self, threads: list[Worker], until: float) -> None:
        """Return when the threads have finished, or at the time `until`."""
        while (
            any(not thread.finished.is_set() for thread in threads)
            and (left := until - time.monotonic()) > 0
        ):
            self.tell()
            for thread in threads:
                thread.finished.wait(min(REPORT_SECONDS, left) / len(threads))

    def tell(self) -> None:
        """Report what the caller does not know yet."""
        if self._report is None:
            return
        while self._epochs_done < self._trainer.epochs_done:
            self._epochs_done += 1
            self._report(self._progress(self._epochs_done, epoch_done=True))
        if self._epochs_done < self._trainer.config.epochs:
            self._report(self._progress(self._epochs_done + 1))

    def _progress(self, epoch: int, epoch_done: bool = False) -> Progress:
        trainer = self._trainer
        return Progress(
            epoch=epoch,
            epochs=trainer.config.epochs,
            tokens=trainer.tokens - self._tokens_before,
            total_tokens=trainer.jobs.total_tokens - self._tokens_before,
            kept_tokens=trainer.kept_tokens - self._kept_before,
            seconds=time.monotonic() - self._started,
            lr=trainer.jobs.lr_after(trainer.tokens),
            loss=trainer.losses[epoch - 1].mean,
            epoch_done=epoch_done,
        )


def reporter(mode: str, file: TextIO | None = None) -> Display | None:
    """The report function of a mode in MODES, for `Trainer.train`.

    Raises
    ------
    ValueError
        The mode is not one of MODES.
    """
    stream = cast(TextIO, Unfailing(file or sys.stderr))
    if mode == "bar":
        return _Bar(stream)
    if mode == "json":
        return _JsonLines(stream)
    if mode == "quiet":
        return None
    raise ValueError(f"progress = {mode!r} must be one of {', '.join(MODES)}")


class Display:
    """A report that shows numbers and never looks at the weights: no worker waits for it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, progress: Progress) -> None:
        raise NotImplementedError


class _Bar(Display):
    """A tqdm bar over the words of all epochs, with a line above it whenever an epoch ends."""

    _bar: tqdm | None = None

    def __call__(self, progress: Progress) -> None:
        if self._bar is None:
            self._bar = tqdm(
                total=progress.total_tokens,
                unit=" words",
                unit_scale=True,
                file=self._stream,
                disable=None,
                dynamic_ncols=True,
                desc="training",
            )
        loss = f"{progress.loss:.4f}" if progress.loss == progress.loss else "-"
        self._bar.set_postfix_str(
            f"{_millions(progress.kept_rate)} kept/s, lr {progress.lr:.5f}, loss {loss}",
            refresh=False,
        )
        self._bar.update(progress.tokens - self._bar.n)
        if progress.epoch_done:
            tqdm.write(
                f"epoch {progress.epoch}/{progress.epochs}: loss {loss} nats a pair, "
                f"{_millions(progress.raw_rate)} words/s ({_millions(progress.kept_rate)} kept), "
                f"{progress.seconds:.1f} s",
                file=self._stream,
            )
            if progress.epoch == progress.epochs:
                self._bar.close()


def _millions(rate: float) -> str:
    return f"{rate / 1e6:.2f}M"


class _JsonLines(Display):
    """A JSON object a line; a loss that is not known yet is null."""

    def __call__(self, progress: Progress) -> None:
        record = {
            "event": "epoch" if progress.epoch_done else "progress",
            "epoch": progress.epoch,
            "epochs": progress.epochs,
            "words": progress.tokens,
            "total_words": progress.total_tokens,
            "kept_words": progress.kept_tokens,
            "seconds": round(progress.seconds, 3),
            "words_per_second": round(progress.raw_rate),
            "kept_words_per_second": round(progress.kept_rate),
            "lr": progress.lr,
            "loss": progress.loss if progress.loss == progress.loss else None,
        }
        print(json.dumps(record, allow_nan=False), file=self._stream, flush=True)
