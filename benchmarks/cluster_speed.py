"""How fast do several machines train? `python -m benchmarks.cluster_speed CORPUS`

Measured: one and two actors of Ray, of one thread each, on this machine, alternating; two of them
with each means of transport. The clock starts when a tenth is trained: until then the driver asks
for few rounds in a call. Beside them two processes that train half of the text each, without Ray
and without exchange: what this machine has for two. Predicted, by `w2v_fast/cluster/model.py`:
machines in a network.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from benchmarks.corpus_text import first_words
from benchmarks.markdown import caption, markdown_table, options_of, spread, text_of
from benchmarks.measure import Row, benchmark_parser, log, machine, ratios
from benchmarks.publish import publish
from benchmarks.trainers import PROTOCOL
from w2v_fast.cluster.driver import ClusterRun
from w2v_fast.cluster.model import round_time
from w2v_fast.cluster.plan import bounds_at_sentences, default_sync_words
from w2v_fast.config import TrainConfig
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.training.progress import Progress
from w2v_fast.training.trainer import Trainer

APART = "none, and no Ray"
"""Two trainers that know nothing of each other."""
STORE_BYTES = 400_000_000
FIRST_TOKENS = 0.1
NODES = (1, 2, 4, 8, 16, 32)
GIGABITS = (10, 25)
OF_BANDWIDTH = 0.93
"""The part of a network's bandwidth that gloo uses."""
WORDS, DIMENSIONS = 1_000_000, 300
LONG_RUN = 20_000_000_000
"""A billion sentences, once."""


def main() -> None:
    parser = benchmark_parser(__doc__, words=45_000_000)
    parser.add_argument("--epochs", type=int, default=3, help="passes over the text (%(default)s)")
    arguments = parser.parse_args()
    config = TrainConfig(**{**PROTOCOL, "workers": 1, "epochs": arguments.epochs})
    facts = machine()
    with first_words(arguments.corpus, arguments.words) as text:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "corpus.w2v")
            Corpus.from_source(text.path, min_count=PROTOCOL["min_count"]).save(path)
            rows = measured_rows(path, config, arguments.repeats)
        facts |= {**text.facts, "options": {**PROTOCOL, "workers": 1, "epochs": arguments.epochs}}
    rows += predicted_rows()
    publish("cluster_speed", [{**row, **facts} for row in rows], report, arguments.store)


def measured_rows(corpus: str, config: TrainConfig, repeats: int) -> list[Row]:
    """One actor, two with each means of transport, two processes: `repeats` rounds of all."""
    planes = [*(["gloo"] if importlib.util.find_spec("torch") else []), "store"]
    runs = [(1, planes[0]), *((2, plane) for plane in (*planes, APART))]
    found: dict[tuple[int, str], list[Row]] = {run: [] for run in runs}
    with ray_nodes(2):
        for number in range(1, repeats + 1):
            for nodes, plane in runs:
                if plane == APART:
                    row = two_apart(corpus, config)
                else:
                    row = timed(ClusterRun(corpus, config, nodes=(nodes, nodes), plane=plane))
                found[nodes, plane].append(row)
                log(f"round {number}/{repeats}: {nodes} processes, exchange {plane}: {row}")
    return [
        {
            "kind": "measured",
            "nodes": nodes,
            "exchange": plane if nodes > 1 else None,
            **{name: [row[name] for row in taken] for name in taken[0]},
        }
        for (nodes, plane), taken in found.items()
    ]


@contextlib.contextmanager
def ray_nodes(nodes: int) -> Iterator[None]:
    """A Ray cluster of this machine: nodes of one CPU each, the first of which is its head."""
    import ray
    from ray.cluster_utils import Cluster

    node: dict[str, Any] = {"num_cpus": 1, "object_store_memory": STORE_BYTES}
    cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    try:
        for _ in range(nodes - 1):
            cluster.add_node(**node)
        ray.init(address=cluster.address, log_to_driver=False, logging_level=logging.ERROR)
        yield
    finally:
        ray.shutdown()
        cluster.shutdown()


