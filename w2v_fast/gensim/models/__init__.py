"""The models of gensim that are offered here: word2vec, its vectors, and phrases."""

from w2v_fast.gensim.models import callbacks, keyedvectors, phrases, word2vec
from w2v_fast.gensim.models.keyedvectors import KeyedVectors
from w2v_fast.gensim.models.phrases import FrozenPhrases, Phraser, Phrases
from w2v_fast.gensim.models.word2vec import Word2Vec
from w2v_fast.gensim.refusals import refuse_names

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


__getattr__ = refuse_names(
    __name__, "w2v_fast trains word2vec only; import {name} from gensim.models"
)
