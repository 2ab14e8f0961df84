"""Rows from Python, such as those of a database cursor or dicts: the cell of one column of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from w2v_fast.corpus.sentences import some

Column: TypeAlias = "str | int"


def cells(rows: Iterable[Any], column: Column, cursor: object = None) -> Iterator[Any]:
    """The cell of each row, by its key, its position, or its name in the cursor's description.

    Raises
    ------
    TypeError
        It is not a row, or has no names, so that its column is given by position.
    ValueError
        A row has no such column; the message says which there are.
    """
    described = getattr(cursor, "description", None) or ()
    names = [field[0] for field in described]
    for number, row in enumerate(rows, 1):
        yield _cell(row, column, names, f"row {number}")


def _cell(row: Any, column: Column, cursor_names: list[str], name: str) -> Any:
    keys: Any = getattr(row, "keys", None)  # of a dict, or a row of sqlite3
    if isinstance(row, Mapping) or callable(keys):
        names = list(keys())
        is_known, key = column in names, column
    elif isinstance(column, int):
        if not isinstance(row, Sequence) or isinstance(row, (str, bytes)):
            raise TypeError(_no_row(row, name))
        names = list(range(len(row)))
        is_known, key = -len(row) <= column < len(row), column
    else:
        names = list(_field_names(row) or cursor_names)
        if not names:
            raise TypeError(_no_row(row, name))
        is_known, key = column in names, names.index(column) if column in names else 0
    if not is_known:
        raise ValueError(f"{name} has no column {column!r}; it has {some(names)}")
    return row[key]


def _field_names(row: Any) -> Sequence[str]:
    """The names of a named tuple's fields, or of a record of numpy's."""
    fields: Sequence[str] = getattr(row, "_fields", None) or ()
    return fields or getattr(getattr(row, "dtype", None), "names", None) or ()


def _no_row(row: Any, name: str) -> str:
    if isinstance(row, Sequence) and not isinstance(row, (str, bytes)):
        return f"{name} has no names: give the position of its column, from 0 to {len(row) - 1}"
    return (
        f"{name} is {row!r:.60} of type {type(row).__name__}, which has no columns; expected a "
        "dict or a tuple"
    )
