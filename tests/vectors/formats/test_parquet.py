"""Parquet: what is written, what is read of other writers, damaged and hostile files."""

import gzip
import io
import os
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings

from tests.vectors.formats import assert_same, at_most, tables, vectors
from w2v_fast.cli.main import main
from w2v_fast.vectors.formats import FormatError, load, parquet, save
from w2v_fast.vectors.formats._words import NOT_UTF8
from w2v_fast.vectors.keyed_vectors import KeyedVectors

pa = pytest.importorskip("pyarrow", reason="of the extra `tables`")
pq = pytest.importorskip("pyarrow.parquet")


def table(path, **columns):
    pq.write_table(pa.table(columns), path)
    return path


class TestWritten:
    @settings(max_examples=30)
    @given(kv=tables(NOT_UTF8, counts=True))
    def test_any_table(self, tmp_path_factory, kv):
        path = tmp_path_factory.mktemp("parquet") / "v.parquet"
        save(kv, path)
        got = load(path)
        assert_same(got, kv)
        assert got.counts.tolist() == kv.counts.tolist()

    def test_columns(self, tmp_path):
        kv = vectors("a", "New York", "", counts=[3, 2, 1], metadata={"trained": "today"})
        save(kv, tmp_path / "v.parquet")
        schema = pq.read_schema(tmp_path / "v.parquet")
        assert [str(field.type) for field in schema] == [
            "string",
            "fixed_size_list<element: float>[3]",
            "int64",
        ]
        rows = pq.read_table(tmp_path / "v.parquet").to_pydict()
        assert rows["word"] == ["a", "New York", ""]
        assert np.array(rows["vector"], np.float32).tobytes() == kv.vectors.tobytes()
        assert load(tmp_path / "v.parquet").metadata == {"trained": "today"}
        save(vectors("a"), tmp_path / "v.parquet")
        assert pq.read_schema(tmp_path / "v.parquet").names == ["word", "vector"]
        assert load(tmp_path / "v.parquet").counts is None

    def test_row_groups(self, tmp_path, monkeypatch):
        monkeypatch.setattr(parquet, "GROUP_BYTES", 100)
        kv = vectors(*map(str, range(20)), counts=range(20))
        save(kv, tmp_path / "v.parquet")
        assert pq.ParquetFile(tmp_path / "v.parquet").metadata.num_row_groups == 3
        assert_same(load(tmp_path / "v.parquet"), kv)
        assert load(tmp_path / "v.parquet", limit=9).counts.tolist() == list(range(9))
        assert load(tmp_path / "v.parquet", limit=0).vectors.shape == (0, 3)

    def test_words_that_are_not_unicode_are_refused(self, tmp_path):
        with pytest.raises(ValueError, match="cannot hold the word"):
            save(vectors("caf\udce9"), tmp_path / "v.parquet")
        with pytest.raises(ValueError, match="not valid Unicode"):
            save(vectors("\ud800"), tmp_path / "v.parquet")
        with pytest.raises(ValueError, match="leave the last suffix out"):
            save(vectors("a"), tmp_path / "v.parquet.gz")
        assert os.listdir(tmp_path) == []

    def test_float16_and_streams(self, tmp_path, capfdbinary, monkeypatch):
        half = KeyedVectors(["a", "b"], np.array([[1, 2], [3, 4]], np.float16))
        save(half, "-", format="parquet")
        written = capfdbinary.readouterr().out
        for data in (written, gzip.compress(written)):
            stdin = SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(data)))
            monkeypatch.setattr("sys.stdin", stdin)
            assert_same(load("-"), half)

    def test_the_command_line_converts(self, tmp_path):
        kv = vectors("a", "b", counts=[2, 1])
        kv.save(tmp_path / "native")
        folder = str(tmp_path)
        for step in (("native", "v.parquet"), ("v.parquet", "w.bin"), ("v.parquet", "back")):
            names = [f"{folder}/{name}" for name in step]
            assert main(["convert", *names, "--quiet"]) == 0
        assert_same(load(tmp_path / "w.bin"), kv)
        assert load(tmp_path / "back").counts.tolist() == [2, 1]

    def test_without_pyarrow_the_extra_is_named(self, tmp_path, monkeypatch):
        save(vectors("a"), tmp_path / "v.parquet")
        monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
        for act in (
            lambda: load(tmp_path / "v.parquet"),
            lambda: save(vectors("a"), tmp_path / "w.parquet"),
        ):
            with pytest.raises(ImportError, match=r"w2v_fast\[tables\]"):
                act()


