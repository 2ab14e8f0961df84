"""What the inner loop looks up: made once from the counts, read by every worker."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from w2v_fast.config import OUTPUT_ROWS, TrainConfig
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.training.huffman import Paths, huffman_paths
from w2v_fast.training.noise import alias_table, noise_distribution

PRIVATE_WORDS, PRIVATE_NODES = 64, 512
"""First rows of the output matrix of which each worker has a private copy: words, or tree nodes."""
CONVERGENCE_PER_LR = 0.02
"""How far one update moves a row towards its fixed point, per unit of learning rate: an empirical
constant. In the direction of the input it is the slope of the sigmoid at the usual scores of noise,
0.05, times the usual squared norm of an input, 9; inputs have many directions. Of 0.4, 0.1 and 0.02
the last gave the best vectors (10 million words, 2 workers)."""


class LookupTables:
    """Lookup tables of one run, each made when an objective first asks for it."""

    def __init__(self, vocabulary: Vocabulary, config: TrainConfig) -> None:
        self._vocabulary = vocabulary
        self._config = config
        self.words = len(vocabulary)

    @cached_property
    def keep_threshold(self) -> NDArray[np.uint32]:
        """A token is kept if 32 random bits are at most keep probability * 2**32 - 1, [V]."""
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

    @property
    def output_visits(self) -> NDArray[np.float64]:
        """How often a window has each output row: as target, noise word or tree node, [V]."""
        if OUTPUT_ROWS[self._config.objective] == "tree nodes":
            return self._visits_of_nodes(self.words)
        return self._visits_of_words(self.words)

    @cached_property
    def noise_visits(self) -> NDArray[np.float64]:
        """How often a window has each of the first rows, as target or noise, [<= PRIVATE_WORDS]."""
        return self._visits_of_words(PRIVATE_WORDS)

    @cached_property
    def path_visits(self) -> NDArray[np.float64]:
        """How often a target's path has each of the first nodes, [<= PRIVATE_NODES]."""
        return self._visits_of_nodes(PRIVATE_NODES)

    def _visits_of_words(self, rows: int) -> NDArray[np.float64]:
        return self.centers[:rows] + self._config.negative * self.noise[:rows]

    def _visits_of_nodes(self, rows: int) -> NDArray[np.float64]:
        paths, visits = self.paths, np.zeros(min(rows, self.words))
        words, depth = np.arange(self.words), 0
        while len(words := words[paths.start[words] + depth < paths.start[words + 1]]):
            nodes = paths.nodes[paths.start[words] + depth]
            within = nodes < rows  # the nodes below another one have higher numbers
            words, nodes = words[within], nodes[within]
            visits += np.bincount(nodes, self.centers[words], len(visits))
            depth += 1
        return visits

    @cached_property
    def paths(self) -> Paths:
        """Huffman codes and paths."""
        return huffman_paths(self._vocabulary.counts)


def merge_share(converged: NDArray[np.float64], workers: int) -> NDArray[np.float32]:
    """The share of each worker's change of a private row that is merged into the shared row.

    Interpolates between adding the workers' changes (rows far from their fixed point) and averaging
    them (rows that have reached it). The updates of one worker since the last merge moved its copy
    1 - exp(-converged) of the way; those of T workers in turn would have moved it
    1 - exp(-T converged), of which each worker contributes 1 / T.

    Parameters
    ----------
    converged
        The sum of a worker's updates of each row, in units of the way to its fixed point, [rows].
    workers
        T.
    """
    small = np.maximum(converged, 1e-9)
    return (np.expm1(-workers * small) / (workers * np.expm1(-small))).astype(np.float32)
