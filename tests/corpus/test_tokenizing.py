"""A tokenizer gets whole lines of text from files and from Python, whatever the blocks."""

from __future__ import annotations

import logging

import pytest

from tests.corpus import oracle
from w2v_fast.corpus import sources
from w2v_fast.corpus.corpus import Corpus

TEXT = "The cat, the dog!\nA rug; a mat.\n\nNo newline" * 30
EXPECTED = oracle.encode(
    oracle.split(TEXT.translate({ord(c): " " for c in ",!;."}).lower().encode())
)


class Lower:
    """A tokenizer that refuses lines that were cut."""

    name = "lower"

    def __init__(self):
        self.lines = 0

    def __call__(self, text: bytes) -> bytes:
        assert text.endswith(b"\n")
        self.lines += text.count(b"\n")
        return text.translate(bytes.maketrans(b",!;.", b"    ")).lower()

    def summary(self) -> str:
        return f"lower: {self.lines} lines"


def read(source, **options):
    return oracle.contents(
        Corpus.from_source(
            source, **{"min_count": 1, "workers": 2, "tokenizer": Lower(), **options}
        )
    )


@pytest.mark.parametrize("block_bytes", [1, 7, 100, 1 << 20])
def test_files_are_cut_at_lines(tmp_path, block_bytes):
    (tmp_path / "text").write_text(TEXT)
    assert read(tmp_path / "text", block_bytes=block_bytes) == EXPECTED


@pytest.mark.parametrize("block_bytes", [1, 100, 1 << 20])
def test_texts_of_an_iterable(block_bytes):
    assert read(iter(TEXT.split("\n")), block_bytes=block_bytes) == EXPECTED
    rows = ({"text": text} for text in TEXT.split("\n"))
    assert read(rows, column="text", block_bytes=block_bytes) == EXPECTED


def test_a_line_that_is_too_long_stays_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "MAX_LINE_BYTES", 64)
    text = "One, two; three. " * 40
    (tmp_path / "text").write_text(text)
    expected = oracle.encode(
        [text.lower().translate({ord(c): " " for c in ",;."}).encode().split()]
    )
    assert read(tmp_path / "text", block_bytes=8) == expected


def test_what_it_did_is_logged(caplog):
    with caplog.at_level(logging.INFO, "w2v_fast"):
        read(iter(["A b", "c"]))
    assert "lower: 2 lines" in caplog.messages


def test_white_space_is_a_tokenizer_of_texts():
    expected = oracle.encode([[b"a", b"b"], [b"b"]])
    assert read(iter(["a b", "", "b"]), tokenizer="whitespace") == expected


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        ([["a", "b"]], {}, "sentence 1 holds str tokens, which are cut already"),
        ([[1, 2]], {}, "sentence 1 holds integers, which are cut already"),
        (iter(["a", ["b"]]), {"tokenizer": "whitespace"}, "sentence 2 holds str tokens, .* text"),
        (iter(["a"]), {"tokenizer": None}, "sentence 1 is 'a' of type str"),
    ],
)
def test_wrong_sources(source, options, message):
    with pytest.raises(TypeError, match=message):
        read(source, **options)


def test_an_unknown_tokenizer():
    with pytest.raises(ValueError, match="tokenizer = 'nope' is unknown"):
        read(iter(["a"]), tokenizer="nope")
