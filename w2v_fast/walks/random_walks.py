"""node2vec: second-order random walks as a corpus, by all threads, the same for each seed."""

from __future__ import annotations

import contextlib
import math
import operator
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from w2v_fast.config import TrainConfig
from w2v_fast.corpus._ids import compact, tally
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.id_store import IdStore, checked_budget
from w2v_fast.corpus.vocabulary import Vocabulary, rank
from w2v_fast.system.threads import map_in_order
from w2v_fast.training.generator import Stream, derive, draw
from w2v_fast.walks._walks import Walker
from w2v_fast.walks.graph import Graph, Graphlike, read_graph

BLOCK_NODES = 1 << 18  # of walks that one thread takes at a time


def node2vec(
    graph: Graphlike,
    p: float = 1.0,
    q: float = 1.0,
    walks: int = 10,
    length: int = 80,
    *,
    directed: bool = False,
    seed: int = 1,
    workers: int | None = None,
    memory_budget: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Corpus:
    """Walk through a graph at random; the walks are sentences, the nodes their words.

    A walk that came from node t to v goes on to x with a probability proportional to the weight of
    the edge from v to x, times 1/p if x is t, 1 if there is an edge from t to x, and 1/q otherwise
    (Grover and Leskovec, "node2vec: Scalable Feature Learning for Networks", KDD 2016). With
    p = q = 1 these are the walks of DeepWalk.

    Walk number i is a pure function of the graph, the seed and i: the number of workers does not
    matter. In each round every node starts one walk, in a random order.

    Parameters
    ----------
    graph
        - A sparse matrix of scipy, shape [N, N]: entry (i, j) is the weight of the edge from node i
          to node j. An undirected graph has a symmetric matrix. The nodes are "0" to "N - 1".
        - A graph of networkx; the attribute `weight` of an edge counts, 1 where there is none.
        - Edges: tuples (source, target) or (source, target, weight), or an array of integers of
          that shape. The names of nodes are taken as str.
        - The path of a file of lines `source target` or `source target weight`, compressed or not;
          lines that start with # or % are comments.

        Weights of equal edges are added up; without weights an edge counts once.
    p
        How much a walk avoids to go back, above 0: large values lead it away from where it was.
    q
        How much it avoids to go away, above 0: large values keep it near where it came from (as
        breadth-first search), small ones lead it further (as depth-first search).
    walks
        Walks from each node.
    length
        Nodes of a walk, at least 2; a walk ends earlier at a node that no edge leaves.
    directed
        Whether edges that are listed, or in a file, lead one way.
    seed
        Another seed gives other walks.
    workers
        Threads (default: the CPUs this process may use).
    memory_budget
        Bytes of ids to hold in memory (4 a node of a walk); above it they go to a temporary file
        (default: half of what is free).
    progress
        Called with the walks taken and the walks in all.

    Returns
    -------
    Corpus
        The walks in their order: as ids (`ids`, `sentences()`) or names (`token_lists()`). `train`
        takes it as it is. Nodes that no edge leaves start no walk; they occur in those of others.

    Raises
    ------
    TypeError
        The graph is none of these, or an option is of the wrong type.
    ValueError
        The graph has no edges, or a node has none (the message names it); an edge is malformed, or
        its weight is not positive and finite; two nodes have the same name; an option is out of its
        range.
    OSError
        The file cannot be read, or the disk is full.

    Examples
    --------
    >>> edges = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")]
    >>> walks = node2vec(edges, p=2, q=0.5, walks=3, length=5)
    >>> walks
    <Corpus: 60 tokens of 60 read, 4 words>
    """
    for name, value in (("p", p), ("q", q)):
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"{name} = {value} must be above 0")
    rounds, length = _whole(walks, "walks", 1), _whole(length, "length", 2)
    config = TrainConfig(seed=seed, workers=workers)
    store = IdStore(checked_budget(memory_budget))
    found = read_graph(graph, directed)
    take_walks(found, p, q, rounds, length, config, store, progress)
    return _corpus(store, found.names)


def take_walks(
    graph: Graph,
    p: float,
    q: float,
    rounds: int,
    length: int,
    config: TrainConfig,
    store: IdStore,
    progress: Callable[[int, int], object] | None = None,
) -> None:
    """Write walks from every node to the store, with the seed and workers of `config`."""
    key = derive(config.seed, Stream.WALKS)
    walker = Walker(graph.starts, graph.targets, graph.weights, p, q, key)
    starts = np.flatnonzero(np.diff(graph.starts)).astype(np.int32)

    def take(block: tuple[int, npt.NDArray[np.int32]]) -> tuple[int, npt.NDArray[np.int32]]:
        first, nodes = block
        ids = np.empty(len(nodes) * length, np.int32)
        return first + len(nodes), ids[: walker.walk(nodes, first, length, ids)]

    blocks = _blocks(starts, rounds, max(1, BLOCK_NODES // length), config.seed)
    with contextlib.closing(map_in_order(take, blocks, config.threads)) as results:
        for done, ids in results:
            store.append(ids)
            if progress is not None:
                progress(done, rounds * len(starts))


def _whole(value: int, name: str, least: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} = {value!r:.60} must be a whole number") from None
    if number < least:
        raise ValueError(f"{name} = {number} must be at least {least}")
    return number


def _blocks(
    starts: npt.NDArray[np.int32], rounds: int, size: int, seed: int
) -> Iterator[tuple[int, npt.NDArray[np.int32]]]:
    """The first nodes of some walks each, and the number of the first of these walks."""
    for number in range(rounds):
        draws = draw(derive(seed, Stream.STARTS, number), np.arange(len(starts)))
        nodes = starts[np.argsort(draws, kind="stable")]
        for start in range(0, len(nodes), size):
            yield number * len(nodes) + start, nodes[start : start + size]


def _corpus(store: IdStore, names: list[str]) -> Corpus:
    """The walks with ids by rank, as those of every corpus are."""
    ids, size = store.array(), store.size
    counts, first_positions = np.zeros((2, len(names)), np.int64)
    tally(ids, 0, size, counts, first_positions)
    order = rank(counts, first_positions, 1, None)
    new_ids = np.full(len(names), -1, np.int32)
    new_ids[order] = np.arange(len(order), dtype=np.int32)
    compact(ids, 0, size, 0, new_ids)
    vocabulary = Vocabulary.of_counted([names[id] for id in order.tolist()], counts[order])
    return Corpus.of_own_ids(store.truncate(size), vocabulary, size)
