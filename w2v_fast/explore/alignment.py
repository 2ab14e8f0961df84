"""Two sets of vectors side by side: which words moved, after the best rotation of one onto the other.

Orthogonal Procrustes (Schoenemann 1966), over the words that both have:

    U S V^T = svd(A^T B),    R = U V^T,    moved(w) = 1 - cos(a_w R, b_w)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from w2v_fast.explore.model import Model, unit_rows

MAX_COMMON = 50_000


class Alignment:
    """The words that two models have in common among the most frequent ones of the first, and how far each moved.

    Parameters
    ----------
    first, second
        The models; their numbers of dimensions may differ.

    Attributes
    ----------
    rows, others : np.ndarray
        [n] rows of the common words in the first and in the second model.
    cosines : np.ndarray
        [n] cosine of each word to itself after the rotation; NaN where a vector is zero.

    Raises
    ------
    ValueError
        No word is in both.
    """

    def __init__(self, first: Model, second: Model) -> None:
        words = first.vectors.index_to_key[:MAX_COMMON]
        pairs = [
            (row, other)
            for row, word in enumerate(words)
            if (other := second.row(word)) is not None
        ]
        if not pairs:
            raise ValueError(f"{first.name} and {second.name} have no word in common")
        self.rows, self.others = np.array(pairs, np.int64).T
        a = _directions(first, self.rows)
        b = _directions(second, self.others)
        left, _, right = np.linalg.svd(a.T @ b, full_matrices=False)
        self.cosines = np.einsum("ij,ij->i", unit_rows(a @ (left @ right)), b)

    def moved_most(self, count: int, among: int) -> NDArray[np.int64]:
        """Positions of the `count` words that moved most among the first `among`."""
        return np.argsort(self.cosines[:among], kind="stable")[:count]


def _directions(model: Model, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    return unit_rows(model.vectors[[model.vectors.index_to_key[row] for row in rows.tolist()]])
