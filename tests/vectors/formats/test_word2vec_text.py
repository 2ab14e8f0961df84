import contextlib
import gzip
import time
import warnings
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vectors.formats import assert_same, at_most, tables, vectors
from w2v_fast.vectors.formats import FormatError, load, save, word2vec_text


@pytest.fixture
def path(tmp_path):
    return tmp_path / "v.txt"


def put(path, text):
    path.write_bytes(text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text)
    return path


def rows(kv):
    return dict(zip(kv.index_to_key, kv.vectors.tolist(), strict=True))


def test_bytes(path):
    kv = vectors("a", "é", size=3)
    kv.vectors = np.float32([[1, -0.5, 1e-7], [0.1, 3.4028235e38, 1.1754944e-38]])
    save(kv, path)
    assert path.read_bytes() == "2 3\na 1 -0.5 1e-07\né 0.1 3.4028235e+38 1.1754944e-38\n".encode()


@pytest.mark.parametrize(
    "text",
    [
        "2 2\na 1 2\nb 3 4\n",
        "2 2\na 1 2 \nb 3 4 \n",
        "2 2 \r\na 1 2\r\nb 3 4\r\n",
        "2\t2\na\t1\t2\nb\t3\t4\n",
        "2 2\na 1  2\nb\t3 4\t \n",
        "2 2\na 1 2\nb 3 4",
        "2 2\n\na 1 2\n\nb 3 4\n\n",
        "\ufeff2 2\na 1 2\nb 3 4\n",
        "2 2\na 1.0 +2e0\nb 3. .4e1\n",
        "a 1 2\nb 3 4\n",
        "a\t1\t2\nb\t3\t4",
    ],
)
def test_variants_seen_in_the_wild(path, text):
    assert rows(load(put(path, text))) == {"a": [1, 2], "b": [3, 4]}


@pytest.mark.parametrize(
    "word",
    [
        ". . .",
        "at name@domain.com",
        "New\tYork",
        "\xa0",
        "\x85",
        "\u3000",
        "nan",
        "-",
        "\udcff",
        "a\x00b",
        "a\rb",
        "7",
    ],
)
def test_a_row_is_split_from_the_right(path, word):
    assert rows(load(put(path, f"2 2\nb 3 4\n{word} 1 2\n"), format="word2vec_text")) == {
        "b": [3, 4],
        word: [1, 2],
    }


@pytest.mark.parametrize(
    "row",
    [
        "look  1  2",
        "look\t \t1\t2",
        "  look 1 2",
        "\tlook 1 2 ",
        " look   1      2\t",
        "look 1 2\r",
    ],
)
@pytest.mark.parametrize("word", ["look", "New York", "7"])
def test_padding_is_no_part_of_a_word(path, row, word):
    text = f"2 2\nb 3 4\n{row.replace('look', word)}\n"
    assert rows(load(put(path, text))) == {"b": [3, 4], word: [1, 2]}
    assert rows(load(put(path, text.partition("\n")[2]), format="glove")) == {
        "b": [3, 4],
        word: [1, 2],
    }


@pytest.mark.parametrize(
    "row", ["b 3 1 2", "b  3  1  2", "b 3 1 2 \r", "7 3 1 2", "b c 1e3 1 2", "b nan 1 2"]
)
def test_a_number_too_many_is_no_part_of_a_word_unless_asked_for(path, row):
    for format, head in (("word2vec_text", "2 2\n"), ("glove", "")):
        put(path, f"{head}a 3 4\n{row}\n")
        with pytest.raises(FormatError, match="a number too many") as error:
            load(path, format=format)
        assert (error.value.line, error.value.row) == (3 if head else 2, 1)
        kv = load(path, format=format, strict=False)
        assert kv.index_to_key[1].split()[0] == row.split()[0]
        assert kv.vectors[1].tolist() == [1, 2]


def test_a_number_too_few_is_an_error(path):
    for row in ("b 1", " b 1", "b", "New York 1"):
        with pytest.raises(FormatError, match=r"line 3.*expected"):
            load(put(path, f"2 2\na 3 4\n{row}\n"), format="word2vec_text")


def test_line_ends_of_old_macs_are_named(path):
    for text in ("a 1 2\rb 3 4\rc 5 6\r", "New York 1 2\rb 3 4\n"):
        with pytest.raises(FormatError, match="carriage return"):
            load(put(path, text), format="word2vec_text")


