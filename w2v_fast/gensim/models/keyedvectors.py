"""KeyedVectors with gensim 4's constructor, files and keys; w2v_fast.KeyedVectors answers."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np

import w2v_fast
from w2v_fast.gensim.refusals import refuse_pickle
from w2v_fast.vectors.named_vectors import Key

REAL = np.float32
INTEGER_KEYS = "integer_keys"
"""Metadata of vectors whose words are integers: an integer is then a word, else a row's number."""
PICKLE_OPTIONS = ("separately", "sep_limit", "ignore", "pickle_protocol")


class KeyedVectors(w2v_fast.KeyedVectors):
    """Words and their vectors.

    Parameters
    ----------
    vector_size
        Dimensions of a vector.
    count
        No effect: rows are added with `add_vectors`.
    dtype
        float32 or float16.
    mapfile_path
        Not offered: `load(path, mmap="r")` maps vectors.

    Attributes
    ----------
    vectors_lockf : np.ndarray
        [V], or [1] for all: 0 keeps the vector of a word as it is in training, 1 lets it change.
    """

    def __init__(
        self, vector_size: int, count: int = 0, dtype: Any = np.float32, mapfile_path: None = None
    ) -> None:
        if mapfile_path is not None:
            raise ValueError(
                "mapfile_path is not offered: KeyedVectors.load(path, mmap='r') maps saved vectors"
            )
        super().__init__([], np.zeros((0, vector_size), dtype))
        self.vectors_lockf = np.ones(1, REAL)

    @classmethod
    def of(cls, kv: w2v_fast.KeyedVectors) -> KeyedVectors:
        """The same vectors with gensim's keys, sharing memory."""
        ours = cls.__new__(cls)
        vars(ours).update(vars(kv))
        ours.vectors_lockf = np.ones(1, REAL)
        return ours

    # -- keys --------------------------------------------------------------------------------------

    def _is_row(self, key: object) -> bool:
        return (
            isinstance(key, (int, np.integer))
            and not isinstance(key, bool)
            and INTEGER_KEYS not in self.metadata
        )

    def get_index(self, key: Key, default: int | None = None) -> int:
        """The row of a word; an integer is the number of a row, unless words are integers."""
        if not self._is_row(key):
            return super().get_index(key, default)
        if 0 <= int(key) < len(self):
            return int(key)
        if default is None:
            raise KeyError(f"there is no row {key}: there are {len(self)} vectors")
        return default

    def __contains__(self, key: object) -> bool:
        if self._is_row(key):
            return 0 <= int(key) < len(self)  # type: ignore[call-overload]
        return super().__contains__(key)

    @property
    def expandos(self) -> dict[str, np.ndarray]:
        """The attributes of words: their counts, under "count"."""
        return {} if self.counts is None else {"count": self.counts}

    def vectors_for_all(
        self, keys: Iterable[Key], allow_inference: bool = True, copy_vecattrs: bool = False
    ) -> KeyedVectors:
        """See `w2v_fast.KeyedVectors.vectors_for_all`."""
        kv = self.of(super().vectors_for_all(keys, allow_inference, copy_vecattrs))
        kv._count_down()
        return kv

    def distance(self, w1: Key, w2: Key) -> np.float32:
        """1 - cosine of two keys; exactly 0 for the same one."""
        return REAL(0) if self.get_index(w1) == self.get_index(w2) else super().distance(w1, w2)

    # -- changes -----------------------------------------------------------------------------------

    def init_sims(self, replace: bool = False) -> None:
        """Nothing has to be prepared; with `replace`, scale the vectors to length 1."""
        if replace:
            self.unit_normalize_all()

    def unit_normalize_all(self) -> None:
        """Scale the vectors to length 1."""
        self.vectors = self.get_normed_vectors()

    def intersect_word2vec_format(
        self,
        fname: str | os.PathLike[str],
        lockf: float = 0.0,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
    ) -> None:
        """Take the vectors of these words from a file in word2vec format, and no other words.

        Parameters
        ----------
        lockf
            0 keeps these vectors as they are while a model is trained, 1 lets them change.

        Raises
        ------
        ValueError
            The file has vectors of another size.
        """
        kv = w2v_fast.KeyedVectors.load_word2vec_format(
            fname, binary=binary, encoding=encoding, unicode_errors=unicode_errors
        )
        if kv.vector_size != self.vector_size:
            raise ValueError(
                f"{os.fspath(fname)} has vectors of {kv.vector_size} dimensions, "
                f"expected {self.vector_size}"
            )
        common = [word for word in kv.index_to_key if word in self.key_to_index]
        if not common:
            return
        rows = [self.key_to_index[word] for word in common]
        self.vectors[rows] = kv[common]
        locks = np.broadcast_to(self.vectors_lockf, len(self)).astype(REAL)
        locks[rows] = lockf
        self.vectors_lockf = locks

    # -- files -------------------------------------------------------------------------------------

    def save(  # type: ignore[override]
        self, fname: str | os.PathLike[str], *_: object, format: str = "safetensors", **options: Any
    ) -> None:
        """Write the native format, a folder, whatever the suffix.

        gensim's options of pickles have no effect.
        """
        known = {name: value for name, value in options.items() if name not in PICKLE_OPTIONS}
        super().save(fname, format=format, **known)

    @classmethod
    def load(  # type: ignore[override]
        cls, fname: str | os.PathLike[str], mmap: str | None = None
    ) -> KeyedVectors:
        """Read what `save` wrote, or a file of any other known format.

        Parameters
        ----------
        mmap
            "r" maps the vectors, read-only, instead of reading them.

        Raises
        ------
        ValueError
            It is a pickle; the message says how to convert it.
        """
        refuse_pickle(fname, "KeyedVectors")
        options = {"mmap": mmap is not None} if os.path.isdir(fname) else {}
        return cls.of(w2v_fast.KeyedVectors.load(fname, **options))

    @classmethod
    def load_word2vec_format(
        cls, fname: str | os.PathLike[str], *args: Any, binary_chunk_size: int = 0, **options: Any
    ) -> KeyedVectors:
        """See `w2v_fast.KeyedVectors.load_word2vec_format`; `binary_chunk_size` has no effect.

        Without `fvocab` counts tell the order of the rows only: V, V - 1, ..., 1.
        """
        refuse_pickle(fname, "KeyedVectors")
        kv = cls.of(w2v_fast.KeyedVectors.load_word2vec_format(fname, *args, **options))
        kv._count_down()
        return kv

    def _count_down(self) -> None:
        """Counts that only tell the order of the rows, where none are known, as gensim has them."""
        if self.counts is None:
            self.counts = np.arange(len(self), 0, -1)

    @classmethod
    def from_gensim(cls, vectors: Any) -> KeyedVectors:
        """The vectors of a gensim object, sharing memory."""
        return cls.of(w2v_fast.KeyedVectors.from_gensim(vectors))


Word2VecKeyedVectors = EuclideanKeyedVectors = KeyedVectors


def load_word2vec_format(*args: Any, **options: Any) -> KeyedVectors:
    """See `KeyedVectors.load_word2vec_format`."""
    return KeyedVectors.load_word2vec_format(*args, **options)


def pseudorandom_weak_vector(
    size: int, seed_string: str | None = None, hashfxn: Any = hash
) -> np.ndarray:
    """A random vector, uniform in +-0.5 / size: [size] float32."""
    seed = None if seed_string is None else hashfxn(seed_string) & 0xFFFFFFFF
    return (np.random.default_rng(seed).random(size, REAL) - REAL(0.5)) / REAL(size)
