"""Every benchmark, one after the other: `python -m benchmarks CORPUS [--eval FOLDER] [--full]`

The quick set takes less than ten minutes on two cores, the full one about two hours. Let nothing
else run meanwhile. `python -m benchmarks --goals` prints the stored figures beside the goals.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
import time

from benchmarks import page
from benchmarks.measure import log
from benchmarks.registry import BENCHMARKS


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "corpus",
        nargs="?",
        help="a text file, perhaps compressed; one sentence or paragraph a line",
    )
    parser.add_argument(
        "--eval", metavar="FOLDER", help="evaluation sets; without them quality is left out"
    )
    parser.add_argument("--full", action="store_true", help="the full set")
    parser.add_argument(
        "--store", action="store_true", help="write the results to benchmarks/results/"
    )
    parser.add_argument("--goals", action="store_true", help="print the stored figures and goals")
    arguments = parser.parse_args()
    if arguments.goals:
        print(page.figures("goal", "reached"))
        return 0
    if arguments.corpus is None:
        parser.error("expected a corpus")
    return run_all(arguments)


def run_all(arguments: argparse.Namespace) -> int:
    """Run each benchmark of the set in a separate process; 1 if any failed."""
    given = {"CORPUS": arguments.corpus, "EVAL": arguments.eval}
    start, failed = time.perf_counter(), []
    for benchmark in BENCHMARKS:
        quick = "" if arguments.full else benchmark.quick
        if quick is None:
            continue
        options = shlex.split(f"{benchmark.command} {quick}")
        if "EVAL" in options and arguments.eval is None:
            log(f"\n== {benchmark.name}\nleft out: no --eval FOLDER")
            continue
        command = [sys.executable, "-m", f"benchmarks.{benchmark.name}"]
        command += [given.get(option, option) for option in options]
        log(f"\n== {benchmark.name} ({(time.perf_counter() - start) / 60:.0f} minutes so far)")
        if subprocess.run(command + ["--store"] * arguments.store).returncode:
            failed.append(benchmark.name)
    for name in failed:
        log(f"FAILED: {name}")
    log(f"all took {(time.perf_counter() - start) / 60:.0f} minutes")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
