"""What share of the machine's arithmetic does training reach, and where does the rest go?

`python -m benchmarks.arithmetic CORPUS` measures in the same rounds: the arithmetic peak of each
core alone and of all together, for each instruction set (a small C program, compiled now); the
bandwidth of copying memory; and skip-gram training with negative sampling. With w the window and K
the noise words, a kept word needs

    (w + 1) (6 (K + 1) d + d) floating-point operations          222 d for w = 5, K = 5

in the middle of a sentence: w + 1 contexts on average, for each K + 1 scores and two updates of 2 d
each, and d for adding the gradient to the context. Contexts beyond the end of a sentence are taken
off: (w + 1)(w + 2)/3 a sentence.

Training with the fastest instruction set is measured over several d (whole vectors), in three
settings that differ in one thing each:

    cached      one core, ids folded onto so few words that their rows stay in the core's cache
    real        one core, the vocabulary as it is
    shared      all cores on the same weights: time of a core for a kept word

The line through the cached times over d has two parts: what does not depend on d (finding tokens
and windows, drawing noise, sigmoids, calls), and what grows with it (scores and updates). The floor
of the latter is the measured peak. What is above the cached time is waiting: for rows from the
outer caches and memory in the real setting, for rows that another core has written in the shared
one.
"""

from __future__ import annotations

import collections
import time
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from benchmarks.corpus_text import Text, first_words
from benchmarks.kernels.build import compiler_version
from benchmarks.markdown import caption, markdown_table, options_of, spread, text_of
from benchmarks.measure import Row, benchmark_parser, log, machine, ratios
from benchmarks.peak import arithmetic_peak, copy_bandwidth, load_peak, usable_cores
from benchmarks.publish import publish
from benchmarks.trainers import PROTOCOL
from w2v_fast.config import TrainConfig
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.training import _inner
from w2v_fast.training.trainer import Trainer
from w2v_fast.training.weights import stride_of

CACHED_WORDS = 300
DIMENSIONS = (16, 48, 100, 160, 208, 300)
SHOWN = (100, 300)
"""Dimensions that every instruction set trains."""
ALL = "all cores"
CACHED, REAL = "cached", "real"
SHARES = ("share of peak", "share of peak, no sentence ends")


class Setting(NamedTuple):
    setting: str
    isa: str
    d: int
    workers: int


def main() -> None:
    parser = benchmark_parser(__doc__, words=10_000_000)
    arguments = parser.parse_args()
    with first_words(arguments.corpus, arguments.words) as text:
        corpus = Corpus.from_source(text.path, min_count=PROTOCOL["min_count"])
    bench = Bench(corpus, text)
    for number in range(1, arguments.repeats + 1):
        log(f"round {number}/{arguments.repeats}")
        bench.round()
    facts = {**text.facts, **machine(), "compiler": compiler_version()}
    publish("arithmetic", [{**row, **facts} for row in bench.rows()], report, arguments.store)


