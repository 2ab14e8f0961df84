"""One fuzz target for each reader: bytes in; a result, or an error that says what is wrong."""

import contextlib
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tests.fuzz.limits import ALLOWED, check
from w2v_fast.vectors import evaluation
from w2v_fast.vectors.formats import load
from w2v_fast.vectors.keyed_vectors import KeyedVectors
from w2v_fast.vectors.vocabulary_file import read_counts

VARIANTS: list[dict] = [
    {},
    {"strict": False, "on_truncated": "keep", "allow_nonfinite": True},
    {"limit": 1},
]


def check_vectors(read: Callable[[], Any], size: int) -> None:
    """Vectors read from a file of `size` bytes are consistent."""

    def read_and_use() -> None:
        kv = read()
        assert len(kv.index_to_key) == len(set(kv.index_to_key)) == len(kv.vectors)
        np.asarray(kv.vectors).sum()

    check(read_and_use, size)


def read_stream(format: str | None, folder: Path, data: bytes) -> None:
    """A file in one of the stream formats, or of unknown format (None)."""
    path = folder / "v.bin"
    path.write_bytes(data)
    for options in VARIANTS if format else [{}, {"limit": 1}]:
        check_vectors(partial(load, path, format=format, **options), len(data))


def read_part(format: str, name: str, folder: Path, data: bytes) -> None:
    """A format of several files, one of them damaged, the others as `prepare` wrote them."""
    (folder / format / name).unlink(missing_ok=True)  # a map of the old one may be open
    (folder / format / name).write_bytes(data)
    path = folder / format / "v.npy" if format == "npy" else folder / format
    for options in [
        {"mmap": False},
        {"limit": 1},
        *([] if format == "npy" else [{"verify": True}]),
    ]:
        check_vectors(partial(load, path, format=format, **options), len(data))


TARGETS: dict[str, Callable[[Path, bytes], None]] = {
    "sniffed": partial(read_stream, None),
    "word2vec_binary": partial(read_stream, "word2vec_binary"),
    "word2vec_text": partial(read_stream, "word2vec_text"),
    "glove": partial(read_stream, "glove"),
}


def read_text_file(read: Callable[[Path], object], folder: Path, data: bytes) -> None:
    """A small text file beside vectors: word pairs, analogy questions, counts."""
    path = folder / "file"
    path.write_bytes(data)
    with warnings.catch_warnings(), contextlib.suppress(*ALLOWED):
        warnings.simplefilter("ignore")
        try:
            read(path)
        except ALLOWED as error:
            assert len(str(error)) < 1000, "a message is a line, not a file"  # noqa: PT017
            raise


def counts_of(path: Path) -> object:
    with path.open("rb") as file:
        return read_counts(file, path)


TARGETS |= {
    "pairs": partial(read_text_file, evaluation.read_pairs),
    "analogies": partial(read_text_file, evaluation.read_analogies),
    "counts": partial(read_text_file, counts_of),
}
PARTS = [
    ("safetensors", "model.safetensors"),
    ("safetensors", "words.safetensors"),
    ("safetensors", "config.json"),
    ("npy", "v.npy"),
    ("npy", "v.words.txt"),
]
TARGETS |= {f"{format}/{name}": partial(read_part, format, name) for format, name in PARTS}


def prepare(folder: Path) -> None:
    """Write a valid model in each format of several files."""
    kv = KeyedVectors(
        ["a", "b\u00e9", "c"], np.arange(6, dtype=np.float32).reshape(3, 2) / 8, np.array([3, 2, 1])
    )
    (folder / "npy").mkdir()
    kv.save(folder / "npy" / "v.npy")
    kv.save(folder / "safetensors")
