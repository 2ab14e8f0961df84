"""Every reader on damaged files, with a fixed seed: a result or a clear error."""

import gzip
import tracemalloc

import numpy as np
import pytest

from tests.fuzz import mutations
from tests.fuzz.targets import PARTS, TARGETS, check_vectors, prepare
from w2v_fast.vectors.formats import load, save, word2vec_binary, word2vec_text
from w2v_fast.vectors.keyed_vectors import KeyedVectors

BINARY = b"3 2\n" + b"".join(word + b" \1\2\3<\n  =\n" for word in (b"a", b"b\xc3", b"c"))
TEXT = b"3 2\na 1.5 -2\nb \xc3\xa9 0.25 1e-3\nc 3 4\n"
GLOVE = b"the 1.5 -2\n. . . 0.25 1e-3\nc\t3\t4\n"
SEEDS = {
    "word2vec_binary": [BINARY],
    "word2vec_text": [TEXT],
    "glove": [GLOVE],
    "pairs": [
        b"# c\nw1\tw2\tscore\na\tb\t7.5\n",
        b"\xef\xbb\xbfa;b;7,5\r\nc;d;1\r\n",
        b'"a","b","7"\n"c","d","NA"\n',
    ],
    "analogies": [b': s\na b c d\na;b;c;d\n"a",b,c,d\n'],
    "counts": [b"\xef\xbb\xbfthe 10\r\nNew York\t5\n"],
    "sniffed": [
        BINARY,
        TEXT,
        GLOVE,
        gzip.compress(BINARY),
        b"\x93NUMPY\x01\x00v\x00{'descr'",
        b"\x80\x04.",
    ],
}


@pytest.fixture(autouse=True)
def _small_blocks_and_traced_memory(monkeypatch):
    monkeypatch.setattr(word2vec_binary, "BLOCK", 16)
    monkeypatch.setattr(word2vec_text, "BLOCK", 16)
    tracemalloc.start(1)
    yield
    tracemalloc.stop()


@pytest.mark.slow
@pytest.mark.parametrize("name", SEEDS)
def test_streams(name, tmp_path):
    for number, seed in enumerate(SEEDS[name]):
        for data in (*mutations.cuts(seed), *mutations.flips(seed, 100, number)):
            TARGETS[name](tmp_path, data)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["word2vec_binary", "word2vec_text", "sniffed"])
def test_headers(name, tmp_path):
    for data in mutations.headers(SEEDS[name][0]):
        TARGETS[name](tmp_path, gzip.compress(data) if name == "sniffed" else data)


@pytest.mark.slow
@pytest.mark.parametrize(("format", "name"), PARTS)
def test_parts(format, name, tmp_path):
    prepare(tmp_path)
    seed = (tmp_path / format / name).read_bytes()
    step = max(1, len(seed) // 100)
    for data in (*list(mutations.cuts(seed))[::step], *mutations.flips(seed, 100, 0)):
        TARGETS[f"{format}/{name}"](tmp_path, data)


@pytest.mark.slow
def test_parquet(tmp_path):
    pytest.importorskip("pyarrow", reason="of the extra `tables`")
    save(KeyedVectors(["a", "b\u00e9"], np.eye(2, 3)), tmp_path / "seed", format="parquet")
    seed = (tmp_path / "seed").read_bytes()
    for data in (*list(mutations.cuts(seed))[::9], *mutations.flips(seed, 300, 0)):
        (tmp_path / "v").write_bytes(data)
        check_vectors(lambda: load(tmp_path / "v", format="parquet"), len(data))
