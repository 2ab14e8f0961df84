"""One set of vectors as the page asks about it: by rows, in answers of bounded size."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2v_fast.explore.batches import Batches
from w2v_fast.explore.search import WordSearch
from w2v_fast.vectors import rounded
from w2v_fast.vectors.index import RoundedIndex
from w2v_fast.vectors.keyed_vectors import KeyedVectors

MAX_NEIGHBORS = 100
MAX_WORDS = 12
"""Words that can be compared at once."""
BLOCK_ROWS = 50_000
ROUNDED_WORDS = 20_000
"""Above it neighbors are found by way of a copy in 8 bits."""
INDEXED_WORDS = 2_000_000
"""Above it neighbors come from an approximate index, once it is built."""

Neighbors = tuple[list[int], list[float | None]]
_Query = tuple[list[str], list[str], int]
"""Positive and negative words, and the number of neighbors."""


class Model:
    """Answers about a set of vectors.

    Parameters
    ----------
    vectors
        What is shown.
    name
        What the page calls it.

    Attributes
    ----------
    indexed : bool
        Whether neighbors come from an approximate index.
    """

    def __init__(self, vectors: KeyedVectors, name: str) -> None:
        self.vectors, self.name = vectors, name
        self._batches: Batches[_Query, Neighbors] = Batches(self._nearest)
        self._index: Any = None
        self.indexed = False

    def __len__(self) -> int:
        return len(self.vectors)

    @cached_property
    def search(self) -> WordSearch:
        """The search among the words."""
        return WordSearch(self.vectors.index_to_key)

    @cached_property
    def packed_words(self) -> bytes:
        """All words in UTF-8: uint32 V, uint32 [V + 1] offsets, the bytes."""
        parts = [word.encode("utf-8", "surrogatepass") for word in self.vectors.index_to_key]
        offsets = np.zeros(len(parts) + 2, "<u4")
        offsets[0] = len(parts)
        offsets[2:] = np.cumsum([len(part) for part in parts])
        return offsets.tobytes() + b"".join(parts)

    def build_index(self) -> None:
        """Build in the background what finds neighbors of many words faster."""
        if len(self) > min(ROUNDED_WORDS, INDEXED_WORDS):
            threading.Thread(target=self._build_index, daemon=True).start()

    def _build_index(self) -> None:
        if rounded.available():
            self._index = RoundedIndex(self.vectors)
        if len(self) > INDEXED_WORDS:
            with contextlib.suppress(ImportError):  # without the extra answers stay exact
                self._index, self.indexed = self.vectors.build_index(), True

    def word(self, row: int) -> str:
        """The word of a row; KeyError if there is none."""
        if not 0 <= row < len(self):
            raise KeyError(f"row {row} is not one of the {len(self):,} rows")
        return self.vectors.index_to_key[row]

    def row(self, word: str) -> int | None:
        """The row of a word, None if it has none."""
        row = self.vectors.get_index(word, -1)
        return None if row < 0 else row

    async def neighbors(self, row: int, count: int) -> Neighbors:
        """Rows nearest to a row and their cosines, best first; None for an undefined cosine."""
        return await self._batches.ask(([self.word(row)], [], count))

    async def analogy(self, a: int, b: int, c: int, count: int) -> Neighbors:
        """The words d of `a is to b as c is to d`, by 3CosAdd: nearest to b - a + c."""
        return await self._batches.ask(([self.word(b), self.word(c)], [self.word(a)], count))

    def _nearest(self, queries: list[_Query]) -> list[Neighbors]:
        positives, negatives, counts = zip(*queries, strict=True)
        ask, options = self.vectors, {"topn": max(counts), "indexer": self._index}
        found: Iterable[Any]
        if len(queries) == 1 and self._index is None:
            found = [ask.most_similar(positives[0], negatives[0], **options)]
        else:
            found = ask.most_similar_many(positives, negatives, **options)
        return [self._rows(pairs[:count]) for pairs, count in zip(found, counts, strict=True)]

    def _rows(self, pairs: Sequence[tuple[str, float]]) -> Neighbors:
        rows = [self.vectors.key_to_index[word] for word, _ in pairs]
        return rows, [_number(cosine) for _, cosine in pairs]

    def cosines(self, rows: Sequence[int]) -> list[list[float | None]]:
        """Cosine of each pair of at most `MAX_WORDS` rows: [n, n]."""
        unit = unit_rows(self.vectors[[self.word(row) for row in rows]])
        return [[_number(value) for value in line] for line in (unit @ unit.T).tolist()]

    def axis(self, a: int, b: int) -> NDArray[np.float32]:
        """Cosines [V] of all words to the direction from a to b: -1 (at a) .. 1 (at b)."""
        if a == b:
            raise ValueError("an axis needs two different words")
        unit = unit_rows(self.vectors[[self.word(a), self.word(b)]])
        scores = self.vectors.most_similar_many([unit[1] - unit[0]], topn=None)
        return np.nan_to_num(np.asarray(scores, np.float32)[0])

    def unit_blocks(self, stop: int | None = None) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """First row and unit vectors of blocks of rows, up to row `stop`; zeros stay zeros."""
        stop = len(self) if stop is None else min(stop, len(self))
        for first in range(0, stop, BLOCK_ROWS):
            names = self.vectors.index_to_key[first : min(first + BLOCK_ROWS, stop)]
            yield first, unit_rows(self.vectors[names])


def unit_rows(vectors: NDArray[Any]) -> NDArray[np.float32]:
    """Rows scaled to length 1, as float32; zeros stay zeros."""
    rows = np.asarray(vectors, np.float32)
    norms = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    unit: NDArray[np.float32] = rows / np.maximum(norms, np.float32(1e-30))[:, None]
    return unit


def _number(value: float) -> float | None:
    return value if value == value else None
