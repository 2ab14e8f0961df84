"""Join words that belong together, such as new_york.

It has the options of the C tool word2phrase, and more. A pair is joined if its score is above
the threshold. Two passes make phrases of up to four words.

Example:
  w2v-fast phrases -train text8 -output text8.phrases -passes 2
"""

from __future__ import annotations

import argparse
from typing import Any

from w2v_fast.cli import options
from w2v_fast.cli.corpus_input import reporter, tokenizer_of
from w2v_fast.cli.messages import note
from w2v_fast.cli.parser import UsageError
from w2v_fast.cli.paths import Output, check_paths
from w2v_fast.corpus.phrases import phrase_text

SCORINGS = {"word2phrase": 100.0, "default": 10.0, "npmi": 0.5}
"""Each scoring and its default threshold."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    def flag(name: str, help: str, *others: str, **rules: Any) -> None:
        """Add an option with one dash, as in word2phrase, or two."""
        parser.add_argument(f"-{name}", f"--{name}", *others, help=help, **rules)

    file, number = {"metavar": "FILE", "required": True}, {"metavar": "N", "type": options.positive}
    flag("train", options.TEXT_HELP, nargs="+", **file)
    flag("output", "file for the text with its phrases; '-' is standard output", "-o", **file)
    flag(
        "min-count",
        "number that is subtracted from the count of a pair; with npmi, pairs that are rarer are "
        "not joined (default: 5)",
        default=5,
        **number,
    )
    thresholds = ", ".join(f"{threshold:g} for {name}" for name, threshold in SCORINGS.items())
    flag(
        "threshold",
        f"pairs with a higher score are joined; higher means fewer phrases (default: {thresholds})",
        metavar="X",
        type=float,
    )
    flag(
        "scoring",
        "with n, a and b the counts of the pair and of its words: (n - min count) / (a b) times "
        "the number of words in the text (word2phrase) or in the vocabulary (default); or "
        "normalized pointwise mutual information, -1 to 1 (npmi) (default: word2phrase)",
        choices=SCORINGS,
        default="word2phrase",
    )
    flag("passes", "how often phrases are found and joined (default: 1)", default=1, **number)
    flag(
        "debug",
        "what standard error shows: 2 progress, 1 the number of phrases, 0 nothing (default: 2)",
        metavar="N",
        type=int,
        default=2,
    )
    parser.add_argument("--workers", metavar="N", type=options.positive, help=options.WORKERS_HELP)
    options.add_text_arguments(parser)
    options.add_memory_argument(parser)


def run(arguments: argparse.Namespace) -> None:
    threshold = SCORINGS[arguments.scoring] if arguments.threshold is None else arguments.threshold
    if arguments.scoring == "npmi" and not -1 <= threshold <= 1:
        raise UsageError(f"-threshold {threshold:g} must lie in [-1, 1] for npmi")
    if arguments.scoring != "npmi" and not threshold > 0:
        raise UsageError(f"-threshold {threshold:g} must be above 0")
    check_paths({"-train": arguments.train}, Output("-output", arguments.output))
    tokenizer = tokenizer_of(arguments)
    found = phrase_text(
        arguments.train,
        arguments.output,
        min_count=arguments.min_count,
        threshold=threshold,
        scoring=arguments.scoring,
        passes=arguments.passes,
        column=arguments.column,
        tokenizer=tokenizer,
        workers=arguments.workers,
        memory_budget=arguments.memory_budget,
        progress=reporter("bar" if arguments.debug > 1 else "quiet"),
    )
    if arguments.debug:
        if tokenizer is not None:
            note(tokenizer.summary())
        for number, phrases in enumerate(found, 1):
            hint = ": no pair scores high enough; try a lower -threshold or -min-count"
            note(f"pass {number}: {len(phrases):,} phrases{'' if len(phrases) else hint}")
        note(f"wrote {arguments.output}")
