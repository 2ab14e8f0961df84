"""A node and its exchange, without a cluster."""

import errno
import sys
import threading
import types

import numpy as np
import pytest

import w2v_fast
from w2v_fast.cluster import generation
from w2v_fast.cluster import node as module
from w2v_fast.cluster.exchange.protocol import ExchangeError
from w2v_fast.cluster.exchange.store import SMALL_BYTES, Mailbox, StoreExchange
from w2v_fast.cluster.generation import Machine
from w2v_fast.cluster.node import Node, Part
from w2v_fast.cluster.shards import cut, vocabulary_of
from w2v_fast.config import TrainConfig
from w2v_fast.corpus.corpus import Corpus

CONFIG = TrainConfig(vector_size=8, epochs=2, workers=1, min_count=1)


class Actor:
    """The handle of a node whose `deliver` puts a copy into its mailbox."""

    def __init__(self):
        self.mailbox = Mailbox()

    @property
    def deliver(self):
        return self

    def options(self, concurrency_group):
        return self

    def remote(self, call, sender, array):
        self.mailbox.put(call, sender, np.array(array))


@pytest.fixture
def text(tmp_path, monkeypatch):
    (tmp_path / "local").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "local"))
    path = tmp_path / "text.txt"
    path.write_text("".join(f"a b c w{number % 7} d\n" for number in range(300)))
    return path


def loaded(path):
    """A node that has loaded all of a text."""
    shards = cut(path)
    node = Node()
    node.open("test", shards, CONFIG, "10.0.0.1")
    counts = node.encode(range(len(shards)))
    vocabulary = vocabulary_of(counts, 1, None)
    tokens = sum(node.tokens(range(len(shards)), vocabulary))
    node.load(Part(range(len(shards)), 0, 0, tokens), vocabulary, counts.digests)
    return node


def test_a_node_alone_trains_as_one_machine(text, tmp_path):
    pytest.importorskip("ray")
    node = loaded(text)
    node.join(0, [None], "store", "group")
    node.begin(None, None)
    steps = []
    while (step := node.advance(7, False)) is not None:
        steps.append(step)
    assert [step.progress.epoch for step in steps if step.progress.epoch_done] == [1, 2]
    assert steps[-1].done
    expected = w2v_fast.train(text, vector_size=8, epochs=2, workers=1, min_count=1)
    np.testing.assert_array_equal(node.rows(0, 0, 20)[:, :8], expected.vectors)
    node.remove()
    assert not list((tmp_path / "local").iterdir())


def test_a_node_goes_on_from_rows_that_it_is_given(text):
    pytest.importorskip("ray")
    node = loaded(text)
    node.join(0, [None], "store", "group")
    node.begin(None, None)
    step = node.advance(5, True)
    rows = [node.rows(matrix, 0, 20).copy() for matrix in (0, 1)]
    again = loaded(text)
    again.join(0, [None], "store", "group")
    again.begin(None, None)
    for matrix in (0, 1):
        again.set_rows(matrix, 0, rows[matrix])
    again.go_on(step.position)
    for trained in (node, again):
        while trained.advance(50, False) is not None:
            pass
    np.testing.assert_array_equal(again.rows(0, 0, 20), node.rows(0, 0, 20))


def test_too_little_memory_on_a_node(text, monkeypatch):
    monkeypatch.setattr(module, "available", lambda: 1000)
    with pytest.raises(MemoryError, match="the weights twice"):
        loaded(text)


def test_a_saved_corpus_that_is_another_one(text, tmp_path):
    Corpus.from_source(text, min_count=1).save(tmp_path / "a.w2v")
    node = Node()
    node.open("test", str(tmp_path / "a.w2v"), CONFIG, "10.0.0.1")
    other = Corpus.from_source([["x", "y"]], min_count=1).vocabulary
    with pytest.raises(OSError, match="another file than the driver has read"):
        node.load(Part(range(1), 0, 0, 2), other, {})


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device", "/tmp/shard-000001.w2v"),
        ValueError("a.txt is not text"),
        MemoryError("no room"),
        UnicodeDecodeError("utf-8", b"a", 0, 1, "reason"),
    ],
)
def test_errors_name_their_node(error):
    with pytest.raises((OSError, ValueError, MemoryError, RuntimeError), match=r"node 10\.0\.0\.2"):
        generation._raise_named(error, Machine("id", "10.0.0.2", 1))


@pytest.mark.parametrize("size", [2, 3, 5])
@pytest.mark.parametrize("floats", [1, 7, SMALL_BYTES // 4 + 13])
def test_the_object_store_adds_up_the_same_bits_everywhere(size, floats, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", types.SimpleNamespace(put=np.array))
    nodes = [Actor() for _ in range(size)]
    draw = np.random.default_rng(1)
    arrays = draw.normal(size=(size, floats)).astype(np.float32)
    expected = [arrays.copy() for _ in range(2)]
    for round in expected:
        for rank in range(1, size):
            round[0] += round[rank]
    results = [[array.copy(), array.copy()] for array in arrays]

    def work(rank):
        exchange = StoreExchange(rank, nodes, nodes[rank].mailbox)
        for array in results[rank]:
            exchange.sum(array)

    threads = [threading.Thread(target=work, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    for pair in results:
        for array, round in zip(pair, expected, strict=True):
            np.testing.assert_array_equal(array, round[0])


def test_a_closed_mailbox_ends_the_wait():
    mailbox = Mailbox()
    threading.Timer(0.05, mailbox.close).start()
    with pytest.raises(ExchangeError, match="gone"):
        mailbox.get(1, 0)
