"""The text that comes with every Python: documentation strings, comments and help topics of the standard library."""

from __future__ import annotations

import ast
import io
import os
import re
import sysconfig
import tokenize
import warnings
from collections.abc import Iterator

NOT_OF_PYTHON = {"site-packages", "dist-packages"}
SENTENCE_END = re.compile(r"[.!?:;]\s|\n\s*\n")
WORD = re.compile(r"[a-z]{2,}")
DOCUMENTATION = re.compile("[rRuU]?[\"']")
BEFORE_STATEMENT = {tokenize.ENCODING, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
BETWEEN_STATEMENTS = {tokenize.COMMENT, tokenize.NL}


def sentences() -> Iterator[list[str]]:
    """Every sentence as its words of two letters or more, in lower case."""
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
            yield from _documentation_and_comments(source)
        except (SyntaxError, tokenize.TokenError):
            continue  # a file that is meant to be broken


def _files(folder: str) -> Iterator[str]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in NOT_OF_PYTHON)
        yield from (os.path.join(root, name) for name in sorted(names) if name.endswith(".py"))


def _documentation_and_comments(source: bytes) -> Iterator[str]:
    """Strings that start a statement, and comments; those on neighboring lines are one text."""
    comments: list[str] = []
    last_line = 0
    before = tokenize.ENCODING
    for token in tokenize.tokenize(io.BytesIO(source).readline):
        if token.type == tokenize.COMMENT:
            if token.start[0] != last_line + 1:
                yield "\n".join(comments)
                comments = []
            last_line = token.start[0]
            comments.append(token.string.lstrip("#"))
        elif (
            token.type == tokenize.STRING
            and before in BEFORE_STATEMENT
            and DOCUMENTATION.match(token.string)
        ):
            yield _value(token.string)
        if token.type not in BETWEEN_STATEMENTS:
            before = token.type
    yield "\n".join(comments)


def _value(literal: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd escapes
        return str(ast.literal_eval(literal))
