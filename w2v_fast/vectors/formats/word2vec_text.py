"""word2vec text, also fastText `.vec`: `count size LF`, then `word SP number ... SP number LF` for each word.

Read as well: no header, TAB or several blanks between the fields, blanks at the ends of a line, CR LF, words with
spaces inside (a line is split from the right). Numbers are written as the shortest decimals that read back as the same
float32.
A file that is cut inside the very last number of its last row cannot be told from a whole one.
"""

from __future__ import annotations

import codecs
import os
import re
import sys
import warnings
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from w2v_fast.system.cpus import usable_cpus
from w2v_fast.system.threads import map_in_order
from w2v_fast.vectors.data import VectorData, Vectors
from w2v_fast.vectors.formats import _text
from w2v_fast.vectors.formats.errors import FormatError
from w2v_fast.vectors.formats.header import check_count, check_header, parse_header, rows_to_reserve
from w2v_fast.vectors.formats.options import ReadOptions, WriteOptions
from w2v_fast.vectors.formats.source import ByteStream
from w2v_fast.vectors.formats.table import (
    NUMBER,
    Floats,
    Rows,
    WordRules,
    check_finite,
    distinct,
    encoded_keys,
    vectors_and_counts,
)
from w2v_fast.vectors.text_lines import UTF8_MARK

READS = frozenset(
    {
        "limit",
        "encoding",
        "errors",
        "on_duplicate",
        "no_header",
        "strict",
        "on_truncated",
        "allow_nonfinite",
    }
)
WRITES = frozenset({"limit", "escape", "allow_nonfinite", "fvocab"})
SUFFIXES = (".txt", ".vec")
RULES = WordRules(" \t\n\r\v\f\0")

BLOCK = 1 << 22
BLOCK_WRITTEN = 1 << 19
LONGEST_LINE = 1 << 22
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")


class Shape(NamedTuple):
    """What the beginning of a file says: `rows` is None without a header, `start` is the byte of the first row."""

    rows: int | None
    size: int
    start: int


class Block(NamedTuple):
    """Whole lines of the file; `open_end` if the last of them has no line end, because the file stops there."""

    lines: bytes
    open_end: bool


class Problem(NamedTuple):
    """The first line of a block that is no row: what the parser says of it, after how many numbers, and at which."""

    status: int
    numbers: int
    text: bytes
    at_end: bool


class Parsed(NamedTuple):
    """The rows of one block, up to a problem."""

    keys: list[str]
    vectors: Floats
    lines: int
    problem: Problem | None
    open_end: bool


def read(source: ByteStream, options: ReadOptions) -> VectorData:
    """Read the rows; see `w2v_fast.vectors.formats.load` for the options and errors."""
    shape = _look(source, options)
    bytes_left = (
        None if source.size is None else source.size - shape.start + 1
    )  # the last line may have no end
    rows = Rows(
        shape.size,
        0
        if shape.rows is None
        else rows_to_reserve(
            source.name, shape.rows, shape.size, 2 * shape.size + 1, bytes_left, options
        ),
    )
    keys: list[str] = []
    source.skip(shape.start)
    cut = _read_rows(source, shape, keys, rows, options)
    if not cut and (options.limit is None or len(keys) < options.limit):
        source.check_intact(options.on_truncated == "keep")
        if shape.rows is not None:
            check_count(source.name, shape.rows, len(keys), options)
    return distinct(source.name, keys, rows.finish(), options)


def _look(source: ByteStream, options: ReadOptions) -> Shape:
    """Find out whether the first line is a header, and the vector size."""
    head = source.look_at_lines(3, LONGEST_LINE)
    start = len(UTF8_MARK) if head.startswith(UTF8_MARK) else 0
    after = head.find(b"\n", start) + 1 or len(head)
    first = head[start:after]
    header = None if options.no_header else parse_header(first)
    if header is None:
        if options.no_header is False:
            raise FormatError(
                source.name,
                "no header",
                line=1,
                expected="the count of words and the vector size",
                found=first[:40],
            )
        return Shape(None, _row_size(source.name, first), start)
    check_header(source.name, *header)
    second, line_end, _ = head[after:].lstrip(b"\r\n").partition(b"\n")
    if not line_end or _row_fits(second, header[1]):
        return Shape(*header, after)
    size = _row_size(source.name, second, number=2)
    problem = (
        f"the header says size {header[1]}, the first row has {size} numbers (strict=False takes the rows as "
        "they are, no_header=True takes the first line for a row)"
    )
    if options.strict:
        raise FormatError(source.name, problem, line=2)
    warnings.warn(f"{source.name}: {problem}", stacklevel=2)
    return Shape(header[0], size, after)


