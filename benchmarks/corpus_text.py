"""The first words of a corpus as a file that every trainer reads alike."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import tempfile
from collections.abc import Iterator
from typing import BinaryIO

from w2v_fast.system.files import open_input

LINE_WORDS = 1000
"""Longer lines are broken.

word2vec.c would break them here, fastText at 1,024 words and gensim at 10,000.
"""
PIECE = 1 << 16


@dataclasses.dataclass(frozen=True)
class Text:
    """A text file: its path, its corpus, the first 12 digits of its SHA-256, and its size."""

    path: str
    name: str
    sha256: str
    words: int
    lines: int

    @property
    def facts(self) -> dict[str, str | int]:
        """What a stored row says of its text."""
        return {"text": self.name, "sha256": self.sha256, "words": self.words, "lines": self.lines}


@contextlib.contextmanager
def first_words(corpus: str, words: int) -> Iterator[Text]:
    """Write the first `words` words of a corpus (0: all), a space apart, to a temporary file."""
    with tempfile.TemporaryDirectory(prefix="w2v_fast-benchmark-") as folder:
        path = os.path.join(folder, "text.txt")
        digest, written, lines = hashlib.sha256(), 0, 0
        try:
            with open_input(corpus) as source, open(path, "wb") as target:
                for line in _lines(source):
                    line = line[: words - written] if words else line
                    data = b" ".join(line) + b"\n"
                    target.write(data)
                    digest.update(data)
                    written += len(line)
                    lines += 1
                    if written == words:
                        break
        except (OSError, ImportError) as error:
            raise SystemExit(str(error)) from error
        if not written:
            raise SystemExit(f"{corpus} has no words")
        yield Text(path, os.path.basename(corpus), digest.hexdigest()[:12], written, lines)


def _lines(source: BinaryIO) -> Iterator[list[bytes]]:
    """The words of each line, at most LINE_WORDS at a time, however long the line is."""
    words: list[bytes] = []
    cut = b""
    while piece := source.readline(PIECE):
        found = (cut + piece).split()
        cut = found.pop() if found and not piece[-1:].isspace() else b""
        words += found
        while len(words) >= LINE_WORDS:
            yield words[:LINE_WORDS]
            del words[:LINE_WORDS]
        if piece.endswith(b"\n") and words:
            yield words
            words = []
    if cut:
        words.append(cut)
    if words:
        yield words
