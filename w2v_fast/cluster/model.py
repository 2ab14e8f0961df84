"""How long a round takes on a cluster, by a model: what more nodes are worth on a given network.

    train      sync_words / words_per_second
    wire       2 (N - 1) / N * 8 * bytes / bandwidth            each node sends and receives as much
    memory     PASSES * bytes / MEMORY_BANDWIDTH                changes taken, scaled, put back
    calls      (1 + bytes / PART_BYTES) * N * CALL_SECONDS      messages that wait for each other
    efficiency = train / (train + wire + memory + calls)

`bytes` are the rows of both matrices that a round exchanges, on average over its doubling of rare
rows (`plan.py`).
"""

from __future__ import annotations

import dataclasses

from w2v_fast.cluster.combine import PART_BYTES
from w2v_fast.cluster.plan import FULL_ROUNDS, HOT_ROWS

PASSES = 10
"""Times that a row's bytes are read or written around an exchange."""
MEMORY_BANDWIDTH = 10e9
CALL_SECONDS = 120e-6


@dataclasses.dataclass(frozen=True)
class RoundTime:
    """The seconds of a round, by what they are spent on.

    Attributes
    ----------
    bytes : float
        Of the rows that a round exchanges, on average.
    train, wire, memory, calls : float
        Seconds, as in the head of this file.
    """

    bytes: float
    train: float
    wire: float
    memory: float
    calls: float

    @property
    def efficiency(self) -> float:
        """The share of the time that nodes train."""
        return self.train / (self.train + self.wire + self.memory + self.calls)


def round_time(
    nodes: int,
    words: int,
    vector_size: int,
    *,
    sync_words: int,
    words_per_second: float,
    bits_per_second: float,
    hot_rows: int = HOT_ROWS,
) -> RoundTime:
    """Predict a round.

    Parameters
    ----------
    nodes
        N.
    words
        Size of the vocabulary.
    vector_size
        Dimensions.
    sync_words
        Words that a node trains in a round.
    words_per_second
        Words that a node trains a second, with all its threads and without exchanges.
    bits_per_second
        What the network carries from a node, in each direction.
    hot_rows
        Rows that every round exchanges.

    Returns
    -------
    RoundTime
        The prediction.
    """
    size = 2 * 4 * vector_size * mean_rows(words, hot_rows)
    return RoundTime(
        bytes=size,
        train=sync_words / words_per_second,
        wire=2 * (nodes - 1) / nodes * 8 * size / bits_per_second,
        memory=PASSES * size / MEMORY_BANDWIDTH if nodes > 1 else 0.0,
        calls=(1 + size / PART_BYTES) * nodes * CALL_SECONDS if nodes > 1 else 0.0,
    )


def mean_rows(words: int, hot_rows: int = HOT_ROWS) -> float:
    """The rows of a matrix that a round exchanges, on average over FULL_ROUNDS rounds."""
    rows = [min(words, hot_rows * (number & -number)) for number in range(1, FULL_ROUNDS)]
    return (sum(rows) + words) / FULL_ROUNDS
