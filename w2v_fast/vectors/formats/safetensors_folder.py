"""The native format: a folder of safetensors and JSON that keeps everything and is mapped into memory, not read.

    model.safetensors       embeddings [V + 1, d]; the last row is zero, for words that are not in the vocabulary
    words.safetensors       vocabulary (bytes of all words, uint8), offsets [V + 1] uint64; counts [V] int64 and
                            output_vectors [V, d] where there are any
    config.json             format and library version, metadata of the training, SHA-256 of each tensor
    tokenizer.json          words split at white space, for sentence-transformers (StaticEmbedding) and model2vec
    modules.json            what sentence-transformers loads

The files are written as one act, whose head is config.json (`vectors.file_sets`).
A safetensors file is a little-endian uint64 n, n bytes of JSON {name: {dtype, shape, data_offsets}}, and the data.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import hashlib
import itertools
import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from w2v_fast.system import files
from w2v_fast.system.version import __version__
from w2v_fast.vectors import file_sets
from w2v_fast.vectors.data import VectorData, Vectors
from w2v_fast.vectors.formats import _text
from w2v_fast.vectors.formats.errors import FormatError
from w2v_fast.vectors.formats.options import ReadOptions, WriteOptions
from w2v_fast.vectors.formats.table import WordRules, encoded_keys, most_bytes

READS = frozenset({"limit", "mmap", "verify"})
WRITES = frozenset({"limit"})
SUFFIXES = ("",)
RULES = WordRules("", empty=True)

FORMAT_VERSION = 1
MODEL, WORDS, CONFIG, TOKENIZER, MODULES = FILES = (
    "model.safetensors",
    "words.safetensors",
    "config.json",
    "tokenizer.json",
    "modules.json",
)
LARGEST_HEADER, LARGEST_OWN_HEADER, LARGEST_CONFIG = 100_000_000, 1 << 20, 1 << 24
"""Bytes of JSON: what the library safetensors allows, what is read here, and of config.json with all metadata."""
DTYPES = {"F32": "<f4", "F16": "<f2", "U8": "u1", "U64": "<u8", "I64": "<i8"}
NAMES = {np.dtype(dtype): name for name, dtype in DTYPES.items()}
UNKNOWN = "[UNK]"
ROWS = 4096


@dataclasses.dataclass(frozen=True)
class Tensor:
    """Where a tensor lies in a file; every number was checked against the size of the file."""

    file: BinaryIO
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int

    def read(self) -> npt.NDArray[Any]:
        """The tensor in memory."""
        self.file.seek(self.offset)
        return np.fromfile(self.file, self.dtype, math.prod(self.shape)).reshape(self.shape)

    def map(self) -> npt.NDArray[Any]:
        """The tensor as a read-only map of the file."""
        if not math.prod(self.shape):
            return np.empty(self.shape, self.dtype)
        return np.memmap(self.file, self.dtype, "r", self.offset, self.shape)


def is_ours(folder: str | os.PathLike[str]) -> bool:
    """Whether a folder was written by `write`."""
    try:
        with file_sets.open_together(Path(folder, CONFIG)) as (file,):
            return os.fstat(file.fileno()).st_size <= LARGEST_CONFIG and "w2v_fast" in json.loads(
                file.read()
            )
    except (OSError, ValueError, TypeError, RecursionError):
        return False


def read(folder: str | os.PathLike[str], options: ReadOptions) -> VectorData:
    """Read the folder: the words are loaded and verified, the matrices are mapped unless `options.mmap` is False."""
    if not Path(folder, CONFIG).is_file():
        raise FileNotFoundError(
            errno.ENOENT, f"this folder holds no model: it has no file {CONFIG}", os.fspath(folder)
        )
    parts = [Path(folder, name) for name in (CONFIG, MODEL, WORDS)]
    with file_sets.open_together(*parts) as (config, model, words):
        return _read(
            os.fspath(folder),
            _read_config(config, os.fspath(parts[0])),
            {**tensors_of(model, parts[1]), **tensors_of(words, parts[2])},
            options,
        )


def _read(
    folder: str, config: dict[str, Any], tensors: dict[str, Tensor], options: ReadOptions
) -> VectorData:
    checksums = config["sha256"]

    def load(name: str, matrix: bool = False) -> npt.NDArray[Any]:
        tensor = tensors[name]
        array = tensor.map() if matrix and options.mmap else tensor.read()
        verify = options.verify if options.verify is not None else not (matrix and options.mmap)
        if verify and _sha256(array) != checksums.get(name):
            raise FormatError(
                folder, f"the checksum of {name!r} differs from that in {CONFIG}: damaged"
            )
        return array

    count = _check_shapes(folder, tensors)
    keys = _words(folder, load("vocabulary"), load("offsets"))[: options.limit]
    vectors = load("embeddings", matrix=True)[:count][: options.limit]
    counts = load("counts")[: options.limit] if "counts" in tensors else None
    output = (
        load("output_vectors", matrix=True)[: options.limit]
        if "output_vectors" in tensors
        else None
    )
    return VectorData(keys, vectors, counts, output, config["metadata"])


def _read_config(file: BinaryIO, name: str) -> dict[str, Any]:
    """The part of config.json that is ours, with its types checked."""
    if os.fstat(file.fileno()).st_size > LARGEST_CONFIG:
        raise FormatError(
            name,
            "too large for a description of a model",
            expected=f"{LARGEST_CONFIG} bytes or less",
        )
    try:
        config = json.loads(file.read())
    except (ValueError, RecursionError) as error:
        raise FormatError(name, f"not valid JSON ({error})") from error
    ours = config.get("w2v_fast") if isinstance(config, dict) else None
    if not isinstance(ours, dict):
        raise FormatError(name, "a model of another library", expected="an entry w2v_fast")
    if ours.get("format_version") != FORMAT_VERSION:
        raise FormatError(
            name,
            "written in another version of this format; update w2v_fast",
            expected=f"format_version {FORMAT_VERSION}",
            found=ours.get("format_version"),
        )
    for entry in ("metadata", "sha256"):
        if not isinstance(ours.get(entry), dict):
            raise FormatError(
                name, f"the entry {entry!r} is damaged", expected="an object", found=ours.get(entry)
            )
    return ours


def tensors_of(file: BinaryIO, path: Path) -> dict[str, Tensor]:
    """Read the header of a safetensors file; each tensor lies inside the file and none overlaps another."""
    name = os.fspath(path)
    file_size = os.fstat(file.fileno()).st_size
    length = int.from_bytes(file.read(8), "little")
    if file_size < 8 or length > min(LARGEST_OWN_HEADER, file_size - 8):
        raise FormatError(
            name,
            "not a safetensors file, or cut",
            offset=0,
            found=f"{length} of {file_size} bytes",
            expected="the length of a header that fits into the file",
        )
    try:
        header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        tensors = {
            str(key): _tensor(file, name, str(key), entry, 8 + length, file_size)
            for key, entry in header.items()
        }
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(name, f"the header is damaged ({error!r})", offset=8) from error
    for one, other in itertools.pairwise(
        sorted(tensors.values(), key=lambda tensor: tensor.offset)
    ):
        if other.offset < one.offset + math.prod(one.shape) * one.dtype.itemsize:
            raise FormatError(name, "two tensors overlap", offset=other.offset)
    return tensors


def _tensor(
    file: BinaryIO, path: str, name: str, entry: dict[str, Any], start: int, file_size: int
) -> Tensor:
    if entry["dtype"] not in DTYPES:
        raise FormatError(
            path,
            f"tensor {name!r} has a type that is not read here",
            found=entry["dtype"],
            expected=", ".join(DTYPES),
        )
    dtype = np.dtype(DTYPES[entry["dtype"]])
    shape, (begin, end) = tuple(entry["shape"]), entry["data_offsets"]
    if not all(type(number) is int and number >= 0 for number in (*shape, begin, end)):
        raise FormatError(
            path,
            f"tensor {name!r} has impossible numbers",
            found=f"shape {shape}, bytes {begin}..{end}",
        )
    if end > file_size - start:
        raise FormatError(
            path,
            f"the file is cut inside tensor {name!r}",
            offset=file_size,
            expected=start + end,
            found=f"{file_size} bytes",
        )
    if end - begin != math.prod(shape) * dtype.itemsize:
        raise FormatError(
            path,
            f"tensor {name!r} does not fill its place",
            offset=start + begin,
            expected=math.prod(shape) * dtype.itemsize,
            found=f"{end - begin} bytes",
        )
    return Tensor(file, dtype, shape, start + begin)


def _check_shapes(folder: str, tensors: dict[str, Tensor]) -> int:
    """Return V after the check that all tensors are there and fit together."""
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    types = {name: tensor.dtype.kind for name, tensor in tensors.items()}
    rows, size = (
        shapes.get("embeddings", (0, 0)) if len(shapes.get("embeddings", ())) == 2 else (0, 0)
    )
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
            raise FormatError(
                folder,
                f"tensor {name!r} is missing or does not fit the others",
                expected=shape,
                found=shapes.get(name),
            )
    (most,) = shapes["vocabulary"]
    if (
        not rows - 2 <= most <= most_bytes(rows)
    ):  # different words have a byte or more each, but for one
        raise FormatError(folder, f"{most} bytes cannot be {rows - 1} different words")
    return rows - 1


def _words(path: str, blob: npt.NDArray[np.uint8], offsets: npt.NDArray[np.uint64]) -> list[str]:
    if offsets[0] != 0 or offsets[-1] != len(blob) or np.any(offsets[1:] < offsets[:-1]):
        raise FormatError(
            path, "the offsets of the words are damaged", expected=f"rising from 0 to {len(blob)}"
        )
    places = offsets.astype(np.int64)
    keys = _text.decode_words(blob, places[:-1], places[1:])
    if len(set(keys)) < len(keys):
        raise FormatError(path, "a word comes more than once")
    return keys


def write(kv: Vectors, path: str | os.PathLike[str], options: WriteOptions) -> None:
    """Write the files of the folder as one act, a new folder or one of ours."""
    target = Path(os.path.realpath(path))
    check_folder(target)
    words = encoded_keys(os.fspath(path), kv.index_to_key, RULES, options)
    metadata = dict(kv.metadata or {})
    json.dumps(metadata, allow_nan=False)
    with contextlib.ExitStack() as undo:
        if not target.exists():
            target.mkdir(exist_ok=True)
            undo.callback(_remove_if_empty, target)
        names = (CONFIG, MODEL, WORDS, TOKENIZER, MODULES)
        with file_sets.atomic_write_together(*(target / name for name in names)) as opened:
            _write_files(kv, dict(zip(names, opened, strict=True)), words, metadata, options.limit)
        undo.pop_all()
    files.sync_folder(target.parent)


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def check_folder(path: str | os.PathLike[str]) -> None:
    """Raise OSError unless the folder can be made, or its files replaced and nothing else is in it."""
    if files.is_stream(files.path_name(path)):
        raise FileExistsError(
            f"cannot write {path}: the native format is a folder, not a stream (format= chooses "
            "another)"
        )
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(f"cannot write {target}: there is no folder {target.parent}")
    if not os.path.lexists(target):
        return
    if not target.is_dir():
        raise FileExistsError(
            f"cannot write {target}: it is a file; the native format is a folder "
            "(format= chooses another)"
        )
    names = {name for name in os.listdir(target) if not _is_leftover(name)}
    strangers = sorted(names - set(FILES))
    if strangers or (names and not is_ours(target)):
        raise FileExistsError(
            f"cannot replace {target}: the folder also holds {', '.join(strangers or names)}"
        )


def _is_leftover(name: str) -> bool:
    match = files.HIDDEN.fullmatch(name)
    return match is not None and match["target"] in FILES


def _write_files(
    kv: Vectors,
    opened: dict[str, BinaryIO],
    words: list[bytes],
    metadata: dict[str, Any],
    limit: int | None,
) -> None:
    vectors = kv.vectors[:limit]
    size = vectors.shape[1]
    offsets = np.zeros(len(words) + 1, np.uint64)
    np.cumsum([len(word) for word in words], out=offsets[1:])
    parts: dict[str, Any] = {"offsets": offsets}
    if kv.counts is not None:
        parts["counts"] = np.asarray(kv.counts[:limit], np.int64)
    if kv.output_vectors is not None:
        parts["output_vectors"] = kv.output_vectors[:limit]
    parts["vocabulary"] = np.frombuffer(b"".join(words), np.uint8)
    checksums = write_tensors(opened[MODEL], {"embeddings": vectors}, zero_rows=1)
    checksums |= write_tensors(opened[WORDS], parts)
    opened[TOKENIZER].write(_json(_tokenizer(words)))
    opened[MODULES].write(
        _json(
            [
                {
                    "idx": 0,
                    "name": "0",
                    "path": ".",
                    "type": "sentence_transformers.models.StaticEmbedding",
                }
            ],
            indent=2,
        )
    )
    opened[CONFIG].write(
        _json(
            {
                "model_type": "model2vec",
                "architectures": ["StaticModel"],
                "normalize": False,
                "max_length": None,
                "embedding_dtype": _stored(vectors).name,
                "hidden_dim": size,
                "w2v_fast": {
                    "format_version": FORMAT_VERSION,
                    "library_version": __version__,
                    "words": len(words),
                    "vector_size": size,
                    "metadata": metadata,
                    "sha256": checksums,
                },
            },
            indent=2,
        )
    )


def write_tensors(file: BinaryIO, tensors: dict[str, Any], zero_rows: int = 0) -> dict[str, str]:
    """Write a safetensors file block by block, `zero_rows` after each tensor; return the SHA-256 of each."""
    header, end = {}, 0
    for name, array in tensors.items():
        dtype, shape = _stored(array), (len(array) + zero_rows, *array.shape[1:])
        begin, end = end, end + math.prod(shape) * dtype.itemsize
        header[name] = {"dtype": NAMES[dtype], "shape": shape, "data_offsets": (begin, end)}
    raw = json.dumps(header).encode()
    raw += b" " * (-len(raw) % 8)
    checksums = {}
    file.write(len(raw).to_bytes(8, "little") + raw)
    for name, array in tensors.items():
        digest = hashlib.sha256()
        for block in _raw_blocks(array, zero_rows):
            digest.update(block)
            file.write(block)
        checksums[name] = digest.hexdigest()
    return checksums


def _stored(array: Any) -> np.dtype[Any]:
    """The type a tensor is stored in: its own where the format has it, else float32."""
    dtype = np.dtype(array.dtype).newbyteorder("<")
    return dtype if dtype in NAMES else np.dtype("<f4")


def _raw_blocks(array: Any, zero_rows: int = 0) -> Iterator[memoryview]:
    for start in range(0, len(array), ROWS):
        yield _raw(np.ascontiguousarray(array[start : start + ROWS], _stored(array)))
    if zero_rows:
        yield _raw(np.zeros((zero_rows, *array.shape[1:]), _stored(array)))


def _raw(array: npt.NDArray[Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _sha256(array: npt.NDArray[Any]) -> str:
    digest = hashlib.sha256()
    for block in _raw_blocks(array):
        digest.update(block)
    return digest.hexdigest()


def _tokenizer(words: list[bytes]) -> dict[str, Any]:
    """A tokenizer that splits at white space; row V is for unknown words. Bytes that are no UTF-8 have no token."""
    names = set(words)
    unknown = next(
        name
        for name in itertools.chain([UNKNOWN], (f"[UNK{i}]" for i in itertools.count()))
        if name.encode() not in names
    )
    tokens: dict[str, int] = {}
    for row, word in enumerate(words):
        try:
            token = word.decode()
        except UnicodeDecodeError:
            token = f"[row {row}, not UTF-8]"  # holds spaces, so that no text has it
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
