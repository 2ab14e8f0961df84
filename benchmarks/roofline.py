"""What share of the machine does training reach? `python -m benchmarks.roofline CORPUS`

Measured in the same rounds: the arithmetic peak of each core alone and of all together, for each instruction set (a
small C program, compiled now); the bandwidth of copying memory; and skip-gram training with negative sampling, for each
instruction set, d = 100 and 300, one worker and all. With w the window and K the noise words, a kept word needs

    (w + 1) (6 (K + 1) d + d) floating-point operations          222 d for w = 5, K = 5

in the middle of a sentence: w + 1 contexts on average, for each K + 1 scores and two updates of 2 d each, and d for
adding the gradient to the context. Contexts that end with the sentence are taken off: (w + 1)(w + 2)/3 a sentence.
"""

from __future__ import annotations

import collections
import ctypes
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from benchmarks.common import (
    caption,
    corpus_parser,
    log,
    machine,
    markdown_table,
    publish,
    ratios,
    spread,
)
from benchmarks.kernels.build import compiler_version, load
from benchmarks.text import Text, first_words
from benchmarks.trainers import PROTOCOL, Outcome, Run, TrainerError, perform
from w2v_fast.training import _inner
from w2v_fast.training.weights import stride_of

MEASURE_SECONDS = 0.3
COPY_FLOATS = 1 << 25
"""128 MB in each of two arrays a core: beyond any cache."""
DIMENSIONS = (100, 300)
ALL = "all cores"
SHARES = ("share of peak", "share of peak, no sentence ends")