def test_an_empty_word_is_read(path):
    assert rows(load(put(path, "2 1\n 1\nb 3\n"))) == {"": [1], "b": [3]}


def test_header_or_row(path):
    put(path, "5 1\na 2\nb 3\n")
    with pytest.raises(FormatError, match="disagree"):
        load(path)
    assert rows(load(path, no_header=True)) == {"5": [1], "a": [2], "b": [3]}
    put(path, "7 1 2\na 3 4\n")
    assert rows(load(path)) == {"7": [1, 2], "a": [3, 4]}
    with pytest.raises(FormatError, match="no header"):
        load(path, no_header=False)
    put(path, "1 3\na 3 4\n")
    with pytest.raises(FormatError, match="no_header=True"):
        load(path)
    with pytest.warns(UserWarning, match="size 3"):
        assert rows(load(path, strict=False)) == {"a": [3, 4]}


@pytest.mark.parametrize("count", [1, 3])
def test_header_with_another_count(path, count):
    put(path, gzip.compress(f"{count} 2\na 1 2\nb 3 4\n".encode()))
    with pytest.raises(FormatError, match="disagree") as error:
        load(path)
    assert error.value.expected == f"{count} rows"
    with pytest.warns(UserWarning, match=f"says {count} rows, the file has 2"):
        assert rows(load(path, strict=False)) == {"a": [1, 2], "b": [3, 4]}


@given(table=tables(), block=st.integers(1, 60))
def test_any_table_through_any_block_size(tmp_path_factory, table, block):
    path = tmp_path_factory.mktemp("text") / "v.txt"
    save(table, path)
    with mock.patch.object(word2vec_text, "BLOCK", block):
        assert_same(load(path, format="word2vec_text", no_header=False), table)


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=50))
def test_every_float32_survives_as_the_shortest_decimal(tmp_path_factory, bits):
    numbers = np.array(bits, np.uint32).view(np.float32)
    numbers = numbers[np.isfinite(numbers)].reshape(-1, 1)
    path = tmp_path_factory.mktemp("numbers") / "v.txt"
    kv = vectors(*map(str, range(len(numbers))), size=1)
    kv.vectors = numbers
    save(kv, path)
    assert_same(load(path, no_header=False), kv)
    for line, number in zip(path.read_text().splitlines()[1:], numbers[:, 0], strict=True):
        decimal = line.split()[1]
        assert len(decimal) <= len(np.format_float_scientific(number, trim="-", exp_digits=2))


def test_numbers_of_other_tools(path):
    put(path, "1 8\na 1e-50 -1e-46 1e-40 1.00000000000000000000000001 000.5 16777217 0.1e1 -0\n")
    expected = [0, -1e-46, 1e-40, 1, 0.5, 16777217, 1, -0.0]
    assert load(path).vectors.tobytes() == np.float32([expected]).tobytes()


@pytest.mark.parametrize("bad", ["x", "1,5", "0x1p3", "1_0", "--1", "+-1", "1e", "7:0.5", "٣"])
def test_what_is_no_number_is_named(path, bad):
    put(path, f"2 2\na 1 2\nb {bad} 4\n")
    with pytest.raises(FormatError) as error:
        load(path)
    assert (error.value.line, error.value.row, error.value.found) == (3, 1, bad.encode())
    hint = {"1,5": "comma", "7:0.5": "sparse"}.get(bad, "not a row")
    assert hint in str(error.value)


def test_a_headerless_file_of_another_kind_is_named(path):
    for text, hint in [
        ("a 0,5 0,25\nb 1,5 2,5\n", "comma"),
        ("a 9:0.02 12:0.5\n", "sparse"),
        ("hello\n", "not a row"),
    ]:
        with pytest.raises(FormatError, match=hint):
            load(put(path, text))


@pytest.mark.parametrize("text", ["nan", "inf", "-Infinity", "1e39", "1e999"])
def test_numbers_that_are_not_finite(path, text):
    put(path, f"2 2\na 1 2\nb 3 {text}\n")
    with pytest.raises(FormatError) as error:
        load(path)
    assert error.value.line == 3
    if text != "1e999":
        assert not np.isfinite(load(path, allow_nonfinite=True).vectors[1, 1])


def test_short_rows_are_named(path):
    put(path, "3 2\na 1 2\nb 3\nc 4 5\n")
    for options in ({}, {"strict": False}, {"on_truncated": "keep"}):
        with pytest.raises(FormatError) as error:
            load(path, **options)
        assert (error.value.line, error.value.row) == (3, 1)


