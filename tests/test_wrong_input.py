"""Corpora that are empty, no text or of the wrong type, and what separates words."""

import io
import threading
import zipfile

import numpy as np
import pytest

from tests.skips import linux
from tests.support import SENTENCES, SMALL
from w2v_fast import Corpus, Vocabulary, Word2Vec, train


def zipped():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("text.txt", "".join(f"word{i * i % 997} " for i in range(3000)))
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the corpus is empty"),
        (b" \n\t\r\n\0", "the corpus is empty"),
        (b"a b c\n" * 3, "most frequent one occurs 3 times"),
        (np.random.default_rng(0).bytes(10_000), "is not text: .* control characters"),
        (np.random.default_rng(0).normal(size=1000).astype(np.float32).tobytes(), "is not text"),
        (zipped(), "is not text"),
        ("ein Satz\n".encode("utf-16") * 300, "UTF-16"),
        (b"x" * (20 << 20), "a word of 16,777,216 bytes"),
    ],
)
def test_a_wrong_corpus_is_a_clear_error(tmp_path, data, message):
    path = tmp_path / "corpus"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=message):
        Word2Vec(path)
    assert [
        thread.name for thread in threading.enumerate() if thread.name.startswith("w2v_fast")
    ] == []


@pytest.mark.parametrize("words", [[], ["a", "b"]])
def test_a_saved_corpus_of_nothing_is_a_clear_error(tmp_path, words):
    Corpus(np.empty(0, np.int32), Vocabulary(words, [0] * len(words))).save(tmp_path / "corpus")
    with (
        Corpus.open(tmp_path / "corpus") as corpus,
        pytest.raises(ValueError, match="the corpus is empty"),
    ):
        Word2Vec(corpus, **SMALL)


def test_a_path_that_gives_no_text(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    for name, message in (
        ("folder", "has no files"),
        ("link", "nowhere|link"),
        ("missing", "no such file"),
    ):
        with pytest.raises(OSError, match=message):
            Word2Vec(tmp_path / name)


@linux
def test_an_unreadable_file():
    with pytest.raises(OSError, match="cannot read /proc/self/mem"):
        Word2Vec("/proc/self/mem")


@pytest.mark.parametrize("objective", ["ns", "nce", "hs", "softmax"])
@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_a_vocabulary_of_one_word_is_a_warning(architecture, objective):
    with pytest.warns(RuntimeWarning, match="one word, 'a'"):
        model = Word2Vec(
            [["a", "a", "a"]] * 50, architecture=architecture, objective=objective, **SMALL
        )
    assert np.isfinite(model.train().wv.vectors).all()


def test_an_iterator_that_can_be_read_once_is_enough_for_all_epochs():
    expected = train(SENTENCES, **SMALL)
    for once in (iter(SENTENCES), map(list, SENTENCES), (sentence for sentence in SENTENCES)):
        np.testing.assert_array_equal(train(once, **SMALL).vectors, expected.vectors)


def test_sentences_that_are_plain_strings_are_refused():
    with pytest.raises(TypeError, match="sentence 1 is 'the cat sat' of type str"):
        train(["the cat sat"].__iter__(), **SMALL)


def test_what_separates_words(tmp_path):
    """ASCII white space and NUL do; other Unicode spaces and bytes that are no UTF-8 do not."""
    (tmp_path / "text").write_bytes(
        "a b\tb\0c\r\nc\x0bc d\u00a0d e\u3000e f\u0085f\n".encode() + b"g\xff\n"
    )
    words = Corpus.from_source(tmp_path / "text", min_count=1).vocabulary.words
    assert words == ["c", "b", "a", "d\u00a0d", "e\u3000e", "f\u0085f", "g\udcff"]


def test_the_last_newline_changes_nothing(tmp_path):
    vectors = []
    for name, text in (
        ("with", b"a b c\nb c d\n" * 99),
        ("without", (b"a b c\nb c d\n" * 99)[:-1]),
    ):
        (tmp_path / name).write_bytes(text)
        vectors.append(train(tmp_path / name, **SMALL).vectors)
    np.testing.assert_array_equal(*vectors)
