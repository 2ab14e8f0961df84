"""Every kind of source gives the same corpus, and a wrong one a clear error."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import socket
import sqlite3
import subprocess
import sys
import threading
import warnings
from collections import Counter, namedtuple
from pathlib import Path
from types import MappingProxyType, SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus import oracle
from w2v_fast.corpus import text_files
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.phrases import FrozenPhrases
from w2v_fast.corpus.text_files import expand
from w2v_fast.system.files import zstd_module

TEXT = (
    b"the cat sat on the mat\nthe dog sat\n\nma\xc3\xb1ana \xff on\ta log\r\n" * 40 + b"no newline"
)
EXPECTED = oracle.encode(oracle.split(TEXT))


def read(source, **options) -> dict:
    return oracle.contents(
        Corpus.from_source(source, **{"min_count": 1, "block_bytes": 50, "workers": 2, **options})
    )


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(TEXT)
    return path


@pytest.fixture
def tokens():
    return [
        [word.decode("utf-8", "surrogateescape") for word in sentence]
        for sentence in oracle.split(TEXT)
    ]


@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_compression_is_recognized_by_content(tmp_path, compress):
    path = tmp_path / "text.any"
    path.write_bytes(compress(TEXT))
    assert read(path) == read(str(path)) == EXPECTED


def test_zstd(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(zstd_module().compress(TEXT))
    assert read(path) == EXPECTED


def test_standard_input_is_read_once(monkeypatch):
    monkeypatch.setattr(
        sys, "stdin", SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(gzip.compress(TEXT))))
    )
    assert read("-") == EXPECTED


def test_standard_input_of_a_process(path):
    script = """
