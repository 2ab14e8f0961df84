"""What does a full softmax cost? `python -m benchmarks.softmax CORPUS`

Words a second of the four objectives over the size of the vocabulary, for each number of workers,
and of a full softmax as one would write it in numpy (BLAS) and, if it is installed, in PyTorch. All
alternate in one run; each trains the words of about `--seconds`, found by calibration. Raw words
are those of the vocabulary, with those that subsampling drops; kept words are those it leaves, the
centers of windows. Needs threadpoolctl, which gives BLAS as many threads as workers.

The useful arithmetic of a softmax is 6 V d flops for each center: scores, and the gradients of both
matrices, each a product with 2 V d.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import importlib.util
import itertools
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.markdown import caption, markdown_table, options_of, spread
from benchmarks.measure import Row, benchmark_parser, log, machine, ratios
from benchmarks.peak import arithmetic_peak, load_peak, usable_cores
from benchmarks.publish import publish
from benchmarks.windows import Windows, find_windows, first_sentences
from w2v_fast.config import OBJECTIVES, TrainConfig
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.training._inner import choose_isa
from w2v_fast.training.tables import LookupTables
from w2v_fast.training.trainer import Trainer

BATCH = 128
"""Centers of a batch of numpy's and PyTorch's softmax.

Their learning rate is half of ours, whose batch is half.
"""
MIN_TOKENS = 500
OPTIONS: dict[str, Any] = {
    "vector_size": 100,
    "window": 5,
    "negative": 5,
    "sample": 1e-4,
    "epochs": 1,
}
BASELINES = ("numpy softmax", "PyTorch softmax")
SOFTMAX = ("softmax", *BASELINES)

Batch = tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int32]]


def batches(windows: Windows) -> list[Batch]:
    """BATCH centers each: their words; for each pair its center's row and its context's word."""
    words = windows.word
    center, context = windows.pairs()
    centers, row = np.unique(center, return_inverse=True)
    edges = np.searchsorted(row, np.arange(0, len(centers) + BATCH, BATCH))
    return [
        (
            words[centers[k * BATCH : (k + 1) * BATCH]],
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
class Case:
    """What is timed: who trains, with how many workers, on which corpus."""

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
        if self.who not in SOFTMAX:
            return None
        return 6 * self.words * self.config.vector_size * median(self.kept)

    def calibrate(self, seconds: float) -> None:
        """Find the tokens that take about `seconds`; the first run may load libraries."""
        tokens = MIN_TOKENS
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
        """Seconds and kept words of training the first sentences with about so many tokens.

        The training alone is timed: tables, and the windows of the baselines, are made before.
        """
        ids = first_sentences(self.corpus.ids, tokens)
        self.tokens = len(ids)
        if self.who in OBJECTIVES:
            trainer = Trainer(ids, self.corpus.vocabulary, self.config)
            start = time.perf_counter()
            trainer.train()
            return time.perf_counter() - start, trainer.kept_tokens
        tables = LookupTables(self.corpus.vocabulary, self.config)
        work = batches(find_windows(ids, tables, self.config))
        baseline = numpy_softmax if self.who.startswith("numpy") else torch_softmax
        train = baseline(self.words, self.config, self.workers)
        start = time.perf_counter()
        train(work)
        return time.perf_counter() - start, sum(len(batch[0]) for batch in work)

    def row(self, ceilings: Mapping[str, float | None]) -> Row:
        row: Row = {
            "who": self.who,
            "vocabulary": self.words,
            "workers": self.workers,
            "tokens": self.tokens,
            "raw words/s": self.raw,
            "kept words/s": self.kept,
            "GFLOP/s": self.flops / 1e9 if self.flops else None,
        }
        for name, peak in ceilings.items():
            if peak:
                row[f"{name}, GFLOP/s"] = peak / 1e9
                if self.flops:
                    row[f"share of {name}"] = self.flops / peak
        return row


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
    parser = benchmark_parser(__doc__, words=0, repeats=3)
    parser.add_argument(
        "--vocabularies",
        default="1000,3000,10000,30000,70000",
        help="sizes, by commas (%(default)s)",
    )
    parser.add_argument(
        "--workers", default="1,2", help="numbers of workers, by commas (%(default)s)"
    )
    parser.add_argument(
        "--seconds", type=float, default=0.6, help="of one measurement, about (%(default)s)"
    )
    arguments = parser.parse_args()
    workers = [int(number) for number in arguments.workers.split(",")]
    cases = [
        case
        for size in arguments.vocabularies.split(",")
        for case in cases_of(read(arguments.corpus, int(size), arguments.words), workers)
    ]
    measure(cases, arguments)
    ceilings = {
        number: {"FMA peak": fma_peak(number), "BLAS product": matrix_product_rate(number)}
        for number in workers
    }
    facts = {
        "text": Path(arguments.corpus).name,
        **machine(),
        "torch": _torch_version(),
        "isa": choose_isa(None),
    }
    rows = [{**case.row(ceilings[case.workers]), **facts} for case in cases]
    publish("softmax", rows, report, arguments.store)


def read(path: str, size: int, words: int) -> Corpus:
    corpus = Corpus.from_source(path, max_vocab=size)
    if len(corpus.vocabulary) < size:
        log(f"the corpus has only {len(corpus.vocabulary)} words of 5 occurrences, not {size}")
    return Corpus(corpus.ids[:words], corpus.vocabulary) if words else corpus


def cases_of(corpus: Corpus, workers: Sequence[int]) -> list[Case]:
    baselines = BASELINES if importlib.util.find_spec("torch") else BASELINES[:1]
    return [
        Case(
            who,
            number,
            corpus,
            TrainConfig(
                **OPTIONS, workers=number, objective=who if who in OBJECTIVES else "softmax"
            ),
        )
        for who in (*OBJECTIVES, *baselines)
        for number in workers
    ]


def measure(cases: Sequence[Case], arguments: argparse.Namespace) -> None:
    start = time.perf_counter()
    for case in cases:
        case.calibrate(arguments.seconds)
        log(f"{case.who}, V {case.words}, workers {case.workers}: {case.tokens} tokens a run")
    for number in range(1, arguments.repeats + 1):
        for case in cases:
            case.train()
        log(f"round {number}/{arguments.repeats}: {time.perf_counter() - start:.0f} s")


def fma_peak(workers: int) -> float | None:
    """Measured peak of as many cores as workers, in flops a second; None without enough cores."""
    cores = usable_cores()
    if workers > len(cores):
        return None
    return arithmetic_peak(load_peak(), choose_isa(None), cores[:workers])


def _torch_version() -> str | None:
    if importlib.util.find_spec("torch") is None:
        return None
    return str(importlib.import_module("torch").__version__)


def report(rows: list[Row]) -> str:
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
    columns = ["who", "vocabulary", "workers", "tokens", "words/s (raw)", "words/s (kept)"]
    answers = [
        f"- {statement}"
        for workers in sorted({row["workers"] for row in rows})
        for statement in statements([row for row in rows if row["workers"] == workers], workers)
    ]
    return "\n\n".join(
        [
            caption(
                rows[0],
                rows[0]["text"],
                f"torch {rows[0]['torch']}",
                f"instruction set {rows[0]['isa']}",
            ),
            f"{options_of(OPTIONS, 'epochs')}. Medians of {len(rows[0]['raw words/s'])} rounds, "
            "and their range.",
            markdown_table(shown, [*columns, "GFLOP/s", *shares]),
            "\n".join(answers),
        ]
    )


def statements(rows: list[Row], workers: int) -> list[str]:
    """The answers in words, of one number of workers."""
    at = f"{workers} worker{'s' * (workers > 1)}"
    rate = {(row["who"], row["vocabulary"]): row["raw words/s"] for row in rows}
    largest = max(row["vocabulary"] for row in rows)
    beside = [("ns", who) for who in SOFTMAX] + [("softmax", who) for who in BASELINES]
    found = []
    for fast, slow in beside:
        if (slow, largest) in rate:
            times = spread(ratios(rate[fast, largest], rate[slow, largest]))
            found.append(f"{at}, {largest:,} words: {fast} is {times} times as fast as {slow}")
    return [*found, f"{at}: {crossing(rate)}"]


def crossing(rate: dict[tuple[str, int], list[float]]) -> str:
    """Where the curves of hs and ns cross: log(ratio) is linear in log V between two sizes."""
    sizes = sorted({size for _, size in rate})
    gap = [math.log(median(ratios(rate["hs", size], rate["ns", size]))) for size in sizes]
    for (low, below), (high, above) in itertools.pairwise(zip(sizes, gap, strict=True)):
        if below * above < 0:
            at = math.log(low) + (math.log(high) - math.log(low)) * below / (below - above)
            return f"hs and ns cross at about V = {math.exp(at):,.0f}"
    first = "ns" if gap[0] < 0 else "hs"
    return (
        f"hs and ns do not cross between V = {sizes[0]:,} and {sizes[-1]:,}: {first} is the faster "
        f"everywhere, {math.exp(abs(gap[0])):.2f} times at the smallest and "
        f"{math.exp(abs(gap[-1])):.2f} at the largest"
    )


if __name__ == "__main__":
    main()
