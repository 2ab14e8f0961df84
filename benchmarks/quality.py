"""How good are the vectors, beside gensim's? `python -m benchmarks.quality CORPUS --eval FOLDER`

Both train on the same words with the same configuration, alternating, with another seed in each
round; the vectors of both are judged by the same code. gensim reads lines from an iterable: with
`corpus_file` its learning rate does not fall smoothly. `--variants` are more of them:

    --variants share_noise=False architecture=cbow,alpha=0.05 objective=hs objective=nce

and gensim trains each that it has the options for. FOLDER holds wordsim353/combined.tab,
simlex999/SimLex-999.txt and google/questions-words.txt.
"""

from __future__ import annotations

import argparse
import os
import statistics
from collections.abc import Mapping, Sequence

from benchmarks.corpus_text import Text, first_words
from benchmarks.markdown import caption, failures, markdown_table, options_of, text_of
from benchmarks.measure import Row, benchmark_parser, log, machine, parse_options
from benchmarks.publish import publish
from benchmarks.trainers import (
    PROTOCOL,
    RESTRICT_VOCAB,
    Outcome,
    Run,
    TrainerError,
    gensim_can,
    perform,
)
from w2v_fast.config import TrainConfig

SETS = ("wordsim353/combined.tab", "simlex999/SimLex-999.txt", "google/questions-words.txt")
SCORES = ("WordSim-353", "SimLex-999", "analogies", "semantic", "syntactic")
OURS_ALONE = ("share_noise", "noise_draws", "isa")
"""Options that gensim does not have: a variant that sets one is compared with gensim's defaults."""
CBOW = "architecture=cbow,alpha=0.05"
VARIANTS = (
    *(f"noise_draws={draws}" for draws in (1, 2, 3, 7, 10)),
    "share_noise=False",
    CBOW,
    f"{CBOW},share_noise=False",
    "objective=hs",
)


def main() -> None:
    parser = benchmark_parser(__doc__, words=10_000_000, repeats=3)
    parser.add_argument("--eval", required=True, metavar="FOLDER", help="evaluation sets")
    parser.add_argument("--epochs", type=int, default=5, help="passes over the text (%(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="threads (%(default)s)")
    parser.add_argument(
        "--variants", nargs="*", default=VARIANTS, metavar="NAME=VALUE,...", help="see above"
    )
    parser.add_argument("--no-gensim", action="store_true", help="w2v_fast alone")
    arguments = parser.parse_args()
    if missing := [name for name in SETS if not os.path.isfile(os.path.join(arguments.eval, name))]:
        parser.error(f"--eval {arguments.eval} has no {', '.join(missing)}")
    try:
        variants: dict[str, Row] = {"default": {}}
        variants |= {variant: parse_options(variant) for variant in arguments.variants}
        with first_words(arguments.corpus, arguments.words) as text:
            runs = configurations(variants, text, arguments)
            outcomes, failed = train_all(runs, range(1, arguments.repeats + 1))
    except (TypeError, ValueError) as error:
        parser.error(str(error))
    facts = {**text.facts, "failed": failed, **machine()}
    rows = [
        {
            "run": name,
            "trainer": runs[name].trainer,
            "version": outcome.version,
            "isa": outcome.isa,
            "options": runs[name].options,
            "seed": seed,
            "vocabulary": outcome.vocabulary,
            "raw words": outcome.raw_words,
            "kept words": outcome.kept_words,
            **(outcome.scores or {}),
            **facts,
        }
        for name, taken in outcomes.items()
        for seed, outcome in taken.items()
    ]
    publish("quality", rows, report, arguments.store)


def configurations(
    variants: Mapping[str, Row], text: Text, arguments: argparse.Namespace
) -> dict[str, Run]:
    """Each variant with w2v_fast, and with gensim if it has the options."""
    runs = {}
    folder = os.path.abspath(arguments.eval)
    for name, variant in variants.items():
        options = {**PROTOCOL, "epochs": arguments.epochs, "workers": arguments.workers, **variant}
        config = TrainConfig.from_options(options)
        runs[f"w2v_fast, {name}"] = Run("w2v_fast", text, options, evaluate=folder)
        comparable = gensim_can(config) and not set(variant) & set(OURS_ALONE)
        if comparable and not arguments.no_gensim:
            runs[f"gensim, {name}"] = Run("gensim", text, options, evaluate=folder)
    return runs


def train_all(
    runs: Mapping[str, Run], seeds: range
) -> tuple[dict[str, dict[int, Outcome]], dict[str, str]]:
    """Every run with every seed, alternating; and why runs failed, which are left out."""
    outcomes: dict[str, dict[int, Outcome]] = {name: {} for name in runs}
    failed: dict[str, str] = {}
    for seed in seeds:
        for name, run in runs.items():
            if name in failed:
                continue
            try:
                outcome = perform(
                    Run(run.trainer, run.text, {**run.options, "seed": seed}, evaluate=run.evaluate)
                )
            except TrainerError as error:
                failed[name] = str(error)
                log(f"seed {seed}: {name}: FAILED, left out: {error}")
                continue
            outcomes[name][seed] = outcome
            found = ", ".join(
                f"{score} {value:.4f}" for score, value in (outcome.scores or {}).items()
            )
            log(f"seed {seed}: {name}: {outcome.seconds:.0f} s; {found}")
    return {name: taken for name, taken in outcomes.items() if name not in failed}, failed


def report(rows: list[Row]) -> str:
    """Mean and standard deviation of each run, and every seed."""
    by_run: dict[str, list[Row]] = {}
    for row in rows:
        by_run.setdefault(row["run"], []).append(row)
    means = [
        {
            "run": name,
            "seeds": len(taken),
            **{score: mean_and_sd([row[score] for row in taken]) for score in SCORES},
        }
        for name, taken in by_run.items()
    ]
    seeds = [{**row, **{score: f"{row[score]:.4f}" for score in SCORES}} for row in rows]
    versions = sorted({f"gensim {row['version']}" for row in rows if row["trainer"] == "gensim"})
    isas = sorted({row["isa"] for row in rows if row["isa"]})
    lines = [
        caption(
            rows[0],
            text_of(rows[0]),
            f"vocabulary {rows[0]['vocabulary']}",
            *versions,
            *(f"instruction set {isa}" for isa in isas),
        ),
        f"{options_of(rows[0]['options'])}, unless the run says otherwise. Spearman's rho on "
        "WordSim-353 and SimLex-999, share of Google's analogy questions answered right among the "
        f"{RESTRICT_VOCAB:,} most frequent words; mean and standard deviation over the seeds.",
        markdown_table(means, ["run", "seeds", *SCORES]),
        markdown_table(seeds, ["run", "seed", *SCORES]),
        *failures(rows[0]),
    ]
    return "\n\n".join(lines)


def mean_and_sd(values: Sequence[float]) -> str:
    deviation = f" ± {statistics.stdev(values):.4f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.4f}{deviation}"


if __name__ == "__main__":
    main()
