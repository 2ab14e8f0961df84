"""Questions about named vectors, with gensim 4's names and meanings: similarity and neighbors.

cosine(a, b)        a . b / (|a| |b|)
query               mean of the keys' unit vectors, weighted +1 (positive keys) or -1 (negative)
"""

from __future__ import annotations

import logging
import operator
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Protocol

import numpy as np

from w2v_fast.vectors import neighbors
from w2v_fast.vectors.named_vectors import Key, NamedVectors, as_list, is_key, unit

logger = logging.getLogger(__name__)

Neighbors = list[tuple[str, float]]
"""Keys and their scores, the best first."""
COSMUL_EPSILON = np.float32(1e-6)
"""Keeps the denominator of 3CosMul above zero; the value of Levy and Goldberg (2014)."""


class Index(Protocol):
    """What `most_similar_many` can ask instead of searching all rows: an `ApproximateIndex`."""

    def search(self, queries: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows (-1 where fewer are found) and cosines for unit queries [Q, d]: [Q, count] each."""
        ...


class Queries(NamedVectors):
    """The methods of `KeyedVectors` that compare vectors without changing them."""

    # -- means and pairs of keys -------------------------------------------------------------------

    def get_mean_vector(
        self,
        keys: Iterable[Key | np.ndarray],
        weights: Sequence[float] | np.ndarray | None = None,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = True,
    ) -> np.ndarray:
        """Weighted mean of vectors, sum(w_i v_i) / sum(abs(w_i)).

        Parameters
        ----------
        keys
            Keys or vectors.
        weights
            One for each key; default 1.
        pre_normalize
            Scale the vectors of keys to length 1 first; given vectors are used unchanged.
        post_normalize
            Scale the mean to length 1.
        ignore_missing
            Ignore unknown keys (if all are unknown, the mean is zero) instead of raising KeyError.

        Returns
        -------
        np.ndarray
            [d] float32.

        Raises
        ------
        ValueError
            No keys, another number of weights, or a vector of another size.
        KeyError
            An unknown key, with `ignore_missing=False`.
        """
        keys = list(keys)
        if not keys:
            raise ValueError("cannot compute the mean of no keys and no vectors")
        scales = np.asarray(np.ones(len(keys)) if weights is None else weights, np.float32)
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

    def similarity(self, w1: Key, w2: Key) -> np.float32:
        """Cosine of two keys; 0 if one of the vectors is zero.

        Parameters
        ----------
        w1, w2
            Keys.

        Returns
        -------
        np.float32
            From -1 to 1.

        Raises
        ------
        KeyError, TypeError
            As `get_index`.
        """
        return np.float32(_unit_or_zero(self.get_vector(w1)) @ _unit_or_zero(self.get_vector(w2)))

    def distance(self, w1: Key, w2: Key) -> np.float32:
        """1 - `similarity`.

        Parameters
        ----------
        w1, w2
            Keys.

        Returns
        -------
        np.float32
            From 0 to 2; 1 if one of the vectors is zero.

        Raises
        ------
        KeyError, TypeError
            As `get_index`.
        """
        return np.float32(1) - self.similarity(w1, w2)

    def distances(
        self, word_or_vector: Key | np.ndarray, other_words: Iterable[Key] = ()
    ) -> np.ndarray:
        """1 - cosine from a key or vector to other keys.

        Parameters
        ----------
        word_or_vector
            A key, or a vector [d].
        other_words
            Keys; none of them means all keys.

        Returns
        -------
        np.ndarray
            [n] float32; NaN for vectors of zeros.

        Raises
        ------
        KeyError, TypeError
            As `get_index`.
        ValueError
            A vector of another size.
        """
        vector = self[word_or_vector] if is_key(word_or_vector) else word_or_vector
        query = unit(self._as_vector(np.asarray(vector), norm=False))
        others = [self.get_index(word) for word in other_words] if other_words is not None else []
        rows = others or slice(None)
        return np.float32(1) - neighbors.cosines(self._vectors[rows], self._norms_of(rows), query)

    @staticmethod
    def cosine_similarities(vector_1: np.ndarray, vectors_all: np.ndarray) -> np.ndarray:
        """Cosine of a vector to each row of a matrix.

        Parameters
        ----------
        vector_1
            [d].
        vectors_all
            [n, d].

        Returns
        -------
        np.ndarray
            [n]; NaN where either vector is zero.

        Raises
        ------
        ValueError
            Other shapes.
        """
        vector, matrix = np.asarray(vector_1), np.asarray(vectors_all)
        if vector.ndim != 1 or matrix.ndim != 2 or matrix.shape[1] != len(vector):
            raise ValueError(f"shapes {vector.shape} and {matrix.shape}; expected (d,) and (n, d)")
        kind = np.result_type(vector, matrix, np.float32)
        vector, matrix = vector.astype(kind, copy=False), matrix.astype(kind, copy=False)
        with np.errstate(invalid="ignore", divide="ignore"):
            lengths = np.linalg.norm(vector) * np.linalg.norm(matrix, axis=1)
            return np.asarray(matrix @ vector / lengths)

    def n_similarity(self, ws1: Iterable[Key], ws2: Iterable[Key]) -> np.float32:
        """Cosine of the means of two sets of keys; unknown keys are left out.

        Parameters
        ----------
        ws1, ws2
            Keys.

        Returns
        -------
        np.float32
            0 if no key of a set is known.

        Raises
        ------
        ZeroDivisionError
            One of the sets is empty.
        TypeError
            A key is neither a string nor an integer.
        """
        sets = list(ws1), list(ws2)
        if not all(sets):
            raise ZeroDivisionError("n_similarity of an empty set of keys")
        one, other = (
            self.get_mean_vector(keys, pre_normalize=False, post_normalize=True) for keys in sets
        )
        return np.float32(one @ other)

    def relative_cosine_similarity(self, wa: Key, wb: Key, topn: int = 10) -> float:
        """`similarity(wa, wb)` divided by the sum of the similarities of the nearest keys of `wa`.

        Equation 1 of Leeuwenberg et al., "A Minimally Supervised Approach for Synonym Extraction
        with Word Embeddings" (2016); above 0.10 with topn=10 the words are closer than arbitrary
        ones.

        Parameters
        ----------
        wa, wb
            Keys.
        topn
            Number of nearest keys.

        Returns
        -------
        float
            The quotient.

        Raises
        ------
        KeyError, TypeError
            As `get_index`.
        ValueError
            `topn` gives no nearest keys.
        """
        nearest = self.similar_by_word(wa, topn)
        if not len(nearest):
            problem = f"needs similar words; topn = {topn} gives none"
            raise ValueError(f"relative_cosine_similarity {problem}")
        return float(self.similarity(wa, wb)) / sum(score for _, score in nearest)

    # -- one among several -------------------------------------------------------------------------

    def rank_by_centrality(
        self, words: Iterable[Key], use_norm: bool = True
    ) -> list[tuple[float, Key]]:
        """Order words by their cosine to the mean of all; unknown words are left out.

        Parameters
        ----------
        words
            Keys.
        use_norm
            Take the mean, and the products with it, of vectors of length 1.

        Returns
        -------
        list of (float, key)
            The most central word first.

        Raises
        ------
        ValueError
            No word is known.
        TypeError
            A key is neither a string nor an integer.
        """
        words = list(words)
        known = [word for word in words if word in self]
        if len(known) < len(words):
            unknown = [word for word in words if word not in self]
            logger.warning("left out unknown words: %s", unknown)
        if not known:
            raise ValueError("cannot select a word: none of the words is known")
        mean = self.get_mean_vector(known, pre_normalize=use_norm, post_normalize=True)
        vectors = np.stack([self.get_vector(word, norm=use_norm) for word in known])
        scores = vectors.astype(np.float32, copy=False) @ mean
        return sorted(zip(scores.tolist(), known, strict=True), reverse=True)

    def doesnt_match(self, words: Iterable[Key]) -> Key:
        """The word farthest from the mean of all.

        Parameters
        ----------
        words
            Keys; unknown ones are left out.

        Returns
        -------
        str or int
            As it was given.

        Raises
        ------
        ValueError, TypeError
            As `rank_by_centrality`.
        """
        return self.rank_by_centrality(words)[-1][1]

    def most_similar_to_given(self, key1: Key, keys_list: Sequence[Key]) -> Key:
        """The one of `keys_list` most similar to `key1`.

        Parameters
        ----------
        key1
            A key.
        keys_list
            Keys to choose from.

        Returns
        -------
        str or int
            As it was given.

        Raises
        ------
        ValueError
            `keys_list` is empty.
        KeyError, TypeError
            As `get_index`.
        """
        if not len(keys_list):
            raise ValueError("most_similar_to_given needs at least one key to choose from")
        return keys_list[int(np.argmax([self.similarity(key1, key) for key in keys_list]))]

    def closer_than(self, key1: Key, key2: Key) -> list[str]:
        """All keys closer to `key1` than `key2` is, in the order of rows.

        Parameters
        ----------
        key1, key2
            Keys.

        Returns
        -------
        list of str
            Without `key1`.

        Raises
        ------
        KeyError, TypeError
            As `get_index`.
        """
        distances = self.distances(key1)
        own, limit = self.get_index(key1), distances[self.get_index(key2)]
        closer = np.flatnonzero(distances < limit).tolist()
        return [self.index_to_key[row] for row in closer if row != own]

    def rank(self, key1: Key, key2: Key) -> int:
        """Position of `key2` among the neighbors of `key1`.

        Parameters
        ----------
        key1, key2
            Keys.

        Returns
        -------
        int
            From 1 for the nearest.

        Raises
        ------
        KeyError, TypeError
            As `get_index`.
        """
        return len(self.closer_than(key1, key2)) + 1

    # -- nearest keys ------------------------------------------------------------------------------

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
        """Keys with the highest cosine to the mean of the query, without the keys of the query.

        `most_similar(["king", "woman"], ["man"])` answers man : king = woman : ?.

        Parameters
        ----------
        positive, negative
            A key, a vector [d], or a list of keys, vectors and `(key or vector, weight)` tuples.
            Weights are 1 for positive and -1 for negative entries unless a tuple gives another,
            which is used unchanged. The vectors of keys are scaled to length 1, given vectors are
            used unchanged.
        topn
            Number of keys; None returns the scores of all keys as an array, in the order of rows.
        clip_start, clip_end
            Search rows `clip_start:clip_end` only (0 or None as the end: all).
        restrict_vocab
            Search only this many first rows; overrides the clip range (0 or None: all).
        indexer
            An index from `build_index`, or any object with `most_similar(vector, topn)`:
            approximate, faster.

        Returns
        -------
        list of (str, float), or np.ndarray
            Keys and scores, the best first; for `topn` None the scores [rows searched] float32.

        Raises
        ------
        KeyError
            Unknown key.
        TypeError
            An entry that is neither a key, a vector nor such a tuple.
        ValueError
            Nothing given, a vector of another size, or an index together with a range of rows.
        """
        query, own = self._query(positive, negative)
        rows = self._row_range(clip_start, clip_end, restrict_vocab)
        if indexer is not None and topn is not None:
            self._check_all_rows(rows)
            keys, wanted = {self.index_to_key[row] for row in own}, max(operator.index(topn), 0)
            found = indexer.most_similar(query, wanted + len(own))
            return [pair for pair in found if pair[0] not in keys][:wanted]
        scores = neighbors.cosines(self._vectors[rows], self._norms_of(rows), query)
        return self._top(scores, rows.start, topn, own)

    def _query(self, positive: Any, negative: Any) -> tuple[np.ndarray, set[int]]:
        """The unit query [d] float32 and the rows of its keys."""
        weighted = [*_weighted(positive, 1.0), *_weighted(negative, -1.0)]
        items, weights = [item for item, _ in weighted], [weight for _, weight in weighted]
        query = self.get_mean_vector(items, weights, post_normalize=True, ignore_missing=False)
        return query, self._rows_of(items)

    def _rows_of(self, items: list[Any]) -> set[int]:
        """The rows of the keys among keys and vectors."""
        return {self.get_index(item) for item in items if not isinstance(item, np.ndarray)}

    def _row_range(
        self, clip_start: int, clip_end: int | None, restrict_vocab: int | None
    ) -> slice:
        wanted = slice(0, restrict_vocab) if restrict_vocab else slice(clip_start, clip_end or None)
        start, stop, _ = wanted.indices(len(self))
        return slice(start, max(start, stop))

    def _check_all_rows(self, rows: slice) -> None:
        if rows != slice(0, len(self)):
            raise ValueError(
                "an index searches all rows; leave out clip_start, clip_end and restrict_vocab"
            )

    def _top(
        self, scores: np.ndarray, first_row: int, topn: int | None, excluded: set[int]
    ) -> Neighbors | np.ndarray:
        """Name the `topn` highest scores of rows `first_row`, `first_row + 1`...; None: scores."""
        if topn is None:
            return scores
        topn = operator.index(topn)
        if topn <= 0:
            return []
        rows = neighbors.best(scores, topn + len(excluded))
        return self._named(rows + first_row, scores[rows], excluded)[:topn]

    def _named(
        self, rows: np.ndarray, scores: np.ndarray, excluded: Collection[int] = ()
    ) -> Neighbors:
        """Pairs of key and score, without the rows excluded; a row of -1 stands for none."""
        pairs = zip(rows.tolist(), scores.tolist(), strict=True)
        keys, without = self.index_to_key, {-1, *excluded}
        return [(keys[row], score) for row, score in pairs if row not in without]

    def most_similar_cosmul(
        self,
        positive: Any = None,
        negative: Any = None,
        topn: int | None = 10,
        restrict_vocab: int | None = None,
    ) -> Neighbors | np.ndarray:
        """Keys ranked by products of shifted cosines: of the positive keys over the negative ones.

        3CosMul, equation 4 of Levy and Goldberg, "Linguistic Regularities in Sparse and Explicit
        Word Representations" (2014): `prod((1 + cos) / 2) / (prod((1 + cos) / 2) + 1e-6)`.

        Parameters
        ----------
        positive, negative, topn, restrict_vocab
            As in `most_similar`, without weights; at least one positive key is needed.

        Returns
        -------
        list of (str, float), or np.ndarray
            Keys and scores, the best first; for `topn` None the scores [rows searched] float32.

        Raises
        ------
        KeyError, TypeError
            As `most_similar`.
        ValueError
            No positive key, or a vector of another size.
        """
        positives, negatives = as_list(positive), as_list(negative)
        if not positives:
            raise ValueError("most_similar_cosmul needs at least one positive key or vector")
        rows = self._row_range(0, None, restrict_vocab)
        divisors = self._shifted_cosines(negatives, rows) + COSMUL_EPSILON
        scores = self._shifted_cosines(positives, rows) / divisors
        return self._top(scores, rows.start, topn, self._rows_of(positives + negatives))

    def _shifted_cosines(self, keys: list[Any], rows: slice) -> np.ndarray:
        """Product over `keys` of (1 + cosine) / 2, for each row: [rows] float32."""
        product = np.ones(rows.stop - rows.start, np.float32)
        for key in keys:
            query = unit(self._as_vector(key, norm=False))
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
        indexer: Index | None = None,
    ) -> list[Neighbors] | np.ndarray:
        """`most_similar` for many queries at once, by matrix products in blocks: many times faster.

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
        list of Q lists of (str, float), or np.ndarray
            Keys and scores; for `topn` None the scores [Q, rows searched] float32. Equal to Q calls
            of `most_similar` up to rounding; ties may come in another order.

        Raises
        ------
        KeyError, TypeError, ValueError
            As `most_similar`; a ValueError also for another number of negatives than of queries.
        """
        positives = list(queries)
        others = [None] * len(positives) if negatives is None else list(negatives)
        if len(others) != len(positives):
            raise ValueError(
                f"{len(others)} negatives for {len(positives)} queries; expected one entry for each"
            )
        made = list(map(self._query, positives, others))
        matrix = np.array([query for query, _ in made], np.float32)
        matrix = matrix.reshape(len(made), self.vector_size)
        rows = self._row_range(clip_start, clip_end, restrict_vocab)
        if topn is None:
            return neighbors.cosines_of_many(self._vectors[rows], self._norms_of(rows), matrix)
        wanted = max(operator.index(topn), 0)
        count = wanted + max((len(own) for _, own in made), default=0) if wanted else 0
        if indexer is not None:
            self._check_all_rows(rows)
            found, scores = indexer.search(matrix, count)
        else:
            vectors, norms = self._vectors[rows], self._norms_of(rows)
            found, scores = neighbors.best_of_many(vectors, norms, matrix, count)
        return [
            self._named(found[i] + rows.start, scores[i], own)[:wanted]
            for i, (_, own) in enumerate(made)
        ]

    def similar_by_key(
        self, key: Key, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Neighbors | np.ndarray:
        """`most_similar([key], ...)`.

        Parameters
        ----------
        key
            A key.
        topn, restrict_vocab
            As in `most_similar`.

        Returns
        -------
        list of (str, float), or np.ndarray
            As `most_similar`.

        Raises
        ------
        KeyError, TypeError, ValueError
            As `most_similar`.
        """
        return self.most_similar([key], topn=topn, restrict_vocab=restrict_vocab)

    def similar_by_word(
        self, word: Key, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Neighbors | np.ndarray:
        """`most_similar([word], ...)`.

        Parameters
        ----------
        word
            A key.
        topn, restrict_vocab
            As in `most_similar`.

        Returns
        -------
        list of (str, float), or np.ndarray
            As `most_similar`.

        Raises
        ------
        KeyError, TypeError, ValueError
            As `most_similar`.
        """
        return self.similar_by_key(word, topn, restrict_vocab)

    def similar_by_vector(
        self, vector: np.ndarray, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Neighbors | np.ndarray:
        """`most_similar([vector], ...)`; no key is left out.

        Parameters
        ----------
        vector
            [d].
        topn, restrict_vocab
            As in `most_similar`.

        Returns
        -------
        list of (str, float), or np.ndarray
            As `most_similar`.

        Raises
        ------
        KeyError, TypeError, ValueError
            As `most_similar`.
        """
        return self.most_similar([vector], topn=topn, restrict_vocab=restrict_vocab)


def _unit_or_zero(vector: np.ndarray) -> np.ndarray:
    """A vector as float32, scaled to length 1 unless it is zero."""
    vector = np.asarray(vector, np.float32)
    length = np.linalg.norm(vector)
    return vector / length if length > 0 else vector


def _weighted(keys: Any, weight: float) -> list[tuple[Any, float]]:
    """Pairs of key or vector and weight; `weight` where none is given."""
    pairs = [
        item if isinstance(item, tuple) and len(item) == 2 else (item, weight)
        for item in as_list(keys)
    ]
    for item, _ in pairs:
        if not is_key(item) and not isinstance(item, np.ndarray):
            raise TypeError(f"{item!r} is neither a key, a vector nor a (key, weight) tuple")
    return pairs
