"""How fast are walks on graphs, and how good are vectors from them? `python -m benchmarks.walks`

Speed: node2vec's walks on a random graph, beside PecanPy's mode SparseOTF, which like ours computes
the probabilities of a step when it is taken (PreComp needs memory for each pair of edges), and for
p = q = 1 its FirstOrderUnweighted.
The graph is in memory on both sides, all cores walk. Ours end as int32 ids, PecanPy's once as the
matrix of ids that its compiled code fills, and once as its interface gives them, lists of str.

Quality: the nodes of a planted partition (equal communities, more edges within than between) are
classified by logistic regression on half of the nodes. Vectors are trained by w2v_fast on both
sides' walks, so only the walks differ.

PecanPy imports nptyping for its annotations, which needs numpy 1: a stand-in of that name is put in
its place.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import sys
import time
import types
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

import w2v_fast
import w2v_fast.walks
from benchmarks.markdown import caption, markdown_table, spread
from benchmarks.measure import Row, benchmark_parser, log, machine, ratios
from benchmarks.publish import publish
from w2v_fast.config import TrainConfig
from w2v_fast.corpus.id_store import IdStore, checked_budget
from w2v_fast.system.cpus import usable_cpus
from w2v_fast.walks.graph import Graph, read_graph
from w2v_fast.walks.random_walks import take_walks

LENGTH = 80
BIASES = ((1, 1), (0.5, 2), (4, 0.25))
PARTITION = {"communities": 40, "nodes of each": 50, "edges within": 6, "edges to others": 14}
Edges = NDArray[np.int64]


def main() -> None:
    parser = benchmark_parser(__doc__, repeats=3, corpus=False)
    parser.add_argument("--nodes", type=int, default=1_000_000, help="(%(default)s)")
    parser.add_argument("--edges", type=int, default=10_000_000, help="(%(default)s)")
    parser.add_argument(
        "--pecanpy-walks", type=int, default=10_000, help="walks of PecanPy a round (%(default)s)"
    )
    arguments = parser.parse_args()
    facts = {**machine(), "pecanpy": importlib.metadata.version("pecanpy")}
    rows = [{**row, **facts} for row in compare_speed(arguments)]
    rows += [{**row, **facts} for row in compare_quality(arguments.repeats)]
    publish("walks", rows, report, arguments.store)


def random_graph(nodes: int, edges: int) -> Graph:
    """Edges between nodes that are drawn uniformly."""
    return read_graph(np.random.default_rng(0).integers(0, nodes, (edges, 2)), directed=False)


def planted_partition(seed: int) -> tuple[Edges, NDArray[np.int64]]:
    """Edges, and the community of each node."""
    generator = np.random.default_rng(seed)
    communities, size = PARTITION["communities"], PARTITION["nodes of each"]
    nodes = np.arange(communities * size)
    ends = []
    for node in nodes:
        inside = node // size * size + generator.integers(0, size, PARTITION["edges within"] // 2)
        anywhere = generator.integers(0, len(nodes), PARTITION["edges to others"] // 2)
        ends += [(node, other) for other in (*inside, *anywhere) if other != node]
    return np.array(ends), nodes // size


class StandIn:
    """A type of nptyping, as far as annotations need it."""

    def __class_getitem__(cls, item: object) -> type[StandIn]:
        return cls


def pecanpy_model(graph: Graph, p: float, q: float, seed: int) -> Any:
    """PecanPy with our arrays of the graph."""
    module: Any = types.ModuleType("nptyping")
    module.__getattr__ = lambda name: StandIn
    sys.modules.setdefault("nptyping", module)
    from pecanpy.pecanpy import FirstOrderUnweighted, SparseOTF

    mode = FirstOrderUnweighted if p == q == 1 else SparseOTF
    model = mode(p=p, q=q, workers=usable_cpus(), random_state=seed)
    model.set_node_ids(graph.names)
    model.indptr = graph.starts.astype(np.uint32)
    model.indices = graph.targets.astype(np.uint32)
    model.data = np.ones(len(graph.targets), np.float32)
    return model


def compare_speed(arguments: argparse.Namespace) -> Iterator[Row]:
    """Walks per second of both sides, in turn."""
    graph = random_graph(arguments.nodes, arguments.edges)
    log(f"{len(graph.names):,} nodes, {len(graph.targets):,} directed edges")
    for p, q in BIASES:
        model = pecanpy_model(graph, p, q, 1)
        pecanpy_walks(model, 100)  # compiles
        ours: list[float] = []
        ids: list[float] = []
        lists: list[float] = []
        for _ in range(arguments.repeats):
            ours.append(own_walks(graph, p, q))
            taken, converted = pecanpy_walks(model, arguments.pecanpy_walks)
            ids.append(arguments.pecanpy_walks / taken)
            lists.append(arguments.pecanpy_walks / (taken + converted))
        row = {
            "kind": "speed",
            "nodes": len(graph.names),
            "edges": len(graph.targets) // 2,
            "p": p,
            "q": q,
            "w2v_fast, walks/s": ours,
            "PecanPy, walks/s": lists,
            "times PecanPy": ratios(ours, lists),
            "times PecanPy's ids": ratios(ours, ids),
        }
        log(f"p = {p}, q = {q}: {spread(ours)} walks/s, PecanPy {spread(lists)}")
        yield row


def own_walks(graph: Graph, p: float, q: float) -> float:
    """Walks per second of one round from all nodes."""
    store = IdStore(checked_budget(None))
    start = time.perf_counter()
    take_walks(graph, p, q, 1, LENGTH, TrainConfig(), store)
    return len(graph.names) / (time.perf_counter() - start)


def pecanpy_walks(model: Any, walks: int) -> tuple[float, float]:
    """Seconds for ids, and for lists of str, as `simulate_walks` does it, but from some nodes."""
    from pecanpy.pecanpy import ProgressBar

    starts = np.random.default_rng(1).integers(0, model.num_nodes, walks).astype(np.uint32)
    begin = time.perf_counter()
    model._preprocess_transition_probs()
    with ProgressBar(total=walks, disable=True) as progress:
        ids = model._random_walks(
            walks, LENGTH, 1, starts, model.get_has_nbrs(), model.get_move_forward(), progress
        )
    middle = time.perf_counter()
    lists = [model._map_walk(walk) for walk in ids]
    assert len(lists) == walks
    return middle - begin, time.perf_counter() - middle


def compare_quality(repeats: int) -> Iterator[Row]:
    """Accuracy of classification from vectors of both sides' walks."""
    for p, q in BIASES:
        scores: dict[str, list[float]] = {"w2v_fast": [], "PecanPy": []}
        for seed in range(1, repeats + 1):
            edges, communities = planted_partition(seed)
            walks = w2v_fast.walks.node2vec(edges, p, q, 10, LENGTH, seed=seed)
            scores["w2v_fast"].append(accuracy(walks, communities, seed))
            model = pecanpy_model(read_graph(edges, directed=False), p, q, seed)
            scores["PecanPy"].append(accuracy(model.simulate_walks(10, LENGTH), communities, seed))
        columns = {f"accuracy, {side}": values for side, values in scores.items()}
        log(f"p = {p}, q = {q}: " + ", ".join(f"{s} {spread(v)}" for s, v in scores.items()))
        yield {"kind": "quality", "partition": PARTITION, "p": p, "q": q, **columns}


