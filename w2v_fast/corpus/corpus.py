"""Corpus: a text as int32 token ids with sentence ends, and its vocabulary.

The ids are in memory, or mapped from a temporary file. A saved corpus is a sealed file
(`system/container.py`), little-endian:

    sizes        5 uint64: words V, bytes of all words B, tokens n, raw tokens, 0
    offsets      V + 1 int64    where each word starts in the next part
    words        B bytes
    counts       V int64
    ids          n int32        the last token of a sentence as ~id
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from w2v_fast.config import TrainConfig
from w2v_fast.corpus import ingest, sources, tokenizers
from w2v_fast.corpus._ids import compact
from w2v_fast.corpus.blocks import Ids
from w2v_fast.corpus.id_store import IdStore, checked_budget
from w2v_fast.corpus.rows import Column
from w2v_fast.corpus.sources import CorpusSource
from w2v_fast.corpus.tokenizers import TokenizerChoice
from w2v_fast.corpus.vocabulary import Vocabulary, ids_of, join_words, split_words
from w2v_fast.html_table import first_words, html_table
from w2v_fast.system.container import SealedFile, write_sealed
from w2v_fast.system.files import compression_of_name, open_raw, path_name

logger = logging.getLogger(__name__)

MAGIC = b"w2v_fast corpus1"
SIZES_BYTES = 5 * 8
CHUNK = 1 << 22  # tokens searched at a time


class Corpus:
    """Token ids and the vocabulary they refer to.

    Parameters
    ----------
    ids
        Integers, shape [n]; they are copied. The last token of a sentence is stored as ~id, which
        is negative.
    vocabulary
        The words.
    raw_tokens
        Tokens read, including those that are not in the vocabulary (default: n).

    Attributes
    ----------
    ids : numpy.ndarray
        int32, shape [n], read-only: native code relies on them.
    vocabulary, raw_tokens
        As above.

    Raises
    ------
    TypeError
        The ids are not a 1-D array of integers.
    ValueError
        An id is not in the vocabulary.
    """

    def __init__(
        self, ids: npt.ArrayLike, vocabulary: Vocabulary, raw_tokens: int | None = None
    ) -> None:
        given = np.asarray(ids)
        if given.ndim != 1 or (given.dtype.kind not in "iu" and len(given)):
            raise TypeError(
                f"ids must be a 1-D array of integers, got the shape {given.shape} of {given.dtype}"
            )
        store = _CheckedIds(checked_budget(None), len(given))
        for start in range(0, len(given), CHUNK):
            store.append(given[start : start + CHUNK].copy())
        store.check("a corpus", len(vocabulary))
        self._take(store.truncate(store.size), vocabulary, raw_tokens)

    def _take(self, ids: Ids, vocabulary: Vocabulary, raw_tokens: int | None) -> None:
        ids.flags.writeable = False
        self.ids = ids
        self.vocabulary = vocabulary
        self.raw_tokens = len(ids) if raw_tokens is None else raw_tokens

    @classmethod
    def of_own_ids(cls, ids: Ids, vocabulary: Vocabulary, raw_tokens: int) -> Corpus:
        """Make a corpus of ids that are not copied and not checked.

        Parameters
        ----------
        ids
            int32, shape [n], all of them valid; nobody else may change them.
        vocabulary
            The words.
        raw_tokens
            Tokens read, including those that are not in the vocabulary.

        Returns
        -------
        Corpus
            It becomes the owner of `ids`, which are made read-only.
        """
        corpus = cls.__new__(cls)
        corpus._take(ids, vocabulary, raw_tokens)
        return corpus

    @classmethod
    def from_source(
        cls,
        source: CorpusSource,
        *,
        column: Column | None = None,
        tokenizer: TokenizerChoice = None,
        min_count: int = 5,
        max_vocab: int | None = None,
        vocabulary: Vocabulary | None = None,
        workers: int | None = None,
        memory_budget: int | None = None,
        block_bytes: int = sources.DEFAULT_BLOCK_BYTES,
        progress: ingest.ProgressCallback | None = None,
    ) -> Corpus:
        """Read a source once.

        Parameters
        ----------
        source
            - A path, or a list of them: a file (gzip, bzip2, xz and zstd are recognized), a folder
              (all files in it and below), a glob, a URL or a glob of URLs (extra: `remote`), or
              `-`, standard input. ASCII white space and NUL separate words, newline ends a
              sentence.
            - With `column`, files of tables (extra: `tables`), told by their suffix: .parquet, .pq,
              .feather, .arrow, .csv, .tsv, or with an object a line .json, .jsonl, .ndjson.
            - A table of pandas, polars, pyarrow or DuckDB, or of another library that narwhals
              reads or that exports a stream of Arrow; an iterable of tables; a Hugging Face
              dataset. It needs a `column`, unless it has only one (extra: `tables`).
            - A column of such a table.
            - An iterable, which may be a generator, of sentences: lists of str, or lists or 1-D
              arrays of integers.
            - An array of integers: 1-D is one sentence, 2-D one sentence a row. Their words are
              decimal strings.
            - With `column`, an iterable of rows (dicts or tuples), such as a database cursor.
            - With `tokenizer`, an iterable of texts.
        column
            The column to read, by name; of rows that have no names, by position. A cell is a
            sentence: a str, whose line breaks count as spaces, or a list of tokens. Cells that are
            missing (None, NaN) are left out; a RuntimeWarning says how many.
        tokenizer
            What cuts text into words: "whitespace" (the default; a byte of ASCII white space or NUL
            ends a word), "words" (the lowercased words of any script, without punctuation), or a
            function from a line to a list of str, itself or as "module:function". What it did is
            logged. A line longer than 16 MiB is cut at white space first.
        min_count
            Words that occur fewer times are left out.
        max_vocab
            Keep only this many words, the most frequent (default: all).
        vocabulary
            Use these words and counts instead; other tokens are dropped, and the two options above
            have no effect.
        workers
            Threads (default: the CPUs this process may use).
        memory_budget
            Bytes of ids to hold in memory (4 a token); above it they go to a temporary file
            (default: half of what is free).
        block_bytes
            Bytes of text that one thread takes at a time.
        progress
            Called with the bytes read and the bytes in all, or None if that is not known.

        Raises
        ------
        ImportError
            An extra is not installed; the message names it.
        OSError
            Nothing is at a path, a file cannot be read, its compressed data are damaged, it changed
            while it was read, or the disk is full.
        TypeError
            The source is none of these; a sentence is a str instead of a list of tokens; tokens
            have different types; a table has several columns and none is given; a cell is neither
            text nor a list; there is no text for the tokenizer, or no table for `column`.
        ValueError
            The corpus is empty, or none of its words is kept; a file is not text, or not the table
            that its suffix says; a column or tokenizer is unknown; an option is out of its range.

        Warns
        -----
        RuntimeWarning
            Cells were missing.
        """
        config = TrainConfig(min_count=min_count, max_vocab=max_vocab, workers=workers)
        budget = checked_budget(memory_budget)
        limit = sources.MAX_BLOCK_BYTES
        if not 1 <= block_bytes <= limit:
            raise ValueError(f"block_bytes = {block_bytes} must lie in [1, {limit}]")
        cut = tokenizers.resolve(tokenizer)
        blocks, size = sources.open_source(source, block_bytes, column, cut, tokenizer is not None)
        store = IdStore(budget)
        total = None if progress is None else size()
        tables, runs = ingest.encode(blocks, store, config.threads, progress, total)
        if cut is not None:
            logger.info("%s", cut.summary())
        raw_tokens = store.size
        if vocabulary is None:
            vocabulary, new_ids = ingest.build_vocabulary(
                tables, config.min_count, config.max_vocab
            )
        else:
            new_ids = ingest.match_vocabulary(tables, vocabulary)
        del tables
        ids = ingest.renumber(store, runs, new_ids)
        if not len(ids):
            raise ValueError(f"none of the {raw_tokens} tokens of the corpus is in the vocabulary")
        return cls.of_own_ids(ids, vocabulary, raw_tokens)

    def __len__(self) -> int:
        """Tokens kept."""
        return len(self.ids)

    def __repr__(self) -> str:
        return (
            f"<Corpus: {len(self)} tokens of {self.raw_tokens} read, {len(self.vocabulary)} words>"
        )

    def _repr_html_(self) -> str:
        facts = {
            "tokens read": self.raw_tokens,
            "tokens in the vocabulary": len(self),
            "words": len(self.vocabulary),
            "first words": first_words(self.vocabulary.words),
        }
        return html_table("Corpus", facts)

    def sentences(self) -> Iterator[Ids]:
        """Iterate over the sentences.

        Yields
        ------
        numpy.ndarray
            The ids of a sentence, int32, shape [tokens of the sentence], none of them negative.
        """
        start = 0
        for chunk in range(0, len(self.ids), CHUNK):
            for end in (np.flatnonzero(self.ids[chunk : chunk + CHUNK] < 0) + (chunk + 1)).tolist():
                sentence = self.ids[start:end].copy()
                sentence[-1] = ~sentence[-1]
                yield sentence
                start = end
        if start < len(self.ids):
            yield self.ids[start:].copy()

    def token_lists(self) -> Iterator[list[str]]:
        """Iterate over the sentences as words.

        Returns
        -------
        iterator of list of str
            The words of each sentence.
        """
        words = self.vocabulary.words
        return ([words[id] for id in sentence.tolist()] for sentence in self.sentences())

    def close(self) -> None:
        """Release the ids (memory or a temporary file); arrays taken from them stay valid."""
        self.ids = np.empty(0, np.int32)

    def __enter__(self) -> Corpus:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write one file, from which `open` reads the ids and the vocabulary without the text.

        Parameters
        ----------
        path
            The file.

        Raises
        ------
        OSError
            The file cannot be written; an older one stays as it was.
        ValueError
            The name ends with the suffix of a compressed file; a saved corpus is not compressed.
        """
        if compression_of_name(path_name(path)):
            raise ValueError(
                f"cannot write {os.fspath(path)}: an encoded corpus is not compressed; "
                "give another name"
            )
        blob, offsets = join_words(self.vocabulary.words)
        sizes = np.array([len(self.vocabulary), len(blob), len(self), self.raw_tokens, 0], "<u8")
        counts, ids = self.vocabulary.counts.astype("<i8"), self.ids.astype("<i4", copy=False)
        write_sealed(path, MAGIC, [sizes, offsets.astype("<i8"), blob, counts, ids])

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, memory_budget: int | None = None) -> Corpus:
        """Read a saved corpus. The ids are a copy: later changes of the file do not reach them.

        Parameters
        ----------
        path
            A file that `save` wrote.
        memory_budget
            Bytes of ids to hold in memory (4 a token); above it they go to a temporary file
            (default: half of what is free).

        Returns
        -------
        Corpus
            The ids and the vocabulary.

        Raises
        ------
        OSError
            The file cannot be read, or there is no room for the ids.
        ValueError
            It is not a saved corpus, it was cut, or it is damaged.
        """
        name = path_name(path)
        with open_raw(name) as file:
            sealed = SealedFile(file, MAGIC, "a saved corpus", name=name)
            sizes = np.frombuffer(sealed.part(SIZES_BYTES), "<u8").tolist()
            words, word_bytes, tokens, raw_tokens, _ = sizes
            lengths = [8 * (words + 1), word_bytes, 8 * words]
            sealed.check_rest([*lengths, 4 * tokens])
            offsets, blob, counts = map(sealed.part, lengths)
            ids = _CheckedIds(checked_budget(memory_budget), tokens)
            for chunk in sealed.chunks(4 * tokens):
                ids.append(np.frombuffer(chunk, "<i4"))
            sealed.check_seal()
        ends = np.frombuffer(offsets, "<i8")
        steps = np.diff(ends)
        fits = ends[0] == 0 and ends[-1] == word_bytes and (steps >= 0).all()
        if not fits or np.count_nonzero(steps == 0) > 1:
            raise sealed.damage("is damaged: the offsets of its words do not fit")
        ids.check(f"{name} is damaged: it", words)
        vocabulary = Vocabulary(split_words(blob, ends), np.frombuffer(counts, "<i8"))
        return cls.of_own_ids(ids.truncate(tokens), vocabulary, raw_tokens)

    def under_vocabulary(self, vocabulary: Vocabulary) -> Corpus:
        """The same text with the ids of another vocabulary.

        Parameters
        ----------
        vocabulary
            The words to keep; other tokens are left out.

        Returns
        -------
        Corpus
            The ids, copied.

        Raises
        ------
        ValueError
            No token is left.
        """
        ids = np.array(self.ids)
        kept = compact(ids, 0, len(ids), 0, ids_of(self.vocabulary.words, vocabulary))
        if not kept:
            raise ValueError(f"none of the {len(ids):,} tokens of the corpus is in the vocabulary")
        return Corpus.of_own_ids(ids[:kept], vocabulary, self.raw_tokens)

    @property
    def tokens_in_memory(self) -> int:
        """Tokens whose ids are held in memory: all, or none if they are mapped from a file."""
        base: Any = self.ids
        while isinstance(base, np.ndarray):
            if base.base is None:
                return len(self)
            base = base.base
        return 0


class _CheckedIds(IdStore):
    """Ids of any integer type from outside, checked against a vocabulary before use."""

    smallest = largest = 0

    def append(self, ids: npt.NDArray[Any]) -> None:
        """Add ids at the end; what goes in later does not change with `ids`."""
        self.smallest = min(self.smallest, int(ids.min(initial=0)))
        self.largest = max(self.largest, int(ids.max(initial=0)))
        super().append(ids.astype(np.int32, copy=False))

    def check(self, what: str, words: int) -> None:
        """Raise a ValueError unless all ids are below `words`, those that end a sentence too."""
        if self.size and (self.largest >= words or ~self.smallest >= words):
            worst = self.largest if self.largest >= words else self.smallest
            raise ValueError(f"{what} has ids beyond its {words} words: {worst}")
