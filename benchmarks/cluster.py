"""Are the vectors that several machines train as good as those of one?

`python -m benchmarks.cluster CORPUS --eval FOLDER`. The nodes are threads of one process with one
worker each: what they compute is what as many machines would. Each of N nodes trains an Nth of the
text; one node is one machine. The last part of the text is not trained: the loss on it tells how
well a model predicts, beside the evaluation sets in FOLDER (those of `benchmarks.quality`).

`--variants` are runs with other options of `TrainConfig`, `sync_words` and `hot_rows`:

    --variants default architecture=cbow,alpha=0.05 objective=hs sync_words=50000 hot_rows=256
"""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.corpus_text import first_words
from benchmarks.markdown import caption, markdown_table, options_of, text_of
from benchmarks.measure import Row, benchmark_parser, log, machine, parse_options
from benchmarks.publish import publish
from benchmarks.quality import SETS
from benchmarks.trainers import PROTOCOL, RESTRICT_VOCAB, scores
from w2v_fast.cluster.exchange.local import LocalExchange
from w2v_fast.cluster.exchange.protocol import ExchangeError
from w2v_fast.cluster.plan import bounds_at_sentences
from w2v_fast.cluster.replica import Replica, lr_factor
from w2v_fast.config import TrainConfig
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.loss import evaluate_loss
from w2v_fast.vectors.keyed_vectors import KeyedVectors

NODES = (1, 2, 4, 8, 16)
HELD_OUT = 0.02
SCORES = ("WordSim-353", "SimLex-999", "analogies")
SENT = "MB a node, a million words"
OF_PLAN = ("sync_words", "hot_rows")


def main() -> None:
    parser = benchmark_parser(__doc__, words=10_000_000, repeats=3)
    parser.add_argument("--eval", required=True, metavar="FOLDER", help="evaluation sets")
    parser.add_argument("--epochs", type=int, default=5, help="passes over the text (%(default)s)")
    parser.add_argument("--nodes", type=int, nargs="*", default=NODES, help="%(default)s")
    parser.add_argument(
        "--variants", nargs="*", default=["default"], metavar="NAME=VALUE,...", help="see above"
    )
    arguments = parser.parse_args()
    if missing := [name for name in SETS if not os.path.isfile(os.path.join(arguments.eval, name))]:
        parser.error(f"--eval {arguments.eval} has no {', '.join(missing)}")
    rows: list[Row] = []
    facts = machine()
    with first_words(arguments.corpus, arguments.words) as text:
        corpus, held_out = split(Corpus.from_source(text.path, min_count=PROTOCOL["min_count"]))
        for seed in range(1, arguments.repeats + 1):
            for variant in arguments.variants:
                more = {} if variant == "default" else parse_options(variant)
                options = {"epochs": arguments.epochs, **more}
                for nodes in arguments.nodes:
                    row = {"nodes": nodes, "variant": variant, "seed": seed, "options": options}
                    row |= trained_row(corpus, held_out, nodes, seed, options, arguments.eval)
                    rows.append(row)
                    log(f"{variant}, {nodes} nodes, seed {seed}: {told(row)}")
    facts |= text.facts
    publish("cluster", [{**row, **facts} for row in rows], report, arguments.store)


def split(corpus: Corpus) -> tuple[Corpus, Corpus]:
    """The sentences to train, and the last ones."""
    start = bounds_at_sentences(corpus.ids, round(1 / HELD_OUT))[-2]
    parts = (corpus.ids[:start], corpus.ids[start:])
    trained, held_out = (Corpus(part, corpus.vocabulary) for part in parts)
    return trained, held_out


