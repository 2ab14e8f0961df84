"""Shards: a corpus in pieces that nodes encode and count, cut the same way for any number of nodes.

A plain file is cut between words, for a tokenizer between lines, into parts of some megabytes; a
compressed file, a table or a URL is one shard. A node keeps each of its shards as a saved corpus
(`corpus/corpus.py`) with a vocabulary of this shard. The vocabulary of the run is merged from the
counts in the order of the shards, so ids, ties included, are those of one machine.
"""

from __future__ import annotations

import codecs
import contextlib
import dataclasses
import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2v_fast.cluster.scratch import ScratchFolder
from w2v_fast.corpus import ingest, sources
from w2v_fast.corpus._ids import tally
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.id_store import IdStore
from w2v_fast.corpus.rows import Column
from w2v_fast.corpus.table_files import are_tables
from w2v_fast.corpus.text_check import HEAD_BYTES, check_is_text
from w2v_fast.corpus.text_files import expand, file_state
from w2v_fast.corpus.tokenizers import Tokenizer
from w2v_fast.corpus.vocabulary import Vocabulary, ids_of
from w2v_fast.system.files import compression_of_file
from w2v_fast.system.memory import default_budget

MAX_PART_BYTES, MIN_PART_BYTES, PARTS = 1 << 26, 1 << 20, 256
SEPARATORS = b" \t\n\v\f\r\0"
SEPARATOR, NEWLINE = re.compile(b"[%b]" % SEPARATORS), re.compile(b"\n")
BLANKS = re.compile(rb"[ \t\v\f\r\0]*\n?")
SCAN_BYTES = 1 << 16


@dataclasses.dataclass(frozen=True)
class Shard:
    """A file or URL, or the words of a plain file that start in the bytes `start..stop`.

    Attributes
    ----------
    path : str
        The file or URL, as every node can open it.
    file_size : int or None
        Bytes of the file when the corpus was cut; None for a URL.
    start, stop : int or None
        The bytes of the part; `stop` is None for a whole file.
    """

    path: str
    file_size: int | None
    start: int = 0
    stop: int | None = None

    def __str__(self) -> str:
        if self.stop is None:
            return self.path
        return f"{self.path} (bytes {self.start:,} to {self.stop:,})"

    @property
    def size(self) -> int:
        """Bytes to read, 1 if they are not known."""
        return max(1, (self.file_size or 1) if self.stop is None else self.stop - self.start)

    def check(self) -> None:
        """Raise an OSError unless the file is there with its size."""
        state = file_state(self.path)
        if state is not None and state[1] != self.file_size:
            raise OSError(
                f"{self.path} changed: it has {state[1]:,} bytes, the driver saw "
                f"{self.file_size:,}; every node must see the same files"
            )


