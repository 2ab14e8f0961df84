"""What every benchmark shares: the machine's description, interleaved timing, and writing results."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import platform
import statistics
import subprocess
import time
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from w2v_fast.config import usable_cpus
from w2v_fast.files import atomic_write

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"


def machine() -> dict[str, Any]:
    """CPU, usable cores, versions (None where not installed), commit (`+` when the tree has changes) and UTC date."""
    return {
        "cpu": _cpu_name(),
        "cores": usable_cpus(),
        "python": platform.python_version(),
        "numpy": _version("numpy"),
        "gensim": _version("gensim"),
        "w2v_fast": tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"],
        "commit": _commit(),
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


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
            return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
        return "" if value is None else str(value)

    lines = [columns, ["---"] * len(columns), *([cell(row.get(column)) for column in columns] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def write_results(name: str, rows: list[dict[str, Any]], table: str) -> None:
    """Write `rows` as JSON lines to results/NAME.jsonl and `table` to results/NAME.md, and print the table."""
    RESULTS.mkdir(exist_ok=True)
    with atomic_write(RESULTS / f"{name}.jsonl") as file:
        file.writelines((json.dumps(row) + "\n").encode() for row in rows)
    with atomic_write(RESULTS / f"{name}.md") as file:
        file.write((table + "\n").encode())
    print(table)


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _commit() -> str | None:
    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return git("rev-parse", "--short", "HEAD") + ("+" if git("status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.CalledProcessError):
        return None
