"""Graphs as arrays: the edges of each node, from matrices, networkx, files and lists of edges."""

from __future__ import annotations

import dataclasses
import itertools
import os
import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from w2v_fast.corpus._words import PADDING, WordTable
from w2v_fast.keys import all_different
from w2v_fast.system.files import naming_errors, open_input, path_name

Graphlike: TypeAlias = "str | os.PathLike[str] | npt.NDArray[Any] | Iterable[Any] | Any"
Nodes: TypeAlias = "npt.NDArray[np.int64]"

EXPECTED = (
    "expected a sparse matrix of scipy, a graph of networkx, edges (source, target) or (source, "
    "target, weight), or the path of a file with an edge a line"
)
COMMENT = re.compile(rb"^[ \t]*[#%].*$", re.MULTILINE)
FILE_BLOCK = 1 << 24
MAX_NODES = 2**31 - 1


@dataclasses.dataclass
class Graph:
    """A weighted, directed graph of N nodes and E edges; an undirected one has each edge twice.

    Attributes
    ----------
    starts
        int64 [N + 1]: the edges of node v are those from `starts[v]` to `starts[v + 1]`.
    targets
        int32 [E]: where each edge leads, ascending for each node, without repetition.
    weights
        float32 [E], above 0; None if all are equal.
    names
        Of the nodes, all different.
    """

    starts: npt.NDArray[np.int64]
    targets: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32] | None
    names: list[str]


def read_graph(source: Graphlike, directed: bool) -> Graph:
    """Take a graph of any kind; `directed` says how edges that are listed are meant.

    Raises
    ------
    TypeError
        It is no graph.
    ValueError
        It has no edges, a node has none, an edge is malformed, a weight is not positive and finite,
        or two nodes have the same name.
    OSError
        The file cannot be read.
    """
    if isinstance(source, (str, os.PathLike)):
        sources, targets, weights, names = _of_file(path_name(source))
    elif hasattr(source, "tocsr"):
        sources, targets, weights, names = _of_matrix(source, directed)
        directed = True
    elif hasattr(source, "is_directed") and hasattr(source, "edges"):
        sources, targets, weights, names = _of_networkx(source, directed)
        directed = source.is_directed()
    elif isinstance(source, np.ndarray) and source.dtype != object:
        sources, targets, weights, names = _of_array(source)
    elif isinstance(source, Iterable):
        sources, targets, weights, names = _of_edges(source)
    else:
        raise TypeError(f"a graph cannot be of type {type(source).__name__}; {EXPECTED}")
    if not len(sources):
        raise ValueError("the graph has no edges")
    if not all_different(names):
        twice = next(a for a, b in itertools.pairwise(sorted(names)) if a == b)
        raise ValueError(f"two nodes have the name {twice!r:.60}; the names of nodes must differ")
    _check_weights(weights, sources, targets, names)
    _check_not_isolated(sources, targets, names)
    return _arranged(sources, targets, weights, names, directed)


def _of_matrix(matrix: Any, directed: bool) -> tuple[Nodes, Nodes, Any, list[str]]:
    """Row i holds the weights of the edges from node i."""
    if len(matrix.shape) != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"the matrix of a graph is square, got the shape {matrix.shape}")
    _check_direction(directed, "a matrix holds each direction of an edge")
    entries = matrix.tocoo()
    given = entries.data != 0
    sources, targets = (np.asarray(ids, np.int64)[given] for ids in (entries.row, entries.col))
    return sources, targets, entries.data[given], list(map(str, range(matrix.shape[0])))


def _of_networkx(graph: Any, directed: bool) -> tuple[Nodes, Nodes, Any, list[str]]:
    """An edge without the attribute `weight` has the weight 1."""
    _check_direction(directed and not graph.is_directed(), "this graph is undirected")
    number = {node: i for i, node in enumerate(graph.nodes)}
    edges = list(graph.edges(data="weight", default=1))
    sources = np.fromiter((number[edge[0]] for edge in edges), np.int64, len(edges))
    targets = np.fromiter((number[edge[1]] for edge in edges), np.int64, len(edges))
    return sources, targets, _numbers([edge[2] for edge in edges]), list(map(str, number))


