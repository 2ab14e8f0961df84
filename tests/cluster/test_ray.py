"""Runs on a Ray cluster of this machine: one head without CPUs, and a node for each part."""

import gzip
import importlib.util
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import w2v_fast
from tests.cluster.threads import on_threads
from w2v_fast.cluster import generation, node
from w2v_fast.cluster.driver import ClusterRun
from w2v_fast.cluster.replica import Replica
from w2v_fast.config import TrainConfig
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.training.checkpoint import CheckpointError

ray = pytest.importorskip("ray")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="Ray's test cluster is for POSIX"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning"),
]
OPTIONS = {"vector_size": 16, "epochs": 3, "workers": 1, "min_count": 2, "sample": 0.0}
STORE_BYTES = 100_000_000
SYNC_WORDS = 4000


@pytest.fixture(scope="module")
def cluster():
    """A Ray cluster of two nodes."""
    from ray.cluster_utils import Cluster

    found = Cluster(
        initialize_head=True,
        head_node_args={
            "num_cpus": 0,
            "include_dashboard": False,
            "object_store_memory": STORE_BYTES,
        },
    )
    for _ in range(2):
        found.add_node(num_cpus=1, object_store_memory=STORE_BYTES)
    ray.init(address=found.address, log_to_driver=False, logging_level=logging.ERROR)
    yield found
    ray.shutdown()
    found.shutdown()


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """Zipf-like text in two files."""
    folder = tmp_path_factory.mktemp("text")
    draw = np.random.default_rng(1)
    for number in range(2):
        words = np.minimum(draw.zipf(1.3, 40_000), 500).reshape(-1, 10)
        lines = (" ".join(f"w{word}" for word in row) for row in words.tolist())
        (folder / f"{number}.txt").write_text("\n".join(lines) + "\n")
    return str(folder / "*.txt")


def trained(text, nodes, plane, **more):
    run = ClusterRun(
        text, TrainConfig(**OPTIONS), nodes=(nodes, nodes), plane=plane, sync_words=SYNC_WORDS
    )
    run.train(**more)
    return run


def test_one_node_has_the_bits_of_one_machine(cluster, text):
    expected = w2v_fast.train(text, **OPTIONS)
    reports = []
    kv = w2v_fast.train(text, engine="ray", nodes=(1, 1), progress=reports.append, **OPTIONS)
    assert kv.index_to_key == expected.index_to_key
    np.testing.assert_array_equal(kv.vectors, expected.vectors)
    np.testing.assert_array_equal(kv.output_vectors, expected.output_vectors)
    assert [report.epoch for report in reports if report.epoch_done] == [1, 2, 3]
    assert reports[-1].tokens == reports[-1].total_tokens


def test_two_nodes_repeat_whatever_carries_the_sums(cluster, text, tmp_path):
    run = trained(text, 2, "store")
    assert run.position.tokens == run.total_tokens
    Corpus.from_source(text, min_count=2).save(tmp_path / "text.w2v")
    again = trained(tmp_path / "text.w2v", 2, "store")
    np.testing.assert_array_equal(again.wv.vectors, run.wv.vectors)
    pytest.importorskip("torch")
    gloo = trained(text, 2, "gloo")
    np.testing.assert_array_equal(gloo.wv.vectors, run.wv.vectors)
    assert [loss.mean for loss in gloo.position.losses] == [
        loss.mean for loss in run.position.losses
    ]


@pytest.mark.parametrize(
    "options",
    [{"architecture": "cbow"}, {"objective": "nce"}, {"objective": "hs", "architecture": "cbow"}],
    ids=str,
)
def test_two_nodes_have_the_bits_of_two_threads(cluster, text, options):
    config = TrainConfig(**{**OPTIONS, "epochs": 2, **options})
    corpus = Corpus.from_source(text, min_count=2)
    half = len(corpus) // 2

    def work(exchange):
        ids = corpus.ids[half:] if exchange.rank else corpus.ids[:half]
        replica = Replica(ids, corpus.vocabulary, config, exchange, sync_words=SYNC_WORDS)
        assert list(replica.rounds())
        return replica.weights

    expected = on_threads(2, work)[0]
    has_torch = importlib.util.find_spec("torch") is not None
    for plane in ("store", "gloo") if has_torch else ("store",):
        run = ClusterRun(text, config, nodes=(2, 2), plane=plane, sync_words=SYNC_WORDS)
        run.train()
        for array, of_threads in zip(run.weights.arrays, expected.arrays, strict=True):
            np.testing.assert_array_equal(array, of_threads)


