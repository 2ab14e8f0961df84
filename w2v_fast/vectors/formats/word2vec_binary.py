"""word2vec binary: `count size LF`, then for each word `word SP size*float32 LF`, numbers little-endian.

word2vec.c writes the LF after a vector, other writers (and GoogleNews-vectors) do not: both are read, and several LF
before a word are passed over; ours has one.
A vector may hold any byte, so it is never searched; words hold no space and no LF.
"""

from __future__ import annotations

import os
import sys
import warnings
from typing import Any, Literal

import numpy as np

from w2v_fast.vectors.data import VectorData, Vectors
from w2v_fast.vectors.formats import _text
from w2v_fast.vectors.formats.errors import FormatError
from w2v_fast.vectors.formats.header import check_count, check_header, parse_header, rows_to_reserve
from w2v_fast.vectors.formats.options import ReadOptions, WriteOptions
from w2v_fast.vectors.formats.source import ByteStream
from w2v_fast.vectors.formats.table import (
    Rows,
    WordRules,
    blocks,
    check_finite,
    distinct,
    encoded_keys,
    vectors_and_counts,
)

READS = frozenset(
    {
        "limit",
        "encoding",
        "errors",
        "on_duplicate",
        "byteorder",
        "strict",
        "on_truncated",
        "allow_nonfinite",
    }
)
WRITES = frozenset({"limit", "escape", "allow_nonfinite", "fvocab"})
SUFFIXES = (".bin",)
RULES = WordRules(" \t\n\r\v\f\0")

BLOCK = 1 << 22
LONGEST_HEADER = 256
LONGEST_WORD = 1 << 16


def read(source: ByteStream, options: ReadOptions) -> VectorData:
    """Read the records after the header; see `w2v_fast.vectors.formats.load` for the options and errors."""
    count, size, start = _read_header(source)
    bytes_left = None if source.size is None else source.size - start
    rows = Rows(size, rows_to_reserve(source.name, count, size, 4 * size + 1, bytes_left, options))
    keys: list[str] = []
    wanted = count if options.limit is None else min(count, options.limit)
    if not options.strict:
        wanted = sys.maxsize if options.limit is None else options.limit
    source.skip(start)
    end = _read_records(source, start, wanted, keys, rows, options)
    if end != "cut" and (options.limit is None or len(keys) < options.limit):
        source.check_intact(options.on_truncated == "keep")
        check_count(source.name, count, len(keys) + (end == "more"), options)
    vectors = rows.finish()
    _warn_if_swapped(source.name, vectors, options)
    return distinct(source.name, keys, vectors, options)


def _read_header(source: ByteStream) -> tuple[int, int, int]:
    line = source.head[:LONGEST_HEADER].partition(b"\n")[0] + b"\n"
    header = parse_header(line)
    if header is None or not source.head.startswith(line):
        raise FormatError(
            source.name,
            "not a word2vec binary file",
            offset=0,
            expected="a first line with the count of words and the vector size",
            found=line[:40],
        )
    check_header(source.name, *header)
    return *header, len(line)


def _read_records(
    source: ByteStream, offset: int, wanted: int, keys: list[str], rows: Rows, options: ReadOptions
) -> Literal["end", "more", "cut"]:
    """Append at most `wanted` records; return whether the file ends after them, goes on, or is cut inside a record."""
    buffer = bytearray(BLOCK)
    filled, ended = 0, False
    while True:
        if not ended:
            got = source.read_into(memoryview(buffer)[filled:])
            ended = filled + got < len(buffer)
            filled += got
        block = memoryview(buffer)[:filled]
        used, too_long = _append_records(
            source.name, block, offset, wanted - len(keys), keys, rows, options
        )
        if len(keys) == wanted and (ended or used < filled):
            return "end" if used == filled else "more"
        if too_long or ended:
            return _judge_rest(
                source, bytes(block[used:]), offset + used, too_long, len(keys), rows.size, options
            )
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
    """Append the whole records of `block`; return the bytes they take and whether a word has no end."""
    room = min(wanted, len(block) // (4 * rows.size + 1))
    starts, ends = np.empty(room, np.int64), np.empty(room, np.int64)
    found, used, too_long = _text.scan_records(block, rows.size, LONGEST_WORD, starts, ends)
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
    source: ByteStream,
    rest: bytes,
    offset: int,
    too_long: bool,
    row: int,
    size: int,
    options: ReadOptions,
) -> Literal["end", "cut"]:
    """Judge the bytes after the last whole record: the end of the file, half a record, or a word without an end."""
    word, space, vector = rest.partition(b" ")
    if too_long:
        raise FormatError(
            source.name,
            "not a word2vec binary file, or damaged",
            offset=offset,
            row=row,
            expected=f"a space within {LONGEST_WORD} bytes, after a word",
            found=word[:20],
        )
    if not word and not space:
        return "end"
    damage = f"; {source.damage}" if source.damage else ""
    if options.on_truncated == "error":
        raise FormatError(
            source.name,
            f"cut inside a row{damage} (on_truncated='keep' takes the whole rows before it)",
            offset=offset,
            row=row,
            expected=f"{4 * size} bytes of a vector" if space else "a word and a space",
            found=len(vector) if space else word[:20],
        )
    warnings.warn(
        f"{source.name}: cut inside row {row} at byte {offset}{damage}; {row} whole rows are kept",
        stacklevel=2,
    )
    return "cut"


def _warn_if_swapped(name: str, vectors: Any, options: ReadOptions) -> None:
    """Numbers of any real model lie within 1e-20..1e20; read in the wrong byte order most do not."""
    sample = np.abs(vectors[:100])
    sample = sample[sample != 0]
    if sample.size and np.mean((sample < 1e-20) | (sample > 1e20)) > 0.25:
        other = "big" if options.byteorder == "little" else "little"
        warnings.warn(
            f"{name}: the numbers are absurdly large or small; try byteorder={other!r}",
            stacklevel=2,
        )


def write(kv: Vectors, path: str | os.PathLike[str], options: WriteOptions) -> None:
    """Write the words and vectors as word2vec.c does; see `w2v_fast.vectors.formats.save`."""
    name = os.fspath(path)
    words = encoded_keys(name, kv.index_to_key, RULES, options)
    check_finite(name, kv, options)
    size = kv.vectors.shape[1]
    with vectors_and_counts(kv, words, path, options) as file:
        file.write(f"{len(words)} {size}\n".encode())
        done = 0
        for block in blocks(kv.vectors[: options.limit], 1024):
            raw = block.astype("<f4", copy=False).data.cast("B")
            records: list[bytes | memoryview] = []
            for i in range(len(block)):
                records += [words[done + i], b" ", raw[4 * size * i : 4 * size * (i + 1)], b"\n"]
            file.write(b"".join(records))
            done += len(block)
