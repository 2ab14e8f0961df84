"""Reports the progress of a run: a few times a second, and at the end of each epoch."""

from __future__ import annotations

import time

from w2v_fast.training.progress import Display, Progress, Report
from w2v_fast.training.run_state import RunState
from w2v_fast.training.workers import Workers

REPORT_SECONDS = 0.2


class Watch:
    """Calls `report` with the progress of `run` while its workers train."""

    def __init__(self, run: RunState, report: Report | None) -> None:
        self._run = run
        self._report = report
        self._started = time.monotonic()
        self._tokens_before = run.tokens
        self._kept_before = run.kept_tokens
        self._epochs_done = run.epochs_done

    @property
    def needs_weights(self) -> bool:
        """Whether `report` may look at the weights: the workers then wait at each epoch's end."""
        return self._report is not None and not isinstance(self._report, Display)

    def wait(self, workers: Workers, until: float) -> None:
        """Return when the workers have finished, or at the time `until`."""
        while not workers.finished and (left := until - time.monotonic()) > 0:
            self.tell()
            workers.wait(min(REPORT_SECONDS, left))

    def tell(self) -> None:
        """Report what the caller does not know yet."""
        if self._report is None:
            return
        while self._epochs_done < self._run.epochs_done:
            self._epochs_done += 1
            self._report(self._progress(self._epochs_done, epoch_done=True))
        if self._epochs_done < self._run.config.epochs:
            self._report(self._progress(self._epochs_done + 1))

    def _progress(self, epoch: int, epoch_done: bool = False) -> Progress:
        run = self._run
        return Progress(
            epoch=epoch,
            epochs=run.config.epochs,
            tokens=run.tokens - self._tokens_before,
            total_tokens=run.jobs.total_tokens - self._tokens_before,
            kept_tokens=run.kept_tokens - self._kept_before,
            seconds=time.monotonic() - self._started,
            lr=run.jobs.lr_after(run.tokens),
            loss=run.losses[epoch - 1].mean,
            epoch_done=epoch_done,
        )
