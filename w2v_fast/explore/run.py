"""A training run as the page shows it: its numbers, and how neighbors of chosen words settle.

The weights are read while they change, without a lock.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from w2v_fast.explore.model import Model, unit_rows
from w2v_fast.vectors.neighbors import best

MAX_POINTS = 600
"""Points of a curve; when there are more, every second one is dropped."""
NEIGHBORS = 8
WATCHED = 4
SHARE = 0.002
"""Of the time that may go into neighbors."""
MAX_PRODUCT = 1 << 18
"""Multiplications of a matrix product: larger ones wake BLAS's threads, which spin after each."""
MIN_SECONDS = 2.0
"""As often as the page asks."""
NUMBERS = ("seconds", "tokens", "loss", "lr", "rate", "share")


class Run:
    """What is known of a run.

    Parameters
    ----------
    model
        Vectors that share the memory of the weights.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._points: list[dict[str, float | None]] = []
        self._every, self._told = 1, 0
        self._now: dict[str, Any] = {}
        self._watched = list(range(min(WATCHED, len(model))))
        self._neighbors: list[dict[str, Any]] = []
        self._asked = threading.Event()
        self._ended = threading.Event()
        threading.Thread(target=self._follow, daemon=True).start()

    def tell(self, progress: Mapping[str, Any]) -> None:
        """Take a report of the trainer: the fields of `Progress`, and `rate`, words a second."""
        point = {
            "seconds": progress["seconds"],
            "tokens": progress["tokens"],
            "loss": progress["loss"],
            "lr": progress["lr"],
            "rate": progress["rate"],
            "share": progress["tokens"] / max(progress["total_tokens"], 1),
        }
        self._now = {
            **{name: value if math.isfinite(value) else None for name, value in point.items()},
            "epoch": progress["epoch"],
            "epochs": progress["epochs"],
        }
        if self._told % self._every == 0:
            self._points.append({name: self._now[name] for name in NUMBERS})
        self._told += 1
        if len(self._points) > MAX_POINTS:
            self._points, self._every = self._points[::2], 2 * self._every

    def watch(self, rows: list[int]) -> None:
        """Choose the words whose neighbors are shown."""
        for row in rows:
            self._model.word(row)
        self._watched = rows

    def answer(self) -> dict[str, Any]:
        """The curves, the present numbers, and the neighbors."""
        self._asked.set()
        return {
            "points": self._points,
            "now": self._now,
            "neighbors": self._neighbors,
            "ended": self._ended.is_set(),
        }

    def close(self) -> None:
        """The run has ended."""
        self._ended.set()
        self._asked.set()

    def _follow(self) -> None:
        """Compute neighbors whenever a page has asked for them, with pauses."""
        while self._asked.wait():
            self._asked.clear()
            if self._ended.is_set():
                return
            started = time.thread_time(), time.monotonic()
            self._neighbors = self._nearest(self._watched)
            spent = max(time.thread_time() - started[0], time.monotonic() - started[1])
            self._ended.wait(max(MIN_SECONDS, spent / SHARE))

    def _nearest(self, rows: list[int]) -> list[dict[str, Any]]:
        """The neighbors of some rows by the weights of the moment, in small products."""
        vectors = self._model.vectors.vectors
        queries = unit_rows(vectors[rows]).T
        cosines = np.empty((len(vectors), len(rows)), np.float32)
        size = max(MAX_PRODUCT // queries.size, 1)
        for start in range(0, len(vectors), size):
            block = slice(start, start + size)
            np.matmul(unit_rows(vectors[block]), queries, out=cosines[block])
        cosines[rows, range(len(rows))] = -np.inf
        found = []
        for row, scores in zip(rows, cosines.T, strict=True):
            nearest = best(np.ascontiguousarray(scores), min(NEIGHBORS, len(scores)))
            nearest = nearest[np.isfinite(scores[nearest])]
            found.append(
                {"row": row, "rows": nearest.tolist(), "cosines": scores[nearest].tolist()}
            )
        return found
