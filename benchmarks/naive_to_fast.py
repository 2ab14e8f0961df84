"""From the obvious step to the kernel: `python -m benchmarks.naive_to_fast CORPUS`

The same windows and the same noise words, from the same initial weights, on one thread, through

    kernels/steps.c one pair at a time, and one window at a time with shared noise, each as scalar
                    code and as the compiler makes of it with every freedom (-O3 -march=native
                    -ffast-math); then with both updates of a step in one pass over 16 columns
    w2v_fast        its inner loop with each instruction set, with noise drawn for each pair and for
                    some windows

Windows and noise are handed to steps.c ready-made, while the inner loop finds and draws them in the
time it is given. Those of one unit must end with the same weights, or the benchmark fails: pairs,
windows one at a time, or some windows that share their noise (the inner loop's step).
"""

from __future__ import annotations

import ctypes
import dataclasses
import time
from collections.abc import Callable, Iterable
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpus_text import first_words
from benchmarks.kernels.build import compiler_version, load
from benchmarks.markdown import caption, markdown_table, options_of, spread, text_of
from benchmarks.measure import Row, benchmark_parser, log, machine, ratios
from benchmarks.publish import publish
from benchmarks.trainers import PROTOCOL
from benchmarks.windows import find_windows
from w2v_fast.config import TrainConfig
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.training import _inner
from w2v_fast.training.generator import Stream, derive, draw
from w2v_fast.training.tables import LookupTables
from w2v_fast.training.weights import Weights, initial_weights

BUILDS = {
    "scalar": ("-O2", "-fno-tree-vectorize"),
    "compiler": ("-O3", "-march=native", "-ffast-math"),
}
ONE_PAIR, ONE_WINDOW, SOME_WINDOWS = "one pair", "one window", "some windows"
STEPS: dict[str, tuple[str, str, Iterable[str]]] = {
    "one pair at a time": (ONE_PAIR, "pair_steps", BUILDS),
    "one window at a time": (ONE_WINDOW, "window_steps", BUILDS),
    "one window at a time, one pass": (ONE_WINDOW, "fused_window_steps", ["compiler"]),
}
"""What steps.c has: the unit that draws noise, the function, the builds."""
Ints = NDArray[np.int32]


def main() -> None:
    arguments = benchmark_parser(__doc__, words=1_000_000).parse_args()
    with first_words(arguments.corpus, arguments.words) as text:
        corpus = Corpus.from_source(text.path, min_count=PROTOCOL["min_count"])
    bench = Bench(corpus, TrainConfig(**PROTOCOL, workers=1))
    times: dict[str, list[float]] = {name: [] for name in bench.runs}
    for number in range(1, arguments.repeats + 1):
        for name, run in bench.runs.items():
            times[name].append(1e9 * bench.seconds(run) / len(bench.windows.word))
            log(f"round {number}/{arguments.repeats}: {name}: {times[name][-1]:.0f} ns a kept word")
    facts = {
        "kept words": len(bench.windows.word),
        "vocabulary": len(corpus.vocabulary),
        "options": PROTOCOL,
        "compiler": compiler_version(),
        **text.facts,
        **machine(),
    }
    first = next(iter(times.values()))
    rows: list[Row] = [
        {"run": name, "ns a kept word": taken, "times the first": ratios(first, taken), **facts}
        for name, taken in times.items()
    ]
    publish("naive_to_fast", rows, report, arguments.store)


def report(rows: list[Row]) -> str:
    columns = ("ns a kept word", "times the first")
    shown = [{**row, **{column: spread(row[column]) for column in columns}} for row in rows]
    slow, fast = median(rows[0][columns[0]]), min(median(row[columns[0]]) for row in rows)
    return "\n\n".join(
        [
            caption(rows[0], text_of(rows[0]), rows[0]["compiler"]),
            f"{options_of(rows[0]['options'])}, one thread. Medians of {len(rows[0][columns[0]])} "
            f"rounds, and their range: {slow:.0f} ns -> {fast:.0f} ns a kept word.",
            markdown_table(shown, ["run", *columns]),
        ]
    )


