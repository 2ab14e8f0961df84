"""How long do nearest-neighbor queries take beside gensim: one at a time, and many in a batch?

    python -m benchmarks.query [--words 1000000] [--dim 300] [--queries 1000] [--repeats 3] [--store]

Both sides share the same array of random vectors and take turns; the table gives medians. Before anything is timed, the
answers are compared.
"""

from __future__ import annotations

import argparse
import math
from typing import Any

import numpy as np

from benchmarks.common import machine, markdown_table, medians, publish, seconds
from w2v_fast.vectors.keyed_vectors import KeyedVectors

SINGLE_QUERIES = 10


def random_vectors(words: int, dim: int) -> KeyedVectors:
    """Random vectors [words, dim] float32 of a fixed seed."""
    vectors = np.random.default_rng(0).standard_normal((words, dim), dtype=np.float32)
    return KeyedVectors([f"word{i}" for i in range(words)], vectors)


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


def compare(question: str, ours: Any, theirs: Any, repeats: int, per: int = 1) -> dict[str, Any]:
    """Median seconds of both sides for one of `per` equal parts of a run, and their ratio."""
    taken = seconds({"w2v_fast": ours, "gensim": theirs}, repeats)
    middle = medians(taken)
    return {
        "question": question,
        "w2v_fast_seconds": middle["w2v_fast"] / per,
        "gensim_seconds": middle["gensim"] / per,
        "times_faster": middle["gensim"] / middle["w2v_fast"],
        "repeats": repeats,
        "all_seconds": taken,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--words", type=int, default=1_000_000, help="rows (default: %(default)s)")
    parser.add_argument("--dim", type=int, default=300, help="dimensions (default: %(default)s)")
    parser.add_argument(
        "--queries", type=int, default=1000, help="queries in the batch (default: %(default)s)"
    )
    parser.add_argument(
        "--repeats",
        type=int,
        default=3,
        help="runs of the batch; five times as many of single queries (default: %(default)s)",
    )
    parser.add_argument(
        "--store", action="store_true", help="write the result to benchmarks/results/"
    )
    options = parser.parse_args()
    ours = random_vectors(options.words, options.dim)
    theirs = ours.to_gensim()
    ours.fill_norms()
    theirs.fill_norms()
    keys = [
        f"word{i}" for i in np.random.default_rng(1).integers(0, options.words, options.queries)
    ]
    check_answers(ours, theirs, keys[:SINGLE_QUERIES])
    few = keys[:SINGLE_QUERIES]
    rows = [
        compare(
            "one most_similar",
            lambda: [ours.most_similar(key) for key in few],
            lambda: [theirs.most_similar(key) for key in few],
            5 * options.repeats,
            len(few),
        ),
        compare(
            f"a batch of {len(keys)}, against one by one",
            lambda: ours.most_similar_many(keys),
            lambda: [theirs.most_similar(key) for key in keys],
            options.repeats,
        ),
    ]
    state = machine()
    rows = [{**row, "words": options.words, "dim": options.dim, **state} for row in rows]
    table = markdown_table(rows, ["question", "w2v_fast_seconds", "gensim_seconds", "times_faster"])
    named = ("cpu", "cores", "python", "numpy", "gensim", "commit", "date")
    about = ", ".join(f"{name} {state[name]}" for name in named)
    publish(
        "query",
        rows,
        f"{options.words:,} x {options.dim} float32; {about}\n\n{table}",
        options.store,
    )


if __name__ == "__main__":
    main()
