"""Word Mover's Distance, by optimal transport.

Kusner et al., "From Word Embeddings To Document Distances" (2015):

minimum over T >= 0 of  sum_ij T[i, j] |x_i - y_j|
with  sum_j T[i, j] = share of word i in document 1,  sum_i T[i, j] = share of word j in document 2
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from w2v_fast.vectors.extras import imported
from w2v_fast.vectors.named_vectors import Key, NamedVectors


def word_mover_distance(
    kv: NamedVectors, document1: Iterable[Key], document2: Iterable[Key], norm: bool = True
) -> float:
    """See `KeyedVectors.wmdistance`."""
    ot = imported("ot", "wmdistance", "POT", "wmd")
    one, other = (
        Counter(kv.index_to_key[kv.get_index(word)] for word in document if word in kv)
        for document in (document1, document2)
    )
    if not one or not other:
        return float("inf")
    x, y = (
        np.stack([kv.get_vector(word, norm=norm) for word in words]).astype(np.float64)
        for words in (one, other)
    )
    costs = np.linalg.norm(x[:, None] - y[None], axis=2)
    return float(ot.emd2(_shares(one), _shares(other), costs))


def _shares(words: Counter[str]) -> np.ndarray:
    counts = np.array(list(words.values()), np.float64)
    return counts / counts.sum()
