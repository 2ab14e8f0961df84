"""What the driver refuses before it asks for a cluster, and how it divides the corpus."""

import builtins
import subprocess
import sys

import numpy as np
import pytest

import w2v_fast
from w2v_fast.cli.on_cluster import node_range
from w2v_fast.cluster.driver import ClusterRun
from w2v_fast.config import TrainConfig
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.tokenizers import Words


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("a b c a b c\n" * 20)
    return path


def test_without_ray_the_error_says_what_to_install(text, monkeypatch):
    real = builtins.__import__

    def without_ray(name, *rest, **more):
        if name == "ray":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setattr(builtins, "__import__", without_ray)
    with pytest.raises(ImportError, match=r"engine='ray' needs Ray; pip install 'w2v_fast\[ray\]'"):
        w2v_fast.train(text, engine="ray")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "spark"}, r"engine = 'spark' must be one of local, ray"),
        ({"engine": "ray", "init": "a.bin"}, r"engine='ray' takes no init"),
        (
            {"engine": "ray", "memory_budget": 9, "grow": True},
            r"takes no memory_budget and no grow",
        ),
        ({"nodes": (1, 2)}, r"engine='local' takes no nodes"),
        (
            {"sync_words": 5, "address": "auto"},
            r"engine='local' takes no address and no sync_words",
        ),
        ({"engine": "ray", "resume": True}, r"resume needs the folder"),
    ],
)
def test_options_of_the_other_engine(text, options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        w2v_fast.train(text, **options)


def test_what_no_cluster_trains(text, tmp_path):
    pytest.importorskip("ray")
    with pytest.raises(ValueError, match="softmax changes every row"):
        ClusterRun(text, TrainConfig(objective="softmax"))
    for nodes in ((0, 2), (3, 2), 4, (1.5, 2), "2:8"):
        with pytest.raises(ValueError, match="must be a pair of the smallest and the largest"):
            ClusterRun(text, TrainConfig(), nodes=nodes)
    with pytest.raises(TypeError, match="files that every node can open"):
        ClusterRun([["a", "b"]], TrainConfig())
    with pytest.raises(FileNotFoundError):
        ClusterRun(tmp_path / "missing.txt", TrainConfig())
    Corpus.from_source(text).save(tmp_path / "a.w2v")
    with pytest.raises(ValueError, match="saved corpus and must be the only one"):
        ClusterRun([text, tmp_path / "a.w2v"], TrainConfig())
    with pytest.raises(ValueError, match="words are fixed: leave out column and tokenizer"):
        ClusterRun(tmp_path / "a.w2v", TrainConfig(), tokenizer="words")


def test_a_tokenizer_that_cannot_be_sent(text):
    pytest.importorskip("ray")
    with pytest.raises(ValueError, match="tokenizer = 'word' is unknown"):
        ClusterRun(text, TrainConfig(), tokenizer="word")
    with pytest.raises(TypeError, match=r"cannot be sent to other machines \(.*: give a function"):
        ClusterRun(text, TrainConfig(), tokenizer=Words())
    ClusterRun(text, TrainConfig(), tokenizer=lambda line: line.split())


@pytest.mark.parametrize("nodes", [1, 2, 3, 7])
def test_parts_are_equal_and_lie_within_their_shards(text, nodes):
    pytest.importorskip("ray")
    run = ClusterRun(text, TrainConfig())
    run._tokens = [5, 0, 9, 1, 0, 20]
    parts = run._parts(nodes)
    ends = np.cumsum([0, *run._tokens])
    assert [part.start for part in parts[1:]] == [part.stop for part in parts[:-1]]
    assert (parts[0].start, parts[-1].stop) == (0, 35)
    for part in parts:
        assert abs(part.stop - part.start - 35 / nodes) <= 1
        assert part.offset == ends[part.numbers.start] <= part.start
        assert part.stop <= ends[part.numbers.stop]


def test_ranges_of_nodes():
    assert [node_range(text) for text in ("4", "2:8", "2:")] == [(4, 4), (2, 8), (2, None)]
    for text in ("8:2", "0", ":3", "a", "1:0"):
        with pytest.raises(ValueError):  # noqa: PT011 - argparse makes the message
            node_range(text)


def test_the_command_refuses_options_of_the_other_engine(text, tmp_path):
    for options, message in (
        (["--nodes", "2"], "--engine local takes no --nodes"),
        (["--engine", "ray", "--init", "a.bin"], "--engine ray takes no --init"),
    ):
        command = [sys.executable, "-m", "w2v_fast", "train", str(text), "-o", str(tmp_path / "v")]
        done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=60)
        assert done.returncode == 2
        assert message in done.stderr
