"""One column of rows: dicts, tuples, named tuples, records, database cursors."""

from __future__ import annotations

import sqlite3
from collections import namedtuple

import numpy as np
import pytest

from tests.corpus import oracle
from w2v_fast.corpus.corpus import Corpus

TEXTS = ["the cat sat", "the\ndog", "", "on a mat\u00f1"]
EXPECTED = oracle.encode([text.encode().split() for text in TEXTS if text])


def read(rows, column, **options):
    return oracle.contents(Corpus.from_source(rows, column=column, min_count=1, **options))


def test_rows_of_every_kind():
    row = namedtuple("row", "id text")
    assert read([{"id": 1, "text": text} for text in TEXTS], "text") == EXPECTED
    assert read(((1, text) for text in TEXTS), 1) == EXPECTED
    assert read(((1, text) for text in TEXTS), -1) == EXPECTED
    assert read((row(1, text) for text in TEXTS), "text") == EXPECTED
    records = np.array([(1, text) for text in TEXTS], [("id", "i4"), ("text", "U20")])
    assert read(iter(records), "text") == EXPECTED


@pytest.mark.parametrize("factory", [None, sqlite3.Row])
def test_a_database_cursor(factory):
    with sqlite3.connect(":memory:") as connection:
        connection.row_factory = factory
        connection.execute("create table documents (id integer, text text)")
        connection.executemany("insert into documents values (?, ?)", enumerate(TEXTS))
        query = "select id, text from documents order by id"
        assert read(connection.execute(query), "text") == EXPECTED
        if factory is None:
            assert read(connection.execute(query), 1) == EXPECTED
        with pytest.raises(ValueError, match="row 1 has no column 'body'; it has 'id', 'text'"):
            read(connection.execute(query), "body")


def test_cells_that_are_lists():
    assert read([{"words": text.split()} for text in TEXTS], "words") == EXPECTED
    items = oracle.encode([[b"3", b"1"], [b"1"]])
    assert read([{"items": [3, 1]}, {"items": np.array([1])}], "items") == items


def test_missing_cells_are_left_out_and_said():
    rows = [{"text": text} for text in [None, *TEXTS, float("nan")]]
    with pytest.warns(RuntimeWarning, match=r"the rows: left out 2 without text"):
        assert read(rows, "text") == EXPECTED


@pytest.mark.parametrize(
    ("rows", "column", "error", "message"),
    [
        ([{"a": "x"}, {"b": "x"}], "a", ValueError, "row 2 has no column 'a'; it has 'b'"),
        ([("x", "y")], 2, ValueError, "row 1 has no column 2; it has 0, 1"),
        ([("x", "y")], "a", TypeError, "row 1 has no names: give the position .* from 0 to 1"),
        (iter(["the cat"]), "a", TypeError, "row 1 is 'the cat' of type str, which has no columns"),
        ([{"a": 5}], "a", TypeError, "row 1 is of type int"),
        (
            [{"a": "x"}, {"a": ["y"]}],
            "a",
            TypeError,
            "row 2 holds str tokens, those before it text",
        ),
        ([{"a": ["x", 1]}], "a", TypeError, "row 1 holds tokens of type int, str"),
        ([{"a": "\ud800"}], "a", ValueError, r"row 1, .* is not valid text: surrogates"),
        ([], "a", ValueError, "empty"),
    ],
)
def test_wrong_rows(rows, column, error, message):
    with pytest.raises(error, match=message):
        read(rows, column)


def test_text_files_and_arrays_have_no_columns(tmp_path):
    (tmp_path / "text.txt").write_text("a b")
    with pytest.raises(
        TypeError, match=r"text\.txt is a text file by its name, which has no column"
    ):
        read(tmp_path / "text.txt", "text")
    with pytest.raises(TypeError, match="leave out column"):
        read(np.array([1, 2]), "text")
