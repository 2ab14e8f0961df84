"""The driver's checkpoints: a loss at any moment leaves one to go on from."""

import numpy as np
import pytest

from w2v_fast.cluster import checkpoints as module
from w2v_fast.cluster.checkpoints import Checkpoints
from w2v_fast.cluster.generation import NodeLost
from w2v_fast.cluster.position import Position
from w2v_fast.config import TrainConfig
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.training.checkpoint import CheckpointError, CheckpointFolder
from w2v_fast.training.progress import EpochLoss

CONFIG = TrainConfig(vector_size=4, epochs=2)
WORDS = Vocabulary([f"w{number}" for number in range(50)], np.arange(50, 0, -1))
CORPUS = {"tokens": 1000, "sha256": "0"}


class OneNode:
    """A generation of one node, whose weights are one number; it is lost after some blocks."""

    def __init__(self, value: float, blocks: int = 1000) -> None:
        self.value, self.blocks = value, blocks

    def call_one(self, method, matrix, first, stop):
        self.blocks -= 1
        if self.blocks < 0:
            raise NodeLost("gone")
        return np.full((stop - first, 16), self.value, np.float32)


def at(tokens):
    return Position(0, [(0, tokens)], tokens, tokens // 2, [EpochLoss(), EpochLoss()])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "BLOCK_BYTES", 1 << 10)
    with CheckpointFolder(tmp_path / "checkpoints") as folder:
        yield folder


def begun(folder):
    checkpoints = Checkpoints(folder, 1.0, keep=True)
    return checkpoints, checkpoints.prepare(WORDS, CONFIG, CORPUS)


def values(checkpoints):
    return {float(value) for array in checkpoints.weights.arrays for value in np.unique(array)}


def test_a_loss_during_a_fetch_leaves_the_file(folder):
    checkpoints, position = begun(folder)
    assert position is None
    checkpoints.fetch(OneNode(1.0), at(100))
    checkpoints.write()
    with pytest.raises(NodeLost):
        checkpoints.fetch(OneNode(2.0, blocks=3), at(200))
    assert checkpoints.recover() == at(100)
    assert values(checkpoints) == {1.0}


def test_a_loss_after_a_fetch_leaves_the_memory(folder):
    checkpoints, _ = begun(folder)
    checkpoints.fetch(OneNode(3.0), at(300))
    assert checkpoints.recover() == at(300)
    assert values(checkpoints) == {3.0}


def test_another_driver_goes_on(folder):
    checkpoints, _ = begun(folder)
    checkpoints.fetch(OneNode(4.0), at(400))
    checkpoints.write_last()
    again, position = begun(folder)
    assert position == at(400)
    assert values(again) == {4.0}


def test_another_corpus_is_refused(folder):
    checkpoints, _ = begun(folder)
    checkpoints.fetch(OneNode(5.0), at(500))
    checkpoints.write()
    with pytest.raises(CheckpointError, match=r"corpus\.sha256 is '?1"):
        Checkpoints(folder, 1.0, keep=True).prepare(WORDS, CONFIG, {**CORPUS, "sha256": "1"})


def test_a_full_disk_of_the_driver_is_a_warning(folder, monkeypatch):
    checkpoints, _ = begun(folder)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.positions, "save", full)
    checkpoints.fetch(OneNode(6.0), at(600))
    with pytest.warns(RuntimeWarning, match="no checkpoint after 600 words"):
        checkpoints.write()
    assert checkpoints.recover() == at(600)


def test_too_little_memory_on_the_driver(folder, monkeypatch):
    monkeypatch.setattr(module, "available", lambda: 100)
    with pytest.raises(MemoryError, match="the driver takes a copy of the weights"):
        begun(folder)