def _check_direction(contradicts: bool, fact: str) -> None:
    if contradicts:
        raise ValueError(f"directed=True is for lists of edges; {fact}")


def _of_array(edges: npt.NDArray[Any]) -> tuple[Nodes, Nodes, Any, list[str]]:
    """Rows (source, target) or (source, target, weight)."""
    if edges.ndim != 2 or edges.shape[1] not in (2, 3):
        raise ValueError(
            f"an array of edges has 2 or 3 columns, got the shape {edges.shape}; for a matrix of "
            "weights give scipy.sparse.csr_array(matrix)"
        )
    ends = edges[:, :2].astype(np.int64)
    if edges.dtype.kind not in "iuf" or (ends != edges[:, :2]).any():
        raise TypeError(f"the nodes of an array of edges are integers; got {edges.dtype}")
    ids, numbers = _numbered(ends)
    sources, targets = numbers.T
    weights = edges[:, 2] if edges.shape[1] == 3 else None
    return sources, targets, weights, list(map(str, ids.tolist()))


def _numbered(ids: Nodes) -> tuple[Nodes, Nodes]:
    """The different ids, ascending, and the place of each id among them."""
    if not ids.size:
        return ids.ravel(), ids
    low, high = int(ids.min()), int(ids.max())
    if high - low > 4 * ids.size:  # too many for an array of all between
        distinct = np.sort(ids, axis=None)
        distinct = distinct[_is_new(distinct)]
        return distinct, np.searchsorted(distinct, ids)
    occurs = np.zeros(high - low + 1, bool)
    occurs[ids - low] = True
    return np.flatnonzero(occurs) + low, (np.cumsum(occurs) - 1)[ids - low]


def _is_new(ordered: Nodes) -> npt.NDArray[np.bool_]:
    """Whether a value differs from the one before it."""
    return np.concatenate([[True], ordered[1:] != ordered[:-1]])


def _of_edges(edges: Iterable[Any]) -> tuple[Nodes, Nodes, Any, list[str]]:
    """Tuples (source, target) or (source, target, weight), all of one kind."""
    number: dict[Any, int] = {}
    ends: list[int] = []
    weights: list[Any] = []
    width = 0
    for place, edge in enumerate(edges, 1):
        is_edge = not isinstance(edge, (str, bytes)) and hasattr(edge, "__len__")
        width = width or (len(edge) if is_edge else 0)
        if not is_edge or len(edge) != width or width not in (2, 3):
            raise ValueError(f"edge {place} is {edge!r:.60}; {_expected_edge(width)}")
        source, target, *weight = edge
        ends += number.setdefault(source, len(number)), number.setdefault(target, len(number))
        weights += weight
    sources, targets = np.array(ends, np.int64).reshape(-1, 2).T
    return sources, targets, _numbers(weights) if width == 3 else None, list(map(str, number))


def _expected_edge(width: int) -> str:
    if width not in (2, 3):
        return "expected (source, target) or (source, target, weight)"
    shape = "(source, target)" if width == 2 else "(source, target, weight)"
    return f"expected {shape} as the first one is"


