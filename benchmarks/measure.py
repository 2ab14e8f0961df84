"""What every benchmark shares: its command line, the machine's description, and timing in turns."""

from __future__ import annotations

import argparse
import ast
import datetime
import importlib.metadata
import platform
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from w2v_fast.system.cpus import usable_cpus

ROOT = Path(__file__).resolve().parent.parent
CODE = ("*.py", "*.pyx", "*.c", "*.h", "*.toml")
"""What a result depends on; results and pages that are rewritten do not count as changes."""
Row = dict[str, Any]


def benchmark_parser(
    description: str | None, *, words: int | None = None, repeats: int = 5, corpus: bool = True
) -> argparse.ArgumentParser:
    """The options of every benchmark; one that reads a corpus may take its first words."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    if corpus:
        parser.add_argument(
            "corpus", help="a text file, perhaps compressed; one sentence or paragraph a line"
        )
    if words is not None:
        parser.add_argument(
            "--words",
            type=int,
            default=words,
            help="number of words, from the start of the corpus (%(default)s; 0: all)",
        )
    parser.add_argument(
        "--repeats", type=int, default=repeats, help="rounds of measurement (%(default)s)"
    )
    parser.add_argument(
        "--store", action="store_true", help="write the result to benchmarks/results/"
    )
    return parser


def parse_options(text: str) -> Row:
    """`NAME=VALUE,...` as options; each value is a number, True, False, None or a word."""
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(equals for _, equals, _ in pairs):
        raise ValueError(f"{text}: expected NAME=VALUE,...")
    return {name: option_value(value) for name, _, value in pairs}


def option_value(text: str) -> Any:
    """The value of an option given on the command line: a number, True, False, None, or a word."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def machine() -> Row:
    """CPU, usable cores, versions, commit (`+` if the tree has changes) and UTC date."""
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


def seconds(
    runs: Mapping[str, Callable[[], Any]],
    repeats: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Seconds of every run in each of `repeats` rounds.

    Runs alternate, so that all meet the same state of the machine.
    """
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            start = clock()
            run()
            taken[name].append(clock() - start)
    return taken


def beside_gensim(
    question: str, ours: Callable[[], Any], theirs: Callable[[], Any], repeats: int, parts: int = 1
) -> Row:
    """Time one of `parts` equal parts of a run on both sides, and the ratio within each round."""
    taken = seconds({"w2v_fast": ours, "gensim": theirs}, repeats)
    row = beside_row(question, taken["w2v_fast"], taken["gensim"], parts)
    log(f"{question}: " + ", ".join(f"{side} {min(row[f'{side}, s']):.3g} s" for side in taken))
    return row


def beside_row(
    question: str, ours: Sequence[float], theirs: Sequence[float], parts: int = 1
) -> Row:
    return {
        "question": question,
        "w2v_fast, s": [value / parts for value in ours],
        "gensim, s": [value / parts for value in theirs],
        "times gensim": ratios(theirs, ours),
    }


def ratios(numerators: Sequence[float], denominators: Sequence[float]) -> list[float]:
    """The ratio within each round."""
    return [a / b for a, b in zip(numerators, denominators, strict=True)]


def runs_of(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows that were measured together: a stored result may hold several runs."""
    runs: dict[tuple[Any, Any], list[Row]] = {}
    for row in rows:
        runs.setdefault((row["commit"], row["date"]), []).append(row)
    return list(runs.values())


def log(text: str) -> None:
    """A line of progress, on standard error."""
    print(text, file=sys.stderr, flush=True)


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _cpu_name() -> str:
    """The CPU's name, and family and model: virtual machines give many the same name."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    parts = (line.partition(":") for line in lines if ":" in line)
    told = {key.strip(): value.strip() for key, _, value in parts}
    name = told.get("model name") or platform.processor() or platform.machine()
    if "cpu family" not in told:
        return name
    return f"{name} (family {told['cpu family']}, model {told['model']})"


def _commit() -> str | None:
    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        changes = git("status", "--porcelain", "-uno", "--", *CODE)
        return git("rev-parse", "--short", "HEAD") + "+" * bool(changes)
    except (OSError, subprocess.CalledProcessError):
        return None
