"""GloVe text: word2vec text without a header. Its words may hold spaces: a line is split from the right."""

from __future__ import annotations

import dataclasses
import os

from w2v_fast import files
from w2v_fast.vectors.formats import word2vec_text
from w2v_fast.vectors.formats.options import ReadOptions, WriteOptions
from w2v_fast.vectors.formats.source import Source
from w2v_fast.vectors.formats.table import Table, Vectors, check_finite, encoded_keys

READS = word2vec_text.READS - {"no_header"}
WRITES = word2vec_text.WRITES
SUFFIXES = ()
FORBIDDEN = "\t\n\r\v\f\0"


def read(source: Source, options: ReadOptions) -> Table:
    """Read the rows; the first line shows the vector size."""
    return word2vec_text.read(source, dataclasses.replace(options, no_header=True))


def write(kv: Vectors, path: str | os.PathLike[str], options: WriteOptions) -> None:
    """Write one line for each word.

    The first row is what shows a reader the vector size: its word must not end in a space and a number.
    """
    name = os.fspath(path)
    words = encoded_keys(name, kv.index_to_key, FORBIDDEN, options)
    if words and word2vec_text.ends_in_number(words[0]):
        raise ValueError(f"cannot write {name}: the first word {kv.index_to_key[0]!r} ends in a number, so that a "
                         "reader could not tell where its vector starts; write a format with a header")
    check_finite(name, kv, options)
    with files.atomic_write(path) as file:
        word2vec_text.write_rows(file, words, kv.vectors[:options.limit])
