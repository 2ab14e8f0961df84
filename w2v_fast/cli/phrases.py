"""Join words that belong together, as new_york: takes the command line of the C tool word2phrase, and passes.

A pair is joined when its score is above the threshold; two passes make phrases of up to four words.

Example:
  w2v-fast phrases -train text8 -output text8.phrases -passes 2
"""

from __future__ import annotations

import argparse

from w2v_fast.cli import options
from w2v_fast.cli.messages import note
from w2v_fast.cli.parser import UsageError
from w2v_fast.cli.paths import Output, check_paths

SCORINGS = {"word2phrase": 100.0, "default": 10.0, "npmi": 0.5}
"""Each scoring and its default threshold."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-train",
        "--train",
        metavar="FILE",
        required=True,
        nargs="+",
        help="text files, folders or globs, compressed or not, '-' for standard input",
    )
    parser.add_argument(
        "-output",
        "--output",
        "-o",
        metavar="FILE",
        required=True,
        help="file for the text with its phrases, '-' for standard output",
    )
    parser.add_argument(
        "-min-count",
        "--min-count",
        metavar="N",
        type=options.positive,
        default=5,
        help="taken off the count of a pair; with npmi rarer pairs are left out (default: 5)",
    )
    parser.add_argument(
        "-threshold",
        "--threshold",
        metavar="X",
        type=float,
        help="pairs with a higher score are joined; higher means fewer phrases (default: "
        + ", ".join(f"{threshold:g} for {name}" for name, threshold in SCORINGS.items())
        + ")",
    )
    parser.add_argument(
        "-scoring",
        "--scoring",
        choices=SCORINGS,
        default="word2phrase",
        help="with n, a, b the counts of the pair and its words: (n - min count) / (a b), times the "
        "words of the text (word2phrase) or of the vocabulary (default); or normalized pointwise "
        "mutual information, -1 to 1 (npmi) (default: word2phrase)",
    )
    parser.add_argument(
        "-passes",
        "--passes",
        metavar="N",
        type=options.positive,
        default=1,
        help="how often phrases are found and joined (default: 1)",
    )
    parser.add_argument(
        "-debug",
        "--debug",
        metavar="N",
        type=int,
        default=2,
        help="2 shows progress, 1 the number of phrases, 0 nothing, all on standard error "
        "(default: 2)",
    )
    parser.add_argument(
        "--workers",
        metavar="N",
        type=options.positive,
        help="threads (default: the CPUs this process may use)",
    )
    parser.add_argument(
        "--memory-budget", metavar="BYTES", type=options.byte_count, help=options.MEMORY_HELP
    )


def run(arguments: argparse.Namespace) -> None:
    threshold = SCORINGS[arguments.scoring] if arguments.threshold is None else arguments.threshold
    if arguments.scoring == "npmi" and not -1 <= threshold <= 1:
        raise UsageError(f"-threshold {threshold:g} must lie in [-1, 1] for npmi")
    if arguments.scoring != "npmi" and not threshold > 0:
        raise UsageError(f"-threshold {threshold:g} must be above 0")
    check_paths({"-train": arguments.train}, Output("-output", arguments.output))
    from w2v_fast.cli.corpus_input import reporter
    from w2v_fast.corpus.phrases import phrase_text

    progress = reporter("bar" if arguments.debug > 1 else "quiet")
    found = phrase_text(
        arguments.train,
        arguments.output,
        min_count=arguments.min_count,
        threshold=threshold,
        scoring=arguments.scoring,
        passes=arguments.passes,
        workers=arguments.workers,
        memory_budget=arguments.memory_budget,
        progress=progress,
    )
    if arguments.debug:
        for number, phrases in enumerate(found, 1):
            note(
                f"pass {number}: {len(phrases):,} phrases"
                + (
                    ""
                    if len(phrases)
                    else ": no pair scores high enough; try a lower -threshold or -min-count"
                )
            )
        note(f"wrote {arguments.output}")
