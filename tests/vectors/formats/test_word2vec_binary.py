import contextlib
import sys
import warnings
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vectors.formats import assert_same, at_most, tables, vectors
from w2v_fast.vectors.formats import FormatError, load, save, word2vec_binary


def record(word, numbers, end=b"\n", order="<"):
    return word + b" " + np.asarray(numbers, f"{order}f4").tobytes() + end


@pytest.fixture
def path(tmp_path):
    return tmp_path / "v.bin"


def put(path, *parts):
    path.write_bytes(b"".join(parts))
    return path


def test_bytes_are_those_of_word2vec_c(path):
    kv = vectors("a", "é", size=2)
    save(kv, path)
    assert path.read_bytes() == b"2 2\n" + record(b"a", kv.vectors[0]) + record(
        "é".encode(), kv.vectors[1]
    )


@pytest.mark.parametrize("end", [b"\n", b""])
@pytest.mark.parametrize("header", [b"2 3\n", b"2 3 \r\n", b" 2\t3\n"])
def test_reads_records_with_and_without_line_ends(path, header, end):
    kv = vectors("apple", "banana")
    assert b"\n" in kv.vectors.tobytes()
    assert b" " in kv.vectors.tobytes()
    put(
        path,
        header,
        *(
            record(key.encode(), row, end)
            for key, row in zip(kv.index_to_key, kv.vectors, strict=True)
        ),
    )
    assert_same(load(path), kv)


def test_big_endian(path):
    put(path, b"1 3\n", record(b"a", [0.5, -1, 2], order=">"))
    assert load(path, byteorder="big").vectors.tolist() == [[0.5, -1, 2]]
    with pytest.warns(UserWarning, match="byteorder='big'"):
        load(path)


@given(table=tables(), block=st.integers(1, 40))
def test_any_table_through_any_block_size(tmp_path_factory, table, block):
    path = tmp_path_factory.mktemp("binary") / "v.bin"
    save(table, path)
    with mock.patch.object(word2vec_binary, "BLOCK", block), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_same(load(path, format="word2vec_binary"), table)


@pytest.mark.parametrize("block", [5, 1 << 20])
def test_every_cut_is_an_error_or_keeps_whole_rows(path, monkeypatch, block):
    monkeypatch.setattr(word2vec_binary, "BLOCK", block)
    kv = vectors("a", "bc", "d")
    save(kv, path)
    whole = path.read_bytes()
    start = len(b"3 3\n")
    ends = [start + sum(len(key) + 14 for key in kv.index_to_key[:rows]) for rows in range(4)]
    for cut in range(start, len(whole) - 1):
        put(path, whole[:cut])
        with pytest.raises(FormatError) as error:
            load(path, format="word2vec_binary")
        assert error.value.expected is not None
        assert error.value.found is not None
        assert error.value.row == next(row for row in range(3) if ends[row + 1] - 1 > cut)
        with pytest.warns(UserWarning, match="rows"):
            kept = load(path, format="word2vec_binary", on_truncated="keep")
        assert kept.index_to_key == kv.index_to_key[: error.value.row]
    put(path, whole[:-1])
    assert_same(load(path), kv)


