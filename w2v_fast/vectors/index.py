"""Indexes of vectors: a graph of near neighbors (HNSW), and a copy in 8 bits."""

from __future__ import annotations

import numpy as np

from w2v_fast.vectors import neighbors
from w2v_fast.vectors.extras import imported
from w2v_fast.vectors.queries import Queries
from w2v_fast.vectors.rounded import RoundedRows


class ApproximateIndex:
    """Nearest keys by cosine: a few neighbors may be missed, the scores are exact.

    Parameters
    ----------
    kv
        The vectors to index; those of zeros are left out.
    connectivity, expansion_add, expansion_search
        See `KeyedVectors.build_index`.

    Raises
    ------
    ImportError
        usearch is not installed (extra: `ann`).
    """

    def __init__(
        self, kv: Queries, connectivity: int, expansion_add: int, expansion_search: int
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
            Number of keys.

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
        return self._kv._named(rows[0], scores[0])

    def search(self, queries: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Find the rows nearest to each query.

        Parameters
        ----------
        queries
            [Q, d] float32 of unit length.
        count
            Number of rows for each query.

        Returns
        -------
        rows, cosines
            [Q, count] int64 and float32, best first; -1 and NaN where fewer are found.

        Raises
        ------
        ValueError
            A method has changed the vectors since the index was built, or a vector that was
            found differs from that in the graph.
        """
        count = max(min(count, len(self._graph)), 0)
        rows = np.full((len(queries), count), -1, np.int64)
        scores = np.full((len(queries), count), np.nan, np.float32)
        for i, query in enumerate(queries if count else []):
            everything = count == len(self._graph)  # a graph search may not reach all of them
            found = np.asarray(self._graph.search(query, count, exact=everything).keys, np.int64)
            vectors = self._unchanged(found)
            cosines = neighbors.cosines(vectors, neighbors.row_norms(vectors), query)
            order = np.argsort(-cosines, kind="stable")
            rows[i, : len(found)], scores[i, : len(found)] = found[order], cosines[order]
        return rows, scores

    def _unchanged(self, rows: np.ndarray) -> np.ndarray:
        """Check that these rows have the vectors of the graph; return them [n, d]."""
        if self._kv.version == self._version:
            vectors = np.asarray(self._kv._vectors[rows], np.float32)
            if np.array_equal(vectors, np.asarray(self._graph.get(rows))):
                return vectors
        raise ValueError("the vectors have changed since the index was built; build it again")


class RoundedIndex:
    """Nearest keys by cosine, exactly, many times faster with a copy of the vectors in 8 bits.

    Parameters
    ----------
    kv
        The vectors, V x d; the copy takes V x d bytes.
    """

    def __init__(self, kv: Queries) -> None:
        self._kv, self._version, self._norms = kv, kv.version, kv.norms
        self._copy = RoundedRows(kv._vectors, self._norms, keep=True)

    def search(self, queries: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Find the rows nearest to each query.

        Parameters
        ----------
        queries
            [Q, d] float32 of unit length.
        count
            Number of rows for each query.

        Returns
        -------
        rows, cosines
            [Q, min(count, V)] int64 and float32, best first.

        Raises
        ------
        ValueError
            A method has changed the vectors since the index was built.
        """
        if self._kv.version != self._version:
            raise ValueError("the vectors have changed since the index was built; build it again")
        vectors = self._kv._vectors
        return neighbors.best_of_many(vectors, self._norms, queries, count, self._copy)
