"""Safetensors files: a little-endian uint64 n, n bytes of JSON, the data of the tensors.

The JSON is {name: {dtype, shape, data_offsets}}. Tensors are mapped one at a time and written in
blocks, and every number is checked against the size of the file.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import math
import os
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from w2v_fast.vectors.formats._errors import FormatError

MAX_HEADER, MAX_HEADER_READ = 100_000_000, 1 << 20
"""Limits of the JSON in bytes: of the library safetensors, and of this reader."""
DTYPES = {"F32": "<f4", "F16": "<f2", "U8": "u1", "U64": "<u8", "I64": "<i8"}
NAMES = {np.dtype(dtype): name for name, dtype in DTYPES.items()}
BLOCK_ROWS = 4096
MAX_SHOWN = 200


@dataclasses.dataclass(frozen=True)
class Tensor:
    """A tensor in a file, whose numbers were checked against the size of the file."""

    file: BinaryIO
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int

    @property
    def size(self) -> int:
        """Bytes."""
        return math.prod(self.shape) * self.dtype.itemsize

    def read(self) -> npt.NDArray[Any]:
        """The tensor in memory."""
        self.file.seek(self.offset)
        return np.fromfile(self.file, self.dtype, math.prod(self.shape)).reshape(self.shape)

    def map(self) -> npt.NDArray[Any]:
        """The tensor as a read-only map of the file."""
        if not self.size:
            return np.empty(self.shape, self.dtype)
        return np.memmap(self.file, self.dtype, "r", self.offset, self.shape)


def tensors_of(file: BinaryIO, name: str) -> dict[str, Tensor]:
    """Read the header of a file.

    Parameters
    ----------
    file, name
        The open file, and its name for messages.

    Returns
    -------
    dict of str to Tensor
        Each lies inside the file, and no two overlap.

    Raises
    ------
    FormatError
        The header is damaged, or the file is cut.
    """
    file_size = os.fstat(file.fileno()).st_size
    length = int.from_bytes(file.read(8), "little")
    if file_size < 8 or length > min(MAX_HEADER_READ, file_size - 8):
        problem, found = "not a safetensors file, or cut", f"{length} of {file_size} bytes"
        expected = "the length of a header that fits into the file"
        raise FormatError(name, problem, offset=0, expected=expected, found=found)
    try:
        header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        tensors = {
            str(key): _tensor(file, name, str(key), entry, 8 + length, file_size)
            for key, entry in header.items()
        }
    except FormatError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise FormatError(name, f"the header is damaged ({error!r})", offset=8) from error
    in_order = sorted(tensors.values(), key=lambda tensor: tensor.offset)
    for one, other in itertools.pairwise(in_order):
        if other.offset < one.offset + one.size:
            raise FormatError(name, "two tensors overlap", offset=other.offset)
    return tensors


def _tensor(
    file: BinaryIO, path: str, name: str, entry: dict[str, Any], start: int, file_size: int
) -> Tensor:
    dtype, shape = entry["dtype"], tuple(entry["shape"])
    begin, end = entry["data_offsets"]
    numbers = (*shape, begin, end)
    if dtype not in DTYPES:
        problem, expected = "has a type that is not read here", ", ".join(DTYPES)
    elif not all(type(number) is int and number >= 0 for number in numbers):
        problem, expected = "has impossible numbers", "a shape and bytes of 0 or more"
    elif end > file_size - start:
        problem, expected = "is cut", f"a file of {start + end} bytes, not {file_size}"
    else:
        tensor = Tensor(file, np.dtype(DTYPES[dtype]), shape, start + begin)
        if tensor.size == end - begin:
            return tensor
        problem, expected = "does not fill its bytes", f"{tensor.size} bytes"
    found = f"{dtype} of shape {shape}, bytes {begin}..{end}"[:MAX_SHOWN]
    problem = f"tensor {name!r} {problem}"
    raise FormatError(path, problem, offset=start, expected=expected, found=found)


def write_tensors(
    file: BinaryIO, tensors: dict[str, npt.NDArray[Any]], zero_rows: int = 0
) -> dict[str, str]:
    """Write a file, with `zero_rows` appended to each tensor; return the SHA-256 of each."""
    header, end = {}, 0
    for name, array in tensors.items():
        dtype, shape = stored_dtype(array), (len(array) + zero_rows, *array.shape[1:])
        begin, end = end, end + math.prod(shape) * dtype.itemsize
        header[name] = {"dtype": NAMES[dtype], "shape": shape, "data_offsets": (begin, end)}
    raw = json.dumps(header).encode()
    raw += b" " * (-len(raw) % 8)
    file.write(len(raw).to_bytes(8, "little") + raw)
    checksums = {}
    for name, array in tensors.items():
        digest = hashlib.sha256()
        for block in _raw_blocks(array, zero_rows):
            digest.update(block)
            file.write(block)
        checksums[name] = digest.hexdigest()
    return checksums


def stored_dtype(array: npt.NDArray[Any]) -> np.dtype[Any]:
    """The dtype in which an array is stored: its own if the format has it, otherwise float32."""
    dtype = np.dtype(array.dtype).newbyteorder("<")
    return dtype if dtype in NAMES else np.dtype("<f4")


def checksum(array: npt.NDArray[Any]) -> str:
    """SHA-256 of the bytes of a tensor."""
    digest = hashlib.sha256()
    for block in _raw_blocks(array):
        digest.update(block)
    return digest.hexdigest()


def _raw_blocks(array: npt.NDArray[Any], zero_rows: int = 0) -> Iterator[memoryview]:
    dtype = stored_dtype(array)
    for start in range(0, len(array), BLOCK_ROWS):
        block = np.ascontiguousarray(array[start : start + BLOCK_ROWS], dtype)
        yield block.reshape(-1).view(np.uint8).data
    yield memoryview(bytes(zero_rows * math.prod(array.shape[1:]) * dtype.itemsize))
