"""w2v_fast: word2vec on CPUs, fast and correct.

The public names are loaded when they are first used, so that importing the package is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from w2v_fast.config import TrainConfig as TrainConfig
    from w2v_fast.corpus.corpus import Corpus as Corpus
    from w2v_fast.corpus.vocabulary import Vocabulary as Vocabulary
    from w2v_fast.info import show_config as show_config
    from w2v_fast.loss import Loss as Loss
    from w2v_fast.loss import evaluate_loss as evaluate_loss
    from w2v_fast.system.version import __version__ as __version__
    from w2v_fast.vectors.keyed_vectors import KeyedVectors as KeyedVectors
    from w2v_fast.word2vec import Word2Vec as Word2Vec
    from w2v_fast.word2vec import load as load
    from w2v_fast.word2vec import train as train

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
_MODULES = {
    "config": ("TrainConfig",),
    "corpus.corpus": ("Corpus",),
    "corpus.vocabulary": ("Vocabulary",),
    "info": ("show_config",),
    "loss": ("Loss", "evaluate_loss"),
    "system.version": ("__version__",),
    "vectors.keyed_vectors": ("KeyedVectors",),
    "word2vec": ("Word2Vec", "load", "train"),
}
"""The module of each name (PEP 562)."""


def __getattr__(name: str) -> Any:
    for module, names in _MODULES.items():
        if name in names:
            value = getattr(import_module(f"{__name__}.{module}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
