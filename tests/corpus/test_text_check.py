"""What is no text is refused with a way to its text; text that looks like it is read."""

from __future__ import annotations

import bz2
import codecs
import csv
import gzip
import io
import json
import lzma
import pickle
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.phrases import FrozenPhrases
from w2v_fast.corpus.text_check import HEAD_BYTES, check_is_text
from w2v_fast.corpus.vocabulary import Vocabulary

SENTENCES = [f"the cat number {number} sat on a mat, and slept" for number in range(400)]
TEXT = "\n".join(SENTENCES).encode()


def tar(format: int) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=format) as archive:
        member = tarfile.TarInfo("a/text.txt")
        member.size = len(TEXT)
        archive.addfile(member, io.BytesIO(TEXT))
    return file.getvalue()


def old_tar() -> bytes:
    """As before POSIX: nothing but the checksum of the header tells it."""
    data = bytearray(tar(tarfile.USTAR_FORMAT))
    data[257:512] = bytes(255)
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    return bytes(data)


def zipped(name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:  # stored, so that there are few control characters
        archive.writestr(name, TEXT)
    return file.getvalue()


def table(delimiter: str, header: list[str] | None, rows: list[list[object]]) -> bytes:
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows([*([header] if header else []), *rows])
    return file.getvalue().encode()


def sqlite(tmp_path) -> bytes:
    path = tmp_path / "database"
    with sqlite3.connect(path) as connection:
        connection.execute("create table documents (text)")
        connection.executemany(
            "insert into documents values (?)", [[sentence] for sentence in SENTENCES]
        )
    return path.read_bytes()


def saved(write) -> bytes:
    file = io.BytesIO()
    write(file)
    return file.getvalue()


ROWS = [[number, sentence] for number, sentence in enumerate(SENTENCES, 1)]
RECORDS = [{"id": number, "text": sentence} for number, sentence in ROWS]
NOT_TEXT = {
    "tar": (tar(tarfile.GNU_FORMAT), "tar archive; .*tar -xOf"),
    "old tar": (old_tar(), "tar archive"),
    "ustar": (tar(tarfile.USTAR_FORMAT), "tar archive"),
    "pax": (tar(tarfile.PAX_FORMAT), "tar archive"),
    "zip": (zipped("text.txt"), "zip archive; .*unzip -p"),
    "docx": (zipped("word/document.xml"), "Office document"),
    "xlsx": (zipped("[Content_Types].xml"), "Office document"),
    "npz": (saved(lambda file: np.savez(file, ids=np.arange(5))), r"arrays; .*numpy\.load"),
    "7z": (b"7z\xbc\xaf\x27\x1c" + TEXT, "7z archive"),
    "rar": (b"Rar!\x1a\x07\x01\0" + TEXT, "rar archive"),
    "cpio": (b"070701" + b"0" * 104 + TEXT, "cpio archive"),
    "lz4": (b"\x04\x22\x4d\x18" + TEXT, "lz4 -dc"),
    "gzip twice": (gzip.compress(TEXT), "compressed twice"),
    "bzip2 twice": (bz2.compress(TEXT), "compressed twice"),
    "pdf": (b"%PDF-1.7\n" + TEXT, "PDF document; .*pdftotext"),
    "postscript": (b"%!PS-Adobe-3.0\n" + TEXT, "ps2ascii"),
    "rtf": (b"{\\rtf1\\ansi " + TEXT, "RTF"),
    "doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + TEXT, "old Office document"),
    "parquet": (b"PAR1\x15\x04" + TEXT, r"Parquet table; .*pandas\.read_parquet"),
    "arrow": (b"ARROW1\0\0" + TEXT, "Arrow"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + TEXT, "HDF5"),
    "npy": (
        saved(lambda file: np.save(file, np.arange(3))),
        r"numpy array; .*w2v_fast\.train\(numpy\.load",
    ),
    "pickle": (pickle.dumps(SENTENCES), "pickle"),
    "old pickle": (pickle.dumps(SENTENCES, 0), "pickle"),
    "safetensors": (
        (80).to_bytes(8, "little") + b'{"vectors":{"dtype":"F32"}}' + TEXT,
        "safetensors",
    ),
    "elf": (b"\x7fELF\x02\x01\x01" + TEXT, "program"),
    "png": (b"\x89PNG\r\n\x1a\n" + TEXT, "picture"),
    "jsonl": (
        "\n".join(map(json.dumps, RECORDS)).encode(),
        r"JSON lines; .*jq -r '\.\[\"text\"\]'",
    ),
    "python dicts": ("\n".join(map(str, RECORDS)).encode(), "JSON"),
    "json arrays": (
        "\n".join(json.dumps(sentence.split()) for sentence in SENTENCES).encode(),
        "JSON; .*json.loads",
    ),
    "json": (json.dumps(RECORDS, indent=2).encode(), "JSON"),
    "json on one line": (json.dumps(RECORDS * 20).encode(), "JSON"),
    "json object": (json.dumps({"documents": SENTENCES}, indent=1).encode(), "JSON"),
    "long jsonl": (json.dumps({"text": "word " * HEAD_BYTES}).encode(), "JSON"),
    "csv": (table(",", ["id", "text"], ROWS), r"a table; .*row\['text'\].* csv\.DictReader"),
    "csv of pandas": (
        table(",", ["", "label", "review"], [[n, "good", text] for n, text in ROWS]),
        "a table",
    ),
    "csv of two lines": (b'id,text\n1,"a b c"\n', "a table"),
    "csv of one word": (
        table(",", ["text", "label"], [["good", "pos"], ["bad", "neg"]]),
        "a table",
    ),
    "csv without a header": (table(",", None, ROWS), r"a table; .*row\[1\]"),
    "csv with line breaks": (
        table(",", ["title", "body"], [["x", f"{t}\n{t}"] for t in SENTENCES]),
        "a table",
    ),
    "csv of points and semicolons": (
        table(";", ["Text", "Wert"], [[t, "1"] for t in SENTENCES]),
        "a table",
    ),
    "tsv": (
        table("\t", ["label", "sentence"], [["en", text] for text in SENTENCES]),
        r"a table; .*delimiter='\\t'",
    ),
    "numbered lines": (table("\t", None, ROWS), "a table"),
    "tsv of scores without a header": (
        table("\t", None, [[n * 7 % 31, t] for n, t in ROWS]),
        "a table",
    ),
    "json strings": ("\n".join(map(json.dumps, SENTENCES)).encode(), r"JSON lines; .*jq -r \. "),
    "json array of texts": (json.dumps(SENTENCES).encode(), r"JSON; .*jq -r '\.\. \| strings'"),
    "html after a comment": (b"<!-- a -->\n<!-- b --><html>" + TEXT, "HTML document"),
    "html": (b"\n<!DOCTYPE html>\n<html>" + TEXT, "HTML document"),
    "xml": (b'<?xml version="1.0"?><doc>' + TEXT, "XML document"),
    "mediawiki": (b"<mediawiki xmlns=''>" + TEXT, "XML document"),
    "warc": (b"WARC/1.0\r\nWARC-Type: warcinfo\r\n" + TEXT, "WARC"),
    "sql": (b"-- MySQL dump 10.13\n" + TEXT, "dump of a database"),
    "sql without comments": (
        b"CREATE TABLE texts (id int, text varchar);\n" + TEXT,
        "dump of a database",
    ),
    "sql of rows": (b"insert into texts values (1, 'the cat');\n" + TEXT, "dump of a database"),
    "lmdb": (bytes(16) + b"\xde\xc0\xef\xbe" + TEXT, "LMDB"),
    "tfrecords": (b"\x10\x01" + bytes(6) + b"crc." + TEXT, "TFRecords"),
    "binary vectors": (
        b"400 3\nthe " + np.ones(3, np.float32).tobytes() + b"\n" + TEXT,
        "binary file of word vectors",
    ),
    "vectors": (
        b"400 6\n" + b"".join(b"w%d" % i + b" 0.25" * 6 + b"\n" for i in range(400)),
        "word vectors",
    ),
}


@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("kind", NOT_TEXT)
def test_what_is_no_text_is_refused(tmp_path, kind, compress):
    data, message = NOT_TEXT[kind]
    if compress is bytes and "twice" in kind:
        return
    path = tmp_path / "corpus.txt"
    path.write_bytes(compress(data))
    with pytest.raises(ValueError, match=message) as caught:
        Corpus.from_source([path], min_count=1, block_bytes=7)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 500


def test_databases_and_saved_corpora_are_refused(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_bytes(sqlite(tmp_path))
    with pytest.raises(ValueError, match=r"SQLite database; .*sqlite3 "):
        Corpus.from_source(path)
    Corpus.from_source([["a", "b"]], min_count=1).save(path)
    with pytest.raises(ValueError, match=r"saved corpus; .*Corpus\.open"):
        Corpus.from_source(path)


def test_every_file_of_a_folder_is_looked_at(tmp_path):
    (tmp_path / "a.txt").write_bytes(TEXT)
    (tmp_path / "b.tar").write_bytes(NOT_TEXT["tar"][0])
    with pytest.raises(ValueError, match=r"b\.tar is not text but a tar archive"):
        Corpus.from_source(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["jsonl", "csv", "warc", "html"])
def test_the_same_on_standard_input(kind):
    script = "from w2v_fast.corpus.corpus import Corpus; Corpus.from_source('-', min_count=1)"
    run = subprocess.run(
        [sys.executable, "-c", script], input=NOT_TEXT[kind][0], capture_output=True
    )
    assert run.returncode == 1
    assert b"ValueError: - is not text but" in run.stderr


@pytest.mark.parametrize(
    "text",
    [
        "{ braces } begin this line\n{and this}\n",
        '{"a": 1}\nis what a line of JSON looks like, and this is prose\n',
        "[1]\n[2]\n[3]\n",
        '["Hello," he said]\n',
        '"Hello," she said.\n"Good bye," he said.\n',
        "[Music]\n[Applause]\n",
        "Hello, world\nGood bye, moon\nYes, sir\n",
        "Roses,Violets\nSugar,You\n",
        "Main Street, 12\nHigh Street, 14\nMill Lane, 3\n",
        "Go.\tGeh.\nHi\tHallo\nRun!\tLauf!\n",
        "Hi\tHallo du\nRun\tLauf los\n",
        "a\tb\tc\nd\te\tf\nthe\ttime\tof\n",
        "12\t5\t7\n3\t4\t5\n8\t8\t1\n",
        "1,000 men\n2,000 men\n3,000 men\n",
        "1. one\n2. two\n3. three\n",
        "# Title\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
        '<doc id="1" url="u">\nthe text of a page\n</doc>\n',
        "<3 hearts & <angles>\n",
        'def f(x):\n    return {"a": x}\n',
        "-- a comment\nselect\n",
        "Create table of contents (draft)\n",
        "Insert into the slot (left)\n",
        "yes,I know\nno,I do not\nwell,it is so\nor,what else\n",
        "<!-- a --> " * 500 + "prose\n",
        "1999 12\nwords \xe9 of text\n",
        "PARIS is a city\n",
        "PAREIDOLIA\n",
        "ORC raiders\n",
        "BM is a name\n",
        "RIFF raff\n",
        "MZ and so on\n",
        "GGUF is a format\n",
        "ID3 tags\n",
        "Obj a\n",
        "(less)\n",
        "cat\n",
        "070701 is a number\n",
        "7z is a tool\n",
        "BZh is not a word\n",
        "title: x\ndate: y\n---\ntext\n",
        "From me@example.org Thu\nSubject: hello\n\ntext\n",
        "b\x00y\x00 NUL as separator " * 3,
    ],
)
def test_text_that_looks_a_little_like_it_is_read(tmp_path, text):
    path = tmp_path / "text"
    path.write_text(text * 2)
    words = [word for word in text.replace("\0", " ").split() if word]
    assert Corpus.from_source(path, min_count=1).raw_tokens == 2 * len(words)


def test_every_stretch_of_a_long_text_passes():
    text = (Path(__file__).parents[2] / "LICENSE").read_bytes()
    for start in range(0, len(text), 17):
        check_is_text("x", text[text.find(b"\n", start) + 1 :], is_whole=True)


@pytest.mark.parametrize("text", ["ein Satz\n" * 50, "\u4e2d\u6587\u5b57\n" * 100])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_text_of_wide_characters_is_refused(tmp_path, encoding, text):
    path = tmp_path / "text"
    path.write_bytes(text.encode(encoding))
    with pytest.raises(
        ValueError, match=f"is text in {encoding.upper()}; .*iconv -f {encoding.upper()} -t UTF-8"
    ):
        Corpus.from_source(path, min_count=1)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_ascii_without_a_mark_is_refused(tmp_path, encoding):
    path = tmp_path / "text"
    path.write_bytes(("ein Satz\n" * 50).encode(encoding))
    with pytest.raises(ValueError, match="is text in UTF-16 or UTF-32"):
        Corpus.from_source(path, min_count=1)


@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("block_bytes", [1, 2, 3, 1 << 20])
def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path, compress, block_bytes):
    for number in range(2):
        (tmp_path / f"{number}.txt").write_bytes(compress(codecs.BOM_UTF8 + b"the cat\nthe dog"))
    for source in (
        tmp_path / "0.txt",
        tmp_path,
        str(tmp_path / "*.txt"),
        [tmp_path / "0.txt", tmp_path / "1.txt"],
    ):
        corpus = Corpus.from_source(source, min_count=1, block_bytes=block_bytes)
        assert corpus.vocabulary.words == ["the", "cat", "dog"]
    (tmp_path / "empty").write_bytes(codecs.BOM_UTF8)
    with pytest.raises(ValueError, match="empty"):
        Corpus.from_source(tmp_path / "empty")


@pytest.mark.slow
def test_a_byte_order_mark_on_standard_input():
    script = (
        "from w2v_fast.corpus.corpus import Corpus; "
        "print(Corpus.from_source('-', min_count=1).vocabulary.words)"
    )
    output = subprocess.check_output(
        [sys.executable, "-c", script], input=codecs.BOM_UTF8 + b"the cat"
    )
    assert output.strip() == b"['the', 'cat']"


def test_a_byte_order_mark_in_front_of_a_remote_text():
    fsspec = pytest.importorskip("fsspec")
    with fsspec.open("memory://marked.txt", "wb") as file:
        file.write(codecs.BOM_UTF8 + b"the cat")
    assert Corpus.from_source("memory://marked.txt", min_count=1).vocabulary.words == ["the", "cat"]


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_a_byte_order_mark_in_vocabularies_and_phrases(tmp_path, compress):
    path = tmp_path / "file"
    path.write_bytes(compress(codecs.BOM_UTF8 + b"the 3\ncat 2\n"))
    assert Vocabulary.load(path).words == ["the", "cat"]
    FrozenPhrases({("a", "b"): 1.5}).save(path)
    path.write_bytes(compress(codecs.BOM_UTF8 + path.read_bytes()))
    assert FrozenPhrases.load(path).phrases == {("a", "b"): 1.5}


@pytest.mark.parametrize("load", [Vocabulary.load, FrozenPhrases.load])
@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("the 3\ncat 2\n".encode("utf-16"), "UTF-16"),
        (NOT_TEXT["tar"][0], "tar archive"),
        (NOT_TEXT["zip"][0], "zip archive"),
        (NOT_TEXT["npy"][0], "numpy array"),
    ],
)
def test_vocabularies_and_phrases_that_are_no_text(tmp_path, load, data, message):
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=message):
        load(path)


