"""What does the whole command cost beside its training? `python -m benchmarks.command CORPUS`

`w2v-fast train CORPUS -o vectors.bin`, one epoch, as a process from its start to its end: starting
Python, reading, counting, encoding, training, saving. The seconds of training alone are those that
the same process reports.

Peak memory is what the system has noted for the process (`ru_maxrss`), the interpreter and mapped
files included. It is compared with the necessary, and 200 MB:

    2 V stride floats of weights  +  4 bytes a token  +  200 MB

While it runs, /proc tells what the memory is: anonymous, or pages of files (libraries, text).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.markdown import caption, markdown_table, options_of, spread
from benchmarks.measure import ROOT, Row, benchmark_parser, log, machine, parse_options
from benchmarks.publish import publish
from benchmarks.trainers import PROTOCOL
from w2v_fast.config import TrainConfig
from w2v_fast.system.cpus import usable_cpus
from w2v_fast.training.weights import stride_of

ALLOWANCE = 200e6
"""Bytes above weights and ids: interpreter, vocabulary, tables, the text at hand."""
POLL_SECONDS = 0.02


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument(
        "--options",
        metavar="NAME=VALUE,...",
        help="hyper-parameters, by their names in TrainConfig",
    )
    arguments = parser.parse_args()
    options = {**PROTOCOL, "workers": usable_cpus()}
    try:
        options |= parse_options(arguments.options) if arguments.options else {}
        config = TrainConfig.from_options(options)
    except (TypeError, ValueError) as error:
        parser.error(str(error))
    text = Path(arguments.corpus)
    for _ in text.open("rb"):  # into the cache of files, in every round alike
        pass
    rounds = []
    for number in range(1, arguments.repeats + 1):
        rounds.append(measure(text, options))
        log(
            f"round {number}/{arguments.repeats}: {rounds[-1]['wall']:.2f} s, of which training "
            f"{rounds[-1]['training']:.2f} s; peak memory {rounds[-1]['peak bytes'] / 1e6:.0f} MB"
        )
    row = {**row_of(rounds, config, options, text), **machine()}
    publish("command", [row], report, arguments.store)


def measure(text: Path, options: Mapping[str, Any]) -> dict[str, float]:
    """Run the command once: its seconds, its bytes at the peak, and what it found in the text."""
    with tempfile.TemporaryDirectory(prefix="w2v_fast-benchmark-") as folder:
        output, messages = Path(folder, "vectors.bin"), Path(folder, "messages")
        command = [
            sys.executable,
            "-m",
            "w2v_fast",
            "train",
            str(text.resolve()),
            "-o",
            str(output),
            "--progress",
            "json",
        ]
        for name, value in options.items():
            command += [f"--{name.replace('_', '-')}", str(value)]
        most = {"RssAnon": 0, "RssFile": 0}
        with messages.open("wb") as standard_error:
            start = time.perf_counter()
            process = subprocess.Popen(command, cwd=ROOT, stderr=standard_error)
            while True:
                ended, status, usage = os.wait4(process.pid, os.WNOHANG)
                if ended:
                    wall = time.perf_counter() - start
                    break
                for kind, size in resident(process.pid).items():
                    most[kind] = max(most[kind], size)
                time.sleep(POLL_SECONDS)
            process.returncode = os.waitstatus_to_exitcode(status)
        lines = messages.read_text().splitlines()
        if process.returncode:
            raise SystemExit(
                f"{' '.join(command)} failed: {lines[-1] if lines else process.returncode}"
            )
        events = [json.loads(line) for line in lines if line.startswith("{")]
        last = [event for event in events if event["event"] == "epoch"][-1]
        with output.open("rb") as file:
            words = int(file.readline().split()[0])
        peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        return {
            "wall": wall,
            "training": last["seconds"],
            "peak bytes": peak,
            "words": words,
            "tokens": last["total_words"] / last["epochs"],
            "raw words": last["words"],
            **{f"most {kind} bytes": size for kind, size in most.items()},
        }


def resident(process: int) -> dict[str, int]:
    """Anonymous and file-backed bytes of a process now; empty without /proc or after its end."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return {}
    return {
        name: 1024 * int(rest.split()[0])
        for name, _, rest in (line.partition(":") for line in lines)
        if name in ("RssAnon", "RssFile")
    }


def row_of(
    rounds: Sequence[Mapping[str, float]],
    config: TrainConfig,
    options: Mapping[str, Any],
    text: Path,
) -> dict[str, Any]:
    words, tokens = int(rounds[0]["words"]), int(rounds[0]["tokens"])
    needed = 2 * words * stride_of(config.vector_size) * 4 + 4 * tokens
    return {
        "text": text.name,
        "bytes": text.stat().st_size,
        "options": dict(options),
        "vocabulary": words,
        "tokens": tokens,
        "weights and ids, bytes": needed,
        "wall, s": [found["wall"] for found in rounds],
        "training, s": [found["training"] for found in rounds],
        "wall / training": [found["wall"] / found["training"] for found in rounds],
        "words/s, whole command": [found["raw words"] / found["wall"] for found in rounds],
        "peak bytes": [found["peak bytes"] for found in rounds],
        "most anonymous bytes": [found["most RssAnon bytes"] for found in rounds],
        "most file bytes": [found["most RssFile bytes"] for found in rounds],
        "peak / allowed": [found["peak bytes"] / (needed + ALLOWANCE) for found in rounds],
    }


def report(rows: list[Row]) -> str:
    (row,) = rows
    needed = row["weights and ids, bytes"]
    above = [size - needed for size in row["peak bytes"]]

    def megabytes(sizes: Sequence[float]) -> str:
        return spread(sizes, 1e-6) + " MB"

    figures = {
        "whole command": spread(row["wall, s"]) + " s",
        "training alone, as the same process reports it": spread(row["training, s"]) + " s",
        "whole command / training": spread(row["wall / training"]),
        "words/s of the whole command, millions": spread(row["words/s, whole command"], 1e-6),
        "peak memory": megabytes(row["peak bytes"]),
        "weights and ids": f"{needed / 1e6:.0f} MB",
        "peak memory less weights and ids": megabytes(above),
        "peak of anonymous memory": megabytes(row["most anonymous bytes"]),
        "peak of pages of files": megabytes(row["most file bytes"]),
    }
    shown = [{"figure": name, "value": value} for name, value in figures.items()]
    return "\n\n".join(
        [
            caption(
                row,
                row["text"],
                f"{row['bytes'] / 1e6:.0f} MB",
                f"{row['tokens']:,} tokens of {row['vocabulary']:,} words",
            ),
            f"{options_of(row['options'])}. Medians of {len(row['wall, s'])} rounds, and their "
            "range. Weights and ids: 2 V stride x 4 bytes and 4 bytes a token. Pages of files are "
            "libraries and mapped text.",
            markdown_table(shown, ["figure", "value"]),
        ]
    )


if __name__ == "__main__":
    main()
