"""What a run shows while it trains: a bar and a line for each epoch, JSON lines, or nothing; always on stderr."""

from __future__ import annotations

import json
import sys
from typing import TextIO

from tqdm import tqdm

from w2v_fast.training.trainer import Progress, Report

MODES = ("bar", "json", "quiet")


def reporter(mode: str, file: TextIO | None = None) -> Report | None:
    """The report function of a mode in MODES, for `Trainer.train`.

    Raises
    ------
    ValueError
        The mode is not one of MODES.
    """
    stream = file or sys.stderr
    if mode == "bar":
        return _Bar(stream)
    if mode == "json":
        return lambda progress: print(_as_json(progress), file=stream, flush=True)
    if mode == "quiet":
        return None
    raise ValueError(f"progress = {mode!r} must be one of {', '.join(MODES)}")


class _Bar:
    """A tqdm bar over the words of all epochs, with a line above it whenever an epoch ends."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar: tqdm | None = None

    def __call__(self, progress: Progress) -> None:
        if self._bar is None:
            self._bar = tqdm(total=progress.total_tokens, unit=" words", unit_scale=True, file=self._stream,
                             disable=None, dynamic_ncols=True, desc="training")
        self._bar.set_postfix_str(
            f"{_millions(progress.kept_rate)} kept/s, lr {progress.lr:.5f}, loss {progress.loss:.4f}", refresh=False)
        self._bar.update(progress.tokens - self._bar.n)
        if progress.epoch_done:
            tqdm.write(
                f"epoch {progress.epoch + 1}/{progress.epochs}: loss {progress.loss:.4f} nats a pair, "
                f"{_millions(progress.raw_rate)} words/s ({_millions(progress.kept_rate)} kept), "
                f"{progress.seconds:.1f} s", file=self._stream)
            if progress.epoch + 1 == progress.epochs:
                self._bar.close()


def _millions(rate: float) -> str:
    return f"{rate / 1e6:.2f}M"


def _as_json(progress: Progress) -> str:
    record = {
        "event": "epoch" if progress.epoch_done else "progress",
        "epoch": progress.epoch + 1,
        "epochs": progress.epochs,
        "words": progress.tokens,
        "total_words": progress.total_tokens,
        "kept_words": progress.kept_tokens,
        "seconds": round(progress.seconds, 3),
        "words_per_second": round(progress.raw_rate),
        "kept_words_per_second": round(progress.kept_rate),
        "lr": progress.lr,
        "loss": None if progress.loss != progress.loss else progress.loss,
    }
    return json.dumps(record)
