"""gensim 4's names over the public API of w2v_fast: a script only changes its import.

No gensim is needed, and there is no algorithm here.
"""

from w2v_fast.gensim import models, utils
from w2v_fast.gensim.refusals import refuse_names

__all__ = ["models", "utils"]


__getattr__ = refuse_names(
    __name__, "it offers word2vec only (models, utils); import {name} from gensim"
)