def main() -> None:
    parser = corpus_parser(__doc__, "roofline", 10_000_000)
    parser.add_argument("--repeats", type=int, default=5, help="rounds (5)")
    parser.add_argument(
        "--isa",
        action="append",
        choices=_inner.supported_isas(),
        help="instruction set; may be repeated (all that run here)",
    )
    arguments = parser.parse_args()
    isas = arguments.isa or list(reversed(_inner.supported_isas()))
    cores = (
        sorted(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else list(range(os.cpu_count() or 1))
    )
    library = load("peak.c", "-O2")
    peaks: dict[tuple[str, str], list[float]] = collections.defaultdict(list)
    copies: dict[str, list[float]] = collections.defaultdict(list)
    outcomes: dict[Setting, list[Outcome]] = collections.defaultdict(list)
    with first_words(arguments.corpus, arguments.words) as text:
        settings = [
            Setting(isa, dimension, workers)
            for isa in isas
            for dimension in DIMENSIONS
            for workers in sorted({1, len(cores)})
        ]
        for number in range(1, arguments.repeats + 1):
            log(f"round {number}/{arguments.repeats}")
            for place, used in places_of(cores).items():
                copies[place].append(copy_bandwidth(used))
                log(f"copy, {place}: {copies[place][-1] / 1e9:.1f} GB/s")
                for isa in isas:
                    peaks[isa, place].append(arithmetic_peak(library, isa, used))
                    log(f"{isa}, {place}: {peaks[isa, place][-1] / 1e9:.1f} GFLOP/s")
            for setting in settings:
                outcomes[setting].append(train(setting, text))
    about = {**machine(), "compiler": compiler_version()}
    facts = {
        "benchmark": "roofline",
        "text": text.name,
        "sha256": text.sha256,
        "words": text.words,
        **about,
    }
    rows = [
        *(
            {"kind": "peak", "isa": isa, "place": place, "FLOP/s": rates, **facts}
            for (isa, place), rates in peaks.items()
        ),
        *(
            {"kind": "copy", "place": place, "bytes/s": rates, **facts}
            for place, rates in copies.items()
        ),
        *(
            {**training_row(setting, taken, peaks, text), **facts}
            for setting, taken in outcomes.items()
        ),
    ]
    publish(arguments.name, rows, report(rows, text, about, arguments.repeats), arguments.store)


class Setting(NamedTuple):
    isa: str
    dimension: int
    workers: int

    @property
    def options(self) -> dict[str, Any]:
        return {**PROTOCOL, "vector_size": self.dimension, "isa": self.isa, "workers": self.workers}


def places_of(cores: Sequence[int]) -> dict[str, list[int]]:
    """Each core alone, and all together."""
    return {
        **{f"core {core}": [core] for core in cores},
        **({ALL: list(cores)} if len(cores) > 1 else {}),
    }


def train(setting: Setting, text: Text) -> Outcome:
    try:
        outcome = perform(Run("w2v_fast", text, setting.options))
    except TrainerError as error:
        raise SystemExit(f"training with {setting} failed: {error}") from error
    log(
        f"{setting.isa}, d {setting.dimension}, {setting.workers} workers: "
        f"{outcome.kept_words / outcome.seconds / 1e6:.2f} M kept words/s"
    )
    return outcome


def arithmetic_peak(library: ctypes.CDLL, isa: str, cores: Sequence[int]) -> float:
    """Floating-point operations a second of these cores together."""
    peak = getattr(library, f"peak_{isa}")
    peak.argtypes, peak.restype = [ctypes.c_long, ctypes.c_float], ctypes.c_float
    rounds = 1_000_000
    seconds = together(lambda: peak(rounds, 1.0), cores[:1])
    rounds = max(int(rounds * MEASURE_SECONDS / seconds), 1)
    return (
        len(cores)
        * rounds
        * getattr(library, f"flops_{isa}")()
        / together(lambda: peak(rounds, 1.0), cores)
    )


def copy_bandwidth(cores: Sequence[int]) -> float:
    """Bytes read and written a second when each core copies an array of its own."""
    local = threading.local()

    def prepare() -> None:
        local.source, local.target = (
            np.ones(COPY_FLOATS, np.float32),
            np.zeros(COPY_FLOATS, np.float32),
        )

    times = 4

    def copy() -> None:
        for _ in range(times):
            np.copyto(local.target, local.source)

    return len(cores) * times * 2 * 4 * COPY_FLOATS / together(copy, cores, prepare)


def together(
    work: Callable[[], Any], cores: Sequence[int], prepare: Callable[[], Any] | None = None
) -> float:
    """Seconds from the start of the first to the end of the last when each core does `work`, which frees the GIL."""
    barrier = threading.Barrier(len(cores))
    times: list[tuple[float, float]] = []

    def on(core: int) -> None:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {core})  # of this thread
        if prepare is not None:
            prepare()
        barrier.wait()
        start = time.perf_counter()
        work()
        times.append((start, time.perf_counter()))

    threads = [threading.Thread(target=on, args=(core,)) for core in cores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return max(end for _, end in times) - min(start for start, _ in times)


def flops_of_word(options: Mapping[str, Any], contexts: float) -> float:
    """Useful floating-point operations of a kept word with so many contexts."""
    return float(contexts * (6 * (options["negative"] + 1) + 1) * options["vector_size"])


def mean_contexts(window: int, kept_words: float, sentences: int) -> float:
    """Contexts of a kept word: w + 1, less those beyond the ends of sentences of at least w kept words."""
    return window + 1 - sentences / kept_words * (window + 1) * (window + 2) / 3


def bytes_of_word(options: Mapping[str, Any]) -> int:
    """Bytes a kept word moves with no row in a cache: a new context, the target, K noise rows, read and written."""
    return 2 * 4 * stride_of(options["vector_size"]) * (options["negative"] + 2)


def training_row(
    setting: Setting,
    taken: Sequence[Outcome],
    peaks: Mapping[tuple[str, str], Sequence[float]],
    text: Text,
) -> dict[str, Any]:
    """The arithmetic of one setting, and its share of the peak that was measured in the same round."""
    options = setting.options
    contexts = mean_contexts(options["window"], taken[0].kept_words, text.lines)
    flops = flops_of_word(options, contexts)
    kept_rates = [outcome.kept_words / outcome.seconds for outcome in taken]
    alone = [
        rates for (name, place), rates in peaks.items() if name == setting.isa and place != ALL
    ]
    peak = (
        peaks[setting.isa, ALL]
        if setting.workers > 1
        else [max(rates) for rates in zip(*alone, strict=True)]
    )
    return {
        "kind": "training",
        "isa": setting.isa,
        "d": setting.dimension,
        "workers": setting.workers,
        "options": options,
        "contexts": contexts,
        "flops of a word": flops,
        "bytes of a word": bytes_of_word(options),
        "kept words/s": kept_rates,
        "FLOP/s": [rate * flops for rate in kept_rates],
        "share of peak": ratios([rate * flops for rate in kept_rates], peak),
        "share of peak, no sentence ends": ratios(
            [rate * flops_of_word(options, options["window"] + 1) for rate in kept_rates], peak
        ),
    }


def report(
    rows: Sequence[Mapping[str, Any]], text: Text, about: Mapping[str, Any], repeats: int
) -> str:
    def of_kind(kind: str) -> list[Mapping[str, Any]]:
        return [row for row in rows if row["kind"] == kind]

    peaks = [
        {**row, "GFLOP/s": spread([rate / 1e9 for rate in row["FLOP/s"]])}
        for row in of_kind("peak")
    ]
    copies = [
        {**row, "GB/s": spread([rate / 1e9 for rate in row["bytes/s"]])} for row in of_kind("copy")
    ]
    training = [
        {
            **row,
            "kept words/s, millions": spread([rate / 1e6 for rate in row["kept words/s"]]),
            "flops of a word": f"{row['flops of a word']:.0f}",
            "GFLOP/s": spread([rate / 1e9 for rate in row["FLOP/s"]]),
            **{share: spread([100 * value for value in row[share]]) + " %" for share in SHARES},
            "ns a kept word, each core": f"{1e9 * row['workers'] / median(row['kept words/s']):.0f}",
        }
        for row in of_kind("training")
    ]
    contexts = median(row["contexts"] for row in of_kind("training"))
    protocol = ", ".join(
        f"{name} {value}" for name, value in PROTOCOL.items() if name != "vector_size"
    )
    return "\n\n".join(
        [
            caption(about, text, about["compiler"]),
            f"Medians of {repeats} rounds, and their range; shares within each round.",
            "Peak: multiplications and additions in registers, fused where the instruction set has it.",
            markdown_table(peaks, ["isa", "place", "GFLOP/s"]),
            "Memory: bytes read plus bytes written while copying arrays larger than the caches.",
            markdown_table(copies, ["place", "GB/s"]),
            f"Training: skip-gram with negative sampling, {protocol}. Useful operations of a kept word: contexts x "
            f"(6 (K + 1) + 1) d, with {contexts:.2f} contexts here; the last column counts w + 1, as if no sentence ended, "
            "which makes 222 d. One worker is compared with the faster core alone, all workers with all cores together.",
            markdown_table(
                training,
                [
                    "isa",
                    "d",
                    "workers",
                    "kept words/s, millions",
                    "ns a kept word, each core",
                    "flops of a word",
                    "GFLOP/s",
                    *SHARES,
                ],
            ),
        ]
    )


if __name__ == "__main__":
    main()
