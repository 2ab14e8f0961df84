"""Phrases: words that stand together more often than their counts explain, joined to one.

`scores.py` has the formulas, `find.py` counts the pairs of a corpus, `join.py` joins them,
`text.py` does both for text.
"""

from w2v_fast.corpus.phrases.find import Phrases
from w2v_fast.corpus.phrases.join import FrozenPhrases
from w2v_fast.corpus.phrases.text import phrase_text

__all__ = ["FrozenPhrases", "Phrases", "phrase_text"]
