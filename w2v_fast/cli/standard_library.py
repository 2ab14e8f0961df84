"""The text that comes with every Python: documentation strings, comments and help topics of the standard library."""

from __future__ import annotations

import ast
import io
import itertools
import os
import re
import sysconfig
import tokenize
import warnings
from collections.abc import Iterator

SKIPPED_FOLDERS = {"test", "tests", "idle_test", "site-packages", "dist-packages", "__pycache__"}
SENTENCE_END = re.compile(r"[.!?:;]\s|\n\s*\n")
WORD = re.compile(r"[a-z]+")

Documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def sentences() -> Iterator[list[str]]:
    """Every sentence as lower-cased words of letters only."""
    for text in itertools.chain(_help_topics(), _texts_of_files()):
        for sentence in SENTENCE_END.split(text.lower()):
            words = WORD.findall(sentence)
            if len(words) > 1:
                yield words


def _help_topics() -> Iterator[str]:
    try:
        from pydoc_data.topics import topics
    except ImportError:  # some systems package them apart
        return
    yield from topics.values()


def _texts_of_files() -> Iterator[str]:
    for path in _files(sysconfig.get_path("stdlib")):
        with open(path, "rb") as file:
            source = file.read()
        try:
            yield from _documentation(source)
            yield from _comments(source)
        except (SyntaxError, tokenize.TokenError, ValueError):
            continue  # a file that is meant to be broken


def _files(folder: str) -> Iterator[str]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
        yield from (os.path.join(root, name) for name in sorted(names) if name.endswith(".py"))


def _documentation(source: bytes) -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd escapes in the strings
        tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, Documented):
            yield ast.get_docstring(node) or ""


def _comments(source: bytes) -> Iterator[str]:
    """Comments; those on neighboring lines are one text."""
    lines: list[str] = []
    last = 0
    for token in tokenize.tokenize(io.BytesIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        if token.start[0] != last + 1:
            yield "\n".join(lines)
            lines = []
        last = token.start[0]
        lines.append(token.string.lstrip("#"))
    yield "\n".join(lines)
