"""Huffman codes and paths as flat arrays, for hierarchical softmax.

A word of V is a leaf of a binary tree with V - 1 inner nodes; p(word | input) is the product of one
logistic regression for each inner node on the path from the root (Morin and Bengio, AISTATS 2005;
with Huffman's tree, Mikolov et al., "Distributed representations of words and phrases", NIPS 2013,
equation 3). Nodes are numbered from the root, heaviest first, so the nodes on nearly every path are
the first rows of the output matrix.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray


@dataclasses.dataclass(frozen=True)
class Paths:
    """The paths of all words from the root, one after the other.

    Attributes
    ----------
    start : ndarray of int64, shape [V + 1]
        The path of word w is start[w]:start[w + 1].
    nodes : ndarray of int32
        Inner nodes, 0 to V - 2.
    codes : ndarray of uint8
        The branch taken at each node, 0 or 1.
    """

    start: NDArray[np.int64]
    nodes: NDArray[np.int32]
    codes: NDArray[np.uint8]

    @property
    def longest(self) -> int:
        """Nodes on the longest path."""
        return int(np.diff(self.start).max(initial=0))


def huffman_paths(counts: NDArray[np.int64]) -> Paths:
    """Build the tree by the two-queue method: leaves are sorted by count, inner nodes come sorted.

    Parameters
    ----------
    counts
        Occurrences of each word, int64 [V], V >= 1. Zero counts are allowed.
    """
    words = len(counts)
    parent, code = _merge(counts)
    depth = np.zeros(2 * words - 1, np.int32)
    for node in range(2 * words - 3, -1, -1):
        depth[node] = depth[parent[node]] + 1
    lengths = depth[:words].astype(np.int64)
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    nodes = np.empty(start[-1], np.int32)
    codes = np.empty(start[-1], np.uint8)
    at = np.arange(words)
    slot = start[1:].copy()
    while len(at):
        at, slot = at[at < 2 * words - 2], slot[at < 2 * words - 2]
        slot = slot - 1
        codes[slot] = code[at]
        at = parent[at]
        nodes[slot] = 2 * words - 2 - at
    return Paths(start, nodes, codes)


def _merge(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Parents and codes of all 2V - 1 nodes: leaves, inner nodes by weight, the root last."""
    words = len(counts)
    order = np.argsort(counts, kind="stable").tolist()
    leaf_weight = counts[order].tolist()
    inner_weight: list[int] = []
    parent = [0] * (2 * words - 1)
    code = [0] * (2 * words - 1)
    leaf = inner = 0
    for new in range(words, 2 * words - 1):
        weight = 0
        for branch in (0, 1):
            if leaf < words and (
                inner >= len(inner_weight) or leaf_weight[leaf] <= inner_weight[inner]
            ):
                child, weight = order[leaf], weight + leaf_weight[leaf]
                leaf += 1
            else:
                child, weight = words + inner, weight + inner_weight[inner]
                inner += 1
            parent[child], code[child] = new, branch
        inner_weight.append(weight)
    return np.array(parent, np.int64), np.array(code, np.uint8)
