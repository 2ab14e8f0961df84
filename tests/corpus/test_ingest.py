"""One pass over any bytes gives what the oracle gives, whatever the blocks and threads."""

from __future__ import annotations

import codecs
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from queue import SimpleQueue
from threading import Event

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus import oracle
from w2v_fast.corpus import ingest
from w2v_fast.corpus._ids import compact
from w2v_fast.corpus._words import PADDING, WordTable, text_end
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.text_check import check_is_text
from w2v_fast.system.files import compression_of

WORDS = [
    b"a",
    b"b",
    b"the",
    b"sixteen-bytes-xx",
    b"seventeen-bytes-x",
    b"exactly8",
    b"nine-char",
    b"\xff\xfe",
    "straße".encode(),
    b"\x01",
    b"ab\x1fcd",
    b"x" * 40,
    b"12345678\x0212345678",
    b"\x80" * 9,
    b"</s>",
]
SEPARATORS = [b" ", b"\n", b"\t", b"\v", b"\f", b"\r", b"\0", b"\r\n", b"  ", b"\n\n", b" \n"]
PIECES = st.lists(st.sampled_from(WORDS + SEPARATORS), max_size=60).map(b"".join)


def is_text(data: bytes) -> bool:
    try:
        check_is_text("data", data, is_whole=True)
    except ValueError:
        return False
    return compression_of(data) is None and codecs.BOM_UTF8 not in data


TEXTS = st.one_of(PIECES, st.binary(max_size=200), st.text(max_size=100).map(str.encode)).filter(
    is_text
)
BLOCKS = st.one_of(st.integers(1, 70), st.just(1 << 20))


def read(text: bytes, **options) -> Corpus:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "text")
        path.write_bytes(text)
        return Corpus.from_source(path, **options)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(
    TEXTS,
    BLOCKS,
    st.integers(1, 4),
    st.integers(1, 3),
    st.one_of(st.none(), st.integers(1, 5)),
    st.sampled_from([None, 0, 40]),
)
def test_equals_the_oracle(text, block_bytes, workers, min_count, max_vocab, memory_budget):
    expected = oracle.encode(oracle.split(text), min_count, max_vocab)
    options = {
        "min_count": min_count,
        "max_vocab": max_vocab,
        "workers": workers,
        "block_bytes": block_bytes,
        "memory_budget": memory_budget,
    }
    if not expected["words"]:
        with pytest.raises(
            ValueError, match="empty" if not expected["raw_tokens"] else "min_count"
        ):
            read(text, **options)
        return
    corpus = read(text, **options)
    assert oracle.contents(corpus) == expected
    assert corpus.vocabulary.counts.sum() == len(corpus)
    assert corpus.ids.dtype == np.int32


@settings(max_examples=100, deadline=None)
@given(TEXTS, TEXTS, BLOCKS, st.integers(1, 3))
def test_a_fixed_vocabulary_drops_other_tokens(text, other, block_bytes, workers):
    known = oracle.encode(oracle.split(other))["words"]
    sentences = [[word for word in sentence if word in known] for sentence in oracle.split(text)]
    if not known or not any(sentences):
        return
    vocabulary = read(other, min_count=1).vocabulary
    corpus = read(text, vocabulary=vocabulary, block_bytes=block_bytes, workers=workers)
    assert corpus.vocabulary is vocabulary
    assert [sentence.tolist() for sentence in corpus.sentences()] == [
        [known.index(word) for word in sentence] for sentence in sentences if sentence
    ]
    assert corpus.raw_tokens == sum(map(len, oracle.split(text)))


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_many_words_and_growing_tables(workers):
    random = np.random.default_rng(3)
    text = b" ".join(
        b"%d" % number + b"y" * (number % 40)
        for number in random.integers(0, 30_000, 100_000).tolist()
    )
    corpus = read(text, min_count=1, workers=workers, block_bytes=5_000)
    assert oracle.contents(corpus) == oracle.encode(oracle.split(text))


@pytest.mark.parametrize("length", [1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 5_000, 70_000])
@pytest.mark.parametrize("block_bytes", [1, 100, 1 << 20])
def test_words_of_any_length(length, block_bytes):
    words = [b"q" * length, b"q" * (length - 1) + b"r", b"q" * length + b"\x01", b"q" * length]
    corpus = read(b" ".join(words), min_count=1, block_bytes=block_bytes)
    assert oracle.contents(corpus) == oracle.encode([words])


def test_one_line_of_many_tokens():
    text = b"a b c d " * 100_000
    corpus = read(text, block_bytes=1_000, workers=2)
    assert oracle.contents(corpus)["sentences"] == [[0, 1, 2, 3] * 100_000]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (b"a b\nc", [[b"a", b"b"], [b"c"]]),
        (b"a b\nc\n", [[b"a", b"b"], [b"c"]]),
        (b"a b\r\nc\r\n", [[b"a", b"b"], [b"c"]]),
        (b"\n\n a\0b \n\n\n c \n", [[b"a", b"b"], [b"c"]]),
        (b"a\rb\nc", [[b"a", b"b"], [b"c"]]),
    ],
)
@pytest.mark.parametrize("block_bytes", range(1, 9))
def test_ends_of_lines(text, sentences, block_bytes):
    assert oracle.contents(read(text, min_count=1, block_bytes=block_bytes)) == oracle.encode(
        sentences
    )


def test_a_dropped_last_word_moves_the_mark():
    corpus = read(b"a b x\nx y\na b\na b z\n", min_count=3)
    assert corpus.ids.tolist() == [0, ~1, 0, ~1, 0, ~1]