def test_a_cut_inside_a_compressed_file(path):
    import gzip

    kv = vectors(*(f"word{i}" for i in range(2000)), size=10)
    save(kv, path)
    packed = gzip.compress(path.read_bytes())
    put(path, packed[: len(packed) // 2])
    with pytest.raises(FormatError, match="Compressed file ended"):
        load(path)
    with pytest.warns(UserWarning, match="rows are kept"):
        kept = load(path, on_truncated="keep")
    assert 100 < len(kept) < 2000
    assert (kept.vectors == kv.vectors[: len(kept)]).all()
    put(path, packed[:-4])
    with pytest.raises(FormatError, match="cut or damaged"):
        load(path)
    assert_same(load(path, on_truncated="keep"), kv)


def test_header_that_disagrees(path):
    rows = [record(b"a", [1, 2]), record(b"b", [3, 4])]
    for count in (1, 3):
        put(path, b"%d 2\n" % count, *rows)
        with pytest.raises(FormatError):
            load(path)
        with pytest.warns(UserWarning, match=f"says {count} rows, the file has 2"):
            assert load(path, strict=False).vectors.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    "header",
    [
        b"-1 2\n",
        b"2 -1\n",
        b"2 0\n",
        b"0 0\n",
        b"1 99999999999\n",
        b"1\n",
        b"",
        b"a b\n",
        b"1" * 5000 + b" 2\n",
    ],
)
def test_impossible_headers(path, header):
    put(path, header, record(b"a", [1, 2]))
    with pytest.raises(FormatError):
        load(path, format="word2vec_binary")


@pytest.mark.parametrize(
    "header", [b"2000000000 300\n", b"5000000 300\n", b"1 2000000000\n", b"9" * 40 + b" 1\n"]
)
@pytest.mark.parametrize("packed", [False, True])
def test_huge_headers_take_no_memory(path, header, packed):
    import gzip

    data = header + record(b"a", [1, 2])
    put(path, gzip.compress(data) if packed else data)
    for options in ({}, {"strict": False}, {"on_truncated": "keep"}):
        with at_most(32), warnings.catch_warnings(), contextlib.suppress(FormatError):
            warnings.simplefilter("ignore")
            load(path, format="word2vec_binary", **options)


def test_no_words_is_a_valid_file(path):
    save(vectors(size=4), path)
    assert path.read_bytes() == b"0 4\n"
    assert load(path).vectors.shape == (0, 4)


def test_limit(path):
    kv = vectors("a", "b", "c")
    save(kv, path)
    assert load(path, limit=None).index_to_key == ["a", "b", "c"]
    assert load(path, limit=0).vectors.shape == (0, 3)
    assert load(path, limit=2).index_to_key == ["a", "b"]
    assert load(path, limit=99).index_to_key == ["a", "b", "c"]
    put(path, path.read_bytes()[:-5])
    assert load(path, limit=2).index_to_key == ["a", "b"]
    with pytest.raises(FormatError):
        load(path, limit=3)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite(path, number):
    put(path, b"2 2\n", record(b"a", [1, 2]), record(b"b", [3, number]))
    with pytest.raises(FormatError, match="not finite") as error:
        load(path)
    assert (error.value.row, error.value.offset) == (1, len(b"2 2\n") + 11 + 2 + 4)
    kv = load(path, allow_nonfinite=True)
    assert np.array_equal(kv.vectors[1], np.float32([3, number]), equal_nan=True)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="'b' is not finite"):
        save(kv, path)
    assert path.read_bytes() == before
    save(kv, path, allow_nonfinite=True)
    assert path.read_bytes() == before


def test_words_without_an_end(path):
    put(path, b"1 2\n", b"x" * 200_000, b" ", b"\0" * 8)
    with pytest.raises(FormatError, match="a space within"):
        load(path, format="word2vec_binary", strict=False)


def test_an_empty_word_is_read(path):
    put(path, b"2 1\n", record(b"", [1]), record(b"a", [2]))
    assert load(path).index_to_key == ["", "a"]


def test_float16_and_strided_vectors(path):
    kv = vectors("a", "b", size=4)
    kv.vectors = kv.vectors[:, ::2]
    save(kv, path)
    assert_same(load(path), kv)
    kv.vectors = kv.vectors.astype(np.float16)
    save(kv, path)
    assert_same(load(path), kv)


def test_byteorder_of_the_machine_does_not_matter(path):
    put(path, b"1 1\n", record(b"a", [1.5]))
    with (
        mock.patch.object(sys, "byteorder", "big"),
        warnings.catch_warnings(),
    ):  # as a big-endian machine would do
        warnings.simplefilter("ignore")
        swapped = load(path, allow_nonfinite=True)
    assert swapped.vectors.byteswap().tolist() == [[1.5]]


@pytest.mark.parametrize("block", [16, 1 << 22])
@pytest.mark.parametrize("limit", [None, 2])
def test_several_line_ends_before_a_word_are_passed_over(tmp_path, monkeypatch, block, limit):
    monkeypatch.setattr(word2vec_binary, "BLOCK", block)
    record = np.array([1, 2], "<f4").tobytes()
    path = tmp_path / "v.bin"
    path.write_bytes(
        b"3 2\n"
        + b"".join(
            lf + word + b" " + record
            for lf, word in ((b"", b"a"), (b"\n\n", b"b"), (b"\n" * 40, b"c"))
        )
        + b"\n" * 50
    )
    assert load(path, limit=limit).index_to_key == ["a", "b", "c"][:limit]
    path.write_bytes(path.read_bytes() + b"d")
    if limit is None:
        with pytest.raises(FormatError, match="disagree"):
            load(path)


def test_line_ends_without_end_take_no_memory(tmp_path):
    path = tmp_path / "v.bin"
    path.write_bytes(b"2 2\na " + bytes(8) + b"\n" * (40 << 20))
    with at_most(24), pytest.raises(FormatError, match="disagree"):
        load(path, format="word2vec_binary")
