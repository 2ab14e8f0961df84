"""How good are the vectors, beside gensim's? `python -m benchmarks.quality CORPUS --eval FOLDER`

Both train on the same words with the same hyper-parameters, alternating, once for each seed; the vectors of both are
judged by the same code. gensim reads lines from an iterable: with `corpus_file` its learning rate does not fall
smoothly. `--variants` adds other configurations, such as

    --variants share_noise=False architecture=cbow,alpha=0.05 objective=hs objective=nce

and gensim trains each that it has the options for. FOLDER holds wordsim353/combined.tab, simlex999/SimLex-999.txt and
google/questions-words.txt.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.common import (
    caption,
    corpus_parser,
    log,
    machine,
    markdown_table,
    option_value,
    publish,
)
from benchmarks.text import Text, first_words
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
"""Options that gensim does not have: a variant that sets one is compared with the gensim of the defaults."""


def main() -> None:
    parser = corpus_parser(__doc__, "quality", 10_000_000)
    parser.add_argument("--eval", required=True, metavar="FOLDER", help="evaluation sets")
    parser.add_argument("--epochs", type=int, default=5, help="passes over the text (5)")
    parser.add_argument("--workers", type=int, default=2, help="threads (2)")
    parser.add_argument(
        "--seeds", type=int, default=3, help="runs of each configuration, with seeds 1, 2, ... (3)"
    )
    parser.add_argument(
        "--variants", nargs="*", default=[], metavar="NAME=VALUE,...", help="see above"
    )
    parser.add_argument("--no-gensim", action="store_true", help="w2v_fast alone")
    arguments = parser.parse_args()
    common = {**PROTOCOL, "epochs": arguments.epochs, "workers": arguments.workers}
    try:
        variants = {
            "default": {},
            **{variant: parse_variant(variant) for variant in arguments.variants},
        }
        configs = {
            name: TrainConfig.from_options({**common, **variant})
            for name, variant in variants.items()
        }
    except (TypeError, ValueError) as error:
        parser.error(str(error))
    if missing := [name for name in SETS if not os.path.isfile(os.path.join(arguments.eval, name))]:
        parser.error(f"--eval {arguments.eval} has no {', '.join(missing)}")
    with first_words(arguments.corpus, arguments.words) as text:
        runs = {}
        for name, variant in variants.items():
            options = {**common, **variant}
            runs[f"w2v_fast, {name}"] = Run(
                "w2v_fast", text, options, evaluate=os.path.abspath(arguments.eval)
            )
            if (
                not arguments.no_gensim
                and gensim_can(configs[name])
                and not set(variant) & set(OURS_ALONE)
            ):
                runs[f"gensim, {name}"] = Run(
                    "gensim", text, options, evaluate=os.path.abspath(arguments.eval)
                )
        outcomes, failed = train_all(runs, range(1, arguments.seeds + 1))
    about = machine()
    facts = {"text": text.name, "sha256": text.sha256, "words": text.words, **about}
    rows = [
        {
            "benchmark": "quality",
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
    publish(arguments.name, rows, report(rows, common, text, about, failed), arguments.store)


def parse_variant(argument: str) -> dict[str, Any]:
    """`NAME=VALUE,...` as options."""
    pairs = [part.partition("=") for part in argument.split(",")]
    if not all(equals for _, equals, _ in pairs):
        raise ValueError(f"--variants {argument}: expected NAME=VALUE,...")
    return {name: option_value(value) for name, _, value in pairs}


def train_all(
    runs: Mapping[str, Run], seeds: range
) -> tuple[dict[str, dict[int, Outcome]], dict[str, str]]:
    """Every run with every seed, alternating; and the reasons of those that failed, which are left out."""
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


def report(
    rows: Sequence[dict[str, Any]],
    common: Mapping[str, Any],
    text: Text,
    about: Mapping[str, Any],
    failed: Mapping[str, str],
) -> str:
    """Mean and standard deviation of each run, and every seed."""
    by_run: dict[str, list[dict[str, Any]]] = {}
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
    peers = sorted({f"gensim {row['version']}" for row in rows if row["trainer"] == "gensim"})
    instruction_sets = sorted({row["isa"] for row in rows if row["isa"]})
    lines = [
        caption(
            about,
            text,
            f"vocabulary {', '.join(sorted({str(row['vocabulary']) for row in rows}))}",
            *peers,
            f"instruction set {', '.join(instruction_sets)}",
        ),
        f"{', '.join(f'{name} {value}' for name, value in common.items())}. Spearman's rho on WordSim-353 and "
        f"SimLex-999, share of Google's analogy questions answered right among the {RESTRICT_VOCAB:,} most frequent "
        "words; mean and standard deviation over the seeds.",
        markdown_table(means, ["run", "seeds", *SCORES]),
        markdown_table(seeds, ["run", "seed", *SCORES]),
        *(f"FAILED and left out: {name}: {reason}" for name, reason in failed.items()),
    ]
    return "\n\n".join(lines)


def mean_and_sd(values: Sequence[float]) -> str:
    deviation = f" ± {statistics.stdev(values):.4f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.4f}{deviation}"


if __name__ == "__main__":
    main()
