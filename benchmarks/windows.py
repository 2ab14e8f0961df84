"""The windows that the inner loop finds, by numpy: kept words, centers and contexts.

A token's draws are a pure function of its position (`w2v_fast.training.generator`).
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from w2v_fast.config import TrainConfig
from w2v_fast.training.generator import Stream, derive, draw
from w2v_fast.training.tables import LookupTables

Ints = NDArray[np.int32]
MAX_SENTENCE = 1 << 20


@dataclasses.dataclass(frozen=True)
class Windows:
    """Positions among the kept words: center, first and last context of each window."""

    word: Ints
    center: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]

    def pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The positions of center and context of every pair, by center."""
        span = self.last - self.first + 1
        center = np.repeat(self.center, span)
        start = np.cumsum(span) - span
        context = np.repeat(self.first - start, span) + np.arange(len(center))
        different = center != context
        return center[different], context[different]


def find_windows(ids: Ints, tables: LookupTables, config: TrainConfig, epoch: int = 0) -> Windows:
    """The windows with any context of all `ids` in an epoch."""
    bits = draw(derive(config.seed, Stream.TOKENS, epoch), np.arange(len(ids)))
    words = np.where(ids < 0, ~ids, ids)
    kept = np.flatnonzero((bits >> np.uint64(32)) <= tables.keep_threshold[words])
    fraction = bits[kept] & np.uint64(0xFFFFFFFF)
    radius = 1 + (fraction * np.uint64(config.window) >> np.uint64(32)).astype(np.int64)
    sentence = np.concatenate([[0], np.cumsum(ids < 0)[:-1]])[kept]
    position = np.arange(len(sentence))
    first = np.maximum(position - radius, np.searchsorted(sentence, sentence, "left"))
    last = np.minimum(position + radius, np.searchsorted(sentence, sentence, "right") - 1)
    some = first < last
    return Windows(words[kept], position[some], first[some], last[some])


def first_sentences(ids: Ints, tokens: int) -> Ints:
    """The first sentences with about so many tokens."""
    left = np.flatnonzero(ids[tokens : tokens + MAX_SENTENCE] < 0)
    return ids[: tokens + int(left[0]) + 1] if len(left) else ids
