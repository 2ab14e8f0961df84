"""Whether keys are all different, without a set of them, which would take much memory."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np


def all_different(keys: Sequence[Hashable]) -> bool:
    """Whether no two keys are equal.

    Equal keys have equal hashes, so the sorted hashes tell, 8 bytes a key; only if two of them are
    equal, a set is made.
    """
    hashes = np.fromiter(map(hash, keys), np.int64, len(keys))
    hashes.sort()
    return not (hashes[1:] == hashes[:-1]).any() or len(set(keys)) == len(keys)
