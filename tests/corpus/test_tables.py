"""One column of a table gives the same corpus, whatever holds the table."""

from __future__ import annotations

import gzip
import itertools
import json
import sys
import warnings
import zlib

import numpy as np
import pytest

from tests.corpus import oracle
from w2v_fast import train
from w2v_fast.cli.main import main
from w2v_fast.corpus.corpus import Corpus

pa = pytest.importorskip("pyarrow")
pytest.importorskip("narwhals")
feather = pytest.importorskip("pyarrow.feather")
parquet = pytest.importorskip("pyarrow.parquet")

TEXTS = ["the cat sat", "on\nthe mat", "", "ma\u00f1ana", "a word of\t" + "x" * 40] * 9
IDS = list(range(len(TEXTS)))
EXPECTED = oracle.encode([text.encode().split() for text in TEXTS if text])
TOKENS = oracle.encode([[word.encode() for word in text.split(" ")] for text in TEXTS])
TABLE = pa.table({"id": IDS, "text": TEXTS, "tokens": [text.split(" ") for text in TEXTS]})


def read(source, column=None, **options):
    options = {"min_count": 1, "block_bytes": 50, "workers": 2, **options}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return oracle.contents(Corpus.from_source(source, column=column, **options))


def tables():
    """Every kind of table in memory, each made when it is asked for."""
    yield "pyarrow.Table", lambda: TABLE
    yield "pyarrow.RecordBatch", lambda: TABLE.to_batches()[0]
    yield "pyarrow.RecordBatchReader", lambda: TABLE.to_reader(max_chunksize=7)
    yield "parts", lambda: iter(TABLE.to_batches(max_chunksize=7))
    yield "pandas", lambda: pytest.importorskip("pandas").DataFrame(TABLE.to_pandas())
    yield ("pandas objects", lambda: TABLE.to_pandas().astype({"text": object}))
    yield "pandas parts", lambda: (part for _, part in TABLE.to_pandas().groupby(lambda i: i // 4))
    yield "polars", lambda: pytest.importorskip("polars").DataFrame(TABLE)
    yield "polars lazy", lambda: pytest.importorskip("polars").DataFrame(TABLE).lazy()
    yield "duckdb", lambda: pytest.importorskip("duckdb").from_arrow(TABLE)
    yield "datasets", lambda: dataset()
    yield "datasets, streaming", lambda: dataset().to_iterable_dataset()
    yield "datasets, mapped", lambda: dataset().to_iterable_dataset().map(lambda row: row)
    yield "rows", lambda: TABLE.to_pylist()


def dataset():
    return pytest.importorskip("datasets").Dataset(TABLE)


@pytest.mark.parametrize("make", dict(tables()).values(), ids=dict(tables()))
def test_tables(make):
    assert read(make(), "text") == EXPECTED
    assert read(make(), "tokens") == TOKENS
    with pytest.raises(ValueError, match=r"has no column 'body'; it has 'id', 'text', 'tokens'"):
        read(make(), "body")
    with pytest.raises(TypeError, match=r"holds int64|of type int"):
        read(make(), "id")
    if not isinstance(make(), list):
        with pytest.raises(TypeError, match=r"columns 'id', 'text', 'tokens'; .*column='text'"):
            read(make())


def columns():
    yield "pyarrow.ChunkedArray", lambda: pa.chunked_array([TEXTS[:7], TEXTS[7:]])
    yield "pyarrow.Array", lambda: pa.array(TEXTS)
    yield "a slice", lambda: pa.array(["no", *TEXTS, "no"])[1:-1]
    yield "large", lambda: pa.array(TEXTS, pa.large_string())
    yield "view", lambda: pa.array(TEXTS, pa.string_view())
    yield "dictionary", lambda: pa.array(TEXTS).dictionary_encode()
    yield "pandas", lambda: pytest.importorskip("pandas").Series(TEXTS)
    yield "pandas objects", lambda: pytest.importorskip("pandas").Series(TEXTS, dtype=object)
    yield "pandas categories", lambda: TABLE.to_pandas()["text"].astype("category")
    yield "polars", lambda: pytest.importorskip("polars").Series("text", TEXTS)


@pytest.mark.parametrize("make", dict(columns()).values(), ids=dict(columns()))
def test_columns(make):
    assert read(make()) == EXPECTED
    assert read(make(), block_bytes=1 << 20) == EXPECTED
    assert train(make(), vector_size=4, min_count=1, epochs=1, workers=1).index_to_key


@pytest.mark.parametrize("type", ["list_", "large_list", "list_view", "fixed"])
def test_lists_of_every_type(type):
    lists = [[1, 2], [2, 3], [5, 2]] * 5
    kind = pa.list_(pa.int16(), 2) if type == "fixed" else getattr(pa, type)(pa.uint64())
    expected = oracle.encode([[b"%d" % id for id in ids] for ids in lists])
    assert read(pa.array([[7, 7], *lists], kind)[1:]) == expected
    words = [["New York", ""], ["a\nb", "x" * 50]] * 5
    kind = pa.list_(pa.string(), 2) if type == "fixed" else getattr(pa, type)(pa.string())
    expected = oracle.encode([[word.encode() for word in sentence] for sentence in words])
    assert read(pa.array([["no", "no"], *words], kind)[1:]) == expected


def test_empty_lists_and_tables():
    expected = oracle.encode([[b"1"], [b"2", b"3"]])
    assert read(pa.array([[], [1], [], [], [2, 3], []])) == expected
    for source in (pa.array([], pa.string()), pa.array([[]], pa.list_(pa.string())), TABLE[:0]):
        with pytest.raises(ValueError, match="the corpus is empty"):
            read(source, "text" if isinstance(source, pa.Table) else None)


def test_cells_that_are_null_are_left_out_and_said():
    cells = [None, *TEXTS, None]
    for source in (pa.array(cells), TABLE.to_pandas()["text"].reindex(range(-1, len(TEXTS) + 1))):
        with pytest.warns(RuntimeWarning, match="left out 2 without text"):
            assert oracle.contents(Corpus.from_source(source, min_count=1)) == EXPECTED


@pytest.mark.parametrize(
    ("source", "column", "message"),
    [
        (pa.array([1.5]), None, "the column holds double; expected text, or lists"),
        (pa.array([b"x"]), None, "holds binary"),
        (pa.array([[1.5]]), None, "holds list<"),
        (pa.array([["a", None]]), None, "lists with missing tokens"),
        (pa.array([[1, None]]), None, "lists with missing tokens"),
        (pa.array(["a"]), "text", "is a column: leave out column='text'"),
        (iter([pa.table({"a": ["x"]}), pa.table({"a": [["x"]]})]), "a", "of different types"),
    ],
)
def test_wrong_cells(source, column, message):
    with pytest.raises(TypeError, match=message):
        read(source, column)


def test_mixed_types_of_a_frame():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"text": ["a", 5]}, dtype=object)
    with pytest.raises(TypeError, match="column 'text' has cells of several types"):
        read(frame, "text")
    with pytest.raises(TypeError, match="sentence 2 is of type int"):
        read(frame["text"])


