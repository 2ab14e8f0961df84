"""One file with the page, the words and their vectors in 8 bits, which works offline."""

from __future__ import annotations

import base64
import json
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2v_fast.explore import projection
from w2v_fast.explore.document import SCRIPTS, part, self_contained
from w2v_fast.explore.model import Model
from w2v_fast.system.files import atomic_write

MAX_WORDS = 50_000
MAX_BYTES = 14_500_000
"""Of the file; of long vectors as many principal axes are kept as there is room for."""


def export_page(
    path: str | os.PathLike[str], model: Model, places: NDArray[np.float32], words: int = MAX_WORDS
) -> dict[str, Any]:
    """Write a page that needs no server.

    Parameters
    ----------
    path
        The file to write.
    model
        The vectors; the first `words` of them are written.
    places
        [V, 2] the map.
    words
        At most `MAX_WORDS`.

    Returns
    -------
    dict
        `words`, `dimensions` and `variance`, the share of the squared lengths that the dimensions
        keep.
    """
    data = page_data(model, places, min(words, MAX_WORDS))
    with atomic_write(path) as file:
        file.write(self_contained(data).encode())
    return {name: data[name] for name in ("count", "dimensions", "variance")}


def page_data(model: Model, places: NDArray[np.float32], words: int) -> dict[str, Any]:
    """What the page needs to know of the first `words` words."""
    names = [
        name.encode("utf-8", "replace").decode() for name in model.vectors.index_to_key[:words]
    ]
    size = len(json.dumps(names, ensure_ascii=False).encode())
    code = sum(len(part(name)) for name in SCRIPTS)
    room = (MAX_BYTES - size - code - 32 * len(names)) * 3 // 4
    vectors, variance = _shortened(model, len(names), max(room // max(len(names), 1), 2))
    counts = model.vectors.counts
    return {
        "name": model.name,
        "words": names,
        "count": len(names),
        "of": len(model),
        "counts": None if counts is None else counts[: len(names)].tolist(),
        "places": _base64(np.ascontiguousarray(places[: len(names)].T, "<f4")),
        "clusters": _clusters(model, len(names)),
        "vectors": _base64(vectors),
        "dimensions": vectors.shape[1],
        "variance": variance,
    }


def _shortened(model: Model, count: int, dimensions: int) -> tuple[NDArray[np.int8], float]:
    """Unit vectors in 8 bits, of limited size, and the share of their squared lengths kept."""
    blocks = [block for _, block in model.unit_blocks(count)]
    unit = np.concatenate(blocks) if blocks else np.zeros((0, 1), np.float32)
    variance = 1.0
    if unit.shape[1] > dimensions:
        values, axes = np.linalg.eigh(unit.T @ unit)
        unit = unit @ axes[:, ::-1][:, :dimensions]
        variance = float(values[::-1][:dimensions].sum() / values.sum())
    largest = np.maximum(np.abs(unit).max(axis=1, keepdims=True, initial=0), np.float32(1e-30))
    return np.rint(unit * (127 / largest)).astype(np.int8), variance


def _clusters(model: Model, count: int) -> str | None:
    try:
        return _base64(projection.clusters(model)[:count])
    except ImportError:
        return None


def _base64(array: NDArray[Any]) -> str:
    return base64.b64encode(array.tobytes()).decode()
