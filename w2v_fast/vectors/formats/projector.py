"""Embedding Projector: NAME_tensor.tsv has a vector a line, NAME_metadata.tsv the words in the same order.

The metadata start with a line of column names exactly if there is more than one column: a word alone has none,
`word TAB count` has. A browser copes with about 10,000 to 100,000 rows: pass `limit`.
"""

from __future__ import annotations

import os
from pathlib import Path

from w2v_fast.system import files
from w2v_fast.vectors import file_sets
from w2v_fast.vectors.data import Vectors
from w2v_fast.vectors.formats.npy import with_counts
from w2v_fast.vectors.formats.options import WriteOptions
from w2v_fast.vectors.formats.table import WordRules, check_finite, encoded_keys
from w2v_fast.vectors.formats.word2vec_text import write_rows

WRITES = frozenset({"limit", "escape", "allow_nonfinite"})
SUFFIXES = (".tsv",)
RULES = WordRules("\t\n\r\v\f\0")


def paths(path: str | os.PathLike[str]) -> tuple[Path, Path]:
    """The two files written for NAME.tsv: NAME_tensor.tsv and NAME_metadata.tsv; for NAME.tsv.gz both are packed."""
    stem, packing = Path(path), ""
    if files.compression_of_name(stem) is not None:
        stem, packing = stem.with_suffix(""), stem.suffix
    if stem.suffix == ".tsv":
        stem = stem.with_suffix("")
    return stem.with_name(f"{stem.name}_tensor.tsv{packing}"), stem.with_name(
        f"{stem.name}_metadata.tsv{packing}"
    )


def write(kv: Vectors, path: str | os.PathLike[str], options: WriteOptions) -> None:
    """Write both files as one act; for a moment the metadata are missing, never those of other vectors."""
    name = os.fspath(path)
    words = encoded_keys(name, kv.index_to_key, RULES, options)
    check_finite(name, kv, options)
    tensor, metadata = paths(path)
    with file_sets.atomic_write_together(tensor, metadata) as (file, words_file):
        if kv.counts is not None:
            words_file.write(b"word\tcount\n")
        words_file.writelines(line + b"\n" for line in with_counts(words, kv.counts))
        write_rows(file, [b""] * len(words), kv.vectors[: options.limit], b"\t")
