"""Vectors with names: the arrays, the row of each key, and the norms of the rows."""

from __future__ import annotations

import mmap
import operator
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, NoReturn, Self

import numpy as np

from w2v_fast.html_table import first_words, html_table
from w2v_fast.keys import all_different
from w2v_fast.vectors import neighbors
from w2v_fast.vectors.data import Vectors

Key = str | int
"""A word, or an integer for the word of its decimal digits, as in a corpus."""


class NamedVectors:
    """The arrays of `KeyedVectors` (see there for the parameters) and the lookup of keys."""

    def __init__(
        self,
        keys: Sequence[str],
        vectors: np.ndarray,
        counts: np.ndarray | None = None,
        *,
        output_vectors: np.ndarray | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        self.index_to_key = list(keys)
        self._check_keys()
        self.version = 0
        self.vectors = vectors
        self.counts = self._checked_counts(counts)
        if output_vectors is not None:
            output_vectors = self._checked_matrix(output_vectors, "output_vectors")
        self.output_vectors = output_vectors
        self.metadata = dict(metadata or {})

    @classmethod
    def from_data(cls, data: Vectors) -> Self:
        """Build from words and arrays, such as `formats.load` returns, without a copy.

        Parameters
        ----------
        data
            A `VectorData`, or anything else with its attributes.

        Returns
        -------
        KeyedVectors
            Shares the arrays with `data`.

        Raises
        ------
        ValueError, TypeError
            As the constructor.
        """
        return cls(
            data.index_to_key,
            data.vectors,
            data.counts,
            output_vectors=data.output_vectors,
            metadata=data.metadata,
        )

    def _check_keys(self) -> None:
        for key in self.index_to_key:
            if not isinstance(key, str):
                kind = type(key).__name__
                raise TypeError(f"key {key!r} is of type {kind}; keys must be strings")
        if not all_different(self.index_to_key):
            last = self.key_to_index
            row = next(row for row, key in enumerate(self.index_to_key) if last[key] != row)
            key = self.index_to_key[row]
            raise ValueError(
                f"key {key!r} occurs twice, in rows {row} and {last[key]}; keys must differ"
            )

    @cached_property
    def key_to_index(self) -> dict[str, int]:
        """Row of each key; built on first use, since it takes about 75 bytes per key."""
        return {key: row for row, key in enumerate(self.index_to_key)}

    def _checked_matrix(self, matrix: np.ndarray, name: str) -> np.ndarray:
        matrix = matrix if isinstance(matrix, np.memmap) else np.asarray(matrix)
        if matrix.ndim != 2 or len(matrix) != len(self):
            expected = f"expected ({len(self)}, vector_size), a row for each key"
            raise ValueError(f"{name} of shape {matrix.shape}; {expected}")
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
            expected = f"expected ({len(self)},), a count for each key"
            raise ValueError(f"counts of shape {counts.shape}; {expected}")
        return counts.astype(np.int64, copy=False)

    @property
    def vectors(self) -> np.ndarray:
        """[V, d] float32 or float16, row i for `index_to_key[i]`."""
        self._owned = False
        return self._vectors

    @vectors.setter
    def vectors(self, vectors: np.ndarray) -> None:
        self._set_vectors(self._checked_matrix(vectors, "vectors"), owned=False)

    def _set_vectors(self, vectors: np.ndarray, owned: bool) -> None:
        """Replace the array; `owned` means that nobody else has a reference to it."""
        self._vectors, self._owned = vectors, owned
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
        """Whether nobody else can write into the array, so that cached norms stay correct."""
        return self._owned or _is_read_only_map(self._vectors)

    def fill_norms(self, force: bool = False) -> None:
        """Compute the norms now instead of at the first query, if they can be cached.

        Parameters
        ----------
        force
            No effect: norms are never out of date.
        """
        _ = self.norms

    def __getstate__(self) -> dict[str, Any]:
        self._owned = False  # a shallow copy has the same array
        return self.__dict__

    def __sklearn_clone__(self) -> Self:
        return self  # clones of an estimator share the vectors, which none of them changes

    def __len__(self) -> int:
        return len(self.index_to_key)

    def __iter__(self) -> NoReturn:
        raise TypeError(
            "KeyedVectors cannot be iterated: index_to_key are the words, vectors their vectors"
        )

    def __repr__(self) -> str:
        return f"KeyedVectors<vector_size={self.vector_size}, {len(self)} keys>"

    def _repr_html_(self) -> str:
        facts = {
            "words": len(self),
            "dimensions": self.vector_size,
            "type": self._vectors.dtype,
            "occurrences": None if self.counts is None else int(self.counts.sum()),
            "first words": first_words(self.index_to_key),
        }
        return html_table("KeyedVectors", facts)

    # -- keys and their vectors --------------------------------------------------------------------

    def __contains__(self, key: object) -> bool:
        return key is not None and word_of(key) in self.key_to_index

    def has_index_for(self, key: Key) -> bool:
        """Whether `key` has a row; the same as `key in self`.

        Parameters
        ----------
        key
            A word.

        Returns
        -------
        bool
            False for an unknown word.

        Raises
        ------
        TypeError
            The key is neither a string nor an integer.
        """
        return key in self

    def get_index(self, key: Key, default: int | None = None) -> int:
        """Row of a key.

        Parameters
        ----------
        key
            A word.
        default
            Returned for an unknown key unless it is None.

        Returns
        -------
        int
            From 0.

        Raises
        ------
        KeyError
            The key is unknown; the message suggests another spelling that is known.
        TypeError
            The key is neither a string nor an integer.
        """
        row = self.key_to_index.get(word_of(key), default)
        if row is None:
            raise KeyError(f"key {key!r:.60} is not in the vocabulary{self._suggestion(key)}")
        return row

    def _suggestion(self, key: object) -> str:
        if not isinstance(key, str):
            rows = f"wv.vectors[{key}], wv.index_to_key[{key}]"
            return f": an integer is the word {word_of(key)!r}. Row numbers: {rows}"
        spellings = (
            spelling
            for form in (key.strip(), key.strip().replace(" ", "_"))
            for spelling in (form, form.lower(), form.capitalize(), form.title(), form.upper())
        )
        known = next((spelling for spelling in spellings if spelling in self.key_to_index), None)
        return f"; did you mean {known!r}?" if known is not None else ""

    def get_vector(self, key: Key, norm: bool = False) -> np.ndarray:
        """Vector of a key.

        Parameters
        ----------
        key
            A word.
        norm
            Scale the vector to length 1, as float32.

        Returns
        -------
        np.ndarray
            [d], read-only; without `norm` a view.

        Raises
        ------
        KeyError, TypeError
            As `get_index`.
        """
        vector = np.asarray(self._vectors[self.get_index(key)])
        if norm:
            vector = unit(vector)
        vector.setflags(write=False)
        return vector

    def __getitem__(self, key_or_keys: Key | Iterable[Key]) -> np.ndarray:
        """Vector of a key, [d], or the vectors of several, [n, d].

        Raises
        ------
        KeyError, TypeError
            As `get_index`.
        ValueError
            An empty list of keys.
        """
        if is_key(key_or_keys):
            return self.get_vector(key_or_keys)  # type: ignore[arg-type]
        rows = [self.get_index(key) for key in key_or_keys]  # type: ignore[union-attr]
        if not rows:
            raise ValueError("cannot look up the vectors of no keys")
        return np.asarray(self._vectors[rows])

    def get_normed_vectors(self) -> np.ndarray:
        """All vectors scaled to length 1.

        Returns
        -------
        np.ndarray
            A new [V, d] float32; NaN for vectors of zeros.
        """
        return neighbors.unit_rows(self._vectors, self.norms)

    # -- changes -----------------------------------------------------------------------------------

    def add_vector(self, key: Key, vector: np.ndarray) -> int:
        """Add a vector, or replace that of a known key; `add_vectors` is faster for several.

        Parameters
        ----------
        key
            A word. Each new one copies all vectors.
        vector
            [d].

        Returns
        -------
        int
            The row of the key.

        Raises
        ------
        KeyError, ValueError
            As `add_vectors`.
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
        """Append keys and their vectors.

        Vectors of known keys are replaced in the caller's array. New keys, and arrays that are
        read-only or memory-mapped, need a copy: then the array of the caller (or the model) is no
        longer that of these KeyedVectors.

        Parameters
        ----------
        keys
            n keys; of a repeated key the first vector is used, or the last with `replace`. New keys
            must be strings, since an unknown integer may be meant as the number of a row.
        weights
            [n, d].
        extras
            `{"count": [n] integers}` for the counts of these keys; default 0 if others have counts.
        replace
            Give known keys the new vector; otherwise they keep theirs.

        Raises
        ------
        ValueError
            `weights` or `extras` have another shape.
        KeyError
            A new key is an integer.
        TypeError
            A key is neither a string nor an integer, or the counts are not integers.
        """
        names = [
            key if isinstance(key, str) else self.index_to_key[self.get_index(key)]
            for key in as_list(keys)
        ]
        vectors = np.atleast_2d(np.asarray(weights)).astype(self._vectors.dtype)
        if vectors.shape != (len(names), self.vector_size):
            expected = len(names), self.vector_size
            raise ValueError(f"vectors of shape {vectors.shape}; expected {expected}")
        given = self._given_counts(extras, len(names))
        position_of: dict[str, int] = {}
        for position, name in enumerate(names):
            if replace or (name not in position_of and name not in self.key_to_index):
                position_of[name] = position
        self._grow([name for name in position_of if name not in self.key_to_index])
        rows = [self.key_to_index[name] for name in position_of]
        positions = list(position_of.values())
        if rows:
            self._writable()[rows] = vectors[positions]
            self._changed()
        if given is not None:
            counts = np.zeros(len(self), np.int64) if self.counts is None else self.counts.copy()
            counts[rows] = given[positions]
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
        self._set_vectors(_with_zero_rows(self._vectors, len(names)), owned=True)
        if self.output_vectors is not None:
            self.output_vectors = _with_zero_rows(self.output_vectors, len(names))
        if self.counts is not None:
            self.counts = np.concatenate([self.counts, np.zeros(len(names), np.int64)])

    def _writable(self) -> np.ndarray:
        if isinstance(self._vectors, np.memmap) or not self._vectors.flags.writeable:
            self._set_vectors(np.array(self._vectors), owned=True)
        return self._vectors

    def get_vecattr(self, key: Key, attr: str) -> np.int64:
        """Count of a key; the attribute's name is "count".

        Parameters
        ----------
        key
            A known word.
        attr
            "count".

        Returns
        -------
        np.int64
            Occurrences of the word.

        Raises
        ------
        KeyError
            Another attribute, no counts, or an unknown key.
        """
        if attr != "count" or self.counts is None:
            reason = "the only one is 'count'" if attr != "count" else "no counts"
            raise KeyError(f"no attribute {attr!r}; {reason}")
        return np.int64(self.counts[self.get_index(key)])

    def set_vecattr(self, key: Key, attr: str, val: int) -> None:
        """Set the count of a key; other keys start at 0 if there were no counts.

        Parameters
        ----------
        key
            A known word.
        attr
            "count".
        val
            An integer.

        Raises
        ------
        KeyError
            Another attribute, or an unknown key.
        TypeError
            The value is no integer.
        """
        row = self.get_index(key)
        if attr != "count":
            raise KeyError(f"no attribute {attr!r}; the only one is 'count'")
        count = operator.index(val)
        counts = np.zeros(len(self), np.int64) if self.counts is None else self.counts
        self.counts = counts if counts.flags.writeable else counts.copy()
        self.counts[row] = count

    def sort_by_descending_frequency(self) -> None:
        """Renumber the rows so that counts descend.

        Raises
        ------
        KeyError
            There are no counts.
        """
        if not len(self):
            return
        if self.counts is None:
            raise KeyError("cannot sort by frequency: these vectors have no counts")
        order = np.argsort(self.counts)[::-1]
        self.index_to_key = [self.index_to_key[row] for row in order.tolist()]
        self.key_to_index = {key: row for row, key in enumerate(self.index_to_key)}
        self.counts = self.counts[order]
        self._set_vectors(np.asarray(self._vectors[order]), owned=True)
        if self.output_vectors is not None:
            self.output_vectors = np.asarray(self.output_vectors[order])


def unit(vector: np.ndarray) -> np.ndarray:
    """A vector as float32, scaled to length 1; zeros become NaN."""
    vector = np.asarray(vector, np.float32)
    with np.errstate(invalid="ignore"):
        return vector / np.linalg.norm(vector)


def is_key(value: object) -> bool:
    """Whether a value is a string or an integer, and so may be a key."""
    return isinstance(value, (str, int, np.integer))


def word_of(key: object) -> str:
    """The word that a key stands for."""
    if isinstance(key, str):
        return key
    if isinstance(key, (int, np.integer)) and not isinstance(key, bool):
        return str(int(key))
    kinds = "keys are strings, or integers for the words of their digits"
    raise TypeError(f"{key!r} is no key: {kinds}")


def as_list(keys: Any) -> list[Any]:
    """A list of keys or vectors: of one if a single one is given, else of the entries."""
    if keys is None:
        return []
    is_array = isinstance(keys, np.ndarray)
    if is_key(keys) or (is_array and keys.ndim == 1 and keys.dtype.kind not in "iuUO"):
        return [keys]
    if is_array or isinstance(keys, list):
        return list(keys)
    raise TypeError(f"{keys!r} is neither a key, a vector nor a list of them")


def _is_read_only_map(array: Any) -> bool:
    """Whether an array is a view of a file that is mapped read-only."""
    while isinstance(array, np.ndarray):
        if array.flags.writeable:
            return False
        array = array.base
    return isinstance(array, mmap.mmap) and memoryview(array).readonly


def _with_zero_rows(matrix: np.ndarray, count: int) -> np.ndarray:
    return np.concatenate([matrix, np.zeros((count, matrix.shape[1]), matrix.dtype)])