@pytest.mark.parametrize("load", [Vocabulary.load, FrozenPhrases.load])
def test_a_line_of_any_length_takes_little_memory_and_a_short_message(tmp_path, load):
    path = tmp_path / "file"
    with open(path, "wb") as file:
        file.truncate(5 << 30)  # takes no room on the disk
    with pytest.raises((ValueError, OSError)) as caught:
        load(path)
    assert len(str(caught.value)) < 500
    path.write_bytes(b"x" * 1_000_000 + b" 1\n" + b"x" * 1_000_000 + b" 1\n")
    with pytest.raises(ValueError, match=r"line 1|line 2") as caught:
        load(path)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ("".join(json.dumps({"id": n, "text": t}) + "\n" for n, t in ROWS).encode(), "shell"),
        ("\n".join(map(json.dumps, SENTENCES)).encode(), "shell"),
        (table(",", ["id", "text"], ROWS), "python"),
        ("".join(json.dumps(t.split()) + "\n" for t in SENTENCES).encode(), "python"),
    ],
)
@pytest.mark.parametrize(
    ("tool", "compress"),
    [("", bytes), ("gzip", gzip.compress), ("bzip2", bz2.compress), ("xz", lzma.compress)],
)
def test_the_remedy_for_a_packed_file_unpacks_it(tmp_path, data, kind, tool, compress):
    path = tmp_path / "a name.packed"
    path.write_bytes(compress(data))
    with pytest.raises(ValueError, match="is not text but") as caught:
        Corpus.from_source(path)
    remedy = str(caught.value).split(": ", 1)[1]
    if kind == "python":
        sentences = remedy.removeprefix("w2v_fast.train(").removesuffix(")")
        names = {"csv": csv, "json": json, "gzip": gzip, "bz2": bz2, "lzma": lzma}
        assert len(list(eval(f"({sentences})", names))) == len(SENTENCES)
        return
    command = remedy.removesuffix(" | w2v-fast train -")
    if not shutil.which("jq") or (tool and not shutil.which(tool)):
        assert command.startswith(f"{tool} -dc '" if tool else "jq -r ")
        return
    output = subprocess.check_output(command, shell=True, text=True)
    assert output.splitlines() == SENTENCES


