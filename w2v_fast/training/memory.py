"""How much memory a run will take, estimated before the weights are made.

weights      2 matrices x V rows x stride floats (the stride is vector_size rounded up to 16)
ids          4 bytes a token, unless they are mapped from a file
vocabulary   about 200 bytes a word: the strings, their index, counts
tables       about 180 bytes a word, most of it only while they are made
workers      scratch vectors and scores of a window, and a stack
"""

from __future__ import annotations

from w2v_fast.config import TrainConfig
from w2v_fast.system.memory import available, human
from w2v_fast.training.weights import ROW_FLOATS, stride_of

VOCABULARY_BYTES = 200
TABLE_BYTES = 180
WORKER_BYTES = 1 << 20


class MemoryEstimate:
    """Bytes that a run takes, by use: see the head of this file.

    Parameters
    ----------
    words
        Size V of the vocabulary.
    tokens
        Tokens held in memory (0 when they are mapped from a file).
    config
        The hyper-parameters.

    Attributes
    ----------
    row : int
        Bytes of a word's row in one matrix.
    weights, ids, vocabulary, tables, workers : int
        Bytes of each use; of the tables while they are made, of all workers together.
    to_come, total : int
        Bytes allocated after the corpus is read, and bytes in all.
    """

    def __init__(self, words: int, tokens: int, config: TrainConfig) -> None:
        self.words = words
        self.config = config
        self.row = 4 * stride_of(config.vector_size)
        self.weights = 2 * words * self.row
        self.ids = 4 * tokens
        self.vocabulary = VOCABULARY_BYTES * words
        self.tables = TABLE_BYTES * words
        scores = 8 * (config.draws + ROW_FLOATS)
        self.workers = config.threads * (2 * config.window * (self.row + scores) + WORKER_BYTES)
        self.to_come = self.weights + self.tables + self.workers
        self.total = self.to_come + self.ids + self.vocabulary

    def __str__(self) -> str:
        return (
            f"{human(self.total)} of memory: weights {human(self.weights)} ({self.words:,} words x "
            f"{self.config.vector_size} floats x 2), ids {human(self.ids)}, "
            f"vocabulary {human(self.vocabulary)}, tables {human(self.tables)}, "
            f"{self.config.threads} workers {human(self.workers)}"
        )

    def check(self) -> None:
        """Raise an error if the run does not fit into the free memory.

        Raises
        ------
        MemoryError
            `to_come` is more than `available()`; the message says which options make it less.
        """
        free = available()
        if free is None or self.to_come <= free:
            return
        fitting = (free - self.workers) // (2 * self.row + TABLE_BYTES)
        advice = (
            f"lower vector_size, or keep fewer words (max_vocab = {fitting:,} fits, or a higher "
            "min_count)"
        )
        raise MemoryError(
            f"training takes {self}; {human(free)} are free for the {human(self.to_come)} still to "
            "come: " + (advice if fitting > 0 else "lower vector_size, window or workers")
        )
