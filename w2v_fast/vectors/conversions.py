"""Vectors from and to the objects of other libraries."""

from __future__ import annotations

from typing import Any

import numpy as np

from w2v_fast.vectors.data import VectorData
from w2v_fast.vectors.named_vectors import NamedVectors


def to_pandas(kv: NamedVectors) -> Any:
    """See `KeyedVectors.to_pandas`."""
    try:
        import pandas
    except ImportError as error:
        raise ImportError("to_pandas needs pandas; pip install 'w2v_fast[pandas]'") from error
    return pandas.DataFrame(np.asarray(kv.vectors), index=kv.index_to_key)


def to_torch(kv: NamedVectors) -> Any:
    """See `KeyedVectors.to_torch`."""
    try:
        import torch
    except ImportError as error:
        raise ImportError("to_torch needs torch; pip install 'w2v_fast[torch]'") from error
    matrix = np.asarray(kv.vectors)
    return torch.from_numpy(matrix if matrix.flags.writeable else matrix.copy())


def to_gensim(kv: NamedVectors) -> Any:
    """See `KeyedVectors.to_gensim`."""
    try:
        import gensim
    except ImportError as error:
        raise ImportError("to_gensim needs gensim; pip install 'w2v_fast[gensim]'") from error
    result = gensim.models.KeyedVectors(kv.vector_size, dtype=kv.vectors.dtype)
    result.index_to_key = list(kv.index_to_key)
    result.key_to_index = dict(kv.key_to_index)
    result.vectors = np.asarray(kv.vectors)
    if kv.counts is not None:
        result.expandos["count"] = kv.counts.copy()
    return result


def from_gensim(kv: Any) -> VectorData:
    """See `KeyedVectors.from_gensim`."""
    source = getattr(kv, "wv", kv)
    return VectorData(
        source.index_to_key,
        source.vectors,
        source.expandos.get("count"),
        getattr(kv, "syn1neg", None),
    )
