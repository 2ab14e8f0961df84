"""Where does the time of a kept word go? `python -m benchmarks.parts CORPUS`

One epoch of skip-gram with negative sampling over the same tokens, on one core, with d = 16, 32, ... 304 (whole
vectors), in three settings that differ in one thing each:

    cached      the ids are folded onto the most frequent words, so few that their rows stay in the core's own cache
    real        the vocabulary as it is
    shared      the same with as many workers as there are cores, on the same weights: time of a core for a kept word

The line through the cached times over d has two parts: what does not depend on d (finding tokens and windows, drawing
noise, sigmoids, calls), and what grows with it (the arithmetic of scores and updates). The floor of the latter is the
measured peak of the core. What is above the cached time is waiting: for rows from the outer caches and memory in the
real setting, for rows that another core has written in the shared one.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import numpy as np

from benchmarks.common import caption, corpus_parser, log, machine, markdown_table, publish, spread
from benchmarks.kernels.build import load
from benchmarks.roofline import arithmetic_peak, flops_of_word, mean_contexts
from benchmarks.text import Text, first_words
from benchmarks.trainers import PROTOCOL
from w2v_fast.config import TrainConfig
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.system.cpus import usable_cpus
from w2v_fast.training._inner import choose_isa
from w2v_fast.training.trainer import Trainer

CACHED_WORDS = 300
DIMENSIONS = (16, 48, 100, 160, 208, 300)
SHOWN = (100, 300)


def main() -> None:
    parser = corpus_parser(__doc__, "parts", 3_000_000)
    parser.add_argument("--repeats", type=int, default=5, help="rounds (5)")
    arguments = parser.parse_args()
    with first_words(arguments.corpus, arguments.words) as text:
        real = Corpus.from_source(text.path, min_count=PROTOCOL["min_count"])
    settings = {
        "cached": (folded(real, CACHED_WORDS), 1),
        "real": (real, 1),
        "shared": (real, usable_cpus()),
    }
    found: dict[tuple[str, int], list[float]] = {}
    kept = 0
    peaks = []
    library, isa = load("peak.c", "-O2"), choose_isa(None)
    for number in range(1, arguments.repeats + 1):
        peaks.append(arithmetic_peak(library, isa, [0]))
        for name, (corpus, workers) in settings.items():
            for dimension in DIMENSIONS:
                nanoseconds, kept = train(corpus, real, dimension, workers)
                found.setdefault((name, dimension), []).append(nanoseconds)
        log(
            f"round {number}/{arguments.repeats}: "
            + "; ".join(
                f"{name}: {found[name, SHOWN[0]][-1]:.0f} ns at d = {SHOWN[0]}" for name in settings
            )
        )
    about = machine()
    contexts = mean_contexts(PROTOCOL["window"], kept, text.lines)
    facts = {
        "benchmark": "parts",
        "text": text.name,
        "sha256": text.sha256,
        "words": text.words,
        "isa": isa,
        "peak FLOP/s": peaks,
        **about,
    }
    rows = [
        {
            "setting": name,
            "d": dimension,
            "workers": settings[name][1],
            "ns a kept word": taken,
            "ns at the peak": 1e9
            * flops_of_word({**PROTOCOL, "vector_size": dimension}, contexts)
            / median(peaks),
            **facts,
        }
        for (name, dimension), taken in found.items()
    ]
    publish(arguments.name, rows, report(rows, text, about, arguments.repeats), arguments.store)


def folded(corpus: Corpus, words: int) -> Corpus:
    """The corpus with each word replaced by one of the `words` most frequent, and the counts of the original's: the
    same tokens are kept, in windows of the same size."""
    ends = corpus.ids < 0
    ids = np.where(ends, ~corpus.ids, corpus.ids) % words
    return Corpus(
        np.where(ends, ~ids, ids).astype(np.int32),
        Vocabulary(corpus.vocabulary.words[:words], np.bincount(ids, minlength=words)),
    )


def train(corpus: Corpus, real: Corpus, dimension: int, workers: int) -> tuple[float, int]:
    """Nanoseconds of a core for a kept word, and the kept words."""
    config = TrainConfig(
        **{
            **PROTOCOL,
            "vector_size": dimension,
            "workers": workers,
            "sample": PROTOCOL["sample"] if corpus is real else sample_like(real, corpus),
        }
    )
    trainer = Trainer(corpus.ids, corpus.vocabulary, config)
    trainer.weights.output[...] = 0  # so that the system gives the pages before the clock runs
    start = time.perf_counter()
    trainer.train()
    return 1e9 * workers * (time.perf_counter() - start) / trainer.kept_tokens, trainer.kept_tokens


def sample_like(real: Corpus, corpus: Corpus) -> float:
    """The threshold that keeps the same share of `corpus` as the protocol's does of `real`."""

    def share(of: Corpus, sample: float) -> float:
        counts = of.vocabulary.counts
        return float(of.vocabulary.keep_probabilities(sample) @ counts / counts.sum())

    low, high, wanted = 1e-7, 1.0, share(real, PROTOCOL["sample"])
    for _ in range(60):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if share(corpus, middle) < wanted else (low, middle)
    return high


def report(
    rows: Sequence[Mapping[str, Any]], text: Text, about: Mapping[str, Any], repeats: int
) -> str:
    def at(setting: str, dimension: int) -> float:
        return median(
            next(
                row["ns a kept word"]
                for row in rows
                if (row["setting"], row["d"]) == (setting, dimension)
            )
        )

    per_dimension, fixed = np.polyfit(
        DIMENSIONS, [at("cached", dimension) for dimension in DIMENSIONS], 1
    )
    floor = {row["d"]: row["ns at the peak"] for row in rows}
    parts = [
        {
            "d": dimension,
            "does not grow with d": fixed,
            "arithmetic at the peak": floor[dimension],
            "arithmetic above the peak": per_dimension * dimension - floor[dimension],
            "rows from outer caches and memory": at("real", dimension) - at("cached", dimension),
            "rows from the other cores": at("shared", dimension) - at("real", dimension),
            "all": at("shared", dimension),
        }
        for dimension in SHOWN
    ]
    shown = [
        {
            "d": dimension,
            **{
                name: spread(
                    next(
                        row["ns a kept word"]
                        for row in rows
                        if (row["setting"], row["d"]) == (name, dimension)
                    )
                )
                for name in ("cached", "real", "shared")
            },
        }
        for dimension in DIMENSIONS
    ]
    return "\n\n".join(
        [
            caption(
                about,
                text,
                f"instruction set {rows[0]['isa']}",
                f"{median(rows[0]['peak FLOP/s']) / 1e9:.1f} GFLOP/s peak",
            ),
            f"Nanoseconds of a core for a kept word, by differences of medians of {repeats} rounds; the arithmetic of "
            "cached rows by a straight line over d.",
            markdown_table(parts, list(parts[0])),
            "Measured, nanoseconds of a core for a kept word, medians and range:",
            markdown_table(shown, ["d", "cached", "real", "shared"]),
        ]
    )


if __name__ == "__main__":
    main()
