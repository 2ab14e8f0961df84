"""Columns of a table of words, to color the map by: numbers or categories."""

from __future__ import annotations

import csv
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2v_fast.explore.model import Model

MAX_CATEGORIES = 11
"""The most frequent ones; all others are one more category."""
OTHERS = "(others)"
MAX_CELL = 1 << 20


class Column:
    """A column: a number for each row, NaN where the table has none.

    Attributes
    ----------
    name : str
    categories : list[str] | None
        What the numbers 0, 1, ... stand for; None if they are numbers themselves.
    values : np.ndarray
        [V] float32.
    """

    def __init__(self, name: str, cells: dict[int, str], length: int) -> None:
        self.name = name
        self.values = np.full(length, np.nan, np.float32)
        self.categories: list[str] | None = None
        rows = np.fromiter(cells, np.int64, len(cells))
        try:
            self.values[rows] = [float(cell) for cell in cells.values()]
        except ValueError:
            self.categories, self.values[rows] = _categories(list(cells.values()))


def _categories(cells: list[str]) -> tuple[list[str], NDArray[Any]]:
    names, numbers, counts = np.unique(cells, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    kept = [str(name) for name in names[order[:MAX_CATEGORIES]]]
    return kept + [OTHERS] * (len(order) > MAX_CATEGORIES), np.minimum(
        rank[numbers], MAX_CATEGORIES
    )


def read_columns(path: str, model: Model) -> list[Column]:
    """The columns of a table: .csv with commas, else tabs; a header line, the word first in each line.

    Raises
    ------
    ValueError
        A line has another number of cells than the header, or the table has no column or no known word.
    """
    with open(path, encoding="utf-8", newline="") as file:
        tabs = not path.lower().endswith(".csv")
        csv.field_size_limit(MAX_CELL)
        lines = csv.reader(file, "excel-tab", quoting=csv.QUOTE_NONE) if tabs else csv.reader(file)
        header = next(lines, [])
        if len(header) < 2:
            raise ValueError(
                f"{path}, line 1: a header with {len(header)} names; expected `word` and the columns' "
                f"names, {'tabs' if tabs else 'commas'} between them"
            )
        cells: list[dict[int, str]] = [{} for _ in header[1:]]
        for line in lines:
            if len(line) != len(header):
                raise ValueError(
                    f"{path}, line {lines.line_num}: {len(line)} cells; the header has {len(header)}"
                )
            if (row := model.row(line[0])) is not None:
                for column, cell in zip(cells, line[1:], strict=True):
                    if cell:
                        column[row] = cell
    if not any(cells):
        raise ValueError(f"{path} has no value for any of the {len(model):,} words")
    return [
        Column(name, column, len(model)) for name, column in zip(header[1:], cells, strict=True)
    ]
