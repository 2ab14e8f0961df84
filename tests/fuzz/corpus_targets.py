"""One fuzz target for each reader of texts, vocabularies, phrases, corpora and checkpoints.

A result or a clear error. The checksums of saved corpora and checkpoints are made right again in
every second case, so that what they guard is fuzzed too; what a saved corpus gives is trained on.
"""

import bz2
import codecs
import contextlib
import gzip
import hashlib
import lzma
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.corpus.oracle import contents, encode, split
from tests.fuzz.limits import check
from w2v_fast.config import TrainConfig
from w2v_fast.corpus._segments import segment
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.phrases import FrozenPhrases
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.system.files import MAGIC_LENGTH, compression_of, zstd_module
from w2v_fast.training.trainer import DivergenceError, Trainer
from w2v_fast.walks import node2vec
from w2v_fast.word2vec import Word2Vec

CHECKSUM = hashlib.sha256().digest_size
CONFIG = TrainConfig(vector_size=4, window=2, epochs=1, workers=1, min_count=1, sample=0)
IDS = np.array([0, 1, ~2, 0, ~1], np.int32)
VOCABULARY = Vocabulary(["a", "b\u00e9", "c"], [2, 2, 1])
TEXT = (
    "the cat sat \u00e9t\u00e9\r\nthe\tdog\0sat\n\nfour\x0bfive averylongwordofmanybytes".encode()
)


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd_module().compress,
}


def text(folder: Path, data: bytes) -> None:
    """A corpus of text is consistent; that of plain text equals the oracle's."""
    path = folder / "text"
    path.write_bytes(data)

    def read() -> None:
        for block_bytes in (1, 17, 1 << 16):
            corpus = Corpus.from_source(path, min_count=1, workers=2, block_bytes=block_bytes)
            holds(corpus)
            if compression_of(data[:MAGIC_LENGTH]) is None:
                assert contents(corpus) == encode(split(data.replace(codecs.BOM_UTF8, b"\n")))

    check(read, len(data))


def holds(corpus: Corpus) -> None:
    """All ids are in the vocabulary, and its counts are those of the ids."""
    ids = np.where(corpus.ids < 0, ~corpus.ids, corpus.ids)
    assert (
        np.bincount(ids, minlength=len(corpus.vocabulary)).tolist()
        == corpus.vocabulary.counts.tolist()
    )


def vocabulary(folder: Path, data: bytes) -> None:
    path = folder / "vocabulary"
    path.write_bytes(data)

    def read() -> None:
        loaded = Vocabulary.load(path)
        assert len(set(loaded.words)) == len(loaded.words) == len(loaded.counts) > 0
        loaded.keep_probabilities(1e-3)

    check(read, len(data))


def phrases(folder: Path, data: bytes) -> None:
    path = folder / "phrases"
    path.write_bytes(data)

    def read() -> None:
        loaded = FrozenPhrases.load(path)
        assert all(score == score for score in loaded.phrases.values())
        loaded.find_phrases([["a", "b", "c"]])

    check(read, len(data))


def saved_corpus(folder: Path, data: bytes) -> None:
    """A saved corpus, unchanged and with a corrected checksum; training on it ends."""
    for content in (data, checksummed(data)):
        path = folder / "corpus"
        path.unlink(missing_ok=True)
        path.write_bytes(content)

        def read(path: Path = path) -> None:
            with Corpus.open(path) as corpus:
                list(corpus.sentences())
                with contextlib.suppress(DivergenceError):
                    Word2Vec(corpus, CONFIG).train()

        check(read, len(data) + (4 << 20))


def checkpoint(folder: Path, data: bytes) -> None:
    """The only checkpoint in a folder, unchanged and with a corrected checksum; a run ends."""
    for content in (data, checksummed(data)):
        (folder / "run").mkdir(exist_ok=True)
        path = folder / "run" / "checkpoint-000000000000001.w2v"
        path.write_bytes(content)

        def read() -> None:
            trainer = Trainer(IDS, VOCABULARY, CONFIG)
            if trainer.resume(folder / "run"):
                with contextlib.suppress(DivergenceError):
                    trainer.train()

        check(read, len(data) + (4 << 20))


def checksummed(data: bytes) -> bytes:
    return data[:-CHECKSUM] + hashlib.sha256(data[:-CHECKSUM]).digest()


def words(folder: Path, data: bytes) -> None:
    """The words of any bytes are as many as it says, in the lines of the text, and UTF-8."""

    def read() -> None:
        found, count, _ = segment(data)
        found.decode()
        assert found.count(b"\n") == data.count(b"\n")
        assert len(found.split()) == count

    check(read, len(data))


def edges(folder: Path, data: bytes) -> None:
    """A list of edges gives a graph that can be walked through."""
    path = folder / "edges"
    path.write_bytes(data)
    check(lambda: node2vec(path, 0.5, 2, walks=1, length=4, workers=1), len(data))


TARGETS: dict[str, Callable[[Path, bytes], None]] = {
    "text": text,
    "words": words,
    "edges": edges,
    "vocabulary": vocabulary,
    "phrases": phrases,
    "saved_corpus": saved_corpus,
    "checkpoint": checkpoint,
}


def seeds() -> dict[str, list[bytes]]:
    """Valid files of each kind."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Corpus(IDS, VOCABULARY).save(folder / "corpus")
        FrozenPhrases({("a", "b\u00e9"): 1.5, ("b", "of", "c"): 0.25}, "\u2013", ["of"]).save(
            folder / "phrases"
        )
        trainer = Trainer(IDS, VOCABULARY, CONFIG)
        trainer.train(checkpoint=folder / "run")
        newest = next((folder / "run").iterdir())
        return {
            "text": [compress(TEXT) for compress in COMPRESSIONS.values()],
            "words": [TEXT, "L'\u00e9t\u00e9 3.14 \u039f\u03a3. \u05e6\u05d4\"\u05dc\n".encode()],
            "edges": [b"# c\na b 1\nb c 2.5\n", gzip.compress(b"1 2\n2 3\n")],
            "vocabulary": [
                b"the 5\ncat 3\nsat\t2\ntwo words 1\n",
                gzip.compress(b"a 2\nb\xff 1\n"),
            ],
            "phrases": [
                (folder / "phrases").read_bytes(),
                gzip.compress((folder / "phrases").read_bytes()),
            ],
            "saved_corpus": [(folder / "corpus").read_bytes()],
            "checkpoint": [newest.read_bytes()],
        }
