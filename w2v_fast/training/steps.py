"""Which windows make a step: the rule that the inner loop and the reference have in common.

The kept tokens of a job are taken in blocks. A step takes windows of one block that stand as far apart as it allows:
neighbors have nearly the same contexts, and would push the noise words that they share several times to the same side.
"""

from __future__ import annotations

from w2v_fast.config import TrainConfig
from w2v_fast.training.tables import LookupTables

BLOCK_TOKENS = 2048
"""Kept tokens of a block; shorter at the end of a job."""
MAX_INPUTS = 64
"""Inputs of a step: more would push a row too often from the same old values. A window of more contexts is taken in
parts, each with noise words of its own."""
MAX_GROUPS = 8
"""Windows of a step that share their noise words, ..."""
GROUP_DISTANCE = 32
"""... if there are as many windows from one to the next."""
MAX_EXCLUDED = 0.1
"""Share of its draws that a frequent word may lose because it is the target of another window of the step."""
SOFTMAX_SCORES = 1 << 23
"""A step of the softmax has fewer than MAX_INPUTS windows where its scores would be more than this."""
MAX_REDRAWS = 64
"""Noise equal to a target is drawn again, this many times at most."""


def max_windows(config: TrainConfig, tables: LookupTables) -> int:
    """Windows of a step, at most; with few words fewer, whose targets would else hardly ever be noise."""
    if config.objective == "softmax":
        return max(1, min(MAX_INPUTS, SOFTMAX_SCORES // tables.words))
    if config.objective == "hs" or not config.share_noise:
        return 1
    return min(
        MAX_GROUPS, 1 + int(MAX_EXCLUDED / max(tables.centers.max(), MAX_EXCLUDED / MAX_GROUPS))
    )


def max_contexts(config: TrainConfig) -> int:
    """Contexts of a window that a step takes at once, at most."""
    one_by_one = (
        config.architecture == "skipgram"
        and config.objective in ("ns", "nce")
        and not config.share_noise
    )
    return 1 if one_by_one else MAX_INPUTS
