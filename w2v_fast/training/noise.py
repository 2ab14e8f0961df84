"""The noise distribution q = counts**ns_exponent / sum, and its alias table.

A column i of Vose's alias table holds word i below a threshold and word alias[i] above it:

    q(w) = (1/V) * (threshold[w] + sum over i with alias[i] = w of (1 - threshold[i]))

so a draw is one uniform column, one uniform height and one comparison, whatever V (Walker, 1977;
Vose, "A linear algorithm for generating random numbers with a given distribution", IEEE TSE 1991).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ALIAS_ENTRY = np.dtype([("threshold", np.uint32), ("alias", np.int32)])


def noise_distribution(counts: NDArray[np.int64], ns_exponent: float) -> NDArray[np.float64]:
    """q, float64 [V], which sums to 1; 0 for a count of zero, uniform if all counts are zero."""
    positive = counts > 0
    if not positive.any():
        return np.full(len(counts), 1.0 / len(counts))
    logs = np.full(len(counts), -np.inf)
    logs[positive] = ns_exponent * np.log(counts[positive])
    q = np.exp(logs - logs.max())
    return q / q.sum()


def alias_table(q: NDArray[np.float64]) -> NDArray[np.void]:
    """The alias table of q: an array [V] of ALIAS_ENTRY, 8 bytes each.

    A column yields its own word when the 32-bit height is below `threshold`, else its alias; a full
    column is its own alias. Thresholds are exact to 2**-32.
    """
    size = len(q)
    height = (q * size).tolist()
    alias = list(range(size))
    small = [i for i in range(size) if height[i] < 1.0]
    large = [i for i in range(size) if height[i] >= 1.0]
    while small and large:
        low, high = small.pop(), large[-1]
        alias[low] = high
        height[high] -= 1.0 - height[low]
        if height[high] < 1.0:
            small.append(large.pop())
    table = np.empty(size, ALIAS_ENTRY)
    table["alias"] = alias
    table["threshold"] = np.clip(np.rint(np.array(height) * 2.0**32), 0, 2**32 - 1)
    return table
