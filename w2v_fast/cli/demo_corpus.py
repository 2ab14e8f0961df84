"""The text of Python's own documentation: docstrings and comments of its library, and its help."""

from __future__ import annotations

import io
import os
import re
import sysconfig
import tokenize
from collections.abc import Iterator

NOT_OF_PYTHON = {"site-packages", "dist-packages"}
SENTENCE_END = re.compile(r"[.!?:;]\s|\n\s*\n")
WORD = re.compile(r"[a-z]{2,}")
ESCAPE = re.compile(r"\\.")
TEXT = re.compile(
    r"""
    ^[ \t]* [rRuU]? (?P<quotes>\"{3}|'{3}) (?P<documentation> .*? ) (?<!\\) (?P=quotes)
    | (?P<comment> \# [^\n]* (?: \n [ \t]* \# [^\n]* )* )
    | (?P<others> \"{3}|'{3}) .*? (?<!\\) (?P=others)
    | " [^"\\\n]* (?: \\. [^"\\\n]* )* "
    | ' [^'\\\n]* (?: \\. [^'\\\n]* )* '
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
"""Triple-quoted strings that start a line, comments with those on the next lines, and, so that
no # in them counts, all other strings."""


def sentences() -> Iterator[list[str]]:
    """Every sentence as a list of its words of two letters or more, in lower case."""
    for text in _texts():
        for sentence in SENTENCE_END.split(text.lower()):
            words = WORD.findall(sentence)
            if len(words) > 1:
                yield words


def _texts() -> Iterator[str]:
    try:
        from pydoc_data.topics import topics

        yield from topics.values()
    except ImportError:  # some systems package them apart
        pass
    for path in _files(sysconfig.get_path("stdlib")):
        with open(path, "rb") as file:
            source = file.read()
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
            yield from _documentation_and_comments(source.decode(encoding))
        except (SyntaxError, UnicodeDecodeError):
            continue  # a file that is meant to be broken


def _files(folder: str) -> Iterator[str]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in NOT_OF_PYTHON)
        yield from (os.path.join(root, name) for name in sorted(names) if name.endswith(".py"))


def _documentation_and_comments(source: str) -> Iterator[str]:
    for match in TEXT.finditer(source):
        if text := match["documentation"]:
            yield ESCAPE.sub(" ", text)
        elif text := match["comment"]:
            yield text.replace("#", " ")
