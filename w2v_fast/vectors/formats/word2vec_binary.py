"""word2vec binary: `count size LF`, then `word SP size*float32 LF` for each word, little-endian.

word2vec.c and `write` put LF after each vector, other writers (and GoogleNews-vectors) do not; the
reader skips any number of them before a word.
Words contain neither space nor LF. A vector may contain any byte, so it is never searched for them.
"""

from __future__ import annotations

import sys
import warnings
from typing import Literal

import numpy as np

from w2v_fast.vectors.data import VectorData
from w2v_fast.vectors.formats import _text
from w2v_fast.vectors.formats._byte_stream import ByteStream
from w2v_fast.vectors.formats._errors import FormatError
from w2v_fast.vectors.formats._format import Format
from w2v_fast.vectors.formats._header import (
    check_count,
    check_header,
    parse_header,
    rows_to_reserve,
)
from w2v_fast.vectors.formats._options import ALL_READ, ALL_WRITE, ReadOptions, WriteOptions
from w2v_fast.vectors.formats._output import open_output
from w2v_fast.vectors.formats._rows import Floats, Rows, blocks, distinct
from w2v_fast.vectors.formats._words import WordRules

BLOCK = 1 << 22
BLOCK_ROWS_WRITTEN = 1024
MAX_HEADER = 256
MAX_WORD = 1 << 16


def read(stream: ByteStream, options: ReadOptions) -> VectorData:
    """Read the records after the header; see `formats.load` for the options and errors."""
    count, size, start = _read_header(stream)
    bytes_left = None if stream.size is None else stream.size - start
    rows = Rows(size, rows_to_reserve(stream.name, count, size, 4 * size + 1, bytes_left, options))
    keys: list[str] = []
    limit = sys.maxsize if options.limit is None else options.limit
    wanted = min(count, limit) if options.strict else limit
    stream.skip(start)
    end = _read_records(stream, start, wanted, keys, rows, options)
    if end != "cut" and len(keys) < limit:
        stream.check_intact(options.on_truncated == "keep")
        check_count(stream.name, count, len(keys) + (end == "more"), options)
    vectors = rows.finish()
    _warn_if_swapped(stream.name, vectors, options)
    return distinct(stream.name, keys, vectors, options)


def _read_header(stream: ByteStream) -> tuple[int, int, int]:
    """Count, vector size, and the byte of the first record."""
    line = stream.head[:MAX_HEADER].partition(b"\n")[0] + b"\n"
    header = parse_header(line)
    if header is None or not stream.head.startswith(line):
        problem = "not a word2vec binary file"
        expected = "a first line with the count of words and the vector size"
        raise FormatError(stream.name, problem, offset=0, expected=expected, found=line[:40])
    check_header(stream.name, *header)
    return *header, len(line)


def _read_records(
    stream: ByteStream, offset: int, wanted: int, keys: list[str], rows: Rows, options: ReadOptions
) -> Literal["end", "more", "cut"]:
    """Append at most `wanted` records.

    Returns whether the file ends after them, has more, or is cut inside a record.
    """
    buffer = bytearray(BLOCK)
    filled, ended = 0, False
    while True:
        if not ended:
            got = stream.read_into(memoryview(buffer)[filled:])
            ended = filled + got < len(buffer)
            filled += got
        block = memoryview(buffer)[:filled]
        room = wanted - len(keys)
        used, too_long = _append_records(stream.name, block, offset, room, keys, rows, options)
        if len(keys) == wanted and (ended or used < filled):
            return "end" if used == filled else "more"
        if too_long:
            place, row = offset + used, len(keys)
            expected = f"a space within {MAX_WORD} bytes, after a word"
            found = bytes(block[used:]).partition(b" ")[0][:20]
            problem = "not a word2vec binary file, or damaged"
            raise FormatError(
                stream.name, problem, offset=place, row=row, expected=expected, found=found
            )
        if ended:
            rest = bytes(block[used:])
            return _judge_rest(stream, rest, offset + used, len(keys), rows.size, options)
        block.release()
        buffer[: filled - used] = buffer[used:filled]
        filled, offset = filled - used, offset + used
        if filled == len(buffer):
            buffer.extend(bytes(len(buffer)))