def cut(source: Any, column: Column | None = None) -> list[Shard]:
    """Cut a corpus into shards.

    Parameters
    ----------
    source
        A path, folder, glob or URL, or a list of them.
    column
        That of tables, if there is one.

    Raises
    ------
    TypeError
        It is something else, which only one machine can read; or some files are tables and some
        are not.
    OSError
        A path does not exist.
    """
    names = [source] if isinstance(source, (str, os.PathLike)) else source
    if (
        not isinstance(names, (list, tuple))
        or not names
        or not all(
            isinstance(name, (str, os.PathLike)) and os.fspath(name) != "-" for name in names
        )
    ):
        raise TypeError(
            "a cluster trains on files that every node can open: paths, folders, globs, URLs or a "
            f"saved corpus; got {source!r:.60}"
        )
    paths = [path for name in names for path in expand(name)]
    sizes = [state[1] if (state := file_state(path)) else None for path in paths]
    part = min(max(sum(filter(None, sizes)) // PARTS, MIN_PART_BYTES), MAX_PART_BYTES)
    are_whole, shards = are_tables(paths, column), []
    for path, size in zip(paths, sizes, strict=True):
        if size is None or size <= part or are_whole or compression_of_file(path):
            shards.append(Shard(path, size))
        else:
            starts = range(0, size, part)
            shards += [Shard(path, size, start, min(start + part, size)) for start in starts]
    return shards


class FilePart:
    """The words of a part of a plain file as a stream of bytes; the parts of a file share none.

    Parameters
    ----------
    shard
        The part.
    separator
        What parts are cut at.

    Attributes
    ----------
    path : str
        The file.
    ends_line : bool
        Whether the part ends with a line; else the next part goes on with its last sentence.
    """

    def __init__(self, shard: Shard, separator: re.Pattern[bytes] = SEPARATOR) -> None:
        self.path = shard.path
        self._separator = separator
        self._state = file_state(shard.path)
        self._file = open(shard.path, "rb", buffering=0)  # noqa: SIM115 - closed by __exit__
        assert shard.stop is not None
        assert shard.file_size is not None
        self._end = self._boundary(shard.stop, shard.file_size)
        self._position = self._boundary(shard.start, shard.file_size)
        self.ends_line = self._end == shard.file_size
        if shard.start == 0:
            head = self._file.read(HEAD_BYTES) or b""
            self._position = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
            check_is_text(shard.path, head[self._position :], is_whole=len(head) < HEAD_BYTES)
        self._file.seek(self._position)
        self._size = shard.file_size
        self._is_closed = False

    def __enter__(self) -> FilePart:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def readinto(self, buffer: memoryview) -> int:
        """Read at least one byte into `buffer`; 0 at the end, after a newline."""
        room = min(len(buffer), self._end - self._position)
        if room:
            count = self._file.readinto(buffer[:room]) or 0
            self._position += count
            if count:
                self._note_line_end(bytes(buffer[:count]))
                return count
        if file_state(self.path) != self._state or self._position != self._end:
            raise OSError(f"{self.path} changed while it was read")
        if self._is_closed:
            return 0
        self._is_closed = True
        buffer[0] = ord("\n")
        return 1

    def _note_line_end(self, text: bytes) -> None:
        """Note whether a newline follows the last word so far."""
        words = text.rstrip(SEPARATORS)
        blanks = text[len(words) :]
        ended = self.ends_line and not words
        self.ends_line = ended or b"\n" in blanks or self._end == self._size

    def _boundary(self, position: int, size: int) -> int:
        """The first start of a word or line from `position` on."""
        if position == 0 or position >= size:
            return min(position, size)
        length = SCAN_BYTES
        while True:
            self._file.seek(position - 1)
            text = self._file.read(length) or b""
            found = self._separator.search(text)
            blanks = BLANKS.match(text, found.start()) if found else None
            if blanks is not None and (blanks.end() < len(text) or blanks[0].endswith(b"\n")):
                return position - 1 + blanks.end()
            if position - 1 + len(text) >= size:
                return size
            length *= 2


@dataclasses.dataclass(frozen=True)
class Counts:
    """Words of some consecutive shards in the order of their first appearance.

    Attributes
    ----------
    words : list of str
        All words.
    counts : ndarray of int64, shape [words]
        How often each occurs.
    digests : dict of str
        SHA-256 of the tokens of each shard, by its number.
    """

    words: list[str]
    counts: NDArray[np.int64]
    digests: dict[int, str]


def merge(parts: Sequence[Counts]) -> Counts:
    """The counts of consecutive groups of shards as one; the same for any grouping."""
    totals: dict[str, int] = {}
    for part in parts:
        for word, count in zip(part.words, part.counts.tolist(), strict=True):
            totals[word] = totals.get(word, 0) + count
    digests = {number: digest for part in parts for number, digest in part.digests.items()}
    counts = np.fromiter(totals.values(), np.int64, len(totals))
    return Counts(list(totals), counts, digests)


def vocabulary_of(counts: Counts, min_count: int, max_vocab: int | None) -> Vocabulary:
    """The vocabulary of the run, as one machine makes it.

    Raises
    ------
    ValueError
        There are no words, or every word is below `min_count`.
    """
    positions = np.arange(len(counts.words), dtype=np.int64)
    order, _ = ingest.rank_and_cut(counts.counts, positions, min_count, max_vocab)
    return Vocabulary([counts.words[row] for row in order.tolist()], counts.counts[order])


class LocalShards:
    """The shards that one node has encoded, as files of a folder on its disk.

    Parameters
    ----------
    run
        The name of the run, a part of the name of its folder (`scratch.py`).
    shards
        All shards of the corpus.
    column, tokenizer
        That of tables; what cuts text into words.
    """

    def __init__(
        self,
        run: str,
        shards: Sequence[Shard],
        column: Column | None = None,
        tokenizer: Tokenizer | None = None,
    ) -> None:
        self.shards = shards
        self._column, self._tokenizer = column, tokenizer
        self._folder = ScratchFolder(run)

    def encode(self, numbers: Iterable[int], threads: int) -> Counts:
        """Read the text of consecutive shards, unless they are here already, and count words."""
        return merge([self._counts(number, self._corpus(number, threads)) for number in numbers])

    def tokens(self, number: int, vocabulary: Vocabulary, threads: int) -> int:
        """The tokens of a shard that are in the vocabulary."""
        corpus = self._corpus(number, threads)
        known = ids_of(corpus.vocabulary.words, vocabulary) >= 0
        return int(corpus.vocabulary.counts[known].sum())

    def load(
        self,
        numbers: Iterable[int],
        vocabulary: Vocabulary,
        digests: Mapping[int, str],
        threads: int,
    ) -> NDArray[np.int32]:
        """The ids of consecutive shards under the vocabulary, in memory or in a temporary file.

        Raises
        ------
        OSError
            A shard cannot be read, or has other words than when it was counted.
        """
        store = IdStore(default_budget())
        runs: list[tuple[int, int]] = []
        new_ids: list[NDArray[np.int32]] = []
        for number in numbers:
            corpus = self._corpus(number, threads)
            if _digest(corpus) != digests[number]:
                raise OSError(f"{self.shards[number]} changed since its words were counted")
            runs.append((len(new_ids), len(corpus)))
            new_ids.append(ids_of(corpus.vocabulary.words, vocabulary))
            store.append(corpus.ids)
        return ingest.renumber(store, np.array(runs, np.int64).reshape(-1, 2), new_ids)

    def remove(self) -> None:
        """Remove the folder."""
        self._folder.remove()

    def _corpus(self, number: int, threads: int) -> Corpus:
        """A shard as it was encoded; it is encoded now if it is not here."""
        path = self._folder.path / f"shard-{number:06}.w2v"
        with contextlib.suppress(FileNotFoundError):
            return Corpus.open(path)
        corpus = encode_shard(self.shards[number], threads, self._column, self._tokenizer)
        corpus.save(path)
        return corpus

    def _counts(self, number: int, corpus: Corpus) -> Counts:
        counts = np.zeros(len(corpus.vocabulary), np.int64)
        first = np.zeros(len(corpus.vocabulary), np.int64)
        tally(corpus.ids, 0, len(corpus), counts, first)
        order = np.argsort(first)
        words = [corpus.vocabulary.words[id] for id in order.tolist()]
        return Counts(words, counts[order], {number: _digest(corpus)})


def encode_shard(
    shard: Shard, threads: int, column: Column | None = None, tokenizer: Tokenizer | None = None
) -> Corpus:
    """Read the text of a shard; every word is kept, and a shard may have none.

    Raises
    ------
    OSError
        The file is missing, has changed, or cannot be read.
    ValueError, TypeError
        It is not text, or has no such column.
    """
    shard.check()
    store, size = IdStore(default_budget()), sources.DEFAULT_BLOCK_BYTES
    if shard.stop is None:
        part = None
        blocks, _ = sources.open_source([shard.path], size, column, tokenizer)
    else:
        part = FilePart(shard, NEWLINE if tokenizer else SEPARATOR)
        blocks = sources.text_blocks(part, size, tokenizer)
    tables, runs = ingest.encode(blocks, store, threads, None, None)
    tokens = store.size
    if not tokens:
        return Corpus.of_own_ids(np.empty(0, np.int32), Vocabulary([], []), 0)
    vocabulary, new_ids = ingest.build_vocabulary(tables, 1, None)
    ids = ingest.renumber(store, runs, new_ids)
    if part is not None and not part.ends_line:
        ids[-1] = ~ids[-1]
    return Corpus.of_own_ids(ids, vocabulary, tokens)


def _digest(corpus: Corpus) -> str:
    state = hashlib.sha256(corpus.vocabulary.digest().encode())
    state.update(corpus.ids.data)
    return state.hexdigest()
