"""GloVe text: word2vec text without a header. Its words may hold spaces: a line is split from the right."""

from __future__ import annotations

import dataclasses
import os

from w2v_fast.vectors.data import VectorData, Vectors
from w2v_fast.vectors.formats import word2vec_text
from w2v_fast.vectors.formats.options import ReadOptions, WriteOptions
from w2v_fast.vectors.formats.source import ByteStream
from w2v_fast.vectors.formats.table import WordRules

READS: frozenset[str] = word2vec_text.READS - {"no_header"}
WRITES: frozenset[str] = word2vec_text.WRITES
SUFFIXES: tuple[str, ...] = ()
RULES = WordRules("\t\n\r\v\f\0", trimmed=True, number_last=False, opens_file=True)


def read(source: ByteStream, options: ReadOptions) -> VectorData:
    """Read the rows; the first line shows the vector size."""
    return word2vec_text.read(source, dataclasses.replace(options, no_header=True))


def write(kv: Vectors, path: str | os.PathLike[str], options: WriteOptions) -> None:
    """Write one line for each word."""
    word2vec_text.write(kv, path, options, RULES, header=False)
