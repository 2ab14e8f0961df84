"""From the command line to a Corpus: text is read once, a saved corpus is opened."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from w2v_fast.cli.messages import as_json, note, report
from w2v_fast.cli.options import flag_of, given
from w2v_fast.cli.parser import UsageError
from w2v_fast.config import TrainConfig
from w2v_fast.corpus.corpus import MAGIC, Corpus
from w2v_fast.corpus.vocabulary import Vocabulary

FIXED_WHEN_SAVED = ("min_count", "max_vocab")
LINE_END = "</s>"
REPORT_SECONDS = 0.2

Report = Callable[[int, int | None], None]


def read_corpus(arguments: argparse.Namespace, config: TrainConfig) -> Corpus:
    """Read what `add_corpus_arguments` declares."""
    saved = [path for path in arguments.corpus if is_saved(path)]
    if saved:
        return _open_saved(arguments, saved[0])
    vocabulary = read_vocabulary(arguments.read_vocab, config) if arguments.read_vocab else None
    return read_text(
        arguments.corpus, config, arguments.progress, vocabulary, arguments.memory_budget
    )


def read_text(
    paths: list[str],
    config: TrainConfig,
    progress: str = "quiet",
    vocabulary: Vocabulary | None = None,
    memory_budget: int | None = None,
) -> Corpus:
    """Read text files and report how large the corpus is."""
    corpus = Corpus.from_source(
        paths,
        min_count=config.min_count,
        max_vocab=config.max_vocab,
        vocabulary=vocabulary,
        workers=config.workers,
        memory_budget=memory_budget,
        progress=reporter(progress),
    )
    report(
        progress,
        "read",
        f"read {corpus.raw_tokens:,} words: {len(corpus):,} of them are of the "
        f"{len(corpus.vocabulary):,} words in the vocabulary",
        words=corpus.raw_tokens,
        words_in_vocabulary=len(corpus),
        vocabulary=len(corpus.vocabulary),
    )
    return corpus


def is_saved(path: str) -> bool:
    """Whether a path is a corpus that `encode` wrote."""
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def _open_saved(arguments: argparse.Namespace, path: str) -> Corpus:
    if len(arguments.corpus) > 1:
        raise UsageError(f"{path} is a saved corpus and must be the only one")
    fixed = [flag_of(name) for name in FIXED_WHEN_SAVED if name in given(arguments)]
    fixed += ["--read-vocab"] if arguments.read_vocab else []
    if fixed:
        raise UsageError(
            f"{path} is a saved corpus, whose vocabulary is fixed: give {' and '.join(fixed)} to "
            "'w2v-fast encode' instead"
        )
    return Corpus.open(path, memory_budget=arguments.memory_budget)


def read_vocabulary(path: str, config: TrainConfig) -> Vocabulary:
    """Read `word count` lines, without word2vec.c's entry for the ends of lines, which are no word here."""
    vocabulary = Vocabulary.load(path, config.min_count)
    if LINE_END in vocabulary:
        note(f"{path}: left out {LINE_END}, which stands for the ends of lines")
    rows = [row for row, word in enumerate(vocabulary.words) if word != LINE_END][
        : config.max_vocab
    ]
    return Vocabulary([vocabulary.words[row] for row in rows], vocabulary.counts[rows])


def reporter(mode: str) -> Report | None:
    """What shows how much has been read: a bar, JSON lines, or nothing."""
    if mode == "bar":
        return _Bar()
    return _JsonLines() if mode == "json" else None


class _Bar:
    def __init__(self) -> None:
        self._bar: Any = None

    def __call__(self, done: int, total: int | None) -> None:
        from tqdm import tqdm

        if self._bar is None:
            self._bar = tqdm(
                total=total,
                unit="B",
                unit_scale=True,
                file=sys.stderr,
                disable=None,
                leave=False,
                dynamic_ncols=True,
                desc="reading",
            )
        self._bar.update(done - self._bar.n)


class _JsonLines:
    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, done: int, total: int | None) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + REPORT_SECONDS
            print(
                as_json({"event": "reading", "bytes": done, "total_bytes": total}),
                file=sys.stderr,
                flush=True,
            )
