"""How good vectors are: correlation with human scores of word pairs, and analogy questions."""

from w2v_fast.vectors.evaluation.analogies import (
    AnalogyResult,
    AnalogyScore,
    evaluate_analogies,
    has_sections,
    read_analogies,
)
from w2v_fast.vectors.evaluation.pairs import PairsResult, evaluate_pairs, read_pairs

__all__ = [
    "AnalogyResult",
    "AnalogyScore",
    "PairsResult",
    "evaluate_analogies",
    "evaluate_pairs",
    "has_sections",
    "read_analogies",
    "read_pairs",
]
