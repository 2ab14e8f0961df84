"""SplitMix64 by index: draw number i of a stream is a pure function of the stream's key and i.

    draw(key, i) = mix(key + (i + 1) * GAMMA)

(Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014, figure 17.)
A token's draws are found by its position, a job's noise by counting from 0. No state passes from
token to token or from thread to thread: a job has the same draws in any thread and at any time.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

GAMMA = 0x9E3779B97F4A7C15
MASK = 2**64 - 1


class Stream(IntEnum):
    """The random streams of a run: the first index of `derive(seed, ...)`."""

    TOKENS = 0
    """Then the epoch; draw i decides subsampling and radius of token i."""
    NOISE = 1
    """Then the job; its noise words, in order."""
    WEIGHTS = 2
    """Initial input vectors."""
    STARTS = 3
    """Then the round of walks on a graph; draw i is the place of node i in their order."""
    WALKS = 4
    """Draw i is the key of walk i, whose choices are draws of that key."""


def draw(key: int, index: ArrayLike) -> NDArray[np.uint64]:
    """Draws number `index` (0 or more) of the stream `key`: uint64, in the shape of `index`."""
    with np.errstate(over="ignore"):
        x = np.uint64(key) + (np.asarray(index, np.uint64) + np.uint64(1)) * np.uint64(GAMMA)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def shifted(key: int, indices: int) -> int:
    """The key of the same stream from draw number `indices` on: its draw i is draw indices + i."""
    return (key + indices * GAMMA) & MASK


def derive(key: int, *path: int) -> int:
    """The key of a stream: `derive(seed, Stream.TOKENS, 3)` differs from that of any other path."""
    for index in path:
        key = (key + (index + 1) * GAMMA) & MASK
        key = ((key ^ (key >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        key = ((key ^ (key >> 27)) * 0x94D049BB133111EB) & MASK
        key ^= key >> 31
    return key
