# PYTHON_ARGCOMPLETE_OK
"""Accept the command line of the C tool word2vec.

Flags, defaults and meanings are the same. Also installed as 'w2v-fast-word2vec', so that a script
changes one name. Unlike there, an unknown flag is an error; -hs 1 needs -negative 0, because one
run has one objective; and there is no row for the ends of lines.

Example:
  w2v-fast word2vec -train text8 -output vectors.bin -cbow 0 -size 200 -binary 1
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from w2v_fast.cli import options
from w2v_fast.cli.classes import check_count, require_sklearn, write_classes
from w2v_fast.cli.corpus_input import read_text, read_vocabulary
from w2v_fast.cli.main import add_traceback, execute
from w2v_fast.cli.parser import Parser, UsageError
from w2v_fast.cli.paths import Output, check_paths
from w2v_fast.cli.train import train_and_write
from w2v_fast.config import TrainConfig
from w2v_fast.vectors import formats
from w2v_fast.vectors.keyed_vectors import KeyedVectors
from w2v_fast.word2vec import Word2Vec

ALPHA = {0: 0.025, 1: 0.05}
MIN_ALPHA_SHARE = 1e-4


def main(argv: Sequence[str] | None = None) -> int:
    """The console command w2v-fast-word2vec; returns its exit code."""
    parser = Parser(prog="w2v-fast-word2vec", description=__doc__)
    add_arguments(parser)
    add_traceback(parser)
    parser.set_defaults(run=run)
    return execute(parser, list(sys.argv[1:] if argv is None else argv) or ["--help"])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    def flag(name: str, default: float | None, help: str, **rules: Any) -> None:
        """Add a flag for a number of the type of `default`; for a file if that is None."""
        if default is None:
            parser.add_argument(name, metavar="FILE", help=help)
            return
        if "choices" not in rules:
            rules = {"metavar": "N" if isinstance(default, int) else "X", **rules}
        help += f" (default: {default})"
        parser.add_argument(name, type=type(default), default=default, help=help, **rules)

    switch = {"choices": (0, 1)}
    flag("-train", None, "text to learn from, compressed or not; '-' is standard input")
    flag("-output", None, "file for the vectors or classes; without it only words are counted")
    flag("-size", 100, "dimensions of a vector")
    flag("-window", 5, "largest distance of a context, in words")
    flag("-sample", 1e-3, "subsampling threshold for frequent words; 0 is off")
    flag("-hs", 0, "hierarchical softmax; needs -negative 0", **switch)
    flag("-negative", 5, "noise words for each target; 0 is off")
    flag("-threads", 12, "threads")
    flag("-iter", 5, "passes over the text")
    flag("-min-count", 5, "words that occur fewer times are left out")
    parser.add_argument(
        "-alpha",
        metavar="X",
        type=float,
        help="learning rate at the start (default: 0.05 for CBOW, 0.025 for skip-gram)",
    )
    flag("-classes", 0, "write K k-means classes (extra: cluster); 0 writes vectors", metavar="K")
    flag("-debug", 2, "what standard error shows: 2 progress, 1 the number of words, 0 nothing")
    flag("-binary", 0, "write the vectors as binary (1) or text (0)", **switch)
    flag("-save-vocab", None, "write the vocabulary as 'word count' lines")
    flag("-read-vocab", None, "use the words and counts of such a file instead of counting")
    flag("-cbow", 1, "continuous bag of words (1) or skip-gram (0)", **switch)


def run(arguments: argparse.Namespace) -> int:
    if arguments.train is None:
        raise UsageError("-train FILE is missing")
    config = config_of(arguments)
    check_writable_before_work(arguments)
    vocabulary = read_vocabulary(arguments.read_vocab, config) if arguments.read_vocab else None
    if arguments.output is not None or vocabulary is None:
        progress = "bar" if arguments.debug else "quiet"
        corpus = read_text([arguments.train], config, progress, vocabulary=vocabulary)
        vocabulary = corpus.vocabulary
    if arguments.save_vocab is not None:
        vocabulary.save(arguments.save_vocab)
    if arguments.output is None:
        return 0
    if arguments.classes:
        check_count(arguments.classes, len(vocabulary))
    else:
        formats.check_words(vocabulary.words, arguments.output, format_of(arguments))
    return train_and_write(
        Word2Vec(corpus, config),
        "bar" if arguments.debug > 1 else "quiet",
        arguments.output,
        lambda kv: write(kv, arguments, config.seed),
    )


def config_of(arguments: argparse.Namespace) -> TrainConfig:
    """The hyper-parameters; UsageError for what one run cannot do."""
    if arguments.hs and arguments.negative:
        raise UsageError(
            f"-hs 1 with -negative {arguments.negative} would train two objectives at once; for "
            "hierarchical softmax give -hs 1 -negative 0, for negative sampling -hs 0"
        )
    if not arguments.hs and not arguments.negative:
        raise UsageError("-hs 0 with -negative 0 would train nothing; give one of them")
    if min(arguments.classes, arguments.min_count, arguments.debug) < 0:
        raise UsageError("-classes, -min-count and -debug must not be negative")
    alpha = ALPHA[arguments.cbow] if arguments.alpha is None else arguments.alpha
    negative = {} if arguments.hs else {"negative": arguments.negative}
    return options.checked_config(
        vector_size=arguments.size,
        window=arguments.window,
        sample=arguments.sample,
        workers=arguments.threads,
        epochs=arguments.iter,
        min_count=max(arguments.min_count, 1),
        alpha=alpha,
        min_alpha=alpha * MIN_ALPHA_SHARE,
        architecture="cbow" if arguments.cbow else "skipgram",
        objective="hs" if arguments.hs else "ns",
        **negative,
    )


def check_writable_before_work(arguments: argparse.Namespace) -> None:
    """Raise now what would stop the run at its end."""
    format = None if arguments.classes else format_of(arguments)
    outputs = []
    if arguments.output is not None:
        outputs.append(Output("-output", arguments.output, format))
    if arguments.save_vocab is not None:
        outputs.append(Output("-save-vocab", arguments.save_vocab))
    check_paths({"-train": arguments.train, "-read-vocab": arguments.read_vocab}, *outputs)
    if arguments.classes:
        require_sklearn()


def write(kv: KeyedVectors, arguments: argparse.Namespace, seed: int) -> None:
    """Write the vectors, or the classes of their words."""
    if arguments.classes:
        write_classes(kv, arguments.output, arguments.classes, seed)
    else:
        kv.save(arguments.output, format=format_of(arguments))


def format_of(arguments: argparse.Namespace) -> str:
    """The format of the vectors."""
    return "word2vec_binary" if arguments.binary else "word2vec_text"


if __name__ == "__main__":
    sys.exit(main())