class Bench:
    """What is measured in every round: peaks, bandwidth and training."""

    def __init__(self, corpus: Corpus, text: Text) -> None:
        self.text, self.cores, self.library = text, usable_cores(), load_peak()
        self.corpora = {REAL: corpus, CACHED: folded(corpus, CACHED_WORDS)}
        self.samples = {
            REAL: PROTOCOL["sample"],
            CACHED: sample_like(corpus, self.corpora[CACHED], PROTOCOL["sample"]),
        }
        self.groups = {f"core {core}": [core] for core in self.cores}
        if len(self.cores) > 1:
            self.groups[ALL] = self.cores
        self.peaks: dict[tuple[str, str], list[float]] = collections.defaultdict(list)
        self.copies: dict[str, list[float]] = collections.defaultdict(list)
        self.rates: dict[Setting, list[float]] = collections.defaultdict(list)
        self.kept_words = 0

    def settings(self) -> Iterator[Setting]:
        best = _inner.choose_isa(None)
        yield from (Setting(CACHED, best, dimension, 1) for dimension in DIMENSIONS)
        for isa in reversed(_inner.supported_isas()):
            for dimension in DIMENSIONS if isa == best else SHOWN:
                for workers in sorted({1, len(self.cores)}):
                    yield Setting(REAL, isa, dimension, workers)

    def round(self) -> None:
        for on, cores in self.groups.items():
            self.copies[on].append(copy_bandwidth(cores))
            log(f"copy, {on}: {self.copies[on][-1] / 1e9:.1f} GB/s")
            for isa in reversed(_inner.supported_isas()):
                self.peaks[isa, on].append(arithmetic_peak(self.library, isa, cores))
                log(f"{isa}, {on}: {self.peaks[isa, on][-1] / 1e9:.1f} GFLOP/s")
        for setting in self.settings():
            self.rates[setting].append(self.train(setting))
            log(
                f"{setting.setting}, {setting.isa}, d {setting.d}, {setting.workers} workers: "
                f"{self.rates[setting][-1] / 1e6:.2f} M kept words/s"
            )

    def train(self, setting: Setting) -> float:
        """Kept words a second."""
        corpus = self.corpora[setting.setting]
        options = {
            **PROTOCOL,
            "vector_size": setting.d,
            "isa": setting.isa,
            "workers": setting.workers,
            "sample": self.samples[setting.setting],
        }
        trainer = Trainer(corpus.ids, corpus.vocabulary, TrainConfig(**options))
        trainer.weights.output[...] = 0  # so that the system gives the pages before the clock runs
        start = time.perf_counter()
        trainer.train()
        self.kept_words = trainer.kept_tokens
        return trainer.kept_tokens / (time.perf_counter() - start)

    def rows(self) -> Iterator[Row]:
        for (isa, on), rates in self.peaks.items():
            yield {"kind": "peak", "isa": isa, "on": on, "FLOP/s": rates}
        for on, rates in self.copies.items():
            yield {"kind": "copy", "on": on, "bytes/s": rates}
        for setting in self.rates:
            yield self.training_row(setting)

    def training_row(self, setting: Setting) -> Row:
        """The arithmetic of one setting, and its share of the peak measured in the same round."""
        options = {**PROTOCOL, "vector_size": setting.d}
        contexts = mean_contexts(options["window"], self.kept_words, self.text.lines)
        flops, rates = flops_of_word(options, contexts), self.rates[setting]
        inner_flops = flops_of_word(options, options["window"] + 1)
        peak = self.peak_of(setting.isa, setting.workers)
        return {
            "kind": "training",
            **setting._asdict(),
            "options": options,
            "contexts": contexts,
            "flops of a word": flops,
            "bytes of a word": bytes_of_word(options),
            "kept words/s": rates,
            "ns a kept word, each core": [1e9 * setting.workers / rate for rate in rates],
            "FLOP/s": [rate * flops for rate in rates],
            SHARES[0]: ratios([rate * flops for rate in rates], peak),
            SHARES[1]: ratios([rate * inner_flops for rate in rates], peak),
        }

    def peak_of(self, isa: str, workers: int) -> list[float]:
        """Of all cores together, or of the fastest core alone, in each round."""
        if workers > 1:
            return self.peaks[isa, ALL]
        alone = [self.peaks[isa, on] for on in self.groups if on != ALL]
        return [max(rates) for rates in zip(*alone, strict=True)]


def folded(corpus: Corpus, words: int) -> Corpus:
    """The corpus with each word reond by one of the `words` most frequent."""
    ends = corpus.ids < 0
    ids = np.where(ends, ~corpus.ids, corpus.ids) % words
    return Corpus(
        np.where(ends, ~ids, ids).astype(np.int32),
        Vocabulary(corpus.vocabulary.words[:words], np.bincount(ids, minlength=words)),
    )


def sample_like(real: Corpus, corpus: Corpus, sample: float) -> float:
    """The threshold that keeps the same share of `corpus` as `sample` does of `real`."""

    def share(of: Corpus, threshold: float) -> float:
        counts = of.vocabulary.counts
        return float(of.vocabulary.keep_probabilities(threshold) @ counts / counts.sum())

    low, high, wanted = 1e-7, 1.0, share(real, sample)
    for _ in range(60):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if share(corpus, middle) < wanted else (low, middle)
    return high


def flops_of_word(options: Mapping[str, Any], contexts: float) -> float:
    """Useful floating-point operations of a kept word with so many contexts."""
    return float(contexts * (6 * (options["negative"] + 1) + 1) * options["vector_size"])


def mean_contexts(window: int, kept_words: float, sentences: int) -> float:
    """Contexts of a kept word: w + 1, less those beyond the ends of sentences."""
    return window + 1 - sentences / kept_words * (window + 1) * (window + 2) / 3


def bytes_of_word(options: Mapping[str, Any]) -> int:
    """Bytes a kept word moves with no row in a cache.

    A new context, the target and K noise rows are read and written.
    """
    return 2 * 4 * stride_of(options["vector_size"]) * (options["negative"] + 2)