def shows_row(line: bytes, size: int | None) -> bool:
    """Whether a line is a word and `size` numbers; with None: any count of them, and no control bytes."""
    fields = _fields(line)
    if size is None:
        return _numbers_at_end(fields) > 0 and not _CONTROL.search(line)
    return len(fields) > size and _numbers_at_end(fields) >= size


def is_printable(head: bytes) -> bool:
    """Whether the beginning of a file is UTF-8 without control bytes."""
    try:
        codecs.utf_8_decode(head, "strict", False)
    except UnicodeDecodeError:
        return False
    return not _CONTROL.search(head)


def _fields(line: bytes) -> list[bytes]:
    return re.split(rb"[ \t]+", line.rstrip(b" \t\r\n"))


def _numbers_at_end(fields: list[bytes]) -> int:
    return next(
        (count for count, field in enumerate(reversed(fields)) if not NUMBER.fullmatch(field)),
        len(fields),
    )


def _row_fits(line: bytes, size: int) -> bool:
    fields = _fields(line)
    return len(fields) == size + 1 or _numbers_at_end(fields) == size


def _row_size(name: str, line: bytes, number: int = 1) -> int:
    """The vector size that a row shows: the numbers at its end, without the word."""
    fields = _fields(line)
    size = min(_numbers_at_end(fields), len(fields) - 1)
    if not size:
        raise FormatError(
            name,
            _advice(fields[-1]),
            line=number,
            expected="a word and its numbers",
            found=line[:40],
        )
    return size


def _advice(field: bytes) -> str:
    if b"," in field:
        return "a number with a comma; numbers are read with a decimal point only"
    if re.fullmatch(rb"[0-9]+:\S+", field):
        return "a sparse row (index:value); only dense vectors are read"
    return "not a row of a text file of vectors"


def _read_rows(
    source: ByteStream, shape: Shape, keys: list[str], rows: Rows, options: ReadOptions
) -> bool:
    """Append the rows, all or `options.limit`; return whether the last line is cut and was left out."""
    limit = sys.maxsize if options.limit is None else options.limit
    line = 1 if shape.rows is None else 2

    def parse(block: Block) -> Parsed:
        return _parse(block, shape.size, limit, options)

    for parsed in map_in_order(parse, _blocks(source), usable_cpus()):
        taken = min(len(parsed.keys), limit - len(keys))
        rows.append(taken)[:] = parsed.vectors[:taken]
        keys.extend(parsed.keys[:taken])
        if len(keys) == limit:
            return False
        line += parsed.lines
        keep = options.on_truncated == "keep"
        if parsed.problem is not None and not (keep and parsed.problem.at_end):
            raise _error(source, parsed.problem, shape.size, line, len(keys))
        complete = not source.damage and (shape.rows is None or len(keys) >= shape.rows)
        if parsed.problem is not None or (keep and parsed.open_end and not complete):
            if (
                parsed.problem is None
            ):  # in a cut file the last number of an unfinished line may be cut as well
                keys.pop()
                rows.count -= 1
            warnings.warn(
                f"{source.name}: cut inside the last line; {len(keys)} whole rows are kept",
                stacklevel=2,
            )
            return True
    return False


