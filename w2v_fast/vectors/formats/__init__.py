"""Read and write files of word vectors in any known format."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from w2v_fast.system import files
from w2v_fast.vectors.data import VectorData, Vectors
from w2v_fast.vectors.formats import (
    glove,
    npy,
    parquet,
    projector,
    safetensors_folder,
    spacy,
    word2vec_binary,
    word2vec_text,
)
from w2v_fast.vectors.formats._byte_stream import open_stream
from w2v_fast.vectors.formats._errors import FormatError
from w2v_fast.vectors.formats._format import Format
from w2v_fast.vectors.formats._options import ReadOptions, WriteOptions
from w2v_fast.vectors.formats._rows import check_finite
from w2v_fast.vectors.formats._sniff import sniff
from w2v_fast.vectors.formats._words import encoded_words

__all__ = [
    "FORMATS",
    "FormatError",
    "ReadOptions",
    "WriteOptions",
    "check_words",
    "check_writable",
    "format_of_suffix",
    "load",
    "open_stream",
    "save",
    "sniff",
]

FORMATS: dict[str, Format] = {
    module.FORMAT.name: module.FORMAT
    for module in (
        word2vec_binary,
        word2vec_text,
        glove,
        safetensors_folder,
        npy,
        parquet,
        projector,
        spacy,
    )
}
READABLE = [format.name for format in FORMATS.values() if format.read or format.read_folder]
GENSIM_SUFFIX = re.compile(
    r"\.(kv|wv|w2v|word2vec|wordvectors|wordvecs|vectors|keyedvectors|embeddings?|emb|model|mdl)"
    r"|\.(gensim|tst|tmp)|\.v?[0-9]+([-_][0-9]+)*d?"
)
"""Suffixes that users of gensim give to its files, and versions such as .v2."""


def load(path: str | os.PathLike[str], format: str | None = None, **options: Any) -> VectorData:
    """Read word vectors.

    Parameters
    ----------
    path
        A file, plain or compressed with gzip, bzip2, xz or zstd (detected by content), `-` for
        standard input, a URL (extra `remote`), or a folder.
    format
        One of FORMATS. Default: detected by content.
    **options
        See `ReadOptions`; each format accepts those that apply to it.

    Returns
    -------
    VectorData
        Vectors [V, d] float32, or float16 where the file has it. A file without words is valid:
        [0, d].

    Raises
    ------
    FormatError
        The content does not follow the format; a ValueError that names the line or byte, what was
        expected and what was found.
    OSError
        The file cannot be read.
    TypeError, ValueError
        An unknown format or option, or a value out of its range.
    """
    name = files.path_name(path)
    if not os.path.isdir(name):
        # a path that became a folder just now is read as one
        with contextlib.suppress(IsADirectoryError), open_stream(path) as stream:
            chosen = _format_named(format or sniff(stream), READABLE)
            if chosen.read is None:
                raise FormatError(name, f"format {chosen.name!r} is a folder")
            return chosen.read(stream, _read_options(chosen, options))
    chosen = _format_named(format or safetensors_folder.FORMAT.name, READABLE)
    if chosen.read_folder is None:
        raise FormatError(name, f"format {chosen.name!r} is not a folder")
    return chosen.read_folder(name, _read_options(chosen, options))


def _read_options(format: Format, options: dict[str, Any]) -> ReadOptions:
    return ReadOptions.from_options(options, format.read_options, format.name)


def save(
    kv: Vectors, path: str | os.PathLike[str], format: str | None = None, **options: Any
) -> None:
    """Write word vectors, whole or not at all.

    Parameters
    ----------
    kv
        `KeyedVectors`, `VectorData`, or anything else with these attributes.
    path
        The file to write (or to replace), `-` for standard output.
    format
        One of FORMATS. Default: by the suffix of `path`.
    **options
        See `WriteOptions`; each format accepts those that apply to it.

    Raises
    ------
    ValueError
        The format cannot hold a word (it is named), a number is not finite, or no format has the
        suffix. Nothing is written.
    TypeError
        An unknown option.
    OSError
        The file cannot be written; an old file stays as it was.
    """
    name = files.path_name(path)
    chosen = _format_named(format or format_of_suffix(path), FORMATS)
    vectors = kv.vectors
    if vectors.ndim != 2 or not vectors.shape[1] or len(vectors) != len(kv.index_to_key):
        given = f"vectors of shape {vectors.shape} for {len(kv.index_to_key)} words"
        raise ValueError(f"{given}; expected a row for each word and one number or more in it")
    settings = WriteOptions.from_options(options, chosen.write_options, chosen.name)
    chosen.check_path(name)
    rows = slice(settings.limit)
    data = VectorData(
        list(kv.index_to_key[rows]),
        vectors[rows],
        None if kv.counts is None else kv.counts[rows],
        None if kv.output_vectors is None else kv.output_vectors[rows],
        kv.metadata,
    )
    words = encoded_words(name, data.index_to_key, chosen.rules, settings.escape)
    if "allow_nonfinite" in chosen.write_options and not settings.allow_nonfinite:
        check_finite(name, data)
    chosen.write(data, words, name, settings)


def check_writable(path: str | os.PathLike[str], format: str) -> None:
    """Raise the errors of writing to a path that can be known before the work.

    Parameters
    ----------
    path, format
        As for `save`.

    Raises
    ------
    OSError, ValueError
        As `save`.
    """
    chosen, name = _format_named(format, FORMATS), os.fspath(path)
    chosen.check_path(name)
    for file in chosen.files(name):
        files.check_writable(file)


def check_words(
    words: Sequence[str], path: str | os.PathLike[str], format: str, **options: Any
) -> None:
    """Raise the error of words that a format cannot hold, before the work.

    Parameters
    ----------
    words
        Different words.
    path, format, **options
        As for `save`.

    Raises
    ------
    ValueError
        The format cannot hold a word.
    """
    chosen = _format_named(format, FORMATS)
    settings = WriteOptions.from_options(options, chosen.write_options, format)
    encoded_words(os.fspath(path), words[: settings.limit], chosen.rules, settings.escape)


def format_of_suffix(path: str | os.PathLike[str]) -> str:
    """Name the format that `save` chooses for a path.

    Folders, names without a suffix, suffixes that users of gensim give to its files (.kv, .model,
    ...) and versions (.v2, .100d) stand for the native format. The suffix of a compression is
    ignored.

    Parameters
    ----------
    path
        A file or folder, which need not exist.

    Returns
    -------
    str
        One of FORMATS.

    Raises
    ------
    ValueError
        No format has this suffix.
    """
    name = files.path_name(path)
    packed = files.compression_of_name(name) is not None
    inner = os.path.splitext(name)[0] if packed else name
    suffix = "" if os.path.isdir(name) or name.endswith("/") else Path(inner).suffix.lower()
    for format in FORMATS.values():
        if suffix in format.suffixes and name != "-" and not (packed and format.is_mapped):
            return format.name
    if not packed and (GENSIM_SUFFIX.fullmatch(suffix)):
        return safetensors_folder.FORMAT.name
    known = [
        f"{known_suffix or 'no suffix'} ({format.name})"
        for format in FORMATS.values()
        for known_suffix in format.suffixes
    ]
    raise ValueError(
        f"{name}: the suffix {suffix!r} tells no format; known: {', '.join(known)}; "
        f"or pass format= one of {', '.join(FORMATS)}"
    )


def _format_named(name: str, known: Iterable[str]) -> Format:
    if name not in known:
        only_written = " (this one can only be written)" if name in FORMATS else ""
        raise ValueError(f"unknown format {name!r}{only_written}; known: {', '.join(known)}")
    return FORMATS[name]
