"""How fast is text turned into ids? `python -m benchmarks.ingest CORPUS [--repeats N]`

Counting and encoding (`Corpus.from_source`), with one thread and with all, beside gensim's vocabulary scan of the same
file, which counts and encodes nothing. All alternate in one run; the medians are compared.
"""

from __future__ import annotations

import argparse
import os
from typing import Any

from benchmarks.common import machine, markdown_table, medians, seconds, write_results
from w2v_fast.config import usable_cpus
from w2v_fast.corpus.corpus import Corpus


def gensim_scan(path: str) -> None:
    from gensim.models import Word2Vec
    from gensim.models.word2vec import LineSentence

    Word2Vec(min_count=5).scan_vocab(corpus_iterable=LineSentence(path))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("corpus", help="a text file, uncompressed")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each (default: 3)")
    arguments = parser.parse_args()
    path: str = arguments.corpus
    threads = sorted({1, usable_cpus()})
    about = machine()
    runs: dict[str, Any] = {
        f"w2v_fast, threads: {number}": lambda number=number: Corpus.from_source(path, workers=number)
        for number in threads
    }
    if about["gensim"]:
        runs["gensim, vocabulary scan"] = lambda: gensim_scan(path)
    taken = seconds(runs, arguments.repeats)
    middle = medians(taken)
    megabytes = os.path.getsize(path) / 1e6
    rows = [
        {"run": name, "seconds": middle[name], "MB/s": megabytes / middle[name],
         "times gensim": middle["gensim, vocabulary scan"] / middle[name] if about["gensim"] else None,
         "all seconds": taken[name], "corpus": os.path.basename(path), "megabytes": megabytes, **about}
        for name in runs
    ]
    title = f"{os.path.basename(path)}, {megabytes:.0f} MB; medians of {arguments.repeats}; {about['cpu']}, " \
            f"{about['cores']} cores; Python {about['python']}, numpy {about['numpy']}, gensim {about['gensim']}, " \
            f"w2v_fast {about['w2v_fast']}, commit {about['commit']}, {about['date']}"
    write_results("ingest", rows, title + "\n\n" + markdown_table(rows, ["run", "seconds", "MB/s", "times gensim"]))


if __name__ == "__main__":
    main()