def test_a_tokenizer_needs_text():
    with pytest.raises(TypeError, match="leave out the tokenizer"):
        read(TABLE, "tokens", tokenizer=Upper())
    assert read(TABLE, "text", tokenizer=Upper())["words"][0] == b"THE"


class Upper:
    name = "upper"

    def __call__(self, text):
        return text.upper()

    def summary(self):
        return ""


# -- files


def write_csv(path, delimiter=","):
    import csv

    with open(path, "w", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerows([["id", "text"], *zip(IDS, TEXTS, strict=True)])


def write_lines(path):
    rows = TABLE.to_pylist()
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


WRITERS = {
    "table.parquet": lambda path: parquet.write_table(TABLE, path, row_group_size=7),
    "table.pq": lambda path: parquet.write_table(TABLE, path, compression="zstd"),
    "table.feather": lambda path: feather.write_feather(TABLE, path),
    "table.arrow": lambda path: write_stream(path),
    "table.csv": write_csv,
    "semicolons.csv": lambda path: write_csv(path, ";"),
    "table.tsv": lambda path: write_csv(path, "\t"),
    "table.jsonl": write_lines,
    "table.json": write_lines,
    "table.ndjson": write_lines,
}


def write_stream(path):
    with pa.ipc.new_stream(path, TABLE.schema) as stream:
        stream.write_table(TABLE, max_chunksize=7)


@pytest.mark.parametrize("name", WRITERS)
def test_files(tmp_path, name):
    path = tmp_path / name
    WRITERS[name](path)
    assert read(path, "text") == EXPECTED
    assert read([path, str(path)], "text")["raw_tokens"] == 2 * EXPECTED["raw_tokens"]
    with pytest.raises(ValueError, match=r"table\.|semicolons.*has no column 'body'; it has 'id'"):
        read(path, "body")
    is_csv = name.endswith(("csv", "tsv"))
    if not is_csv:
        assert read(path, "tokens") == TOKENS
    with pytest.raises(TypeError, match=f"column 'id' holds {'double' if is_csv else 'int64'}"):
        read(path, "id")


def test_numbers_among_the_text_of_csv_are_words(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("text,n\n7,1\n7 8,2\n,3\n9,4\n")
    assert read(path, "text")["raw_tokens"] == 4
    path.write_text("text,n\n,1\n")
    with pytest.raises(ValueError, match="has no tokens"):
        read(path, "text")


@pytest.mark.parametrize("name", ["table.csv", "table.jsonl"])
def test_a_table_without_a_column_names_the_one_to_read(tmp_path, name):
    WRITERS[name](tmp_path / name)
    with pytest.raises(
        ValueError, match=r"is not text but .*; read its column: column='text', --column text"
    ):
        read(tmp_path / name, None)


@pytest.mark.parametrize("name", ["table.csv", "table.jsonl"])
def test_packed_files(tmp_path, name):
    WRITERS[name](tmp_path / name)
    packed = tmp_path / f"{name}.gz"
    packed.write_bytes(gzip.compress((tmp_path / name).read_bytes()))
    assert read(packed, "text") == EXPECTED


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress])
def test_damaged_packed_files(tmp_path, compress):
    data = bytearray(
        compress(b"id,text\n" + b"".join(b"%d,x%d\n" % (i, i**5) for i in range(9999)))
    )
    (tmp_path / "cut.csv.gz").write_bytes(data[:-99])
    with pytest.raises(ValueError, match=r"cut\.csv\.gz (is damaged, or not|has no column)"):
        read(tmp_path / "cut.csv.gz", "text")