from w2v_fast.corpus.corpus import Corpus
print(Corpus.from_source("-", min_count=1).vocabulary.digest())
"""
    with open(path, "rb") as text:
        pipe = subprocess.Popen(["cat"], stdin=text, stdout=subprocess.PIPE)
        digest = subprocess.check_output(
            [sys.executable, "-c", script], stdin=pipe.stdout, text=True
        ).strip()
        pipe.stdout.close()
        pipe.wait()
    assert digest == Corpus.from_source(path, min_count=1).vocabulary.digest()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_named_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(TEXT,))
    writer.start()
    assert read(pipe) == EXPECTED
    writer.join()


def test_many_files_end_words_and_sentences(tmp_path):
    parts = [b"a b", b"", b"c\nd", b"e\n"]
    for number, part in enumerate(parts):
        (tmp_path / f"{number}.txt").write_bytes(part)
    expected = oracle.encode([[b"a", b"b"], [b"c"], [b"d"], [b"e"]])
    files = sorted(tmp_path.iterdir())
    for block_bytes in (1, 2, 3, 5, 1 << 20):
        assert read(files, block_bytes=block_bytes) == expected
    assert (
        read(tmp_path)
        == read(str(tmp_path / "*.txt"))
        == read([str(file) for file in files])
        == expected
    )


def test_a_folder_is_read_below_in_order_without_hidden_files(tmp_path):
    for name, text in [
        ("b.txt", b"b"),
        ("a/z.txt", b"z"),
        ("a/.hidden", b"h"),
        (".git/x", b"x"),
        ("c/d/e", b"e"),
    ]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(text)
    assert read(tmp_path)["words"] == [b"z", b"b", b"e"]
    assert read(str(tmp_path / "**" / "*.txt"))["words"] == [b"z", b"b"]
    assert read(str(tmp_path / "[ac]"))["words"] == [b"z", b"e"]


def test_a_name_with_glob_characters_is_a_file_first(tmp_path):
    (tmp_path / "x[1].txt").write_bytes(b"yes")
    assert read(tmp_path / "x[1].txt")["words"] == [b"yes"]


def test_token_lists(tokens):
    assert read(tokens) == EXPECTED
    assert read(iter(tokens)) == EXPECTED
    assert read(tuple(sentence) for sentence in tokens) == EXPECTED
    assert read((word for word in sentence) for sentence in tokens) == EXPECTED
    assert read([np.array(sentence) for sentence in tokens]) == EXPECTED


def test_a_token_is_one_word_whatever_its_characters():
    sentences = [["New York", "a\nb", "a\0b", "", "x" * 50, "é" * 20], ["New York", ""]]
    assert read(sentences) == oracle.encode(
        [[word.encode() for word in sentence] for sentence in sentences]
    )


INTEGERS = st.one_of(st.integers(0, 5), st.integers(-(2**63), 2**63 - 1))


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.lists(INTEGERS, max_size=50), max_size=20).filter(any),
    st.integers(1, 100),
    st.integers(1, 3),
)
def test_integers(sentences, block_bytes, workers):
    expected = oracle.encode([[b"%d" % token for token in sentence] for sentence in sentences])
    options = {"block_bytes": block_bytes, "workers": workers}
    assert read(sentences, **options) == expected
    assert read((np.array(sentence, np.int64) for sentence in sentences), **options) == expected


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int32, np.int64, np.uint64, ">i4"])
@pytest.mark.parametrize("block_bytes", [1, 8, 100, 1 << 20])
def test_arrays(dtype, block_bytes):
    walks = np.random.default_rng(1).integers(0, 60, (50, 7)).astype(dtype)
    rows = [[b"%d" % token for token in row] for row in walks.tolist()]
    assert read(walks, block_bytes=block_bytes) == oracle.encode(rows)
    assert read(walks[:, ::2], block_bytes=block_bytes) == oracle.encode([row[::2] for row in rows])
    assert read(walks.ravel(), block_bytes=block_bytes) == oracle.encode(
        [[token for row in rows for token in row]]
    )


@pytest.mark.parametrize(
    "source",
    [
        iter(["the cat sat"]),
        [["a"], "the cat sat"],
        [["a"], b"bytes"],
        [["a", 1]],
        [[1, "a"]],
        [[1, 2.5]],
        [[1, True]],
        [["a"], [1]],
        [[1], ["a"]],
        [1, 2],
        [None],
        5,
        None,
        b"text",
        [[["a"]]],
        np.array([1.5]),
        [np.array([1.5])],
        [np.array([[1, 2]])],
        np.array([True]),
        ["path", ["a"]],
        [[b"a"]],
        [["a", None]],
        [[["a"], ["b"]]],
        [bytearray(b"ab")],
        [memoryview(b"ab")],
        [{"a", "b"}],
        [frozenset(["a"])],
        [{"text": "a b"}],
        [Counter("ab")],
        [MappingProxyType({"a": 1})],
        [iter("cat")],
        [iter("ca\xf1on")],
        {("a", "b"): 1},
        {("a", "b")},
        [np.ma.array([1, 2], mask=[0, 1])],
        [io.StringIO("a\nb\n")],
        [{}],
        [Path("a"), ["a"]],
    ],
)
def test_wrong_types(source):
    with pytest.raises(TypeError):
        Corpus.from_source(source, min_count=1)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"id": 5, "text": "the cat"},
            r"keys 'id', 'text'; .*\(row\['text'\]\.split\(\) for row in rows\)",
        ),
        (
            {"id": 5, "tokens": ["the", "cat"]},
            r"keys 'id', 'tokens'; .*\(row\['tokens'\] for row in rows\)",
        ),
        (
            {f"c{number}": "x" * 10_000 for number in range(1000)},
            r"'c0', 'c1', .*, \.\.\.; .*row\['c0'\]",
        ),
        ("the cat", r"'the cat' of type str; .*\(text\.split\(\) for text in texts\)"),
        (b"the cat" * 1000, r"of type bytes; .*line\.decode\(\)\.split\(\)"),
        ({"the", "cat"}, "a set, which has no order"),
        (["the", None], "tokens of type NoneType, str"),
        (io.StringIO("the cat"), "an open file of type StringIO; .*give its path"),
    ],
)
def test_what_is_no_sentence_is_named_with_a_way_out(row, message):
    with pytest.raises(TypeError, match=f"sentence 2 .*{message}") as caught:
        Corpus.from_source([["a"], row], min_count=1)
    assert len(str(caught.value)) < 500
    with pytest.raises(TypeError, match=message if "type None" not in message else "None"):
        list(FrozenPhrases({})[[["a"], row]])


def test_rows_of_a_database_and_of_data_frames_are_no_sentences():
    with sqlite3.connect(":memory:") as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute("select 'the cat' as text, 5 as id")
        with pytest.raises(TypeError, match="type Row with the keys 'text', 'id'"):
            Corpus.from_source(rows, min_count=1)
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"title": ["t", "u"], "text": ["a b", "c d"]})
    for source in (frame.to_dict("records"), (row for _, row in frame.iterrows()), frame.to_dict()):
        with pytest.raises(TypeError, match="with the keys 'title', 'text'"):
            Corpus.from_source(source, min_count=1)
    for source in (frame.iterrows(), frame.itertuples()):
        with pytest.raises(TypeError, match="sentence 1"):
            Corpus.from_source(source, min_count=1)
    groups = pandas.DataFrame({"session": [1, 1, 2], "item": ["x", "y", "x"]}).groupby("session")
    assert read(frame["text"].str.split())["words"] == [b"a", b"b", b"c", b"d"]
    assert read(items["item"] for _, items in groups)["words"] == [b"x", b"y"]


def test_named_tuples_of_words_are_sentences_and_those_with_text_are_rows():
    pair, row = namedtuple("pair", "subject object"), namedtuple("row", "id text")
    assert read([pair("the", "cat")])["words"] == [b"the", b"cat"]
    for sentence in (row("1", "the cat sat"), row(1, "cat")):
        with pytest.raises(
            TypeError, match=r"of type row with the fields 'id', 'text'; .*\(row\.text\.split\(\)"
        ):
            Corpus.from_source([sentence], min_count=1)


def test_records_of_an_array_are_rows():
    records = np.array([("1", "the cat")], [("id", "U9"), ("text", "U9")])
    with pytest.raises(TypeError, match="with the keys 'id', 'text'"):
        Corpus.from_source(iter(records), min_count=1)


@pytest.mark.parametrize("unit", ["s", "ns"])
def test_spans_of_time_are_no_ids(unit):
    spans = np.zeros((2, 3), f"m8[{unit}]")
    for source in (spans, list(spans), [list(row) for row in spans]):
        with pytest.raises(TypeError, match="timedelta"):
            Corpus.from_source(source, min_count=1)


def test_an_array_of_str_is_refused_with_a_way_out():
    with pytest.raises(TypeError, match=r"array\.tolist\(\)"):
        Corpus.from_source(np.array([["the", "cat"]]), min_count=1)


def test_a_list_of_words_is_told_from_a_list_of_paths():
    with pytest.raises(
        FileNotFoundError, match="a corpus is a list of sentences, each a list of tokens"
    ):
        Corpus.from_source(["the", "cat"], min_count=1)


@pytest.mark.parametrize(
    "dtype", [np.int8, np.uint16, np.int32, np.int64, np.uint64, ">i8", object, str]
)
def test_a_buffer_that_is_filled_again_is_copied(dtype):
    def sentences():
        buffer = np.empty(4, dtype if dtype is not str else "U1")
        for number in range(5):
            buffer[:] = number
            yield buffer

    def lists():
        tokens = []
        for number in range(5):
            tokens[:] = [str(number)] * 4
            yield tokens

    for source in (sentences(), lists()):
        corpus = Corpus.from_source(source, min_count=1)
        assert dict(
            zip(corpus.vocabulary.words, corpus.vocabulary.counts, strict=True)
        ) == dict.fromkeys("01234", 4)


def words_and_warnings(source) -> tuple[list[bytes], list[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        words = read(source)["words"]
    return words, [str(warning.message) for warning in caught]


def test_folders_that_are_links_are_followed_once(tmp_path):
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    for folder, word in ((data / "z", "z"), (elsewhere / "below", "e")):
        folder.mkdir(parents=True)
        (folder / "text.txt").write_text(word)
    (data / "a").symlink_to(elsewhere)
    (data / "loop").symlink_to(data)
    (data / "z" / "up").symlink_to(data)
    (data / "z" / "twice").symlink_to(elsewhere / "below")
    (data / "b").symlink_to(data / "z")
    for source in (data, f"{data}/**/*.txt", f"{data}/**", f"{data}/**/**/*.txt"):
        assert words_and_warnings(source) == ([b"e", b"z"], []), source
    words, messages = words_and_warnings(f"{data}/*")
    assert sorted(words) == [b"e", b"z"]
    assert ["read under another name" in message for message in messages] == [True]


def test_a_recursive_pattern_in_the_current_folder(tmp_path, monkeypatch):
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name in ("x.txt", "a/y.txt", "a/b/z.txt", "a/b/other"):
        (tmp_path / name).write_text(name[-5])
    (tmp_path / "a" / "[up]").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert expand("**/*.txt") == ["a/b/z.txt", "a/y.txt", "x.txt"]
    assert expand("**/b/*") == ["a/b/other", "a/b/z.txt"]
    assert expand("a/**") == ["a/[up]/x.txt", "a/b/other", "a/b/z.txt", "a/y.txt"]
    assert expand("./**/*.txt") == ["./a/b/z.txt", "./a/y.txt", "./x.txt"]


def test_a_file_under_two_names_is_read_once_and_said(tmp_path):
    (tmp_path / "text.txt").write_text("a b")
    (tmp_path / "b.txt").symlink_to("text.txt")
    (tmp_path / "c.txt").hardlink_to(tmp_path / "text.txt")
    for source in (tmp_path, f"{tmp_path}/*.txt"):
        words, messages = words_and_warnings(source)
        assert words == [b"a", b"b"]
        assert len(messages) == 1
        assert "left out 2 names of files that are read under another name" in messages[0]
    assert Corpus.from_source([tmp_path / "text.txt"] * 2, min_count=1).raw_tokens == 4


def test_a_link_that_leads_nowhere_is_an_error(tmp_path):
    (tmp_path / "text.txt").write_text("a")
    (tmp_path / "lost.txt").symlink_to("absent")
    with pytest.raises(FileNotFoundError, match=r"leads nowhere.*lost\.txt"):
        Corpus.from_source(tmp_path)


def test_a_circle_of_links_is_an_error(tmp_path):
    (tmp_path / "text.txt").write_text("a")
    (tmp_path / "loop.txt").symlink_to("loop.txt")
    for source in (tmp_path, f"{tmp_path}/*.txt"):
        with pytest.raises(OSError, match=r"circle of links.*loop\.txt"):
            Corpus.from_source(source)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_special_files_of_a_folder_are_left_out_and_said(tmp_path):
    (tmp_path / "text.txt").write_text("a b")
    os.mkfifo(tmp_path / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket.txt"))
        for source in (tmp_path, f"{tmp_path}/*.txt", f"{tmp_path}/**"):
            words, messages = words_and_warnings(source)
            assert words == [b"a", b"b"]
            assert len(messages) == 1
            assert "left out 2 special files" in messages[0]


@pytest.mark.parametrize(
    "source",
    [
        [],
        [[]],
        iter([]),
        [[], []],
        np.empty(0, np.int64),
        np.empty((0, 3), int),
        np.empty((3, 0), int),
    ],
)
def test_empty_iterables(source):
    with pytest.raises(ValueError, match="empty"):
        Corpus.from_source(source)


@pytest.mark.parametrize("text", [b"", b"\n", b" \0\r\n\t\n"])
def test_empty_files(tmp_path, text):
    (tmp_path / "text").write_bytes(text)
    with pytest.raises(ValueError, match="empty"):
        Corpus.from_source(tmp_path / "text")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (np.zeros((2, 2, 2), int), "dimensions"),
        (np.array([2**63], np.uint64), "64 bits"),
        ([[2**63]], "64 bits"),
        ([[2**70]], "64 bits"),
        ([["\ud800"]], "surrogate"),
    ],
)
def test_wrong_values(source, message):
    with pytest.raises(ValueError, match=message):
        Corpus.from_source(source, min_count=1)


def test_missing_paths(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no such file or folder: .*absent"):
        Corpus.from_source(tmp_path / "absent")
    with pytest.raises(FileNotFoundError, match="has no files"):
        Corpus.from_source(tmp_path)
    with pytest.raises(FileNotFoundError, match="no file matches"):
        Corpus.from_source(str(tmp_path / "*.txt"))
    with pytest.raises(FileNotFoundError, match="list of tokens"):
        Corpus.from_source(["the cat sat", "the dog sat"])


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every file"
)
def test_unreadable_file(path):
    path.chmod(0)
    with pytest.raises(PermissionError, match=r"text\.txt"):
        Corpus.from_source(path)


def test_a_read_error_names_the_file(path, monkeypatch):
    class Failing(io.BytesIO):
        def read(self, size=-1):
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(text_files, "open_input", lambda path: Failing())
    with pytest.raises(OSError, match=r"text\.txt.*Input/output error"):
        Corpus.from_source(path)


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_cut_compressed_files(tmp_path, compress):
    whole = compress(TEXT)
    path = tmp_path / "cut"
    for length in (len(whole) - 1, len(whole) // 2, 12):
        path.write_bytes(whole[:length])
        with pytest.raises(OSError, match="cut"):
            Corpus.from_source(path, min_count=1)


@pytest.mark.parametrize("change", ["append", "touch", "replace"])
def test_a_file_that_changes_while_it_is_read(path, change):
    def on_progress(done, total):
        if change == "append":
            with open(path, "ab") as file:
                file.write(b"more")
        elif change == "touch":
            os.utime(path, ns=(1, 1))
        else:
            other = path.with_suffix(".new")
            other.write_bytes(TEXT)
            other.replace(path)

    with pytest.raises(OSError, match=r"text\.txt changed"):
        Corpus.from_source(path, min_count=1, block_bytes=10, workers=1, progress=on_progress)


def test_progress(path, tmp_path, tokens):
    calls = []
    read(path, progress=lambda *call: calls.append(call))
    assert [total for _, total in calls] == [len(TEXT)] * len(calls)
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    assert calls[-1][0] == len(TEXT) + 1
    packed = [tmp_path / "text.gz", tmp_path / "text.bz2"]
    packed[0].write_bytes(gzip.compress(TEXT))
    packed[1].write_bytes(bz2.compress(TEXT))
    for source in (*packed, iter(tokens)):
        calls.clear()
        read(source, progress=lambda *call: calls.append(call))
        assert {total for _, total in calls} == {None}
        assert calls[-1][0] > len(TEXT) // 2


def test_errors_of_the_caller_come_through(path, tokens):
    def sentences():
        yield from tokens
        raise KeyError("mine")

    def on_progress(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyError, match="mine"):
        read(sentences())
    with pytest.raises(KeyboardInterrupt):
        read(path, progress=on_progress)
    assert not [
        thread for thread in threading.enumerate() if thread.name.startswith("w2v_fast-ingest")
    ]


@pytest.mark.parametrize(
    "source",
    [
        iter("some text"),
        (character for character in "some text"),
        [(character for character in "text")],
        ((character for character in text) for text in ["some text", "a b"]),
        [map(str, "text")],
        [iter("text")],
    ],
)
def test_generators_of_characters_are_no_sentences(source):
    with pytest.raises(TypeError, match=r"text\.split\(\) for text in texts"):
        Corpus.from_source(source, min_count=1)


@pytest.mark.parametrize("texts", [["text"], ["I", "a b"], ["I", "x", "is"]])
def test_characters_in_lists_and_beside_words_are_tokens(texts):
    lists = Corpus.from_source([list(text) for text in texts], min_count=1)
    assert lists.raw_tokens == sum(map(len, texts))
    words = Corpus.from_source(
        ((word for word in text.split()) for text in [*texts, "longer words"]), min_count=1
    )
    assert words.vocabulary.words[-1] == "words"


@pytest.mark.parametrize("budget", ["1G", 1.5, b"1"])
def test_a_memory_budget_is_a_number_of_bytes(budget):
    with pytest.raises(TypeError, match=r"memory_budget = .* must be a whole number of bytes"):
        Corpus.from_source([["a", "b"]], min_count=1, memory_budget=budget)
    with pytest.raises(TypeError, match=r"memory_budget = .* must be a whole number of bytes"):
        FrozenPhrases({}).apply(Corpus.from_source([["a", "b"]], min_count=1), memory_budget=budget)


def test_a_memory_budget_of_any_integer_type():
    assert len(Corpus.from_source([["a", "b"]], min_count=1, memory_budget=np.int64(0))) == 2
