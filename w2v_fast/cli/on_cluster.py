"""`train --engine ray`: the options of a cluster, and a run on it."""

from __future__ import annotations

import argparse
import contextlib
import logging
import sys

from w2v_fast.cli import options
from w2v_fast.cli.corpus_input import read_vocabulary, tokenizer_of
from w2v_fast.cli.messages import note, report
from w2v_fast.cli.parser import UsageError
from w2v_fast.cli.signals import StopSignals
from w2v_fast.cluster.driver import ClusterRun
from w2v_fast.config import TrainConfig
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.engines import ENGINES
from w2v_fast.system.files import check_space
from w2v_fast.training.progress import reporter
from w2v_fast.vectors import formats

OF_CLUSTER = ("nodes", "address", "sync_words")
OF_ONE_MACHINE = ("init", "grow", "explore", "memory_budget")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--engine, and what it needs."""
    group = parser.add_argument_group("clusters (extra: ray)")
    group.add_argument(
        "--engine",
        choices=ENGINES,
        default="local",
        help="train on this machine, or on those of a Ray cluster (default: local)",
    )
    group.add_argument(
        "--address",
        metavar="HOST:PORT",
        help="of the Ray cluster; 'auto' is the one that runs on this machine, 'local' starts one "
        "(default: auto)",
    )
    group.add_argument(
        "--nodes",
        metavar="MIN:MAX",
        type=node_range,
        help="machines to wait for, and to use at most: 4, 2:8 or 2: (default: 1:)",
    )
    group.add_argument(
        "--sync-words",
        metavar="N",
        type=options.positive,
        help="words that a node trains between two exchanges (default: by the size of the run)",
    )


def check_usage(arguments: argparse.Namespace) -> None:
    """Raise a UsageError for options of the other engine."""
    is_local = arguments.engine == "local"
    refused = OF_CLUSTER if is_local else OF_ONE_MACHINE
    given = [options.flag_of(name) for name in refused if getattr(arguments, name, None)]
    if given:
        raise UsageError(f"--engine {arguments.engine} takes no {' and no '.join(given)}")


def run(arguments: argparse.Namespace, config: TrainConfig, format: str) -> int:
    """Train on the cluster, write the vectors, and return the exit code."""
    if arguments.progress == "bar":
        logging.getLogger("w2v_fast.cluster").setLevel(logging.INFO)
    words = read_vocabulary(arguments.read_vocab, config) if arguments.read_vocab else None
    tokenizer_of(arguments)  # an unknown name is a wrong usage

    def take(vocabulary: Vocabulary) -> None:
        formats.check_words(vocabulary.words, arguments.output, format)
        check_space(arguments.output, 4 * len(vocabulary) * config.vector_size)
        if arguments.save_vocab:
            vocabulary.save(arguments.save_vocab)

    trained = ClusterRun(
        arguments.corpus,
        config,
        nodes=arguments.nodes or (1, None),
        address=arguments.address,
        sync_words=arguments.sync_words,
        column=arguments.column,
        tokenizer=arguments.tokenizer,
        vocabulary=words,
        on_vocabulary=take,
    )
    with StopSignals(trained.stop) as signals:
        with contextlib.redirect_stdout(sys.stderr):  # where Ray tells of lost nodes
            trained.train(
                reporter(arguments.progress),
                arguments.checkpoint,
                arguments.checkpoint_minutes,
                bool(arguments.resume),
            )
        if signals.stopped and not trained.done:
            if arguments.progress == "bar" and sys.stderr.isatty():
                print(file=sys.stderr)  # below the bar
            note(f"{signals.stopped} after {trained.share_done:.1%} of the run")
        trained.wv.save(arguments.output, format=format)
    count = len(trained.wv)
    message = f"wrote {arguments.output}: {count:,} words"
    mode = "bar" if signals.stopped else arguments.progress
    report(mode, "wrote", message, file=arguments.output, words=count)
    return signals.exit_code


def node_range(text: str) -> tuple[int, int | None]:
    """MIN:MAX, MIN: or a single number."""
    least, colon, most = text.partition(":")
    numbers = options.positive(least), options.positive(most or least)
    if most and numbers[1] < numbers[0]:
        raise ValueError
    return numbers[0], numbers[1] if most or not colon else None