def test_globs_and_folders(tmp_path):
    for number, part in enumerate(np.array_split(TEXTS, 3)):
        parquet.write_table(pa.table({"text": part}), tmp_path / f"{number}.parquet")
    assert read(tmp_path, "text") == read(tmp_path) == EXPECTED
    assert read(f"{tmp_path}/*.parquet", "text") == EXPECTED
    (tmp_path / "README.txt").write_text("no table")
    with pytest.raises(TypeError, match=r"README\.txt is a text file by its name"):
        read(tmp_path, "text")


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("x.parquet", b"the cat sat on the mat", "damaged, or not what its suffix .parquet says"),
        ("x.parquet", b"", "damaged, or not"),
        ("x.feather", b"the cat sat on the mat", "damaged, or not"),
        ("x.jsonl", b"the cat\n", r"x\.jsonl:1 is no line of JSON"),
        ("x.jsonl", b'["the cat"]\n', r"x\.jsonl:1 is .*; expected an object"),
        ("x.jsonl", b'{"text": "a"}\n{"text": 5}\n', "damaged, or not .*text"),
        ("x.csv", b"the cat\n", "has no column 'text'; it has 'the cat'"),
        ("x.csv", b"id,text\n1\n", "damaged, or not .*Expected 2 columns"),
        ("x.csv", b"id,text\n1,\xff\n", "damaged, or not .*UTF8"),
        ("x.csv", b"", "has no column 'text'"),
    ],
)
def test_damaged_files(tmp_path, name, data, message):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ValueError, match=message):
        read(tmp_path / name, "text")


