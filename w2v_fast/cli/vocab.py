"""Count the words of a corpus, the most frequent first.

A line of output is: word, count.

Example:
  w2v-fast vocab text8 --min-count 100 | head
"""

from __future__ import annotations

import argparse

from w2v_fast.cli import options
from w2v_fast.cli.corpus_input import inputs_of, read_corpus
from w2v_fast.cli.paths import Output, check_paths


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.add_lines_argument(parser)
    options.add_corpus_arguments(parser)
    options.add_config_arguments(parser, "min_count", "max_vocab", "workers")


def run(arguments: argparse.Namespace) -> None:
    config = options.config_from(arguments)
    check_paths(inputs_of(arguments), Output("-o", arguments.output))
    read_corpus(arguments, config).vocabulary.save(arguments.output)