@pytest.mark.slow
@pytest.mark.parametrize("block", [5, 1 << 20])
def test_every_cut_is_an_error_or_keeps_whole_rows(path, monkeypatch, block):
    monkeypatch.setattr(word2vec_text, "BLOCK", block)
    kv = vectors("a", "bc", "d")
    save(kv, path)
    whole = path.read_bytes()
    line_ends = [at for at, byte in enumerate(whole) if byte == 10]
    for cut in range(line_ends[0] + 1, line_ends[-1]):
        put(path, whole[:cut])
        complete = sum(end < cut for end in line_ends) - 1
        try:
            got = load(path, format="word2vec_text")
        except FormatError as error:
            assert error.found is not None  # noqa: PT017
        else:  # the cut fell inside the very last number
            assert cut > whole.rindex(b" ") + 1
            assert len(got) == 3
            continue
        with pytest.warns(UserWarning, match="rows"):
            kept = load(path, format="word2vec_text", on_truncated="keep")
        assert kept.index_to_key == kv.index_to_key[:complete]


def test_an_unfinished_line_of_a_cut_file_is_left_out_unless_it_is_blank(path):
    for text, kept in [
        ("3 1\na 1\nb 2", ["a"]),
        ("3 1\na 1\nb 2\n", ["a", "b"]),
        ("3 1\na 1\nb 2\n \t\r", ["a", "b"]),
        ("3 1\n\r", []),
    ]:
        with pytest.warns(UserWarning, match="rows"):
            assert load(put(path, text), on_truncated="keep").index_to_key == kept


@pytest.mark.parametrize(
    "header", ["2000000000 300", "5000000 300", "1 2000000000", "9" * 40 + " 1"]
)
@pytest.mark.parametrize("packed", [False, True])
def test_huge_headers_take_no_memory(path, header, packed):
    data = f"{header}\na 1 2\n".encode()
    put(path, gzip.compress(data) if packed else data)
    for options in ({}, {"strict": False}, {"on_truncated": "keep"}):
        with at_most(32), warnings.catch_warnings(), contextlib.suppress(FormatError):
            warnings.simplefilter("ignore")
            load(path, format="word2vec_text", **options)


@pytest.mark.parametrize("header", ["-1 2", "2 -1", "2 0", "0 0"])
def test_impossible_headers(path, header):
    with pytest.raises(FormatError, match="impossible"):
        load(put(path, f"{header}\na 1 2\n"))


def test_no_words_is_a_valid_file(path):
    save(vectors(size=4), path)
    assert load(path).vectors.shape == (0, 4)


def test_limit(path):
    put(path, "3 1\na 1\nb 2\nc x\n")
    assert load(path, limit=0).vectors.shape == (0, 1)
    assert load(path, limit=2).index_to_key == ["a", "b"]
    with pytest.raises(FormatError):
        load(path, limit=3)


def test_a_line_without_end_takes_bounded_memory(path, monkeypatch):
    monkeypatch.setattr(word2vec_text, "MAX_LINE", 1 << 20)
    put(path, gzip.compress(b"1 2\n" + b"a" * (64 << 20)))
    with at_most(48), pytest.raises(FormatError, match="a line end within"):
        load(path, format="word2vec_text")


def test_many_rows_through_threads(path):
    kv = vectors(*(f"w{i}" for i in range(30_000)), size=25)
    save(kv, path)
    assert_same(load(path), kv)
    put(path, path.read_bytes().replace(b"\nw29000 ", b"\nw29000 x", 1))
    with pytest.raises(FormatError) as error:
        load(path)
    assert (error.value.line, error.value.row) == (29_002, 29_000)


