"""The current results at a glance: `python -m benchmarks.overview` writes them into benchmarks/README.md.

Each goal is one figure of a stored result. Storing any result brings the overview up to date.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.common import RESULTS, markdown_table, spread, write_between
from w2v_fast.config import INSTRUCTION_SETS

PAGE = Path(__file__).resolve().parent / "README.md"
MISSING = "not measured yet"
TIMES, SHARE = "x", "%"


@dataclasses.dataclass(frozen=True)
class Goal:
    """A figure (a list over the rounds) of the row of results/RESULT.jsonl that `select` accepts, and what it should
    be.

    `least` or `most` is the goal; a figure without either is given for comparison.
    """

    work: str
    result: str
    select: Callable[[dict[str, Any]], bool]
    figure: str
    unit: str
    least: float | None = None
    most: float | None = None


def beside(label: str) -> Callable[[dict[str, Any]], bool]:
    return lambda row: bool(row["label"] == label)


def two_workers(*isas: str) -> Callable[[dict[str, Any]], bool]:
    """With one of these instruction sets."""
    return lambda row: (
        row["isa"] in isas and row["options"]["workers"] == 2 and row["trainer"] == "w2v_fast"
    )


def arithmetic(dimension: int, workers: int) -> Callable[[dict[str, Any]], bool]:
    """With the fastest instruction set."""
    wanted = {"kind": "training", "d": dimension, "workers": workers}

    def is_best(row: dict[str, Any]) -> bool:
        others = [
            other
            for other in rows_of("roofline")
            if all(other.get(name) == wanted[name] for name in wanted)
        ]
        return row in others and row == max(others, key=lambda other: median(other["FLOP/s"]))

    return is_best


FASTER, OF_PEAK = "raw words/s, w2v_fast times", "share of peak, no sentence ends"
GOALS = (
    Goal(
        "skip-gram ns, d = 100, 2 workers, beside gensim's corpus_file",
        "compare",
        beside("gensim corpus_file"),
        FASTER,
        TIMES,
        least=16,
    ),
    Goal("the same beside gensim's iterable", "compare", beside("gensim"), FASTER, TIMES),
    Goal(
        "the same beside word2vec.c of the package `word2vec`",
        "compare",
        beside("word2vec.c"),
        FASTER,
        TIMES,
        least=40,
    ),
    Goal("the same beside fastText without subwords", "compare", beside("fastText"), FASTER, TIMES),
    *(
        Goal(
            f"useful operations (222 d a kept word) of the measured peak, d = {dimension}, {workers} "
            f"worker{'s' * (workers > 1)}",
            "roofline",
            arithmetic(dimension, workers),
            OF_PEAK,
            SHARE,
            least=least,
        )
        for dimension, least in ((100, 0.50), (300, 0.58))
        for workers in (1, 2)
    ),
    Goal(
        "2 workers beside 1",
        "workers",
        two_workers(*INSTRUCTION_SETS),
        "raw words/s, times 1 worker",
        TIMES,
        least=1.9,
    ),
    Goal(
        "CBOW ns, d = 100, beside gensim's corpus_file",
        "compare_cbow",
        beside("gensim corpus_file"),
        FASTER,
        TIMES,
        least=8,
    ),
    Goal("the same beside gensim's iterable", "compare_cbow", beside("gensim"), FASTER, TIMES),
    Goal(
        "skip-gram hs, d = 100, beside gensim's corpus_file",
        "compare_hs",
        beside("gensim corpus_file"),
        FASTER,
        TIMES,
        least=5.5,
    ),
    Goal("the same beside gensim's iterable", "compare_hs", beside("gensim"), FASTER, TIMES),
    Goal(
        "AVX2 beside AVX-512",
        "throughput",
        two_workers("avx2"),
        "raw words/s, times avx512",
        SHARE,
        least=0.8,
    ),
    Goal(
        "SSE2 beside AVX-512",
        "throughput",
        two_workers("base"),
        "raw words/s, times avx512",
        SHARE,
        least=0.35,
    ),
    Goal(
        "whole command, one epoch, beside its training alone",
        "command",
        lambda row: True,
        "wall / training",
        TIMES,
        most=1.25,
    ),
    Goal(
        "its peak memory, of weights, ids and 200 MB",
        "command",
        lambda row: True,
        "peak / allowed",
        SHARE,
        most=1.0,
    ),
    Goal(
        "a million words, d = 300, beside the 54,000 of 10 million words",
        "vocabulary",
        lambda row: row["d"] == 300 and row["corpus"].endswith("numbered"),
        "raw words/s, share of the start's",
        SHARE,
        least=0.55,
    ),
)
CHARTS = {
    "compare": "Training speed beside the other trainers",
    "compare_cbow": "The same, CBOW",
    "compare_hs": "The same, hierarchical softmax",
    "throughput": "Instruction sets and workers",
    "scaling": "More workers: measured, and a model",
    "vocabulary": "Speed over the vocabulary",
    "dimensions-vector_size": "Speed over the dimensions",
    "noise_draws-noise_draws": "Speed over the draws of noise",
    "roofline": "Roofline",
    "history": "From naive to fast",
    "softmax": "The four objectives, and softmax baselines, over the vocabulary",
    "quality": "Quality beside gensim's",
    "quality_draws": "Quality over the draws of noise, of which the default has 5",
}
TITLES = {
    "compare": "speed beside every other trainer",
    "compare_cbow": "the same for CBOW",
    "compare_hs": "the same for the hierarchical softmax",
    "throughput": "instruction sets and workers",
    "workers": "one worker and two, in more rounds",
    "variants": "architectures and objectives",
    "noise": "shared noise and the number of noise words",
    "noise_draws": "speed over the number of draws",
    "dimensions": "speed over d",
    "vocabulary": "speed over V",
    "scaling": "more workers than cores, locks, allocations",
    "roofline": "share of the machine's arithmetic",
    "parts": "where the time of a kept word goes",
    "history": "from naive to fast",
    "command": "the whole command",
    "quality": "quality beside gensim's",
    "quality_variants": "quality with and without shared noise, CBOW's, hs's",
    "quality_draws": "quality over the number of draws",
    "ingest": "text to ids",
    "io": "loading and saving vectors",
    "query": "nearest neighbors",
    "phrases": "phrases",
    "softmax": "the four objectives, and softmax baselines, over V",
    "objectives": "the tables of [docs/objectives.md](../docs/objectives.md)",
    "soak": "kills and faults",
}


def rows_of(result: str) -> list[dict[str, Any]]:
    path = RESULTS / f"{result}.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def goal_row(goal: Goal) -> dict[str, Any]:
    """What was asked, what was reached, and where and when it was measured."""
    unit = "" if goal.unit == TIMES else " %"
    scale = 1 if goal.unit == TIMES else 100
    asked = "" if goal.least is None else f">= {scale * goal.least:g}{unit}"
    asked = asked if goal.most is None else f"<= {scale * goal.most:g}{unit}"
    row: dict[str, Any] = {"work": goal.work, "goal": asked, "measured": MISSING}
    found = [row for row in rows_of(goal.result) if goal.select(row) and goal.figure in row]
    if found:
        values: Sequence[float] = found[0][goal.figure]
        middle = median(values)
        reached = (goal.least is None or middle >= goal.least) and (
            goal.most is None or middle <= goal.most
        )
        row |= {
            "measured": spread([scale * value for value in values]) + unit,
            "reached": ("yes" if reached else "no") if asked else "",
            "rounds": len(values),
            "commit": found[0]["commit"],
        }
    return {**row, "table": f"[{goal.result}](results/{goal.result}.md)" if found else ""}


def machines() -> str:
    """The machines of all goals' results: one line, as long as it is one machine."""
    stored = [
        row for name in dict.fromkeys(goal.result for goal in GOALS) for row in rows_of(name)[:1]
    ]
    return "; ".join(
        dict.fromkeys(
            f"{row['cpu']}, {row['cores']} cores, Python {row['python']}" for row in stored
        )
    )


def write() -> None:
    columns = ["work", "goal", "measured", "reached", "rounds", "commit", "table"]
    tables = [
        f"- [{name}](results/{name}.md): {title}"
        for name, title in TITLES.items()
        if (RESULTS / f"{name}.md").exists()
    ]
    charts = [
        f"![{title}](results/{name}.svg)"
        for name, title in CHARTS.items()
        if (RESULTS / f"{name}.svg").exists()
    ]
    write_between(
        PAGE,
        {
            "goals": f"{machines()}. Medians of the rounds, and their range.\n\n"
            + markdown_table([goal_row(goal) for goal in GOALS], columns),
            "tables": "\n".join(tables),
            "charts": "\n\n".join(charts),
        },
    )


if __name__ == "__main__":
    write()
