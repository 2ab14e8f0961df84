"""The few helpers that scripts with word2vec take from gensim.utils."""

from __future__ import annotations

import re
import unicodedata

from w2v_fast.gensim.refusals import refuse_names

RULE_DEFAULT, RULE_DISCARD, RULE_KEEP = range(3)
"""What a `trim_rule` says of a word: let min_count decide, leave it out, keep it."""
_LETTERS = re.compile(r"[^\W\d]+")


def simple_preprocess(
    doc: str, deacc: bool = False, min_len: int = 2, max_len: int = 15
) -> list[str]:
    """The words of a text: runs of letters and underscores, in lower case.

    Parameters
    ----------
    deacc
        Take the accents off.
    min_len, max_len
        Words of other lengths are left out, and those that start with an underscore.
    """
    text = doc.lower()
    if deacc:
        letters = unicodedata.normalize("NFD", text)
        text = "".join(letter for letter in letters if unicodedata.category(letter) != "Mn")
        text = unicodedata.normalize("NFC", text)
    return [
        word
        for word in _LETTERS.findall(text)
        if min_len <= len(word) <= max_len and not word.startswith("_")
    ]


__getattr__ = refuse_names(
    __name__, "it has simple_preprocess and the RULE_ constants; import {name} from gensim.utils"
)
