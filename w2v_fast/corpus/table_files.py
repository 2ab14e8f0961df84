"""Files of tables, told by their suffix: one column of Parquet, Feather, CSV or JSON lines."""

from __future__ import annotations

import contextlib
import csv
import itertools
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import urlsplit

from w2v_fast.corpus.blocks import Blocks
from w2v_fast.corpus.columns import check_type, column_blocks
from w2v_fast.corpus.rows import Column
from w2v_fast.corpus.tables import require_tables, the_column, where_is
from w2v_fast.corpus.tokenizers import Tokenizer
from w2v_fast.system.files import SUFFIXES, open_input, open_raw
from w2v_fast.system.threads import map_in_order

MAX_ROW_BYTES = 1 << 24  # of CSV and JSON lines
MAX_BATCH_ROWS = 1 << 16
HEAD_LINES = 100
DECODED_BYTES = 1 << 28  # of Parquet's row groups that are decoded at the same time
PARQUET_OPTIONS: dict[str, Any] = {"pre_buffer": False, "buffer_size": 1 << 20}
DELIMITERS = ",;\t|"


class TableFile(NamedTuple):
    """An open table: the column that is read, its type, and its arrays, of Arrow."""

    column: Any
    type: Any
    arrays: Iterator[Any]


Opener: TypeAlias = "Callable[[str, Column | None], AbstractContextManager[TableFile]]"


def are_tables(paths: list[str], column: Column | None) -> bool:
    """Whether files are read as tables: with a `column`, or if none of them can be text.

    Raises
    ------
    TypeError
        Some are tables and some are not.
    """
    openers = [_opener(path) for path in paths]
    if column is None and not {_parquet, _feather} & set(openers):
        return False
    if None in openers:
        raise TypeError(
            f"{paths[openers.index(None)]} is a text file by its name, which has no column; the "
            f"names of tables end with {', '.join(OPENERS)}"
        )
    return True


def table_file_blocks(
    paths: list[str], column: Column | None, block_bytes: int, tokenizer: Tokenizer | None
) -> Blocks:
    """Blocks of one column of each file, in their order; every file is checked before.

    Raises
    ------
    ImportError
        The extra `tables` is not installed.
    OSError
        A file cannot be read.
    TypeError
        No `column` is given and a table has several, or its cells are not text.
    ValueError
        A file has no such column, is damaged, or is not what its suffix says.
    """
    require_tables()
    for path in paths:
        with _opened(path, column) as table:
            check_type(table.type, f"{path}: {where_is(table.column)}", tokenizer)
    return column_blocks(_arrays(paths, column), where_is(column), block_bytes, tokenizer)


def _arrays(paths: list[str], column: Column | None) -> Iterator[Any]:
    for path in paths:
        with _opened(path, column) as table:
            yield from table.arrays


def is_table_name(path: str) -> bool:
    """Whether a path or URL ends like that of a table."""
    return _opener(path) is not None


def _opener(path: str) -> Opener | None:
    """What opens a table with the suffix of a path or URL; text may be compressed."""
    name, suffix = os.path.splitext((urlsplit(path).path if "://" in path else path).lower())
    if suffix not in SUFFIXES:
        return OPENERS.get(suffix)
    found = OPENERS.get(os.path.splitext(name)[1])
    return found if found in (_csv, _json_lines) else None


@contextlib.contextmanager
def _opened(path: str, column: Column | None) -> Iterator[TableFile]:
    """An open table; errors of reading it name the file."""
    import pyarrow

    opener = _opener(path)
    assert opener is not None
    try:
        with opener(path, column) as table:
            yield table
    except Exception as error:
        is_told = isinstance(error, (ImportError, TypeError, ValueError)) or (
            isinstance(error, OSError) and (error.errno is not None or error.filename is not None)
        )
        is_found = isinstance(error, (pyarrow.ArrowException, UnicodeDecodeError))
        if isinstance(error, MemoryError) or (is_told and not is_found):
            raise
        suffix = os.path.splitext(path)[1]
        raise ValueError(
            f"{path} is damaged, or not what its suffix {suffix} says: {error}"
        ) from error


