"""KeyedVectors from and to the objects of other libraries."""

from __future__ import annotations

from typing import Any

import numpy as np

from w2v_fast.vectors.keyed_vectors import KeyedVectors


def to_pandas(vectors: KeyedVectors) -> Any:
    """See `KeyedVectors.to_pandas`."""
    try:
        import pandas
    except ImportError as error:
        raise ImportError("to_pandas needs pandas; pip install 'w2v_fast[pandas]'") from error
    return pandas.DataFrame(np.asarray(vectors.vectors), index=vectors.index_to_key)


def to_torch(vectors: KeyedVectors) -> Any:
    """See `KeyedVectors.to_torch`."""
    try:
        import torch
    except ImportError as error:
        raise ImportError("to_torch needs torch; pip install 'w2v_fast[torch]'") from error
    matrix = np.asarray(vectors.vectors)
    return torch.from_numpy(matrix if matrix.flags.writeable else matrix.copy())


def to_gensim(vectors: KeyedVectors) -> Any:
    """See `KeyedVectors.to_gensim`."""
    try:
        import gensim
    except ImportError as error:
        raise ImportError("to_gensim needs gensim; pip install 'w2v_fast[gensim]'") from error
    result = gensim.models.KeyedVectors(vectors.vector_size, dtype=vectors.vectors.dtype)
    result.index_to_key = list(vectors.index_to_key)
    result.key_to_index = dict(vectors.key_to_index)
    result.vectors = np.asarray(vectors.vectors)
    if vectors.counts is not None:
        result.expandos["count"] = vectors.counts.copy()
    return result


def from_gensim(vectors: Any) -> KeyedVectors:
    """See `KeyedVectors.from_gensim`."""
    source = getattr(vectors, "wv", vectors)
    output = getattr(vectors, "syn1neg", None)
    counts = source.expandos.get("count")
    return KeyedVectors(source.index_to_key, source.vectors, counts, output_vectors=output)
