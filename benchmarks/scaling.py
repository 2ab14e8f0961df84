"""What do more workers bring, and what limits them? `python -m benchmarks.scaling CORPUS`

Training with 1, 2, 4 and 8 workers on the cores there are, and with a single worker on each core
with separate weights: what the machine could give if no row were shared. All alternate, each in a
separate process.

For each: raw words/s; CPU time of a kept word, which rises if threads wait actively or fetch each
other's rows; how often threads gave up the processor voluntarily, which is what waiting for a lock
does; calls of the allocator and of mmap while training, and within one call of the inner loop, over
n and over 10 n tokens.

The model. A kept word of skip-gram with negative sampling touches a new context row, its target's
row and K noise rows; row r is touched f_r times a kept word. A core's cache keeps what was touched
within the last T kept words, where T is such that sum_r 1 - exp(-f_r T) rows fill the cache (Che's
approximation). With n cores a row must come from the cache of another one if that touched it later
than this one, and within T:

    transfers a kept word, M(n) = sum_r f_r (n - 1) / n (1 - exp(-n f_r T))

One transfer's time t is what a core takes longer for a kept word with shared weights than with
separate ones, all cores busy, over M; and n cores are expected to be n t(1) / (t(1) + M(n) t) times
as fast as one with separate weights, t(1), if memory bandwidth suffices and a transfer takes the
same time.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpus_text import Text, first_words
from benchmarks.kernels.build import compile_library
from benchmarks.markdown import caption, columns_of, markdown_table, options_of, spread, text_of
from benchmarks.measure import ROOT, Row, benchmark_parser, log, machine, ratios
from benchmarks.publish import publish
from benchmarks.trainers import PROTOCOL, SINGLE_THREADED_BLAS
from w2v_fast.config import TrainConfig
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.system.cpus import usable_cpus
from w2v_fast.training.tables import LookupTables
from w2v_fast.training.trainer import Trainer
from w2v_fast.training.weights import stride_of

WORKERS = (1, 2, 4, 8)
LOOP_TOKENS = 100_000
DEFAULT_CACHE = 1 << 20
PREDICTED = (2, 4, 8, 16, 32, 64)
SEPARATE = "{} workers, separate weights"


def main() -> None:
    arguments = benchmark_parser(__doc__, words=10_000_000, repeats=9).parse_args()
    cores = usable_cpus()
    groups = {f"{number} worker{'s' * (number > 1)}": [number] for number in WORKERS}
    if cores > 1:
        groups[SEPARATE.format(cores)] = [1] * cores
    with first_words(arguments.corpus, arguments.words) as text:
        found = measure_groups(groups, text, arguments.repeats)
        corpus = Corpus.from_source(text.path, min_count=PROTOCOL["min_count"])
    facts = {"options": PROTOCOL, **text.facts, **machine()}
    alone = [one["raw words/s"] for one in found["1 worker"]]
    rows: list[Row] = [
        {
            "kind": "measured",
            "run": name,
            "workers": sum(groups[name]),
            **{figure: [one[figure] for one in taken] for figure in taken[0]},
            "times 1 worker": ratios([one["raw words/s"] for one in taken], alone),
        }
        for name, taken in found.items()
    ]
    rows += predictions(rows, corpus, TrainConfig(**PROTOCOL), cores)
    publish("scaling", [{**row, **facts} for row in rows], report, arguments.store)


def measure_groups(
    groups: dict[str, list[int]], text: Text, repeats: int
) -> dict[str, list[dict[str, float]]]:
    """The figures of each group of processes in every round."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in groups}
    with tempfile.TemporaryDirectory() as folder:
        library = os.path.join(folder, "allocations.so")
        compile_library("allocations.c", library, "-O2", "-ldl")
        for number in range(1, repeats + 1):
            for name, workers in groups.items():
                found[name].append(together(workers, text, library))
                last = found[name][-1]
                log(
                    f"round {number}/{repeats}: {name}: {last['raw words/s'] / 1e6:.2f} M words/s, "
                    f"{last['CPU ns a kept word']:.0f} ns of CPU a kept word"
                )
    return found


