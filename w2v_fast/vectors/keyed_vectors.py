"""KeyedVectors: words, their vectors, and the questions one asks of them, with gensim 4's names and meanings.

vectors [V, d]      row i belongs to index_to_key[i]
cosine(a, b)        a . b / (|a| |b|)
query               the mean of the keys' unit vectors, weighted: +1 for positive keys, -1 for negative ones
"""

from __future__ import annotations

import logging
import mmap
import operator
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from w2v_fast.keys import all_different
from w2v_fast.vectors import neighbors

if TYPE_CHECKING:
    from w2v_fast.vectors.index import ApproximateIndex

logger = logging.getLogger(__name__)

Key = str | int
"""A word; an integer stands for the word of its decimal digits, as integers in a corpus do."""
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
    version : int
        Grows with each change by a method; writing into `vectors` does not change it.

    Raises
    ------
    ValueError
        A key occurs twice, or the shapes do not fit together.
    TypeError
        A key is not a string, or the vectors are not numbers.

    Notes
    -----
    An integer as a key is the word of its digits, never the number of a row: for that there are `vectors[i]` and
    `index_to_key[i]`. A vector of zeros has no direction: its cosine is NaN and it ranks last among neighbors; only
    `similarity`, `distance` and `n_similarity` take it as 0, as gensim does.

    Norms follow the vectors: they are kept from query to query only as long as nobody else can write into the array,
    because it was read from a file and `vectors` was never asked for, or is mapped read-only. Else each query computes
    them anew, which takes about as long as the rest of it.

    The vectors of a model (`Word2Vec.wv`) are its weights. Adding keys gives these KeyedVectors an array of their own:
    what is added stays, but further training does not reach it, and `Word2Vec.train` refuses to go on then.
    """

    def __init__(
        self,
        keys: Sequence[str],
        vectors: np.ndarray,
        counts: np.ndarray | None = None,
        *,
        output_vectors: np.ndarray | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        self.index_to_key = list(keys)
        self._check_keys()
        self.version = 0
        self.vectors = vectors
        self.counts = self._checked_counts(counts)
        self.output_vectors = (
            None
            if output_vectors is None
            else self._checked_matrix(output_vectors, "output_vectors")
        )
        self.metadata = dict(metadata or {})

    def _check_keys(self) -> None:
        for key in self.index_to_key:
            if not isinstance(key, str):
                raise TypeError(
                    f"key {key!r} is of type {type(key).__name__}; keys must be strings"
                )
        if not all_different(self.index_to_key):
            row, key = next(
                (row, key)
                for row, key in enumerate(self.index_to_key)
                if self.key_to_index[key] != row
            )
            raise ValueError(
                f"key {key!r} occurs twice, in rows {row} and {self.key_to_index[key]}; keys must differ"
            )

    @cached_property
    def key_to_index(self) -> dict[str, int]:
        """Row of each key; made when it is first asked for, since it takes about 75 bytes a key."""
        return {key: row for row, key in enumerate(self.index_to_key)}

    def _checked_matrix(self, matrix: np.ndarray, name: str) -> np.ndarray:
        matrix = matrix if isinstance(matrix, np.memmap) else np.asarray(matrix)
        if matrix.ndim != 2 or len(matrix) != len(self):
            raise ValueError(
                f"{name} of shape {matrix.shape}; expected ({len(self)}, vector_size), a row for each key"
            )
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
            raise ValueError(
                f"counts of shape {counts.shape}; expected ({len(self)},), a count for each key"
            )
        return counts.astype(np.int64, copy=False)

    @property
    def vectors(self) -> np.ndarray:
        """[V, d] float32 or float16, row i for `index_to_key[i]`."""
        self._private = False
        return self._vectors

    @vectors.setter
    def vectors(self, vectors: np.ndarray) -> None:
        self._set_vectors(self._checked_matrix(vectors, "vectors"), private=False)

    def _set_vectors(self, vectors: np.ndarray, private: bool) -> None:
        """Take an array; `private` if nobody else has it."""
        self._vectors, self._private = vectors, private
        self._changed()

    def _changed(self) -> None:
        self._norms: np.ndarray | None = None
        self.version += 1

    @property
    def vector_size(self) -> int:
        """Dimensions of a vector."""
        return int(self._vectors.shape[1])

    @property
    def norms(self) -> np.ndarray:
        """[V] float32, Euclidean length of each vector; read-only."""
        if self._norms is None or not self._keeps_norms():
            self._norms = neighbors.row_norms(self._vectors)
            self._norms.setflags(write=False)
        return self._norms

    def _norms_of(self, rows: slice | list[int]) -> np.ndarray:
        return self.norms[rows] if self._keeps_norms() else neighbors.row_norms(self._vectors[rows])

    def _keeps_norms(self) -> bool:
        """Whether nobody else can write into the array, so that its norms stay true."""
        return self._private or _is_read_only_map(self._vectors)

    def fill_norms(self, force: bool = False) -> None:
        """Compute the norms now instead of at the first query, where they are kept; they are never out of date."""
        _ = self.norms

    def __getstate__(self) -> dict[str, Any]:
        self._private = False  # a shallow copy has the same array
        return self.__dict__

    def __len__(self) -> int:
        return len(self.index_to_key)

    def __iter__(self) -> NoReturn:
        raise TypeError(
            "KeyedVectors cannot be iterated: index_to_key are the words, vectors their vectors"
        )

    def __repr__(self) -> str:
        return f"KeyedVectors<vector_size={self.vector_size}, {len(self)} keys>"

    def __getattr__(self, name: str) -> Any:
        if name in MOVED:
            raise AttributeError(
                f"KeyedVectors has no {name!r}, a name of older gensim versions; use {MOVED[name]}"
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    # -- keys and their vectors -------------------------------------------------------------------------------------

    def __contains__(self, key: object) -> bool:
        return key is not None and _word(key) in self.key_to_index

    def has_index_for(self, key: Key) -> bool:
        """Whether `key` has a row; the same as `key in self`."""
        return key in self

    def get_index(self, key: Key, default: int | None = None) -> int:
        """Number of the row of `key`, or `default` if it is not None.

        Raises
        ------
        KeyError
            The key is unknown; the message suggests another spelling that is known.
        TypeError
            The key is neither a string nor an integer.
        """
        row = self.key_to_index.get(_word(key), default)
        if row is None:
            raise KeyError(f"key {key!r:.60} is not in the vocabulary{self._suggestion(key)}")
        return row

    def _suggestion(self, key: object) -> str:
        if not isinstance(key, str):
            return f": an integer is the word {_word(key)!r}. Row numbers: wv.vectors[{key}], wv.index_to_key[{key}]"
        spellings = (
            spelling
            for form in (key.strip(), key.strip().replace(" ", "_"))
            for spelling in (form, form.lower(), form.capitalize(), form.title(), form.upper())
        )
        known = next((spelling for spelling in spellings if spelling in self.key_to_index), None)
        return f"; did you mean {known!r}?" if known is not None else ""

    def get_vector(self, key: Key, norm: bool = False) -> np.ndarray:
        """Vector of `key`, [d], as a read-only view; with `norm` scaled to length 1, float32.

        Raises
        ------
        KeyError
            The key is unknown.
        """
        vector = np.asarray(self._vectors[self.get_index(key)])
        if norm:
            vector = _unit(vector)
        vector.setflags(write=False)
        return vector

    def __getitem__(self, key_or_keys: Key | Iterable[Key]) -> np.ndarray:
        """Vector of a key, [d], or the vectors of several, [n, d]; KeyError for an unknown one."""
        if _is_key(key_or_keys):
            return self.get_vector(key_or_keys)  # type: ignore[arg-type]
        rows = [self.get_index(key) for key in key_or_keys]  # type: ignore[union-attr]
        if not rows:
            raise ValueError("cannot look up the vectors of no keys")
        return np.asarray(self._vectors[rows])

    def get_normed_vectors(self) -> np.ndarray:
        """All vectors scaled to length 1: a new [V, d] float32; NaN for vectors of zeros."""
        return neighbors.unit_rows(self._vectors, self.norms)

    def get_mean_vector(
        self,
        keys: Iterable[Key | np.ndarray],
        weights: Sequence[float] | np.ndarray | None = None,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = True,
    ) -> np.ndarray:
        """Weighted mean of vectors, sum(w_i v_i) / sum(|w_i|): [d] float32.

        Parameters
        ----------
        keys
            Keys or vectors.
        weights
            One for each key; default 1.
        pre_normalize
            Scale the vectors of keys to length 1 first; vectors given as such are taken as they are.
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
            raise ValueError("cannot compute the mean of no keys and no vectors")
        scales = (
            np.ones(len(keys), np.float32) if weights is None else np.asarray(weights, np.float32)
        )
        if scales.shape != (len(keys),):
            raise ValueError(
                f"weights of shape {scales.shape} for {len(keys)} keys; expected one for each"
            )
        mean, total = np.zeros(self.vector_size, np.float32), np.float32(0)
        for key, scale in zip(keys, scales, strict=True):
            if not ignore_missing or isinstance(key, np.ndarray) or key in self:
                mean += scale * self._as_vector(key, pre_normalize)
                total += abs(scale)
        if total > 0:
            mean /= total
        return _unit_or_zero(mean) if post_normalize else mean

    def _as_vector(self, key: Key | np.ndarray, norm: bool) -> np.ndarray:
        """The vector of a key, scaled to length 1 with `norm`, or the vector given."""
        if not isinstance(key, np.ndarray):
            return self.get_vector(key, norm=norm)
        if key.shape != (self.vector_size,):
            raise ValueError(f"vector of shape {key.shape}; expected ({self.vector_size},)")
        return key

    # -- pairs and sets of keys -------------------------------------------------------------------------------------

    def similarity(self, w1: Key, w2: Key) -> np.float32:
        """Cosine of two keys; 0 if one of the vectors is zero."""
        return np.float32(_unit_or_zero(self.get_vector(w1)) @ _unit_or_zero(self.get_vector(w2)))

    def distance(self, w1: Key, w2: Key) -> np.float32:
        """1 - `similarity`."""
        return np.float32(1) - self.similarity(w1, w2)

    def distances(
        self, word_or_vector: Key | np.ndarray, other_words: Iterable[Key] = ()
    ) -> np.ndarray:
        """1 - cosine from a key or vector to each of `other_words`, or to all keys if there are none: [n] float32."""
        vector = self[word_or_vector] if _is_key(word_or_vector) else word_or_vector
        query = _unit(self._as_vector(np.asarray(vector), norm=False))
        others = [self.get_index(word) for word in other_words] if other_words is not None else []
        rows = others or slice(None)
        return np.float32(1) - neighbors.cosines(self._vectors[rows], self._norms_of(rows), query)

    @staticmethod
    def cosine_similarities(vector_1: np.ndarray, vectors_all: np.ndarray) -> np.ndarray:
        """Cosine of a vector [d] to each row of `vectors_all` [n, d]: [n]; NaN where either is zero."""
        vector, matrix = np.asarray(vector_1), np.asarray(vectors_all)
        if vector.ndim != 1 or matrix.ndim != 2 or matrix.shape[1] != len(vector):
            raise ValueError(f"shapes {vector.shape} and {matrix.shape}; expected (d,) and (n, d)")
        kind = np.result_type(vector, matrix, np.float32)
        vector, matrix = vector.astype(kind, copy=False), matrix.astype(kind, copy=False)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(
                matrix @ vector / (np.linalg.norm(vector) * np.linalg.norm(matrix, axis=1))
            )

    def n_similarity(self, ws1: Iterable[Key], ws2: Iterable[Key]) -> np.float32:
        """Cosine of the means of two sets of keys; unknown keys are left out.

        Raises
        ------
        ZeroDivisionError
            One of the sets is empty.
        """
        sets = list(ws1), list(ws2)
        if not all(sets):
            raise ZeroDivisionError("n_similarity of an empty set of keys")
        one, other = (
            self.get_mean_vector(keys, pre_normalize=False, post_normalize=True) for keys in sets
        )
        return np.float32(one @ other)

    def relative_cosine_similarity(self, wa: Key, wb: Key, topn: int = 10) -> float:
        """`similarity(wa, wb)` divided by the sum of the similarities of the `topn` nearest keys of `wa`.

        Equation 1 of Leeuwenberg et al., "A Minimally Supervised Approach for Synonym Extraction with Word
        Embeddings" (2016); above 0.10 with topn=10 the words are closer than arbitrary ones.
        """
        nearest = self.similar_by_word(wa, topn)
        if not len(nearest):
            raise ValueError(
                f"relative_cosine_similarity needs similar words; topn = {topn} gives none"
            )
        return float(self.similarity(wa, wb)) / sum(score for _, score in nearest)

    def wmdistance(
        self, document1: Iterable[Key], document2: Iterable[Key], norm: bool = True
    ) -> float:
        """Word Mover's Distance of two documents: the least cost of moving the words of one to those of the other.

        Kusner et al., "From Word Embeddings To Document Distances" (2015). The mass of a word is its share of the
        document, the cost the Euclidean distance it moves; unknown words are left out.

        Parameters
        ----------
        document1, document2
            Words, with repetitions.
        norm
            Scale the vectors to length 1 first.

        Returns
        -------
        float
            Infinity if a document has no known word.

        Raises
        ------
        ImportError
            POT is not installed (extra: `wmd`).
        """
        from w2v_fast.vectors.word_mover import word_mover_distance

        return word_mover_distance(self, document1, document2, norm)

    # -- one among several ------------------------------------------------------------------------------------------

    def rank_by_centrality(
        self, words: Iterable[Key], use_norm: bool = True
    ) -> list[tuple[float, Key]]:
        """Pairs of cosine to the mean of `words` and word, the most central first; unknown words are left out.

        Parameters
        ----------
        use_norm
            Take the mean, and the products with it, of vectors of length 1.
        """
        words = list(words)
        known = [word for word in words if word in self]
        if len(known) < len(words):
            logger.warning(
                "left out unknown words: %s", [word for word in words if word not in self]
            )
        if not known:
            raise ValueError("cannot select a word: none of the words is known")
        mean = self.get_mean_vector(known, pre_normalize=use_norm, post_normalize=True)
        vectors = np.stack([self.get_vector(word, norm=use_norm) for word in known])
        scores = vectors.astype(np.float32, copy=False) @ mean
        return sorted(zip(scores.tolist(), known, strict=True), reverse=True)

    def doesnt_match(self, words: Iterable[Key]) -> Key:
        """The word farthest from the mean of all."""
        return self.rank_by_centrality(words)[-1][1]

    def most_similar_to_given(self, key1: Key, keys_list: Sequence[Key]) -> Key:
        """The one of `keys_list` most similar to `key1`."""
        if not len(keys_list):
            raise ValueError("most_similar_to_given needs at least one key to choose from")
        return keys_list[int(np.argmax([self.similarity(key1, key) for key in keys_list]))]

    def closer_than(self, key1: Key, key2: Key) -> list[str]:
        """All keys closer to `key1` than `key2` is, in the order of rows."""
        distances = self.distances(key1)
        own, limit = self.get_index(key1), distances[self.get_index(key2)]
        return [
            self.index_to_key[row]
            for row in np.flatnonzero(distances < limit).tolist()
            if row != own
        ]

    def rank(self, key1: Key, key2: Key) -> int:
        """Position of `key2` among the neighbors of `key1`, from 1."""
        return len(self.closer_than(key1, key2)) + 1

    # -- nearest keys -----------------------------------------------------------------------------------------------

    def most_similar(
        self,
        positive: Any = None,
        negative: Any = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: Any = None,
    ) -> Neighbors | np.ndarray:
        """Keys whose cosine to the mean of the query is highest; the keys of the query itself are left out.

        `most_similar(["king", "woman"], ["man"])` answers man : king = woman : ?.

        Parameters
        ----------
        positive, negative
            A key, a vector [d], or a list of keys, vectors and `(key or vector, weight)` tuples. Weights are 1 for
            positive and -1 for negative entries unless a tuple gives its own, which is used as it stands. The vectors
            of keys are scaled to length 1, vectors given as such are taken as they are.
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
            keys, wanted = {self.index_to_key[row] for row in own}, max(operator.index(topn), 0)
            return [
                pair
                for pair in indexer.most_similar(query, wanted + len(own))
                if pair[0] not in keys
            ][:wanted]
        return self._top(
            neighbors.cosines(self._vectors[rows], self._norms_of(rows), query),
            rows.start,
            topn,
            own,
        )

    def _query(self, positive: Any, negative: Any) -> tuple[np.ndarray, set[int]]:
        """The unit query [d] float32 and the rows of the keys that it is made of."""
        weighted = [*_weighted(positive, 1.0), *_weighted(negative, -1.0)]
        items = [item for item, _ in weighted]
        query = self.get_mean_vector(
            items, [weight for _, weight in weighted], post_normalize=True, ignore_missing=False
        )
        return query, {self.get_index(item) for item in items if not isinstance(item, np.ndarray)}

    def _rows(self, clip_start: int, clip_end: int | None, restrict_vocab: int | None) -> slice:
        wanted = slice(0, restrict_vocab) if restrict_vocab else slice(clip_start, clip_end or None)
        start, stop, _ = wanted.indices(len(self))
        return slice(start, max(start, stop))

    def _check_whole(self, rows: slice) -> None:
        if rows != slice(0, len(self)):
            raise ValueError(
                "an index searches all rows; leave out clip_start, clip_end and restrict_vocab"
            )

    def _top(
        self, scores: np.ndarray, first_row: int, topn: int | None, without: set[int]
    ) -> Neighbors | np.ndarray:
        """Name the `topn` highest of the scores of rows `first_row`, `first_row + 1`..., all as they are for None."""
        if topn is None:
            return scores
        topn = operator.index(topn)
        if topn <= 0:
            return []
        rows = [
            row
            for row in neighbors.best(scores, topn + len(without)).tolist()
            if first_row + row not in without
        ]
        return [(self.index_to_key[first_row + row], float(scores[row])) for row in rows[:topn]]

    def most_similar_cosmul(
        self,
        positive: Any = None,
        negative: Any = None,
        topn: int | None = 10,
        restrict_vocab: int | None = None,
    ) -> Neighbors | np.ndarray:
        """Keys with the highest product of closeness to the positive, divided by that to the negative ones.

        3CosMul, equation 4 of Levy and Goldberg, "Linguistic Regularities in Sparse and Explicit Word Representations"
        (2014): `prod((1 + cos) / 2) / (prod((1 + cos) / 2) + 1e-6)`.

        Parameters and results are those of `most_similar`, without weights; at least one positive key is needed.
        """
        positives, negatives = _as_list(positive), _as_list(negative)
        if not positives:
            raise ValueError("most_similar_cosmul needs at least one positive key or vector")
        rows = self._rows(0, None, restrict_vocab)
        scores = self._closeness(positives, rows) / (
            self._closeness(negatives, rows) + np.float32(COSMUL_EPSILON)
        )
        own = {
            self.get_index(key) for key in positives + negatives if not isinstance(key, np.ndarray)
        }
        return self._top(scores, rows.start, topn, own)

    def _closeness(self, keys: list[Any], rows: slice) -> np.ndarray:
        """Product over `keys` of (1 + cosine) / 2, for each row: [rows] float32."""
        product = np.ones(rows.stop - rows.start, np.float32)
        for key in keys:
            query = _unit(self._as_vector(key, norm=False))
            product *= (1 + neighbors.cosines(self._vectors[rows], self._norms_of(rows), query)) / 2
        return product

    def most_similar_many(
        self,
        queries: Iterable[Any],
        negatives: Iterable[Any] | None = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: ApproximateIndex | None = None,
    ) -> list[Neighbors] | np.ndarray:
        """`most_similar` for many queries at once, by matrix products in blocks: many times faster than one by one.

        Parameters
        ----------
        queries
            Q entries, each what `most_similar` takes as `positive`; a matrix [Q, d] is Q vectors.
        negatives
            Q entries, each what it takes as `negative`; default none.
        topn, clip_start, clip_end, restrict_vocab
            As in `most_similar`, the same for all queries.
        indexer
            An index from `build_index`: approximate, faster.

        Returns
        -------
        list of Q lists of (str, float), or np.ndarray [Q, rows searched] float32 when `topn` is None
            Equal to Q calls of `most_similar` up to rounding; ties may come in another order.
        """
        positives = list(queries)
        others = [None] * len(positives) if negatives is None else list(negatives)
        if len(others) != len(positives):
            raise ValueError(
                f"{len(others)} negatives for {len(positives)} queries; expected one entry for each"
            )
        made = [
            self._query(positive, negative)
            for positive, negative in zip(positives, others, strict=True)
        ]
        matrix = np.array([query for query, _ in made], np.float32).reshape(
            len(made), self.vector_size
        )
        rows = self._rows(clip_start, clip_end, restrict_vocab)
        if topn is None:
            return neighbors.cosines_of_many(self._vectors[rows], self._norms_of(rows), matrix)
        wanted = max(operator.index(topn), 0)
        count = wanted + max((len(own) for _, own in made), default=0) if wanted else 0
        if indexer is not None:
            self._check_whole(rows)
            found, scores = indexer.search(matrix, count)
        else:
            found, scores = neighbors.best_of_many(
                self._vectors[rows], self._norms_of(rows), matrix, count
            )
        return [
            self._named(found[i] + rows.start, scores[i], wanted, own)
            for i, (_, own) in enumerate(made)
        ]

    def _named(
        self, rows: np.ndarray, scores: np.ndarray, topn: int, without: set[int]
    ) -> Neighbors:
        pairs = zip(rows.tolist(), scores.tolist(), strict=True)
        return [
            (self.index_to_key[row], score)
            for row, score in pairs
            if row >= 0 and row not in without
        ][:topn]

    def similar_by_key(
        self, key: Key, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Neighbors | np.ndarray:
        """`most_similar([key], ...)`."""
        return self.most_similar([key], topn=topn, restrict_vocab=restrict_vocab)

    def similar_by_word(
        self, word: Key, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Neighbors | np.ndarray:
        """`most_similar([word], ...)`."""
        return self.similar_by_key(word, topn, restrict_vocab)

    def similar_by_vector(
        self, vector: np.ndarray, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Neighbors | np.ndarray:
        """`most_similar([vector], ...)`; no key is left out."""
        return self.most_similar([vector], topn=topn, restrict_vocab=restrict_vocab)

    def build_index(
        self, connectivity: int = 16, expansion_add: int = 128, expansion_search: int = 64
    ) -> ApproximateIndex:
        """An approximate index of all vectors, for `most_similar(..., indexer=index)` (extra: `ann`).

        Parameters
        ----------
        connectivity
            Links of a vector in the graph.
        expansion_add, expansion_search
            Candidates looked at while building and while searching: more are slower and miss fewer neighbors.
        """
        from w2v_fast.vectors.index import ApproximateIndex

        return ApproximateIndex(self, connectivity, expansion_add, expansion_search)

    # -- changes ----------------------------------------------------------------------------------------------------

    def add_vector(self, key: Key, vector: np.ndarray) -> int:
        """Add a vector, or replace the one of a known key; returns the number of its row.

        Each new key copies all vectors: use `add_vectors` for several.
        """
        self.add_vectors([key], np.asarray(vector)[None], replace=True)
        return self.get_index(key)

    def __setitem__(self, keys: Key | Sequence[Key], weights: np.ndarray) -> None:
        """Set the vector of a key, or the vectors of several; new keys are added."""
        self.add_vectors(keys, weights, replace=True)

    def add_vectors(
        self,
        keys: Key | Sequence[Key],
        weights: np.ndarray | Sequence[np.ndarray],
        extras: Mapping[str, Any] | None = None,
        replace: bool = False,
    ) -> None:
        """Append keys and their vectors; known keys keep their vector unless `replace`.

        Vectors are replaced in the array that the caller passed in, unless it is read-only or memory-mapped; then, and
        for new keys, the vectors are copied, and the array of the caller (or the model) is no longer that of these
        KeyedVectors.

        Parameters
        ----------
        keys
            n keys; of a key given twice the first vector counts, or the last with `replace`. A new one is a string:
            an integer that is no word yet may be meant as the number of a row, and is a KeyError.
        weights
            [n, d].
        extras
            `{"count": [n] integers}` for the counts of these keys; default 0 where others have counts.
        """
        names = [
            key if isinstance(key, str) else self.index_to_key[self.get_index(key)]
            for key in _as_list(keys)
        ]
        rows = np.atleast_2d(np.asarray(weights)).astype(self._vectors.dtype)
        if rows.shape != (len(names), self.vector_size):
            raise ValueError(
                f"vectors of shape {rows.shape}; expected ({len(names)}, {self.vector_size})"
            )
        given = self._given_counts(extras, len(names))
        source: dict[str, int] = {}
        for position, name in enumerate(names):
            if replace or (name not in source and name not in self.key_to_index):
                source[name] = position
        self._grow([name for name in source if name not in self.key_to_index])
        places = [self.key_to_index[name] for name in source]
        positions = list(source.values())
        if places:
            self._writable()[places] = rows[positions]
            self._changed()
        if given is not None:
            counts = np.zeros(len(self), np.int64) if self.counts is None else self.counts.copy()
            counts[places] = given[positions]
            self.counts = counts

    @staticmethod
    def _given_counts(extras: Mapping[str, Any] | None, length: int) -> np.ndarray | None:
        if not extras:
            return None
        if set(extras) != {"count"} or np.shape(extras["count"]) != (length,):
            raise ValueError(f"extras must be {{'count': {length} integers}}")
        return np.asarray(extras["count"]).astype(np.int64, casting="same_kind")

    def _grow(self, names: list[str]) -> None:
        """Append rows of zeros for new keys."""
        if not names:
            return
        self.key_to_index.update(zip(names, range(len(self), len(self) + len(names)), strict=True))
        self.index_to_key.extend(names)
        self._set_vectors(_with_zero_rows(self._vectors, len(names)), private=True)
        if self.output_vectors is not None:
            self.output_vectors = _with_zero_rows(self.output_vectors, len(names))
        if self.counts is not None:
            self.counts = np.concatenate([self.counts, np.zeros(len(names), np.int64)])

    def _writable(self) -> np.ndarray:
        if isinstance(self._vectors, np.memmap) or not self._vectors.flags.writeable:
            self._set_vectors(np.array(self._vectors), private=True)
        return self._vectors

    def get_vecattr(self, key: Key, attr: str) -> np.int64:
        """`counts` of a key: the attribute's name is "count"; KeyError if there is no such attribute or key."""
        if attr != "count" or self.counts is None:
            raise KeyError(
                f"no attribute {attr!r}; "
                + ("the only one is 'count'" if attr != "count" else "no counts")
            )
        return np.int64(self.counts[self.get_index(key)])

    def set_vecattr(self, key: Key, attr: str, val: int) -> None:
        """Set the count of a key; the attribute's name is "count". Other keys start at 0 if there were no counts."""
        row = self.get_index(key)
        if attr != "count":
            raise KeyError(f"no attribute {attr!r}; the only one is 'count'")
        count = operator.index(val)
        counts = np.zeros(len(self), np.int64) if self.counts is None else self.counts
        self.counts = counts if counts.flags.writeable else counts.copy()
        self.counts[row] = count

    def sort_by_descending_frequency(self) -> None:
        """Renumber the rows so that counts descend; KeyError if there are no counts."""
        if not len(self):
            return
        if self.counts is None:
            raise KeyError("cannot sort by frequency: these vectors have no counts")
        order = np.argsort(self.counts)[::-1]
        self.index_to_key = [self.index_to_key[row] for row in order.tolist()]
        self.key_to_index = {key: row for row, key in enumerate(self.index_to_key)}
        self.counts = self.counts[order]
        self._set_vectors(np.asarray(self._vectors[order]), private=True)
        if self.output_vectors is not None:
            self.output_vectors = np.asarray(self.output_vectors[order])

    def vectors_for_all(
        self, keys: Iterable[Key], allow_inference: bool = True, copy_vecattrs: bool = False
    ) -> KeyedVectors:
        """New KeyedVectors of the known ones among `keys`, in their order, each once.

        Parameters
        ----------
        allow_inference
            No effect: vectors of unknown words cannot be inferred.
        copy_vecattrs
            Take the counts along.
        """
        rows = list(dict.fromkeys(self.get_index(key) for key in keys if key in self))
        counts = self.counts[rows] if copy_vecattrs and self.counts is not None else None
        return KeyedVectors(
            [self.index_to_key[row] for row in rows], np.asarray(self._vectors[rows]), counts
        )

    # -- evaluation -------------------------------------------------------------------------------------------------

    def evaluate_word_pairs(
        self,
        pairs: str | os.PathLike[str],
        delimiter: str | None = "\t",
        encoding: str = "utf8",
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> tuple[tuple[float, float], tuple[float, float], float]:
        """Correlation of the cosines with human scores of word pairs.

        Parameters
        ----------
        pairs
            File of `word1 <delimiter> word2 <delimiter> score` lines; see `evaluation.read_pairs`.
        delimiter, encoding
            Of the file; None finds the delimiter by itself.
        restrict_vocab
            Words beyond these first rows count as unknown (None: all are used).
        case_insensitive
            Compare upper-cased words; of several spellings the first row counts.
        dummy4unknown
            Score pairs with an unknown word 0 instead of leaving them out.

        Returns
        -------
        (pearson r, p), (spearman rho, p), percent of pairs with an unknown word
            p is two-sided, and NaN where scipy is not installed.

        Raises
        ------
        ValueError
            The file cannot be read as pairs (file and line are named), or fewer than two pairs are left.
        """
        from w2v_fast.vectors import evaluation

        return evaluation.word_pairs_as_gensim(
            self, pairs, delimiter, encoding, restrict_vocab, case_insensitive, dummy4unknown
        )

    def evaluate_word_analogies(
        self,
        analogies: str | os.PathLike[str],
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
        similarity_function: str = "most_similar",
    ) -> tuple[float, list[dict[str, Any]]]:
        """Share of the questions "a is to b as c is to ?" that are answered right.

        Parameters
        ----------
        analogies
            File of `a b c expected` lines in sections `: name`, as questions-words.txt.
        restrict_vocab
            Questions with, and answers among, words beyond these first rows are left out (None: all are used).
        case_insensitive
            Compare upper-cased words; of several spellings the first row counts.
        dummy4unknown
            Count questions with an unknown word as answered wrong instead of leaving them out.
        similarity_function
            "most_similar" (3CosAdd) or "most_similar_cosmul" (3CosMul).

        Returns
        -------
        score, sections
            Share of right answers, and for each section, and "Total accuracy" at the end, a dict of `section` (its
            name), `correct` and `incorrect` (lists of questions).
        """
        from w2v_fast.vectors import evaluation

        return evaluation.word_analogies_as_gensim(
            self, analogies, restrict_vocab, case_insensitive, dummy4unknown, similarity_function
        )

    # -- files and other libraries ----------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str], format: str | None = None, **options: Any) -> None:
        """Write to a file, whole or not at all; the format is that of the name's ending unless given."""
        from w2v_fast.vectors import formats

        formats.save(self, path, format=format, **options)

    @classmethod
    def load(cls, path: str | os.PathLike[str], **options: Any) -> KeyedVectors:
        """Read from a file of any known format, recognized by its content."""
        from w2v_fast.vectors import formats

        return formats.load(path, **options)

    @classmethod
    def load_word2vec_format(
        cls,
        fname: str | os.PathLike[str],
        fvocab: str | os.PathLike[str] | None = None,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
        limit: int | None = None,
        datatype: Any = np.float32,
        no_header: bool = False,
    ) -> KeyedVectors:
        """Read a file in the format of word2vec.c; `load` finds the format by itself and has more options.

        Parameters
        ----------
        fvocab
            Vocabulary file, `word count` lines, to take the counts from; words that it lacks count 0.
        binary
            Binary instead of text.
        encoding, unicode_errors
            How the words' bytes are decoded.
        limit
            Read the first rows only, this many (0 or None: all).
        datatype
            Type of the vectors in memory: float32 or float16.
        no_header
            The text has no first line with the number and size of the vectors.
        """
        if binary and no_header:
            raise ValueError("a binary file needs its header: no_header works with text only")
        options: dict[str, Any] = {} if binary else {"no_header": no_header}
        options |= {
            "format": "word2vec_binary" if binary else "word2vec_text",
            "limit": limit or None,
            "encoding": encoding,
            "errors": unicode_errors,
        }
        if fvocab is None:
            vectors, counts = cls.load(fname, **options), None
        else:
            vectors, counts = _load_with_counts(cls, fname, fvocab, options)
        matrix = vectors._vectors.astype(datatype, copy=False)
        vectors._set_vectors(vectors._checked_matrix(matrix, "vectors"), private=True)
        if counts is not None:
            vectors.counts = np.array(
                [counts.get(key, 0) for key in vectors.index_to_key], np.int64
            )
        return vectors

    def save_word2vec_format(
        self,
        fname: str | os.PathLike[str],
        fvocab: str | os.PathLike[str] | None = None,
        binary: bool = False,
        write_header: bool = True,
    ) -> None:
        """Write the format of word2vec.c, the most frequent words first if there are counts.

        Parameters
        ----------
        fvocab
            File for the counts, `word count` lines; both are written as one act.
        binary
            Binary instead of text.
        write_header
            False leaves the first line of the text out, as GloVe does.
        """
        if binary and not write_header:
            raise ValueError(
                "a binary file needs its header: write_header=False works with text only"
            )
        format = "word2vec_binary" if binary else "word2vec_text" if write_header else "glove"
        self._most_frequent_first().save(fname, format=format, fvocab=fvocab)

    def _most_frequent_first(self) -> KeyedVectors:
        if self.counts is None or (np.diff(self.counts) <= 0).all():
            return self
        order = np.argsort(-self.counts, kind="stable")
        keys = [self.index_to_key[row] for row in order.tolist()]
        return KeyedVectors(keys, self._vectors[order], self.counts[order])

    def to_numpy(self, dtype: Any = np.float32) -> np.ndarray:
        """A copy of the vectors in memory: [V, d] of `dtype`."""
        return np.array(self._vectors, dtype)

    def to_pandas(self) -> Any:
        """A pandas.DataFrame [V, d] with the keys as index (extra: `pandas`)."""
        from w2v_fast.vectors import conversions

        return conversions.to_pandas(self)

    def to_torch(self) -> Any:
        """A torch.Tensor [V, d] that shares memory with the vectors where they are writable (needs torch)."""
        from w2v_fast.vectors import conversions

        return conversions.to_torch(self)

    def to_gensim(self) -> Any:
        """A gensim KeyedVectors with the same keys and counts, sharing the vectors (needs gensim 4)."""
        from w2v_fast.vectors import conversions

        return conversions.to_gensim(self)

    @classmethod
    def from_gensim(cls, vectors: Any) -> KeyedVectors:
        """KeyedVectors from those of gensim 4, or from its Word2Vec (with the output weights), sharing the vectors."""
        from w2v_fast.vectors import conversions

        return conversions.from_gensim(vectors)


def _load_with_counts(
    cls: type[KeyedVectors],
    fname: str | os.PathLike[str],
    fvocab: str | os.PathLike[str],
    options: dict[str, Any],
) -> tuple[KeyedVectors, dict[str, int]]:
    """Vectors and counts of one save, whatever a saver does meanwhile."""
    from w2v_fast.system.files import is_stream, open_raw
    from w2v_fast.vectors.counts_file import read_counts
    from w2v_fast.vectors.together import is_current, open_together

    decoding = options["encoding"], options["errors"]
    while os.path.isfile(fname) and not (
        is_stream(os.fspath(fvocab)) or "://" in os.fspath(fvocab)
    ):
        with open_together(fname, fvocab) as (head, file):
            counts = read_counts(file, fvocab, *decoding)
            vectors = cls.load(fname, **options)
            if is_current(fname, os.fstat(head.fileno())):
                return vectors, counts
    with open_raw(fvocab) as file:
        return cls.load(fname, **options), read_counts(file, fvocab, *decoding)


def _with_zero_rows(matrix: np.ndarray, count: int) -> np.ndarray:
    return np.concatenate([matrix, np.zeros((count, matrix.shape[1]), matrix.dtype)])


def _unit(vector: np.ndarray) -> np.ndarray:
    """`vector` as float32, scaled to length 1; zeros become NaN."""
    vector = np.asarray(vector, np.float32)
    with np.errstate(invalid="ignore"):
        return vector / np.linalg.norm(vector)


def _unit_or_zero(vector: np.ndarray) -> np.ndarray:
    """`vector` as float32, scaled to length 1 unless it is zero."""
    vector = np.asarray(vector, np.float32)
    length = np.linalg.norm(vector)
    return vector / length if length > 0 else vector


def _is_key(value: object) -> bool:
    return isinstance(value, (str, int, np.integer))


def _word(key: object) -> str:
    """The word that a key stands for."""
    if isinstance(key, str):
        return key
    if isinstance(key, (int, np.integer)) and not isinstance(key, bool):
        return str(int(key))
    raise TypeError(
        f"{key!r} is no key: keys are strings, or integers for the words of their digits"
    )


def _is_read_only_map(array: Any) -> bool:
    """Whether an array is a view of a file that is mapped read-only, so that nobody can write into it."""
    while isinstance(array, np.ndarray):
        if array.flags.writeable:
            return False
        array = array.base
    return isinstance(array, mmap.mmap) and memoryview(array).readonly


def _as_list(keys: Any) -> list[Any]:
    """A single key or vector as a list of one; lists of them, arrays of keys and matrices entry by entry."""
    if keys is None:
        return []
    if _is_key(keys) or (
        isinstance(keys, np.ndarray) and keys.ndim == 1 and keys.dtype.kind not in "iuUO"
    ):
        return [keys]
    if isinstance(keys, (list, np.ndarray)):
        return list(keys)
    raise TypeError(f"{keys!r} is neither a key, a vector nor a list of them")


def _weighted(keys: Any, weight: float) -> list[tuple[Any, float]]:
    """Pairs of key or vector and weight; `weight` where none is given."""
    pairs = [
        item if isinstance(item, tuple) and len(item) == 2 else (item, weight)
        for item in _as_list(keys)
    ]
    for item, _ in pairs:
        if not _is_key(item) and not isinstance(item, np.ndarray):
            raise TypeError(f"{item!r} is neither a key, a vector nor a (key, weight) tuple")
    return pairs
