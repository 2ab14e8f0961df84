"""Text for `spacy init vectors`: word2vec text in valid UTF-8. Read it back as word2vec_text.

spaCy splits a line from the right, so a word may contain spaces. Words that are not UTF-8 are
refused, because spaCy would silently drop their bytes.
"""

from __future__ import annotations

import dataclasses

from w2v_fast.vectors.formats import word2vec_text
from w2v_fast.vectors.formats._words import NOT_UTF8, WordRules

FORMAT = dataclasses.replace(
    word2vec_text.FORMAT,
    name="spacy",
    suffixes=(),
    rules=WordRules("\t\n\r\v\f\0" + NOT_UTF8, trimmed=True),
    read_options=frozenset(),
    read=None,
)
