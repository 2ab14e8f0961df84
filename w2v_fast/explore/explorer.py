"""What the page may ask: questions by name, with checked parameters, answers of bounded size."""

from __future__ import annotations

import asyncio
import concurrent.futures
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import numpy as np

from w2v_fast.explore import projection
from w2v_fast.explore.alignment import Alignment
from w2v_fast.explore.columns import Column
from w2v_fast.explore.contexts import Contexts
from w2v_fast.explore.model import MAX_NEIGHBORS, MAX_WORDS, Model
from w2v_fast.explore.run import Run

MAX_HITS = 100
MAX_TEXT = 500
"""Characters of a search."""

Answer = dict[str, Any] | bytes
"""JSON, or an array of numbers in little-endian order."""
Question = Callable[["Explorer", "Parameters"], Answer | Awaitable[Answer]]
"""What waits for others or answers at once is asynchronous, the rest is called in a thread."""


class Parameters:
    """The parameters of a question; ValueError names the one that is wrong."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def text(self, name: str) -> str:
        """At most `MAX_TEXT` characters."""
        value = self._values.get(name, "")
        if len(value) > MAX_TEXT:
            raise ValueError(f"{name} has {len(value):,} characters; at most {MAX_TEXT}")
        return value

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        value = self._values.get(name, str(default))
        if not (value.isascii() and value.isdigit() and len(value) < 12):
            raise ValueError(f"{name} = {value!r:.40} is no whole number")
        if not low <= int(value) <= high:
            raise ValueError(f"{name} = {value} is not between {low} and {high}")
        return int(value)

    def rows(self, low: int, high: int) -> list[int]:
        """Row numbers, `low` to `high` of them, with commas between them."""
        values = self._values.get("rows", "").split(",")
        if not all(value.isascii() and value.isdigit() and len(value) < 12 for value in values):
            raise ValueError("rows must be whole numbers with commas between them")
        if not low <= len(values) <= high:
            raise ValueError(f"{len(values)} rows; expected {low} to {high}")
        return [int(value) for value in values]


class Explorer:
    """Everything that one page shows.

    Parameters
    ----------
    model
        The vectors.
    path
        Their file, beside which maps are kept; None if there is none.
    other
        A second set of vectors to compare them with.
    contexts, columns
        The text for words in context, and columns to color the map by.
    run
        A training run that is watched; then there is no map.
    """

    def __init__(
        self,
        model: Model,
        path: str | None = None,
        other: Model | None = None,
        contexts: Contexts | None = None,
        columns: list[Column] | None = None,
        run: Run | None = None,
    ) -> None:
        self.models = [model] if other is None else [model, other]
        self.contexts, self.columns, self.run = contexts, columns or [], run
        self.projections = {
            method: projection.Projection(model, path, method) for method in projection.EMBEDDINGS
        }
        self._worker = concurrent.futures.ThreadPoolExecutor(1, "w2v-fast-explore")
        self._prepared: dict[str, concurrent.futures.Future[Any]] = {}
        self._prepare("words 0", lambda: model.packed_words)
        if run is None:  # a search is rare while a training needs the cores
            self._prepare("search 0", lambda: model.search)
            self._prepare("map", lambda: projection.pca(model))
        if other is not None:
            self._prepare("words 1", lambda: other.packed_words)
            self._prepare("search 1", lambda: other.search)
            self._prepare("alignment", lambda: Alignment(model, other))
        if run is None:  # the weights of a run change
            for each in self.models:
                each.build_index()

    def _prepare(self, name: str, compute: Callable[[], Any]) -> None:
        """Begin work in the background, once."""
        if name not in self._prepared:
            self._prepared[name] = self._worker.submit(compute)

    def _work(self, name: str) -> concurrent.futures.Future[Any]:
        """Work in the background; KeyError for an unknown one."""
        if name not in self._prepared:
            raise KeyError(f"there is no {name.split()[0]} here")
        return self._prepared[name]

    def _ready(self, name: str) -> Any:
        """The result of work in the background, when it is there."""
        return self._work(name).result()

    def close(self) -> None:
        """End what runs in the background."""
        for job in self.projections.values():
            job.cancel()
        self._worker.shutdown(wait=False, cancel_futures=True)
        if self.run is not None:
            self.run.close()

    def _model(self, parameters: Parameters) -> Model:
        return self.models[parameters.number("model", 0, 0, len(self.models) - 1)]

    def _count(self, parameters: Parameters) -> int:
        return parameters.number("count", 20, 1, MAX_NEIGHBORS)

    def info(self) -> dict[str, Any]:
        """What there is to see; the page holds it."""
        return {
            "models": [
                {
                    "name": model.name,
                    "words": len(model),
                    "dimensions": model.vectors.vector_size,
                    "counts": model.vectors.counts is not None,
                }
                for model in self.models
            ],
            "columns": [column.name for column in self.columns],
            "corpus": self.contexts is not None,
            "run": self.run is not None,
        }

    # -- questions -----------------------------------------------------------------------------

    async def words(self, parameters: Parameters) -> Answer:
        """All words: `Model.packed_words`."""
        work = self._work(f"words {parameters.number('model', 0, 0, 1)}")
        packed: bytes = await asyncio.wrap_future(work)
        return packed

    def counts(self, _: Parameters) -> Answer:
        """Occurrences of each word, float64 [V]."""
        counts = self.models[0].vectors.counts
        if counts is None:
            raise KeyError("the file has no counts of the words")
        return bytes(counts.astype("<f8").tobytes())

    def search(self, parameters: Parameters) -> Answer:
        """Rows of words that contain a text."""
        self._prepare("search 0", lambda: self.models[0].search)
        search = self._ready(f"search {parameters.number('model', 0, 0, 1)}")
        limit = parameters.number("count", 20, 1, MAX_HITS)
        return {"rows": search.find(parameters.text("text"), limit)}

    def map(self, parameters: Parameters) -> Answer:
        """Coordinates of each word: float32 [2, V], all x before all y."""
        if parameters.text("method") in ("", "pca"):
            places = self._ready("map")
        else:
            places = self._job(parameters).places
            if places is None:
                raise KeyError("this map is not computed yet")
        return bytes(np.ascontiguousarray(places.T, "<f4").tobytes())

    def _job(self, parameters: Parameters) -> projection.Projection:
        method = parameters.text("method")
        if method not in self.projections:
            raise ValueError(f"method = {method!r:.40} is not {' or '.join(self.projections)}")
        return self.projections[method]

    def projection_state(self, parameters: Parameters) -> Answer:
        """How far t-SNE or UMAP is."""
        job = self._job(parameters)
        return {"state": job.state, "share": job.share, "stage": job.stage}

    def start_projection(self, parameters: Parameters) -> Answer:
        """Begin t-SNE or UMAP in the background."""
        if self.run is not None:
            raise KeyError("there is no map of a run")
        self._job(parameters).start()
        return self.projection_state(parameters)

    def clusters(self, _: Parameters) -> Answer:
        """Cluster of each word: uint8 [V]."""
        self._prepare("clusters", lambda: projection.clusters(self.models[0]))
        return bytes(self._ready("clusters").tobytes())

    def column(self, parameters: Parameters) -> Answer:
        """A column: JSON with its categories, or with `values`, its numbers, float32 [V]."""
        if not self.columns:
            raise KeyError("there are no columns")
        column = self.columns[parameters.number("column", 0, 0, len(self.columns) - 1)]
        if parameters.text("part") == "values":
            return bytes(column.values.astype("<f4").tobytes())
        return {"name": column.name, "categories": column.categories}

    async def neighbors(self, parameters: Parameters) -> Answer:
        """The nearest words of a row."""
        (row,) = parameters.rows(1, 1)
        rows, cosines = await self._model(parameters).neighbors(row, self._count(parameters))
        return {"rows": rows, "cosines": cosines}

    async def analogy(self, parameters: Parameters) -> Answer:
        """The words d of `a is to b as c is to d`."""
        a, b, c = parameters.rows(3, 3)
        rows, cosines = await self._model(parameters).analogy(a, b, c, self._count(parameters))
        return {"rows": rows, "cosines": cosines}

    def cosines(self, parameters: Parameters) -> Answer:
        """The matrix of cosines of some words."""
        return {"cosines": self.models[0].cosines(parameters.rows(1, MAX_WORDS))}

    def axis(self, parameters: Parameters) -> Answer:
        """Where each word is between two: float32 [V]."""
        a, b = parameters.rows(2, 2)
        return bytes(self.models[0].axis(a, b).astype("<f4").tobytes())

    def moved(self, parameters: Parameters) -> Answer:
        """The words that moved most from one model to the other."""
        alignment: Alignment = self._ready("alignment")
        among = parameters.number("among", 10_000, 1, 1_000_000)
        chosen = alignment.moved_most(self._count(parameters), among)
        return {
            "common": len(alignment.rows),
            "mean": _number(float(np.nanmean(alignment.cosines))),
            "rows": alignment.rows[chosen].tolist(),
            "cosines": [_number(value) for value in alignment.cosines[chosen].tolist()],
        }

    def counterpart(self, parameters: Parameters) -> Answer:
        """The row of a word in the second model, and its cosine to itself, if aligned."""
        alignment: Alignment = self._ready("alignment")
        (row,) = parameters.rows(1, 1)
        position = np.flatnonzero(alignment.rows == row)
        return {
            "row": self.models[1].row(self.models[0].word(row)),
            "cosine": _number(float(alignment.cosines[position[0]])) if len(position) else None,
        }

    def contexts_of(self, parameters: Parameters) -> Answer:
        """A word in its contexts."""
        if self.contexts is None:
            raise KeyError("no text was given: --corpus")
        (row,) = parameters.rows(1, 1)
        found, complete = self.contexts.find(self.models[0].word(row), self._count(parameters))
        return {"lines": found, "complete": complete}

    async def progress(self, _: Parameters) -> Answer:
        """Where a run stands."""
        return self._watched_run().answer()

    async def watch(self, parameters: Parameters) -> Answer:
        """Choose the words whose neighbors are shown while training goes on."""
        run = self._watched_run()
        run.watch(parameters.rows(1, MAX_WORDS))
        return run.answer()

    def _watched_run(self) -> Run:
        if self.run is None:
            raise KeyError("no run is watched here")
        return self.run


QUESTIONS: dict[str, Question] = {
    "words": Explorer.words,
    "counts": Explorer.counts,
    "search": Explorer.search,
    "map": Explorer.map,
    "projection": Explorer.projection_state,
    "clusters": Explorer.clusters,
    "column": Explorer.column,
    "neighbors": Explorer.neighbors,
    "analogy": Explorer.analogy,
    "cosines": Explorer.cosines,
    "axis": Explorer.axis,
    "moved": Explorer.moved,
    "counterpart": Explorer.counterpart,
    "contexts": Explorer.contexts_of,
    "progress": Explorer.progress,
}
COMMANDS: dict[str, Question] = {"projection": Explorer.start_projection, "watch": Explorer.watch}
"""What changes something: asked by POST."""


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
