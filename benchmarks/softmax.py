"""What does a full softmax cost? `python -m benchmarks.softmax CORPUS --store`

Words a second of the four objectives over the vocabulary's size, for each number of workers, and of a full softmax as
one would write it in numpy (BLAS) and, where it is installed, in PyTorch. All alternate in one run; every cell trains
as many words as take about `--seconds`, which a calibration finds. Raw words are those of the vocabulary, with those
that subsampling drops; kept words are those it leaves, the centers of windows. Needs threadpoolctl, which gives BLAS
as many threads as there are workers.

The useful arithmetic of a softmax is 6 V d flops for each center: scores, and the gradients of both matrices, each a
product with 2 V d.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import itertools
import math
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import (
    RESULTS,
    caption,
    corpus_parser,
    log,
    machine,
    markdown_table,
    publish,
    ratios,
    spread,
)
from benchmarks.kernels.build import load
from benchmarks.roofline import arithmetic_peak
from w2v_fast.config import OBJECTIVES, TrainConfig
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.system.cpus import usable_cpus
from w2v_fast.training._inner import choose_isa
from w2v_fast.training.generator import Stream, derive, draw
from w2v_fast.training.tables import LookupTables
from w2v_fast.training.trainer import Trainer

BATCH = 128
"""Centers of a batch of numpy's and PyTorch's softmax; their learning rate is half of ours, whose batch is half."""
LONGEST_SENTENCE = 1 << 20
FEWEST_TOKENS = 500
COLORS = {
    "ns": "#1f6fb4",
    "nce": "#2a9d5c",
    "hs": "#b8860b",
    "softmax": "#c2410c",
    "numpy softmax": "#7c3aed",
    "PyTorch softmax": "#64748b",
}

Pairs = tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]


def window_pairs(
    ids: NDArray[np.int32], tables: LookupTables, config: TrainConfig, epoch: int = 0
) -> Pairs:
    """The pairs that the trainer takes from `ids` in an epoch: the kept words, and each pair's places among them, as
    (words, place of the center, place of the context), by center."""
    bits = draw(derive(config.seed, Stream.TOKENS, epoch), np.arange(len(ids)))
    words = np.where(ids < 0, ~ids, ids)
    kept = np.flatnonzero((bits >> np.uint64(32)) <= tables.keep_threshold[words])
    radius = 1 + (
        (bits[kept] & np.uint64(0xFFFFFFFF)) * np.uint64(config.window) >> np.uint64(32)
    ).astype(np.int64)
    sentence = np.concatenate([[0], np.cumsum(ids < 0)[:-1]])[kept]
    centers, contexts = [], []
    for distance in range(1, config.window + 1):
        left = np.flatnonzero(sentence[distance:] == sentence[:-distance])
        right = left + distance
        for center, context in ((left, right), (right, left)):
            reaches = radius[center] >= distance
            centers.append(center[reaches])
            contexts.append(context[reaches])
    center, context = np.concatenate(centers), np.concatenate(contexts)
    order = np.argsort(center, kind="stable")
    return words[kept], center[order], context[order]


def first_sentences(ids: NDArray[np.int32], tokens: int) -> NDArray[np.int32]:
    """The first sentences with about so many tokens."""
    left = np.flatnonzero(ids[tokens : tokens + LONGEST_SENTENCE] < 0)
    return ids[: tokens + int(left[0]) + 1] if len(left) else ids


Batch = tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int32]]


def batches(pairs: Pairs) -> list[Batch]:
    """BATCH centers each: their words, and for each pair the row of its center and the word of its context."""
    words, center, context = pairs
    places, row = np.unique(center, return_inverse=True)
    edges = np.searchsorted(row, np.arange(0, len(places) + BATCH, BATCH))
    return [
        (
            words[places[k * BATCH : (k + 1) * BATCH]],
            row[start:stop] - k * BATCH,
            words[context[start:stop]],
        )
        for k, (start, stop) in enumerate(itertools.pairwise(edges))
        if stop > start
    ]


def numpy_softmax(words: int, config: TrainConfig, workers: int) -> Callable[[list[Batch]], None]:
    """A full softmax with three matrix products, float32."""
    from threadpoolctl import threadpool_limits

    input = (
        np.random.default_rng(0).random((words, config.vector_size), np.float32) - 0.5
    ) / config.vector_size
    output = np.zeros_like(input)
    lr = np.float32(config.alpha / 2)

    def train(work: list[Batch]) -> None:
        with threadpool_limits(workers, user_api="blas"):
            for centers, row, context in work:
                vectors = input[centers]
                error = vectors @ output.T
                error -= error.max(1, keepdims=True)
                np.exp(error, out=error)
                error *= (
                    -lr
                    * np.bincount(row, minlength=len(centers))[:, None]
                    / error.sum(1, keepdims=True)
                )
                np.add.at(error, (row, context), lr)
                to_vectors = error @ output
                np.add(output, error.T @ vectors, out=output)
                np.add.at(input, centers, to_vectors)

    return train


def torch_softmax(words: int, config: TrainConfig, workers: int) -> Callable[[list[Batch]], None]:
    """Embedding, linear layer, cross entropy against the contexts' counts, autograd and SGD."""
    import torch

    embedding = torch.nn.Embedding(words, config.vector_size, sparse=True)
    linear = torch.nn.Linear(config.vector_size, words, bias=False)
    optimizer = torch.optim.SGD(
        [*embedding.parameters(), *linear.parameters()], lr=config.alpha / 2
    )

    def train(work: list[Batch]) -> None:
        torch.set_num_threads(workers)
        for centers, row, context in work:
            label = torch.zeros(len(centers), words)
            label.index_put_(
                (torch.from_numpy(row), torch.from_numpy(context.astype(np.int64))),
                torch.ones(len(row)),
                accumulate=True,
            )
            optimizer.zero_grad()
            scores = linear(embedding(torch.from_numpy(centers.astype(np.int64))))
            torch.nn.functional.cross_entropy(scores, label, reduction="sum").backward()
            optimizer.step()

    return train


