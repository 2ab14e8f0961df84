"""An approximate index of vectors: a graph of near neighbors (HNSW), searched in log time."""

from __future__ import annotations

import numpy as np

from w2v_fast.vectors import neighbors
from w2v_fast.vectors.extras import imported
from w2v_fast.vectors.named_vectors import NamedVectors


class ApproximateIndex:
    """Nearest keys by cosine, approximately: a few neighbors may be missed, the scores are exact.

    Parameters
    ----------
    kv
        What to index. Vectors of zeros are left out.
    connectivity, expansion_add, expansion_search
        See `KeyedVectors.build_index`.

    Raises
    ------
    ImportError
        usearch is not installed (extra: `ann`).
    """

    def __init__(
        self, kv: NamedVectors, connectivity: int, expansion_add: int, expansion_search: int
    ) -> None:
        usearch = imported("usearch.index", "an approximate index", "usearch", "ann")
        self._kv, self._version = kv, kv.version
        self._graph = usearch.Index(
            ndim=kv.vector_size,
            metric="cos",
            dtype="f32",
            connectivity=connectivity,
            expansion_add=expansion_add,
            expansion_search=expansion_search,
        )
        rows = np.flatnonzero(kv.norms)
        if len(rows):
            self._graph.add(rows, np.asarray(kv._vectors[rows], np.float32))

    def most_similar(self, vector: np.ndarray, topn: int) -> list[tuple[str, float]]:
        """Find the keys nearest to a vector.

        Parameters
        ----------
        vector
            [d], of length 1.
        topn
            How many.

        Returns
        -------
        list of (str, float)
            Keys and cosines, best first.

        Raises
        ------
        ValueError
            As `search`.
        """
        rows, scores = self.search(np.asarray(vector, np.float32)[None], topn)
        keys = self._kv.index_to_key
        return [
            (keys[row], score)
            for row, score in zip(rows[0].tolist(), scores[0].tolist(), strict=True)
            if row >= 0
        ]

    def search(self, queries: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Find the rows nearest to each query.

        Parameters
        ----------
        queries
            [Q, d] float32 of unit length.
        count
            Rows wanted for each.

        Returns
        -------
        rows, cosines
            [Q, count] int64 and float32, best first; -1 and NaN where fewer are found.

        Raises
        ------
        ValueError
            The vectors have changed since the index was built, by a method or among those found.
        """
        count = max(min(count, len(self._graph)), 0)
        rows = np.full((len(queries), count), -1, np.int64)
        scores = np.full((len(queries), count), np.nan, np.float32)
        for i, query in enumerate(queries if count else []):
            everything = count == len(self._graph)  # the graph may not lead to all of them
            found = np.asarray(self._graph.search(query, count, exact=everything).keys, np.int64)
            vectors = self._unchanged(found)
            cosines = neighbors.cosines(vectors, neighbors.row_norms(vectors), query)
            order = np.argsort(-cosines, kind="stable")
            rows[i, : len(found)], scores[i, : len(found)] = found[order], cosines[order]
        return rows, scores

    def _unchanged(self, rows: np.ndarray) -> np.ndarray:
        """The vectors of rows [n, d] float32, after the check that the graph has the same ones."""
        if self._kv.version == self._version:
            vectors = np.asarray(self._kv._vectors[rows], np.float32)
            if np.array_equal(vectors, np.asarray(self._graph.get(rows))):
                return vectors
        raise ValueError("the vectors have changed since the index was built; build it again")
