"""How fast is training beside every other trainer of this machine? `python -m benchmarks.compare CORPUS`

w2v_fast, gensim in both its modes, fastText without subwords and word2vec.c train one epoch of the same text, with the
same hyper-parameters and threads, alternating. A peer that is missing or fails is reported and left out.

    --peer NAME                 one of the peers, instead of all; may be repeated
    --word2vec-c LABEL=PATH     any program with word2vec.c's flags, beside the one that the package `word2vec`
                                installs; may be repeated, to compare several builds of it
    --option NAME=VALUE         a hyper-parameter, by its name in `TrainConfig`; may be repeated
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.common import (
    caption,
    corpus_parser,
    machine,
    markdown_table,
    option_value,
    publish,
    ratios,
    spread,
)
from benchmarks.text import Text, first_words
from benchmarks.trainers import PROTOCOL, RATES, Outcome, Run, alternate, rates_of
from w2v_fast.config import TrainConfig
from w2v_fast.system.cpus import usable_cpus

OURS = "w2v_fast"
NOTES = {
    OURS: "noise words are shared by up to 8 windows that stand far apart (its default).",
    "gensim": "trains from an iterable of lines (`LineSentence`), its queue.",
    "gensim corpus_file": "passes over a line at each batch of about 10,000 words; what it really trained is counted.",
    "fastText": "`-minn 0 -maxn 0`; its noise distribution has the exponent 0.5, which cannot be set, and its input is "
    "the center word; it trains line ends as words, and they count. Seconds of training by its own report.",
    "word2vec.c": "the program that the package `word2vec` installs is compiled with -Ofast -march=native "
    "-funroll-loops; the makefile of the original has -O3 in place of -Ofast. Timed by its reports of "
    "progress, which count words. One epoch, because with more its last thread leaves out all but the "
    "first. End to end includes writing the vectors.",
}


def main() -> None:
    parser = corpus_parser(__doc__, "compare", 10_000_000)
    parser.add_argument("--repeats", type=int, default=5, help="rounds (5)")
    parser.add_argument(
        "--workers", type=int, default=usable_cpus(), help="threads of each (all that are usable)"
    )
    parser.add_argument(
        "--peer",
        action="append",
        choices=[name for name in NOTES if name != OURS],
        help="see above",
    )
    parser.add_argument(
        "--word2vec-c", action="append", default=[], metavar="LABEL=PATH", help="see above"
    )
    parser.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", help="see above"
    )
    arguments = parser.parse_args()
    given = {
        name: option_value(value)
        for name, _, value in (option.partition("=") for option in arguments.option)
    }
    options = {**PROTOCOL, "workers": arguments.workers, **given}
    try:
        if TrainConfig.from_options(options).epochs != 1:
            raise ValueError(
                "epochs must be 1: word2vec.c's last thread leaves out all epochs but the first"
            )
    except (TypeError, ValueError) as error:
        parser.error(str(error))
    with first_words(arguments.corpus, arguments.words) as text:
        trainers = NOTES if arguments.peer is None else [OURS, *arguments.peer]
        runs = {trainer: Run(trainer, text, options) for trainer in trainers}
        for program in arguments.word2vec_c:
            label, _, path = program.rpartition("=")
            runs[label or os.path.basename(path)] = Run(
                "word2vec.c", text, options, binary=os.path.abspath(path)
            )
        outcomes, failed = alternate(runs, arguments.repeats)
    if OURS not in outcomes:
        raise SystemExit(f"w2v_fast failed: {failed[OURS]}")
    about = machine()
    facts = {"text": text.name, "sha256": text.sha256, "words": text.words, **about}
    rows = [{**row_of(name, runs[name], outcomes), **facts} for name in outcomes]
    publish(
        arguments.name,
        rows,
        report(rows, options, text, about, failed, arguments.repeats),
        arguments.store,
    )


def row_of(name: str, run: Run, outcomes: Mapping[str, Sequence[Outcome]]) -> dict[str, Any]:
    """One trainer: its figures in every round, and how many times faster w2v_fast was in the same round."""
    taken, rates, ours = outcomes[name], rates_of(outcomes[name]), rates_of(outcomes[OURS])
    return {
        "benchmark": "compare",
        "label": name,
        "trainer": run.trainer,
        "version": taken[0].version,
        "isa": taken[0].isa,
        "options": run.options,
        "vocabulary": taken[0].vocabulary,
        "raw words": [outcome.raw_words for outcome in taken],
        "share trained": median(outcome.raw_words for outcome in taken)
        / outcomes[OURS][0].raw_words,
        **rates,
        **{
            f"{rate}, w2v_fast times": ratios(ours[rate], values)
            for rate, values in rates.items()
            if name != OURS
        },
    }


def report(
    rows: Sequence[Mapping[str, Any]],
    options: Mapping[str, Any],
    text: Text,
    about: Mapping[str, Any],
    failed: Mapping[str, str],
    repeats: int,
) -> str:
    faster = {
        "w2v_fast is faster by": "raw words/s, w2v_fast times",
        "end to end by": "end to end, w2v_fast times",
    }
    shown = [
        {
            **row,
            **{f"{rate}, millions": spread([value / 1e6 for value in row[rate]]) for rate in RATES},
            **{column: spread(row[source]) for column, source in faster.items() if source in row},
            "words trained": f"{row['share trained']:.1%}",
        }
        for row in sorted(rows, key=lambda row: -median(row["raw words/s"]))
    ]
    columns = [
        "label",
        "version",
        "isa",
        *(f"{rate}, millions" for rate in RATES),
        *faster,
        "words trained",
        "vocabulary",
    ]
    lines = [
        caption(about, text),
        f"{', '.join(f'{name} {value}' for name, value in options.items())}. Medians of {repeats} rounds, and their "
        "range; ratios within each round. Raw words are those of the vocabulary that were really trained, with those "
        "that subsampling drops; words trained is their share of w2v_fast's.",
        markdown_table(shown, columns),
        "\n".join(f"- {row['label']}: {NOTES[row['trainer']]}" for row in rows),
        *(f"FAILED and left out: {name}: {reason}" for name, reason in failed.items()),
    ]
    return "\n\n".join(lines)


if __name__ == "__main__":
    main()
