"""Maps: two coordinates for each word. Principal axes at once, t-SNE and UMAP in the background.

t-SNE (van der Maaten and Hinton 2008, by openTSNE) or UMAP (McInnes et al. 2018, by umap-learn)
places the first, most frequent words; each other word stands at the mean of its nearest ones among
these, weighted by their cosines.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2v_fast.explore.model import Model, unit_rows
from w2v_fast.system.cpus import usable_cpus
from w2v_fast.system.files import atomic_write

PLACED_WORDS = 50_000
"""Words that t-SNE or UMAP places; the others follow their neighbors."""
AXES = 50
GRAPH_NEIGHBORS = 15
ITERATIONS = 250
"""Of each of t-SNE's two phases."""
REPORTED_ITERATIONS = 10
EXAGGERATION = 12
FOLLOWED = 5
"""Neighbors whose mean is the place of a word."""
VISIBLE_SHARE = 99.5
"""Per cent of the coordinates inside the square [-1, 1]; the others may lie far outside."""
CLUSTERS = 12
CACHE_FORMAT = 1
FINGERPRINT_ROWS = 4096

Places = NDArray[np.float32]
Tell = Callable[[float, str], None]


class Cancelled(Exception):
    """Nobody waits for the projection any more."""


def principal_axes(model: Model, dimensions: int) -> NDArray[np.float32]:
    """Unit vectors of all words along their first principal axes: [V, dimensions].

    The axes are those of the first `PLACED_WORDS` words, around their mean.
    """
    size = model.vectors.vector_size
    first = next(model.unit_blocks(PLACED_WORDS), (0, np.zeros((1, size), np.float32)))[1]
    mean = first.mean(axis=0)
    centered = first - mean
    axes = np.linalg.eigh(centered.T @ centered)[1][:, ::-1][:, :dimensions]
    axes = axes * np.where(axes.sum(axis=0) < 0, np.float32(-1), np.float32(1))
    places = np.zeros((len(model), dimensions), np.float32)
    for start, block in model.unit_blocks():
        places[start : start + len(block), : axes.shape[1]] = (block - mean) @ axes
    return places


def pca(model: Model) -> Places:
    """The map along the first two principal axes: [V, 2] in the square."""
    return into_square(principal_axes(model, 2))


def embedding(model: Model, method: str, tell: Tell) -> Places:
    """The map of t-SNE or UMAP: [V, 2] in the square.

    Parameters
    ----------
    model
        Whose words are placed.
    method
        One of `EMBEDDINGS`.
    tell
        Called with the share that is done, 0..1, and what is being done; may raise `Cancelled`.

    Raises
    ------
    ImportError
        The library of the method is not installed (extras: `explore`, `umap`).
    """
    require(method)
    tell(0, "principal axes")
    reduced = principal_axes(model, min(AXES, model.vectors.vector_size))
    placed = np.asarray(EMBEDDINGS[method](reduced[:PLACED_WORDS], tell), np.float32)
    tell(0.9, "the other words")
    return into_square(np.concatenate([placed, _followers(reduced, placed, tell)]))


def _tsne(points: NDArray[np.float32], tell: Tell) -> NDArray[Any]:
    import openTSNE

    def report(start: int) -> Callable[[int, float, Any], None]:
        return lambda iteration, *_: tell(
            0.15 + 0.75 * (start + iteration) / (2 * ITERATIONS), "t-SNE"
        )

    threads = usable_cpus()
    tell(0.02, "nearest words")
    affinities = openTSNE.affinity.Uniform(
        points,
        k_neighbors=max(min(GRAPH_NEIGHBORS, len(points) - 1), 1),
        metric="cosine",
        n_jobs=threads,
        random_state=1,
    )
    start = openTSNE.initialization.rescale(points[:, :2].astype(np.float64))
    embedding = openTSNE.TSNEEmbedding(start, affinities, n_jobs=threads)
    for phase, options in enumerate(
        ({"exaggeration": EXAGGERATION, "momentum": 0.5}, {"momentum": 0.8})
    ):
        embedding.optimize(
            ITERATIONS,
            inplace=True,
            callbacks=[report(phase * ITERATIONS)],
            callbacks_every_iters=REPORTED_ITERATIONS,
            **options,
        )
    return embedding


