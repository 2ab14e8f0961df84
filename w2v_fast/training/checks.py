"""Checks of the arrays that the native loop reads and writes without bounds checks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from w2v_fast.corpus import _ids
from w2v_fast.training.weights import ROW_FLOATS, Weights, stride_of


def check_ids(ids: NDArray[np.int32], words: int) -> None:
    """Raise an error unless the ids of a corpus are rows of matrices of `words` rows.

    Parameters
    ----------
    ids
        int32 [N], N > 0; the last token of a sentence is stored as ~id.
    words
        Size of the vocabulary.

    Raises
    ------
    TypeError
        `ids` is not a contiguous one-dimensional array of int32.
    ValueError
        `ids` is empty, or an id is not below `words`.
    """
    if not (
        isinstance(ids, np.ndarray)
        and ids.dtype == np.int32
        and ids.ndim == 1
        and ids.flags.c_contiguous
        and ids.flags.aligned
    ):
        raise TypeError("the ids of a corpus must be a contiguous array of int32, shape [n]")
    if not len(ids):
        raise ValueError("the corpus is empty: it has no tokens")
    _ids.check_ids(ids, 0, len(ids), words)


def check_weights(weights: Weights, rows: int, dim: int) -> None:
    """Raise an error unless the matrices are those of `rows` words and `dim` dimensions.

    Raises
    ------
    TypeError
        A matrix is not a writable, contiguous float32 array that starts at a multiple of 64 bytes.
    ValueError
        A matrix has another shape, its padding is not zero, or both are the same memory.
    """
    shape = (rows, stride_of(dim))
    for name, matrix in (("input", weights.input), ("output", weights.output)):
        if not (
            isinstance(matrix, np.ndarray)
            and matrix.dtype == np.float32
            and matrix.flags.carray
            and not matrix.ctypes.data % (4 * ROW_FLOATS)
        ):
            raise TypeError(
                f"the {name} matrix must be a writable, contiguous float32 array that starts at a "
                f"multiple of {4 * ROW_FLOATS} bytes, as `zeros` makes them"
            )
        if matrix.shape != shape or weights.dim != dim:
            raise ValueError(
                f"the {name} matrix has the shape {matrix.shape} and {weights.dim} dimensions; "
                f"{rows} words of {dim} dimensions need {shape}"
            )
        if matrix[:, dim:].any():
            raise ValueError(
                f"the {name} matrix has numbers beyond the {dim} dimensions: its padding must be "
                "zero"
            )
    if weights.frozen is not None and (
        weights.frozen.dtype != np.uint8 or weights.frozen.shape != (rows,)
    ):
        raise TypeError(
            f"frozen must be an array of uint8, shape ({rows},): 1 for each word whose vector stays"
        )
    if np.may_share_memory(weights.input, weights.output):
        raise ValueError("the input and the output matrix must not share memory")