@dataclasses.dataclass
class Cell:
    """One thing that is timed: who trains, with how many workers, on which corpus."""

    who: str
    workers: int
    corpus: Corpus
    config: TrainConfig
    tokens: int = 0
    raw: list[float] = dataclasses.field(default_factory=list)
    kept: list[float] = dataclasses.field(default_factory=list)

    @property
    def words(self) -> int:
        return len(self.corpus.vocabulary)

    @property
    def flops(self) -> float | None:
        """Useful flops a second of a full softmax."""
        return (
            6 * self.words * self.config.vector_size * median(self.kept)
            if "softmax" in self.who
            else None
        )

    def calibrate(self, seconds: float) -> None:
        """Find the tokens that take about `seconds`; the first run, which may load libraries, is not counted."""
        tokens = FEWEST_TOKENS
        self.run(tokens)
        while (taken := self.run(tokens)[0]) < seconds / 2 and self.tokens < len(self.corpus):
            tokens = int(tokens * min(max(seconds / taken, 2), 8))
        self.tokens = max(int(self.tokens * seconds / taken), BATCH)

    def train(self) -> None:
        """One round."""
        taken, kept = self.run(self.tokens)
        self.raw.append(self.tokens / taken)
        self.kept.append(kept / taken)

    def run(self, tokens: int) -> tuple[float, int]:
        """Train the first sentences with about so many tokens; seconds, and kept words. What is timed is the training
        alone; the tables, and the windows of numpy and PyTorch, are made before."""
        ids = first_sentences(self.corpus.ids, tokens)
        self.tokens = len(ids)
        if self.who in OBJECTIVES:
            trainer = Trainer(ids, self.corpus.vocabulary, self.config)
            start = time.perf_counter()
            trainer.train()
            return time.perf_counter() - start, trainer.kept_tokens
        tables = LookupTables(self.corpus.vocabulary, self.config)
        work = batches(window_pairs(ids, tables, self.config))
        rival = numpy_softmax if self.who.startswith("numpy") else torch_softmax
        train = rival(self.words, self.config, self.workers)
        start = time.perf_counter()
        train(work)
        return time.perf_counter() - start, sum(len(batch[0]) for batch in work)


def matrix_product_rate(workers: int, size: int = 2048) -> float:
    """Flops a second of a float32 matrix product by BLAS: the best of a few."""
    from threadpoolctl import threadpool_limits

    matrix = np.random.default_rng(0).random((size, size), np.float32)
    best = math.inf
    with threadpool_limits(workers, user_api="blas"):
        for _ in range(5):
            start = time.perf_counter()
            matrix @ matrix
            best = min(best, time.perf_counter() - start)
    return 2 * size**3 / best