def _error(source: ByteStream, problem: Problem, size: int, line: int, row: int) -> FormatError:
    field = _fields(problem.text)[0]
    if problem.at_end:
        damage = f"; {source.damage}" if source.damage else ""
        what = (
            f"cut inside the last line{damage} (on_truncated='keep' takes the whole rows before it)"
        )
    elif problem.status == _text.NOT_FINITE:
        what = f"number {problem.numbers} is not finite; allow_nonfinite=True accepts it"
    elif problem.status == _text.TOO_MANY:
        what = "a number too many, or a word with spaces that ends in a number (strict=False takes it for that)"
        return FormatError(
            source.name,
            what,
            line=line,
            row=row,
            expected=f"{size} numbers after the word",
            found=problem.text[:40],
        )
    elif problem.status == _text.LINE_END:
        what = "a carriage return (CR) inside a line; lines end with LF or CR LF"
    else:
        what = _advice(field)
    if problem.status == _text.TOO_FEW:
        return FormatError(
            source.name,
            what,
            line=line,
            row=row,
            expected=f"a word and {size} numbers",
            found=f"{problem.numbers} fields after a word",
        )
    return FormatError(
        source.name, what, line=line, row=row, expected=f"{size} numbers", found=field[:40]
    )


def _blocks(source: ByteStream) -> Iterator[Block]:
    """Cut the stream into pieces of about 4 MiB at line ends."""
    rest = b""
    ended = False
    while not ended:
        buffer = bytearray(BLOCK)
        got = source.read_into(memoryview(buffer))
        ended = got < BLOCK
        cut = got if ended else buffer.rfind(b"\n") + 1
        if cut:
            lines = rest + buffer[:cut]
            yield Block(lines, _ends_open(lines))
            rest = b""
        rest += buffer[cut:got]
        if len(rest) > LONGEST_LINE:
            raise FormatError(
                source.name,
                "not a text file of vectors",
                expected=f"a line end within {LONGEST_LINE} bytes",
                found=rest[:40],
            )
    if rest:
        yield Block(rest, _ends_open(rest))


def _ends_open(lines: bytes) -> bool:
    return bool(lines[lines.rfind(b"\n") + 1 :].strip(b" \t\r"))


def _parse(block: Block, size: int, limit: int, options: ReadOptions) -> Parsed:
    text = block.lines
    most = min(len(text) // (2 * size) + 1, text.count(b"\n") + 1, limit)
    vectors = np.empty((most, size), np.float32)
    starts, ends = np.empty(most, np.int64), np.empty(most, np.int64)
    rows, lines, status, numbers, offset = _text.parse_rows(
        text, options.allow_nonfinite, options.strict, vectors, starts, ends
    )
    keys = _text.decode_words(text, starts[:rows], ends[:rows])
    problem = None
    if status != _text.OK:
        problem = Problem(
            status,
            numbers,
            text[offset : offset + 80].partition(b"\n")[0],
            status not in (_text.TOO_MANY, _text.LINE_END)
            and block.open_end
            and b"\n" not in text[offset:],
        )
    return Parsed(keys, vectors[:rows], lines, problem, block.open_end)


def write(
    kv: Vectors,
    path: str | os.PathLike[str],
    options: WriteOptions,
    rules: WordRules = RULES,
    *,
    header: bool = True,
) -> None:
    """Write one line for each word, after the header; see `w2v_fast.vectors.formats.save`."""
    name = os.fspath(path)
    words = encoded_keys(name, kv.index_to_key, rules, options)
    check_finite(name, kv, options)
    with vectors_and_counts(kv, words, path, options) as file:
        if header:
            file.write(f"{len(words)} {kv.vectors.shape[1]}\n".encode())
        write_rows(file, words, kv.vectors[: options.limit])


def write_rows(file: BinaryIO, words: list[bytes], vectors: Any, separator: bytes = b" ") -> None:
    """Write one line for each vector: its word, unless that is empty, and its numbers."""
    size = vectors.shape[1]
    rows = max(1, BLOCK_WRITTEN // (size * _text.LONGEST_NUMBER))

    def lines(start: int) -> memoryview:
        block = np.ascontiguousarray(vectors[start : start + rows], dtype=np.float32)
        some = words[start : start + rows]
        offsets = np.zeros(len(some) + 1, np.int64)
        np.cumsum([len(word) for word in some], out=offsets[1:])
        out = bytearray(int(offsets[-1]) + len(some) * (_text.LONGEST_NUMBER * size + 1))
        return memoryview(out)[
            : _text.format_rows(block, b"".join(some), offsets, ord(separator), out)
        ]

    for text in map_in_order(lines, range(0, len(vectors), rows), usable_cpus()):
        file.write(text)
