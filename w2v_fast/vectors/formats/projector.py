"""Embedding Projector: NAME_tensor.tsv has one vector per line, NAME_metadata.tsv the words.

The metadata have a line of column names only if there is more than one column: for `word TAB
count`, but not for words alone. Browsers cope with about 10,000 to 100,000 rows: pass `limit`.
"""

from __future__ import annotations

import os
from pathlib import Path

from w2v_fast.system import files
from w2v_fast.vectors import file_sets
from w2v_fast.vectors.data import VectorData
from w2v_fast.vectors.formats._format import Format
from w2v_fast.vectors.formats._options import ALL_WRITE, WriteOptions
from w2v_fast.vectors.formats._words import WordRules
from w2v_fast.vectors.formats.npy import word_lines
from w2v_fast.vectors.formats.word2vec_text import write_rows


def paths(path: str | os.PathLike[str]) -> tuple[Path, Path]:
    """The two files written for NAME.tsv; for NAME.tsv.gz both are compressed."""
    stem, packing = Path(path), ""
    if files.compression_of_name(stem) is not None:
        stem, packing = stem.with_suffix(""), stem.suffix
    if stem.suffix == ".tsv":
        stem = stem.with_suffix("")
    return (
        stem.with_name(f"{stem.name}_tensor.tsv{packing}"),
        stem.with_name(f"{stem.name}_metadata.tsv{packing}"),
    )


def write(data: VectorData, words: list[bytes], path: str, options: WriteOptions) -> None:
    """Write both files; they are replaced together."""
    with file_sets.atomic_write_together(*paths(path)) as (file, words_file):
        if data.counts is not None:
            words_file.write(b"word\tcount\n")
        words_file.writelines(word_lines(words, data.counts))
        write_rows(file, [b""] * len(words), data.vectors, b"\t")


FORMAT = Format(
    name="projector",
    suffixes=(".tsv",),
    rules=WordRules("\t\n\r\v\f\0"),
    write_options=ALL_WRITE - {"fvocab"},
    write=write,
    files=lambda path: tuple(map(os.fspath, paths(path))),
)