def main() -> None:
    parser = corpus_parser(__doc__, "softmax", 0)
    parser.add_argument(
        "--vocabularies",
        default="1000,3000,10000,30000,70000",
        help="sizes, by commas (%(default)s)",
    )
    parser.add_argument(
        "--workers", default="1,2", help="numbers of workers, by commas (%(default)s)"
    )
    parser.add_argument(
        "--rounds", type=int, default=3, help="times each cell is measured (%(default)s)"
    )
    parser.add_argument(
        "--seconds", type=float, default=0.6, help="of one measurement, about (%(default)s)"
    )
    arguments = parser.parse_args()
    sizes = [int(number) for number in arguments.vocabularies.split(",")]
    workers = [int(number) for number in arguments.workers.split(",")]
    start = time.perf_counter()
    cells = [
        cell
        for size in sizes
        for cell in cells_of(read(arguments.corpus, size, arguments.words), workers)
    ]
    for cell in cells:
        cell.calibrate(arguments.seconds)
        log(f"{cell.who}, V {cell.words}, workers {cell.workers}: {cell.tokens} tokens a run")
    for number in range(arguments.rounds):
        for cell in cells:
            cell.train()
        log(f"round {number + 1} of {arguments.rounds} done, {time.perf_counter() - start:.0f} s")
    ceilings = {
        number: {"FMA peak": fma_peak(number), "BLAS product": matrix_product_rate(number)}
        for number in workers
    }
    about = {**machine(), "torch": _torch_version(), "isa": choose_isa(None)}
    rows = [row_of(cell, ceilings[cell.workers], arguments.corpus, about) for cell in cells]
    publish(
        arguments.name,
        rows,
        report(rows, cells[0].config, about, time.perf_counter() - start),
        arguments.store,
    )
    if arguments.store:
        draw_chart(rows, RESULTS / f"{arguments.name}.svg")


def read(path: str, size: int, words: int) -> Corpus:
    corpus = Corpus.from_source(path, max_vocab=size)
    if len(corpus.vocabulary) < size:
        log(
            f"the corpus has only {len(corpus.vocabulary)} words with 5 occurrences, instead of {size}"
        )
    return Corpus(corpus.ids[:words], corpus.vocabulary) if words else corpus


def cells_of(corpus: Corpus, workers: Sequence[int]) -> list[Cell]:
    rivals = ["numpy softmax"] + ["PyTorch softmax"] * (
        importlib.util.find_spec("torch") is not None
    )
    return [
        Cell(
            who,
            number,
            corpus,
            TrainConfig(
                vector_size=100,
                window=5,
                negative=5,
                sample=1e-4,
                epochs=1,
                workers=number,
                objective=who if who in OBJECTIVES else "softmax",
            ),
        )
        for who in [*OBJECTIVES, *rivals]
        for number in workers
    ]


