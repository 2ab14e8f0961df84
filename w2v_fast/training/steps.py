"""Which windows make a step: the rule that the inner loop and the reference share.

The kept tokens of a job are taken in blocks. A step takes windows of one block, as far apart as the
block allows: neighbors have nearly the same contexts, and would push the noise words they share
several times to the same side.
"""

from __future__ import annotations

from w2v_fast.config import TrainConfig
from w2v_fast.training.tables import LookupTables

BLOCK_TOKENS = 2048
"""Kept tokens of a block; the last one of a job has fewer."""
MAX_INPUTS = 64
"""Inputs of a step: more would push a row too often from the same old values. A window of more
contexts is split into several steps, each with new noise words (kernel.h: W2V_MAX_INPUTS)."""
MAX_GROUPS = 8
"""Windows of a step that share their noise words."""
GROUP_DISTANCE = 32
"""Minimum distance of the windows of a step: a shorter block has fewer groups in a step."""
MAX_EXCLUDED = 0.1
"""Maximum share of its noise draws that a word loses by being a target of the same step."""
MAX_SOFTMAX_SCORES = 1 << 23
"""Scores of a softmax step: with a large vocabulary it has fewer than MAX_INPUTS windows."""
MAX_REDRAWS = 64
"""Maximum draws of a noise word; if all are targets, it is uniform among the other words."""


def max_windows(config: TrainConfig, tables: LookupTables) -> int:
    """The maximum number of windows in a step.

    It is lower if one word is so frequent that it is a target in nearly every step: otherwise that
    word would hardly ever be noise.
    """
    if config.objective == "softmax":
        return max(1, min(MAX_INPUTS, MAX_SOFTMAX_SCORES // tables.words))
    if config.objective == "hs" or not config.share_noise:
        return 1
    return min(
        MAX_GROUPS, 1 + int(MAX_EXCLUDED / max(tables.centers.max(), MAX_EXCLUDED / MAX_GROUPS))
    )


def group_distance(config: TrainConfig) -> int:
    """The minimum distance of the windows of a step; the softmax shares no noise."""
    return 1 if config.objective == "softmax" else GROUP_DISTANCE


def max_contexts(config: TrainConfig) -> int:
    """The maximum number of contexts of one window in a step."""
    one_by_one = (
        config.architecture == "skipgram"
        and config.objective in ("ns", "nce")
        and not config.share_noise
    )
    return 1 if one_by_one else MAX_INPUTS
