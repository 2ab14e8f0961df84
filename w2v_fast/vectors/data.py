"""Words and their vectors as arrays: what readers of files return and writers take."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt


class Vectors(Protocol):
    """The attributes that `VectorData` and `KeyedVectors` share."""

    @property
    def index_to_key(self) -> Sequence[str]:
        """V different words; word i names row i."""

    @property
    def vectors(self) -> npt.NDArray[Any]:
        """[V, d], any type of numbers."""

    @property
    def counts(self) -> npt.NDArray[Any] | None:
        """[V] occurrences of the words; None if unknown."""

    @property
    def output_vectors(self) -> npt.NDArray[Any] | None:
        """[V, d] output weights of the trainer; None if there are none."""

    @property
    def metadata(self) -> Mapping[str, Any] | None:
        """Where the vectors come from and how they were trained; values that JSON can hold."""


@dataclasses.dataclass
class VectorData:
    """Words and vectors as they were read; `KeyedVectors.from_data` answers questions about them.

    Parameters
    ----------
    index_to_key, vectors, counts, output_vectors, metadata
        See `Vectors`; the matrices are float32, or float16 where the file has it.
    repeated_words
        Rows of the file that were left out because an earlier or later row has the same word.
    """

    index_to_key: list[str]
    vectors: npt.NDArray[np.floating[Any]]
    counts: npt.NDArray[np.int64] | None = None
    output_vectors: npt.NDArray[np.floating[Any]] | None = None
    metadata: Mapping[str, Any] | None = None
    repeated_words: int = 0

    def __len__(self) -> int:
        return len(self.index_to_key)

    @property
    def vector_size(self) -> int:
        """Dimensions of a vector."""
        return int(self.vectors.shape[1])
