"""Shards: any cut and any grouping gives the ids and the vocabulary of one machine."""

import gzip
import random
import uuid

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2v_fast.cluster import shards
from w2v_fast.cluster.plan import shares_of_shards
from w2v_fast.cluster.shards import LocalShards, Shard, cut, merge, vocabulary_of
from w2v_fast.corpus import tokenizers
from w2v_fast.corpus.corpus import Corpus


@pytest.fixture(autouse=True)
def _local_folder(tmp_path, monkeypatch):
    (tmp_path / "local").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "local"))


def through_shards(paths, groups, min_count=1, column=None, tokenizer=None):
    """Ids and vocabulary by way of shards, which `groups` nodes encode."""
    found = cut(paths, column)
    run = uuid.uuid4().hex
    nodes = [LocalShards(run, found, column, tokenizers.resolve(tokenizer)) for _ in range(groups)]
    parts = [
        node.encode(numbers, 1)
        for node, numbers in zip(
            nodes, shares_of_shards([s.size for s in found], groups), strict=True
        )
    ]
    counts = merge(parts)
    vocabulary = vocabulary_of(counts, min_count, None)
    ids = nodes[0].load(range(len(found)), vocabulary, counts.digests, 1)
    tokens = [nodes[0].tokens(number, vocabulary, 1) for number in range(len(found))]
    nodes[0].remove()
    assert sum(tokens) == len(ids)
    return ids, vocabulary


@given(
    text=st.text("ab \n\r\t\0\u00e9", max_size=60),
    part=st.integers(1, 20),
    groups=st.integers(1, 4),
    min_count=st.integers(1, 3),
)
def test_shards_of_a_file_are_its_corpus(tmp_path_factory, text, part, groups, min_count):
    path = tmp_path_factory.mktemp("text") / "a.txt"
    path.write_bytes(text.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "MIN_PART_BYTES", part)
        patch.setattr(shards, "MAX_PART_BYTES", part)
        patch.setattr(shards, "SCAN_BYTES", 2)
        try:
            expected = Corpus.from_source(path, min_count=min_count)
        except ValueError as error:
            with pytest.raises(ValueError, match=str(error)[:20]):
                through_shards(path, groups, min_count)
            return
        ids, vocabulary = through_shards(path, groups, min_count)
    assert vocabulary == expected.vocabulary
    assert ids.tolist() == expected.ids.tolist()


def test_files_of_all_kinds_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "MIN_PART_BYTES", 100)
    draw = random.Random(1)
    words = [f"w{number}" for number in range(50)]
    for number in range(4):
        lines = [" ".join(draw.choices(words, k=7)) for _ in range(40)]
        text = "\n".join(lines).encode()
        if number == 2:
            (tmp_path / f"{number}.txt.gz").write_bytes(gzip.compress(text))
        else:
            (tmp_path / f"{number}.txt").write_bytes(b"\xef\xbb\xbf" * (number == 1) + text)
    expected = Corpus.from_source(str(tmp_path / "*.txt*"), min_count=20)
    for groups in (1, 3):
        ids, vocabulary = through_shards(str(tmp_path / "*.txt*"), groups, min_count=20)
        assert vocabulary == expected.vocabulary
        np.testing.assert_array_equal(ids, expected.ids)


@given(text=st.text("aB. \n\r\u00e9", max_size=60), part=st.integers(1, 20))
def test_a_tokenizer_is_given_whole_lines(tmp_path_factory, text, part):
    path = tmp_path_factory.mktemp("text") / "a.txt"
    path.write_bytes(f"{text}\nend".encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "MIN_PART_BYTES", part)
        patch.setattr(shards, "MAX_PART_BYTES", part)
        patch.setattr(shards, "SCAN_BYTES", 2)
        for tokenizer in ("words", lambda line: [line.replace(" ", "_").replace("\r", "_")]):
            expected = Corpus.from_source(path, min_count=1, tokenizer=tokenizer)
            ids, vocabulary = through_shards(path, 2, tokenizer=tokenizer)
            assert vocabulary == expected.vocabulary
            assert ids.tolist() == expected.ids.tolist()


def test_a_column_of_tables(tmp_path):
    for number in range(3):
        rows = "".join(f"{row},a b w{row % 7}\n" for row in range(20 + number))
        (tmp_path / f"{number}.csv").write_text(f"id,text\n{rows}")
    paths = str(tmp_path / "*.csv")
    expected = Corpus.from_source(paths, column="text", min_count=1)
    ids, vocabulary = through_shards(paths, 2, column="text")
    assert vocabulary == expected.vocabulary
    np.testing.assert_array_equal(ids, expected.ids)


def test_a_changed_or_missing_shard_is_named(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("a b c\n")
    found = cut(path)
    counts = LocalShards("one", found).encode([0], 1)
    vocabulary = vocabulary_of(counts, 1, None)
    other = LocalShards("two", found)
    path.write_text("a b d\n")
    with pytest.raises(OSError, match=r"a\.txt changed since its words were counted"):
        other.load([0], vocabulary, counts.digests, 1)
    path.write_text("a b c d\n")
    with pytest.raises(OSError, match="it has 8 bytes, the driver saw 6"):
        LocalShards("three", found).encode([0], 1)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"a\.txt"):
        LocalShards("four", found).encode([0], 1)


def test_what_a_cluster_cannot_read():
    for source in ("-", [["a", "b"]], [], 3):
        with pytest.raises(TypeError, match="files that every node can open"):
            cut(source)


def test_a_shard_is_named_by_its_bytes():
    assert str(Shard("a", 10, 2, 5)) == "a (bytes 2 to 5)"