def test_a_document_that_is_packed_is_unpacked_first(tmp_path):
    path = tmp_path / "{x}.pdf.gz"
    path.write_bytes(gzip.compress(b"%PDF-1.4" + TEXT))
    with pytest.raises(ValueError, match=r"gzip -dc '\S+' > unpacked\), then .*pdftotext unpacked"):
        Corpus.from_source(path)


@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("block_bytes", [1, 2, 3, 1 << 20])
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_byte_order_marks_where_texts_are_joined(tmp_path, compress, block_bytes, end):
    part = codecs.BOM_UTF8 + b"the cat" + end
    (tmp_path / "inside").write_bytes(compress(part * 3))
    (tmp_path / "members").write_bytes(compress(part) * 3)
    for name in ("inside", "members"):
        corpus = Corpus.from_source(tmp_path / name, min_count=1, block_bytes=block_bytes)
        assert corpus.vocabulary.words == ["the", "cat"]
        assert corpus.ids.tolist() == [0, ~1] * 3


def test_what_resembles_a_byte_order_mark_stays(tmp_path):
    words = ["\uff0c\uffff", "a\ufefe", "\ufeff"[:0] + "\udcef", "\udcef\udcbb"]
    path = tmp_path / "text"
    path.write_bytes(" ".join(words).encode("utf-8", "surrogateescape"))
    assert Corpus.from_source(path, min_count=1).vocabulary.words == words