def fma_peak(workers: int) -> float | None:
    """Measured peak of as many cores as workers, in flops a second; None without a C compiler or enough cores."""
    cores = (
        sorted(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else list(range(usable_cpus()))
    )
    try:
        library = load("peak.c", "-O2")
    except (OSError, subprocess.CalledProcessError) as error:
        log(f"the FMA peak was not measured: {error}")
        return None
    return (
        arithmetic_peak(library, choose_isa(None), cores[:workers])
        if workers <= len(cores)
        else None
    )


def _torch_version() -> str | None:
    return (
        str(importlib.import_module("torch").__version__)
        if importlib.util.find_spec("torch")
        else None
    )


def row_of(
    cell: Cell, ceilings: Mapping[str, float | None], corpus: str, about: dict[str, Any]
) -> dict[str, Any]:
    shares = {
        f"share of {name}": cell.flops / peak
        for name, peak in ceilings.items()
        if cell.flops and peak
    }
    return {
        "benchmark": "softmax",
        "who": cell.who,
        "vocabulary": cell.words,
        "workers": cell.workers,
        "tokens": cell.tokens,
        "raw words/s": cell.raw,
        "kept words/s": cell.kept,
        "GFLOP/s": cell.flops / 1e9 if cell.flops else None,
        **shares,
        **{f"{name}, GFLOP/s": peak / 1e9 for name, peak in ceilings.items() if peak},
        "text": Path(corpus).name,
        **about,
    }


def report(
    rows: list[dict[str, Any]], config: TrainConfig, about: dict[str, Any], seconds: float
) -> str:
    shares = [
        name
        for name in ("share of FMA peak", "share of BLAS product")
        if any(name in row for row in rows)
    ]
    shown = [
        {
            **row,
            "words/s (raw)": spread(row["raw words/s"]),
            "words/s (kept)": spread(row["kept words/s"]),
            "GFLOP/s": f"{row['GFLOP/s']:.1f}" if row["GFLOP/s"] else None,
            **{name: f"{row[name]:.1%}" for name in shares if name in row},
        }
        for row in rows
    ]
    lines = [
        caption(
            about, rows[0]["text"], f"torch {about['torch']}", f"instruction set {about['isa']}"
        ),
        f"vector_size {config.vector_size}, window {config.window}, negative {config.negative}, "
        f"sample {config.sample}. Medians of {len(rows[0]['raw words/s'])} alternating rounds, and their range. "
        f"All took {seconds:.0f} s.",
        markdown_table(
            shown,
            [
                "who",
                "vocabulary",
                "workers",
                "tokens",
                "words/s (raw)",
                "words/s (kept)",
                "GFLOP/s",
                *shares,
            ],
        ),
        "\n".join(
            f"- {statement}"
            for workers in sorted({row["workers"] for row in rows})
            for statement in statements([row for row in rows if row["workers"] == workers], workers)
        ),
    ]
    if "share of FMA peak" not in shares:
        lines.append(
            "The FMA peak was not measured: that needs a C compiler, and a core for each worker."
        )
    return "\n\n".join(lines)


def statements(rows: list[dict[str, Any]], workers: int) -> list[str]:
    """The answers in words, of one number of workers."""
    at = f"{workers} worker{'s' * (workers > 1)}"
    rate = {(row["who"], row["vocabulary"]): row["raw words/s"] for row in rows}
    largest = max(row["vocabulary"] for row in rows)
    found = []
    for fast, slow in [
        *(("ns", who) for who in COLORS if "softmax" in who),
        *(("softmax", who) for who in COLORS if who.endswith(" softmax")),
    ]:
        if (slow, largest) in rate:
            times = spread(ratios(rate[fast, largest], rate[slow, largest]))
            found.append(f"{at}, {largest:,} words: {fast} is {times} times as fast as {slow}")
    return [*found, f"{at}: {crossing(rate)}"]


def crossing(rate: dict[tuple[str, int], list[float]]) -> str:
    """Where the curves of hs and ns cross: log(ratio) is taken as linear in log V between two sizes."""
    sizes = sorted({size for _, size in rate})
    gap = [math.log(median(ratios(rate["hs", size], rate["ns", size]))) for size in sizes]
    for (low, below), (high, above) in itertools.pairwise(zip(sizes, gap, strict=True)):
        if below * above < 0:
            place = math.log(low) + (math.log(high) - math.log(low)) * below / (below - above)
            return f"hs and ns cross at about V = {math.exp(place):,.0f}"
    first = "ns" if gap[0] < 0 else "hs"
    return (
        f"hs and ns do not cross between V = {sizes[0]:,} and {sizes[-1]:,}: {first} is the faster everywhere, "
        f"{math.exp(abs(gap[0])):.2f} times at the smallest and {math.exp(abs(gap[-1])):.2f} at the largest"
    )


def draw_chart(rows: list[dict[str, Any]], path: Path) -> None:
    """Speed over the vocabulary, log-log, with the slopes that theory expects."""
    try:
        import matplotlib
    except ImportError:
        log("no chart is drawn: matplotlib is not installed (pip install matplotlib)")
        return
    from matplotlib.figure import Figure

    matplotlib.rcParams.update(
        {
            "svg.hashsalt": "softmax",
            "svg.fonttype": "none",
            "font.size": 9,
            "axes.grid": True,
            "grid.alpha": 0.3,
            "axes.spines.top": False,
            "axes.spines.right": False,
        }
    )
    workers = sorted({row["workers"] for row in rows})
    figure = Figure(figsize=(4.2 * len(workers), 4.4), facecolor="white")
    for number, axes in zip(
        workers, figure.subplots(1, len(workers), sharey=True, squeeze=False)[0], strict=True
    ):
        curves: dict[str, list[tuple[int, float]]] = {}
        for row in rows:
            if row["workers"] == number:
                curves.setdefault(row["who"], []).append(
                    (row["vocabulary"], median(row["raw words/s"]))
                )
        guides: dict[str, tuple[str, Callable[[float], float]]] = {
            "O(1)": ("ns", lambda _: 1.0),
            "O(log V)": ("hs", math.log),
            "O(V)": ("softmax", float),
        }
        for guide, (who, cost) in guides.items():
            (start, speed), *_, (end, _) = curves[who]
            slowest = speed * cost(start) / cost(end)
            axes.plot([start, end], [speed, slowest], color="#888888", linewidth=1, linestyle=":")
            axes.annotate(
                guide,
                (end, slowest),
                color="#666666",
                fontsize=8,
                xytext=(3, 0),
                va="center",
                textcoords="offset points",
            )
        for who, points in curves.items():
            axes.plot(
                *zip(*points, strict=True),
                marker="o",
                markersize=4,
                color=COLORS[who],
                label=who,
                linestyle="--" if " " in who else "-",
            )
        axes.set(
            xscale="log",
            yscale="log",
            xlabel="words in the vocabulary, V",
            title=f"{number} worker{'s' * (number > 1)}",
        )
    figure.axes[0].set_ylabel("training speed, raw words/s")
    figure.axes[0].legend(fontsize=7)
    about = rows[0]
    figure.text(
        0.01,
        0.005,
        f"{about['cpu']}, {about['cores']} cores; {about['text']}; commit {about['commit']}; "
        f"{about['date'][:10]}; dotted: the slope of the cost",
        fontsize=6,
        color="#555555",
    )
    figure.tight_layout(rect=(0, 0.03, 1, 1))
    figure.savefig(path, metadata={"Date": None})
    log(f"drew {path}")


if __name__ == "__main__":
    main()