def together(workers: Sequence[int], text: Text, library: str) -> dict[str, float]:
    """The figures of processes with so many workers each, which start to train at once."""
    command = [sys.executable, "-m", "benchmarks.scaling", "--measure", text.path]
    environment = {
        **os.environ,
        **SINGLE_THREADED_BLAS,
        "LD_PRELOAD": library,
        "ALLOCATIONS": library,
    }
    processes = [
        subprocess.Popen(
            [*command, str(number)],
            cwd=ROOT,
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for number in workers
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    answers = [""] * len(processes)

    def follow(number: int) -> None:
        answers[number] = processes[number].communicate("go\n")[0]

    threads = [threading.Thread(target=follow, args=(n,)) for n in range(len(processes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if any(process.returncode for process in processes):
        raise SystemExit(f"{' '.join(command)} failed")
    taken = [json.loads(answer) for answer in answers]
    seconds = max(one["seconds"] for one in taken)
    kept = sum(one["kept words"] for one in taken)
    return {
        "raw words/s": sum(one["raw words"] for one in taken) / seconds,
        "kept words/s": kept / seconds,
        "CPU ns a kept word": 1e9 * sum(one["CPU seconds"] for one in taken) / kept,
        **{
            f"{figure} a job": sum(one[figure] for one in taken) / sum(one["jobs"] for one in taken)
            for figure in ("voluntary switches", "allocations")
        },
        **{
            figure: max(one[figure] for one in taken)
            for figure in ("allocations of a loop", "of one ten times longer")
        },
    }


def measure(path: str, workers: int) -> None:
    """What a process does: get ready, wait for the word, train."""
    allocation_calls = ctypes.CDLL(os.environ["ALLOCATIONS"]).allocation_calls
    allocation_calls.restype = ctypes.c_long
    corpus = Corpus.from_source(path, min_count=PROTOCOL["min_count"])
    trainer = Trainer(corpus.ids, corpus.vocabulary, TrainConfig(**PROTOCOL, workers=workers))
    print("ready", flush=True)
    sys.stdin.readline()
    usage, allocations, start = (
        resource.getrusage(resource.RUSAGE_SELF),
        allocation_calls(),
        time.perf_counter(),
    )
    trainer.train()
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    allocations = allocation_calls() - allocations
    in_loop = []
    job, loop = trainer.jobs[0], trainer._loops[0]
    for tokens in (LOOP_TOKENS, 10 * LOOP_TOKENS):
        before = allocation_calls()
        loop.run(0, min(tokens, len(corpus)), 1e-9, job.token_key, job.noise_key)
        in_loop.append(allocation_calls() - before)
    print(
        json.dumps(
            {
                "raw words": trainer.tokens,
                "kept words": trainer.kept_tokens,
                "seconds": seconds,
                "jobs": len(trainer.jobs),
                "CPU seconds": after.ru_utime + after.ru_stime - usage.ru_utime - usage.ru_stime,
                "voluntary switches": after.ru_nvcsw - usage.ru_nvcsw,
                "allocations": allocations,
                "allocations of a loop": in_loop[0],
                "of one ten times longer": in_loop[1],
            }
        )
    )


def touches(corpus: Corpus, config: TrainConfig) -> NDArray[np.float64]:
    """Touches of each row of both matrices a kept word, [2 V]: contexts; targets and noise."""
    tables, counts = LookupTables(corpus.vocabulary, config), corpus.vocabulary.counts
    kept = counts * corpus.vocabulary.keep_probabilities(config.sample)
    kept = kept / kept.sum()
    return np.concatenate([kept, kept + config.negative * np.asarray(tables.noise, np.float64)])


def transfers(touched: NDArray[np.float64], memory: float, cores: int) -> float:
    """M(n) of the model."""
    return float(np.sum(touched * (cores - 1) / cores * -np.expm1(-cores * touched * memory)))


def memory_of_cache(touched: NDArray[np.float64], rows: float) -> float:
    """T of the model: kept words until a cache of so many rows has forgotten a row."""
    low, high = 0.0, 1e12
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if -np.expm1(-touched * middle).sum() < rows else (low, middle)
    return low


def second_level_cache() -> int:
    """Bytes of a core's own cache."""
    found = Path("/sys/devices/system/cpu/cpu0/cache/index2/size")
    if not found.exists():
        return DEFAULT_CACHE
    size = found.read_text().strip()
    return int(size[:-1]) * {"K": 1 << 10, "M": 1 << 20}[size[-1]]


def predictions(rows: Sequence[Row], corpus: Corpus, config: TrainConfig, cores: int) -> list[Row]:
    """The model with its one constant from this run."""
    if cores < 2 or cores not in WORKERS:
        return []
    times = {row["run"]: median(cores * 1e9 / rate for rate in row["kept words/s"]) for row in rows}
    alone, shared = times[SEPARATE.format(cores)], times[f"{cores} workers"]
    touched = touches(corpus, config)
    cache = second_level_cache()
    memory = memory_of_cache(touched, cache / (4 * stride_of(config.vector_size)))
    transfer = max(0.0, shared - alone) / transfers(touched, memory, cores)
    found = []
    for number in PREDICTED:
        moved = transfers(touched, memory, number)
        found.append(
            {
                "kind": "model",
                "cores of the model": number,
                "ns a kept word, own weights": alone,
                "cache bytes": cache,
                "kept words in a cache": memory,
                "ns a transfer": transfer,
                "transfers a kept word": moved,
                "times 1 core": number * alone / (alone + moved * transfer),
            }
        )
    return found


def report(rows: list[Row]) -> str:
    scales = {
        "raw words/s, millions": ("raw words/s", 1e-6),
        "times 1 worker": ("times 1 worker", 1.0),
        "CPU ns a kept word": ("CPU ns a kept word", 1.0),
        "voluntary switches a job": ("voluntary switches a job", 1.0),
        "allocations a job": ("allocations a job", 1.0),
    }
    measured = [row for row in rows if row["kind"] == "measured"]
    shown = [
        {
            "run": row["run"],
            **{
                title: spread(row[name], scale)
                for title, (name, scale) in scales.items()
                if name in row
            },
        }
        for row in measured
    ]
    lines = [
        caption(rows[0], text_of(rows[0])),
        f"{options_of(rows[0]['options'])}. Medians of {len(measured[0]['raw words/s'])} rounds, "
        "and their range; ratios within each round. A job has 50,000 tokens, or fewer in a short "
        "text.",
        markdown_table(shown, columns_of(shown)),
    ]
    if loops := [row for row in measured if "allocations of a loop" in row]:
        in_loop, in_longer = (
            max(max(row[name]) for row in loops)
            for name in ("allocations of a loop", "of one ten times longer")
        )
        lines.append(
            "Calls of the allocator and of mmap within one call of the inner loop: "
            f"{in_loop:.0f} over {LOOP_TOKENS:,} tokens, {in_longer:.0f} over {10 * LOOP_TOKENS:,}."
        )
    if model := [row for row in rows if row["kind"] == "model"]:
        first = model[0]
        lines += [
            f"The model: {first['ns a kept word, own weights']:.0f} ns a kept word with separate "
            f"weights, a cache of {first['cache bytes'] >> 10} kB that forgets a row after "
            f"{first['kept words in a cache']:.0f} kept words, {first['ns a transfer']:.0f} ns a "
            "transfer. More cores than this machine has are a prediction:",
            markdown_table(model, ["cores of the model", "transfers a kept word", "times 1 core"]),
        ]
    return "\n\n".join(lines)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(sys.argv[2], int(sys.argv[3]))
    else:
        main()
