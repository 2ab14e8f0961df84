"""How long does it take to load and save vectors, beside gensim, and how much memory does loading take?

    python -m benchmarks.io [--words 1000000] [--text-words 100000] [--dim 300] [--repeats 3] [--folder DIR] [--store]

Both sides take turns on the same files and the same array of random vectors; the table gives medians. Text has fewer
words, since gensim takes minutes for a million; what a word takes does not depend on their number. Files are read
from the page cache. Saving here includes flushing the file to the disk (fsync), which gensim leaves out. Peak memory is
that of a process of its own which loads once, above what it had before, as a multiple of the matrix. Before anything is
timed, each side reads what the other has written and the vectors are compared.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import gensim.models
import numpy as np

from benchmarks.common import machine, markdown_table, medians, publish, seconds
from w2v_fast.vectors.keyed_vectors import KeyedVectors

Gensim = gensim.models.KeyedVectors


def load_gensim(path: Path) -> Any:
    return Gensim.load_word2vec_format(path, binary=path.suffix == ".bin")


def save_gensim(vectors: Any, path: Path) -> None:
    vectors.save_word2vec_format(path, binary=path.suffix == ".bin")


LOADERS: dict[str, Callable[[Path], Any]] = {"w2v_fast": KeyedVectors.load, "gensim": load_gensim}


def random_vectors(words: int, dim: int) -> KeyedVectors:
    """Random vectors [words, dim] float32 of a fixed seed, of the size that trained ones have."""
    vectors = np.random.default_rng(0).standard_normal((words, dim), dtype=np.float32)
    vectors *= np.float32(0.1)
    return KeyedVectors([f"word{i}" for i in range(words)], vectors)


def check_files(ours: KeyedVectors, folder: Path) -> None:
    """Write with one side, read with the other, both ways and both formats; stop if anything differs."""
    theirs = ours.to_gensim()
    for suffix in (".bin", ".txt"):
        path = folder / f"v{suffix}"
        save_gensim(theirs, path)
        mine = KeyedVectors.load(path)
        ours.save(path)
        for read in (mine, load_gensim(path)):
            if read.index_to_key != ours.index_to_key or not np.array_equal(
                read.vectors, ours.vectors
            ):
                raise SystemExit(f"{path}: the two sides read different vectors")


def peak_memory(side: str, path: Path) -> float:
    """Peak memory of loading in a new process, above what it had before, in bytes; NaN where there is no /proc."""
    if not Path("/proc/self/clear_refs").exists():
        return math.nan
    command = [sys.executable, "-m", "benchmarks.io", "--measure", side, str(path)]
    return float(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)


def measure(side: str, path: Path) -> None:
    """What the new process does."""
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak of the imports
    before = _memory("VmRSS")
    kept = LOADERS[side](path)
    peak = _memory("VmHWM")
    assert len(kept.vectors)
    print(peak - before)


def _memory(field: str) -> int:
    """A line of /proc/self/status, in bytes."""
    status = Path("/proc/self/status").read_text()
    return 1024 * next(
        int(line.split()[1]) for line in status.splitlines() if line.startswith(field + ":")
    )


def compare(question: str, runs: dict[str, Callable[[], Any]], repeats: int) -> dict[str, Any]:
    """Median seconds of both sides and their ratio."""
    taken = seconds(runs, repeats)
    middle = medians(taken)
    return {
        "question": question,
        "w2v_fast_seconds": middle["w2v_fast"],
        "gensim_seconds": middle["gensim"],
        "times_faster": middle["gensim"] / middle["w2v_fast"],
        "repeats": repeats,
        "all_seconds": taken,
    }


def compare_format(ours: KeyedVectors, path: Path, repeats: int) -> list[dict[str, Any]]:
    """Save and load one format; the suffix of `path` tells which."""
    name = "word2vec binary" if path.suffix == ".bin" else "word2vec text"
    theirs = ours.to_gensim()
    saving = compare(
        f"save {name}",
        {"w2v_fast": lambda: ours.save(path), "gensim": lambda: save_gensim(theirs, path)},
        repeats,
    )
    loading = compare(
        f"load {name}", {side: partial(load, path) for side, load in LOADERS.items()}, repeats
    )
    for side in LOADERS:
        loading[f"{side}_peak_per_matrix"] = peak_memory(side, path) / ours.vectors.nbytes
    path.unlink()
    return [saving, loading]


def compare_native(ours: KeyedVectors, folder: Path, repeats: int) -> list[dict[str, Any]]:
    """Save and load the native folder beside gensim's own format (pickle and .npy), both mapped into memory."""
    theirs = ours.to_gensim()
    native, pickled = folder / "native", folder / "gensim.kv"
    runs = [
        (
            "save native, gensim: save()",
            lambda: ours.save(native),
            lambda: theirs.save(str(pickled)),
        ),
        (
            "load native (mapped), gensim: load(mmap='r')",
            lambda: KeyedVectors.load(native),
            lambda: Gensim.load(str(pickled), mmap="r"),
        ),
    ]
    return [
        compare(question, {"w2v_fast": mine, "gensim": other}, repeats)
        for question, mine, other in runs
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--words", type=int, default=1_000_000, help="rows (default: %(default)s)")
    parser.add_argument(
        "--text-words", type=int, default=100_000, help="rows of text files (default: %(default)s)"
    )
    parser.add_argument("--dim", type=int, default=300, help="dimensions (default: %(default)s)")
    parser.add_argument(
        "--repeats", type=int, default=3, help="runs of each (default: %(default)s)"
    )
    parser.add_argument(
        "--folder",
        help="where to write, on a disk with room for four times the text file "
        "(default: the system's temporary folder)",
    )
    parser.add_argument(
        "--store", action="store_true", help="write the result to benchmarks/results/"
    )
    parser.add_argument("--measure", nargs=2, metavar=("SIDE", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure[0], Path(options.measure[1]))
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        check_files(random_vectors(min(options.words, 2000), options.dim), folder)
        ours = random_vectors(options.words, options.dim)
        rows = compare_format(ours, folder / "v.bin", options.repeats)
        rows += compare_format(
            random_vectors(options.text_words, options.dim), folder / "v.txt", options.repeats
        )
        rows += compare_native(ours, folder, options.repeats)
    state = machine()
    rows = [
        {
            **row,
            "words": options.text_words if "text" in row["question"] else options.words,
            "dim": options.dim,
            **state,
        }
        for row in rows
    ]
    table = markdown_table(
        rows,
        [
            "question",
            "words",
            "w2v_fast_seconds",
            "gensim_seconds",
            "times_faster",
            "w2v_fast_peak_per_matrix",
            "gensim_peak_per_matrix",
        ],
    )
    named = ("cpu", "cores", "python", "numpy", "gensim", "commit", "date")
    about = ", ".join(f"{name} {state[name]}" for name in named)
    publish("io", rows, f"Vectors of {options.dim} float32; {about}\n\n{table}", options.store)


if __name__ == "__main__":
    main()
