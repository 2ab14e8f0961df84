"""Other programs read what we write, and we read what they write."""

import shutil
import subprocess

import numpy as np
import pytest

from tests.vectors.formats import assert_same, vectors
from w2v_fast.vectors.formats import load, save
from w2v_fast.vectors.keyed_vectors import KeyedVectors


class TestGensim:
    @pytest.fixture
    def gensim(self):
        return pytest.importorskip("gensim.models", reason="gensim is not installed").KeyedVectors

    @pytest.mark.parametrize("keys", [[], ["a"], ["the", "café", "\xa0", "\x85", "</s>", "7"]])
    @pytest.mark.parametrize("binary", [True, False])
    def test_both_ways(self, tmp_path, gensim, binary, keys):
        kv = vectors(*keys, size=7)
        path = tmp_path / ("v.bin" if binary else "v.txt")
        save(kv, path)
        theirs = gensim.load_word2vec_format(path, binary=binary)
        assert_same(theirs, kv)
        theirs.save_word2vec_format(path, binary=binary)
        assert_same(load(path), kv)

    def test_headerless(self, tmp_path, gensim):
        kv = vectors("a", "b")
        save(kv, tmp_path / "v", format="glove")
        assert_same(gensim.load_word2vec_format(tmp_path / "v", binary=False, no_header=True), kv)

    @pytest.mark.parametrize("binary", [True, False])
    def test_words_that_are_not_utf8(self, tmp_path, gensim, binary):
        kv = vectors("caf\udce9", "caf\udce8")
        path = tmp_path / ("v.bin" if binary else "v.txt")
        save(kv, path)
        assert_same(gensim.load_word2vec_format(path, binary=binary, unicode_errors="surrogateescape"), kv)

    def test_a_file_that_gensim_cannot_read_back(self, tmp_path, gensim):
        path = tmp_path / "v.txt"
        path.write_text("3 1\na 1\nb 2\na 3\n")
        gensim.load_word2vec_format(path).save_word2vec_format(path)  # says 3 rows, writes 2
        with pytest.warns(UserWarning, match="says 3 rows, the file has 2"):
            assert load(path, strict=False).index_to_key == ["a", "b"]


class TestWord2vecC:
    def test_distance_reads_our_binary(self, tmp_path):
        program = shutil.which("word2vec-distance") or shutil.which("distance")
        if program is None:
            pytest.skip("no word2vec-distance on the PATH")
        numbers = np.random.default_rng(0).standard_normal((60, 8)).astype(np.float32)
        kv = KeyedVectors([f"w{i}" for i in range(60)], numbers)
        save(kv, tmp_path / "v.bin")
        answer = subprocess.run([program, tmp_path / "v.bin"], input="w3\nEXIT\n", capture_output=True, text=True,
                                timeout=30, check=True).stdout
        pairs = [line.split() for line in answer.splitlines() if line.strip().startswith("w") and "\t" in line]
        expected = kv.most_similar("w3", topn=len(pairs))
        assert [word for word, _ in pairs] == [word for word, _ in expected]
        np.testing.assert_allclose([float(cosine) for _, cosine in pairs], [c for _, c in expected], atol=2e-6)
