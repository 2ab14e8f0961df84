"""How fast does training go, and how much faster than gensim? `python -m benchmarks.throughput CORPUS`

One epoch over the same text, every configuration once a round, each in a process of its own; medians over the rounds,
and of the ratios taken within each round. The configurations of w2v_fast are the product of the axes, by default

    --axis isa=base,avx2,avx512 (those that run here)    --axis workers=1,2

and an axis may be any option of `TrainConfig`: `--axis vector_size=100,200,300`, `--axis architecture=skipgram,cbow`,
`--axis objective=ns,nce,hs`, `--axis max_vocab=1000,10000,50000`. For each, gensim trains with the largest number of
workers, from an iterable (its queue) and with `corpus_file`, where it has the objective.
"""

from __future__ import annotations

import itertools
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
from benchmarks.trainers import PROTOCOL, RATES, Outcome, Run, alternate, gensim_can, rates_of
from w2v_fast.config import TrainConfig
from w2v_fast.training import _inner

GENSIM_MODES = ("gensim", "gensim corpus_file")
NOT_GENSIM = ("isa", "share_noise", "noise_draws")
"""Options that make no difference to gensim, which draws `negative` fresh noise words for every pair."""


def main() -> None:
    parser = corpus_parser(__doc__, "throughput", 10_000_000)
    parser.add_argument("--repeats", type=int, default=5, help="rounds (5)")
    parser.add_argument(
        "--axis", action="append", default=[], metavar="NAME=VALUE,...", help="see above"
    )
    parser.add_argument("--no-gensim", action="store_true", help="w2v_fast alone")
    arguments = parser.parse_args()
    try:
        axes: dict[str, list[Any]] = {
            "isa": list(reversed(_inner.supported_isas())),
            "workers": [1, 2],
        }
        axes |= dict(map(parse_axis, arguments.axis))
        points = [
            dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())
        ]
        configs = [TrainConfig.from_options({**PROTOCOL, **point}) for point in points]
    except (TypeError, ValueError) as error:
        parser.error(str(error))
    with first_words(arguments.corpus, arguments.words) as text:
        ours = {label("w2v_fast", point): point for point in points}
        runs = {name: Run("w2v_fast", text, {**PROTOCOL, **point}) for name, point in ours.items()}
        if not arguments.no_gensim:
            most = max(config.threads for config in configs)
            for point, config in zip(points, configs, strict=True):
                runs |= gensim_runs(point, config, text, most)
        outcomes, failed = alternate(runs, arguments.repeats)
    about = machine()
    facts = {"text": text.name, "sha256": text.sha256, "words": text.words, **about}
    rows = [
        {**row_of(name, runs[name], outcomes, ours.get(name, {})), **facts} for name in outcomes
    ]
    publish(
        arguments.name,
        rows,
        table_of(rows, list(axes), text, about, failed, arguments.repeats),
        arguments.store,
    )


def parse_axis(argument: str) -> tuple[str, list[Any]]:
    """`NAME=VALUE,...` as the name and its values."""
    name, equals, values = argument.partition("=")
    if not equals:
        raise ValueError(f"--axis {argument}: expected NAME=VALUE,...")
    return name, [option_value(value) for value in values.split(",")]


def label(trainer: str, point: Mapping[str, Any]) -> str:
    return ", ".join(
        [trainer, *(f"{name} {value}" for name, value in point.items() if value is not None)]
    )


def gensim_point(point: Mapping[str, Any], workers: int) -> dict[str, Any]:
    return {
        **{name: value for name, value in point.items() if name not in NOT_GENSIM},
        "workers": workers,
    }


def gensim_runs(
    point: Mapping[str, Any], config: TrainConfig, text: Text, workers: int
) -> dict[str, Run]:
    """gensim in both modes on what corresponds to a point, if it can."""
    if not gensim_can(config):
        return {}
    peer = gensim_point(point, workers)
    return {label(mode, peer): Run(mode, text, {**PROTOCOL, **peer}) for mode in GENSIM_MODES}


def row_of(
    name: str, run: Run, outcomes: Mapping[str, Sequence[Outcome]], point: Mapping[str, Any]
) -> dict[str, Any]:
    """One configuration: what it was, its figures in every round, and its ratios to one worker and to gensim."""
    taken = outcomes[name]
    row: dict[str, Any] = {
        "benchmark": "throughput",
        "label": name,
        "trainer": run.trainer,
        "version": taken[0].version,
        "options": run.options,
        "isa": taken[0].isa,
        "vocabulary": taken[0].vocabulary,
        "raw words": taken[0].raw_words,
        "kept words": taken[0].kept_words,
        **rates_of(taken),
    }
    others = {
        "1 worker": label("w2v_fast", {**point, "workers": 1}),
        **{isa: label("w2v_fast", {**point, "isa": isa}) for isa in ("avx2", "avx512")},
        **{mode: label(mode, gensim_point(point, run.options["workers"])) for mode in GENSIM_MODES},
    }
    for other, other_name in others.items():
        if run.trainer == "w2v_fast" and other_name in outcomes and other_name != name:
            for rate, values in rates_of(outcomes[other_name]).items():
                row[f"{rate}, times {other}"] = ratios(row[rate], values)
    return row


def table_of(
    rows: Sequence[Mapping[str, Any]],
    axes: Sequence[str],
    text: Text,
    about: Mapping[str, Any],
    failed: Mapping[str, str],
    repeats: int,
) -> str:
    ratio_columns = {
        **{
            f"times {other}": f"raw words/s, times {other}"
            for other in ("1 worker", "avx2", "avx512")
        },
        **{f"times {mode}": f"raw words/s, times {mode}" for mode in GENSIM_MODES},
        **{f"end to end, times {mode}": f"end to end, times {mode}" for mode in GENSIM_MODES},
    }
    shown = [
        {
            "trainer": row["trainer"],
            **{axis: row["options"].get(axis) for axis in axes},
            "isa": row["isa"],
            **{f"{rate}, millions": spread([value / 1e6 for value in row[rate]]) for rate in RATES},
            **{
                column: spread(row[source])
                for column, source in ratio_columns.items()
                if source in row
            },
        }
        for row in rows
    ]
    columns = [
        "trainer",
        *axes,
        *(f"{rate}, millions" for rate in RATES),
        *(column for column in ratio_columns if any(column in row for row in shown)),
    ]
    protocol = ", ".join(f"{name} {value}" for name, value in PROTOCOL.items() if name not in axes)
    versions = sorted(
        {
            f"{row['trainer'].split()[0]} {row['version']}"
            for row in rows
            if row["trainer"] != "w2v_fast"
        }
    )
    vocabularies = sorted({row["vocabulary"] for row in rows})
    kept = median(row["kept words"] / row["raw words"] for row in rows) if rows else 0
    lines = [
        caption(
            about,
            text,
            f"vocabulary {', '.join(map(str, vocabularies))}",
            f"{kept:.1%} of the words kept",
            *versions,
        ),
        f"{protocol}. Medians of {repeats} rounds, and their range; ratios within each round, of raw words/s. Raw "
        "words are those of the vocabulary that were really trained, with those that subsampling drops; end to end is "
        "raw words/s from the path of the text to the vectors.",
        markdown_table(shown, columns),
        *(f"FAILED and left out: {name}: {reason}" for name, reason in failed.items()),
    ]
    return "\n\n".join(lines)


if __name__ == "__main__":
    main()
