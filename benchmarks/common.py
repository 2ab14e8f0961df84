"""What every benchmark shares: the machine's description, interleaved timing, and writing results."""

from __future__ import annotations

import argparse
import ast
import datetime
import importlib.metadata
import json
import platform
import statistics
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from w2v_fast.system.cpus import usable_cpus
from w2v_fast.system.files import atomic_write

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
CODE = ("*.py", "*.pyx", "*.c", "*.h", "*.toml")
"""What a result depends on; results and pages that are rewritten do not count as changes."""


def machine() -> dict[str, Any]:
    """CPU, usable cores, versions (None where not installed), commit (`+` when the tree has changes) and UTC date."""
    return {
        "cpu": _cpu_name(),
        "cores": usable_cpus(),
        "python": platform.python_version(),
        "numpy": _version("numpy"),
        "gensim": _version("gensim"),
        "w2v_fast": own_version(),
        "commit": _commit(),
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def own_version() -> str:
    """The version of this checkout, installed or not."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


def seconds(runs: Mapping[str, Callable[[], Any]], repeats: int) -> dict[str, list[float]]:
    """Time every run `repeats` times, alternating between them, so that all meet the same state of the machine."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            taken[name].append(time.perf_counter() - start)
    return taken


def medians(taken: Mapping[str, list[float]]) -> dict[str, float]:
    """The median of each list that `seconds` returned."""
    return {name: statistics.median(values) for name, values in taken.items()}


def markdown_table(rows: list[dict[str, Any]], columns: list[str]) -> str:
    """Rows as a Markdown table; floats with three significant digits."""

    def cell(value: Any) -> str:
        if isinstance(value, float):
            return three_digits(value)
        return "" if value is None else str(value)

    lines = [
        columns,
        ["---"] * len(columns),
        *([cell(row.get(column)) for column in columns] for row in rows),
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def write_results(name: str, rows: list[dict[str, Any]], table: str) -> None:
    """Write `rows` as JSON lines to results/NAME.jsonl and `table` to results/NAME.md, and print the table."""
    RESULTS.mkdir(exist_ok=True)
    with atomic_write(RESULTS / f"{name}.jsonl") as file:
        file.writelines((json.dumps(row) + "\n").encode() for row in rows)
    with atomic_write(RESULTS / f"{name}.md") as file:
        file.write((table + "\n").encode())
    print(table)


def corpus_parser(description: str | None, name: str, words: int) -> argparse.ArgumentParser:
    """The options of every benchmark that trains on the first words of a corpus."""
    parser = result_parser(description, name)
    parser.add_argument(
        "--words", type=int, default=words, help=f"of the corpus, from its start (0: all; {words})"
    )
    return parser


def result_parser(description: str | None, name: str) -> argparse.ArgumentParser:
    """The options of every benchmark that reads a corpus."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "corpus", help="a text file, perhaps compressed; one sentence or paragraph a line"
    )
    parser.add_argument("--name", default=name, help=f"of the stored result ({name})")
    parser.add_argument(
        "--store", action="store_true", help="write the result to benchmarks/results/"
    )
    return parser


def publish(name: str, rows: list[dict[str, Any]], table: str, store: bool) -> None:
    """Print `table`; with `store` also write it and the rows to results/, draw their charts, and bring the overview in
    benchmarks/README.md up to date."""
    if not store:
        print(table)
        log("nothing is stored without --store")
        return
    write_results(name, rows, table)
    from benchmarks import charts, overview

    charts.draw(name)
    overview.write()


def write_between(page: Path, parts: Mapping[str, str]) -> None:
    """Put each part into a Markdown page between its markers, <!-- NAME --> and <!-- end -->."""
    text = page.read_text()
    for name, part in parts.items():
        start, end = f"<!-- {name} -->\n", "<!-- end -->"
        before, found, rest = text.partition(start)
        _, ended, after = rest.partition(end)
        if not found or not ended:
            raise SystemExit(
                f"{page} has no place for {name!r}: expected {start.strip()} and {end}"
            )
        text = f"{before}{start}\n{part}\n\n{end}{after}"
    with atomic_write(page) as file:
        file.write(text.encode())


def caption(about: Mapping[str, Any], *facts: object) -> str:
    """One line that says what was measured where: no figure goes without it."""
    machine_facts = (
        f"{about['cpu']}, {about['cores']} cores",
        f"Python {about['python']}",
        f"numpy {about['numpy']}",
        f"w2v_fast {about['w2v_fast']}, commit {about['commit']}",
        about["date"],
    )
    return "; ".join(str(fact) for fact in (*facts, *machine_facts))


def three_digits(value: float) -> str:
    """At least three significant digits, never an exponent for a large number."""
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def spread(values: Sequence[float]) -> str:
    """Median and range, such as `6.81 (6.52 to 7.03)`; one value stands alone."""
    middle, low, high = map(three_digits, (statistics.median(values), min(values), max(values)))
    return middle if len(values) == 1 else f"{middle} ({low} to {high})"


def ratios(numerators: Sequence[float], denominators: Sequence[float]) -> list[float]:
    """The ratio within each round."""
    return [a / b for a, b in zip(numerators, denominators, strict=True)]


def log(text: str) -> None:
    """A line of progress, on standard error."""
    print(text, file=sys.stderr, flush=True)


def option_value(text: str) -> Any:
    """The value of an option given on the command line: a number, True, False, None, or a word."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _cpu_name() -> str:
    """The CPU's name, and its family and model where they are told: virtual machines call many CPUs alike."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    told = dict(map(str.strip, line.split(":", 1)) for line in lines if ":" in line)
    name = told.get("model name") or platform.processor() or platform.machine()
    return (
        f"{name} (family {told['cpu family']}, model {told['model']})"
        if "cpu family" in told
        else name
    )


def _commit() -> str | None:
    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        return git("rev-parse", "--short", "HEAD") + (
            "+" if git("status", "--porcelain", "-uno", "--", *CODE) else ""
        )
    except (OSError, subprocess.CalledProcessError):
        return None
