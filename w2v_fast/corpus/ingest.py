"""One pass over a source: blocks -> provisional ids and counts -> ranked ids.

    this thread     cuts the source into numbered blocks, hands them out, and collects the ids in
                    the order of the blocks
    worker threads  encode a block into a table that no other thread uses at the time
    at the end      the tables are merged, the words ranked (count descending, ties by first
                    position), and one pass over the ids replaces them by ranks and drops words
                    that are not in the vocabulary

The result depends on the text alone: not on the threads, the size of blocks or the kind of source.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from queue import SimpleQueue
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from w2v_fast.corpus._ids import compact
from w2v_fast.corpus._words import WordTable
from w2v_fast.corpus.blocks import Block, Blocks, Ids
from w2v_fast.corpus.id_store import IdStore
from w2v_fast.corpus.vocabulary import Vocabulary, below_min_count, ids_of, rank
from w2v_fast.system.threads import map_in_order

ProgressCallback: TypeAlias = "Callable[[int, int | None], object]"


def encode(
    blocks: Blocks,
    store: IdStore,
    workers: int,
    progress: ProgressCallback | None,
    total: int | None,
) -> tuple[list[WordTable], npt.NDArray[np.int64]]:
    """Encode all blocks into `store`, and report the progress of `total` bytes.

    Returns
    -------
    tables
        One for each worker.
    runs
        int64, shape [R, 2]: the table of each run of ids, and the run's length.
    """
    tables = [WordTable() for _ in range(workers)]
    free: SimpleQueue[int] = SimpleQueue()
    for number in range(workers):
        free.put(number)
    runs: list[tuple[int, int]] = []
    done = 0

    def work(numbered: tuple[int, Block]) -> tuple[int, Ids, bool, int]:
        number, block = numbered
        table = free.get()
        try:
            return table, *block.encode(tables[table], number), block.size
        finally:
            free.put(table)

    with (
        contextlib.closing(blocks),
        contextlib.closing(map_in_order(work, enumerate(blocks), workers)) as results,
    ):
        for table, ids, ends_open_sentence, size in results:
            if ends_open_sentence:
                store.end_sentence()
            store.append(ids)
            if runs and runs[-1][0] == table:
                runs[-1] = (table, runs[-1][1] + len(ids))
            else:
                runs.append((table, len(ids)))
            done += size
            if progress is not None:
                progress(done, total)
    store.end_sentence()
    return tables, np.array(runs, np.int64).reshape(-1, 2)


def build_vocabulary(
    tables: list[WordTable], min_count: int, max_vocab: int | None
) -> tuple[Vocabulary, list[npt.NDArray[np.int32]]]:
    """Merge the tables and rank the words.

    Returns
    -------
    vocabulary
        The words kept.
    new_ids
        For each table, the id in the vocabulary of each of its words, -1 for those left out.

    Raises
    ------
    ValueError
        There is no token, or every word is below `min_count`.
    """
    table, merged = _merge(tables)
    counts = np.empty(len(table), np.int64)
    first_positions = np.empty(len(table), np.int64)
    table.statistics(counts, first_positions)
    order, new_ids = rank_and_cut(counts, first_positions, min_count, max_vocab)
    return Vocabulary.of_counted(table.words(order), counts[order]), [
        new_ids[ids] for ids in merged
    ]


def rank_and_cut(
    counts: npt.NDArray[np.int64],
    first_positions: npt.NDArray[np.int64],
    min_count: int,
    max_vocab: int | None,
) -> tuple[npt.NDArray[np.int64], Ids]:
    """Old number of each new id, and new id of each old number (-1: left out)."""
    if not counts.any():
        raise ValueError("the corpus is empty: it has no tokens")
    order = rank(counts, first_positions, min_count, max_vocab)
    if not len(order):
        raise ValueError(below_min_count(int(counts.max()), min_count))
    new_ids = np.full(len(counts), -1, np.int32)
    new_ids[order] = np.arange(len(order), dtype=np.int32)
    return order, new_ids


def match_vocabulary(
    tables: list[WordTable], vocabulary: Vocabulary
) -> list[npt.NDArray[np.int32]]:
    """For each table, the id of each of its words in the given vocabulary, -1 for unknown ones."""
    return [
        ids_of(table.words(np.arange(len(table), dtype=np.int64)), vocabulary) for table in tables
    ]


def renumber(
    store: IdStore, runs: npt.NDArray[np.int64], new_ids: list[npt.NDArray[np.int32]]
) -> Ids:
    """Replace the provisional ids in place and drop those that are left out."""
    ids = store.array()
    start = written = 0
    for table, length in runs.tolist():
        written = compact(ids, start, start + length, written, new_ids[table])
        start += length
    del ids
    return store.truncate(written)


def _merge(tables: list[WordTable]) -> tuple[WordTable, list[npt.NDArray[np.int32]]]:
    """Merge all tables into the largest; returns it and the ids there of each table's words."""
    target = max(range(len(tables)), key=lambda number: len(tables[number]))
    table = tables[target]
    merged = [np.arange(len(other), dtype=np.int32) for other in tables]
    for number, other in enumerate(tables):
        if number != target:
            table.merge(other, merged[number])
            tables[number] = WordTable()
    return table, merged
