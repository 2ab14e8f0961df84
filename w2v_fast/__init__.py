"""w2v_fast: word2vec on CPUs, fast and correct."""

from w2v_fast.config import TrainConfig
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.info import show_config
from w2v_fast.loss import Loss, evaluate_loss
from w2v_fast.system.version import __version__ as __version__
from w2v_fast.vectors.keyed_vectors import KeyedVectors
from w2v_fast.word2vec import Word2Vec, load, train

__all__ = [
    "Corpus",
    "KeyedVectors",
    "Loss",
    "TrainConfig",
    "Vocabulary",
    "Word2Vec",
    "evaluate_loss",
    "load",
    "show_config",
    "train",
]