def _umap(points: NDArray[np.float32], tell: Tell) -> NDArray[Any]:
    import umap

    tell(0.02, "UMAP")
    start = points[:, :2] / (np.abs(points[:, :2]).max() or 1)
    reducer = umap.UMAP(
        n_neighbors=max(min(GRAPH_NEIGHBORS, len(points) - 1), 2),
        metric="cosine",
        init=10 * start,
        random_state=1,
        n_jobs=1,
    )
    placed: NDArray[Any] = reducer.fit_transform(points)
    return placed


EMBEDDINGS: dict[str, Callable[[NDArray[np.float32], Tell], Any]] = {"tsne": _tsne, "umap": _umap}


def _followers(reduced: NDArray[np.float32], placed: Places, tell: Tell) -> Places:
    """The words after the placed ones, each at the weighted mean of its nearest placed ones."""
    places = np.zeros((len(reduced) - len(placed), 2), np.float32)
    if not len(places):
        return places
    from usearch.index import Index

    index = Index(ndim=reduced.shape[1], metric="cos", dtype="f32")
    index.add(np.arange(len(placed)), reduced[: len(placed)], threads=usable_cpus())
    for start in range(0, len(places), PLACED_WORDS):
        tell(0.92 + 0.08 * start / len(places), "the other words")
        block = reduced[len(placed) + start : len(placed) + start + PLACED_WORDS]
        matches = index.search(block, FOLLOWED, threads=usable_cpus())
        weights = np.maximum(1 - np.asarray(matches.distances, np.float32), np.float32(1e-3))
        weights /= weights.sum(axis=1, keepdims=True)
        places[start : start + len(block)] = np.einsum(
            "nk,nkd->nd", weights, placed[np.asarray(matches.keys, np.int64)]
        )
    return places


def into_square(places: NDArray[Any]) -> Places:
    """Shift and scale a map so that nearly all of it (`VISIBLE_SHARE`) fills the square [-1, 1]."""
    centered = places - np.median(places, axis=0)
    extent = np.percentile(np.abs(centered), VISIBLE_SHARE)
    return np.asarray(centered / (extent or 1), np.float32)


def clusters(model: Model) -> NDArray[np.uint8]:
    """Cluster of each word, 0 .. `CLUSTERS` - 1, by k-means on the principal axes: [V].

    Raises
    ------
    ImportError
        scikit-learn is not installed (extra: `explore`).
    """
    require("clusters")
    from sklearn.cluster import MiniBatchKMeans

    reduced = unit_rows(principal_axes(model, min(AXES, model.vectors.vector_size)))
    means = MiniBatchKMeans(min(CLUSTERS, len(model)), random_state=1, n_init=3)
    means.fit(reduced[:PLACED_WORDS])
    found = np.empty(len(model), np.uint8)
    for start in range(0, len(found), PLACED_WORDS):
        found[start : start + PLACED_WORDS] = means.predict(reduced[start : start + PLACED_WORDS])
    return found


PACKAGES = {
    "tsne": ("explore", {"openTSNE": "openTSNE", "usearch": "usearch"}),
    "umap": ("explore,umap", {"umap": "umap-learn", "usearch": "usearch"}),
    "clusters": ("explore", {"sklearn": "scikit-learn"}),
}
"""The extra of what is asked for, and its modules and packages."""


def require(what: str) -> None:
    """ImportError, with what to install, unless the packages of `what` are installed."""
    extra, packages = PACKAGES[what]
    missing = [name for module, name in packages.items() if not importlib.util.find_spec(module)]
    if missing:
        names = " and ".join(missing)
        raise ImportError(f"this needs {names}; pip install 'w2v_fast[{extra}]'")


