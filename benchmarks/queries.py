"""How fast are neighbors found, and phrases? `python -m benchmarks.queries CORPUS`

Nearest neighbors, one at a time and many in a batch: both sides share the same array of random
vectors. Phrases, from a text file to its phrases, and to a text file with the phrases joined,
beside gensim's Phrases on the same file with the same settings. Sides take turns, and their answers
are compared.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.corpus_text import Text, first_words
from benchmarks.markdown import caption, markdown_table, spread
from benchmarks.measure import Row, benchmark_parser, beside_gensim, machine
from benchmarks.publish import publish
from w2v_fast.corpus.phrases import Phrases, phrase_text
from w2v_fast.system.cpus import usable_cpus
from w2v_fast.vectors.keyed_vectors import KeyedVectors

SINGLE_QUERIES = 10
SETTINGS: dict[str, Any] = {"min_count": 5, "threshold": 10.0, "scoring": "default"}


def main() -> None:
    parser = benchmark_parser(__doc__, words=10_000_000, repeats=3)
    parser.add_argument("--rows", type=int, default=1_000_000, help="vectors (%(default)s)")
    parser.add_argument("--dim", type=int, default=300, help="dimensions (%(default)s)")
    parser.add_argument(
        "--queries", type=int, default=1000, help="queries in the batch (%(default)s)"
    )
    parser.add_argument(
        "--workers", type=int, default=usable_cpus(), help="threads (all usable CPUs)"
    )
    arguments = parser.parse_args()
    rows = list(
        compare_neighbors(arguments.rows, arguments.dim, arguments.queries, arguments.repeats)
    )
    with first_words(arguments.corpus, arguments.words) as text:
        rows += compare_phrases(text, arguments.workers, arguments.repeats)
    facts = machine()
    publish("queries", [{**row, **facts} for row in rows], report, arguments.store)


def random_vectors(words: int, dim: int) -> KeyedVectors:
    """Random vectors [words, dim] float32 of a fixed seed."""
    vectors = np.random.default_rng(0).standard_normal((words, dim), dtype=np.float32)
    return KeyedVectors([f"word{i}" for i in range(words)], vectors)


def compare_neighbors(words: int, dim: int, queries: int, repeats: int) -> Iterator[Row]:
    ours = random_vectors(words, dim)
    theirs = ours.to_gensim()
    ours.fill_norms()
    theirs.fill_norms()
    keys = [f"word{i}" for i in np.random.default_rng(1).integers(0, words, queries)]
    few = keys[:SINGLE_QUERIES]
    check_answers(ours, theirs, few)
    size = f"{words:,} x {dim}"
    one = beside_gensim(
        "one most_similar",
        lambda: [ours.most_similar(key) for key in few],
        lambda: [theirs.most_similar(key) for key in few],
        5 * repeats,
        len(few),
    )
    many = beside_gensim(
        f"a batch of {len(keys)}, gensim: one by one",
        lambda: ours.most_similar_many(keys),
        lambda: [theirs.most_similar(key) for key in keys],
        repeats,
    )
    yield from ({**row, "size": size} for row in (one, many))


def check_answers(ours: KeyedVectors, theirs: Any, keys: list[str]) -> None:
    """Stop if the two sides, or a batch and single queries, differ."""
    batch = ours.most_similar_many(keys)
    for key, found in zip(keys, batch, strict=True):
        expected = theirs.most_similar(key)
        for answer in (found, ours.most_similar(key)):
            same = all(
                math.isclose(a, b, abs_tol=1e-5)
                for (_, a), (_, b) in zip(answer, expected, strict=True)
            )
            if [word for word, _ in answer] != [word for word, _ in expected] or not same:
                raise SystemExit(f"most_similar({key!r}): {answer}, but gensim gives {expected}")


def gensim_phrases(path: str) -> Any:
    from gensim.models.phrases import Phrases as GensimPhrases
    from gensim.models.word2vec import LineSentence

    return GensimPhrases(LineSentence(path, max_sentence_length=2**62), **SETTINGS)


def gensim_phrase_text(path: str, output: str) -> None:
    from gensim.models.word2vec import LineSentence

    frozen = gensim_phrases(path).freeze()
    with open(output, "w", encoding="utf-8") as file:
        for sentence in LineSentence(path, max_sentence_length=2**62):
            file.write(" ".join(frozen[sentence]) + "\n")


def compare_phrases(text: Text, workers: int, repeats: int) -> Iterator[Row]:
    path = text.path
    found: dict[str, int] = {}

    def ours() -> None:
        phrases = Phrases(path, workers=workers, **SETTINGS)
        found["w2v_fast"] = len(phrases.export_phrases())

    def theirs() -> None:
        found["gensim"] = len(gensim_phrases(path).export_phrases())

    size = f"{text.name}, {text.words:,} words"
    row = beside_gensim(f"find phrases, threads: {workers}", ours, theirs, repeats)
    yield {**row, "size": size, **{f"{side}, found": count for side, count in found.items()}}
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "joined.txt")
        row = beside_gensim(
            f"find and join phrases, threads: {workers}",
            lambda: phrase_text(path, output, workers=workers, **SETTINGS),
            lambda: gensim_phrase_text(path, output),
            repeats,
        )
    yield {**row, "size": size}


def report(rows: list[Row]) -> str:
    timed = ("w2v_fast, s", "gensim, s", "times gensim")
    found = [column for column in ("w2v_fast, found", "gensim, found") if column in rows[-2]]
    shown = [{**row, **{column: spread(row[column]) for column in timed}} for row in rows]
    return "\n\n".join(
        [
            caption(rows[0], f"gensim {rows[0]['gensim']}"),
            f"Medians of {len(rows[-1]['gensim, s'])} rounds or more, and their range; ratios "
            "within each round. Vectors are float32.",
            markdown_table(shown, ["question", "size", *timed, *found]),
        ]
    )


if __name__ == "__main__":
    main()
