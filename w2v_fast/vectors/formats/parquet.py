"""Parquet: columns word (string), vector (a list of float32) and, if known, count (int64).

The vectors have the Arrow type fixed_size_list<float>[d]; other tools see lists of floats. The
metadata of the training are JSON in the file's own metadata, under the key w2v_fast. Files of other
writers are read too: any type of string, lists of any type of numbers, any order of columns.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from w2v_fast.system import files
from w2v_fast.vectors.data import VectorData
from w2v_fast.vectors.extras import imported
from w2v_fast.vectors.file_sets import atomic_write_together
from w2v_fast.vectors.formats._byte_stream import MAX_TIMES, MAX_UNPACKED, ByteStream
from w2v_fast.vectors.formats._errors import FormatError
from w2v_fast.vectors.formats._format import Format
from w2v_fast.vectors.formats._header import MAX_SIZE
from w2v_fast.vectors.formats._options import ALL_WRITE, ReadOptions, WriteOptions
from w2v_fast.vectors.formats._rows import BLOCK_ROWS, Floats, Rows, blocks, distinct
from w2v_fast.vectors.formats._words import NOT_UTF8, WordRules

MAGIC = b"PAR1"
WORD, VECTOR, COUNT = "word", "vector", "count"
METADATA = b"w2v_fast"
GROUP_BYTES = 1 << 25
"""Bytes of vectors in a row group."""
MAX_SHOWN = 200


def write(data: VectorData, words: list[bytes], path: str, options: WriteOptions) -> None:
    """Write the columns, a row group at a time."""
    arrow, parquet = _arrow()
    vector = arrow.list_(arrow.float32(), data.vector_size)
    fields = [(WORD, arrow.string()), (VECTOR, vector), (COUNT, arrow.int64())]
    metadata = json.dumps(dict(data.metadata or {}), allow_nan=False)
    schema = arrow.schema(fields[: 2 if data.counts is None else 3], {METADATA: metadata})
    # neither dictionaries nor compression make vectors much smaller
    packing = {"use_dictionary": False, "compression": {WORD: "zstd"}}
    group_rows = max(1, GROUP_BYTES // (4 * data.vector_size))
    with (
        atomic_write_together(path) as (file,),
        parquet.ParquetWriter(file, schema, **packing) as writer,
    ):
        for number, block in enumerate(blocks(data.vectors, group_rows)):
            rows = slice(number * group_rows, (number + 1) * group_rows)
            numbers = arrow.array(block.reshape(-1))
            columns = [
                arrow.array(words[rows], arrow.string()),
                arrow.FixedSizeListArray.from_arrays(numbers, type=vector),
            ]
            if data.counts is not None:
                columns.append(arrow.array(np.asarray(data.counts[rows], np.int64)))
            writer.write_batch(arrow.record_batch(columns, schema=schema))


def check_path(path: str) -> None:
    """Raise ValueError for a compressed file."""
    if files.compression_of_name(path):
        raise ValueError(
            f"cannot write {path}: a Parquet file is read from its end, so it is not compressed as "
            "a whole; leave the last suffix out"
        )


def read(stream: ByteStream, options: ReadOptions) -> VectorData:
    """Read the columns in batches; sizes are checked before memory is taken for them."""
    arrow, parquet = _arrow()
    with _naming_damage(arrow, stream.name), _seekable(stream) as file:
        source = parquet.ParquetFile(file)
        schema = source.schema_arrow
        columns = _checked_columns(arrow, schema, stream.name)
        _check_sizes(source.metadata, columns, file, stream.name)
        keys, vectors, counts = _read_rows(source, columns, stream.name, options)
    data = distinct(stream.name, keys, vectors, options)
    if counts is not None and data.repeated_words:
        step = 1 if options.on_duplicate == "last" else -1  # the later entry of a dict counts
        count_of = dict(zip(keys[::step], counts[::step], strict=True))
        counts = np.array([count_of[key] for key in data.index_to_key], np.int64)
    data.counts = counts
    data.metadata = _metadata(schema, stream.name)
    return data


def _arrow() -> tuple[Any, Any]:
    arrow, parquet = (
        imported(module, "the format parquet", "pyarrow", "tables")
        for module in ("pyarrow", "pyarrow.parquet")
    )
    return arrow, parquet


@contextlib.contextmanager
def _naming_damage(arrow: Any, name: str) -> Iterator[None]:
    """Turn what pyarrow raises for a damaged file into a FormatError."""
    try:
        yield
    except (arrow.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # it comes from the system
        problem = f"the Parquet file is cut or damaged ({str(error)[:MAX_SHOWN]})"
        raise FormatError(name, problem) from error


@contextlib.contextmanager
def _seekable(stream: ByteStream) -> Iterator[BinaryIO]:
    """The file; what comes from a pipe, a URL or a compressed file is held in memory."""
    if stream.size is not None:
        with open(stream.name, "rb") as file:
            yield file
        return
    content = io.BytesIO()
    chunk = memoryview(bytearray(1 << 20))
    while got := stream.read_into(chunk):
        content.write(chunk[:got])
    stream.check_intact(False)
    yield content


def _checked_columns(arrow: Any, schema: Any, name: str) -> list[str]:
    """The columns to read; FormatError unless they are there and have the right types."""
    types = {field.name: field.type for field in schema}
    fits = {
        WORD: _is_text(arrow, types.get(WORD)),
        VECTOR: _is_vector(arrow, types.get(VECTOR)),
        COUNT: COUNT not in types or arrow.types.is_integer(types[COUNT]),
    }
    if not all(fits.values()):
        wrong = " and ".join(repr(column) for column, right in fits.items() if not right)
        found = ", ".join(f"{column} ({kind})" for column, kind in types.items())[:MAX_SHOWN]
        expected = "word (strings), vector (lists of numbers) and, if known, count (integers)"
        problem = f"no vectors of words: the column {wrong} is missing or of another type"
        raise FormatError(name, problem, expected=expected, found=found)
    return [WORD, VECTOR, *([COUNT] if COUNT in types else [])]


def _is_text(arrow: Any, kind: Any) -> bool:
    if kind is not None and arrow.types.is_dictionary(kind):
        kind = kind.value_type
    return kind in (arrow.string(), arrow.large_string(), arrow.string_view())


def _is_vector(arrow: Any, kind: Any) -> bool:
    checks = arrow.types
    is_list = kind is not None and any(
        check(kind) for check in (checks.is_list, checks.is_large_list, checks.is_fixed_size_list)
    )
    return is_list and (checks.is_floating(kind.value_type) or checks.is_integer(kind.value_type))


def _check_sizes(metadata: Any, columns: list[str], file: BinaryIO, name: str) -> None:
    """Raise FormatError if the columns would take far more memory than the file explains."""
    chunks = (
        metadata.row_group(group).column(column)
        for group in range(metadata.num_row_groups)
        for column in range(metadata.num_columns)
    )
    size = sum(
        max(chunk.total_uncompressed_size, 4 * chunk.num_values)
        for chunk in chunks
        if chunk.path_in_schema.partition(".")[0] in columns
    )
    if size > max(MAX_UNPACKED, MAX_TIMES * file.seek(0, io.SEEK_END)):
        problem = f"it unpacks to more than {MAX_TIMES} times its size, as no file of vectors does"
        raise FormatError(name, problem, found=f"{size} bytes")


def _read_rows(
    source: Any, columns: list[str], name: str, options: ReadOptions
) -> tuple[list[str], Floats, npt.NDArray[np.int64] | None]:
    """The words, the vectors and, if known, the counts of the first `options.limit` rows."""
    limit = sys.maxsize if options.limit is None else options.limit
    size = getattr(source.schema_arrow.field(VECTOR).type, "list_size", None)
    rows = None if size is None else Rows(_checked_size(name, size))
    keys: list[str] = []
    counts = [np.empty(0, np.int64)]
    for batch in source.iter_batches(BLOCK_ROWS, columns=columns):
        _check_nulls(batch, len(keys), name)
        if rows is None:
            rows = Rows(_checked_size(name, len(batch.column(VECTOR)[0])))
        batch = batch.slice(0, limit - len(keys))
        vectors = _matrix(batch.column(VECTOR), rows.size, len(keys), name, options)
        rows.append(len(vectors))[...] = vectors
        keys += batch.column(WORD).to_pylist()
        if COUNT in columns:
            counts.append(batch.column(COUNT).cast("int64").to_numpy())
        if len(keys) >= limit:
            break
    if rows is None:
        raise FormatError(name, "there are no rows, and so no vector size")
    return keys, rows.finish(), np.concatenate(counts) if COUNT in columns else None


def _checked_size(name: str, size: int) -> int:
    if not 0 < size <= MAX_SIZE:
        expected = f"1 to {MAX_SIZE} numbers"
        raise FormatError(name, "no vector has this size", expected=expected, found=size)
    return size


def _check_nulls(batch: Any, first_row: int, name: str) -> None:
    """Raise FormatError for a missing value, naming the row."""
    for column, values in zip(batch.schema.names, batch.columns, strict=True):
        if values.null_count:
            row = first_row + values.is_null().index(True).as_py()
            raise FormatError(name, f"the column {column!r} has no value", row=row)


def _matrix(
    vectors: Any, size: int, first_row: int, name: str, options: ReadOptions
) -> npt.NDArray[Any]:
    """The lists as rows, all of the same length and without missing numbers."""
    if hasattr(vectors, "offsets"):
        lengths = np.diff(vectors.offsets.to_numpy())
        if (lengths != size).any():
            row = int(np.argmax(lengths != size))
            expected, found = f"{size} numbers, as in the first row", lengths[row]
            problem = "the vector has another size"
            raise FormatError(name, problem, row=first_row + row, expected=expected, found=found)
    numbers = vectors.flatten()
    # a missing number becomes NaN
    with np.errstate(over="ignore"):  # of float64: refused below as infinite
        matrix = numbers.to_numpy(zero_copy_only=False).astype(np.float32).reshape(-1, size)
    wrong = ~np.isfinite(matrix).all(axis=1)
    if wrong.any() and (numbers.null_count or not options.allow_nonfinite):
        problem = "a number of the vector is missing or not finite"
        advice = "allow_nonfinite=True accepts NaN and infinity"
        raise FormatError(name, f"{problem}; {advice}", row=first_row + int(np.argmax(wrong)))
    return matrix


def _metadata(schema: Any, name: str) -> dict[str, Any] | None:
    text = (schema.metadata or {}).get(METADATA)
    if text is None:
        return None
    try:
        metadata = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(name, f"the metadata are not valid JSON ({error})") from error
    if not isinstance(metadata, dict):
        raise FormatError(name, "the metadata are damaged", expected="an object", found=metadata)
    return metadata


FORMAT = Format(
    name="parquet",
    suffixes=(".parquet",),
    rules=WordRules(NOT_UTF8, empty=True),
    write_options=ALL_WRITE - {"fvocab"},
    write=write,
    read_options=frozenset({"limit", "on_duplicate", "allow_nonfinite"}),
    read=read,
    check_path=check_path,
)
