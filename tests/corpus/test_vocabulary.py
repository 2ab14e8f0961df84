"""Ranking, reading and writing a vocabulary, and the probabilities of subsampling."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from w2v_fast.corpus.vocabulary import Vocabulary, rank


@pytest.fixture
def path(tmp_path):
    return tmp_path / "vocab.txt"


def test_basic_properties():
    vocabulary = Vocabulary(["the", "cat"], [5, 2])
    assert len(vocabulary) == 2
    assert "cat" in vocabulary
    assert "dog" not in vocabulary
    assert vocabulary.index == {"the": 0, "cat": 1}
    assert vocabulary.counts.dtype == np.int64
    assert vocabulary == Vocabulary(["the", "cat"], np.array([5, 2], np.int32))
    assert vocabulary != Vocabulary(["the", "cat"], [5, 3])
    assert vocabulary != 5


@pytest.mark.parametrize(
    ("words", "counts"), [(["a"], [1, 2]), (["a"], [-1]), (["a"], [[1]]), (["a", "b"], [2**62] * 2)]
)
def test_wrong_counts(words, counts):
    with pytest.raises(ValueError, match="count"):
        Vocabulary(words, counts)


@pytest.mark.parametrize("counts", [[1.5], [float("nan")], ["5"], [True], [2**70], [None]])
def test_counts_that_are_no_integers(counts):
    with pytest.raises(TypeError, match=r"counts of type .*; expected integers"):
        Vocabulary(["a"], counts)


def test_integers_are_the_words_of_their_digits():
    assert Vocabulary([3, np.int64(-4)], [2, 1]).words == ["3", "-4"]
    for word in (None, b"a", 1.0, True):
        with pytest.raises(TypeError, match="expected a str, or an integer"):
            Vocabulary([word], [1])


def test_a_word_that_comes_twice():
    for words in (["a", "b", "a"], ["3", 3]):
        with pytest.raises(ValueError, match="comes twice"):
            Vocabulary(words, range(len(words)))


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=30),
    st.integers(1, 5),
    st.one_of(st.none(), st.integers(1, 9)),
)
def test_rank(counts, min_count, max_vocab):
    firsts = np.random.default_rng(0).permutation(len(counts))
    kept = [id for id, count in enumerate(counts) if count >= min_count]
    expected = sorted(kept, key=lambda id: (-counts[id], firsts[id]))[:max_vocab]
    assert rank(np.array(counts), firsts, min_count, max_vocab).tolist() == expected


def test_keep_probabilities_are_those_of_word2vec_c():
    counts = [5000, 300, 20, 1, 0]
    total = sum(counts)
    expected = [
        min(1.0, (np.sqrt(count / (1e-2 * total)) + 1) * (1e-2 * total) / count)
        for count in counts[:4]
    ] + [1]
    vocabulary = Vocabulary(list("abcde"), counts)
    np.testing.assert_allclose(vocabulary.keep_probabilities(1e-2), expected, rtol=1e-12)
    assert vocabulary.keep_probabilities(1e-2).dtype == np.float64
    assert vocabulary.keep_probabilities(0).tolist() == [1.0] * 5
    with pytest.raises(ValueError, match="negative"):
        vocabulary.keep_probabilities(-1)


def test_save_and_load(path):
    words = ["</s>", "the", "ma\xf1ana", "\udcff\udcfe", "New York", "a\rb", "\xa0", "\u2028"]
    vocabulary = Vocabulary(words, [9, 9, 8, 2**40, 6, 5, 4, 0])
    vocabulary.save(path)
    assert path.read_bytes().splitlines()[:2] == [b"</s> 9", b"the 9"]
    loaded = Vocabulary.load(path, min_count=0)
    assert loaded.words == ["\udcff\udcfe", *words[:3], *words[4:]]
    assert loaded.counts.tolist() == [2**40, 9, 9, 8, 6, 5, 4, 0]
    assert Vocabulary.load(path).words == loaded.words[:-1]
    assert Vocabulary.load(path, min_count=8, max_vocab=3).words == loaded.words[:3]


def test_load_what_others_write(path):
    path.write_bytes(gzip.compress(b"</s> 3\r\nthe\t17 \r\n\n  cat   5"))
    assert Vocabulary.load(path) == Vocabulary(["the", "cat", "</s>"], [17, 5, 3])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"a 1\nb\n", "line 2: expected a word and its count"),
        (b"a 1\nb x\n", "line 2: the count"),
        (b"a -1\n", "line 1: the count"),
        (b"a 1.5\n", "line 1: the count"),
        (b"a 9223372036854775808\n", "line 1: the count"),
        (b"a " + b"9" * 5000, "line 1: the count"),
        (b"a \xb2", "line 1: the count"),
        (b"a 1\nb 1\na 2\n", "line 3: the word 'a' was in line 1"),
        (b"", "no words"),
        (b" \n\n", "no words"),
        (b"a 3\nb 2\n", "min_count = 5.*3 times"),
    ],
)
def test_wrong_files(path, text, message):
    path.write_bytes(text)
    with pytest.raises(ValueError, match=message) as caught:
        Vocabulary.load(path, min_count=5)
    assert str(path) in str(caught.value)


def test_messages_show_the_start_of_a_long_word(path):
    word = b"x" * 100_000
    for text in (word + b" 1\n" + word + b" 1\n", word + b" y\n", word, b"a " + b"9" * 100_000):
        path.write_bytes(text)
        with pytest.raises(ValueError, match=r"line \d") as caught:
            Vocabulary.load(path)
        assert len(str(caught.value)) < 300
    for words, counts in ([[f"{word} "], [1]], [[f"{word}"], [-1]]):
        with pytest.raises(ValueError, match=r"cannot be written|negative") as caught:
            Vocabulary(words, counts).save(path)
        assert len(str(caught.value)) < 300


def test_missing_file(path):
    with pytest.raises(FileNotFoundError):
        Vocabulary.load(path)


@pytest.mark.parametrize("word", ["", "a\nb", " a", "a ", "\t", "a\r"])
def test_words_that_a_line_cannot_hold(path, word):
    with pytest.raises(ValueError, match="cannot be written"):
        Vocabulary(["fine", word], [2, 1]).save(path)
    assert not path.exists()


def test_digest_depends_on_words_and_counts_and_order():
    vocabularies = [
        Vocabulary(words, counts)
        for words, counts in [
            (["ab", "c"], [2, 1]),
            (["a", "bc"], [2, 1]),
            (["ab", "c"], [2, 2]),
            (["c", "ab"], [2, 1]),
            (["ab"], [2]),
            ([], []),
        ]
    ]
    assert len({vocabulary.digest() for vocabulary in vocabularies}) == len(vocabularies)
    assert vocabularies[0].digest() == Vocabulary(["ab", "c"], [2, 1]).digest()
    assert len(vocabularies[0].digest()) == 64
