# PYTHON_ARGCOMPLETE_OK
"""Take the command line of the C tool word2vec: its flags, defaults and meanings.

Also installed as 'w2v-fast-word2vec', so that a script changes one name. Unlike there, an unknown
flag is an error; -hs 1 needs -negative 0, because one run has one objective; and there is no row
for the ends of lines.

Example:
  w2v-fast word2vec -train text8 -output vectors.bin -cbow 0 -size 200 -binary 1
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from w2v_fast.cli import options
from w2v_fast.cli.parser import Parser, UsageError
from w2v_fast.cli.paths import Output, check_paths

if TYPE_CHECKING:
    from w2v_fast.config import TrainConfig
    from w2v_fast.corpus.corpus import Corpus
    from w2v_fast.corpus.vocabulary import Vocabulary
    from w2v_fast.vectors.keyed_vectors import KeyedVectors

ALPHA = {0: 0.025, 1: 0.05}
MIN_ALPHA_SHARE = 1e-4


def main(argv: Sequence[str] | None = None) -> int:
    """The console command w2v-fast-word2vec; returns its exit code."""
    from w2v_fast.cli.main import add_traceback, execute

    parser = Parser(prog="w2v-fast-word2vec", description=__doc__)
    add_arguments(parser)
    add_traceback(parser)
    parser.set_defaults(run=run)
    return execute(parser, sys.argv[1:] or ["--help"] if argv is None else argv or ["--help"])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    def flag(name: str, help: str, **rules: object) -> None:
        default = f" (default: {rules['default']})" if rules.get("default") is not None else ""
        parser.add_argument(name, help=help + default, **rules)  # type: ignore[arg-type]

    flag("-train", "text to learn from, compressed or not, '-' for standard input", metavar="FILE")
    flag(
        "-output",
        "file for the vectors, or for the classes; without it only the vocabulary is built",
        metavar="FILE",
    )
    flag("-size", "dimensions of a vector", metavar="N", type=int, default=100)
    flag("-window", "largest distance of a context, in words", metavar="N", type=int, default=5)
    flag(
        "-sample",
        "subsampling threshold for frequent words; 0 is off",
        metavar="X",
        type=float,
        default=1e-3,
    )
    flag("-hs", "hierarchical softmax; needs -negative 0", choices=(0, 1), type=int, default=0)
    flag("-negative", "noise words for each target; 0 is off", metavar="N", type=int, default=5)
    flag("-threads", "threads", metavar="N", type=int, default=12)
    flag("-iter", "passes over the text", metavar="N", type=int, default=5)
    flag(
        "-min-count", "words that occur fewer times are left out", metavar="N", type=int, default=5
    )
    flag(
        "-alpha",
        "learning rate at the start (default: 0.05 for CBOW, 0.025 for skip-gram)",
        metavar="X",
        type=float,
    )
    flag(
        "-classes",
        "write 'word class' lines of so many k-means classes instead of vectors; 0 is off (extra: "
        "cluster)",
        metavar="K",
        type=int,
        default=0,
    )
    flag(
        "-debug",
        "2 shows progress, 1 the size of the vocabulary, 0 nothing, all on standard error",
        metavar="N",
        type=int,
        default=2,
    )
    flag(
        "-binary",
        "write the vectors as binary (1) or text (0)",
        choices=(0, 1),
        type=int,
        default=0,
    )
    flag("-save-vocab", "write the vocabulary as 'word count' lines", metavar="FILE")
    flag(
        "-read-vocab",
        "take words and counts from such lines instead of counting the text",
        metavar="FILE",
    )
    flag(
        "-cbow", "continuous bag of words (1) or skip-gram (0)", choices=(0, 1), type=int, default=1
    )


def run(arguments: argparse.Namespace) -> int:
    if arguments.train is None:
        raise UsageError("-train FILE is missing")
    config = config_of(arguments)
    check_writable_before_work(arguments)
    if arguments.output is None:
        _save(_vocabulary(arguments, config), arguments.save_vocab)
        return 0
    from w2v_fast.cli.train import train_and_write
    from w2v_fast.vectors import formats
    from w2v_fast.word2vec import Word2Vec

    corpus = _corpus(arguments, config)
    _save(corpus.vocabulary, arguments.save_vocab)
    if arguments.classes:
        from w2v_fast.cli.classes import check_count

        check_count(arguments.classes, len(corpus.vocabulary))
    else:
        formats.check_words(corpus.vocabulary.words, arguments.output, format_of(arguments))
    return train_and_write(
        Word2Vec(corpus, config),
        "bar" if arguments.debug > 1 else "quiet",
        arguments.output,
        lambda vectors: write(vectors, arguments, config.seed),
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
    objective = (
        {"objective": "hs"} if arguments.hs else {"objective": "ns", "negative": arguments.negative}
    )
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
        **objective,
    )


def check_writable_before_work(arguments: argparse.Namespace) -> None:
    """Raise now what would stop the run at its end."""
    format = None if arguments.classes else format_of(arguments)
    check_paths(
        {"-train": arguments.train, "-read-vocab": arguments.read_vocab},
        *(
            Output(option, path, kind)
            for option, path, kind in (
                ("-output", arguments.output, format),
                ("-save-vocab", arguments.save_vocab, None),
            )
            if path is not None
        ),
    )
    if arguments.classes:
        from w2v_fast.cli.classes import require_sklearn

        require_sklearn()


def write(vectors: KeyedVectors, arguments: argparse.Namespace, seed: int) -> None:
    """Write the vectors, or the classes of their words."""
    if arguments.classes:
        from w2v_fast.cli.classes import write_classes

        write_classes(vectors, arguments.output, arguments.classes, seed)
    else:
        vectors.save(arguments.output, format=format_of(arguments))


def format_of(arguments: argparse.Namespace) -> str:
    """The format of the vectors."""
    return "word2vec_binary" if arguments.binary else "word2vec_text"


def _corpus(arguments: argparse.Namespace, config: TrainConfig) -> Corpus:
    from w2v_fast.cli.corpus_input import read_text, read_vocabulary

    vocabulary = read_vocabulary(arguments.read_vocab, config) if arguments.read_vocab else None
    return read_text([arguments.train], config, "bar" if arguments.debug else "quiet", vocabulary)


def _vocabulary(arguments: argparse.Namespace, config: TrainConfig) -> Vocabulary:
    from w2v_fast.cli.corpus_input import read_vocabulary

    if arguments.read_vocab:
        return read_vocabulary(arguments.read_vocab, config)
    return _corpus(arguments, config).vocabulary


def _save(vocabulary: Vocabulary, path: str | None) -> None:
    if path is not None:
        vocabulary.save(path)


if __name__ == "__main__":
    sys.exit(main())