def trained_row(
    corpus: Corpus, held_out: Corpus, nodes: int, seed: int, options: Row, folder: str
) -> Row:
    """What one run gives: the scores, the loss, and what a node sent."""
    of_plan = {name: value for name, value in options.items() if name in OF_PLAN}
    of_run = {name: value for name, value in options.items() if name not in OF_PLAN}
    config = TrainConfig(**{**PROTOCOL, **of_run, "workers": 1, "seed": seed})
    start = time.perf_counter()
    replica = train_on_nodes(corpus, config, nodes, of_plan)
    seconds = time.perf_counter() - start
    kv = KeyedVectors(
        corpus.vocabulary.words,
        replica.weights.vectors,
        corpus.vocabulary.counts,
        output_vectors=replica.weights.output_vectors,
        metadata=config.as_metadata(),
    )
    found = scores(kv, folder)
    return {
        "learning rate, times": lr_factor(nodes),
        **{name: found[name] for name in SCORES},
        "held-out loss": evaluate_loss(kv, held_out).nats,
        "words of a node's round": replica.plan.round_jobs * replica.plan.jobs.job_tokens,
        SENT: replica.combiner.bytes / replica.plan.jobs.total_tokens * nodes,
        "seconds": seconds,
        "vocabulary": len(corpus.vocabulary),
    }


def train_on_nodes(corpus: Corpus, config: TrainConfig, nodes: int, of_plan: Row) -> Replica:
    """Train all rounds; return the first replica, which all others equal."""
    bounds = bounds_at_sentences(corpus.ids, nodes)
    replicas: dict[int, Replica] = {}
    errors: list[BaseException] = []

    def work(exchange: LocalExchange) -> None:
        ids = corpus.ids[bounds[exchange.rank] : bounds[exchange.rank + 1]]
        try:
            replica = Replica(ids, corpus.vocabulary, config, exchange, **of_plan)
            for _ in replica.rounds():
                pass
            replicas[exchange.rank] = replica
        except BaseException as error:
            errors.append(error)
            exchange.close()

    threads = [
        threading.Thread(target=work, args=(exchange,))
        for exchange in LocalExchange.of_threads(nodes)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in sorted(errors, key=lambda error: isinstance(error, ExchangeError)):
        raise error
    return replicas[0]


def told(row: Row) -> str:
    return ", ".join(f"{name} {row[name]:.4f}" for name in (*SCORES, "held-out loss"))


def report(rows: list[Row]) -> str:
    """A table for each variant: means over the seeds, and their standard errors."""
    first = rows[0]
    seeds = len({row["seed"] for row in rows})
    lines = [
        caption(first, text_of(first)),
        f"{options_of({**PROTOCOL, **first['options']})}; {1 - HELD_OUT:.0%} of the text trained; "
        f"analogies among the {RESTRICT_VOCAB:,} most frequent words. Means of {seeds} seeds, "
        "with the standard error; the loss in nats a pair, and beside one node's.",
    ]
    for variant in dict.fromkeys(row["variant"] for row in rows):
        of_variant = [row for row in rows if row["variant"] == variant]
        runs = {
            nodes: [row for row in of_variant if row["nodes"] == nodes]
            for nodes in dict.fromkeys(row["nodes"] for row in of_variant)
        }
        alone = runs.get(1)
        table = [shown(nodes, taken, alone) for nodes, taken in runs.items()]
        lines += [f"**{variant}**", markdown_table(table, list(table[0]))]
    return "\n\n".join(lines)


def shown(nodes: int, taken: Sequence[Row], alone: Sequence[Row] | None) -> dict[str, Any]:
    loss = statistics.mean(row["held-out loss"] for row in taken)
    one = statistics.mean(row["held-out loss"] for row in alone) if alone else None
    return {
        "nodes": nodes,
        "learning rate, times": taken[0]["learning rate, times"],
        **{name: mean_and_error([row[name] for row in taken]) for name in SCORES},
        "held-out loss": f"{loss:.4f}" + (f" ({loss / one - 1:+.2%})" if one else ""),
        "words of a node's round": taken[0]["words of a node's round"] if nodes > 1 else None,
        "MB sent a million words of a node": taken[0][SENT] if nodes > 1 else None,
    }


def mean_and_error(values: Sequence[float]) -> str:
    """Such as `0.690 ± 0.004`."""
    middle = f"{statistics.mean(values):.3f}"
    if len(values) == 1:
        return middle
    return f"{middle} ± {statistics.stdev(values) / len(values) ** 0.5:.3f}"


if __name__ == "__main__":
    main()
