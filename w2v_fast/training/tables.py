"""What the inner loop looks up: made once from the counts, read by every worker."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from w2v_fast.config import TrainConfig
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.training.huffman import Paths, huffman_paths
from w2v_fast.training.noise import alias_table, noise_distribution


class Tables:
    """Lookup tables of one run, each made when an objective first asks for it."""

    def __init__(self, vocabulary: Vocabulary, config: TrainConfig) -> None:
        self._vocabulary = vocabulary
        self._config = config
        self.words = len(vocabulary)

    @cached_property
    def keep_threshold(self) -> NDArray[np.uint32]:
        """A token is kept when 32 random bits are at most this: keep probability * 2**32 - 1, [V]."""
        keep = self._vocabulary.keep_probabilities(self._config.sample)
        return np.clip(np.rint(keep * 2.0**32) - 1, 0, 2**32 - 1).astype(np.uint32)

    @cached_property
    def noise(self) -> NDArray[np.float64]:
        """The noise distribution q, [V]."""
        return noise_distribution(self._vocabulary.counts, self._config.ns_exponent)

    @cached_property
    def alias(self) -> NDArray[np.void]:
        """The alias table of q, [V]."""
        return alias_table(self.noise)

    @cached_property
    def log_expected_noise(self) -> NDArray[np.float32]:
        """log(K q(w)), NCE's shift, [V] (Gutmann and Hyvarinen, JMLR 2012, equation 8)."""
        smallest = np.finfo(np.float64).tiny
        return np.log(self._config.negative * np.maximum(self.noise, smallest)).astype(np.float32)

    @cached_property
    def paths(self) -> Paths:
        """Huffman codes and paths."""
        return huffman_paths(self._vocabulary.counts)
