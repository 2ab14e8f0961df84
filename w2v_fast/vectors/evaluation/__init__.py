"""How good vectors are: correlation with human scores of word pairs, and analogy questions."""

from w2v_fast.vectors.evaluation.analogies import (
    AnalogyResult,
    AnalogyScore,
    evaluate_analogies,
    has_sections,
    read_analogies,
    solve_analogies,
    word_analogies_as_gensim,
)
from w2v_fast.vectors.evaluation.pairs import (
    PairsResult,
    correlation,
    evaluate_pairs,
    p_value,
    ranks,
    read_pairs,
    word_pairs_as_gensim,
)

__all__ = [
    "AnalogyResult",
    "AnalogyScore",
    "PairsResult",
    "correlation",
    "evaluate_analogies",
    "evaluate_pairs",
    "has_sections",
    "p_value",
    "ranks",
    "read_analogies",
    "read_pairs",
    "solve_analogies",
    "word_analogies_as_gensim",
    "word_pairs_as_gensim",
]
