"""The estimate of a run's memory, and runs with too little of it."""

import mmap
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.skips import linux
from tests.support import SENTENCES, SMALL, in_a_child, unsanitized
from w2v_fast import Corpus, TrainConfig, Vocabulary, Word2Vec
from w2v_fast.system import memory as system_memory
from w2v_fast.training import memory

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

LITTLE_ADDRESS_SPACE = """
import resource, sys
from w2v_fast import Word2Vec
from tests.test_memory import process_bytes
Word2Vec([["a", "b"]], min_count=1, workers=1)
resource.setrlimit(resource.RLIMIT_AS, (process_bytes(0) + 10**8, resource.RLIM_INFINITY))
Word2Vec(sys.argv[1], min_count=1, workers=1)
"""


def process_bytes(field):
    """The size (field 0) or the resident memory (field 1) of this process."""
    return int(Path("/proc/self/statm").read_text().split()[field]) * mmap.PAGESIZE


def test_the_estimate_names_its_parts():
    estimate = memory.MemoryEstimate(1_000_000, 10**9, TrainConfig(vector_size=300, workers=8))
    assert estimate.weights == 2 * 1_000_000 * 304 * 4
    assert estimate.ids == 4 * 10**9
    assert estimate.total > estimate.weights + estimate.ids
    assert (
        memory.MemoryEstimate(9, 9, TrainConfig(noise_draws=1000)).workers
        > memory.MemoryEstimate(9, 9, TrainConfig(negative=999)).workers
    )
    assert "weights 2.43 GB (1,000,000 words x 300 floats x 2), ids 4 GB" in str(estimate)


def test_too_little_memory_is_refused_with_advice(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 50_000_000)
    with pytest.raises(
        MemoryError, match=r"takes .* 50 MB are free .* lower vector_size, .*max_vocab = 9\d"
    ) as error:
        Word2Vec(np.arange(1000).repeat(5), vector_size=60_000, workers=1)
    fitting = int(str(error.value).split("max_vocab = ")[1].split()[0].replace(",", ""))
    Word2Vec(np.arange(1000).repeat(5), vector_size=60_000, workers=1, max_vocab=fitting)
    monkeypatch.setattr(memory, "available", lambda: 1000)
    with pytest.raises(MemoryError, match="lower vector_size, window or workers"):
        Word2Vec(SENTENCES, **SMALL)


@linux
def test_available_memory_obeys_every_limit(tmp_path, monkeypatch):
    machine = system_memory._of_machine()
    with monkeypatch.context() as patch:  # one reading: what is free changes all the time
        patch.setattr(system_memory, "_of_machine", lambda: machine)
        assert 0 < system_memory.available() <= machine

    def limited():
        used = process_bytes(0)
        resource.setrlimit(resource.RLIMIT_AS, (used + 10**8, resource.RLIM_INFINITY))
        return system_memory.available()

    if "W2V_FAST_SANITIZED" not in os.environ:
        assert 0.8e8 < int(in_a_child(limited)) <= 10**8


@linux
def test_the_estimate_holds():
    """The resident memory of a run of 100,000 words grows by about the estimate."""

    def grown():
        words = 100_000
        corpus = Corpus(
            np.arange(words, dtype=np.int32),
            Vocabulary([f"w{i}" for i in range(words)], [1] * words),
        )
        before = process_bytes(1)
        model = Word2Vec(corpus, vector_size=100, workers=2, epochs=1)
        model.train()
        model.trainer.weights.output[:] = 1  # pages that nothing wrote take no memory yet
        return (process_bytes(1) - before) / model.memory.to_come

    assert 0.7 < float(in_a_child(grown)) < 1.1


@linux
@unsanitized
def test_little_address_space_is_a_clear_error_and_nothing_is_written(tmp_path):
    def limited():
        used = process_bytes(0)
        resource.setrlimit(resource.RLIMIT_AS, (used + 3 * 10**8, resource.RLIM_INFINITY))
        Word2Vec(np.arange(20_000).repeat(5), vector_size=5000, workers=1).train(
            checkpoint=tmp_path / "run"
        )

    message = in_a_child(limited)
    assert message.startswith("MemoryError: training takes")
    assert "lower vector_size, or keep fewer words" in message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@linux
@unsanitized
def test_little_address_space_for_the_corpus_is_a_clear_error(tmp_path):
    path = tmp_path / "text"
    path.write_text(" ".join(map(str, range(1_500_000))))

    # In a new interpreter: a process that ran other tests has room without more address space.
    result = subprocess.run(
        [sys.executable, "-c", LITTLE_ADDRESS_SPACE, path], capture_output=True, text=True
    )
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith(
        "MemoryError: there is not enough memory to read the corpus"
    )
