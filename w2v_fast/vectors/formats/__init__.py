"""Files of word vectors: which format a file has, and how to read and write each."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from w2v_fast.system import files
from w2v_fast.vectors.data import VectorData, Vectors
from w2v_fast.vectors.formats import (
    glove,
    npy,
    projector,
    safetensors_folder,
    spacy,
    word2vec_binary,
    word2vec_text,
)
from w2v_fast.vectors.formats.errors import FormatError
from w2v_fast.vectors.formats.header import parse_header
from w2v_fast.vectors.formats.options import ReadOptions, WriteOptions
from w2v_fast.vectors.formats.source import ByteStream, open_source
from w2v_fast.vectors.formats.table import encoded_keys

__all__ = [
    "FORMATS",
    "FormatError",
    "ReadOptions",
    "WriteOptions",
    "check_words",
    "check_writable",
    "load",
    "save",
    "sniff",
]

FORMATS: dict[str, ModuleType] = {
    "word2vec_binary": word2vec_binary,
    "word2vec_text": word2vec_text,
    "glove": glove,
    "safetensors": safetensors_folder,
    "npy": npy,
    "projector": projector,
    "spacy": spacy,
}
"""Name -> module with SUFFIXES, `write(kv, path, options)`, and, where it can be read, `read(source, options)` (native
folder: `read(path, options)`). READS and WRITES name the options that mean something to it."""
UNPACKED = (safetensors_folder, npy)
"""Formats that are mapped into memory, so that they cannot be compressed."""
GENSIM_SUFFIXES = (
    ".kv",
    ".wv",
    ".w2v",
    ".word2vec",
    ".wordvectors",
    ".wordvecs",
    ".vectors",
    ".keyedvectors",
    ".embedding",
    ".embeddings",
    ".emb",
    ".model",
    ".mdl",
    ".gensim",
    ".tst",
    ".tmp",
)
_VERSION = re.compile(r"\.v?[0-9]+([-_][0-9]+)*d?")
READABLE = [name for name, module in FORMATS.items() if hasattr(module, "READS")]

_OTHER_KINDS = [
    (
        b"\xba\x16\x4f\x2f",
        "a fastText model (.bin or .ftz); export its words with fastText: print-word-vectors, or "
        "load the .vec file that training wrote beside it",
    ),
    (b"\x80\x02", "a Python pickle"),
    (b"\x80\x03", "a Python pickle"),
    (b"\x80\x04", "a Python pickle"),
    (b"\x80\x05", "a Python pickle"),
    (
        b"version https://git-lfs",
        "a Git LFS pointer, not the file itself; fetch it with: git lfs pull",
    ),
    (b"PK\x03\x04", "a zip archive (or .npz, .docx, ...); unpack it and load the file inside"),
    (b"FiFu", "a finalfusion file; convert it with finalfusion's own tools to word2vec format"),
    (b"SQLite format 3\x00", "an SQLite database (perhaps a .magnitude file)"),
    (b"<!doctype", "an HTML page: the download returned a web page instead of the file"),
    (b"<html", "an HTML page: the download returned a web page instead of the file"),
    (b"<?xml", "an XML page: the download returned a message instead of the file"),
    (b"\xff\xfe", "UTF-16 text; convert it first: iconv -f UTF-16 -t UTF-8"),
    (b"\xfe\xff", "UTF-16 text; convert it first: iconv -f UTF-16 -t UTF-8"),
]
_PICKLE_ADVICE = (
    "; pickles can run code and are never loaded here. Load it with the tool that wrote it and save it "
    "in word2vec format (gensim: kv.save_word2vec_format(path, binary=True))"
)


def load(path: str | os.PathLike[str], format: str | None = None, **options: Any) -> VectorData:
    """Read word vectors.

    Parameters
    ----------
    path
        A file, plain or packed with gzip, bzip2, xz or zstd (seen by its first bytes), `-` for standard input, a URL
        (extra `remote`), or a folder.
    format
        One of FORMATS. Default: what the content shows.
    **options
        See `ReadOptions`; a format accepts those that mean something to it.

    Returns
    -------
    VectorData
        Vectors [V, d] float32, or float16 where the file has it. A file without words is valid:
        [0, d].

    Raises
    ------
    FormatError
        The content is not what the format promises; a ValueError that names the line or byte, what is expected
        there and what was found.
    OSError
        The file cannot be read.
    TypeError, ValueError
        An unknown format or option, or a value out of its range.
    """
    if not os.path.isdir(files.path_name(path)):
        # a path that became a folder just now is read as one
        with contextlib.suppress(IsADirectoryError), open_source(path) as source:
            return _read(format or sniff(source), source, options)
    return _read(format or "safetensors", path, options)


def _read(format: str, source: Any, options: dict[str, Any]) -> VectorData:
    module = _format_named(format, READABLE)
    if (module is safetensors_folder) == isinstance(source, ByteStream):
        raise FormatError(
            source.name if isinstance(source, ByteStream) else os.fspath(source),
            f"format {format!r} is {'a folder' if module is safetensors_folder else 'not a folder'}",
        )
    data: VectorData = module.read(source, ReadOptions.from_options(options, module.READS, format))
    return data


def save(
    kv: Vectors, path: str | os.PathLike[str], format: str | None = None, **options: Any
) -> None:
    """Write word vectors, whole or not at all.

    Parameters
    ----------
    kv
        `KeyedVectors`, or anything with its `index_to_key`, `vectors`, `counts`, `output_vectors` and `metadata`.
    path
        The file to write (or to replace), `-` for standard output.
    format
        One of FORMATS. Default: by the suffix of `path`.
    **options
        See `WriteOptions`; a format accepts those that mean something to it.

    Raises
    ------
    ValueError
        The format cannot hold a word (it is named), a number is not finite, or the suffix tells no format. Nothing is
        written.
    OSError
        The file cannot be written; an old file stays as it was.
    """
    files.path_name(path)
    name = format or format_of_suffix(path)
    module = _format_named(name, list(FORMATS))
    if kv.vectors.ndim != 2 or not kv.vectors.shape[1] or len(kv.vectors) != len(kv.index_to_key):
        raise ValueError(
            f"vectors of shape {kv.vectors.shape} for {len(kv.index_to_key)} words; expected a row for "
            "each word and one number or more in it"
        )
    module.write(kv, path, WriteOptions.from_options(options, module.WRITES, name))


def check_writable(path: str | os.PathLike[str], format: str) -> None:
    """Raise now the error that writing a format to `path` would end in, as far as the place tells: before the work."""
    module = _format_named(format, list(FORMATS))
    if module is safetensors_folder:
        safetensors_folder.check_folder(path)
        inside = [os.path.join(path, safetensors_folder.MODEL)]
        paths = inside if os.path.isdir(path) else [os.fspath(path).rstrip(os.sep)]
    elif module is npy:
        npy.check_name(path)
        paths = [os.fspath(path), os.fspath(npy.words_path(path))]
    else:
        paths = (
            list(map(os.fspath, projector.paths(path)))
            if module is projector
            else [os.fspath(path)]
        )
    for each in paths:
        files.check_writable(each)


def check_words(
    words: Sequence[str], path: str | os.PathLike[str], format: str, **options: Any
) -> None:
    """Raise now the ValueError that writing these words in a format would end in; options as for `save`."""
    module = _format_named(format, list(FORMATS))
    encoded_keys(
        os.fspath(path),
        words,
        module.RULES,
        WriteOptions.from_options(options, module.WRITES, format),
    )


def format_of_suffix(path: str | os.PathLike[str]) -> str:
    """Name the format that `save` writes for a path.

    A folder is the native one, and so is a name without a suffix, with one of those that users of gensim give to its
    own files (.kv, .model, ...) or with a version (.v2, .100d). A suffix of a compression is looked through.
    """
    name = files.path_name(path)
    packed = files.compression_of_name(name) is not None
    inner = os.path.splitext(name)[0] if packed else name
    suffix = "" if os.path.isdir(name) or name.endswith("/") else Path(inner).suffix.lower()
    for format, module in FORMATS.items():
        if suffix in module.SUFFIXES and name != "-" and not (packed and module in UNPACKED):
            return format
    if not packed and (suffix in GENSIM_SUFFIXES or _VERSION.fullmatch(suffix)):
        return "safetensors"
    known = ", ".join(
        f"{suffix or 'no suffix'} ({name})"
        for name, module in FORMATS.items()
        for suffix in module.SUFFIXES
    )
    raise ValueError(
        f"{name}: the suffix {suffix!r} tells no format; known: {known}; "
        f"or pass format= one of {', '.join(FORMATS)}"
    )


def _format_named(name: str, known: list[str]) -> ModuleType:
    if name not in known:
        only_written = " (this one can only be written)" if name in FORMATS else ""
        raise ValueError(f"unknown format {name!r}{only_written}; known: {', '.join(known)}")
    return FORMATS[name]


def sniff(source: ByteStream) -> str:
    """Name the format of a file by its first bytes, or raise FormatError that says what else it is."""
    head = source.head
    if not head:
        source.check_intact(False)
        raise FormatError(source.name, "the file is empty")
    first, _, rest = head.partition(b"\n")
    for magic, kind in _OTHER_KINDS:
        if head[: len(magic)].lower() == magic.lower() and not word2vec_text.shows_row(first, None):
            raise FormatError(
                source.name, f"this is {kind}{_PICKLE_ADVICE if 'pickle' in kind else ''}", offset=0
            )
    if head.startswith(npy.MAGIC):
        return "npy"
    if (
        head[8:9] == b"{"
        and int.from_bytes(head[:8], "little") <= safetensors_folder.LARGEST_HEADER
    ):
        raise FormatError(
            source.name, "this is a safetensors file; load the folder it lies in", offset=0
        )
    if source.name.endswith("_tensor.tsv"):
        raise FormatError(
            source.name,
            "this is an export for the Embedding Projector; its words are in another file: "
            "load what it was made from",
        )
    header = parse_header(first)
    if header is None:
        if word2vec_text.shows_row(first, None) or word2vec_text.is_printable(first):
            return "word2vec_text"
        raise FormatError(
            source.name,
            "binary data without the header of a word2vec file; GloVe's own .bin holds no "
            "words and cannot be used, its .txt can",
            offset=0,
            found=head[:16],
        )
    if word2vec_text.shows_row(rest.lstrip(b"\r\n").partition(b"\n")[0], header[1]):
        return "word2vec_text"
    binary = not word2vec_text.is_printable(rest) or (rest and source.name.lower().endswith(".bin"))
    return "word2vec_binary" if binary else "word2vec_text"
