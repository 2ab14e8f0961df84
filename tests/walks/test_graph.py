"""Every kind of graph gives the same arrays, and a malformed one a clear error."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from w2v_fast.walks import node2vec
from w2v_fast.walks._walks import Walker
from w2v_fast.walks.graph import read_graph

sparse = pytest.importorskip("scipy.sparse")
EDGES = [(0, 1), (0, 2), (2, 3), (3, 1), (1, 1)]
WEIGHTS = [1.0, 2.5, 3.0, 0.5, 4.0]
WEIGHTED = [(*edge, weight) for edge, weight in zip(EDGES, WEIGHTS, strict=True)]


def dense(graph) -> tuple[np.ndarray, list[str]]:
    """The matrix of a graph, its nodes in the order of their names."""
    order = np.argsort(graph.names)
    rows = np.repeat(np.arange(len(graph.names)), np.diff(graph.starts))
    matrix = np.zeros((len(graph.names), len(graph.names)))
    matrix[rows, graph.targets] = 1 if graph.weights is None else graph.weights
    for start, end in zip(graph.starts, graph.starts[1:], strict=False):
        assert (np.diff(graph.targets[start:end]) > 0).all()
    return matrix[np.ix_(order, order)], [graph.names[i] for i in order]


def expected(directed: bool, weighted: bool) -> np.ndarray:
    matrix = np.zeros((4, 4))
    for a, b, weight in WEIGHTED:
        matrix[a, b] = weight if weighted else 1
        if not directed:
            matrix[b, a] = matrix[a, b]
    return matrix


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("directed", [False, True])
def test_every_kind_gives_the_same(tmp_path, directed, weighted):
    matrix = expected(directed, weighted)
    edges = WEIGHTED if weighted else EDGES
    lines = "".join(" ".join(map(str, edge)) + "\n" for edge in edges)
    path, packed = tmp_path / "edges.txt", tmp_path / "edges.gz"
    path.write_text("# a comment\n" + lines.replace(" ", "\t").removesuffix("\n"))
    packed.write_bytes(gzip.compress(b"% another\n\n" + lines.encode()))
    for source in (edges, iter(edges), np.array(edges), str(path), path, packed):
        found, names = dense(read_graph(source, directed))
        assert names == ["0", "1", "2", "3"]
        assert np.array_equal(found, matrix)
    for kind in (sparse.csr_array, sparse.coo_array, sparse.csc_matrix):
        assert np.array_equal(dense(read_graph(kind(matrix), False))[0], matrix)


@pytest.mark.parametrize("directed", [False, True])
def test_networkx(directed):
    networkx = pytest.importorskip("networkx")
    graph = networkx.DiGraph() if directed else networkx.Graph()
    graph.add_weighted_edges_from(WEIGHTED)
    assert np.array_equal(dense(read_graph(graph, False))[0], expected(directed, True))
    graph = networkx.Graph([("a", "b"), ("b", "c")])
    assert read_graph(graph, False).weights is None
    with pytest.raises(ValueError, match="this graph is undirected"):
        read_graph(graph, True)
    graph.add_node("alone")
    with pytest.raises(ValueError, match="1 nodes have no edge to walk along: 'alone'"):
        node2vec(graph)


def test_edges_that_come_again():
    again = [("a", "b", 1), ("b", "a", 2), ("b", "c", 3), ("b", "c", 1)]
    matrix, _ = dense(read_graph(again, False))
    assert matrix.tolist() == [[0, 3, 0], [3, 0, 4], [0, 4, 0]]
    matrix, _ = dense(read_graph([edge[:2] for edge in again], False))
    assert matrix.tolist() == [[0, 1, 0], [1, 0, 1], [0, 1, 0]]


def test_names_are_kept(tmp_path):
    path = tmp_path / "edges.txt"
    path.write_text("Zürich Genève\nGenève 7\n", encoding="utf-8")
    assert set(read_graph(path, False).names) == {"Zürich", "Genève", "7"}
    far = np.array([[-5, 2**62], [2**62, 7]])
    assert set(read_graph(far, False).names) == {"-5", str(2**62), "7"}


@pytest.mark.parametrize(
    ("source", "error", "said"),
    [
        (3, TypeError, "a graph cannot be of type int; expected a sparse matrix"),
        ([], ValueError, "the graph has no edges"),
        (["ab"], ValueError, "edge 1 is 'ab'; expected .source, target."),
        ([("a", "b"), ("a",)], ValueError, "edge 2 is .'a',.; expected .source, target. as the"),
        ([("a", "b", 1), ("a", "b")], ValueError, "edge 2 .*source, target, weight. as the first"),
        ([("a", "b", 0)], ValueError, "from 'a' to 'b' has the weight 0.0; a weight must be"),
        ([("a", "b", float("nan"))], ValueError, "has the weight nan"),
        ([("a", "b", "heavy")], ValueError, "weights of the edges must be numbers.*heavy"),
        ([(1, "1")], ValueError, "two nodes have the name '1'"),
        (np.zeros((3, 4)), ValueError, "an array of edges has 2 or 3 columns"),
        (np.array([[0.5, 1]]), TypeError, "nodes of an array of edges are integers"),
        (sparse.csr_array((2, 3)), ValueError, "matrix of a graph is square"),
        (sparse.csr_array((2, 2)), ValueError, "the graph has no edges"),
        (
            sparse.csr_array(np.diag([1.0] * 2 + [0.0] * 5)),
            ValueError,
            "5 nodes have no edge to walk along: '2', '3', '4', ...; leave them out",
        ),
        (-sparse.csr_array(np.eye(2)), ValueError, "has the weight -1.0"),
    ],
)
def test_no_graph(source, error, said):
    with pytest.raises(error, match=said):
        read_graph(source, False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a b\nc\n", "line 2 is 'c'; expected source target as the first one is"),
        ("# x\n\na b 1\nc d\n", "line 4 is 'c d'; expected source target weight as"),
        ("a b c d\n", "line 1 is 'a b c d'; expected source target or source target weight"),
        ("a\nb c d\n", "line 1 is 'a'"),
        ("a b 1\na c x\n", "could not convert string to float: 'x'"),
        ("# nothing\n", "the graph has no edges"),
        ("", "the graph has no edges"),
    ],
)
def test_a_malformed_file(tmp_path, text, said):
    path = tmp_path / "edges.txt"
    path.write_text(text)
    with pytest.raises(ValueError, match=said):
        read_graph(path, False)
    with pytest.raises(FileNotFoundError):
        read_graph(tmp_path / "none.txt", False)


def test_the_walker_refuses_arrays_that_lead_out_of_the_graph():
    starts, targets = np.array([0, 1, 2]), np.array([1, 0], np.int32)
    for wrong_starts, wrong_targets in (
        (np.array([0, 1, 3]), targets),
        (np.array([0, 3, 2]), targets),
        (np.array([1, 1, 2]), targets),
        (starts, np.array([1, 2], np.int32)),
        (starts, np.array([-1, 0], np.int32)),
        (np.array([0]), np.array([], np.int32)),
    ):
        with pytest.raises(ValueError, match="not those of a graph"):
            Walker(wrong_starts, wrong_targets, None, 1, 1, 0)
    walker = Walker(starts, targets, None, 1, 1, 0)
    out = np.empty(4, np.int32)
    with pytest.raises(ValueError, match="no node 2"):
        walker.walk(np.array([2], np.int32), 0, 4, out)
    with pytest.raises(ValueError, match="too small"):
        walker.walk(np.array([0], np.int32), 0, 5, out)
