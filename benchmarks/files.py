"""How fast are text and vectors read and written? `python -m benchmarks.files CORPUS`

Text to ids: counting and encoding (`Corpus.from_source`), with one thread and with all, beside
gensim's vocabulary scan of the same file, which counts and encodes nothing.

Vectors: saving and loading random ones, both sides in turn on the same files and arrays. Text has
fewer words, since gensim takes minutes for a million; the time of a word does not depend on their
number. Files are read from the page cache. Saving includes flushing the file to the disk (fsync),
which gensim leaves out. Peak memory is that of a separate process which loads once, above what it
had before, as a multiple of the matrix. Before anything is timed, each side reads what the other
has written, and the vectors are compared.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gensim.models
import numpy as np

from benchmarks.markdown import caption, markdown_table, spread
from benchmarks.measure import Row, benchmark_parser, beside_gensim, beside_row, machine, seconds
from benchmarks.publish import publish
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.system.cpus import usable_cpus
from w2v_fast.vectors.keyed_vectors import KeyedVectors

Gensim = gensim.models.KeyedVectors
CHECKED_WORDS = 2000


def main() -> None:
    if sys.argv[1:2] == ["--measure"]:
        measure_peak(sys.argv[2], Path(sys.argv[3]))
        return
    parser = benchmark_parser(__doc__, repeats=3)
    parser.add_argument(
        "--rows", type=int, default=1_000_000, help="vectors of binary files (%(default)s)"
    )
    parser.add_argument(
        "--text-rows", type=int, default=100_000, help="vectors of text files (%(default)s)"
    )
    parser.add_argument("--dim", type=int, default=300, help="dimensions (%(default)s)")
    parser.add_argument(
        "--folder", help="where to write (the system's temporary folder); needs 6 GB by default"
    )
    arguments = parser.parse_args()
    rows = list(compare_ingestion(arguments.corpus, arguments.repeats))
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        check_files(random_vectors(CHECKED_WORDS, arguments.dim), folder)
        few = random_vectors(arguments.text_rows, arguments.dim)
        rows += compare_format(few, folder / "v.txt", arguments.repeats)
        many = random_vectors(arguments.rows, arguments.dim)
        rows += compare_format(many, folder / "v.bin", arguments.repeats)
        rows += compare_native(many, folder, arguments.repeats)
    facts = machine()
    publish("files", [{**row, **facts} for row in rows], report, arguments.store)


def gensim_scan(path: str) -> None:
    from gensim.models.word2vec import LineSentence, Word2Vec

    Word2Vec(min_count=5).scan_vocab(corpus_iterable=LineSentence(path))


def compare_ingestion(path: str, repeats: int) -> Iterator[Row]:
    """Text to ids, with one thread and with all."""
    runs: dict[str, Callable[[], Any]] = {
        f"text to ids, threads: {number}": partial(Corpus.from_source, path, workers=number)
        for number in sorted({1, usable_cpus()})
    }
    taken = seconds({**runs, "gensim": partial(gensim_scan, path)}, repeats)
    size = f"{os.path.basename(path)}, {os.path.getsize(path) / 1e6:.0f} MB"
    for name in runs:
        yield {**beside_row(name, taken[name], taken["gensim"]), "size": size}


def random_vectors(words: int, dim: int) -> KeyedVectors:
    """Random vectors [words, dim] float32 of a fixed seed, of the size that trained ones have."""
    vectors = np.random.default_rng(0).standard_normal((words, dim), dtype=np.float32)
    vectors *= np.float32(0.1)
    return KeyedVectors([f"word{i}" for i in range(words)], vectors)


def load_gensim(path: Path) -> Any:
    return Gensim.load_word2vec_format(path, binary=path.suffix == ".bin")


def save_gensim(vectors: Any, path: Path) -> None:
    vectors.save_word2vec_format(path, binary=path.suffix == ".bin")


LOADERS: dict[str, Callable[[Path], Any]] = {"w2v_fast": KeyedVectors.load, "gensim": load_gensim}


def check_files(ours: KeyedVectors, folder: Path) -> None:
    """Write with one side, read with the other, both ways and formats; stop if anything differs."""
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


def compare_format(ours: KeyedVectors, path: Path, repeats: int) -> list[Row]:
    """Save and load one format, which the suffix of `path` tells."""
    name = "word2vec binary" if path.suffix == ".bin" else "word2vec text"
    theirs = ours.to_gensim()
    size = size_of(ours)
    saving = beside_gensim(
        f"save {name}", lambda: ours.save(path), lambda: save_gensim(theirs, path), repeats
    )
    loading = beside_gensim(
        f"load {name}", lambda: KeyedVectors.load(path), lambda: load_gensim(path), repeats
    )
    for side in LOADERS:
        loading[f"{side}, peak / matrix"] = peak_memory(side, path) / ours.vectors.nbytes
    path.unlink()
    return [{**saving, "size": size}, {**loading, "size": size}]


def compare_native(ours: KeyedVectors, folder: Path, repeats: int) -> list[Row]:
    """Save and load the native folder beside gensim's own format, both mapped into memory."""
    theirs = ours.to_gensim()
    native, pickled = folder / "native", folder / "gensim.kv"
    saving = beside_gensim(
        "save native, gensim: save()",
        lambda: ours.save(native),
        lambda: theirs.save(str(pickled)),
        repeats,
    )
    loading = beside_gensim(
        "load native (mapped), gensim: load(mmap='r')",
        lambda: KeyedVectors.load(native),
        lambda: Gensim.load(str(pickled), mmap="r"),
        repeats,
    )
    return [{**row, "size": size_of(ours)} for row in (saving, loading)]


def size_of(vectors: KeyedVectors) -> str:
    words, dim = vectors.vectors.shape
    return f"{words:,} x {dim}"


def peak_memory(side: str, path: Path) -> float:
    """Bytes at the peak of loading, above what a new process had before; NaN without /proc."""
    if not Path("/proc/self/clear_refs").exists():
        return math.nan
    command = [sys.executable, "-m", "benchmarks.files", "--measure", side, str(path)]
    return float(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)


def measure_peak(side: str, path: Path) -> None:
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


def report(rows: list[Row]) -> str:
    timed = ("w2v_fast, s", "gensim, s", "times gensim")
    peaks = [f"{side}, peak / matrix" for side in LOADERS]
    peaks = [column for column in peaks if any(column in row for row in rows)]
    shown = [{**row, **{column: spread(row[column]) for column in timed}} for row in rows]
    return "\n\n".join(
        [
            caption(rows[0], f"gensim {rows[0]['gensim']}"),
            f"Medians of {len(rows[0]['gensim, s'])} rounds, and their range; ratios within each "
            "round. Vectors are float32.",
            markdown_table(shown, ["question", "size", *timed, *peaks]),
        ]
    )


if __name__ == "__main__":
    main()
