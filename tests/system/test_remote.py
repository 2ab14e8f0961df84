"""Remote files are read and written like local ones, and never half written."""

from __future__ import annotations

import gzip
import sys
import uuid

import numpy as np
import pytest

from w2v_fast.cli.main import main
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.system import files
from w2v_fast.vectors.keyed_vectors import KeyedVectors

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def store():
    """The URL of an empty folder in memory."""
    return f"memory://{uuid.uuid4().hex}"


def content(url):
    with fsspec.open(url, "rb") as file:
        return file.read()


def names(url):
    file_system, path = fsspec.core.url_to_fs(url)
    return sorted(name.rsplit("/", 1)[1] for name in file_system.find(path))


def test_a_file_is_there_when_it_is_complete(store):
    with files.atomic_write(f"{store}/a.txt") as file:
        file.write(b"the cat")
        assert names(store) == []
    assert content(f"{store}/a.txt") == b"the cat"

    def stopped():
        with files.atomic_write(f"{store}/a.txt") as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert content(f"{store}/a.txt") == b"the cat"
    assert names(store) == ["a.txt"]


def test_packed(store):
    with files.atomic_write(f"{store}/a.txt.gz") as file:
        file.write(b"the cat")
    assert gzip.decompress(content(f"{store}/a.txt.gz")) == b"the cat"


def test_vectors_and_vocabularies(store):
    kv = KeyedVectors(["a", "b"], np.eye(2, dtype=np.float32), [2, 1])
    for name in ("v.bin", "v.txt.gz"):
        kv.save(f"{store}/{name}")
        assert np.array_equal(KeyedVectors.load(f"{store}/{name}").vectors, kv.vectors)
    kv.save(f"{store}/w.bin", fvocab=f"{store}/w.vocab")
    assert content(f"{store}/w.vocab") == b"a 2\nb 1\n"
    with pytest.raises(FileExistsError, match="native format is a folder"):
        kv.save(f"{store}/native", format="safetensors")


def test_a_corpus_of_several_files(store):
    for number in range(3):
        with files.atomic_write(f"{store}/{number}.txt") as file:
            file.write(b"word%d\n" % number)
    corpus = Corpus.from_source(f"{store}/*.txt", min_count=1)
    assert corpus.vocabulary.words == ["word0", "word1", "word2"]
    with pytest.raises(FileNotFoundError, match=r"no file matches .*\*\.csv"):
        Corpus.from_source(f"{store}/*.csv")
    with pytest.raises(OSError, match=f"cannot read {store}/absent"):
        Corpus.from_source(f"{store}/absent")


def test_the_command(store):
    with files.atomic_write(f"{store}/text") as file:
        file.write(b"the cat sat\n" * 9)
    text, vectors, words = (f"{store}/{name}" for name in ("text", "v.bin", "words"))
    options = ["--vector-size", "4", "--workers", "1", "--quiet", "--save-vocab", words]
    assert main(["train", text, "-o", vectors, *options]) == 0
    assert len(KeyedVectors.load(vectors)) == 3
    assert names(store) == ["text", "v.bin", "words"]


def test_a_saved_corpus(store):
    corpus = Corpus.from_source([["a", "b"], ["b"]], min_count=1)
    corpus.save(f"{store}/corpus")
    assert Corpus.open(f"{store}/corpus").ids.tolist() == corpus.ids.tolist()
    command = ["train", f"{store}/corpus", "-o", f"{store}/v.bin", "--vector-size", "4"]
    assert main([*command, "--workers", "1", "--quiet"]) == 0
    with files.atomic_write(f"{store}/cut") as file:
        file.write(content(f"{store}/corpus")[:-9])
    with pytest.raises(ValueError, match=f"{store}/cut is cut or damaged"):
        Corpus.open(f"{store}/cut")


@pytest.mark.parametrize(
    ("url", "error", "message"),
    [
        ("nothing://a/b", OSError, "Protocol not known: nothing"),
        ("https://localhost/v.bin", PermissionError, "a web server takes no files"),
    ],
)
def test_wrong_targets(url, error, message):
    for check in (files.check_target, files.check_writable):
        with pytest.raises(error, match=message):
            check(url)
    with pytest.raises(error, match=message), files.atomic_write(url):
        pass


def test_errors_of_the_store_name_the_file(store, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("access denied")

    file_system, _ = fsspec.core.url_to_fs(store)
    monkeypatch.setattr(type(file_system), "put_file", fail)
    monkeypatch.setattr(type(file_system), "pipe_file", fail)
    with pytest.raises(OSError, match=f"cannot write {store}/a: access denied"):
        files.check_writable(f"{store}/a")
    with (
        pytest.raises(OSError, match=f"cannot write {store}/a: access denied"),
        files.atomic_write(f"{store}/a") as file,
    ):
        file.write(b"x")
    assert names(store) == []


def test_without_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    for use in (files.check_target, files.open_raw):
        with pytest.raises(ImportError, match=r"pip install 'w2v_fast\[remote\]'"):
            use("memory://a")
