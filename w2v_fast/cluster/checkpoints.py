"""The checkpoints of a run on nodes, which the driver fetches, writes, and sends to the nodes.

The newest weights are in the driver's memory and in a file; a node that is lost while they are
fetched leaves the file.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2v_fast.cluster import position as positions
from w2v_fast.cluster.generation import Generation
from w2v_fast.cluster.position import Position
from w2v_fast.config import TrainConfig
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.system.memory import available, human
from w2v_fast.training.checkpoint import CheckpointFolder, size_of
from w2v_fast.training.weights import Weights, stride_of, zeros

MAX_SHARE = 0.05
"""Checkpoints are rarer where fetching them would take a larger share of the time."""
BLOCK_BYTES = 1 << 26


class Checkpoints:
    """The checkpoints of one run.

    Parameters
    ----------
    folder
        Where, entered by this process.
    seconds
        From one to the next.
    keep
        Whether the file is wanted at the end of the run.

    Attributes
    ----------
    weights : Weights
        Both matrices as of the newest checkpoint, after `prepare`.
    position : Position or None
        Where they stand; None before the first.
    """

    def __init__(self, folder: CheckpointFolder, seconds: float, keep: bool) -> None:
        self._folder, self._seconds, self._keep = folder, seconds, keep
        self.position: Position | None = None
        self.weights: Weights
        self._identity: dict[str, Any] = {}
        self._last = time.monotonic()
        self._cost = 0.0
        self._is_written = True
        self._file: Path | None = None

    def prepare(
        self, vocabulary: Vocabulary, config: TrainConfig, corpus: dict[str, Any]
    ) -> Position | None:
        """Make room for the weights, and take those of the newest checkpoint in the folder.

        Raises
        ------
        MemoryError
            The driver has no room for the weights.
        OSError
            The disk has no room for the checkpoints.
        CheckpointError
            There are checkpoints of another run, or only damaged ones.
        """
        if self._identity:
            return self.position
        needed, free = 8 * len(vocabulary) * stride_of(config.vector_size), available()
        if free is not None and needed > free:
            raise MemoryError(
                f"the driver takes a copy of the weights, {human(needed)}; {human(free)} are free"
            )
        shape = len(vocabulary), stride_of(config.vector_size)
        self.weights = Weights(zeros(*shape), zeros(*shape), config.vector_size)
        self._config, self._tokens = config, corpus["tokens"]
        self._identity = {**positions.identity(config, vocabulary), "corpus": corpus}
        self.recover()
        self._folder.prepare(size_of(self.weights.arrays))
        return self.position

    def recover(self) -> Position | None:
        """The position to go on from after a loss; the weights are those of it."""
        if self._identity and self.position is None:
            found = positions.newest(self._folder, self._identity, self._config, self._tokens)
            if found is not None:
                checkpoint, self.position = found
                checkpoint.fill(self.weights.arrays)
                self._file = checkpoint.path
        return self.position

    @property
    def is_due(self) -> bool:
        """Whether it is time for the next one."""
        return time.monotonic() - self._last > max(self._seconds, self._cost / MAX_SHARE)

    def fetch(self, generation: Generation, position: Position) -> None:
        """Take the weights of a node, while those of all nodes are equal and nobody trains."""
        start = time.monotonic()
        self.position = None  # until all rows are here
        for matrix, first, rows in self._blocks():
            rows[...] = generation.call_one("rows", matrix, first, first + len(rows))
        self.position, self._is_written = position, False
        self._last = time.monotonic()
        self._cost = self._last - start

    def write(self) -> None:
        """Write what was fetched; a failure is a RuntimeWarning."""
        if self._is_written or self.position is None:
            return
        try:
            self._file = positions.save(
                self._folder, self.position, self._identity, self.weights.arrays, self._file
            )
        except OSError as error:
            warnings.warn(
                f"no checkpoint after {self.position.tokens:,} words: {error} (the last one is "
                f"{self._file})",
                RuntimeWarning,
                stacklevel=3,
            )
        self._is_written = True

    def write_last(self) -> None:
        """Write what was fetched at the end of the run, if somebody wants it."""
        if self._keep:
            self.write()

    def send(self, generation: Generation) -> None:
        """Let all nodes go on from the newest checkpoint."""
        for matrix, first, rows in self._blocks():
            block = generation.put(rows)
            generation.call("set_rows", ((matrix, first, block) for _ in generation.nodes))
        generation.call("go_on", ((self.position,) for _ in generation.nodes))

    def _blocks(self) -> Iterator[tuple[int, int, NDArray[np.float32]]]:
        """Every block of rows: its matrix, its first row, and its place in the weights."""
        for matrix, array in enumerate(self.weights.arrays):
            size = max(BLOCK_BYTES // array[0].nbytes, 1)
            for first in range(0, len(array), size):
                yield matrix, first, array[first : first + size]
