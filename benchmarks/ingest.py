"""How fast is text turned into ids? `python -m benchmarks.ingest CORPUS [--repeats N]`

Counting and encoding (`Corpus.from_source`), with one thread and with all, beside gensim's vocabulary scan of the same
file, which counts and encodes nothing. All alternate in one run.
"""

from __future__ import annotations

import os
from typing import Any

from benchmarks.common import (
    caption,
    machine,
    markdown_table,
    publish,
    ratios,
    result_parser,
    seconds,
    spread,
)
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.system.cpus import usable_cpus

PEER = "gensim, vocabulary scan"


def gensim_scan(path: str) -> None:
    from gensim.models import Word2Vec
    from gensim.models.word2vec import LineSentence

    Word2Vec(min_count=5).scan_vocab(corpus_iterable=LineSentence(path))


def main() -> None:
    parser = result_parser(__doc__, "ingest")
    parser.add_argument("--repeats", type=int, default=5, help="rounds (5)")
    arguments = parser.parse_args()
    path: str = arguments.corpus
    threads = sorted({1, usable_cpus()})
    about = machine()
    runs: dict[str, Any] = {
        f"w2v_fast, threads: {number}": lambda number=number: Corpus.from_source(
            path, workers=number
        )
        for number in threads
    }
    if about["gensim"]:
        runs[PEER] = lambda: gensim_scan(path)
    taken = seconds(runs, arguments.repeats)
    megabytes = os.path.getsize(path) / 1e6
    facts = {"text": os.path.basename(path), "megabytes": megabytes, **about}
    rows = [
        {
            "benchmark": "ingest",
            "run": name,
            "seconds": found,
            "MB/s": [megabytes / value for value in found],
            **({"times gensim": ratios(taken[PEER], found)} if PEER in taken else {}),
            **facts,
        }
        for name, found in taken.items()
    ]
    columns = ["seconds", "MB/s", *(["times gensim"] if PEER in taken else [])]
    shown = [
        {"run": row["run"], **{column: spread(row[column]) for column in columns}} for row in rows
    ]
    publish(
        arguments.name,
        rows,
        "\n\n".join(
            [
                caption(about, facts["text"], f"{megabytes:.0f} MB", f"gensim {about['gensim']}"),
                f"Medians of {arguments.repeats} rounds, and their range; ratios within each round.",
                markdown_table(shown, ["run", *columns]),
            ]
        ),
        arguments.store,
    )


if __name__ == "__main__":
    main()
