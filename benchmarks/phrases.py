"""How fast are phrases found and joined? `python -m benchmarks.phrases CORPUS [--repeats N] [--workers N]`

From an uncompressed text file to its phrases, and from a text file to a text file with the phrases joined, beside
gensim's Phrases on the same file with the same settings. All alternate in one run; the medians are compared, and so are
the phrases found.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from typing import Any

from benchmarks.common import machine, markdown_table, medians, publish, result_parser, seconds
from w2v_fast.corpus.phrases import Phrases, phrase_text
from w2v_fast.system.cpus import usable_cpus

SETTINGS: dict[str, Any] = {"min_count": 5, "threshold": 10.0, "scoring": "default"}


def gensim_find(path: str) -> Any:
    from gensim.models.phrases import Phrases as GensimPhrases
    from gensim.models.word2vec import LineSentence

    return GensimPhrases(LineSentence(path, max_sentence_length=2**62), **SETTINGS)


def gensim_write(path: str, output: str) -> None:
    from gensim.models.word2vec import LineSentence

    frozen = gensim_find(path).freeze()
    with open(output, "w", encoding="utf-8") as file:
        for sentence in LineSentence(path, max_sentence_length=2**62):
            file.write(" ".join(frozen[sentence]) + "\n")


def main() -> None:
    parser = result_parser(__doc__, "phrases")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each (default: 3)")
    parser.add_argument(
        "--workers", type=int, default=usable_cpus(), help="threads (default: usable CPUs)"
    )
    arguments = parser.parse_args()
    path, workers = arguments.corpus, arguments.workers
    found: dict[str, int] = {}

    def find(name: str, run: Callable[[], Any]) -> None:
        found[name] = len(run().export_phrases())

    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "joined.txt")
        taken = seconds(
            {
                "find, w2v_fast": lambda: find(
                    "find, w2v_fast", lambda: Phrases(path, workers=workers, **SETTINGS)
                ),
                "find, gensim": lambda: find("find, gensim", lambda: gensim_find(path)),
                "find and write, w2v_fast": lambda: phrase_text(
                    path, output, workers=workers, **SETTINGS
                ),
                "find and write, gensim": lambda: gensim_write(path, output),
            },
            arguments.repeats,
        )
    about, middle, megabytes = machine(), medians(taken), os.path.getsize(path) / 1e6
    rows = [
        {
            "run": name,
            "seconds": middle[name],
            "MB/s": megabytes / middle[name],
            "times gensim": middle[f"{name.split(',')[0]}, gensim"] / middle[name],
            "phrases": found.get(name),
            "threads": workers if "w2v_fast" in name else 1,
            "all seconds": taken[name],
            "corpus": os.path.basename(path),
            "megabytes": megabytes,
            **about,
        }
        for name in middle
    ]
    title = (
        f"{os.path.basename(path)}, {megabytes:.0f} MB; medians of {arguments.repeats}; {about['cpu']}, "
        f"{about['cores']} cores; Python {about['python']}, numpy {about['numpy']}, gensim {about['gensim']}, "
        f"w2v_fast {about['w2v_fast']}, commit {about['commit']}, {about['date']}"
    )
    columns = ["run", "threads", "seconds", "MB/s", "times gensim", "phrases"]
    publish(arguments.name, rows, title + "\n\n" + markdown_table(rows, columns), arguments.store)


if __name__ == "__main__":
    main()