def timed(run: ClusterRun) -> dict[str, Any]:
    """Words a second of all nodes, and the share of the time that exchanges took."""
    first: list[tuple[float, int, float]] = []
    last: list[tuple[float, int, float]] = []

    def report(progress: Progress) -> None:
        assert run.step is not None
        now = (progress.seconds, progress.tokens, run.step.exchange_seconds)
        if progress.tokens > FIRST_TOKENS * progress.total_tokens:
            last[:] = [now]
            first[:] = first or [now]

    run.train(report, checkpoint_minutes=60)
    seconds, tokens, exchanging = (a - b for a, b in zip(last[0], first[0], strict=True))
    return {"words/s": tokens / seconds, "exchanging": exchanging / seconds}


def two_apart(corpus: str, config: TrainConfig) -> dict[str, Any]:
    """Words a second of two processes together, each with half of a saved corpus."""
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        speeds = pool.map(speed_of_half, [corpus] * 2, [config] * 2, range(2))
        return {"words/s": sum(speeds), "exchanging": 0.0}


def speed_of_half(path: str, config: TrainConfig, half: int) -> float:
    """Words a second of a trainer by itself."""
    corpus = Corpus.open(path)
    start, stop = bounds_at_sentences(corpus.ids, 2)[half : half + 2]
    trainer = Trainer(corpus.ids[start:stop], corpus.vocabulary, config)
    started = time.perf_counter()
    trainer.train()
    return config.epochs * (stop - start) / (time.perf_counter() - started)


def predicted_rows() -> list[Row]:
    """What the model says of a long run on machines that train 2 and 20 million words a second."""
    return [
        {
            "kind": "predicted",
            "nodes": nodes,
            "Gbit/s": gigabits,
            "words/s of a machine": alone,
            "words of a round": (words := default_sync_words(LONG_RUN, nodes)),
            "efficiency": round_time(
                nodes,
                WORDS,
                DIMENSIONS,
                sync_words=words,
                words_per_second=alone,
                bits_per_second=OF_BANDWIDTH * gigabits * 1e9,
            ).efficiency,
        }
        for alone in (2e6, 20e6)
        for gigabits in GIGABITS
        for nodes in NODES
    ]


def report(rows: list[Row]) -> str:
    """Measured medians with their range, ratios within each round; and the prediction."""
    timed_rows = [row for row in rows if row["kind"] == "measured"]
    alone = timed_rows[0]
    measured = [
        {
            "processes": row["nodes"],
            "exchange": row["exchange"],
            "words/s, millions": spread(row["words/s"], 1e-6),
            "times one actor": spread(ratios(row["words/s"], alone["words/s"])),
            "exchanging, share of the time": spread(row["exchanging"]),
        }
        for row in timed_rows
    ]
    predicted = [
        {
            "nodes": row["nodes"],
            "words/s of a machine, millions": row["words/s of a machine"] / 1e6,
            "Gbit/s": row["Gbit/s"],
            "words of a node's round": row["words of a round"],
            "efficiency": f"{row['efficiency']:.0%}",
        }
        for row in rows
        if row["kind"] == "predicted" and row["nodes"] > 1
    ]
    lines = [
        caption(alone, text_of(alone)),
        f"{options_of(alone['options'])}. Medians of {len(alone['words/s'])} rounds, and their "
        "range; ratios within each round.",
        markdown_table(measured, list(measured[0])),
        f"Predicted, not measured: {LONG_RUN:,} words in all, a vocabulary of {WORDS:,} words, "
        f"{DIMENSIONS} dimensions, {OF_BANDWIDTH:.0%} of the bandwidth used.",
        markdown_table(predicted, list(predicted[0])),
    ]
    return "\n\n".join(lines)


if __name__ == "__main__":
    main()