class TestOthers:
    @pytest.mark.parametrize("number", [pa.float64(), pa.float16(), pa.int8(), pa.uint64()])
    @pytest.mark.parametrize("list_of", [pa.list_, pa.large_list, lambda kind: pa.list_(kind, 2)])
    def test_types(self, tmp_path, list_of, number):
        rows = pa.array([np.array([1, 2], number.to_pandas_dtype())] * 2, list_of(number))
        words = pa.array(["a", "b"]).dictionary_encode()
        got = load(
            table(tmp_path / "v", id=[7, 8], vector=rows, word=words, count=pa.array([2, 1]))
        )
        assert got.vectors.tolist() == [[1, 2], [1, 2]]
        assert got.vectors.dtype == np.float32
        assert (got.index_to_key, got.counts.tolist()) == (["a", "b"], [2, 1])

    def test_frames(self, tmp_path):
        pandas = pytest.importorskip("pandas")
        frame = pandas.DataFrame({"word": ["a", "b"], "vector": list(np.eye(2, dtype=np.float32))})
        frame.to_parquet(tmp_path / "v.parquet")
        assert load(tmp_path / "v.parquet").vectors.tolist() == [[1, 0], [0, 1]]

    def test_repeated_words(self, tmp_path):
        path = table(tmp_path / "v", word=["a", "b", "a"], vector=[[1], [2], [3]], count=[4, 5, 6])
        for which, words, counts in (("first", ["a", "b"], [4, 5]), ("last", ["b", "a"], [5, 6])):
            with pytest.warns(UserWarning, match="1 words come more than once"):
                got = load(path, on_duplicate=which)
            assert (got.index_to_key, got.counts.tolist()) == (words, counts)
        with pytest.raises(FormatError, match="'a' of row 0 comes again"):
            load(path, on_duplicate="error")

    @pytest.mark.parametrize(
        ("columns", "message"),
        [
            ({"token": ["a"], "vector": [[1.0]]}, "'word' is missing .* found token .string."),
            ({"word": ["a"], "vector": [1.0]}, "'vector' is missing or of another type"),
            ({"word": [1], "vector": [["a"]]}, "'word' and 'vector'"),
            ({"word": ["a"], "vector": [[1.0]], "count": ["1"]}, "'count'"),
            ({"word": ["a"], "vector": [[1.0]], "count": [None]}, "'count'"),
            ({"word": ["a", None], "vector": [[1], [2]]}, "row 1: the column 'word' has no value"),
            ({"word": ["a", "b"], "vector": [[1], None]}, "row 1: the column 'vector' has no"),
            ({"word": ["a", "b"], "vector": [[1], [2, 3]]}, "row 1: .* expected 1 .* found 2"),
            ({"word": ["a", "b"], "vector": [[1], [None]]}, "row 1: a number .* missing"),
            ({"word": ["a"], "vector": [[float("nan")]]}, "row 0: .* allow_nonfinite=True"),
            ({"word": ["a"], "vector": [[1e300]]}, "not finite"),
            ({"word": ["a"], "vector": [[]]}, "'vector' is missing|no vector has this size"),
            ({"word": ["a"], "vector": pa.array([[]], pa.list_(pa.float32()))}, "this size"),
            (
                {"word": pa.array([], pa.string()), "vector": pa.array([], pa.list_(pa.float32()))},
                "no rows",
            ),
            ({"word": ["a"], "vector": [[1]], "count": pa.array([2**63], pa.uint64())}, "range"),
        ],
    )
    def test_what_is_refused(self, tmp_path, columns, message):
        with pytest.raises(FormatError, match=message):
            load(table(tmp_path / "v.parquet", **columns))

    def test_nan_on_request(self, tmp_path):
        path = table(tmp_path / "v", word=["a"], vector=[[float("nan"), 1.0]])
        assert np.isnan(load(path, allow_nonfinite=True).vectors[0, 0])

    @pytest.mark.parametrize("metadata", [b"{", b"[1]"])
    def test_damaged_metadata(self, tmp_path, metadata):
        content = pa.table({"word": ["a"], "vector": [[1.0]]})
        pq.write_table(content.replace_schema_metadata({"w2v_fast": metadata}), tmp_path / "v")
        with pytest.raises(FormatError, match="metadata are"):
            load(tmp_path / "v")


class TestDamage:
    def test_a_cut_is_an_error(self, tmp_path):
        save(vectors("a", "b"), tmp_path / "v.parquet")
        data = (tmp_path / "v.parquet").read_bytes()
        for end in range(0, len(data), 9):
            (tmp_path / "v.parquet").write_bytes(data[:end])
            with pytest.raises(FormatError):
                load(tmp_path / "v.parquet")

    def test_a_small_file_that_claims_much_takes_no_memory(self, tmp_path, monkeypatch):
        monkeypatch.setattr(parquet, "MAX_UNPACKED", 1 << 20)
        numbers, ends = pa.nulls(1_000_000, pa.float32()), np.arange(0, 1_000_001, 10)
        lists = pa.ListArray.from_arrays(ends.astype(np.int32), numbers)
        path = table(tmp_path / "v.parquet", word=pa.nulls(len(lists), pa.string()), vector=lists)
        assert path.stat().st_size < 10_000
        with at_most(1), pytest.raises(FormatError, match="unpacks to more than 100 times"):
            load(path)

    def test_a_word_in_a_text_file_may_look_like_the_magic(self, tmp_path):
        (tmp_path / "v.txt").write_text("PAR1 1 2\nb 3 4\n")
        assert load(tmp_path / "v.txt").index_to_key == ["PAR1", "b"]