def report(rows: list[Row]) -> str:
    training = of_kind(rows, "training")
    lines = [
        caption(
            rows[0], text_of(rows[0]), *([rows[0]["compiler"]] if "compiler" in rows[0] else [])
        ),
        f"Medians of {len(training[0]['kept words/s'])} rounds, and their range; shares within "
        "each round.",
    ]
    if any(row["setting"] == CACHED for row in training):
        lines += report_parts(rows)
    lines += report_shares(rows, [row for row in training if SHARES[0] in row])
    return "\n\n".join(lines)


def of_kind(rows: Sequence[Row], kind: str) -> list[Row]:
    return [row for row in rows if row["kind"] == kind]


def report_shares(rows: Sequence[Row], training: Sequence[Row]) -> Iterator[str]:
    """Peaks, bandwidth, and the share that training reaches."""
    yield "Peak: multiplications and additions in registers, fused if the instruction set can."
    peaks = [{**row, "GFLOP/s": spread(row["FLOP/s"], 1e-9)} for row in of_kind(rows, "peak")]
    yield markdown_table(peaks, ["isa", "on", "GFLOP/s"])
    if copies := [{**row, "GB/s": spread(row["bytes/s"], 1e-9)} for row in of_kind(rows, "copy")]:
        yield "Memory: bytes read plus bytes written while copying arrays larger than the caches."
        yield markdown_table(copies, ["on", "GB/s"])
    if not training:
        return
    contexts = median(row["contexts"] for row in training)
    yield (
        f"Training: skip-gram with negative sampling, {options_of(PROTOCOL, 'vector_size')}. "
        "Useful operations of a kept word: contexts x (6 (K + 1) + 1) d, with "
        f"{contexts:.2f} contexts here; the last column "
        "counts w + 1, as if no sentence ended, which makes 222 d. One worker is "
        "compared with the fastest core alone, all workers with all cores together."
    )
    shown = [
        {
            **row,
            "kept words/s, millions": spread(row["kept words/s"], 1e-6),
            "ns a kept word, each core": f"{median(row['ns a kept word, each core']):.0f}",
            "flops of a word": f"{row['flops of a word']:.0f}",
            "GFLOP/s": spread(row["FLOP/s"], 1e-9),
            **{share: spread(row[share], 100) + " %" for share in SHARES},
        }
        for row in training
        if row["setting"] == REAL
    ]
    columns = ["isa", "d", "workers", "kept words/s, millions", "ns a kept word, each core"]
    yield markdown_table(shown, [*columns, "flops of a word", "GFLOP/s", *SHARES])


def report_parts(rows: Sequence[Row]) -> Iterator[str]:
    """Where the time of a kept word goes, by differences between settings."""
    training = of_kind(rows, "training")
    best = next(row["isa"] for row in training if row["setting"] == CACHED)
    times = {
        (row["setting"], row["d"], row["workers"]): row["ns a kept word, each core"]
        for row in training
        if row["isa"] == best
    }
    dimensions = sorted({row["d"] for row in training if row["setting"] == CACHED})
    most = max(row["workers"] for row in training)
    keys = {"cached": (CACHED, 1), "real": (REAL, 1), "shared": (REAL, most)}
    found = {
        name: {d: times[setting, d, workers] for d in dimensions}
        for name, (setting, workers) in keys.items()
    }
    peak = max(
        median(row["FLOP/s"])
        for row in of_kind(rows, "peak")
        if row["isa"] == best and row["on"] != ALL
    )
    floor = {row["d"]: 1e9 * row["flops of a word"] / peak for row in training}
    cached = [median(found["cached"][d]) for d in dimensions]
    per_dimension, fixed = np.polyfit(dimensions, cached, 1)
    parts = []
    for d in (dimension for dimension in SHOWN if dimension in dimensions):
        inside, alone, shared = (median(found[name][d]) for name in keys)
        parts.append(
            {
                "d": d,
                "does not grow with d": float(fixed),
                "arithmetic at the peak": floor[d],
                "arithmetic above the peak": float(per_dimension) * d - floor[d],
                "rows from outer caches and memory": alone - inside,
                "rows from other cores": shared - alone,
                "all": shared,
            }
        )
    yield (
        f"Nanoseconds of a core for a kept word with {best}, by differences of medians; the "
        "arithmetic of cached rows by a straight line over d."
    )
    yield markdown_table(parts, list(parts[0]))
    yield "Measured, nanoseconds of a core for a kept word:"
    yield markdown_table(
        [{"d": d, **{name: spread(found[name][d]) for name in keys}} for d in dimensions],
        ["d", *keys],
    )


if __name__ == "__main__":
    main()
