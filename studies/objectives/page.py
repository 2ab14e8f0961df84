"""How are softmax, NCE and negative sampling related? Every number of docs/objectives.md.

    python -m studies.objectives.page CORPUS --eval FOLDER --store

`--store` writes the tables between the page's markers, the figures to docs/figures/ and the rows to
studies/objectives/results.jsonl. FOLDER holds wordsim353/combined.tab, simlex999/SimLex-999.txt and
google/questions-words.txt.

The first `HELD_OUT` tokens of the corpus are held out, the next `--words` are the study's text, and
all that follow the held-out ones are what the faster objectives get when all have the same time. It
takes about ten minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.markdown import caption, columns_of, markdown_table, write_between
from benchmarks.measure import ROOT, Row, benchmark_parser, log, machine
from studies.objectives import figures
from studies.objectives.measure import (
    FREQUENT,
    OPTIONS,
    SETS,
    STEPS,
    Matrix,
    Study,
    baseline_rows,
    cosine_rows,
    equal_time_rows,
    gradient_cosines,
    hs_log_probabilities,
    learning_rates,
    log_partition,
    nce_fit,
    pair_samples,
    partition_rows,
    pmi_fit,
    quality_rows,
    read,
    score_rows,
    train,
    with_means,
    zero_target,
)
from w2v_fast.config import OBJECTIVES
from w2v_fast.system.cpus import usable_cpus
from w2v_fast.system.files import atomic_write
from w2v_fast.training._inner import choose_isa

PAGE = ROOT / "docs" / "objectives.md"
STORED = Path(__file__).resolve().parent / "results.jsonl"


def main() -> None:
    parser = benchmark_parser(__doc__, words=1_000_000, repeats=1)
    parser.add_argument("--eval", required=True, metavar="FOLDER", help="of the evaluation sets")
    parser.add_argument(
        "--vocabulary", type=int, default=5000, help="most frequent words (%(default)s)"
    )
    parser.add_argument(
        "--workers", type=int, default=usable_cpus(), help="threads (all usable CPUs)"
    )
    parser.add_argument(
        "--no-equal-time", action="store_true", help="leave the comparison at equal time out"
    )
    arguments = parser.parse_args()
    started = time.perf_counter()
    study = read(arguments.corpus, arguments.words, arguments.vocabulary)
    found, drawn = measure(study, arguments)
    found["in-short"] = highlights(found)
    setup = setup_of(study, arguments)
    tables = {"setup": setup, **{name: table_of(name, rows) for name, rows in found.items()}}
    log(f"all took {time.perf_counter() - started:.0f} s")
    if not arguments.store:
        print("\n\n".join(f"## {name}\n\n{table}" for name, table in tables.items()))
        log("nothing is stored without --store")
        return
    rows = [
        {"table": name, **row, "setup": setup} for name, taken in found.items() for row in taken
    ]
    rows = [{key: None if value != value else value for key, value in row.items()} for row in rows]
    with atomic_write(STORED) as file:
        file.writelines((json.dumps(row) + "\n").encode() for row in rows)
    figures.draw_forces()
    figures.draw_gradients(found["gradients"])
    figures.draw_quality(found["equal-words"], found["equal-time"])
    for draw, values in drawn.items():
        draw(*values)
    write_between(PAGE, {name: folded(name, table) for name, table in tables.items()})


def measure(
    study: Study, arguments: argparse.Namespace
) -> tuple[dict[str, list[Row]], dict[Callable[..., None], tuple[Any, ...]]]:
    """The rows of every table, and the figures that need more than those, with what they need."""
    folder, workers = arguments.eval, arguments.workers
    samples = pair_samples(study)
    models = {
        name: train(study.text, objective=name, workers=workers, seed=1) for name in OBJECTIVES
    }
    found: dict[str, list[Row]] = {"gradients": gradient_cosines(study, models)}
    scores = {name: models[name].v @ models[name].u.T for name in ("ns", "nce", "softmax")}
    log_z = {name: log_partition(values) for name, values in scores.items()}
    biased = scores["ns"] + np.log(study.config.negative * study.noise).astype(np.float32)
    log_z["ns + log(k q)"] = log_partition(biased)
    found["partition"] = partition_rows(study, log_z)
    found["nce"], nce_points = nce_fit(study, scores, log_z)
    quantities: dict[str, Matrix] = {
        "u.v of ns": scores["ns"],
        "u.v of nce": scores["nce"],
        "log p of softmax": scores["softmax"] - log_z["softmax"],
        "log p of hs": hs_log_probabilities(study, models["hs"]),
    }
    found["scores"] = score_rows(quantities, samples)
    found["cosines"], cosines = cosine_rows(
        {name: (models[name].v, models[name].u) for name in scores}, samples
    )
    log("measured gradients and scores")
    zero = zero_target(study, folder, samples, workers)
    found["zero-quality"], found["zero-scores"], products = zero
    found["pmi"], pmi_points = pmi_fit(
        study, {"ns, as trained": scores["ns"], "ns, minimized": products["ns"]}
    )
    found["equal-words"] = quality_rows(study, models, folder, workers)
    biased -= log_z["ns + log(k q)"]
    found["baselines"] = baseline_rows(study, {"exp(u.v + log(k q(w))) of ns, normalized": biased})
    found["alphas"] = learning_rates(study, folder, workers)
    found["equal-time"] = (
        [] if arguments.no_equal_time else equal_time_rows(study, models, folder, workers)
    )
    return found, {
        figures.draw_learned: (pmi_points, nce_points, log_z),
        figures.draw_scores: (quantities, samples),
        figures.draw_zero: (found["zero-quality"], products, samples),
        figures.draw_cosines: (cosines,),
    }


def setup_of(study: Study, arguments: argparse.Namespace) -> str:
    return caption(
        machine(),
        Path(arguments.corpus).name,
        f"{len(study.text):,} tokens of the {len(study.vocabulary):,} most frequent words",
        f"{len(study.held_out):,} tokens held out",
        f"{int(study.pairs.sum()):,} pairs trained",
        *(f"{key} {value}" for key, value in OPTIONS.items()),
        f"workers {arguments.workers}",
        "seed 1",
        f"instruction set {choose_isa(None)}",
    )


def highlights(found: dict[str, list[Row]]) -> list[Row]:
    """The measurements in short: the figures that the page's sentences rest on."""
    claims: dict[str, str] = {}
    for k in (5, 125):
        row = one(found["gradients"], model="nce", k=k)
        claim = f"cosine to the softmax's gradient at the model of nce, k = {k}"
        names = ("NCE, exact Z", "NCE, Z = 1", "NS")
        claims[f"{claim}: {' / '.join(names)}"] = digits(row, *names)
    pmi = one(found["pmi"], **{"vectors": "ns, as trained", "pairs seen at least": FREQUENT[1]})
    claim = f"ns learns PMI - log k: slope / r, pairs seen {FREQUENT[1]} times"
    claims[claim] = digits(pmi, "slope", "r")
    for name in ("nce", "ns", "ns + log(k q)", "softmax"):
        row = one(found["partition"], objective=name)
        claims[f"mean / sd of log Z, {name}"] = digits(row, "mean of log Z", "sd of log Z")
    claims["mean u.v of ns: true / noise / never-seen pairs (nats)"] = " / ".join(
        digits(one(found["scores"], quantity="u.v of ns", pairs=kind), "mean")
        for kind in ("true", "noise", "never seen")
    )
    spaces = ("v.v", "u.u", "u.v")
    claims[f"mean cosine of words never seen together, ns: {' / '.join(spaces)}"] = digits(
        one(found["cosines"], objective="ns"), *(f"mean cosine {space}" for space in spaces)
    )
    ended = [row for row in found["zero-quality"] if row["step"] == STEPS]
    zero = [row for row in ended if row["false pairs"] != "ns"]
    best = max(zero, key=lambda row: row["analogies"])
    best_name = f"target {best['false pairs']}, the best of three on analogies"
    for name, row in (("ns", one(ended, **{"false pairs": "ns"})), (best_name, best)):
        claims[f"false pairs: {name}; {' / '.join(SETS)}"] = digits(row, *SETS)
    if softmax := one(found["equal-time"], objective="softmax"):
        for row in found["equal-time"]:
            times = row["tokens trained"] / softmax["tokens trained"]
            claim = f"equal time, {row['objective']}: tokens, times the softmax's"
            claims[f"{claim}; {' / '.join(SETS)}"] = f"{times:.3g}; {digits(row, *SETS)}"
    return [{"claim": claim, "measured": measured} for claim, measured in claims.items()]


def one(rows: list[Row], **wanted: Any) -> Row:
    """The first row with these values, or an empty one."""
    found = (row for row in rows if all(row[name] == value for name, value in wanted.items()))
    return next(found, {})


def digits(row: Row, *names: str) -> str:
    return " / ".join(f"{row[name]:.3g}" if name in row else "-" for name in names)


def folded(name: str, table: str) -> str:
    """A table that the page shows when its title is clicked."""
    title = "The run" if name == "setup" else f"Table: {name.replace('-', ' ')}"
    return f"<details>\n<summary>{title}</summary>\n\n{table}\n\n</details>"


def table_of(name: str, rows: list[Row]) -> str:
    if not rows:
        return "Not measured in this run."
    if name == "equal-words":
        rows = with_means(rows, "objective")
    elif name == "zero-quality":
        rows = [row for row in rows if row["step"] % (STEPS // 3) == 0]
    return markdown_table(rows, [column for column in columns_of(rows) if column != "seed"])


if __name__ == "__main__":
    main()
