"""What the inner loop looks up: made once from the counts, read by every worker."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from w2v_fast.config import TrainConfig
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.training.huffman import Paths, huffman_paths
from w2v_fast.training.noise import alias_table, noise_distribution

PRIVATE_WORDS, PRIVATE_NODES = 64, 512
"""Rows at the start of the output matrix, of words or of tree nodes, of which each of several workers has a copy."""
CONVERGENCE_PER_LR = 0.02
"""How far one update moves a row towards its fixed point, per unit of learning rate. In the direction of the input
that is the slope of the sigmoid at the usual scores of noise, .05, times an input's usual squared norm, 9; inputs have
many directions. Of .4, .1 and .02 the last gave the best vectors (10 million words, 2 workers)."""


class LookupTables:
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
        """How often each of the first rows is in a window, as target or noise, [PRIVATE_WORDS] or fewer."""
        return (self.centers + self._config.negative * self.noise)[:PRIVATE_WORDS]

    @cached_property
    def path_visits(self) -> NDArray[np.float64]:
        """How often each of the first rows is in a window, as node of the target's path, [PRIVATE_NODES] or fewer."""
        paths, visits = self.paths, np.zeros(min(PRIVATE_NODES, self.words))
        words, depth = np.arange(self.words), 0
        while len(words := words[paths.start[words] + depth < paths.start[words + 1]]):
            nodes = paths.nodes[paths.start[words] + depth]
            words, nodes = (
                words[nodes < PRIVATE_NODES],
                nodes[nodes < PRIVATE_NODES],
            )  # below a node are none before it
            visits += np.bincount(nodes, self.centers[words], len(visits))
            depth += 1
        return visits

    @cached_property
    def paths(self) -> Paths:
        """Huffman codes and paths."""
        return huffman_paths(self._vocabulary.counts)


def merge_share(converged: NDArray[np.float64], workers: int) -> NDArray[np.float32]:
    """The share of each worker's change of its private copy of a row that the shared row takes, [rows].

    Interpolates between adding the workers' changes, for rows far from their fixed point, and averaging them, for rows
    that have reached it. A worker's updates since the last merge are `converged` in sum, and took its copy
    1 - exp(-converged) of the way. Those of T workers one after another would have gone 1 - exp(-T converged) of it,
    and each of T contributes its share of that.
    """
    small = np.maximum(converged, 1e-9)
    return (np.expm1(-workers * small) / (workers * np.expm1(-small))).astype(np.float32)
