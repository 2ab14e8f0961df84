"""How fast is training beside every other trainer here? `python -m benchmarks.compare CORPUS`

w2v_fast, gensim in both its modes, fastText without subwords and word2vec.c train one epoch of the
same text, with the same hyper-parameters and threads, alternating: skip-gram with negative
sampling, and each of the variants. A peer that is missing or fails is reported and left out.

    --peer NAME                 one of the peers, instead of all; may be repeated
    --word2vec-c LABEL=PATH     another program with word2vec.c's flags; may be repeated, to compare
                                several builds of it
    --variants NAME=VALUE,...   hyper-parameters, by their names in `TrainConfig`
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.corpus_text import Text, first_words
from benchmarks.markdown import caption, failures, markdown_table, options_of, spread, text_of
from benchmarks.measure import Row, benchmark_parser, machine, parse_options, ratios
from benchmarks.publish import publish
from benchmarks.trainers import PROTOCOL, RATES, Outcome, Run, alternate, rates_of
from w2v_fast.config import TrainConfig
from w2v_fast.system.cpus import usable_cpus

OURS, DEFAULT = "w2v_fast", "default"
VARIANTS = ("architecture=cbow", "objective=hs")
NOTES = {
    OURS: "up to 8 windows that stand far apart share their noise words (its default).",
    "gensim": "trains from an iterable of lines (`LineSentence`), its queue.",
    "gensim corpus_file": "passes over a line at each batch of about 10,000 words; what it really "
    "trained is counted.",
    "fastText": "`-minn 0 -maxn 0`; its noise distribution has the exponent 0.5, which cannot be "
    "set, and its input is the center word; it trains line ends as words, and they count. Seconds "
    "of training by its own report.",
    "word2vec.c": "the program that the package `word2vec` installs is compiled with -Ofast "
    "-march=native -funroll-loops; the makefile of the original has -O3 instead of -Ofast. Timed "
    "by its reports of progress, which count words. One epoch, because with more its last thread "
    "leaves out all but the first. End to end includes writing the vectors.",
}


def main() -> None:
    parser = benchmark_parser(__doc__, words=10_000_000)
    parser.add_argument(
        "--workers", type=int, default=usable_cpus(), help="threads of each (all usable CPUs)"
    )
    parser.add_argument("--peer", action="append", choices=[*NOTES][1:], help="see above")
    parser.add_argument(
        "--word2vec-c", action="append", default=[], metavar="LABEL=PATH", help="see above"
    )
    parser.add_argument(
        "--variants", nargs="*", default=VARIANTS, metavar="NAME=VALUE,...", help="see above"
    )
    arguments = parser.parse_args()
    common = {**PROTOCOL, "workers": arguments.workers}
    try:
        variants = {DEFAULT: common}
        variants |= {name: {**common, **parse_options(name)} for name in arguments.variants}
        if any(TrainConfig.from_options(options).epochs != 1 for options in variants.values()):
            raise ValueError(
                "epochs must be 1: word2vec.c's last thread leaves out all epochs but the first"
            )
    except (TypeError, ValueError) as error:
        parser.error(str(error))
    with first_words(arguments.corpus, arguments.words) as text:
        runs = {
            (variant, label): run
            for variant, options in variants.items()
            for label, run in runs_of_variant(options, text, arguments).items()
        }
        outcomes, failed = alternate(
            {" ".join(key): run for key, run in runs.items()}, arguments.repeats
        )
    facts = {**text.facts, "failed": failed, **machine()}
    rows = [
        {**row_of(variant, label, run, outcomes), **facts}
        for (variant, label), run in runs.items()
        if f"{variant} {label}" in outcomes
    ]
    publish("compare", rows, report, arguments.store)


def runs_of_variant(options: Row, text: Text, arguments: argparse.Namespace) -> dict[str, Run]:
    """A run for each trainer, by its label."""
    trainers = NOTES if arguments.peer is None else [OURS, *arguments.peer]
    runs = {trainer: Run(trainer, text, options) for trainer in trainers}
    for program in arguments.word2vec_c:
        label, _, path = program.rpartition("=")
        runs[label or os.path.basename(path)] = Run(
            "word2vec.c", text, options, binary=os.path.abspath(path)
        )
    return runs


def row_of(variant: str, label: str, run: Run, outcomes: Mapping[str, Sequence[Outcome]]) -> Row:
    """One trainer's figures in every round, and how many times faster w2v_fast was in it."""
    taken = outcomes[f"{variant} {label}"]
    if f"{variant} {OURS}" not in outcomes:
        raise SystemExit(f"w2v_fast failed, {variant}")
    ours, rates = outcomes[f"{variant} {OURS}"], rates_of(taken)
    row: dict[str, Any] = {
        "variant": variant,
        "label": label,
        "trainer": run.trainer,
        "version": taken[0].version,
        "isa": taken[0].isa,
        "options": run.options,
        "vocabulary": taken[0].vocabulary,
        "raw words": [outcome.raw_words for outcome in taken],
        "share trained": median(outcome.raw_words for outcome in taken) / ours[0].raw_words,
        **rates,
    }
    if label != OURS:
        for rate, values in rates_of(ours).items():
            row[f"{rate}, w2v_fast times"] = ratios(values, rates[rate])
    return row


def report(rows: list[Row]) -> str:
    faster = {
        "w2v_fast is faster by": "raw words/s, w2v_fast times",
        "end to end by": "end to end, w2v_fast times",
    }
    variants = list(dict.fromkeys(row["variant"] for row in rows))
    shown = [
        {
            **row,
            **{f"{rate}, millions": spread(row[rate], 1e-6) for rate in RATES},
            **{column: spread(row[source]) for column, source in faster.items() if source in row},
            "words trained": f"{row['share trained']:.1%}",
        }
        for row in sorted(
            rows, key=lambda row: (variants.index(row["variant"]), -median(row["raw words/s"]))
        )
    ]
    columns = ["variant", "label", "version", "isa", *(f"{rate}, millions" for rate in RATES)]
    trainers = dict.fromkeys(row["trainer"] for row in rows)
    lines = [
        caption(rows[0], text_of(rows[0])),
        f"{options_of(rows[0]['options'], 'architecture', 'objective')}. Medians of "
        f"{len(rows[0]['raw words/s'])} rounds, and their range; ratios within each round. "
        "Raw words are those of the vocabulary that were really trained, with those that are "
        "subsampled away; words trained is their share of w2v_fast's.",
        markdown_table(shown, [*columns, *faster, "words trained", "vocabulary"]),
        "\n".join(f"- {trainer}: {NOTES[trainer]}" for trainer in trainers),
        *failures(rows[0]),
    ]
    return "\n\n".join(lines)


if __name__ == "__main__":
    main()
