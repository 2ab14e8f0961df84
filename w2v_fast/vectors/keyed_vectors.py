"""KeyedVectors: words, their vectors, and the questions one asks of them, with gensim 4's names and meanings.

    vectors [V, d]      row i belongs to index_to_key[i]
    cosine(a, b)        a . b / (|a| |b|)
    query               the mean of unit vectors, weighted: +1 for positive keys, -1 for negative ones
"""

from __future__ import annotations

import logging
import operator
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Union

import numpy as np

from w2v_fast.vectors import neighbors

if TYPE_CHECKING:
    from w2v_fast.vectors.index import ApproximateIndex

logger = logging.getLogger(__name__)

Key = Union[str, int]
"""A word, or the number of its row."""
Neighbors = list[tuple[str, float]]

COSMUL_EPSILON = 1e-6
MOVED = {
    "vocab": "key_to_index, index_to_key or get_vecattr(key, 'count')",
    "index2word": "index_to_key",
    "index2entity": "index_to_key",
    "word_vec": "get_vector(key)",
    "syn0": "vectors",
    "syn0norm": "get_normed_vectors()",
    "vectors_norm": "get_normed_vectors()",
    "init_sims": "fill_norms(), or get_normed_vectors() for unit vectors",
    "words_closer_than": "closer_than(key1, key2)",
    "wv": "these vectors themselves: they are the KeyedVectors",
    "expandos": "counts",
}
"""Names of older gensim versions, and what to use now."""


