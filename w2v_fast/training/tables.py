"""What the inner loop looks up: made once from the counts, read by every worker."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from w2v_fast.config import TrainConfig
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.training.huffman import Paths, huffman_paths
from w2v_fast.training.noise import alias_table, noise_distribution

HOT_ROWS, HOT_NODES = 64, 512
"""Rows at the start of the output matrix, of words or of tree nodes, of which each of several workers has a copy."""
SETTLING = 0.02
"""Part of the way to where it settles that an update takes a row, for a learning rate of 1. The slope of the sigmoid
at the usual scores of noise, .05, times an input's usual squared norm, 9, is that in the input's own direction; inputs
have many. Of .4, .1 and .02 the last gave the best vectors (10 million words, 2 workers)."""


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
    def centers(self) -> NDArray[np.float64]:
        """The distribution of the tokens that subsampling keeps, [V]."""
        kept = self._vocabulary.counts * self._vocabulary.keep_probabilities(self._config.sample)
        return kept / max(kept.sum(), 1)

    @cached_property
    def noise_visits(self) -> NDArray[np.float64]:
        """How often each of the first rows is in a window, as target or noise, [HOT_ROWS] or fewer."""
        return (self.centers + self._config.negative * self.noise)[:HOT_ROWS]

    @cached_property
    def path_visits(self) -> NDArray[np.float64]:
        """How often each of the first rows is in a window, as node of the target's path, [HOT_NODES] or fewer."""
        paths, visits = self.paths, np.zeros(min(HOT_NODES, self.words))
        words, depth = np.arange(self.words), 0
        while len(words := words[paths.start[words] + depth < paths.start[words + 1]]):
            nodes = paths.nodes[paths.start[words] + depth]
            words, nodes = words[nodes < HOT_NODES], nodes[nodes < HOT_NODES]  # below a node are none before it
            visits += np.bincount(nodes, self.centers[words], len(visits))
            depth += 1
        return visits

    @cached_property
    def paths(self) -> Paths:
        """Huffman codes and paths."""
        return huffman_paths(self._vocabulary.counts)


def part_of_change(settled: NDArray[np.float64], workers: int) -> NDArray[np.float32]:
    """The part of each worker's change of its copy of a row that the shared row takes, [rows].

    A worker's updates since the copies met are `settled` in sum, and took its copy 1 - exp(-settled) of the way to
    where the row settles. Those of T workers in turn would have gone 1 - exp(-T settled) of it; each of T contributes
    its share of that. So the shared row takes the sum of the changes while it is on its way, and their mean where each
    copy has arrived by itself.
    """
    small = np.maximum(settled, 1e-9)
    return (np.expm1(-workers * small) / (workers * np.expm1(-small))).astype(np.float32)
