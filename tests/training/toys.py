"""Small corpora of ids for the tests of training."""

import numpy as np

from w2v_fast.config import TrainConfig
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.training.tables import LookupTables


def zipf_ids(tokens: int, words: int, sentence: int, seed: int = 0) -> np.ndarray:
    """Random tokens, word w with probability ~ 1 / (w + 1), in sentences of random length."""
    random = np.random.default_rng(seed)
    share = 1.0 / np.arange(1, words + 1)
    ids = random.choice(words, tokens, p=share / share.sum()).astype(np.int32)
    ends = np.cumsum(random.integers(1, 2 * sentence, tokens)) - 1
    ends = ends[ends < tokens]
    ids[ends] = ~ids[ends]
    return ids


def vocabulary_of(ids: np.ndarray, words: int) -> Vocabulary:
    counts = np.bincount(np.where(ids < 0, ~ids, ids), minlength=words)
    return Vocabulary([f"w{i}" for i in range(words)], counts)


def tables_of(ids: np.ndarray, words: int, config: TrainConfig) -> LookupTables:
    return LookupTables(vocabulary_of(ids, words), config)
