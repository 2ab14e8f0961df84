"""Corpus: vocabulary limits, sentences, the spill file, saving and opening."""

from __future__ import annotations

import gc
import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from tests.corpus import oracle
from w2v_fast.corpus import corpus as module
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.id_store import IdStore
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.system.container import SealedFile
from w2v_fast.word2vec import Word2Vec

SENTENCES = [["the", "cat", "sat"], ["the", "dog"], ["\udcff", "New York", "the", "cat"]]


@pytest.fixture
def corpus():
    return Corpus.from_source(SENTENCES, min_count=1)


@pytest.fixture
def saved(corpus, tmp_path):
    path = tmp_path / "corpus"
    corpus.save(path)
    return path


def test_properties(corpus):
    assert corpus.vocabulary.words == ["the", "cat", "sat", "dog", "\udcff", "New York"]
    assert corpus.ids.tolist() == [0, 1, ~2, 0, ~3, 4, 5, 0, ~1]
    assert len(corpus) == corpus.raw_tokens == 9
    assert "9 tokens" in repr(corpus)
    assert [sentence.tolist() for sentence in corpus.sentences()] == [
        [0, 1, 2],
        [0, 3],
        [4, 5, 0, 1],
    ]


def test_sentences_across_chunks_and_without_an_end(monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 2)
    corpus = Corpus(
        np.array([0, 1, 2, ~0, ~1, 0, 1], np.int32), Vocabulary(["a", "b", "c"], [3, 3, 1])
    )
    assert [sentence.tolist() for sentence in corpus.sentences()] == [[0, 1, 2, 0], [1], [0, 1]]
    assert corpus.ids.tolist() == [0, 1, 2, ~0, ~1, 0, 1]


@pytest.mark.parametrize("id", [3, 1000, 2_000_000_000, -4, ~1000, -(2**31)])
@pytest.mark.parametrize("place", [0, 7, -1])
def test_ids_beyond_the_vocabulary_are_refused(monkeypatch, id, place):
    monkeypatch.setattr(module, "CHUNK", 4)
    ids = np.array([0, 1, ~2, 0, 1, 2, 0, 1, ~2], np.int32)
    Corpus(ids, Vocabulary(["a", "b", "c"], [3, 3, 3]))
    ids[place] = id
    with pytest.raises(ValueError, match=f"ids beyond its 3 words: {id}"):
        Corpus(ids, Vocabulary(["a", "b", "c"], [3, 3, 3]))


@pytest.mark.parametrize(
    "ids",
    [
        np.array([0, 1, ~0], np.int64),
        np.array([0, 1, -1], ">i4"),
        np.array([0, 9, 1, 9, -1, 9], np.int32)[::2],
        [0, 1, -1],
    ],
)
def test_ids_of_any_integer_type_and_layout(ids):
    corpus = Corpus(ids, Vocabulary(["a", "b"], [2, 1]))
    assert corpus.ids.tolist() == [0, 1, ~0]
    assert corpus.ids.dtype == np.int32
    assert corpus.ids.flags.c_contiguous


@pytest.mark.parametrize(
    "ids",
    [
        np.array([0.0, 1.0]),
        np.array([True]),
        np.array([[0, 1]]),
        ["a"],
        np.array([2**40]),
        np.array([2**63], np.uint64),
        np.array([0, None]),
    ],
)
def test_what_are_no_ids_is_refused(ids):
    with pytest.raises((TypeError, ValueError), match=r"integers|beyond"):
        Corpus(ids, Vocabulary(["a", "b"], [2, 1]))


def test_the_ids_are_a_copy_that_nobody_changes(corpus):
    ids = np.array([0, 1, ~0], np.int32)
    made = Corpus(ids, Vocabulary(["a", "b"], [2, 1]))
    ids[:] = 1000
    assert made.ids.tolist() == [0, 1, ~0]
    for each in (made, corpus):
        with pytest.raises(ValueError, match="read-only"):
            each.ids[0] = 1000


@pytest.mark.parametrize("budget", [0, None])
@pytest.mark.parametrize("change", ["cut", "overwrite", "remove"])
def test_what_happens_to_a_saved_file_later_does_not_reach_the_ids(corpus, saved, budget, change):
    opened = Corpus.open(saved, memory_budget=budget)
    if change == "cut":
        os.truncate(saved, 100)
    elif change == "overwrite":
        saved.write_bytes(b"\x7f" * saved.stat().st_size)
    else:
        saved.unlink()
    assert np.array_equal(opened.ids, corpus.ids)
    model = Word2Vec(opened, vector_size=4, workers=1, min_count=1).train()
    assert np.isfinite(model.wv.vectors).all()


