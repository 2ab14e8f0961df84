"""A text with its phrases joined, written as text: what word2phrase.c does."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Collection

from w2v_fast.config import TrainConfig
from w2v_fast.corpus._ids import to_text
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.ingest import ProgressCallback
from w2v_fast.corpus.phrases.find import Phrases
from w2v_fast.corpus.phrases.join import FrozenPhrases
from w2v_fast.corpus.phrases.scores import Scorer
from w2v_fast.corpus.rows import Column
from w2v_fast.corpus.sources import CorpusSource
from w2v_fast.corpus.text_files import expand
from w2v_fast.corpus.tokenizers import TokenizerChoice
from w2v_fast.corpus.vocabulary import join_words
from w2v_fast.system.files import atomic_write, check_writable, is_stream, path_name
from w2v_fast.system.threads import map_in_order

CHUNK = 1 << 20  # tokens written at a time


def phrase_text(
    source: CorpusSource,
    output: str | os.PathLike[str],
    *,
    min_count: int = 5,
    threshold: float = 100.0,
    scoring: str | Scorer = "word2phrase",
    delimiter: str = "_",
    connector_words: Collection[str] = frozenset(),
    passes: int = 1,
    column: Column | None = None,
    tokenizer: TokenizerChoice = None,
    workers: int | None = None,
    memory_budget: int | None = None,
    progress: ProgressCallback | None = None,
) -> list[FrozenPhrases]:
    """Write a text with its phrases joined, as word2phrase.c does.

    Each sentence is a line, with one space between words. Lines without words are left out.

    Parameters
    ----------
    source, column, tokenizer, workers, memory_budget, progress
        As in `Corpus.from_source`.
    output
        The file to write, or `-` for standard output.
    min_count, threshold, scoring, delimiter, connector_words
        As in `Phrases`, with the defaults of word2phrase.c.
    passes
        How often phrases are found and joined; two make phrases of up to four words.

    Returns
    -------
    list of FrozenPhrases
        The phrases of each pass.

    Raises
    ------
    OSError, TypeError, ValueError
        As `Corpus.from_source` and `Phrases`; the output cannot be written. An older output stays
        as it was.
    """
    if passes < 1:
        raise ValueError(f"passes = {passes} must be at least 1")
    if set(delimiter) & set("\0\t\n\v\f\r "):
        raise ValueError(
            f"delimiter = {delimiter!r:.60} separates words in the output; "
            "expected other characters"
        )
    _check_is_not_read(output, source)
    check_writable(output)
    corpus = Corpus.from_source(
        source,
        column=column,
        tokenizer=tokenizer,
        min_count=1,
        workers=workers,
        memory_budget=memory_budget,
        progress=progress,
    )
    found = []
    for _ in range(passes):
        phrases = Phrases(
            corpus, min_count, threshold, delimiter, scoring, connector_words, workers=workers
        )
        corpus = phrases.apply(corpus, memory_budget=memory_budget, workers=workers)
        found.append(phrases.freeze())
    _write(corpus, output, TrainConfig(workers=workers).threads)
    return found


def _check_is_not_read(output: str | os.PathLike[str], source: CorpusSource) -> None:
    if is_stream(path_name(output)) or not os.path.exists(output):
        return
    names = source if isinstance(source, (list, tuple)) else [source]
    files = (expand(name) for name in names if isinstance(name, (str, os.PathLike)))
    for path in itertools.chain.from_iterable(files):
        if os.path.exists(path) and os.path.samefile(path, output):
            raise ValueError(
                f"{os.fspath(output)} would replace {path}, which is read; give another name"
            )


def _write(corpus: Corpus, output: str | os.PathLike[str], workers: int) -> None:
    blob, offsets = join_words(corpus.vocabulary.words)

    def text_from(start: int) -> bytes:
        return to_text(corpus.ids, start, min(start + CHUNK, len(corpus)), blob, offsets)

    starts = range(0, len(corpus), CHUNK)
    with (
        atomic_write(output) as file,
        contextlib.closing(map_in_order(text_from, starts, workers)) as lines,
    ):
        file.writelines(lines)