def test_nodes_read_urls_tables_and_with_tokenizers(cluster, text, tmp_path):
    def upper(line):
        return line.upper().split()

    lines = [f"a{number % 5} b c" for number in range(300)]
    for number in range(2):
        (tmp_path / f"{number}.txt.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    (tmp_path / "a.csv").write_text("\n".join(["id,text", *(f"1,{line}" for line in lines)]))
    Corpus.from_source(text).save(tmp_path / "a.w2v")
    for source, reading in (
        (f"file://{tmp_path}/*.txt.gz", {}),
        (f"file://{tmp_path}/1.txt.gz", {"tokenizer": "words"}),
        (text, {"tokenizer": upper}),
        (tmp_path / "a.csv", {"column": "text"}),
        (f"file://{tmp_path}/a.w2v", {}),
    ):
        local = Corpus.open(source) if str(source).endswith(".w2v") else source
        expected = w2v_fast.train(local, **reading, **OPTIONS)
        kv = w2v_fast.train(source, engine="ray", nodes=(1, 1), **reading, **OPTIONS)
        assert kv.index_to_key == expected.index_to_key
        np.testing.assert_array_equal(kv.vectors, expected.vectors)


def test_nodes_that_wait_for_one_another_are_lost(cluster, text, tmp_path, monkeypatch, caplog):
    hung = str(tmp_path / "hung")

    class Hanging(node.Node):
        """Its exchange loses a message, once."""

        def join(self, rank, nodes, plane, group):
            joined = super().join(rank, nodes, plane, group)
            if rank == 1 and not os.path.exists(hung):
                open(hung, "w").close()
                self._exchange._exchange._send = lambda arrays: None
            return joined

    monkeypatch.setattr(generation, "Node", Hanging)
    monkeypatch.setattr(generation, "STUCK_SECONDS", 1.0)
    run = trained(text, 2, "store")
    assert os.path.exists(hung)
    assert "have waited for one another for 1 s" in caplog.text
    assert run.position.tokens == run.total_tokens


def actors():
    """The processes of the nodes' actors: children of the raylets, which are children of this."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            name = Path(f"/proc/{entry}/cmdline").read_bytes()
            if name.startswith(b"ray::Node") and parent(parent(entry)) == os.getpid():
                found.append(int(entry))
        except OSError:
            continue
    return found


def parent(pid):
    """The process that started another."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes by /proc")
def test_a_killed_actor_ends_a_generation_not_the_run(cluster, text, caplog):
    run = ClusterRun(text, TrainConfig(**{**OPTIONS, "epochs": 6}), sync_words=500, plane="store")
    killed = threading.Event()

    def kill_one(progress):
        if progress.epoch == 2 and not killed.is_set():
            killed.set()
            os.kill(actors()[0], signal.SIGKILL)

    run.train(kill_one, checkpoint_minutes=0.001)
    assert killed.is_set()
    assert any("going on after" in record.getMessage() for record in caplog.records)
    assert run.position.tokens == run.total_tokens
    assert np.isfinite(run.wv.vectors).all()


def test_a_stopped_run_goes_on_with_another_number_of_nodes(cluster, text, tmp_path):
    run = ClusterRun(text, TrainConfig(**OPTIONS), nodes=(2, 2), plane="store", sync_words=500)
    run.train(lambda progress: run.stop(), tmp_path / "run")
    assert 0 < run.share_done < 1
    with pytest.raises(FileExistsError, match="resume it"):
        trained(text, 1, "store", checkpoint=tmp_path / "run")
    with pytest.raises(CheckpointError, match="another run"):
        w2v_fast.train(
            text,
            engine="ray",
            checkpoint=tmp_path / "run",
            resume=True,
            **{**OPTIONS, "alpha": 0.01},
        )
    again = trained(text, 1, "store", checkpoint=tmp_path / "run", resume=True)
    assert again.position.tokens == again.total_tokens
    done = trained(text, 1, "store", checkpoint=tmp_path / "run", resume=True)
    np.testing.assert_array_equal(done.wv.vectors, again.wv.vectors)


def test_errors_of_a_node_name_it(cluster, text, tmp_path, monkeypatch):
    one = {"engine": "ray", "nodes": (1, 1), **OPTIONS}
    path = tmp_path / "a.txt"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    with pytest.raises(ValueError, match=r"node [\d.]+: .*a\.txt"):
        w2v_fast.train(path, **one)
    path.write_text("a b c\n" * 100)
    run = ClusterRun(path, TrainConfig(**OPTIONS), nodes=(1, 1))
    path.unlink()
    with pytest.raises(FileNotFoundError):
        run.train()
    monkeypatch.setattr("w2v_fast.cluster.generation.__version__", "0.0.1")
    with pytest.raises(ImportError, match=r"the driver has version 0\.0\.1 .* node .* has"):
        w2v_fast.train(text, **one)


def test_the_command(cluster, text, tmp_path):
    command = [
        *(sys.executable, "-m", "w2v_fast", "train", text, "-o", str(tmp_path / "v.txt")),
        *("--engine", "ray", "--address", cluster.address, "--nodes", "2", "--progress", "json"),
        *("--vector-size", "16", "--epochs", "2", "--workers", "1", "--sync-words", "4000"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=80)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    records = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    assert [r["epoch"] for r in records if r["event"] == "epoch"] == [1, 2]
    assert len(w2v_fast.load(tmp_path / "v.txt")) == records[-1]["words"]
