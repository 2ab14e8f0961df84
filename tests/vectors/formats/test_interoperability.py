"""Other programs read what we write, and we read what they write."""

import shutil
import subprocess
import sys

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
        assert_same(
            gensim.load_word2vec_format(path, binary=binary, unicode_errors="surrogateescape"), kv
        )

    def test_a_file_that_gensim_cannot_read_back(self, tmp_path, gensim):
        path = tmp_path / "v.txt"
        path.write_text("3 1\na 1\nb 2\na 3\n")
        gensim.load_word2vec_format(path).save_word2vec_format(path)  # says 3 rows, writes 2
        with pytest.warns(UserWarning, match="says 3 rows, the file has 2"):
            assert load(path, strict=False).index_to_key == ["a", "b"]


class TestWord2vecC:
    """The programs of word2vec.c, by their names or those of the package `word2vec`."""

    @staticmethod
    def neighbors_by(name, kv, folder, question):
        program = shutil.which(f"word2vec-{name}") or shutil.which(name)
        if program is None:
            pytest.skip(f"no word2vec-{name} on the PATH")
        save(kv, folder / "v.bin")
        answer = subprocess.run(
            [program, folder / "v.bin"],
            input=f"{question}\nEXIT\n",
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        ).stdout
        pairs = [
            line.split()
            for line in answer.splitlines()
            if line.strip().startswith("w") and "\t" in line
        ]
        return [(word, float(cosine)) for word, cosine in pairs]

    def test_distance_reads_our_binary(self, tmp_path):
        kv = random_vectors()
        found = self.neighbors_by("distance", kv, tmp_path, "w3")
        assert_same_neighbors(found, kv.most_similar("w3", topn=len(found)))

    def test_word_analogy_reads_our_binary(self, tmp_path):
        kv = random_vectors()
        found = self.neighbors_by("word-analogy", kv, tmp_path, "w3 w4 w5")
        assert_same_neighbors(found, kv.most_similar(["w4", "w5"], ["w3"], topn=len(found)))


class TestSpacy:
    def test_init_vectors_reads_our_text(self, tmp_path):
        spacy = pytest.importorskip("spacy", reason="spaCy is not installed")
        kv = random_vectors()
        save(kv, tmp_path / "v.txt", format="spacy")
        subprocess.run(
            [
                sys.executable,
                "-m",
                "spacy",
                "init",
                "vectors",
                "en",
                tmp_path / "v.txt",
                tmp_path / "model",
            ],
            capture_output=True,
            timeout=120,
            check=True,
        )
        vocabulary = spacy.load(tmp_path / "model").vocab
        for word in kv.index_to_key:
            np.testing.assert_array_equal(vocabulary.get_vector(word), kv[word])


def random_vectors():
    numbers = np.random.default_rng(0).standard_normal((60, 8)).astype(np.float32)
    return KeyedVectors([f"w{i}" for i in range(60)], numbers)


def assert_same_neighbors(found, expected):
    assert [word for word, _ in found] == [word for word, _ in expected]
    assert len(found) > 20  # word-analogy gives those above 0
    np.testing.assert_allclose(
        [cosine for _, cosine in found], [cosine for _, cosine in expected], atol=2e-6
    )
