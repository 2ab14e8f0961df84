"""The tables and charts of benchmarks/README.md, from the registry and the stored results."""

from __future__ import annotations

from statistics import median

from benchmarks.markdown import markdown_table, spread, write_between
from benchmarks.measure import ROOT, Row
from benchmarks.registry import BENCHMARKS, RESULTS, Benchmark, Goal

PAGE = ROOT / "benchmarks" / "README.md"


def questions() -> str:
    """Every benchmark: question, command, result."""
    rows = [
        {
            "question": benchmark.question,
            "command": f"`{f'python -m benchmarks.{benchmark.name} {benchmark.command}'.rstrip()}`",
            "result": f"[{benchmark.name}](results/{benchmark.name}.md)"
            if (RESULTS / f"{benchmark.name}.md").exists()
            else "not measured yet",
        }
        for benchmark in BENCHMARKS
    ]
    return markdown_table(rows, ["question", "command", "result"])


def figure_row(benchmark: Benchmark, goal: Goal) -> Row | None:
    """What was measured, where and when; None if it was not."""
    found = [
        row
        for row in benchmark.rows()
        if goal.figure in row and all(row.get(key) == value for key, value in goal.where.items())
    ]
    if not found:
        return None
    row = max(found, key=lambda row: median(row[goal.best or goal.figure]))
    scale, unit = (100, " %") if goal.unit == "%" else (1, "")
    middle = median(row[goal.figure])
    asked = [
        f"{sign} {scale * limit:g}{unit}"
        for sign, limit in ((">=", goal.at_least), ("<=", goal.at_most))
        if limit is not None
    ]
    missed = (goal.at_least is not None and middle < goal.at_least) or (
        goal.at_most is not None and middle > goal.at_most
    )
    return {
        "work": goal.work,
        "measured": spread(row[goal.figure], scale) + unit,
        "rounds": len(row[goal.figure]),
        "commit": row["commit"],
        "table": f"[{benchmark.name}](results/{benchmark.name}.md)",
        "goal": " ".join(asked),
        "reached": ("no" if missed else "yes") if asked else "",
    }


def figures(*more: str) -> str:
    """The measured figures as a table; `more` may be the columns `goal` and `reached`."""
    found = [figure_row(benchmark, goal) for benchmark in BENCHMARKS for goal in benchmark.goals]
    columns = ["work", "measured", *more, "rounds", "commit", "table"]
    return markdown_table([row for row in found if row], columns)


def machines() -> str:
    """The machines of all stored results."""
    stored = [row for benchmark in BENCHMARKS for row in benchmark.rows()]
    return "; ".join(
        dict.fromkeys(
            f"{row['cpu']}, {row['cores']} cores, Python {row['python']}" for row in stored
        )
    )


def drawings() -> str:
    return "\n\n".join(
        f"![{benchmark.chart}](results/{benchmark.name}.svg)"
        for benchmark in BENCHMARKS
        if benchmark.chart and (RESULTS / f"{benchmark.name}.svg").exists()
    )


def write() -> None:
    """Bring the README up to date."""
    parts = {
        "questions": questions(),
        "figures": f"{machines()}. Medians of the rounds, and their range.\n\n{figures()}",
        "charts": drawings(),
    }
    write_between(PAGE, parts)
