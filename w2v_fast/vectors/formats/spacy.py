"""Text for `spacy init vectors`: word2vec text in valid UTF-8. Read it back as word2vec_text.

spaCy splits a line from the right, so a word may hold spaces; bytes that are no UTF-8 it would drop without a word.
"""

from __future__ import annotations

import os

from w2v_fast.vectors.data import Vectors
from w2v_fast.vectors.formats import word2vec_text
from w2v_fast.vectors.formats.options import WriteOptions
from w2v_fast.vectors.formats.table import WordRules

WRITES: frozenset[str] = word2vec_text.WRITES
SUFFIXES: tuple[str, ...] = ()
NOT_UTF8 = "".join(map(chr, range(0xDC80, 0xDD00)))
RULES = WordRules("\t\n\r\v\f\0" + NOT_UTF8, trimmed=True)


def write(kv: Vectors, path: str | os.PathLike[str], options: WriteOptions) -> None:
    """Write the header and one line for each word."""
    word2vec_text.write(kv, path, options, RULES)