def test_a_saved_file_that_is_cut_while_it_is_opened_is_an_error(saved, monkeypatch):
    Corpus(np.zeros(1_000_000, np.int32), Vocabulary(["a"], [1_000_000])).save(
        saved
    )  # more than a buffer
    check_rest = SealedFile.check_rest

    def cut_afterwards(sealed, lengths):
        check_rest(sealed, lengths)
        os.truncate(saved, 100)

    monkeypatch.setattr(SealedFile, "check_rest", cut_afterwards)
    with pytest.raises(ValueError, match="was cut while it was read"):
        Corpus.open(saved)


def test_min_count_says_the_largest_count():
    with pytest.raises(ValueError, match=r"min_count = 5 .* 3 times.*min_count = 1"):
        Corpus.from_source(SENTENCES)


def test_nothing_in_a_given_vocabulary():
    with pytest.raises(ValueError, match="none of the 9 tokens"):
        Corpus.from_source(SENTENCES, vocabulary=Vocabulary(["other"], [5]))


def test_a_given_vocabulary_keeps_its_counts():
    vocabulary = Vocabulary(["cat", "absent", "New York"], [50, 40, 30])
    corpus = Corpus.from_source(SENTENCES, vocabulary=vocabulary)
    assert corpus.vocabulary is vocabulary
    assert vocabulary.counts.tolist() == [50, 40, 30]
    assert corpus.ids.tolist() == [~0, 2, ~0]
    assert corpus.raw_tokens == 9


def test_integers_with_a_given_vocabulary():
    corpus = Corpus.from_source(
        np.array([[1, 2], [3, 1]]), vocabulary=Vocabulary(["1", "3"], [1, 1])
    )
    assert corpus.ids.tolist() == [~0, 1, ~0]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"min_count": 0}, ValueError),
        ({"min_count": "5"}, TypeError),
        ({"max_vocab": 0}, ValueError),
        ({"workers": 0}, ValueError),
        ({"block_bytes": 0}, ValueError),
        ({"memory_budget": -1}, ValueError),
    ],
)
def test_options_out_of_range(options, error):
    with pytest.raises(error, match=next(iter(options))):
        Corpus.from_source(SENTENCES, **{"min_count": 1, **options})


@pytest.mark.parametrize("budget", [0, 1, 4, 1000, 4003, 39_999])
@pytest.mark.parametrize("workers", [1, 3])
def test_the_spill_file_gives_the_same_corpus(tmp_path, monkeypatch, budget, workers):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    text = [[f"w{number % 97}" for number in range(length)] for length in range(1, 142)]
    options = {"min_count": 50, "block_bytes": 300, "workers": workers}
    spilled, kept = (
        Corpus.from_source(text, memory_budget=size, **options) for size in (budget, 1 << 30)
    )
    assert isinstance(spilled.ids.base, memoryview)
    assert not isinstance(kept.ids.base, memoryview)
    assert np.array_equal(spilled.ids, kept.ids)
    assert oracle.contents(spilled) == oracle.contents(kept)
    spilled.save(tmp_path / "saved")
    assert np.array_equal(Corpus.open(tmp_path / "saved").ids, kept.ids)
    assert sorted(os.listdir(tmp_path)) == ["saved"]


def test_closing_gives_the_spill_file_back():
    def open_files() -> int:
        gc.collect()
        return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0

    before = open_files()
    with Corpus.from_source(SENTENCES, min_count=1, memory_budget=0) as corpus:
        assert len(corpus) == 9
    assert len(corpus) == 0
    assert open_files() == before


def test_a_full_disk_is_reported(monkeypatch):
    class Full:
        def write(self, data):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", lambda prefix: Full())
    with pytest.raises(OSError, match="No space left"):
        Corpus.from_source(SENTENCES, min_count=1, memory_budget=0)


@pytest.mark.parametrize("budget", [0, 8, 1 << 20])
def test_id_store(budget):
    store = IdStore(budget)
    store.end_sentence()
    store.append(np.array([1, 2], np.int32))
    store.end_sentence()
    store.end_sentence()
    store.append(np.array([3], np.int32))
    store.append(np.empty(0, np.int32))
    store.end_sentence()
    store.append(np.array([4], np.int32))
    assert store.spilled == (budget < 16)
    assert store.array().tolist() == [1, ~2, ~3, 4]
    assert store.truncate(3).tolist() == [1, ~2, ~3]
    assert store.truncate(0).tolist() == []