def _numbers(weights: list[Any]) -> npt.NDArray[np.float64]:
    try:
        return np.array(weights, np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the weights of the edges must be numbers: {error}") from None


def _of_file(path: str) -> tuple[Nodes, Nodes, Any, list[str]]:
    """Lines `source target` or `source target weight`, and comments after # or %."""
    table = WordTable()
    parts: list[npt.NDArray[np.int32]] = []
    width = 0
    for number, text in enumerate(_blocks(path)):
        ids = _encoded(text, table, number)
        if not len(ids):
            continue
        width = width or int(np.argmax(ids < 0)) + 1
        is_end = (np.arange(len(ids)) + 1) % width == 0
        if width not in (2, 3) or len(ids) % width or ((ids < 0) != is_end).any():
            raise ValueError(_wrong_line(path, width))
        parts.append((ids ^ (ids >> 31)).reshape(-1, width))
    edges = np.concatenate(parts) if parts else np.empty((0, 2), np.int32)
    words, numbers = _numbered(edges[:, :2].astype(np.int64))
    sources, targets = numbers.T
    weights = None
    if width == 3:
        values, places = _numbered(edges[:, 2].astype(np.int64))
        try:
            weights = _numbers(table.words(values))[places]
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None
    return sources, targets, weights, table.words(words)


def _blocks(path: str) -> Iterator[bytes]:
    """Whole lines of a file, without comments."""
    rest = b""
    with naming_errors(path), open_input(path) as file:
        while part := file.read(FILE_BLOCK):
            text, newline, rest = (rest + part).rpartition(b"\n")
            yield COMMENT.sub(b"", text + newline)
    yield COMMENT.sub(b"", rest)


def _encoded(text: bytes, table: WordTable, number: int) -> npt.NDArray[np.int32]:
    """The words of some lines as ids of the table, the last of a line as ~id."""
    data = np.frombuffer(text + b"\n" + bytes(PADDING), np.uint8)
    size = len(data) - PADDING
    ids = np.empty(size // 2 + 2, np.int32)
    count, _ = table.encode_text(data, size, number, ids)
    return ids[:count]


def _wrong_line(path: str, width: int) -> str:
    with open_input(path) as file:
        for number, line in enumerate(file, 1):
            count = len(line.split())
            if count and not COMMENT.match(line) and (count != width or width not in (2, 3)):
                shown = line.decode("utf-8", "replace").strip()
                edge = _expected_edge(width).replace(",", "").replace("(", "").replace(")", "")
                return f"{path}, line {number} is {shown!r:.60}; {edge}"
    return f"{path} is no list of edges"


def _check_weights(weights: Any, sources: Nodes, targets: Nodes, names: list[str]) -> None:
    if weights is None:
        return
    wrong = ~(np.isfinite(weights) & (weights > 0))
    if wrong.any():
        edge = int(np.argmax(wrong))
        raise ValueError(
            f"the edge from {names[sources[edge]]!r:.60} to {names[targets[edge]]!r:.60} has the "
            f"weight {weights[edge]}; a weight must be positive and finite"
        )


def _check_not_isolated(sources: Nodes, targets: Nodes, names: list[str]) -> None:
    has_edge = np.zeros(len(names), bool)
    has_edge[sources] = has_edge[targets] = True
    if not has_edge.all():
        isolated = np.flatnonzero(~has_edge)
        shown = ", ".join(repr(names[i])[:60] for i in isolated[:3])
        raise ValueError(
            f"{len(isolated):,} nodes have no edge to walk along: {shown}"
            + (", ..." if len(isolated) > 3 else "")
            + "; leave them out of the graph"
        )


def _arranged(
    sources: Nodes, targets: Nodes, weights: Any, names: list[str], directed: bool
) -> Graph:
    """Both directions of undirected edges, ordered, with edges that come again added up."""
    nodes = len(names)
    if nodes > MAX_NODES:
        raise ValueError(f"the graph has {nodes:,} nodes; at most {MAX_NODES:,} are possible")
    edges = sources * nodes + targets
    if not directed:
        back = sources != targets
        edges = np.concatenate([edges, targets[back] * nodes + sources[back]])
        weights = None if weights is None else np.concatenate([weights, weights[back]])
    if weights is None:
        edges.sort()
        edges = edges[_is_new(edges)]
    else:
        order = np.argsort(edges, kind="stable")
        edges, weights = edges[order], weights[order].astype(np.float64)
        first = np.flatnonzero(_is_new(edges))
        edges, weights = edges[first], np.add.reduceat(weights, first).astype(np.float32)
        weights = None if (weights == weights[0]).all() else weights
    starts = np.searchsorted(edges, np.arange(nodes + 1, dtype=np.int64) * nodes)
    return Graph(starts.astype(np.int64), (edges % nodes).astype(np.int32), weights, names)
