"""The words that a format can hold, and their encoding."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Sequence

from w2v_fast.keys import all_different

NUMBER = re.compile(
    rb"[+-]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?|nan|inf|infinity)", re.IGNORECASE
)
"""A number in a text file; matching takes linear time."""
BYTE_ORDER_MARK = "\ufeff"
NOT_UTF8 = "".join(map(chr, range(0xDC80, 0xDD00)))
"""Characters that stand for bytes of words that are not UTF-8 (surrogateescape)."""


def max_word_bytes(rows: int) -> int:
    """Limit of the bytes that the words of a matrix may take."""
    return (1 << 24) + 1024 * rows


@dataclasses.dataclass(frozen=True)
class WordRules:
    """Which words a format can hold.

    Attributes
    ----------
    forbidden
        Characters that no word may contain.
    empty
        Whether a word may be empty.
    trimmed
        Whether readers strip spaces from a word, so that it must not begin or end with one.
    number_last
        Whether a word with spaces may end in a number, which a reader without a header would take
        for the first of the vector.
    opens_file
        Whether the file starts with the first word, which then must not start with a byte order
        mark.
    """

    forbidden: str
    empty: bool = False
    trimmed: bool = False
    number_last: bool = True
    opens_file: bool = False


def encoded_words(
    name: str, words: Sequence[str], rules: WordRules, escape: str | None
) -> list[bytes]:
    """The bytes of each word, UTF-8 with surrogateescape.

    Parameters
    ----------
    name
        The file to be written, for messages.
    words
        Different words.
    rules
        Of the format.
    escape
        See `WriteOptions`.

    Raises
    ------
    ValueError
        A word breaks a rule, is not valid Unicode, or has the bytes of another word.
    """
    forbidden = set(rules.forbidden)
    if escape is not None and not forbidden.isdisjoint(escape):
        raise ValueError(f"escape = {escape!r} is itself something that this format cannot hold")
    everything = "".join(words)
    if escape is not None:
        words = [_escaped(word, forbidden, escape) for word in words]
    elif any(char in everything for char in forbidden):
        word = next(word for word in words if not forbidden.isdisjoint(word))
        advice = (
            "the native format holds it (a path without a suffix); escape='_' or escape='percent' "
            "of save, --escape of w2v-fast convert, replaces what does not fit"
        )
        raise _refusal(name, f"this format cannot hold the word {word!r}; {advice}")
    if rules.trimmed and " " in everything:
        _check_spaces(name, words, rules)
    if rules.opens_file and words and words[0].startswith(BYTE_ORDER_MARK):
        problem = f"the first word {words[0]!r} starts with a byte order mark"
        reason = "which a reader takes off the start of a file; write another format"
        raise _refusal(name, f"{problem}, {reason}")
    if not rules.empty and not all(words):
        raise _refusal(name, f"this format cannot hold an empty word (row {list(words).index('')})")
    try:
        everything.encode()
        raw = [word.encode() for word in words]
    except UnicodeEncodeError:
        raw = [_encoded(name, word) for word in words]
    if not all_different(raw):
        repeated, _ = Counter(raw).most_common(1)[0]
        raise _refusal(name, f"two words would both be written as {repeated!r}")
    return raw


def _refusal(name: str, problem: str) -> ValueError:
    return ValueError(f"cannot write {name}: {problem}")


def _check_spaces(name: str, words: Sequence[str], rules: WordRules) -> None:
    for word in words:
        if word.strip(" ") != word:
            problem = f"the word {word!r} begins or ends with a space"
            raise _refusal(name, f"{problem}, which a reader takes off; write another format")
        before, _, last = word.rpartition(" ")
        is_number = NUMBER.fullmatch(last.encode("utf-8", "surrogatepass"))
        if before and not rules.number_last and is_number:
            problem = f"the word {word!r} ends in a number"
            reason = "so that a reader could not tell where its vector starts"
            raise _refusal(name, f"{problem}, {reason}; write a format with a header")


def _escaped(word: str, forbidden: set[str], escape: str) -> str:
    if escape == "percent":
        table = {ord(char): f"%{ord(char):02X}" for char in forbidden | {"%"}}
    else:
        table = {ord(char): escape for char in forbidden}
    return word.translate(table)


def _encoded(name: str, word: str) -> bytes:
    """Restore bytes that were not UTF-8 when read; refuse all other surrogates."""
    try:
        raw = word.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = b""
    if raw.decode("utf-8", "surrogateescape") != word:
        raise _refusal(name, f"the word {word!r} is not valid Unicode")
    return raw
