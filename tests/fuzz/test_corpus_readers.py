"""Readers of corpora, vocabularies and checkpoints on damaged files: a result or a clear error."""

import gzip
import tracemalloc

import pytest

from tests.fuzz import corpus_targets, mutations
from w2v_fast.corpus.corpus import Corpus

SEEDS = corpus_targets.seeds()
CASES = [(name, number) for name, files in SEEDS.items() for number in range(len(files))]


@pytest.fixture
def _traced_memory():
    tracemalloc.start(1)
    yield
    tracemalloc.stop()


@pytest.mark.slow
@pytest.mark.usefixtures("_traced_memory")
@pytest.mark.parametrize(("name", "number"), CASES)
def test_damaged_files(name, number, tmp_path):
    """Every cut of a small file (or a hundred cuts of a larger one), and random changes."""
    seed = SEEDS[name][number]
    target = corpus_targets.TARGETS[name]
    target(tmp_path, seed)
    for data in (
        *list(mutations.cuts(seed))[:: max(1, len(seed) // 200)],
        *mutations.flips(seed, 60, number),
    ):
        target(tmp_path, data)


@pytest.mark.parametrize("number", range(1, len(corpus_targets.COMPRESSIONS)))
def test_every_cut_of_a_compressed_corpus_is_an_error(number, tmp_path):
    path = tmp_path / "text"
    seed = SEEDS["text"][number]
    for length in range(10, len(seed)):
        path.write_bytes(seed[:length])
        with pytest.raises(OSError, match="text"):
            Corpus.from_source(path, min_count=1, workers=1)


@pytest.mark.slow
@pytest.mark.usefixtures("_traced_memory")
@pytest.mark.parametrize("fill", [b"\0", b"x", b"a "])
def test_a_decompression_bomb_takes_little_memory(tmp_path, fill):
    """200 MB in 200 kB: only separators, one word, or two letters repeated."""
    path = tmp_path / "bomb"
    with gzip.open(path, "wb", compresslevel=6) as file:
        for _ in range(200):
            file.write(fill * (10**6 // len(fill)))
    assert path.stat().st_size < 1 << 20
    if fill == b"a ":
        assert len(Corpus.from_source(path, min_count=1, workers=1, memory_budget=1 << 20)) == 10**8
    else:
        with pytest.raises(
            ValueError, match="corpus is empty" if fill == b"\0" else "a word of 16,777,216 bytes"
        ):
            Corpus.from_source(path, min_count=1, workers=1)
    assert tracemalloc.get_traced_memory()[1] < 100 << 20
