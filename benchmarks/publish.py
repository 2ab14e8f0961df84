"""Print a result, or store it with its table, its chart and the README's figures.

`python -m benchmarks.publish` writes tables, charts and README again from the stored rows.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable

from benchmarks import charts, page
from benchmarks.measure import Row, log, runs_of
from benchmarks.registry import BENCHMARKS, RESULTS
from w2v_fast.system.files import atomic_write

Report = Callable[[list[Row]], str]


def publish(name: str, rows: list[Row], report: Report, store: bool) -> None:
    """Print the report of `rows`; with `store` also write rows, report and chart to results/."""
    print(report(rows))
    if not store:
        log("nothing is stored without --store")
        return
    rows = [{"benchmark": name, **row} for row in rows]
    RESULTS.mkdir(exist_ok=True)
    with atomic_write(RESULTS / f"{name}.jsonl") as file:
        file.writelines((json.dumps(row) + "\n").encode() for row in rows)
    write(name, rows, report)
    page.write()


def write(name: str, rows: list[Row], report: Report) -> None:
    """Write the table, a part for each run, and the chart."""
    with atomic_write(RESULTS / f"{name}.md") as file:
        file.write(("\n\n".join(map(report, runs_of(rows))) + "\n").encode())
    charts.draw(name, rows)


def main() -> None:
    for benchmark in BENCHMARKS:
        if not (rows := benchmark.rows()):
            continue
        try:
            module = importlib.import_module(f"benchmarks.{benchmark.name}")
        except ImportError as error:
            log(f"{benchmark.name} is left as it was written: {error}")
            continue
        write(benchmark.name, rows, module.report)
    page.write()


if __name__ == "__main__":
    main()
