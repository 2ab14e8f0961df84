"""Train word vectors on text and write them to a file.

Examples:
  w2v-fast train text8 -o vectors.bin
  zcat dump.gz | w2v-fast train - -o vectors.bin --vector-size 300 --epochs 3
  w2v-fast train text8 -o vectors.bin --checkpoint run1 --resume auto
  w2v-fast train '/shared/dump/*' -o vectors.bin --engine ray --nodes 2:8

Ctrl-C (or SIGTERM, SIGHUP) stops within a second and writes the vectors trained so far, and a
checkpoint with --checkpoint; a second one ends at once.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from w2v_fast.cli import on_cluster, options
from w2v_fast.cli.corpus_input import inputs_of, read_corpus
from w2v_fast.cli.explore import watched
from w2v_fast.cli.messages import note, report
from w2v_fast.cli.parser import UsageError
from w2v_fast.cli.paths import CHECKPOINTS, Output, check_paths
from w2v_fast.cli.signals import StopSignals
from w2v_fast.system.files import check_space
from w2v_fast.training._inner import choose_isa
from w2v_fast.training.progress import Report
from w2v_fast.training.trainer import CHECKPOINT_MINUTES
from w2v_fast.vectors import formats
from w2v_fast.vectors.keyed_vectors import KeyedVectors
from w2v_fast.word2vec import Word2Vec, load_initial_vectors


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", metavar="OUT", required=True, help="file for the vectors")
    options.add_format_argument(parser)
    options.add_corpus_arguments(parser)
    parser.add_argument(
        "--save-vocab", metavar="FILE", help="write the vocabulary as 'word count' lines"
    )
    parser.add_argument(
        "--init",
        metavar="FILE",
        help="start from the vectors of this file; words that it lacks start as usual",
    )
    parser.add_argument(
        "--grow",
        action="store_true",
        help="with --init: keep all of its words and add new ones from the corpus",
    )
    parser.add_argument(
        "--checkpoint",
        metavar="DIR",
        help="checkpoint folder: written every --checkpoint-minutes, on interruption, and at the "
        "end",
    )
    parser.add_argument(
        "--checkpoint-minutes",
        metavar="X",
        type=options.positive_minutes,
        help=f"minutes between checkpoints (default: {CHECKPOINT_MINUTES:g}; "
        "0.5 with --engine ray)",
    )
    parser.add_argument(
        "--resume",
        nargs="?",
        choices=("auto",),
        const="auto",
        help="continue from the newest checkpoint in the folder, if it has one",
    )
    parser.add_argument(
        "--explore", action="store_true", help="show the run in a browser while it trains"
    )
    on_cluster.add_arguments(parser)
    options.add_config_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    config = options.config_from(arguments)
    _check_usage(arguments)
    format = options.output_format(arguments.output, arguments.format)
    outputs = [Output("-o", arguments.output, format)]
    if arguments.save_vocab is not None:
        outputs.append(Output("--save-vocab", arguments.save_vocab))
    if arguments.checkpoint is not None:
        outputs.append(Output("--checkpoint", arguments.checkpoint, CHECKPOINTS))
    check_paths({**inputs_of(arguments), "--init": arguments.init}, *outputs)
    choose_isa(config.isa)
    if arguments.engine == "ray":
        return on_cluster.run(arguments, config, format)
    init = load_initial_vectors(arguments.init, config)
    corpus = read_corpus(arguments, config, arguments.grow)
    model = Word2Vec(corpus, config, init=init, grow=arguments.grow)
    formats.check_words(model.corpus.vocabulary.words, arguments.output, format)
    if arguments.save_vocab:
        model.corpus.vocabulary.save(arguments.save_vocab)
    if arguments.resume and model.resume(arguments.checkpoint):
        note(f"going on from {model.trainer.last_checkpoint}, {_done(model)} of the run")
    with watched(model, arguments.progress) if arguments.explore else nullcontext() as told:
        return train_and_write(
            model,
            arguments.progress,
            arguments.output,
            lambda kv: kv.save(arguments.output, format=format),
            told,
            checkpoint=arguments.checkpoint,
            checkpoint_minutes=arguments.checkpoint_minutes or CHECKPOINT_MINUTES,
        )


def _check_usage(arguments: argparse.Namespace) -> None:
    on_cluster.check_usage(arguments)
    if arguments.checkpoint is None and (arguments.resume or arguments.checkpoint_minutes):
        raise UsageError(
            "--resume and --checkpoint-minutes need the folder of the checkpoints: --checkpoint DIR"
        )
    if arguments.grow and (arguments.init is None or arguments.read_vocab is not None):
        raise UsageError(
            "--grow needs --init FILE and takes no --read-vocab: it adds the words of the corpus"
        )


def train_and_write(
    model: Word2Vec,
    progress: str,
    output: str,
    write: Callable[[KeyedVectors], object],
    told: Report | None = None,
    **checkpoints: Any,
) -> int:
    """Train, write the vectors, and return the exit code.

    The first SIGINT, SIGTERM or SIGHUP ends the training, with a checkpoint if there is a folder
    for them, and the vectors are written; a second one raises `Stopped`.
    """
    check_space(output, model.trainer.weights.vectors.nbytes)
    if progress == "bar":
        note(f"training with {model.trainer.isa} takes {model.memory}")
    with StopSignals(model.stop) as signals:
        model.train(told or progress, **checkpoints)
        if signals.stopped and not model.done:
            if progress == "bar" and sys.stderr.isatty():
                print(file=sys.stderr)  # below the bar
            note(
                f"{signals.stopped} after {_done(model)} of the run; writing what is trained (once "
                "more ends without writing)"
            )
            if model.trainer.last_checkpoint is not None:
                note(
                    f"wrote {model.trainer.last_checkpoint}: to go on, give the same command with "
                    "--resume auto"
                )
        write(model.wv)
    vectors = len(model.corpus.vocabulary)
    report(
        "bar" if signals.stopped else progress,
        "wrote",
        f"wrote {output}: {vectors:,} words",
        file=output,
        words=vectors,
    )
    return signals.exit_code


def _done(model: Word2Vec) -> str:
    return f"{model.trainer.tokens / model.trainer.jobs.total_tokens:.1%}"
