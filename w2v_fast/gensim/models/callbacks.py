"""Callbacks at the beginning and the end of training and of each epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from w2v_fast.gensim.refusals import refuse_names

if TYPE_CHECKING:
    from w2v_fast.gensim.models.word2vec import Word2Vec


class CallbackAny2Vec:
    """Override the methods that you need; the weights do not change while one runs.

    An exception ends the training, and `model` keeps what was trained.
    """

    def on_train_begin(self, model: Word2Vec) -> None:
        """Training begins."""

    def on_epoch_begin(self, model: Word2Vec) -> None:
        """An epoch begins."""

    def on_epoch_end(self, model: Word2Vec) -> None:
        """All of an epoch is trained."""

    def on_train_end(self, model: Word2Vec) -> None:
        """The last epoch is trained."""


__getattr__ = refuse_names(
    __name__, "metrics of topic models are gensim's; here is CallbackAny2Vec"
)
