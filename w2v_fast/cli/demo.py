"""Train on the text of Python's own documentation, and print similar words.

Nothing is downloaded: the text is the documentation strings and comments of the standard library,
and its help topics: 860 thousand words in Python 3.11, in lower case and without punctuation (less
where Python's tests are packaged apart). The run takes some ten seconds.

Examples:
  w2v-fast demo
  w2v-fast demo --text > python.txt
  w2v-fast demo text8
"""

from __future__ import annotations

import argparse
import platform
import shutil
import sys
import time
from typing import Any

from w2v_fast.cli.demo_corpus import sentences
from w2v_fast.cli.messages import note
from w2v_fast.cli.parser import UsageError
from w2v_fast.cli.paths import STANDARD_OUTPUT, check_paths
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.word2vec import Word2Vec

WORDS = ("list", "socket", "month", "thread")
SETTINGS: dict[str, Any] = {
    "architecture": "cbow",
    "alpha": 0.05,
    "window": 10,
    "negative": 10,
    "min_count": 10,
    "epochs": 20,
}
NEIGHBORS = 7
NEXT = """next, with any text file of yours:
  {command} train FILE -o vectors.bin
  {command} similar vectors.bin WORD
  {command} train --help"""
CONTENT_SHARE = 5e-4
"""More frequent words are mostly function words."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "corpus",
        metavar="CORPUS",
        nargs="?",
        help="a text file or folder to train on, with the default settings of 'train' "
        "(default: the standard library)",
    )
    parser.add_argument(
        "--text",
        action="store_true",
        help="print the text of the standard library, a sentence a line, and train nothing",
    )


def run(arguments: argparse.Namespace) -> None:
    check_paths({"CORPUS": arguments.corpus}, STANDARD_OUTPUT)
    if arguments.text:
        if arguments.corpus is not None:
            raise UsageError("--text prints the standard library and takes no CORPUS")
        for sentence in sentences():
            print(*sentence)
        return
    started = time.monotonic()
    if arguments.corpus is None:
        note(f"reading the standard library of Python {platform.python_version()}")
        model = Word2Vec(sentences(), **SETTINGS)
        words = [word for word in WORDS if word in model.corpus.vocabulary]
    else:
        note(f"reading {arguments.corpus}")
        model = Word2Vec(arguments.corpus)
        words = content_words(model.corpus.vocabulary)
    note(
        f"read {model.corpus.raw_tokens:,} words in {time.monotonic() - started:.1f} s; training "
        f"{len(model.corpus.vocabulary):,} vectors on {model.config.threads} threads"
    )
    started = time.monotonic()
    kv = model.train().wv
    seconds = time.monotonic() - started
    note(
        f"trained {model.config.epochs} epochs in {seconds:.1f} s, "
        f"{model.trainer.tokens / seconds / 1e6:.2f} million words a second; "
        f"loss {model.losses[0].mean:.3f} -> {model.losses[-1].mean:.3f} nats per pair"
    )
    for word in words:
        neighbors = [neighbor for neighbor, _ in kv.most_similar(word, topn=NEIGHBORS)]
        print(f"{word + ':':<12}", *neighbors)
    note(NEXT.format(command="w2v-fast" if shutil.which("w2v-fast") else sys.argv[0]))


def content_words(vocabulary: Vocabulary) -> list[str]:
    """The most frequent words that are not function words."""
    limit = CONTENT_SHARE * int(vocabulary.counts.sum())
    words = [
        word
        for word, count in zip(vocabulary.words, vocabulary.counts.tolist(), strict=True)
        if count < limit and len(word) > 3 and word.isalpha()
    ]
    return (words or vocabulary.words)[: len(WORDS)]
