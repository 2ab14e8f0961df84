"""Files for other programs: .npy with words, Embedding Projector, spaCy."""

import csv
import os

import numpy as np
import pytest
from hypothesis import given

from tests.vectors.formats import assert_same, at_most, tables, vectors
from w2v_fast.vectors.formats import FormatError, load, save
from w2v_fast.vectors.formats.spacy import NOT_UTF8

NO_TABS = "\t\n\r\v\f\0"


class TestNpy:
    @given(table=tables(NO_TABS, counts=True))
    def test_any_table(self, tmp_path_factory, table):
        path = tmp_path_factory.mktemp("npy") / "v.npy"
        if len(table) and table.index_to_key[0].startswith("\ufeff"):
            with pytest.raises(ValueError, match="byte order mark"):
                save(table, path)
            return
        save(table, path)
        assert np.load(path).tobytes() == table.vectors.tobytes()
        if len(table):
            got = load(path)
            assert_same(got, table)
            assert (got.counts == table.counts).all()

    def test_words_file(self, tmp_path):
        save(vectors("a", "b c"), tmp_path / "v.npy")
        assert (tmp_path / "v.words.txt").read_text() == "a\nb c\n"
        assert isinstance(load(tmp_path / "v.npy").vectors, np.memmap)
        assert not isinstance(load(tmp_path / "v.npy", mmap=False).vectors, np.memmap)
        assert len(load(tmp_path / "v.npy", limit=1)) == 1
        (tmp_path / "v.words.txt").write_text("a\n")
        with pytest.raises(FormatError, match="disagree"):
            load(tmp_path / "v.npy")
        (tmp_path / "v.words.txt").write_text("a\na\n")
        with pytest.raises(FormatError, match="comes again"):
            load(tmp_path / "v.npy")
        (tmp_path / "v.words.txt").unlink()
        with pytest.raises(FormatError, match=r"v\.words\.txt, one a line"):
            load(tmp_path / "v.npy")

    def test_hostile_files_take_no_memory(self, tmp_path):
        save(vectors("a", "b"), tmp_path / "v.npy")
        os.truncate(tmp_path / "v.words.txt", 5 << 30)
        with at_most(16), pytest.raises(FormatError, match="far more than the words"):
            load(tmp_path / "v.npy")
        (tmp_path / "v.words.txt").write_bytes(b"\xef\xbb\xbfa\r\nb\r\n")
        assert load(tmp_path / "v.npy").index_to_key == ["a", "b"]
        (tmp_path / "v.npy").write_bytes(b"\x93NUMPY\x02\x00\xff\xff\xff\xff")
        os.truncate(tmp_path / "v.npy", 5 << 30)
        with at_most(16), pytest.raises(FormatError, match="not a readable"):
            load(tmp_path / "v.npy")

    @pytest.mark.parametrize(
        "array", [np.ones(3), np.ones((1, 2, 3)), np.array([["a"]]), np.ones((1, 1), complex)]
    )
    def test_other_arrays(self, tmp_path, array):
        np.save(tmp_path / "v.npy", array)
        (tmp_path / "v.words.txt").write_text("a\n")
        with pytest.raises(FormatError, match="not a matrix"):
            load(tmp_path / "v.npy")

    @pytest.mark.parametrize("dtype", ["<f8", ">f4", "<i2", "<f2"])
    def test_other_types(self, tmp_path, dtype):
        np.save(tmp_path / "v.npy", np.array([[1.5, 2], [3, 4]]).astype(dtype))
        (tmp_path / "v.words.txt").write_text("a\nb\n")
        got = load(tmp_path / "v.npy").vectors
        assert got.dtype == (np.float16 if dtype == "<f2" else np.float32)
        assert got[1].tolist() == [3, 4]


class TestProjector:
    def read(self, path):
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
            return list(
                csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE, lineterminator="\n")
            )

    def test_words_alone_have_no_header(self, tmp_path):
        kv = vectors("a", "b c")
        save(kv, tmp_path / "v.tsv")
        assert self.read(tmp_path / "v_metadata.tsv") == [["a"], ["b c"]]
        numbers = np.array(self.read(tmp_path / "v_tensor.tsv"), np.float32)
        assert numbers.tobytes() == kv.vectors.tobytes()

    def test_two_columns_have_a_header(self, tmp_path):
        save(vectors("a", "b", "c", counts=[5, 3, 2]), tmp_path / "v.tsv", limit=2)
        assert self.read(tmp_path / "v_metadata.tsv") == [["word", "count"], ["a", "5"], ["b", "3"]]
        assert len(self.read(tmp_path / "v_tensor.tsv")) == 2

    @given(table=tables(NO_TABS))
    def test_any_table_has_as_many_lines_in_both(self, tmp_path_factory, table):
        folder = tmp_path_factory.mktemp("projector")
        save(table, folder / "v.tsv")
        words = (folder / "v_metadata.tsv").read_bytes().split(b"\n")[:-1]
        assert [word.decode("utf-8", "surrogateescape") for word in words] == table.index_to_key
        lines = (folder / "v_tensor.tsv").read_text().split("\n")[:-1]
        numbers = np.array([line.split("\t") for line in lines], np.float32).reshape(
            table.vectors.shape
        )
        assert numbers.tobytes() == table.vectors.tobytes()

    def test_the_export_is_not_read_as_words(self, tmp_path):
        save(vectors("a", "b"), tmp_path / "v.tsv")
        with pytest.raises(FormatError, match="load what it was made from"):
            load(tmp_path / "v_tensor.tsv")


def trimmed(table):
    return all(word.strip(" ") == word for word in table.index_to_key)


def ends_in_a_number(word):
    """A reader that looks for numbers cannot tell the end of such a word from the first number."""
    try:
        float(word.rpartition(" ")[2])
    except ValueError:
        return False
    return " " in word


class TestSpacy:
    def test_a_word_with_a_space_at_an_end_is_refused(self, tmp_path):
        with pytest.raises(ValueError, match="' b'"):
            save(vectors("a", " b"), tmp_path / "v.txt", format="spacy")

    @pytest.mark.slow
    @given(table=tables(NO_TABS + NOT_UTF8).filter(trimmed))
    def test_as_spacy_reads_it(self, tmp_path_factory, table):
        path = tmp_path_factory.mktemp("spacy") / "v.txt"
        save(table, path, format="spacy")
        with open(path, encoding="utf-8") as file:
            rows, size = map(int, next(file).split())
            lines = [line.rstrip().rsplit(" ", size) for line in file]
        assert (rows, size) == table.vectors.shape
        assert [line[0] for line in lines] == table.index_to_key
        numbers = np.array([line[1:] for line in lines], np.float32).reshape(rows, size)
        assert numbers.tobytes() == table.vectors.tobytes()
        if not any(ends_in_a_number(word) for word in table.index_to_key):
            assert_same(load(path, no_header=False, format="word2vec_text"), table)
