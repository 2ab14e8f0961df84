"""The models of gensim that are offered here: word2vec, its vectors, and phrases."""

from typing import NoReturn

from w2v_fast.gensim.models import callbacks, keyedvectors, phrases, word2vec
from w2v_fast.gensim.models.keyedvectors import KeyedVectors
from w2v_fast.gensim.models.phrases import FrozenPhrases, Phraser, Phrases
from w2v_fast.gensim.models.word2vec import Word2Vec

__all__ = [
    "FrozenPhrases",
    "KeyedVectors",
    "Phraser",
    "Phrases",
    "Word2Vec",
    "callbacks",
    "keyedvectors",
    "phrases",
    "word2vec",
]


def __getattr__(name: str) -> NoReturn:
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    raise ImportError(
        f"w2v_fast.gensim.models has no {name}: w2v_fast trains word2vec only; "
        f"import {name} from gensim.models"
    )
