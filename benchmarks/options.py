"""How does speed change with the options? `python -m benchmarks.options CORPUS`

One epoch of the same text with the defaults, and with each of some options, with one worker and
with all. Every configuration runs once a round, in a separate process.

    --vary NAME=VALUE,... [NAME=VALUE,...]   the product of these options; may be repeated

An option may be any hyper-parameter, by its name in `TrainConfig`. By default: every instruction
set that runs here, the dimensions, architectures and objectives, shared noise and the number of
noise words, the number of draws.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.corpus_text import first_words
from benchmarks.markdown import caption, failures, markdown_table, options_of, spread, text_of
from benchmarks.measure import Row, benchmark_parser, machine, option_value, ratios
from benchmarks.publish import publish
from benchmarks.trainers import PROTOCOL, RATES, Outcome, Run, alternate, rates_of
from w2v_fast.config import TrainConfig
from w2v_fast.system.cpus import usable_cpus
from w2v_fast.training import _inner

VARIED = (
    ("vector_size=50,100,200,300",),
    ("architecture=skipgram,cbow", "objective=ns,nce,hs"),
    ("share_noise=True,False", "negative=5,10,15"),
    ("noise_draws=1,2,3,7,10",),
)


def main() -> None:
    parser = benchmark_parser(__doc__, words=10_000_000, repeats=3)
    parser.add_argument(
        "--vary", action="append", nargs="+", metavar="NAME=VALUE,...", help="see above"
    )
    arguments = parser.parse_args()
    isas = (f"isa={','.join(_inner.supported_isas())}",)
    try:
        points = points_of(arguments.vary or (isas, *VARIED))
    except (TypeError, ValueError) as error:
        parser.error(str(error))
    counts = sorted({1, usable_cpus()})
    with first_words(arguments.corpus, arguments.words) as text:
        runs = {
            (name, workers): Run("w2v_fast", text, {**PROTOCOL, **point, "workers": workers})
            for name, point in points.items()
            for workers in counts
        }
        outcomes, failed = alternate(
            {f"{name}, workers {workers}": run for (name, workers), run in runs.items()},
            arguments.repeats,
        )
    facts = {**text.facts, "failed": failed, **machine()}
    rows = [
        row_of(points[name], workers, outcomes[f"{name}, workers {workers}"])
        for name, workers in runs
        if f"{name}, workers {workers}" in outcomes
    ]
    publish("options", [{**row, **facts} for row in with_ratios(rows)], report, arguments.store)


def points_of(groups: Iterable[Sequence[str]]) -> dict[str, Row]:
    """Every point of the groups' products by its name, `default` first, each with what differs."""
    default = TrainConfig.from_options(PROTOCOL)
    points: dict[str, Row] = {"default": {}}
    for group in groups:
        axes = dict(parse_axis(axis) for axis in group)
        for values in itertools.product(*axes.values()):
            point = dict(zip(axes, values, strict=True))
            TrainConfig.from_options({**PROTOCOL, **point})
            point = {
                name: value for name, value in point.items() if value != getattr(default, name)
            }
            if point and point.get("isa") != _inner.choose_isa(None):
                points[options_of(point)] = point
    return points


def parse_axis(argument: str) -> tuple[str, list[Any]]:
    """`NAME=VALUE,...` as the name and its values."""
    name, equals, values = argument.partition("=")
    if not equals:
        raise ValueError(f"--vary {argument}: expected NAME=VALUE,...")
    return name, [option_value(value) for value in values.split(",")]


def row_of(point: Row, workers: int, taken: Sequence[Outcome]) -> Row:
    return {
        "varied": point,
        "workers": workers,
        "options": PROTOCOL,
        "version": taken[0].version,
        "isa": taken[0].isa,
        "vocabulary": taken[0].vocabulary,
        "raw words": taken[0].raw_words,
        "kept words": taken[0].kept_words,
        **rates_of(taken),
    }


def with_ratios(rows: Sequence[Row]) -> list[Row]:
    """The rows with ratios of raw words/s within each round: to one worker, to the default."""

    def rates(point: Row, workers: int) -> list[float] | None:
        same = (row for row in rows if (row["varied"], row["workers"]) == (point, workers))
        return next((row["raw words/s"] for row in same), None)

    found = []
    for row in rows:
        row = dict(row)
        alone, default = rates(row["varied"], 1), rates({}, row["workers"])
        if alone and row["workers"] > 1:
            row["times 1 worker"] = ratios(row["raw words/s"], alone)
        if default and row["varied"]:
            row["times the default"] = ratios(row["raw words/s"], default)
        found.append(row)
    return found


def report(rows: list[Row]) -> str:
    rate_columns = {f"{rate}, millions": rate for rate in RATES}
    shown = [
        {
            **row,
            "options": label(row),
            **{column: spread(row[rate], 1e-6) for column, rate in rate_columns.items()},
            **{
                column: spread(row[column])
                for column in ("times 1 worker", "times the default")
                if column in row
            },
        }
        for row in rows
    ]
    kept = median(row["kept words"] / row["raw words"] for row in rows)
    lines = [
        caption(
            rows[0],
            text_of(rows[0]),
            f"vocabulary {rows[0]['vocabulary']}",
            f"{kept:.1%} of the words kept",
        ),
        f"{options_of(rows[0]['options'])}, unless the row says otherwise. Medians of "
        f"{len(rows[0]['raw words/s'])} rounds, and their range; ratios within each round, of raw "
        "words/s. Raw words are those of the vocabulary that were really trained, with those that "
        "subsampling drops; end to end is raw words/s from the path of the text to the vectors.",
        markdown_table(
            shown,
            ["options", "isa", "workers", *rate_columns, "times 1 worker", "times the default"],
        ),
        *failures(rows[0]),
    ]
    return "\n\n".join(lines)


def label(row: Mapping[str, Any]) -> str:
    return options_of(row["varied"]) or "default"


if __name__ == "__main__":
    main()
