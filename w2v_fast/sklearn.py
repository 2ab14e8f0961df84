"""Word2VecVectorizer: documents -> weighted means of word vectors, as a scikit-learn transformer.

A document of n tokens that have vectors v becomes

    x = 1/n sum over its tokens of weight(w) v(w)

    mean    weight(w) = 1
    idf     weight(w) = log((1 + D) / (1 + df(w))) + 1     D documents, df(w) of them with w
    sif     weight(w) = a / (a + p(w))                     p(w): share of w among all tokens
            x <- x - u u^T x         u: first right singular vector of the training documents

sif: Arora, Liang and Ma, "A Simple but Tough-to-Beat Baseline for Sentence Embeddings" (2017).
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from typing import Any, Self

import numpy as np

from w2v_fast.corpus import tokenizers
from w2v_fast.corpus.tokenizers import SEPARATOR, Tokenizer, TokenizerChoice
from w2v_fast.engines import train
from w2v_fast.vectors.keyed_vectors import KeyedVectors

try:
    from scipy import sparse
    from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
    from sklearn.utils.validation import check_is_fitted
except ImportError as error:
    raise ImportError(
        "w2v_fast.sklearn needs scikit-learn; pip install 'w2v_fast[sklearn]'"
    ) from error

WEIGHTINGS = ("mean", "idf", "sif")
TRAINING = (
    "vector_size",
    "window",
    "min_count",
    "sample",
    "architecture",
    "objective",
    "negative",
    "epochs",
    "alpha",
    "seed",
    "workers",
)
"""Parameters that are options of `train`."""


class Word2VecVectorizer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Turn documents into the weighted means of their word vectors.

    `fit` trains the vectors on the documents, a sentence each, unless `vectors` are given. Words
    without a vector, which are unknown or rarer than `min_count`, are left out of the means; a
    document without a known word becomes the zero vector.

    Parameters
    ----------
    weighting : {"mean", "idf", "sif"}, default "mean"
        How much a word counts (see the module): all alike; less, the more documents have it; or
        less, the more frequent it is, with the component removed that all documents share.
    sif_a : float, default 1e-3
        The a of "sif", above 0; the smaller, the less frequent words count.
    vectors : KeyedVectors, path or None, default None
        Vectors to use instead of training; their counts, if they have any, are the frequencies of
        "sif". A copy of the estimator (`clone`) shares them.
    tokenizer : "whitespace", "words" or callable, default "whitespace"
        Cuts a document that is a str into tokens, as in `train`. Documents may be lists of tokens
        instead.
    vector_size, window, min_count, sample, architecture, objective, negative, epochs, alpha, seed
        Hyper-parameters of the training, with the defaults of `train`; not used with `vectors`.
    workers : int or None, default None
        Threads of the training. One makes it repeatable; under joblib (`n_jobs`), one for each job
        is enough.

    Attributes
    ----------
    vectors_ : KeyedVectors
        The vectors in use.
    weights_ : ndarray of shape (words,)
        The weight of each word, float32, in the order of `vectors_.index_to_key`.
    component_ : ndarray of shape (vector_size,) or None
        The component u that "sif" removes, of length 1.

    Examples
    --------
    >>> documents = ["the cat sat", "the dog sat", "a cat and a dog"] * 20
    >>> vectorizer = Word2VecVectorizer(vector_size=8, weighting="idf", workers=1)
    >>> vectorizer.fit_transform(documents).shape
    (60, 8)
    """

    def __init__(
        self,
        *,
        weighting: str = "mean",
        sif_a: float = 1e-3,
        vectors: KeyedVectors | str | os.PathLike[str] | None = None,
        tokenizer: TokenizerChoice = "whitespace",
        vector_size: int = 100,
        window: int = 5,
        min_count: int = 5,
        sample: float = 1e-3,
        architecture: str = "skipgram",
        objective: str = "ns",
        negative: int = 5,
        epochs: int = 5,
        alpha: float = 0.025,
        seed: int = 1,
        workers: int | None = None,
    ) -> None:
        self.weighting = weighting
        self.sif_a = sif_a
        self.vectors = vectors
        self.tokenizer = tokenizer
        self.vector_size = vector_size
        self.window = window
        self.min_count = min_count
        self.sample = sample
        self.architecture = architecture
        self.objective = objective
        self.negative = negative
        self.epochs = epochs
        self.alpha = alpha
        self.seed = seed
        self.workers = workers

    def fit(self, raw_documents: Iterable[str | Iterable[str]], y: Any = None) -> Self:
        """Train the vectors, or take those that are given, and weigh the words.

        Parameters
        ----------
        raw_documents
            Strings or lists of tokens; read once.
        y
            Not used.

        Returns
        -------
        Word2VecVectorizer
            This estimator.

        Raises
        ------
        ValueError
            A parameter is out of its range, or no word is left to train.
        TypeError
            A document is neither a string nor a list of tokens.
        """
        self.fit_transform(raw_documents)
        return self

    def fit_transform(
        self, raw_documents: Iterable[str | Iterable[str]], y: Any = None
    ) -> np.ndarray:
        """Fit, and transform the same documents.

        Parameters
        ----------
        raw_documents, y
            As for `fit`.

        Returns
        -------
        ndarray of shape (documents, vector_size)
            float32.

        Raises
        ------
        ValueError, TypeError
            As `fit`.
        """
        self._check_parameters()
        documents = self._documents(raw_documents)
        self.vectors_ = self._vectors_for(documents)
        occurrences = self._occurrences(documents)
        self.weights_ = self._weights(occurrences)
        self.component_ = None
        means = self._means(occurrences)
        if self.weighting == "sif":
            self.component_ = first_component(means)
        return self._without_component(means)

    def transform(self, raw_documents: Iterable[str | Iterable[str]]) -> np.ndarray:
        """Turn documents into vectors.

        Parameters
        ----------
        raw_documents
            Strings or lists of tokens.

        Returns
        -------
        ndarray of shape (documents, vector_size)
            float32; zeros for a document without a known word.

        Raises
        ------
        NotFittedError
            `fit` comes first.
        TypeError
            A document is neither a string nor a list of tokens.
        """
        check_is_fitted(self)
        occurrences = self._occurrences(self._documents(raw_documents))
        return self._without_component(self._means(occurrences))

    @property
    def _n_features_out(self) -> int:
        return self.vectors_.vector_size

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags

    def _check_parameters(self) -> None:
        if self.weighting not in WEIGHTINGS:
            raise ValueError(
                f"weighting = {self.weighting!r} must be one of {', '.join(WEIGHTINGS)}"
            )
        if not self.sif_a > 0:
            raise ValueError(f"sif_a = {self.sif_a!r} must be above 0")

    def _documents(self, raw_documents: Any) -> list[list[str]]:
        """The tokens of each document."""
        if isinstance(raw_documents, (str, bytes)) or getattr(raw_documents, "ndim", 1) != 1:
            raise ValueError(
                "expected documents in one dimension: a list of str or of lists of tokens, or one "
                f"column of a table; got {type(raw_documents).__name__}"
            )
        cut = tokenizers.resolve(self.tokenizer)
        return [_tokens(number, document, cut) for number, document in enumerate(raw_documents)]

    def _vectors_for(self, documents: list[list[str]]) -> KeyedVectors:
        if isinstance(self.vectors, KeyedVectors):
            return self.vectors
        if self.vectors is not None:
            return KeyedVectors.load(self.vectors)
        options: Any = {name: getattr(self, name) for name in TRAINING}
        trained = train(documents, **options)
        return KeyedVectors(  # without output vectors, which would double its pickles
            trained.index_to_key, trained.vectors, trained.counts, metadata=trained.metadata
        )

    def _occurrences(self, documents: list[list[str]]) -> Any:
        """How often each word occurs in each document, as a sparse matrix [documents, words]."""
        row_of = self.vectors_.key_to_index
        rows = [[row_of[token] for token in tokens if token in row_of] for tokens in documents]
        ends = np.cumsum([0, *map(len, rows)])
        words = np.fromiter(itertools.chain.from_iterable(rows), np.int64, ends[-1])
        shape = len(documents), len(self.vectors_)
        matrix = sparse.csr_array((np.ones(len(words), np.float32), words, ends), shape)
        matrix.sum_duplicates()
        return matrix

    def _weights(self, occurrences: Any) -> np.ndarray:
        documents, words = occurrences.shape
        if self.weighting == "idf":
            frequency = np.bincount(occurrences.indices, minlength=words)
            weights = np.log((1 + documents) / (1 + frequency)) + 1
        elif self.weighting == "sif":
            counts = self.vectors_.counts
            counts = occurrences.sum(axis=0) if counts is None else counts
            weights = self.sif_a / (self.sif_a + counts / max(counts.sum(), 1))
        else:
            weights = np.ones(words)
        return weights.astype(np.float32)

    def _means(self, occurrences: Any) -> np.ndarray:
        """The weighted mean of each document, before the component is removed."""
        weighted = occurrences.copy()
        weighted.data *= self.weights_[weighted.indices]
        sums = weighted @ np.asarray(self.vectors_.vectors, np.float32)
        return sums / np.maximum(occurrences.sum(axis=1), 1)[:, np.newaxis]

    def _without_component(self, means: np.ndarray) -> np.ndarray:
        if self.component_ is None:
            return means
        return means - np.outer(means @ self.component_, self.component_)


def _tokens(number: int, document: Any, cut: Tokenizer | None) -> list[str]:
    """The tokens of a document, which is a str or has them already."""
    if isinstance(document, str):
        line = document.replace("\n", " ")
        if cut is not None:
            line = cut(f"{line}\n".encode("utf-8", "surrogateescape")).decode()
        return [token for token in SEPARATOR.split(line) if token]
    if not isinstance(document, Iterable) or isinstance(document, bytes):
        kind = type(document).__name__
        raise TypeError(f"document {number} is of type {kind}; expected a str or a list of tokens")
    tokens = list(document)
    for token in tokens:
        if not isinstance(token, str):
            raise TypeError(f"document {number} has the token {token!r}, which is no str")
    return tokens


def first_component(matrix: np.ndarray) -> np.ndarray:
    """The right singular vector of the largest singular value, of length 1."""
    return np.linalg.eigh(matrix.T @ matrix)[1][:, -1].astype(np.float32)
