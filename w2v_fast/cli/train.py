"""Train word vectors on text and write them to a file.

Examples:
  w2v-fast train text8 -o vectors.bin
  zcat dump.gz | w2v-fast train - -o vectors.bin --vector-size 300 --epochs 3

Ctrl-C (or SIGTERM) stops within a second and writes the vectors trained so far; a second one ends at once.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from w2v_fast.cli import options
from w2v_fast.cli.notes import note
from w2v_fast.cli.signals import Stopped, StopSignals

if TYPE_CHECKING:
    from w2v_fast.config import TrainConfig
    from w2v_fast.corpus.corpus import Corpus
    from w2v_fast.vectors.keyed_vectors import KeyedVectors


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", metavar="OUT", required=True, help="file for the vectors")
    options.add_format_argument(parser)
    options.add_corpus_arguments(parser)
    parser.add_argument("--save-vocab", metavar="FILE", help="write the vocabulary as 'word count' lines")
    options.add_config_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    from w2v_fast.cli.reading import read_corpus

    config = options.config_from(arguments)
    format = options.output_format(arguments.output, arguments.format)
    options.check_target(arguments.output, format)
    if arguments.save_vocab:
        options.check_writable(arguments.save_vocab)
    corpus = read_corpus(arguments, config)
    if arguments.save_vocab:
        corpus.vocabulary.save(arguments.save_vocab)
    return train_and_write(corpus, config, arguments.progress, arguments.output,
                           lambda vectors: vectors.save(arguments.output, format=format))


def train_and_write(corpus: Corpus, config: TrainConfig, progress: str, output: str,
                    write: Callable[[KeyedVectors], object]) -> int:
    """Train and write the vectors; returns the exit code.

    The first SIGINT or SIGTERM ends the training, not the writing; a second one raises `Stopped`.
    """
    from w2v_fast.training.progress import reporter
    from w2v_fast.word2vec import Word2Vec

    model = Word2Vec(corpus, config)
    with StopSignals() as signals:
        try:
            model.train(signals.checked(reporter(progress)))
        except Stopped as stop:
            if stop is not signals.stopped:
                raise
            if progress == "bar" and sys.stderr.isatty():
                print(file=sys.stderr)  # below the bar
            done = model.trainer.tokens / model.trainer.jobs.total_tokens
            note(f"{stop} after {done:.1%} of the run; writing what is trained (once more ends without writing)")
        write(model.wv)
    if progress != "quiet" or signals.stopped:
        note(f"wrote {output}: {len(corpus.vocabulary):,} words")
    return signals.stopped.exit_code if signals.stopped else 0
