"""Save a corpus as word ids, which 'train' opens without reading the text again.

Example:
  w2v-fast encode 'dumps/*.gz' -o corpus.w2v --min-count 20
  w2v-fast train corpus.w2v -o vectors.bin
"""

from __future__ import annotations

import argparse

from w2v_fast.cli import options
from w2v_fast.cli.corpus_input import inputs_of, read_corpus
from w2v_fast.cli.messages import report
from w2v_fast.cli.paths import Output, check_paths


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", metavar="FILE", required=True, help="file for the corpus")
    options.add_corpus_arguments(parser)
    options.add_config_arguments(parser, "min_count", "max_vocab", "workers")


def run(arguments: argparse.Namespace) -> None:
    config = options.config_from(arguments)
    check_paths(inputs_of(arguments), Output("-o", arguments.output))
    corpus = read_corpus(arguments, config)
    corpus.save(arguments.output)
    report(arguments.progress, "wrote", f"wrote {arguments.output}", file=arguments.output)
