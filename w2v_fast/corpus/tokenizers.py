"""Tokenizers: text that is not yet cut into words becomes words with white space between them."""

from __future__ import annotations

import importlib
import re
import threading
from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeAlias

from w2v_fast.corpus._segments import segment

TextFunction: TypeAlias = "Callable[[str], Iterable[str]]"
TokenizerChoice: TypeAlias = "str | TextFunction | Tokenizer | None"

EXPECTED = (
    "expected 'whitespace', 'words', module:function, or a function from a str to a list of str"
)
EXAMPLE_LENGTH = 60
SEPARATOR = re.compile("[\0\t\n\v\f\r ]")


class Tokenizer(Protocol):
    """What cuts blocks of text into words; several threads call it at the same time."""

    name: str

    def __call__(self, text: bytes) -> bytes:
        """Cut whole lines of UTF-8 into whole lines of words with white space between them."""

    def summary(self) -> str:
        """What it did so far: lines, words, and its first line as an example."""


def resolve(tokenizer: TokenizerChoice) -> Tokenizer | None:
    """Find the tokenizer of a name or function.

    Parameters
    ----------
    tokenizer
        - "whitespace", or None: words have ASCII white space or NUL between them already.
        - "words": the lowercased words of any script, without punctuation (`Words`).
        - A function from a line, a str, to its words, a list of str; or "module:function", which
          is imported (`Function`).
        - A tokenizer, which is returned as it is.

    Returns
    -------
    Tokenizer or None
        None if white space alone separates words.

    Raises
    ------
    TypeError
        It is neither a name nor a function.
    ValueError
        There is no tokenizer of this name, or no such function.
    """
    if tokenizer is None or tokenizer == "whitespace":
        return None
    if tokenizer == "words":
        return Words()
    if isinstance(tokenizer, str):
        if ":" not in tokenizer:
            raise ValueError(f"tokenizer = {tokenizer!r:.60} is unknown; {EXPECTED}")
        return Function(_imported(tokenizer), tokenizer)
    if not callable(tokenizer):
        raise TypeError(f"tokenizer = {tokenizer!r:.60} is no tokenizer; {EXPECTED}")
    if hasattr(tokenizer, "summary"):
        found: Any = tokenizer
        return found
    function: Any = tokenizer
    return Function(function, getattr(function, "__name__", type(function).__name__))


def _imported(name: str) -> TextFunction:
    module, _, function = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"tokenizer = {name!r:.60} cannot be imported: {error}") from error
    if not callable(found):
        raise ValueError(f"tokenizer = {name!r:.60} is no function but {found!r:.60}")
    return found


class _Tally:
    """Counts of all threads, and the first line with words."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines = self._words = self._invalid_bytes = 0
        self._example = ""

    def add(self, text: bytes, words: bytes, count: int, invalid_bytes: int = 0) -> None:
        """Add a block, and `count` words of it."""
        with self._lock:
            self._lines += text.count(b"\n")
            self._words += count
            self._invalid_bytes += invalid_bytes
            self._example = self._example or _example(text, words)

    def __str__(self) -> str:
        with self._lock:
            invalid = self._invalid_bytes
            return (
                f"{self._lines:,} lines, {self._words:,} words"
                + (f", {invalid:,} bytes that are not UTF-8" if invalid else "")
                + self._example
            )


def _example(text: bytes, words: bytes) -> str:
    for line, tokens in zip(text.split(b"\n"), words.split(b"\n"), strict=False):
        if found := tokens.split():
            given = line.decode("utf-8", "replace").strip()
            if len(given) > EXAMPLE_LENGTH:
                return f"; the first words: {b' '.join(found[:8]).decode('utf-8', 'replace')} ..."
            return f"; the first line: {given!r} -> {b' '.join(found).decode('utf-8', 'replace')}"
    return ""


class Words:
    """The lowercased words of any script: `tokenizer="words"`.

    Text is cut by the word boundaries of Unicode (Standard Annex 29); what has no letter or digit
    is dropped, the rest lowercased by Unicode's full mapping. White space of ASCII and NUL always
    separate, as does a byte that is not UTF-8.

    Attributes
    ----------
    name : str
        "words".

    Examples
    --------
    >>> Words()("Don't panic: pi is 3.14, ΟΔΟΣ!".encode()).decode()
    "don't panic pi is 3.14 οδος "
    """

    name = "words"

    def __init__(self) -> None:
        self._tally = _Tally()

    def __call__(self, text: bytes) -> bytes:
        """Cut whole lines, without the GIL.

        Parameters
        ----------
        text
            Lines of UTF-8.

        Returns
        -------
        bytes
            As many lines of words, each word with a space behind it.
        """
        words, count, invalid_bytes = segment(text)
        self._tally.add(text, words, count, invalid_bytes)
        return words

    def summary(self) -> str:
        """Tell what was cut so far.

        Returns
        -------
        str
            The numbers of lines, words and bytes that are not UTF-8, and the first line.
        """
        return str(self._tally)


class Function:
    """A function from a line to its words, applied to text.

    It runs in the threads that read the corpus, so it need not be picklable. Where the GIL is on,
    threads take turns unless the function releases it, as native tokenizers do. Empty lines are not
    given to it; a byte that is not UTF-8 is U+FFFD.

    Parameters
    ----------
    function
        From a line without its end, a str, to its words, a list of str.
    name
        What to call it in messages.
    """

    def __init__(self, function: TextFunction, name: str) -> None:
        self.name = name
        self._function = function
        self._tally = _Tally()

    def __call__(self, text: bytes) -> bytes:
        """Cut whole lines.

        Parameters
        ----------
        text
            Lines of UTF-8.

        Returns
        -------
        bytes
            As many lines of words, with spaces between them.

        Raises
        ------
        TypeError
            The function returned something else than str.
        ValueError
            A word is empty, or holds white space or NUL, which separate words.
        """
        lines = text.decode("utf-8", "replace").removesuffix("\n").split("\n")
        cut = list(map(self._words, lines))
        words = "".join(" ".join(tokens) + "\n" for tokens in cut).encode("utf-8", "replace")
        self._tally.add(text, words, sum(map(len, cut)))
        return words

    def _words(self, line: str) -> list[str]:
        line = line.removesuffix("\r")
        if not line.strip():
            return []
        try:
            found = self._function(line)
        except Exception as error:
            error.add_note(f"raised by the tokenizer {self.name} for the line {line!r:.60}")
            raise
        where = f"the tokenizer {self.name} returned"
        if isinstance(found, (str, bytes)) or not isinstance(found, Iterable):
            raise TypeError(
                f"{where} {found!r:.60} for {line!r:.60}; expected a list of str: the words"
            )
        words = list(found)
        for word in words:
            if not isinstance(word, str):
                raise TypeError(
                    f"{where} a word of type {type(word).__name__}, {word!r:.60}, for "
                    f"{line!r:.60}; expected a list of str"
                )
            if not word or SEPARATOR.search(word):
                raise ValueError(
                    f"{where} the word {word!r:.60} for {line!r:.60}; a word must not be empty or "
                    "hold white space, which separates words"
                )
        return words

    def summary(self) -> str:
        """Tell what was cut so far.

        Returns
        -------
        str
            The numbers of lines and words, and the first line.
        """
        return str(self._tally)
