"""Words and their vectors as arrays: the record that readers return, and what writers take."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt


class Vectors(Protocol):
    """Words, their vectors, and what is known about them: `VectorData` and `KeyedVectors` have it.

    Attributes
    ----------
    index_to_key
        V different words; word i names row i.
    vectors
        [V, d], any type of numbers.
    counts
        [V] occurrences of the words; None if unknown.
    output_vectors
        [V, d] output weights of the trainer; None if there are none.
    metadata
        Where the vectors come from and how they were trained; values that JSON can hold.
    """

    @property
    def index_to_key(self) -> Sequence[str]: ...
    @property
    def vectors(self) -> npt.NDArray[Any]: ...
    @property
    def counts(self) -> npt.NDArray[Any] | None: ...
    @property
    def output_vectors(self) -> npt.NDArray[Any] | None: ...
    @property
    def metadata(self) -> Mapping[str, Any] | None: ...


@dataclasses.dataclass
class VectorData:
    """Words and vectors as they were read; `KeyedVectors.from_data` answers questions about them.

    Parameters
    ----------
    index_to_key, vectors, counts, output_vectors, metadata
        See `Vectors`; the matrices are float32, or float16 where the file has it.
    repeated_words
        Rows of the file that were left out because their word was there already.
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