def accuracy(walks: Any, communities: NDArray[np.int64], seed: int) -> float:
    """Share of the nodes in the other half that are given their community."""
    kv = w2v_fast.train(
        walks, vector_size=64, window=10, min_count=1, sample=0, epochs=1, alpha=0.05, seed=seed
    )
    vectors = np.array([kv.get_vector(str(node)) for node in range(len(communities))])
    order = np.random.default_rng(seed).permutation(len(communities))
    known, asked = order[: len(order) // 2], order[len(order) // 2 :]
    model = LogisticRegression(max_iter=1000).fit(vectors[known], communities[known])
    return float(model.score(vectors[asked], communities[asked]))


def report(rows: list[Row]) -> str:
    speed = [row for row in rows if row["kind"] == "speed"]
    quality = [row for row in rows if row["kind"] == "quality"]
    parts = [
        caption(rows[0], f"PecanPy {rows[0]['pecanpy']}"),
        f"Walks of {LENGTH} nodes, all cores. Medians of the rounds, and their range; ratios "
        "within each round. `times PecanPy's ids` leaves out that PecanPy makes lists of str.",
        _table(speed, ["nodes", "edges", "p", "q"], "walks/s", "times"),
        "Nodes classified by logistic regression on half of them, from vectors of one trainer; a "
        "planted partition: " + ", ".join(f"{n} {name}" for name, n in PARTITION.items()) + ".",
        _table(quality, ["p", "q"], "accuracy"),
    ]
    return "\n\n".join(parts)


def _table(rows: list[Row], facts: list[str], *measured: str) -> str:
    columns = [name for name in rows[0] if any(part in name for part in measured)]
    shown = [{**row, **{column: spread(row[column]) for column in columns}} for row in rows]
    return markdown_table(shown, [*facts, *columns])


if __name__ == "__main__":
    main()
