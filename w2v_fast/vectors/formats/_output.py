"""The output file of vectors and, on request, a second one of counts."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from w2v_fast.vectors.data import VectorData
from w2v_fast.vectors.file_sets import atomic_write_together
from w2v_fast.vectors.formats._options import WriteOptions
from w2v_fast.vectors.text_lines import UTF8_MARK
from w2v_fast.vectors.vocabulary_file import write_counts


@contextlib.contextmanager
def open_output(
    data: VectorData, words: Sequence[bytes], path: str, options: WriteOptions
) -> Iterator[BinaryIO]:
    """Open the file of the vectors for writing; write the counts if `options.fvocab` is given."""
    if options.fvocab is None:
        with atomic_write_together(path) as (file,):
            yield file
        return
    name = os.fspath(options.fvocab)
    if data.counts is None:
        raise ValueError(f"cannot write {name}: these vectors have no counts")
    if words and words[0].startswith(UTF8_MARK):
        problem = "the first word starts with a byte order mark, which a reader takes off"
        raise ValueError(f"cannot write {name}: {problem}")
    with atomic_write_together(path, name) as (file, counts_file):
        write_counts(counts_file, words, data.counts.tolist())
        yield file
