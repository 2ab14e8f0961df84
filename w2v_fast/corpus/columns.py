"""Columns of Arrow, cut into blocks: text, lists of tokens, or lists of integers.

Text and tokens stay bytes: no cell becomes an object of Python.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from w2v_fast.corpus._words import PADDING, WordTable, join_cells
from w2v_fast.corpus.blocks import Block, Blocks, Bytes, Ids, IntegerBlock, TextBlock
from w2v_fast.corpus.sentences import int64, warn_of_nulls
from w2v_fast.corpus.tokenizers import Tokenizer

Offsets = npt.NDArray[np.int64]


@dataclasses.dataclass
class CellBlock:
    """Cells of text: cell i is `values[offsets[i]:offsets[i + 1]]`, and one sentence."""

    values: Bytes
    offsets: Offsets
    tokenizer: Tokenizer | None = None

    @property
    def size(self) -> int:
        """Bytes of text, with a newline for each cell."""
        return int(self.offsets[-1] - self.offsets[0]) + len(self.offsets) - 1

    def encode(self, table: WordTable, number: int) -> tuple[Ids, bool]:
        """As `Block.encode`."""
        text = np.empty(self.size + PADDING, np.uint8)
        size = join_cells(self.values, self.offsets, text)
        return TextBlock(text, size, self.tokenizer).encode(table, number)


@dataclasses.dataclass
class TokenCellBlock:
    """Tokens as bytes, `offsets` as in `CellBlock`, and after which token each sentence ends."""

    values: Bytes
    offsets: Offsets
    ends: Offsets

    @property
    def size(self) -> int:
        """Bytes of the tokens, with a separator for each."""
        return int(self.offsets[-1] - self.offsets[0]) + len(self.offsets) - 1

    def encode(self, table: WordTable, number: int) -> tuple[Ids, bool]:
        """As `Block.encode`."""
        ids = np.empty(len(self.offsets) - 1, np.int32)
        table.encode_cells(self.values, self.offsets, self.ends, number, ids)
        return ids, False


def column_blocks(
    arrays: Iterable[Any], where: str, block_bytes: int, tokenizer: Tokenizer | None
) -> Blocks:
    """Blocks of the parts of a column, which `where` names; each part is a `pyarrow.Array`.

    Cells that are null are left out, and a RuntimeWarning says how many.

    Raises
    ------
    TypeError
        The cells are neither text nor lists of text or integers, or differ from part to part; or
        there is a tokenizer and no text.
    """
    nulls = 0
    kind: type | None = None
    for array in arrays:
        if array.null_count:
            nulls += array.null_count
            array = array.drop_null()
        if not len(array):
            continue
        for block in _blocks(_plain(array), where, block_bytes, tokenizer):
            if kind not in (None, type(block)):
                raise TypeError(f"{where} holds both text and lists, or lists of different types")
            kind = type(block)
            yield block
    if nulls:
        warn_of_nulls(nulls, where)


def check_type(type: Any, where: str, tokenizer: Tokenizer | None) -> None:
    """Raise the TypeError that `column_blocks` would raise for cells of this Arrow type."""
    import pyarrow as pa

    list(_blocks(_plain(pa.nulls(0, type)), where, 1, tokenizer))


def _plain(array: Any) -> Any:
    """An array without extension, dictionary and view; text has offsets of 64 bits."""
    import pyarrow as pa

    types, type = pa.types, array.type
    if isinstance(type, pa.BaseExtensionType):
        return _plain(array.storage)
    if types.is_dictionary(type) or types.is_run_end_encoded(type):
        return _plain(array.cast(type.value_type))
    if types.is_string(type) or types.is_string_view(type):
        return array.cast(pa.large_string())
    return array


def _is_list(type: Any) -> bool:
    from pyarrow import types

    is_view = types.is_list_view(type) or types.is_large_list_view(type)
    return is_view or any(
        (types.is_list(type), types.is_large_list(type), types.is_fixed_size_list(type))
    )


def _blocks(
    array: Any, where: str, block_bytes: int, tokenizer: Tokenizer | None
) -> Iterator[Block]:
    """Blocks of one array of a plain type without nulls."""
    from pyarrow import compute, types

    if types.is_large_string(array.type):
        values, offsets = _text(array)
        for start, stop in _cuts(offsets, block_bytes):
            yield CellBlock(values, offsets[start : stop + 1], tokenizer)
        return
    items = _plain(array.flatten()) if _is_list(array.type) else None
    is_integer = items is not None and types.is_integer(items.type)
    if items is None or not (is_integer or types.is_large_string(items.type)):
        raise TypeError(f"{where} holds {array.type}; expected text, or lists of str or integers")
    if tokenizer is not None:
        raise TypeError(f"{where} holds {array.type}, cut already: leave out the tokenizer")
    if items.null_count:
        raise TypeError(f"{where} holds lists with missing tokens (null)")
    ends = np.zeros(len(array) + 1, np.int64)
    np.cumsum(compute.list_value_length(array), out=ends[1:])
    if is_integer:
        numbers = int64(items.to_numpy(zero_copy_only=False))
        for start, stop in _cuts(8 * ends, block_bytes):
            first, last = ends[start], ends[stop]
            yield IntegerBlock(numbers[first:last], ends[start + 1 : stop + 1] - first)
        return
    values, offsets = _text(items)
    for start, stop in _cuts(offsets[ends], block_bytes):
        first, last = ends[start], ends[stop]
        rows = ends[start + 1 : stop + 1] - first
        yield TokenCellBlock(values, offsets[first : last + 1], rows)


def _text(array: Any) -> tuple[Bytes, Offsets]:
    """The bytes of an array of large_string, and the offsets of its cells, not copied."""
    _, offsets, values = array.buffers()
    if not len(array):
        return np.empty(0, np.uint8), np.zeros(1, np.int64)
    ends = np.frombuffer(offsets, np.int64, len(array) + 1, 8 * array.offset)
    return np.frombuffer(values or b"", np.uint8), ends


def _cuts(positions: Offsets, block_bytes: int) -> Iterator[tuple[int, int]]:
    """Ranges of rows of about `block_bytes` bytes, where row i starts at byte `positions[i]`."""
    start, rows = 0, len(positions) - 1
    while start < rows:
        limit = positions[start] + block_bytes
        stop = max(start + 1, int(np.searchsorted(positions, limit, "right")) - 1)
        yield start, stop
        start = stop
