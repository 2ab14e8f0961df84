"""How does speed depend on the size of the vocabulary? `python -m benchmarks.vocabulary CORPUS`

One epoch with d = 100 and 300 over

- the first `--words` of a corpus, with its 10,000 most frequent words, and with all that occur 5
  times there (54,000 in 10 million words of Wikipedia);
- the whole corpus, with all words that occur 5 times;
- the whole corpus with a million words: to each occurrence of a rare word a number is appended, in
  turn, so that it falls apart into words of at least 5 occurrences, until there are a million.

So the last two have the same tokens in the same sentences; the last has a tail of words whose rows
are in no cache. Its matrices take 2.4 GB at d = 300. All alternate in one run, in one process; the
weights are made anew each time, which is not counted. A first round is not counted either: memory
that a virtual machine has never used is slow to come.
"""

from __future__ import annotations

import argparse
import time
from statistics import median
from typing import Any

import numpy as np

from benchmarks.corpus_text import Text, first_words
from benchmarks.markdown import caption, markdown_table, options_of, spread, text_of
from benchmarks.measure import Row, benchmark_parser, log, machine, ratios
from benchmarks.publish import publish
from benchmarks.trainers import PROTOCOL
from w2v_fast.config import TrainConfig
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.system.cpus import usable_cpus
from w2v_fast.training.trainer import Trainer

CUT = 10_000
MADE = 1_000_000
START = "start"
SHARE = "raw words/s, share of the start's"
DIMENSIONS = (100, 300)


def main() -> None:
    parser = benchmark_parser(__doc__, words=10_000_000)
    parser.add_argument(
        "--workers", type=int, default=usable_cpus(), help="threads (all usable CPUs)"
    )
    parser.add_argument(
        "--made", type=int, default=MADE, help="size of the vocabulary that is made (%(default)s)"
    )
    arguments = parser.parse_args()
    with first_words(arguments.corpus, arguments.words) as text:
        corpora = read(text, arguments)
    found: dict[tuple[str, int], list[tuple[float, int, int]]] = {}
    for number in range(arguments.repeats + 1):
        for name, corpus in corpora.items():
            for dimension in DIMENSIONS:
                run = train(corpus, dimension, arguments.workers)
                if number:
                    found.setdefault((name, dimension), []).append(run)
                log(
                    f"round {number}/{arguments.repeats}: V {len(corpus.vocabulary):,}, "
                    f"d {dimension}: {run[1] / run[0] / 1e6:.2f} M raw words/s"
                )
    facts = {**text.facts, **machine()}
    rows: list[Row] = [
        {
            "corpus": name,
            "vocabulary": len(corpora[name].vocabulary),
            "d": dimension,
            "workers": arguments.workers,
            "tokens": taken[0][1],
            "raw words/s": [raw / seconds for seconds, raw, _ in taken],
            "kept words/s": [kept / seconds for seconds, _, kept in taken],
            **facts,
        }
        for (name, dimension), taken in found.items()
    ]
    start = {row["d"]: row["raw words/s"] for row in rows if row["corpus"] == START}
    for row in rows:
        row[SHARE] = ratios(row["raw words/s"], start[row["d"]])
    publish("vocabulary", rows, report, arguments.store)


def read(text: Text, arguments: argparse.Namespace) -> dict[str, Corpus]:
    """The four corpora."""
    min_count = PROTOCOL["min_count"]
    corpora = {
        f"{START}, most frequent": Corpus.from_source(text.path, max_vocab=CUT),
        START: Corpus.from_source(text.path, min_count=min_count),
        "whole": Corpus.from_source(arguments.corpus, min_count=min_count),
    }
    made = split_rare_words(corpora["whole"], arguments.made, min_count)
    corpora["whole, rare words numbered"] = made
    sizes = ", ".join(f"{len(corpus.vocabulary):,}" for corpus in corpora.values())
    log(f"vocabularies of {sizes}")
    return corpora


def train(corpus: Corpus, dimension: int, workers: int) -> tuple[float, int, int]:
    """Seconds of training, raw and kept words."""
    config = TrainConfig(**{**PROTOCOL, "vector_size": dimension, "workers": workers})
    trainer = Trainer(corpus.ids, corpus.vocabulary, config)
    start = time.perf_counter()
    trainer.train()
    return time.perf_counter() - start, trainer.tokens, trainer.kept_tokens


def split_rare_words(corpus: Corpus, size: int, min_count: int) -> Corpus:
    """The corpus with its rarest words split, so that there are about `size` words.

    Each part has at least `min_count` occurrences; parts of a word take its occurrences in turn.
    """
    counts = corpus.vocabulary.counts
    parts = np.maximum(counts // min_count, 1)
    words_if_split_from = np.arange(len(counts)) + np.cumsum(parts[::-1])[::-1]
    rare = (
        int(np.argmax(words_if_split_from <= size))
        if words_if_split_from[-1] <= size
        else len(counts)
    )
    parts[:rare] = 1
    first_part = np.cumsum(parts) - parts
    ends = corpus.ids < 0
    old = np.where(ends, ~corpus.ids, corpus.ids)
    positions = np.flatnonzero(old >= rare)
    positions = positions[np.argsort(old[positions], kind="stable")]
    occurrence = np.arange(len(positions)) - np.searchsorted(old[positions], old[positions])
    new = first_part[old]
    new[positions] += occurrence % parts[old[positions]]
    by_count, rank, new_counts = _ranked(new, int(parts.sum()))
    owner = np.repeat(np.arange(len(parts)), parts)[by_count]
    number = by_count - first_part[owner]
    names = [
        corpus.vocabulary.words[word] + (f"_{part}" if word >= rare else "")
        for word, part in zip(owner.tolist(), number.tolist(), strict=True)
    ]
    ids = rank[new].astype(np.int32)
    return Corpus(np.where(ends, ~ids, ids), Vocabulary(names, new_counts))


def _ranked(ids: Any, words: int) -> tuple[Any, Any, Any]:
    """Words by falling count, the rank of each, the counts by rank."""
    counts = np.bincount(ids, minlength=words)
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(words, np.int64)
    rank[order] = np.arange(words)
    return order, rank, counts[order]


def report(rows: list[Row]) -> str:
    shown = [
        {
            **row,
            "V": f"{row['vocabulary']:,}",
            "raw words/s, millions": spread(row["raw words/s"], 1e-6),
            "kept words/s, millions": spread(row["kept words/s"], 1e-6),
            SHARE: spread(row[SHARE], 100) + " %",
            "kept": f"{median(row['kept words/s']) / median(row['raw words/s']):.1%}",
        }
        for row in rows
    ]
    columns = ["V", "corpus", "d", "raw words/s, millions", "kept words/s, millions"]
    return "\n\n".join(
        [
            caption(rows[0], text_of(rows[0])),
            f"{options_of(PROTOCOL, 'vector_size')}, workers {rows[0]['workers']}. Medians of "
            f"{len(rows[0]['raw words/s'])} rounds, and their range; ratios within each round, "
            "to all words of the start, at the same d. The start is the text above, whole is "
            f"all of {rows[0]['text']}; a number is appended to each occurrence of its rarest "
            "words, in turn, until there are so many words of at least 5 occurrences.",
            markdown_table(shown, [*columns, SHARE, "kept"]),
        ]
    )


if __name__ == "__main__":
    main()
