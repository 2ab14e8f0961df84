"""Conversions between KeyedVectors and the objects of pandas, torch and gensim."""

from __future__ import annotations

from typing import Any

import numpy as np

from w2v_fast.vectors.data import VectorData
from w2v_fast.vectors.extras import imported
from w2v_fast.vectors.named_vectors import NamedVectors


def to_pandas(kv: NamedVectors) -> Any:
    """See `KeyedVectors.to_pandas`."""
    pandas = imported("pandas", "to_pandas", "pandas", "pandas")
    return pandas.DataFrame(np.asarray(kv.vectors), index=kv.index_to_key)


def to_torch(kv: NamedVectors) -> Any:
    """See `KeyedVectors.to_torch`."""
    torch = imported("torch", "to_torch", "torch", "torch")
    matrix = np.asarray(kv.vectors)
    return torch.from_numpy(matrix if matrix.flags.writeable else matrix.copy())


def to_gensim(kv: NamedVectors) -> Any:
    """See `KeyedVectors.to_gensim`."""
    gensim = imported("gensim", "to_gensim", "gensim", "gensim")
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
    counts, output_vectors = source.expandos.get("count"), getattr(kv, "syn1neg", None)
    return VectorData(source.index_to_key, source.vectors, counts, output_vectors)
