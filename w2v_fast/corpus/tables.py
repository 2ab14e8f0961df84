"""Tables as sources: frames and columns of any library, Arrow streams, Hugging Face datasets.

Everything becomes arrays of Arrow (`columns.py`), a part at a time. pyarrow and narwhals are the
extra `tables`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from w2v_fast.corpus.blocks import Blocks
from w2v_fast.corpus.columns import check_type, column_blocks
from w2v_fast.corpus.rows import Column
from w2v_fast.corpus.sentences import some
from w2v_fast.corpus.tokenizers import Tokenizer

ROWS = 1 << 12  # that are converted at a time


def is_frame(source: object) -> bool:
    """Whether an object looks like a table: its columns are an attribute, not a method."""
    columns = getattr(type(source), "columns", None)
    return columns is not None and not callable(columns)


def is_table(source: object) -> bool:
    """Whether an object looks like a table or a column; its values are not read.

    A column of Python's objects does not count: it is iterated over like a list.
    """
    if str(getattr(source, "dtype", "") if not is_frame(source) else "") == "object":
        return False
    names = "__arrow_c_stream__", "__arrow_c_array__", "to_frame"
    is_column = any(hasattr(type(source), name) for name in names)
    return is_frame(source) or is_column or _is_dataset(source)


def _is_dataset(source: object) -> bool:
    """Whether an object is a dataset of Hugging Face."""
    return all(hasattr(type(source), name) for name in ("select_columns", "with_format"))


def table_blocks(
    source: Any, column: Column | None, block_bytes: int, tokenizer: Tokenizer | None
) -> Blocks:
    """Blocks of a column, or of one column of a table.

    Raises
    ------
    ImportError
        The extra `tables` is not installed.
    TypeError
        No `column` is given and the table has several; the cells are not text; it is no table.
    ValueError
        The table has no such column; the message says which there are.
    """
    require_tables()
    arrays, where = _column_of(source, column)
    return column_blocks(arrays, where, block_bytes, tokenizer)


def blocks_of_tables(
    sources: Iterator[Any], column: Column | None, block_bytes: int, tokenizer: Tokenizer | None
) -> Blocks:
    """Blocks of one column of many tables, such as the parts that a reader gives."""
    require_tables()
    arrays = (array for source in sources for array in _column_of(source, column)[0])
    return column_blocks(arrays, where_is(column), block_bytes, tokenizer)


def require_tables() -> None:
    """Raise an ImportError unless the extra `tables` is installed."""
    try:
        import narwhals.stable.v2  # noqa: F401
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "tables need pyarrow and narwhals; pip install 'w2v_fast[tables]'"
        ) from error


def the_column(names: Sequence[Any], column: Column | None, what: str) -> Any:
    """The column to read: the one that is given, or the only one there is."""
    if column is None:
        if len(names) != 1:
            example = "text" if "text" in names else next(iter(names), "text")
            raise TypeError(
                f"{what} has the columns {some(names)}; give the one to read, such as "
                f"column={example!r}"
            )
        return names[0]
    if column not in names:
        raise ValueError(f"{what} has no column {column!r}; it has {some(names)}")
    return column


def where_is(name: object) -> str:
    """What messages call a column."""
    return f"column {name!r}" if name not in (None, "") else "the column"


def _column_of(source: Any, column: Column | None) -> tuple[Iterator[Any], str]:
    """The arrays of a column, and what messages call it."""
    import narwhals.stable.v2 as narwhals
    import pyarrow

    what = f"the {type(source).__name__}"
    if _is_dataset(source):
        return _dataset_arrays(source, column, what)
    if isinstance(source, pyarrow.RecordBatch):
        source = pyarrow.Table.from_batches([source])
    frame = narwhals.from_native(source, pass_through=True, allow_series=True)
    if isinstance(frame, narwhals.LazyFrame):
        name = the_column(frame.collect_schema().names(), column, what)
        return _query_arrays(frame.select(name), where_is(name)), where_is(name)
    if isinstance(frame, narwhals.DataFrame):
        frame = frame.get_column(the_column(frame.columns, column, what))
    elif isinstance(frame, narwhals.Series):
        _check_no_column(column, what)
    else:
        return _stream_arrays(source, column, what)
    return _series_arrays(frame, where_is(frame.name)), where_is(frame.name)


def _check_no_column(column: Column | None, what: str) -> None:
    if column is not None:
        raise TypeError(f"{what} is a column: leave out column={column!r}")


def _series_arrays(series: Any, where: str) -> Iterator[Any]:
    """The parts of a column in memory."""
    import pyarrow

    for start in range(0, len(series), ROWS):
        try:
            part = series[start : start + ROWS].to_arrow()
        except (pyarrow.ArrowException, TypeError) as error:
            raise TypeError(
                f"{where} has cells of several types, or of none that is text: {error}"
            ) from error
        yield from getattr(part, "chunks", [part])


def _query_arrays(query: Any, where: str) -> Iterator[Any]:
    """The parts of the only column of a lazy table, as they are computed if its library can."""
    import narwhals.stable.v2 as narwhals

    native = query.to_native()
    if hasattr(native, "__arrow_c_stream__"):
        yield from _stream_arrays(native, None, "the query")[0]
    elif hasattr(native, "collect_batches"):  # of polars
        for batch in native.collect_batches():
            frame = narwhals.from_native(batch)
            yield from _series_arrays(frame.get_column(frame.columns[0]), where)
    else:
        yield from query.collect("pyarrow").to_native().column(0).chunks


def _stream_arrays(source: Any, column: Column | None, what: str) -> tuple[Iterator[Any], str]:
    """The parts of an object that exports Arrow: its record batches, or the column that it is."""
    import pyarrow

    if not hasattr(source, "__arrow_c_stream__"):
        if not hasattr(source, "__arrow_c_array__"):
            raise TypeError(f"a corpus cannot be of type {type(source).__name__}")
        _check_no_column(column, what)
        return iter([pyarrow.array(source)]), "the column"
    reader = pyarrow.RecordBatchReader.from_stream(source)
    name = the_column(reader.schema.names, column, what)
    position = reader.schema.names.index(name)
    check_type(reader.schema.types[position], where_is(name), None)
    return (batch.column(position) for batch in reader), where_is(name)


def _dataset_arrays(source: Any, column: Column | None, what: str) -> tuple[Iterator[Any], str]:
    """The parts of a dataset of Hugging Face, in memory, on disk or streaming."""
    names = source.column_names  # None where only its rows tell
    if names is None:
        names = list(next(iter(source), {}))
    name = the_column(names, column, what)
    batches: Iterable[Any] = (
        source.select_columns([name]).with_format("arrow").iter(batch_size=ROWS)
    )
    return (chunk for table in batches for chunk in table.column(0).chunks), where_is(name)