@pytest.mark.parametrize("name", ["table.parquet", "table.feather", "table.arrow"])
def test_files_that_were_cut(tmp_path, name):
    WRITERS[name](tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    for end in (len(whole) // 3, len(whole) // 2, len(whole) - 9):
        (tmp_path / name).write_bytes(whole[:end])
        with pytest.raises(ValueError, match="damaged, or not"):
            read(tmp_path / name, "text")


def test_remote_tables(tmp_path):
    fsspec = pytest.importorskip("fsspec")
    for name in ("table.parquet", "table.feather", "table.csv", "table.jsonl"):
        WRITERS[name](tmp_path / name)
        with fsspec.open(f"memory://tables/{name}", "wb") as file:
            file.write((tmp_path / name).read_bytes())
        assert read(f"memory://tables/{name}", "text") == EXPECTED
    assert read("memory://tables/*.parquet", "text") == EXPECTED


def test_the_command(tmp_path, capfd):
    WRITERS["table.parquet"](tmp_path / "table.parquet")
    source, output = str(tmp_path / "table.parquet"), str(tmp_path / "corpus")
    assert main(["encode", source, "--column", "text", "--min-count", "1", "-o", output]) == 0
    assert oracle.contents(Corpus.open(output)) == EXPECTED
    assert main(["vocab", source, "--column", "body"]) == 1
    assert "has no column 'body'; it has 'id', 'text', 'tokens'" in capfd.readouterr().err
    assert main(["vocab", output, "--column", "text"]) == 2


def test_memory_does_not_grow_with_a_stream(tmp_path):
    """Ids beyond the budget go to a file, and batches are read one at a time."""
    import tracemalloc

    text = " ".join(f"w{number % 1000}" for number in range(1000))
    batches = itertools.repeat(pa.record_batch({"text": [text] * 20}), 200)
    reader = pa.RecordBatchReader.from_batches(pa.schema([("text", pa.string())]), batches)
    pool = pa.default_memory_pool()
    before = pool.bytes_allocated()
    tracemalloc.start()
    corpus = Corpus.from_source(reader, column="text", memory_budget=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(corpus) == 4_000_000
    assert peak < 16 << 20  # the text has 19 MB, the ids 16
    assert pool.bytes_allocated() <= before + (1 << 20)


def test_without_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"pip install 'w2v_fast\[tables\]'"):
        read(TABLE, "text")


def test_a_dict_of_datasets_is_refused_with_a_way_out():
    splits = pytest.importorskip("datasets").DatasetDict({"train": dataset()})
    with pytest.raises(
        TypeError, match=r"a DatasetDict with the keys 'train'; .*: data\['train'\]$"
    ):
        read(splits, "text")


def test_columns_named_by_numbers():
    frame = pytest.importorskip("pandas").DataFrame({0: IDS, 1: TEXTS})
    assert read(frame, 1) == EXPECTED
    with pytest.raises(ValueError, match="has no column 'text'; it has 0, 1"):
        read(frame, "text")


def test_phrases_of_a_column(tmp_path):
    WRITERS["table.parquet"](tmp_path / "table.parquet")
    output = tmp_path / "text"
    options = ["--column", "text", "-threshold", "9999", "-debug", "0", "-output", str(output)]
    assert main(["phrases", "-train", str(tmp_path / "table.parquet"), *options]) == 0
    assert read(output) == EXPECTED