class KeyedVectors:
    """Vectors with names.

    Parameters
    ----------
    keys
        V different words; `keys[i]` names row i.
    vectors
        [V, d] float32 or float16, in memory or memory-mapped. Kept as it is, without a copy, and then shared with the
        caller; another numeric type is converted to float32. Queries compute in float32.
    counts
        [V] occurrences of the words, kept as int64; None if unknown.
    output_vectors
        [V, d] output weights of the trainer; None if there are none.
    metadata
        Text about the vectors: where they come from, how they were trained.

    Attributes
    ----------
    index_to_key : list[str]
    key_to_index : dict[str, int]
    counts : np.ndarray | None
    output_vectors : np.ndarray | None
    metadata : dict[str, str]

    Raises
    ------
    ValueError
        A key occurs twice, or the shapes do not fit together.
    TypeError
        A key is not a string, or the vectors are not numbers.

    Notes
    -----
    Keys may be given as row numbers everywhere. A vector of zeros has no direction: its cosine is NaN and it ranks
    last among neighbors; only `similarity`, `distance` and `n_similarity` count it as 0, as gensim does. After writing into
    `vectors` in place call `fill_norms(force=True)`.
    """

    def __init__(self, keys: Sequence[str], vectors: np.ndarray, counts: np.ndarray | None = None, *,
                 output_vectors: np.ndarray | None = None, metadata: Mapping[str, str] | None = None) -> None:
        self.index_to_key = list(keys)
        self.key_to_index = {key: row for row, key in enumerate(self.index_to_key)}
        self._check_keys()
        self.vectors = vectors
        self.counts = self._checked_counts(counts)
        self.output_vectors = None if output_vectors is None else self._checked_matrix(output_vectors, "output_vectors")
        self.metadata = dict(metadata or {})

    def _check_keys(self) -> None:
        for key in self.key_to_index:
            if not isinstance(key, str):
                raise TypeError(f"key {key!r} is of type {type(key).__name__}; keys must be strings")
        if len(self.key_to_index) < len(self.index_to_key):
            row, key = next((row, key) for row, key in enumerate(self.index_to_key) if self.key_to_index[key] != row)
            raise ValueError(f"key {key!r} occurs twice, in rows {row} and {self.key_to_index[key]}; keys must differ")

    def _checked_matrix(self, matrix: np.ndarray, name: str) -> np.ndarray:
        matrix = matrix if isinstance(matrix, np.memmap) else np.asarray(matrix)
        if matrix.ndim != 2 or len(matrix) != len(self):
            raise ValueError(f"{name} of shape {matrix.shape}; expected ({len(self)}, vector_size), a row for each key")
        if matrix.dtype in (np.float32, np.float16):
            return matrix
        if matrix.dtype.kind not in "fiu":
            raise TypeError(f"{name} of type {matrix.dtype}; expected float32 or float16")
        return matrix.astype(np.float32)

    def _checked_counts(self, counts: np.ndarray | None) -> np.ndarray | None:
        if counts is None:
            return None
        counts = np.asarray(counts)
        if counts.shape != (len(self),):
            raise ValueError(f"counts of shape {counts.shape}; expected ({len(self)},), a count for each key")
        return counts.astype(np.int64, copy=False)

    @property
    def vectors(self) -> np.ndarray:
        """[V, d] float32 or float16, row i for `index_to_key[i]`."""
        return self._vectors

    @vectors.setter
    def vectors(self, vectors: np.ndarray) -> None:
        self._vectors = self._checked_matrix(vectors, "vectors")
        self._norms: np.ndarray | None = None

    @property
    def vector_size(self) -> int:
        """Dimensions of a vector."""
        return int(self.vectors.shape[1])

    @property
    def norms(self) -> np.ndarray:
        """[V] float32, Euclidean length of each vector; computed once."""
        self.fill_norms()
        assert self._norms is not None
        return self._norms

    def fill_norms(self, force: bool = False) -> None:
        """Compute the norms now instead of at the first query; `force` after writing into `vectors` in place."""
        if self._norms is None or force:
            self._norms = neighbors.row_norms(self.vectors)

    def __len__(self) -> int:
        return len(self.index_to_key)

    def __repr__(self) -> str:
        return f"KeyedVectors<vector_size={self.vector_size}, {len(self)} keys>"

    def __getattr__(self, name: str) -> Any:
        if name in MOVED:
            raise AttributeError(f"KeyedVectors has no {name!r}, a name of older gensim versions; use {MOVED[name]}")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    # -- keys and their vectors -------------------------------------------------------------------------------------

    def __contains__(self, key: object) -> bool:
        return self._find(key) is not None

    def has_index_for(self, key: Key) -> bool:
        """Whether `key` has a row; the same as `key in self`."""
        return key in self

    def _find(self, key: object) -> int | None:
        row = self.key_to_index.get(key)  # type: ignore[call-overload]
        if row is None and isinstance(key, (int, np.integer)) and not isinstance(key, bool) and 0 <= key < len(self):
            return int(key)
        return row

    def get_index(self, key: Key, default: int | None = None) -> int:
        """Number of the row of `key`, or `default` if it is not None.

        Raises
        ------
        KeyError
            The key is unknown; the message suggests another spelling that is known.
        """
        row = self._find(key)
        if row is None:
            row = default
        if row is None:
            raise KeyError(f"key {key!r} is not in the vocabulary{self._suggestion(key)}")
        return row

    def _suggestion(self, key: object) -> str:
        if not isinstance(key, str):
            return ""
        bare = key.strip()
        spellings = [bare, bare.lower(), bare.capitalize(), bare.title(), bare.upper(), bare.replace(" ", "_"),
                     bare.lower().replace(" ", "_")]
        known = next((spelling for spelling in spellings if spelling in self.key_to_index), None)
        return f"; did you mean {known!r}?" if known is not None else ""

    def get_vector(self, key: Key, norm: bool = False) -> np.ndarray:
        """Vector of `key`, [d], as a read-only view; with `norm` scaled to length 1, float32.

        Raises
        ------
        KeyError
            The key is unknown.
        """
        row = self.get_index(key)
        vector = self._unit(row) if norm else np.asarray(self.vectors[row])
        vector.setflags(write=False)
        return vector

    def _unit(self, row: int) -> np.ndarray:
        return neighbors.unit_rows(np.asarray(self.vectors[row : row + 1]), self.norms[row : row + 1])[0]

    def __getitem__(self, key_or_keys: Key | Iterable[Key]) -> np.ndarray:
        """Vector of a key, [d], or the vectors of several, [n, d]; KeyError for an unknown one."""
        if isinstance(key_or_keys, (str, int, np.integer)):
            return self.get_vector(key_or_keys)
        rows = [self.get_index(key) for key in key_or_keys]
        if not rows:
            raise ValueError("cannot look up the vectors of no keys")
        return np.asarray(self.vectors[rows])

    def get_normed_vectors(self) -> np.ndarray:
        """All vectors scaled to length 1: a new [V, d] float32; NaN for vectors of zeros."""
        return neighbors.unit_rows(self.vectors, self.norms)

    def get_mean_vector(self, keys: Iterable[Key | np.ndarray], weights: Sequence[float] | np.ndarray | None = None,
                        pre_normalize: bool = True, post_normalize: bool = False, ignore_missing: bool = True
                        ) -> np.ndarray:
        """Weighted mean of vectors, sum(w_i v_i) / sum(|w_i|): [d] float32.

        Parameters
        ----------
        keys
            Keys, row numbers or vectors.
        weights
            One for each key; default 1.
        pre_normalize
            Scale each vector to length 1 first.
        post_normalize
            Scale the mean to length 1.
        ignore_missing
            Leave unknown keys out (all unknown: zeros); otherwise they raise KeyError.

        Raises
        ------
        ValueError
            No keys, or another number of weights.
        """
        keys = list(keys)
        if not keys:
            raise ValueError("cannot compute the mean of no keys")
        scales = np.ones(len(keys), np.float32) if weights is None else np.asarray(weights, np.float32)
        if scales.shape != (len(keys),):
            raise ValueError(f"weights of shape {scales.shape} for {len(keys)} keys; expected one for each")
        mean, total = np.zeros(self.vector_size, np.float32), np.float32(0)
        for key, scale in zip(keys, scales, strict=True):
            if not ignore_missing or isinstance(key, np.ndarray) or key in self:
                mean += scale * self._as_vector(key, pre_normalize)
                total += abs(scale)
        if total > 0:
            mean /= total
        return _unit_or_zero(mean) if post_normalize else mean

    def _as_vector(self, key: Key | np.ndarray, norm: bool) -> np.ndarray:
        if not isinstance(key, np.ndarray):
            return self.get_vector(key, norm=norm)
        if key.shape != (self.vector_size,):
            raise ValueError(f"vector of shape {key.shape}; expected ({self.vector_size},)")
        return _unit_or_zero(key) if norm else key

    # -- pairs and sets of keys -------------------------------------------------------------------------------------

    def similarity(self, w1: Key, w2: Key) -> np.float32:
        """Cosine of two keys; 0 if one of the vectors is zero."""
        return np.float32(_unit_or_zero(self.get_vector(w1)) @ _unit_or_zero(self.get_vector(w2)))

    def distance(self, w1: Key, w2: Key) -> np.float32:
        """1 - `similarity`."""
        return np.float32(1) - self.similarity(w1, w2)

    # -- nearest keys -----------------------------------------------------------------------------------------------

    def most_similar(self, positive: Any = None, negative: Any = None, topn: int | None = 10, clip_start: int = 0,
                     clip_end: int | None = None, restrict_vocab: int | None = None, indexer: Any = None
                     ) -> Neighbors | np.ndarray:
        """Keys whose cosine to the mean of the query is highest; the keys of the query itself are left out.

        `most_similar(["king", "woman"], ["man"])` answers man : king = woman : ?.

        Parameters
        ----------
        positive, negative
            A key, a vector [d], or a list of keys, vectors and `(key or vector, weight)` tuples. Weights are 1 for
            positive and -1 for negative entries unless a tuple gives its own, which is used as it stands.
        topn
            How many keys; None for the scores of all keys as an array, in the order of rows.
        clip_start, clip_end
            Search rows `clip_start:clip_end` only (0 or None as the end: all).
        restrict_vocab
            Search the first rows only, this many; overrides the clip range (0 or None: all).
        indexer
            An index from `build_index`, or any object with `most_similar(vector, topn)`: approximate, faster.

        Returns
        -------
        list of (str, float), or np.ndarray [rows searched] float32 when `topn` is None

        Raises
        ------
        KeyError
            Unknown key.
        ValueError
            Nothing given, a vector of another size, or an index together with a range of rows.
        """
        query, own = self._query(positive, negative)
        rows = self._rows(clip_start, clip_end, restrict_vocab)
        if indexer is not None and topn is not None:
            self._check_whole(rows)
            found = indexer.most_similar(query, operator.index(topn) + len(own))
            keys = {self.index_to_key[row] for row in own}
            return [pair for pair in found if pair[0] not in keys][: max(topn, 0)]
        return self._top(neighbors.cosines(self.vectors[rows], self.norms[rows], query), rows.start, topn, own)

    def _query(self, positive: Any, negative: Any) -> tuple[np.ndarray, set[int]]:
        """The unit query [d] float32 and the rows of the keys that it is made of."""
        weighted = [*_weighted(positive, 1.0), *_weighted(negative, -1.0)]
        if not weighted:
            raise ValueError("most_similar needs at least one positive or negative key or vector")
        items = [item for item, _ in weighted]
        query = self.get_mean_vector(items, [weight for _, weight in weighted], post_normalize=True,
                                     ignore_missing=False)
        return query, {self.get_index(item) for item in items if not isinstance(item, np.ndarray)}

    def _rows(self, clip_start: int, clip_end: int | None, restrict_vocab: int | None) -> slice:
        wanted = slice(0, restrict_vocab) if restrict_vocab else slice(clip_start, clip_end or None)
        start, stop, _ = wanted.indices(len(self))
        return slice(start, max(start, stop))

    def _check_whole(self, rows: slice) -> None:
        if rows != slice(0, len(self)):
            raise ValueError("an index searches all rows; leave out clip_start, clip_end and restrict_vocab")

    def _top(self, scores: np.ndarray, first_row: int, topn: int | None, without: set[int]) -> Neighbors | np.ndarray:
        """Name the `topn` highest of the scores of rows `first_row`, `first_row + 1`..., all as they are for None."""
        if topn is None:
            return scores
        topn = operator.index(topn)
        if topn <= 0:
            return []
        rows = [row for row in neighbors.best(scores, topn + len(without)).tolist() if first_row + row not in without]
        return [(self.index_to_key[first_row + row], float(scores[row])) for row in rows[:topn]]


def _unit_or_zero(vector: np.ndarray) -> np.ndarray:
    """`vector` as float32, scaled to length 1 unless it is zero."""
    vector = np.asarray(vector, np.float32)
    length = np.linalg.norm(vector)
    return vector / length if length > 0 else vector


def _as_list(keys: Any) -> list[Any]:
    """A single key or vector as a list of one; lists and matrices as they are."""
    if keys is None:
        return []
    if isinstance(keys, (str, int, np.integer)) or (isinstance(keys, np.ndarray) and keys.ndim == 1):
        return [keys]
    if isinstance(keys, (list, np.ndarray)):
        return list(keys)
    raise TypeError(f"{keys!r} is neither a key, a vector nor a list of them")


def _weighted(keys: Any, weight: float) -> list[tuple[Any, float]]:
    """Pairs of key or vector and weight; `weight` where none is given."""
    pairs = [item if isinstance(item, tuple) and len(item) == 2 else (item, weight) for item in _as_list(keys)]
    for item, _ in pairs:
        if not isinstance(item, (str, int, np.integer, np.ndarray)):
            raise TypeError(f"{item!r} is neither a key, a vector nor a (key, weight) tuple")
    return pairs
