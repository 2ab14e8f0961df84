"""The native format: a folder of safetensors and JSON that keeps all data and is memory-mapped.

    model.safetensors       embeddings [V + 1, d]; the last row is zero, for unknown words
    words.safetensors       vocabulary (bytes of all words, uint8), offsets [V + 1] uint64; counts
                            [V] int64 and output_vectors [V, d] if there are any
    config.json             format and library version, metadata of the training, SHA-256 of tensors
    tokenizer.json          words split at white space, for sentence-transformers (StaticEmbedding)
                            and model2vec
    modules.json            what sentence-transformers loads

The files are replaced together; their head is config.json (`vectors.file_sets`).
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from w2v_fast.system import files
from w2v_fast.system.version import __version__
from w2v_fast.vectors import file_sets
from w2v_fast.vectors.data import VectorData
from w2v_fast.vectors.formats import _text
from w2v_fast.vectors.formats._errors import FormatError
from w2v_fast.vectors.formats._format import Format
from w2v_fast.vectors.formats._options import ReadOptions, WriteOptions
from w2v_fast.vectors.formats._safetensors_file import (
    Tensor,
    checksum,
    stored_dtype,
    tensors_of,
    write_tensors,
)
from w2v_fast.vectors.formats._words import WordRules, max_word_bytes

FORMAT_VERSION = 1
CONFIG, MODEL, WORDS, TOKENIZER, MODULES = FILES = (
    "config.json",
    "model.safetensors",
    "words.safetensors",
    "tokenizer.json",
    "modules.json",
)
MAX_CONFIG = 1 << 24
"""Limit of the size of config.json with all metadata, in bytes."""
UNKNOWN = "[UNK]"


def is_ours(folder: str | os.PathLike[str]) -> bool:
    """Whether a folder was written by `write`."""
    try:
        with file_sets.open_together(Path(folder, CONFIG)) as (file,):
            fits = os.fstat(file.fileno()).st_size <= MAX_CONFIG
            return fits and "w2v_fast" in json.loads(file.read())
    except (OSError, ValueError, TypeError, RecursionError):
        return False


def read_folder(folder: str, options: ReadOptions) -> VectorData:
    """Read the words and verify them; the matrices are mapped unless `options.mmap` is False."""
    if not Path(folder, CONFIG).is_file():
        problem = f"this folder holds no model: it has no file {CONFIG}"
        raise FileNotFoundError(errno.ENOENT, problem, folder)
    parts = [os.path.join(folder, name) for name in (CONFIG, MODEL, WORDS)]
    with file_sets.open_together(*parts) as (file, model, words):
        config = _read_config(file, parts[0])
        tensors = {**tensors_of(model, parts[1]), **tensors_of(words, parts[2])}
        return _read(folder, config, tensors, options)


def _read(
    folder: str, config: dict[str, Any], tensors: dict[str, Tensor], options: ReadOptions
) -> VectorData:
    def load(name: str, matrix: bool = False) -> npt.NDArray[Any]:
        mapped = matrix and options.mmap
        array = tensors[name].map() if mapped else tensors[name].read()
        verify = not mapped if options.verify is None else options.verify
        if verify and checksum(array) != config["sha256"].get(name):
            problem = f"the checksum of {name!r} differs from that in {CONFIG}: damaged"
            raise FormatError(folder, problem)
        return array

    rows = slice(_check_shapes(folder, tensors))
    keys = _words(folder, load("vocabulary"), load("offsets"))
    data = VectorData(keys[: options.limit], load("embeddings", matrix=True)[rows][: options.limit])
    if "counts" in tensors:
        data.counts = load("counts")[: options.limit]
    if "output_vectors" in tensors:
        data.output_vectors = load("output_vectors", matrix=True)[: options.limit]
    data.metadata = config["metadata"]
    return data


def _read_config(file: BinaryIO, name: str) -> dict[str, Any]:
    """Read the entry `w2v_fast` of config.json and check its types."""
    if os.fstat(file.fileno()).st_size > MAX_CONFIG:
        problem, expected = "too large for a description of a model", f"{MAX_CONFIG} bytes or less"
        raise FormatError(name, problem, expected=expected)
    try:
        config = json.loads(file.read())
    except (ValueError, RecursionError) as error:
        raise FormatError(name, f"not valid JSON ({error})") from error
    ours = config.get("w2v_fast") if isinstance(config, dict) else None
    if not isinstance(ours, dict):
        raise FormatError(name, "a model of another library", expected="an entry w2v_fast")
    version = ours.get("format_version")
    if version != FORMAT_VERSION:
        problem = "written in another version of this format; update w2v_fast"
        expected = f"format_version {FORMAT_VERSION}"
        raise FormatError(name, problem, expected=expected, found=version)
    for entry in ("metadata", "sha256"):
        value = ours.get(entry)
        if not isinstance(value, dict):
            problem = f"the entry {entry!r} is damaged"
            raise FormatError(name, problem, expected="an object", found=value)
    return ours


def _check_shapes(folder: str, tensors: dict[str, Tensor]) -> int:
    """Check that all tensors exist and fit together; return V."""
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    types = {name: tensor.dtype.kind for name, tensor in tensors.items()}
    embeddings = shapes.get("embeddings", ())
    rows, size = embeddings if len(embeddings) == 2 else (0, 0)
    needed = {
        "embeddings": ((rows, size), "f"),
        "vocabulary": ((shapes.get("vocabulary") or (0,))[:1], "u"),
        "offsets": ((rows,), "u"),
        "counts": ((rows - 1,), "i"),
        "output_vectors": ((rows - 1, size), "f"),
    }
    for name, (shape, kind) in needed.items():
        optional = name in ("counts", "output_vectors") and name not in shapes
        if not optional and (rows < 1 or shapes.get(name) != shape or types[name] != kind):
            problem = f"tensor {name!r} is missing or does not fit the others"
            raise FormatError(folder, problem, expected=shape, found=shapes.get(name))
    (size,) = shapes["vocabulary"]
    # different words have at least one byte each, except one that may be empty
    if not rows - 2 <= size <= max_word_bytes(rows):
        raise FormatError(folder, f"{size} bytes cannot be {rows - 1} different words")
    return rows - 1


def _words(path: str, blob: npt.NDArray[np.uint8], offsets: npt.NDArray[np.uint64]) -> list[str]:
    if offsets[0] != 0 or offsets[-1] != len(blob) or np.any(offsets[1:] < offsets[:-1]):
        expected = f"rising from 0 to {len(blob)}"
        raise FormatError(path, "the offsets of the words are damaged", expected=expected)
    places = offsets.astype(np.int64)
    keys = _text.decode_words(blob, places[:-1], places[1:])
    if len(set(keys)) < len(keys):
        raise FormatError(path, "a word comes more than once")
    return keys


def write(data: VectorData, words: list[bytes], path: str, options: WriteOptions) -> None:
    """Write a new folder, or replace the files of one that `write` made."""
    target = Path(os.path.realpath(path))
    metadata = dict(data.metadata or {})
    json.dumps(metadata, allow_nan=False)  # fails before anything is made
    with contextlib.ExitStack() as undo:
        if not target.exists():
            target.mkdir(exist_ok=True)
            undo.callback(_remove_if_empty, target)
        with file_sets.atomic_write_together(*(target / name for name in FILES)) as opened:
            _write_files(data, dict(zip(FILES, opened, strict=True)), words, metadata)
        undo.pop_all()
    files.sync_folder(target.parent)


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def check_path(path: str) -> None:
    """Raise OSError unless the folder is new or holds only files of this format."""
    if files.is_stream(path):
        problem = "the native format is a folder, not a stream (format= chooses another)"
        raise FileExistsError(f"cannot write {path}: {problem}")
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(f"cannot write {target}: there is no folder {target.parent}")
    if not os.path.lexists(target):
        return
    if not target.is_dir():
        problem = "it is a file; the native format is a folder (format= chooses another)"
        raise FileExistsError(f"cannot write {target}: {problem}")
    names = {name for name in os.listdir(target) if not _is_leftover(name)}
    strangers = sorted(names - set(FILES))
    if strangers or (names and not is_ours(target)):
        found = f"the folder also holds {', '.join(strangers or names)}"
        raise FileExistsError(f"cannot replace {target}: {found}")


def _is_leftover(name: str) -> bool:
    match = files.HIDDEN.fullmatch(name)
    return match is not None and match["target"] in FILES


def _written_files(path: str) -> tuple[str]:
    """A file inside the folder if that exists, otherwise the folder itself."""
    return (os.path.join(path, MODEL) if os.path.isdir(path) else path.rstrip(os.sep),)


def _write_files(
    data: VectorData, opened: dict[str, BinaryIO], words: list[bytes], metadata: dict[str, Any]
) -> None:
    parts: dict[str, Any] = {"offsets": np.cumsum([0, *map(len, words)], dtype=np.uint64)}
    if data.counts is not None:
        parts["counts"] = np.asarray(data.counts, np.int64)
    if data.output_vectors is not None:
        parts["output_vectors"] = data.output_vectors
    parts["vocabulary"] = np.frombuffer(b"".join(words), np.uint8)
    checksums = write_tensors(opened[MODEL], {"embeddings": data.vectors}, zero_rows=1)
    checksums |= write_tensors(opened[WORDS], parts)
    kind = "sentence_transformers.models.StaticEmbedding"
    modules = [{"idx": 0, "name": "0", "path": ".", "type": kind}]
    ours = {
        "format_version": FORMAT_VERSION,
        "library_version": __version__,
        "words": len(words),
        "vector_size": data.vector_size,
        "metadata": metadata,
        "sha256": checksums,
    }
    config = {
        "model_type": "model2vec",
        "architectures": ["StaticModel"],
        "normalize": False,
        "max_length": None,
        "embedding_dtype": stored_dtype(data.vectors).name,
        "hidden_dim": data.vector_size,
        "w2v_fast": ours,
    }
    opened[TOKENIZER].write(_json(_tokenizer(words)))
    opened[MODULES].write(_json(modules, indent=2))
    opened[CONFIG].write(_json(config, indent=2))


def _tokenizer(words: list[bytes]) -> dict[str, Any]:
    """A tokenizer that splits at white space; row V is for unknown words."""
    names = set(words)
    candidates = itertools.chain([UNKNOWN], (f"[UNK{i}]" for i in itertools.count()))
    unknown = next(name for name in candidates if name.encode() not in names)
    tokens: dict[str, int] = {}
    for row, word in enumerate(words):
        try:
            token = word.decode()
        except UnicodeDecodeError:
            token = f"[row {row}, not UTF-8]"  # has spaces, so no token of a text matches it
        tokens[token] = row
    tokens[unknown] = len(words)
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": tokens, "unk_token": unknown},
    }


def _json(value: Any, indent: int | None = None) -> bytes:
    return json.dumps(value, indent=indent, allow_nan=False).encode()


FORMAT = Format(
    name="safetensors",
    suffixes=("",),
    rules=WordRules("", empty=True),
    write_options=frozenset({"limit"}),
    write=write,
    read_options=frozenset({"limit", "mmap", "verify"}),
    read_folder=read_folder,
    is_mapped=True,
    check_path=check_path,
    files=_written_files,
)