@contextlib.contextmanager
def _parquet(path: str, column: Column | None) -> Iterator[TableFile]:
    """Small row groups are decoded in threads, large ones in batches: memory stays bounded."""
    import pyarrow
    from pyarrow import parquet

    with open_raw(path) as raw, parquet.ParquetFile(raw, **PARQUET_OPTIONS) as table:
        name = the_column(table.schema_arrow.names, column, path)
        sizes = _bytes_of_groups(table.metadata, name)
        threads = min(pyarrow.cpu_count(), DECODED_BYTES // max([1, *sizes]), len(sizes))
        if threads > 1:
            arrays = _decoded_groups(path, name, table.metadata, threads)
        else:
            row_bytes = sum(sizes) // max(1, table.metadata.num_rows)
            rows = max(1, min(MAX_BATCH_ROWS, MAX_ROW_BYTES // max(1, row_bytes)))
            arrays = (batch.column(0) for batch in table.iter_batches(rows, columns=[name]))
        yield TableFile(name, table.schema_arrow.field(name).type, arrays)


def _bytes_of_groups(metadata: Any, name: str) -> list[int]:
    """The bytes of a column in each row group, unpacked."""
    groups = map(metadata.row_group, range(metadata.num_row_groups))
    return [
        sum(
            chunk.total_uncompressed_size
            for chunk in map(group.column, range(group.num_columns))
            if chunk.path_in_schema.split(".")[0] == name
        )
        for group in groups
    ]


def _decoded_groups(path: str, name: str, metadata: Any, threads: int) -> Iterator[Any]:
    """The arrays of row groups that are decoded at the same time; each opens the file itself."""
    from pyarrow import parquet

    def chunks(number: int) -> list[Any]:
        with (
            open_raw(path) as raw,
            parquet.ParquetFile(raw, metadata=metadata, **PARQUET_OPTIONS) as table,
        ):
            group = table.read_row_group(number, columns=[name], use_threads=False)
            found: list[Any] = group.column(0).chunks
            return found

    groups = range(metadata.num_row_groups)
    with contextlib.closing(map_in_order(chunks, groups, threads)) as decoded:
        for arrays in decoded:
            yield from arrays


@contextlib.contextmanager
def _feather(path: str, column: Column | None) -> Iterator[TableFile]:
    """Arrow's format of files (Feather) or of streams."""
    from pyarrow import ipc

    with open_raw(path) as raw:
        open_ipc = ipc.open_file if raw.read(6) == b"ARROW1" else ipc.open_stream
        raw.seek(0)
        with open_ipc(raw) as table:
            schema = table.schema
        name = the_column(schema.names, column, path)
        position = schema.names.index(name)
        raw.seek(0)
        with open_ipc(raw, options=ipc.IpcReadOptions(included_fields=[position])) as table:
            is_file = open_ipc is ipc.open_file
            batches = (
                map(table.get_batch, range(table.num_record_batches)) if is_file else iter(table)
            )
            yield TableFile(name, schema.types[position], map(_checked, batches))


def _checked(batch: Any) -> Any:
    """The column of a batch of Arrow, whose offsets nobody has looked at before."""
    batch.validate(full=True)
    return batch.column(0)


@contextlib.contextmanager
def _csv(path: str, column: Column | None) -> Iterator[TableFile]:
    """The first line has the names; cells are text unless the first ones are all numbers."""
    import pyarrow
    from pyarrow import csv as arrow_csv

    with open_input(path) as file:
        line = file.readline(MAX_ROW_BYTES).decode("utf-8-sig").rstrip("\r\n")
    headers = {mark: next(csv.reader([line], delimiter=mark), []) for mark in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda mark: (column in headers[mark], len(headers[mark])))
    name = the_column(headers[delimiter], column, path)
    with (
        open_input(path) as file,
        arrow_csv.open_csv(
            file,
            arrow_csv.ReadOptions(block_size=MAX_ROW_BYTES),
            arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            arrow_csv.ConvertOptions(
                include_columns=[name], column_types={name: pyarrow.large_string()}
            ),
        ) as table,
    ):
        arrays = (batch.column(0) for batch in table)
        first = next(arrays, pyarrow.array([], pyarrow.large_string()))
        yield TableFile(name, _type_of_text(first[:HEAD_LINES]), itertools.chain([first], arrays))


def _type_of_text(cells: Any) -> Any:
    """What cells of CSV hold: numbers if each of them is one, else text."""
    import pyarrow
    from pyarrow import compute

    filled = cells.filter(compute.not_equal(cells, ""))
    try:
        return filled.cast(pyarrow.float64()).type if len(filled) else cells.type
    except pyarrow.ArrowInvalid:
        return cells.type


@contextlib.contextmanager
def _json_lines(path: str, column: Column | None) -> Iterator[TableFile]:
    """An object a line; the first ones tell the names and the type of the column."""
    import pyarrow
    from pyarrow import json as arrow_json

    with open_input(path) as file:
        records = list(_records(path, itertools.islice(file, HEAD_LINES)))
    names = list(dict.fromkeys(key for record in records for key in record))
    name = the_column(names, column, path)
    cells = [record[name] for record in records if record.get(name) not in (None, [])]
    found = pyarrow.array(cells[:1]).type if cells else pyarrow.string()
    with (
        open_input(path) as file,
        arrow_json.open_json(
            file,
            arrow_json.ReadOptions(block_size=MAX_ROW_BYTES),
            arrow_json.ParseOptions(
                explicit_schema=pyarrow.schema([(name, found)]), unexpected_field_behavior="ignore"
            ),
        ) as table,
    ):
        yield TableFile(name, found, (batch.column(0) for batch in table))


def _records(path: str, lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """The objects of the first lines."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{path}:{number} is no line of JSON: {error}") from None
        if not isinstance(record, dict):
            raise ValueError(
                f"{path}:{number} is {line.strip()[:40]!r}; expected an object, {{...}}, a line"
            )
        yield record


OPENERS: dict[str, Opener] = {
    ".parquet": _parquet,
    ".pq": _parquet,
    ".feather": _feather,
    ".arrow": _feather,
    ".csv": _csv,
    ".tsv": _csv,
    ".json": _json_lines,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
}
