"""The center that contexts predict: the forward pass of CBOW.

p(w | contexts) = exp(u_w . v) / sum_k exp(u_k . v)

with v the mean of the contexts' vectors (their sum with `cbow_sum`) and u_w the output row of w.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from w2v_fast.config import OUTPUT_ROWS, TrainConfig
from w2v_fast.vectors import neighbors
from w2v_fast.vectors.named_vectors import Key, NamedVectors


def predict_center(
    kv: NamedVectors, contexts: Iterable[Key], topn: int | None = 10
) -> list[tuple[str, float]]:
    """The most probable centers of a window with these contexts.

    Parameters
    ----------
    kv
        Vectors with their output vectors, of a model whose output rows are words.
    contexts
        Words; unknown ones are left out.
    topn
        How many; None for all words.

    Returns
    -------
    list of (str, float)
        Words and probabilities, the highest first; empty if no context is known.

    Raises
    ------
    ValueError
        There are no output vectors, or they belong to the nodes of a tree (hierarchical softmax).
    """
    if kv.output_vectors is None:
        raise ValueError("a center is predicted with output vectors, and there are none")
    config = TrainConfig.from_metadata(kv.metadata)
    if OUTPUT_ROWS[config.objective] != "words":
        raise ValueError(
            "a center is predicted with the output vectors of words; those of "
            f"{config.objective} belong to {OUTPUT_ROWS[config.objective]}"
        )
    rows = [kv.get_index(word) for word in contexts if word in kv]
    if not rows:
        return []
    vectors = np.asarray(kv.vectors[rows], np.float32)
    center = vectors.sum(axis=0) if config.cbow_sum else vectors.mean(axis=0)
    scores = np.asarray(kv.output_vectors @ center, np.float64)
    probabilities = np.exp(scores - scores.max())
    probabilities /= probabilities.sum()
    best = neighbors.best(probabilities, len(kv) if topn is None else topn).tolist()
    return [(kv.index_to_key[row], float(probabilities[row])) for row in best]