def test_save_and_open(corpus, saved):
    opened = Corpus.open(saved)
    assert np.array_equal(opened.ids, corpus.ids)
    assert opened.ids.dtype == np.int32
    assert not opened.ids.flags.writeable
    assert opened.vocabulary == corpus.vocabulary
    assert opened.raw_tokens == 9
    assert [sentence.tolist() for sentence in opened.sentences()] == [
        [0, 1, 2],
        [0, 3],
        [4, 5, 0, 1],
    ]
    opened.save(saved)
    assert Corpus.open(saved).vocabulary == corpus.vocabulary


def test_words_without_a_letter_are_refused_when_there_are_several(saved):
    """A header that promises many empty words would take more memory than the file has bytes."""
    whole = bytearray(saved.read_bytes()[:-32])
    whole[136:176] = whole[128:136] * 5
    saved.write_bytes(whole + hashlib.sha256(whole).digest())
    with pytest.raises(ValueError, match="offsets"):
        Corpus.open(saved)


def test_saving_keeps_raw_tokens(tmp_path):
    Corpus.from_source(SENTENCES, min_count=2).save(tmp_path / "corpus")
    opened = Corpus.open(tmp_path / "corpus")
    assert (len(opened), opened.raw_tokens) == (5, 9)


@pytest.mark.slow
def test_a_cut_file_is_refused_at_every_length(saved):
    whole = saved.read_bytes()
    for length in range(len(whole)):
        saved.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"cut|not a saved corpus"):
            Corpus.open(saved)
    saved.write_bytes(whole + b"\0")
    with pytest.raises(ValueError, match="cut"):
        Corpus.open(saved)


@pytest.mark.slow
def test_a_changed_byte_is_refused_everywhere(saved):
    whole = saved.read_bytes()
    for place in range(len(whole)):
        saved.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(ValueError, match=r"damaged|not a saved corpus"):
            Corpus.open(saved)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (128, 1, "offsets"),  # the first word does not start at 0
        (128 + 8, 2**40, "offsets"),  # a word ends before it starts
        (128 + 6 * 8, 1, "offsets"),  # the last word does not end where the words end
        (256, 2**63, "negative"),  # the first count
        (320, 6, "beyond"),  # the first id
        (320, 2**32 - 7, "beyond"),  # the same as the end of a sentence
    ],
)
def test_a_right_checksum_does_not_make_wrong_contents_right(saved, place, value, message):
    whole = bytearray(saved.read_bytes()[:-32])
    whole[place : place + 8] = np.array([value], np.uint64).tobytes()
    saved.write_bytes(whole + hashlib.sha256(whole).digest())
    with pytest.raises(ValueError, match=message):
        Corpus.open(saved)


def test_sizes_are_checked_before_memory_is_taken(saved):
    whole = bytearray(saved.read_bytes()[:-32])
    for field in range(3):
        forged = bytearray(whole)
        forged[64 + 8 * field : 72 + 8 * field] = np.array([2**60], np.uint64).tobytes()
        saved.write_bytes(forged + hashlib.sha256(forged).digest())
        with pytest.raises(ValueError, match="cut or damaged"):
            Corpus.open(saved)


def test_open_other_files(tmp_path):
    with pytest.raises(FileNotFoundError):
        Corpus.open(tmp_path / "absent")
    (tmp_path / "text").write_text("the cat")
    with pytest.raises(ValueError, match="not a saved corpus"):
        Corpus.open(tmp_path / "text")


@pytest.mark.slow
def test_memory_stays_at_four_bytes_a_token(tmp_path):
    """40 MB of text, 20 M tokens, 80 MB of ids: a second copy would not fit below the bound."""
    (tmp_path / "text").write_bytes(b"a b c d e f g h i j\n" * 2_000_000)
    script = """
import resource, sys
import w2v_fast.corpus.corpus as module
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
corpus = module.Corpus.from_source(sys.argv[1], workers=2)
print(len(corpus), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    pytest.importorskip("resource")
    command = [sys.executable, "-c", script, str(tmp_path / "text")]
    tokens, kilobytes = map(
        int, subprocess.run(command, capture_output=True, check=True).stdout.split()
    )
    assert tokens == 20_000_000
    unit = 1 if sys.platform == "darwin" else 1024
    assert kilobytes * unit < 4 * tokens + 64 * 2**20


def test_a_text_under_another_vocabulary():
    corpus = Corpus.from_source([["a", "b", "c"], ["c"], ["b", "c"]], min_count=1)
    assert list(corpus.token_lists()) == [["a", "b", "c"], ["c"], ["b", "c"]]
    other = corpus.under_vocabulary(Vocabulary(["b", "x", "a"], [5, 5, 5]))
    assert list(other.token_lists()) == [["a", "b"], ["b"]]
    assert other.raw_tokens == corpus.raw_tokens == 6
    with pytest.raises(ValueError, match="none of the 6 tokens"):
        corpus.under_vocabulary(Vocabulary(["x"], [1]))