def test_bytes_that_are_not_utf8_come_back():
    words = [b"\xff", b"\xc3", b"\xc3\xa9", b"\xed\xb2\x80", b"a\xf0\x9f"]
    corpus = read(b" ".join(words), min_count=1)
    assert [word.encode("utf-8", "surrogateescape") for word in corpus.vocabulary.words] == words


@pytest.mark.parametrize("block_bytes", [1, 3, 1 << 20])
def test_equal_counts_keep_the_order_of_first_appearance(block_bytes):
    corpus = read(b"z y x w x y z w q q q", min_count=1, workers=4, block_bytes=block_bytes)
    assert corpus.vocabulary.words == ["q", "z", "y", "x", "w"]


def test_native_functions_refuse_buffers_that_do_not_fit():
    table = WordTable()
    ids = np.empty(10, np.int32)
    with pytest.raises(ValueError, match="too small"):
        table.encode_text(b"a b ", 4, 0, ids)
    with pytest.raises(ValueError, match="too small"):
        table.encode_text(b"a b " + bytes(PADDING), 4, 0, ids[:1])
    with pytest.raises(ValueError, match="separator"):
        table.encode_text(b"a bc" + bytes(PADDING), 4, 0, ids)
    with pytest.raises(ValueError, match="too small"):
        table.encode_tokens([["a"] * 11], 0, ids)
    with pytest.raises(ValueError, match="too small"):
        table.encode_integers(np.arange(11), np.array([11]), 0, ids)
    with pytest.raises(IndexError):
        table.words(np.array([0]))
    with pytest.raises(ValueError, match="outside"):
        text_end(b"abc", 0, 4)
    with pytest.raises(ValueError, match="outside"):
        compact(ids, 0, 11, 0, np.zeros(1, np.int32))


def test_positions_decide_ties_between_tables():
    first, second = WordTable(), WordTable()
    ids = np.empty(8, np.int32)
    second.encode_tokens([["late", "both"]], 1, ids)
    first.encode_tokens([["both", "early"]], 0, ids)
    merged = np.empty(2, np.int32)
    second.merge(first, merged)
    counts, firsts = np.empty(3, np.int64), np.empty(3, np.int64)
    second.statistics(counts, firsts)
    assert merged.tolist() == [1, 2]
    assert counts.tolist() == [1, 2, 1]
    assert firsts.tolist() == [1 << 32, 0, 1]


@pytest.mark.parametrize(
    "encode",
    [
        lambda table, words, block, ids: table.encode_tokens([words], block, ids),
        lambda table, words, block, ids: table.encode_text(
            " ".join([*words, ""]).encode() + bytes(PADDING),
            len(" ".join([*words, ""])),
            block,
            ids,
        ),
        lambda table, words, block, ids: table.encode_integers(
            np.array([ord(word) for word in words]), np.array([len(words)]), block, ids
        ),
    ],
)
def test_the_smallest_position_counts_in_whatever_order_blocks_come(encode):
    table, ids = WordTable(), np.empty(8, np.int32)
    encode(table, ["c", "b", "b"], 2, ids)
    encode(table, ["a", "b"], 0, ids)
    encode(table, ["c", "a"], 1, ids)
    counts, firsts = np.empty(3, np.int64), np.empty(3, np.int64)
    table.statistics(counts, firsts)
    assert counts.tolist() == [2, 3, 2]  # c, b, a
    assert firsts.tolist() == [1 << 32, 1, 0]


def test_blocks_that_overtake_each_other_change_nothing(monkeypatch):
    """The first block's thread waits until three later blocks have been through the tables."""

    class LateTables(SimpleQueue):
        def __init__(self):
            super().__init__()
            self.asked, self.given_back, self.overtaken = 0, 0, Event()

        def put(self, item):
            super().put(item)
            self.given_back += 1
            if self.given_back == 2 + 3:  # both tables are put in at the start
                self.overtaken.set()

        def get(self):
            self.asked += 1
            if self.asked == 1:
                assert self.overtaken.wait(30)
            return super().get()

    text = b" ".join(b"w%d" % (number * 79 % 100) for number in range(2000))
    expected = oracle.encode(oracle.split(text))
    queues = []
    monkeypatch.setattr(ingest, "SimpleQueue", lambda: queues.append(LateTables()) or queues[-1])
    assert oracle.contents(read(text, min_count=1, workers=2, block_bytes=500)) == expected
    assert queues[0].overtaken.is_set()


@pytest.mark.slow
def test_the_key_of_the_hash_changes_nothing():
    script = """
import sys
from w2v_fast.corpus import _words
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.phrases import Phrases
_words.set_hash_seed(bytes.fromhex(sys.argv[1]))
sentences = [[f"word{i * i % n}" + "x" * (i % 30) for i in range(300)] for n in (7, 11)]
corpus = Corpus.from_source(sentences, min_count=1)
phrases = Phrases(corpus, 1, 0.1, workers=2).phrases
print(corpus.ids.tolist(), corpus.vocabulary.words, list(phrases.items()))
"""
    keys = "00" * 16, os.urandom(16).hex()
    outputs = {subprocess.check_output([sys.executable, "-c", script, key]) for key in keys}
    assert len(outputs) == 1


def test_words_made_to_collide_take_no_longer_than_others():
    """Without a key, all words with this second half had the hash 0: 12 s instead of 10 ms."""
    tail = (0xE7037ED1A0B428DB ^ 16).to_bytes(8, "little")
    seconds = []
    for end in (b"-another", tail):
        text = b"".join(b"%08d" % number + end + b"\n" for number in range(60_000))
        table = WordTable()
        started = time.process_time()
        table.encode_text(text + bytes(PADDING), len(text), 0, np.empty(len(text), np.int32))
        assert len(table) == 60_000
        seconds.append(time.process_time() - started)
    assert seconds[1] < 10 * seconds[0] + 0.5