class TestGlove:
    def test_has_no_header(self, path):
        kv = vectors("the", ". . .", "at home")
        save(kv, path, format="glove")
        assert path.read_bytes().startswith(b"the ")
        assert_same(load(path), kv)
        assert_same(load(path, format="glove"), kv)

    @pytest.mark.parametrize("word", ["at 10", "at nan", " the", "at ", " "])
    def test_a_word_that_would_not_be_read_back_is_refused(self, path, word):
        for words in ([word, "cat"], ["cat", word]):
            with pytest.raises(ValueError, match=repr(word)):
                save(vectors(*words), path, format="glove")
        assert not path.exists()

    def test_a_first_word_that_starts_with_a_byte_order_mark_is_refused(self, path):
        with pytest.raises(ValueError, match="byte order mark"):
            save(vectors("\ufeffat", "the"), path, format="glove")
        assert not path.exists()
        save(vectors("the", "\ufeffat"), path, format="glove")
        assert load(path, format="glove").index_to_key == ["the", "\ufeffat"]

    @given(table=tables("\t\n\r\v\f\0"))
    def test_any_table(self, tmp_path_factory, table):
        path = tmp_path_factory.mktemp("glove") / "v.txt"
        try:
            save(table, path, format="glove")
        except ValueError as error:
            assert any(  # noqa: PT017
                reason in str(error)
                for reason in ("ends in a number", "byte order mark", "begins or ends with a space")
            )
            return
        if len(table):
            assert_same(load(path, format="glove"), table)


@pytest.mark.parametrize(
    "field",
    [
        "1" * 60_000 + "x",
        "." + "1" * 60_000 + "e",
        "1e" + "1" * 60_000 + "x",
        "1" * 30_000 + "." * 30_000,
    ],
)
def test_a_field_of_digits_is_looked_at_in_linear_time(path, field):
    start = time.process_time()
    for text in (field, f"a {field}", f"2 2\na {field}\n", f"2 2\na 1 2\nb {field} 1\n"):
        with pytest.raises(FormatError):
            load(put(path, text))
    assert time.process_time() - start < 5


class TestNoVectors:
    """Files without a header whose rows are all alike, but are not words with vectors."""

    @pytest.mark.parametrize(
        ("content", "kind"),
        [
            ("0.1 0.2 0.3\n0.4 0.5 0.6\n", "table of numbers"),
            ("  1.0e+00  2.0e+00\n -3.0e+00  4.0e+00\n", "table of numbers"),
            ("196\t242\t3\t881250949\r\n186\t302\t3\t891717742\r\n", "table of numbers"),
            ("1 2 3\n", "table of numbers"),
            ("nan 2 3\n4 inf 6", "table of numbers"),
            ("the 1061396\nof 593677\n", "counts or scores"),
            ("tiger\tcat\t7.35\nbook\tpaper\t7.46\n", "counts or scores"),
            ("Chapter 1\n\nChapter 2\n", "counts or scores"),
            ("2026-11-26 19:25 took 3 1.5\n2026-11-26 19:26 took 4 2.5\n", "text or another table"),
            ("\ufeffroom A 12 40\nroom B 13 50\n", "text or another table"),
        ],
    )
    @pytest.mark.filterwarnings("ignore:.*come more than once")
    def test_are_refused_unless_asked_for(self, path, content, kind):
        for format in (None, "word2vec_text"):
            with pytest.raises(FormatError, match=f"looks like .*{kind}") as error:
                load(put(path, content), format=format)
            assert error.value.line == 1
            assert "no_header=True" in str(error.value)
        for options in ({"no_header": True}, {"format": "glove"}):
            kv = load(path, strict=False, allow_nonfinite=True, **options)
            assert len(kv) + kv.repeated_words == len(
                [line for line in content.splitlines() if line.strip()]
            )

    @pytest.mark.parametrize(
        "content",
        [
            "It was the best of times,\nit was the worst of times,\n",
            "Chapter 1\nIt was the best of times\n",
            "a,1,2\nb,3,4\n",
            "the 12 times 3\nof 4\n",
            '{"word": "a", "vector": [1, 2]}\n',
            "the DET\ncat NOUN\n",
            "a" * 79 + "\n" + "b" * 79 + "\n",
        ],
    )
    def test_text_ends_in_an_error_of_a_line(self, path, content):
        with pytest.raises(FormatError) as error:
            load(put(path, content))
        assert error.value.line in (1, 2)

    def test_vectors_are_read(self, path):
        for content in (
            "a 1 2\nb 3 4\n",
            "7 1 2\nb 3 4\n",
            "New York 1 2\nb 3 4\n",
            "a 1 2",
            "the 0.1 0.2\n" + "1 0.3 0.4\n",
        ):
            assert load(put(path, content)).vector_size == 2

    def test_the_packed_and_the_large_are_seen_too(self, path):
        rows = "".join(f"{i} {i / 7:.6f} {i / 3:.6f}\n" for i in range(20_000))
        path.write_bytes(gzip.compress(rows.encode()))
        with at_most(16), pytest.raises(FormatError, match="table of numbers"):
            load(path)