class Bench:
    """Everything that is timed, by name; each run trains `weights` from the same start."""

    def __init__(self, corpus: Corpus, config: TrainConfig) -> None:
        self.corpus, self.config = corpus, config
        self.tables = LookupTables(corpus.vocabulary, config)
        self.token_key = derive(config.seed, Stream.TOKENS, 0)
        self.noise_key = derive(config.seed, Stream.NOISE, 0)
        self.windows = find_windows(corpus.ids, self.tables, config)
        self.arrays = [
            np.ascontiguousarray(part, np.int32)
            for part in (
                self.windows.center,
                self.windows.first,
                self.windows.last,
                self.windows.word,
            )
        ]
        self.start = initial_weights(len(corpus.vocabulary), config.vector_size, config.seed)
        self.weights = initial_weights(len(corpus.vocabulary), config.vector_size, config.seed)
        self.references: dict[str, Weights] = {}
        self.runs: dict[str, tuple[str, Callable[[], Any]]] = {}
        libraries = {build: load("steps.c", *flags) for build, flags in BUILDS.items()}
        noise = {
            unit: self.noise_words(libraries["compiler"], unit) for unit in (ONE_PAIR, ONE_WINDOW)
        }
        for step, (unit, function, builds) in STEPS.items():
            for build in builds:
                run = self.c_run(getattr(libraries[build], function), noise[unit])
                self.runs[f"{step}, C, {build}"] = unit, run
        for unit in (ONE_PAIR, SOME_WINDOWS):
            for isa in reversed(_inner.supported_isas()):
                self.runs[f"{unit} at a time, w2v_fast, {isa}"] = unit, self.inner_run(unit, isa)

    def seconds(self, run: tuple[str, Callable[[], Any]]) -> float:
        """Time one run from the start weights, and check the weights it ends with."""
        unit, train = run
        self.weights.input[...], self.weights.output[...] = self.start.input, self.start.output
        start = time.perf_counter()
        train()
        taken = time.perf_counter() - start
        found = Weights(self.weights.input.copy(), self.weights.output.copy(), self.weights.dim)
        expected = self.references.setdefault(unit, found)
        for ours, theirs in ((found.input, expected.input), (found.output, expected.output)):
            error = np.abs(ours - theirs).max()
            if not error <= 2e-3 * np.abs(theirs).max():
                raise SystemExit(
                    f"{unit} at a time: weights differ from those of the scalar code by {error}"
                )
        return taken

    def inner_run(self, unit: str, isa: str) -> Callable[[], Any]:
        config = dataclasses.replace(self.config, share_noise=unit == SOME_WINDOWS)
        loop = _inner.InnerLoop(
            self.corpus.ids, self.weights, self.tables, config, isa, len(self.corpus)
        )
        return lambda: loop.run(0, len(self.corpus), config.alpha, self.token_key, self.noise_key)

    def c_run(self, function: Callable[..., Any], noise: Ints) -> Callable[[], Any]:
        config = self.config
        windows = CWindows(
            len(self.windows.center),
            *map(address, (*self.arrays, noise)),
            config.negative,
            config.vector_size,
            self.weights.input.shape[1],
            config.alpha,
            address(self.weights.input),
            address(self.weights.output),
        )

        def run() -> NDArray[Any]:
            function(ctypes.byref(windows))
            return noise  # which so lives as long as what points to it

        return run

    def noise_words(self, library: ctypes.CDLL, unit: str) -> Ints:
        """The noise words that the inner loop draws for each unit, [units * K]."""
        found = self.windows
        targets = found.word[found.center]
        if unit == ONE_PAIR:
            targets = np.repeat(targets, found.last - found.first)
        noise = np.zeros(len(targets) * self.config.negative, np.int32)
        bits = draw(self.noise_key, np.arange(len(noise) + len(noise) // 4 + 1000))
        column = ((bits >> np.uint64(32)) * np.uint64(self.tables.words) >> np.uint64(32)).astype(
            np.int64
        )
        entry = self.tables.alias[column]
        own = (bits & np.uint64(0xFFFFFFFF)) < entry["threshold"]
        stream = np.where(own, column, entry["alias"]).astype(np.int32)
        if not library.take_noise(
            address(stream),
            ctypes.c_long(len(stream)),
            address(targets),
            ctypes.c_long(len(targets)),
            self.config.negative,
            address(noise),
        ):
            raise SystemExit(
                "this vocabulary is too small: too many noise words are their own target"
            )
        return noise


class CWindows(ctypes.Structure):
    """`windows` of steps.c."""

    _fields_ = (
        ("count", ctypes.c_long),
        ("center", ctypes.c_void_p),
        ("first", ctypes.c_void_p),
        ("last", ctypes.c_void_p),
        ("word", ctypes.c_void_p),
        ("noise", ctypes.c_void_p),
        ("negative", ctypes.c_int),
        ("dim", ctypes.c_int),
        ("stride", ctypes.c_int),
        ("lr", ctypes.c_float),
        ("input", ctypes.c_void_p),
        ("output", ctypes.c_void_p),
    )


def address(array: NDArray[Any]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


if __name__ == "__main__":
    main()