def _append_records(
    name: str,
    block: memoryview,
    offset: int,
    wanted: int,
    keys: list[str],
    rows: Rows,
    options: ReadOptions,
) -> tuple[int, bool]:
    """Append the whole records of a block.

    Returns the bytes they take, and whether the next word has no end.
    """
    room = min(wanted, len(block) // (4 * rows.size + 1))
    starts, ends = np.empty(room, np.int64), np.empty(room, np.int64)
    found, used, too_long = _text.scan_records(block, rows.size, MAX_WORD, starts, ends)
    vectors = rows.append(found)
    _text.copy_vectors(block, ends, vectors)
    if options.byteorder != sys.byteorder:
        vectors.byteswap(inplace=True)
    if not options.allow_nonfinite and not np.isfinite(vectors).all():
        row, column = (int(index) for index in np.argwhere(~np.isfinite(vectors))[0])
        raise FormatError(
            name,
            f"number {column} of the vector is not finite; allow_nonfinite=True accepts it, "
            "and byteorder= or the format may be another",
            offset=offset + int(ends[row]) + 1 + 4 * column,
            row=len(keys) + row,
            found=float(vectors[row, column]),
        )
    keys.extend(_text.decode_words(block, starts[:found], ends[:found]))
    return used, too_long


def _judge_rest(
    stream: ByteStream, rest: bytes, offset: int, row: int, size: int, options: ReadOptions
) -> Literal["end", "cut"]:
    """Check the bytes after the last complete record: none, or part of a record."""
    word, space, vector = rest.partition(b" ")
    if not word and not space:
        return "end"
    damage = f"; {stream.damage}" if stream.damage else ""
    if options.on_truncated == "error":
        problem = f"cut inside a row{damage} (on_truncated='keep' takes the whole rows before it)"
        expected = f"{4 * size} bytes of a vector" if space else "a word and a space"
        found = len(vector) if space else word[:20]
        raise FormatError(
            stream.name, problem, offset=offset, row=row, expected=expected, found=found
        )
    problem = f"cut inside row {row} at byte {offset}{damage}"
    warnings.warn(f"{stream.name}: {problem}; {row} whole rows are kept", stacklevel=2)
    return "cut"


def _warn_if_swapped(name: str, vectors: Floats, options: ReadOptions) -> None:
    """Warn if many numbers are outside 1e-20..1e20, as they are in the wrong byte order."""
    sample = np.abs(vectors[:100])
    sample = sample[sample != 0]
    if sample.size and np.mean((sample < 1e-20) | (sample > 1e20)) > 0.25:
        other = "big" if options.byteorder == "little" else "little"
        problem = "the numbers are absurdly large or small"
        warnings.warn(f"{name}: {problem}; try byteorder={other!r}", stacklevel=2)


def write(data: VectorData, words: list[bytes], path: str, options: WriteOptions) -> None:
    """Write the words and vectors as word2vec.c does; see `formats.save`."""
    row_bytes = 4 * data.vector_size
    with open_output(data, words, path, options) as file:
        file.write(f"{len(words)} {data.vector_size}\n".encode())
        word_of_row = iter(words)
        for block in blocks(data.vectors, BLOCK_ROWS_WRITTEN):
            raw = block.astype("<f4", copy=False).data.cast("B")
            records: list[bytes | memoryview] = []
            for start in range(0, len(raw), row_bytes):
                records += [next(word_of_row), b" ", raw[start : start + row_bytes], b"\n"]
            file.write(b"".join(records))


FORMAT = Format(
    name="word2vec_binary",
    suffixes=(".bin",),
    rules=WordRules(" \t\n\r\v\f\0"),
    write_options=ALL_WRITE,
    write=write,
    read_options=ALL_READ - {"no_header", "mmap", "verify"},
    read=read,
)
