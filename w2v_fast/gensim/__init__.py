"""gensim 4's names over the public API of w2v_fast: a script only changes its import.

No gensim is needed, and there is no algorithm here.
"""

from typing import NoReturn

from w2v_fast.gensim import models, utils

__all__ = ["models", "utils"]


def __getattr__(name: str) -> NoReturn:
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    raise ImportError(
        f"w2v_fast.gensim has no {name}: it offers word2vec only (models, utils); "
        f"import {name} from gensim"
    )
