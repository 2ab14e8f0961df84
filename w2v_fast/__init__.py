"""w2v_fast: word2vec on CPUs, fast and correct.

The public names are loaded when they are first used, so that importing the package is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from w2v_fast.config import TrainConfig as TrainConfig
    from w2v_fast.corpus.corpus import Corpus as Corpus
    from w2v_fast.corpus.vocabulary import Vocabulary as Vocabulary
    from w2v_fast.engines import train as train
    from w2v_fast.info import show_config as show_config
    from w2v_fast.loss import Loss as Loss
    from w2v_fast.loss import evaluate_loss as evaluate_loss
    from w2v_fast.system.version import __version__ as __version__
    from w2v_fast.vectors.keyed_vectors import KeyedVectors as KeyedVectors
    from w2v_fast.word2vec import Word2Vec as Word2Vec
    from w2v_fast.word2vec import load as load

_MODULES = {
    "Corpus": "corpus.corpus",
    "KeyedVectors": "vectors.keyed_vectors",
    "Loss": "loss",
    "TrainConfig": "config",
    "Vocabulary": "corpus.vocabulary",
    "Word2Vec": "word2vec",
    "__version__": "system.version",
    "evaluate_loss": "loss",
    "load": "word2vec",
    "show_config": "info",
    "train": "engines",
}
"""The module of each name (PEP 562)."""
__all__ = [name for name in _MODULES if name != "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
