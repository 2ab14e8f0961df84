"""How fast are tables turned into ids, beside plain text? `python -m benchmarks.tables CORPUS`

The first words of the corpus, a line a cell, as a text file, as files of tables and as columns in
memory. Each becomes ids by `Corpus.from_source`; pyarrow, polars or pandas alone go through the
same cells and do nothing with them. Time is that of the CPU, summed over all threads, so it does
not depend on how they overlap; what a library needs alone is subtracted from it. All alternate in
one run; files are read from the page cache. Before anything is timed, every source is checked to
give the same words and counts.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
from pyarrow import csv, feather, parquet
from pyarrow import json as arrow_json

from benchmarks.corpus_text import first_words
from benchmarks.markdown import caption, markdown_table, spread, text_of
from benchmarks.measure import Row, benchmark_parser, log, machine, ratios
from benchmarks.publish import publish
from w2v_fast.corpus.corpus import Corpus

MIN_COUNT = 5
PLAIN = "plain text"
BLOCK_BYTES = 1 << 24  # of CSV and JSON lines, as in w2v_fast/corpus/table_files.py


class Source(NamedTuple):
    """A corpus, its column, and what its library does to go through the cells; None for none."""

    corpus: Callable[[], Any]
    column: str | None
    alone: Callable[[], Any] | None


def main() -> None:
    parser = benchmark_parser(__doc__, words=10_000_000)
    arguments = parser.parse_args()
    with first_words(arguments.corpus, arguments.words) as text, written(text.path) as found:
        size = Path(text.path).stat().st_size
        measured = measure(found, arguments)
    facts = {**text.facts, **machine(), "pyarrow": pa.__version__}
    plain = [size / total / 1e6 for total, _ in measured[PLAIN]]
    rows: list[Row] = []
    for name, pairs in measured.items():
        speed = [size / max(total - alone, 1e-9) / 1e6 for total, alone in pairs]
        rows.append(
            {
                "source": name,
                "MB": size / 1e6,
                "CPU s": [total for total, _ in pairs],
                "library alone, CPU s": [alone for _, alone in pairs],
                "MB/s and core beyond it": speed,
                "times plain text": ratios(speed, plain),
                **facts,
            }
        )
    publish("tables", rows, report, arguments.store)


@contextlib.contextmanager
def written(path: str) -> Iterator[dict[str, Source]]:
    """The text in every form, in a temporary folder and in memory."""
    lines = Path(path).read_bytes().decode().splitlines()
    table = pa.table({"id": range(len(lines)), "text": lines})
    tokens = pa.array([line.split() for line in lines])
    with tempfile.TemporaryDirectory(prefix="w2v_fast-benchmark-") as name:
        folder = Path(name)
        parquet.write_table(table, folder / "text.parquet", row_group_size=1 << 12)
        feather.write_feather(table, folder / "text.feather")
        csv.write_csv(table, folder / "text.csv")
        with open(folder / "text.jsonl", "w") as file:
            file.writelines(
                json.dumps({"id": id, "text": line}) + "\n" for id, line in enumerate(lines)
            )
        files = {
            "Parquet": (folder / "text.parquet", read_parquet),
            "Feather": (folder / "text.feather", read_feather),
            "CSV": (folder / "text.csv", read_csv),
            "JSON lines": (folder / "text.jsonl", read_json),
        }
        yield {
            PLAIN: Source(lambda: path, None, None),
            "pyarrow column": Source(lambda: table["text"], None, None),
            "pyarrow column of token lists": Source(lambda: tokens, None, None),
            **{
                kind: Source(partial(str, file), "text", partial(read, file))
                for kind, (file, read) in files.items()
            },
            "dicts": Source(lambda: ({"text": line} for line in lines), "text", None),
        }


def read_parquet(path: Path) -> None:
    with parquet.ParquetFile(path, pre_buffer=False) as table:
        for _ in table.iter_batches(columns=["text"]):
            pass


def read_feather(path: Path) -> None:
    options = pa.ipc.IpcReadOptions(included_fields=[1])
    with pa.ipc.open_file(pa.OSFile(str(path)), options=options) as table:
        for number in range(table.num_record_batches):
            table.get_batch(number)


def read_csv(path: Path) -> None:
    with csv.open_csv(
        path,
        csv.ReadOptions(block_size=BLOCK_BYTES),
        csv.ParseOptions(newlines_in_values=True),
        csv.ConvertOptions(include_columns=["text"]),
    ) as table:
        for _ in table:
            pass


def read_json(path: Path) -> None:
    with arrow_json.open_json(
        path,
        arrow_json.ReadOptions(block_size=BLOCK_BYTES),
        arrow_json.ParseOptions(
            explicit_schema=pa.schema([("text", pa.string())]), unexpected_field_behavior="ignore"
        ),
    ) as table:
        for _ in table:
            pass


def measure(
    sources: dict[str, Source], arguments: argparse.Namespace
) -> dict[str, list[tuple[float, float]]]:
    """CPU seconds of each source in each round: in all, and of its library alone."""
    expected = None
    for name, source in sources.items():
        vocabulary = read(source).vocabulary
        if expected is not None and vocabulary != expected:
            raise SystemExit(f"{name} gives another vocabulary than {PLAIN}")
        expected = vocabulary
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in sources}
    for number in range(arguments.repeats):
        for name, source in sources.items():
            total = cpu_seconds(partial(read, source))
            alone = cpu_seconds(source.alone) if source.alone is not None else 0.0
            found[name].append((total, alone))
            log(f"round {number + 1}/{arguments.repeats}: {name}: {total:.3g} s, {alone:.3g} s")
    return found


def read(source: Source) -> Corpus:
    return Corpus.from_source(source.corpus(), column=source.column, min_count=MIN_COUNT, workers=1)


def cpu_seconds(run: Callable[[], Any]) -> float:
    """CPU time of this process, all of its threads."""
    start = time.process_time()
    run()
    return time.process_time() - start


def report(rows: list[Row]) -> str:
    columns = ["CPU s", "library alone, CPU s", "MB/s and core beyond it", "times plain text"]
    shown = [{**row, **{column: spread(row[column]) for column in columns}} for row in rows]
    return "\n\n".join(
        [
            caption(rows[0], f"pyarrow {rows[0]['pyarrow']}", text_of(rows[0])),
            f"{rows[0]['MB']:.0f} MB of text, {rows[0]['lines']:,} cells, min_count {MIN_COUNT}, "
            f"one worker. Medians of {len(rows[0]['CPU s'])} rounds, and their range; ratios "
            "within each round.",
            markdown_table(shown, ["source", *columns]),
        ]
    )


if __name__ == "__main__":
    main()
