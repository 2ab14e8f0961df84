"""From the command line to a Corpus: text is read once, a saved corpus is opened."""

from __future__ import annotations

import argparse
import contextlib
import os
import time
from collections.abc import Callable
from typing import Any

from w2v_fast import word2vec
from w2v_fast.cli.messages import note, report
from w2v_fast.cli.options import flag_of, given
from w2v_fast.cli.parser import UsageError
from w2v_fast.config import TrainConfig
from w2v_fast.corpus import tokenizers
from w2v_fast.corpus.corpus import MAGIC, Corpus
from w2v_fast.corpus.tokenizers import Tokenizer
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.system.bar import Bar
from w2v_fast.system.files import open_raw
from w2v_fast.system.remote import is_remote
from w2v_fast.training.watch import REPORT_SECONDS

FIXED_WHEN_SAVED = ("min_count", "max_vocab")
LINE_END = "</s>"


def inputs_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """The files that a corpus is read from, by the options that name them (`check_paths`)."""
    return {"CORPUS": arguments.corpus, "--read-vocab": arguments.read_vocab}


def read_corpus(arguments: argparse.Namespace, config: TrainConfig, grow: bool = False) -> Corpus:
    """Read what `add_corpus_arguments` declares, and report how large it is if it is text."""
    saved = [path for path in arguments.corpus if is_saved(path)]
    if saved:
        return _open_saved(arguments, saved[0])
    vocabulary = read_vocabulary(arguments.read_vocab, config) if arguments.read_vocab else None
    tokenizer = tokenizer_of(arguments)
    corpus = read_text(
        arguments.corpus,
        config,
        arguments.progress,
        column=arguments.column,
        tokenizer=tokenizer,
        vocabulary=vocabulary,
        memory_budget=arguments.memory_budget,
        grow=grow,
    )
    if tokenizer is not None:
        report(arguments.progress, "tokenized", tokenizer.summary(), tokenizer=tokenizer.name)
    return corpus


def tokenizer_of(arguments: argparse.Namespace) -> Tokenizer | None:
    """What --tokenizer names; an unknown name is a wrong usage."""
    try:
        return tokenizers.resolve(arguments.tokenizer)
    except (TypeError, ValueError) as error:
        raise UsageError(f"--tokenizer: {error}") from None


def read_text(paths: list[str], config: TrainConfig, progress: str, **options: Any) -> Corpus:
    """Read files with the options of `word2vec.read_corpus`, and report how large the corpus is."""
    corpus = word2vec.read_corpus(paths, config, progress=reporter(progress), **options)
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
    if not (is_remote(path) or os.path.isfile(path)):
        return False
    with contextlib.suppress(FileNotFoundError), open_raw(path) as file:  # a glob of URLs
        return file.read(len(MAGIC)) == MAGIC
    return False


def _open_saved(arguments: argparse.Namespace, path: str) -> Corpus:
    if len(arguments.corpus) > 1:
        raise UsageError(f"{path} is a saved corpus and must be the only one")
    fixed = [flag_of(name) for name in FIXED_WHEN_SAVED if name in given(arguments)]
    fixed += ["--read-vocab"] if arguments.read_vocab else []
    fixed += [flag_of(name) for name in ("column", "tokenizer") if getattr(arguments, name)]
    if fixed:
        raise UsageError(
            f"{path} is a saved corpus, whose words are fixed: give {' and '.join(fixed)} to "
            "'w2v-fast encode' instead"
        )
    return Corpus.open(path, memory_budget=arguments.memory_budget)


def read_vocabulary(path: str, config: TrainConfig) -> Vocabulary:
    """Read `word count` lines, without the entry for line ends that word2vec.c writes."""
    vocabulary = Vocabulary.load(path, config.min_count)
    if LINE_END in vocabulary:
        note(f"{path}: left out {LINE_END}, which stands for the ends of lines")
    rows = [row for row, word in enumerate(vocabulary.words) if word != LINE_END]
    rows = rows[: config.max_vocab]
    return Vocabulary([vocabulary.words[row] for row in rows], vocabulary.counts[rows])


def reporter(mode: str) -> Callable[[int, int | None], None] | None:
    """A function that shows how many bytes have been read: as a bar, as JSON lines, or None."""
    if mode == "bar":
        return Bar("reading", "B", leave=False).show
    return _JsonLines() if mode == "json" else None


class _JsonLines:
    _next = 0.0

    def __call__(self, done: int, total: int | None) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + REPORT_SECONDS
            report("json", "reading", "", bytes=done, total_bytes=total)
