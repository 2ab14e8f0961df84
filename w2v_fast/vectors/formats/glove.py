"""GloVe text: word2vec text without a header; lines are split from the right."""

from __future__ import annotations

import dataclasses
from functools import partial

from w2v_fast.vectors.data import VectorData
from w2v_fast.vectors.formats import word2vec_text
from w2v_fast.vectors.formats._byte_stream import ByteStream
from w2v_fast.vectors.formats._options import ReadOptions
from w2v_fast.vectors.formats._words import WordRules


def read(stream: ByteStream, options: ReadOptions) -> VectorData:
    """Read the rows; the first line shows the vector size."""
    return word2vec_text.read(stream, dataclasses.replace(options, no_header=True))


FORMAT = dataclasses.replace(
    word2vec_text.FORMAT,
    name="glove",
    suffixes=(),
    rules=WordRules("\t\n\r\v\f\0", trimmed=True, number_last=False, opens_file=True),
    write=partial(word2vec_text.write, header=False),
    read_options=word2vec_text.FORMAT.read_options - {"no_header"},
    read=read,
)