class MapFile:
    """A map kept beside the file of vectors: a line of JSON that seals it, and float32 [V, 2].

    Parameters
    ----------
    path
        The file of vectors, None if there is none: then nothing is kept.
    model
        The vectors.
    method
        One of `EMBEDDINGS`.
    """

    def __init__(self, path: str | None, model: Model, method: str) -> None:
        self._model, self._method = model, method
        self._vectors = path if path is not None and os.path.exists(path) else None
        self.path = None if self._vectors is None else f"{os.path.abspath(path or '')}.{method}-map"

    def load(self) -> Places | None:
        """The map, if it is kept, whole, and belongs to these vectors."""
        if self.path is None or not os.path.isfile(self.path):
            return None
        with open(self.path, "rb") as file:
            try:
                header = json.loads(file.readline(1 << 16))
            except ValueError:
                return None
            data = file.read(8 * len(self._model) + 1)
        if header != self._seal(data) or len(data) != 8 * len(self._model):
            return None
        return np.frombuffer(data, "<f4").reshape(-1, 2)

    def save(self, places: Places) -> None:
        """Keep the map; a folder that cannot be written is a warning."""
        if self.path is None:
            return
        data = places.astype("<f4").tobytes()
        try:
            with atomic_write(self.path) as file:
                file.write(json.dumps(self._seal(data)).encode() + b"\n" + data)
        except OSError as error:
            warnings.warn(
                f"the map is not kept for the next time: {error}", RuntimeWarning, stacklevel=2
            )

    def _seal(self, data: bytes) -> dict[str, Any]:
        """What the map belongs to: the file's size and time, words, vectors, and its own bytes."""
        status = os.stat(self._vectors or "")
        words = self._model.vectors.index_to_key
        digest = hashlib.sha256(self._model.packed_words)
        if words:
            sample = words[:: max(len(words) // FINGERPRINT_ROWS, 1)]
            digest.update(np.ascontiguousarray(self._model.vectors[sample]).tobytes())
        return {
            "format": CACHE_FORMAT,
            "method": self._method,
            "size": status.st_size,
            "mtime_ns": status.st_mtime_ns,
            "vectors": digest.hexdigest(),
            "map": hashlib.sha256(data).hexdigest(),
        }


class Projection:
    """A map that is computed in the background and kept beside the vectors.

    Attributes
    ----------
    state : str
        "idle", "running", "done" or "failed".
    share : float
        What is done of it, 0..1.
    stage : str
        What is being done, or the error.
    places : np.ndarray | None
        [V, 2] float32 when it is done.
    """

    def __init__(self, model: Model, path: str | None, method: str) -> None:
        self._model, self._method = model, method
        self._file = MapFile(path, model, method)
        self._lock = threading.Lock()
        self._cancelled = False
        self.share, self.stage = 0.0, ""
        self.places = self._file.load()
        self.state = "idle" if self.places is None else "done"

    def start(self) -> None:
        """Begin, unless it has begun before."""
        require(self._method)
        with self._lock:
            if self.state in ("running", "done"):
                return
            self.state, self.share, self.stage = "running", 0.0, ""
        threading.Thread(target=self.run, daemon=True).start()

    def run(self, tell: Tell | None = None) -> None:
        """Compute it in this thread."""

        def report(share: float, stage: str) -> None:
            self.share, self.stage = share, stage
            if tell is not None:
                tell(share, stage)
            if self._cancelled:
                raise Cancelled

        try:
            self.places = embedding(self._model, self._method, report)
            self._file.save(self.places)
            self.state, self.share = "done", 1.0
        except Cancelled:
            self.state = "idle"
        except Exception as error:
            self.state, self.stage = "failed", str(error)
            if tell is not None:
                raise

    def cancel(self) -> None:
        """Let a running projection end soon."""
        self._cancelled = True
