"""The same results as the corpus package, the slow and obvious way."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable

from w2v_fast.corpus.corpus import Corpus


def split(text: bytes) -> list[list[bytes]]:
    """Sentences of words: newline ends a sentence; NUL and ASCII white space separate."""
    return [
        [word for word in re.split(rb"[\0\t\v\f\r ]", line) if word] for line in text.split(b"\n")
    ]


def encode(
    sentences: Iterable[Iterable[Hashable]], min_count: int = 1, max_vocab: int | None = None
) -> dict:
    """Everything a corpus holds.

    `Counter.most_common` keeps words of equal count in the order of first appearance.
    """
    sentences = [list(sentence) for sentence in sentences]
    counter = Counter(word for sentence in sentences for word in sentence)
    ranked = [(word, count) for word, count in counter.most_common() if count >= min_count][
        :max_vocab
    ]
    index = {word: id for id, (word, _) in enumerate(ranked)}
    kept = [[index[word] for word in sentence if word in index] for sentence in sentences]
    return {
        "words": [word for word, _ in ranked],
        "counts": [count for _, count in ranked],
        "sentences": [sentence for sentence in kept if sentence],
        "raw_tokens": counter.total(),
    }


def contents(corpus: Corpus) -> dict:
    """A corpus in the oracle's form, its words as bytes."""
    return {
        "words": [word.encode("utf-8", "surrogateescape") for word in corpus.vocabulary.words],
        "counts": corpus.vocabulary.counts.tolist(),
        "sentences": [sentence.tolist() for sentence in corpus.sentences()],
        "raw_tokens": corpus.raw_tokens,
    }
