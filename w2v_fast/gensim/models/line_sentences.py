"""Corpora in text files: a sentence a line, or one long line; training reads their paths itself."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator
from typing import IO, Any

from w2v_fast.corpus.text_files import text_lines
from w2v_fast.system.files import open_input

MAX_WORDS_IN_BATCH = 10_000
PART_BYTES = 1 << 20


def _words(line: bytes | str) -> list[str]:
    """The words between ASCII white space, as training reads them."""
    raw = line.encode("utf-8", "surrogateescape") if isinstance(line, str) else line
    return [word.decode("utf-8", "surrogateescape") for word in raw.split()]


class LineSentence:
    """A sentence a line, words separated by white space.

    Parameters
    ----------
    source
        A path (gzip, bzip2, xz and zstd are recognized), or an open file that can be read again
        from its start.
    max_sentence_length
        Longer lines are given in parts of this many words. Training from a path takes them whole.
    limit
        Read the first lines only, this many.
    """

    def __init__(
        self,
        source: str | os.PathLike[str] | IO[Any],
        max_sentence_length: int = MAX_WORDS_IN_BATCH,
        limit: int | None = None,
    ) -> None:
        self.source, self.max_sentence_length, self.limit = source, max_sentence_length, limit

    @property
    def paths(self) -> list[str] | None:
        """The files, where training can read all of them itself."""
        if self.limit is None and isinstance(self.source, (str, os.PathLike)):
            return [os.fspath(self.source)]
        return None

    def _lines(self) -> Iterator[bytes | str]:
        if isinstance(self.source, (str, os.PathLike)):
            return text_lines(self.source)
        self.source.seek(0)
        return iter(self.source)

    def __iter__(self) -> Iterator[list[str]]:
        for line in itertools.islice(self._lines(), self.limit):
            words = _words(line)
            for start in range(0, len(words), self.max_sentence_length):
                yield words[start : start + self.max_sentence_length]


class PathLineSentences(LineSentence):
    """As `LineSentence`, of all files in a folder, by their names; not of folders in it."""

    def __init__(
        self,
        source: str | os.PathLike[str],
        max_sentence_length: int = MAX_WORDS_IN_BATCH,
        limit: int | None = None,
    ) -> None:
        super().__init__(source, max_sentence_length, limit)
        if os.path.isfile(source):
            self.input_files = [os.fspath(source)]
        elif os.path.isdir(source):
            names = (os.path.join(source, name) for name in sorted(os.listdir(source)))
            self.input_files = [name for name in names if os.path.isfile(name)]
        else:
            raise ValueError(f"{os.fspath(source)} is neither a file nor a folder")

    @property
    def paths(self) -> list[str] | None:
        """The files, where training can read all of them itself."""
        return self.input_files if self.limit is None else None

    def _lines(self) -> Iterator[bytes | str]:
        return itertools.chain.from_iterable(map(text_lines, self.input_files))


class Text8Corpus:
    """A text whose line ends say nothing, such as text8: sentences of `max_sentence_length` words.

    Parameters
    ----------
    fname
        The path of the file.
    max_sentence_length
        Words of a sentence.
    """

    def __init__(
        self, fname: str | os.PathLike[str], max_sentence_length: int = MAX_WORDS_IN_BATCH
    ) -> None:
        self.fname, self.max_sentence_length = fname, max_sentence_length

    def __iter__(self) -> Iterator[list[str]]:
        words = itertools.chain.from_iterable(map(_words, self._parts()))
        while sentence := list(itertools.islice(words, self.max_sentence_length)):
            yield sentence

    def _parts(self) -> Iterator[bytes]:
        """The text in parts that end with white space: it may be one line of any length."""
        with open_input(self.fname) as file:
            rest = b""
            while part := file.read(PART_BYTES):
                head, space, tail = (rest + part).rpartition(b" ")
                yield head + space
                rest = tail
            yield rest


def source_of(sentences: Iterable[Any]) -> Any:
    """What training reads: the paths of a corpus in files, else the sentences themselves."""
    paths = sentences.paths if isinstance(sentences, LineSentence) else None
    return sentences if paths is None else paths
