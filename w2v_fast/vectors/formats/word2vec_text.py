"""word2vec text, also fastText `.vec`: `count size LF`, then `word SP number ... SP number LF`.

The reader also accepts files without the header, TAB or several blanks between the fields, blanks
at the ends of a line, CR LF, and words that contain spaces (a line is split from the right).
Numbers are written as the shortest decimals that read back as the same float32. A file that is cut
inside its very last number cannot be distinguished from a complete one.
"""

from __future__ import annotations

import codecs
import itertools
import re
import sys
import warnings
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

from w2v_fast.system.cpus import usable_cpus
from w2v_fast.system.threads import map_in_order
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
from w2v_fast.vectors.formats._rows import Floats, Rows, distinct
from w2v_fast.vectors.formats._words import NUMBER, WordRules
from w2v_fast.vectors.text_lines import UTF8_MARK

BLOCK = 1 << 22
BLOCK_WRITTEN = 1 << 19
MAX_LINE = 1 << 22
SAMPLE = 50
"""Number of rows that are examined to recognize a file without a header."""
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")


class Shape(NamedTuple):
    """Shape of the matrix by the beginning of a file; `start` is the byte of the first row."""

    rows: int | None  # without a header
    size: int
    start: int


class Problem(NamedTuple):
    """The first line of a block that is not a valid row."""

    status: int
    numbers: int  # read before the problem
    text: bytes  # of the problem
    at_end: bool


class Parsed(NamedTuple):
    """The rows of a block up to a problem; `open_end` if it stops without a line end."""

    keys: list[str]
    vectors: Floats
    lines: int
    problem: Problem | None
    open_end: bool


def read(stream: ByteStream, options: ReadOptions) -> VectorData:
    """Read the rows; see `formats.load` for the options and errors."""
    name = stream.name
    shape = _look(stream, options)
    reserved = 0
    if shape.rows is not None:
        # plus 1, as the last line may have no line end
        left = None if stream.size is None else stream.size - shape.start + 1
        reserved = rows_to_reserve(name, shape.rows, shape.size, 2 * shape.size + 1, left, options)
    rows = Rows(shape.size, reserved)
    keys: list[str] = []
    stream.skip(shape.start)
    cut = _read_rows(stream, shape, keys, rows, options)
    if not cut and (options.limit is None or len(keys) < options.limit):
        stream.check_intact(options.on_truncated == "keep")
        if shape.rows is not None:
            check_count(name, shape.rows, len(keys), options)
    return distinct(name, keys, rows.finish(), options)


# -- the beginning of a file -----------------------------------------------------------------------


def _look(stream: ByteStream, options: ReadOptions) -> Shape:
    """Find the header, if there is one, and the vector size."""
    name = stream.name
    head = stream.lengthen_head(3, MAX_LINE)
    start = len(UTF8_MARK) if head.startswith(UTF8_MARK) else 0
    after = head.find(b"\n", start) + 1 or len(head)
    first = head[start:after]
    header = None if options.no_header else parse_header(first)
    if header is None:
        if options.no_header is False:
            expected = "the count of words and the vector size"
            raise FormatError(name, "no header", line=1, expected=expected, found=first[:40])
        size = _row_size(name, first)
        if options.no_header is None:
            _check_kind(name, head[start:], size)
        return Shape(None, size, start)
    check_header(name, *header)
    second, line_end, _ = head[after:].lstrip(b"\r\n").partition(b"\n")
    if not line_end or _row_fits(_fields(second), header[1]):
        return Shape(*header, after)
    size = _row_size(name, second, number=2)
    problem = (
        f"the header says size {header[1]}, the first row has {size} numbers (strict=False takes "
        "the rows as they are, no_header=True takes the first line for a row)"
    )
    if options.strict:
        raise FormatError(name, problem, line=2)
    warnings.warn(f"{name}: {problem}", stacklevel=2)
    return Shape(header[0], size, after)


def _check_kind(name: str, head: bytes, size: int) -> None:
    """Raise FormatError if the rows of a file without a header look like a table or a text.

    Invalid rows are left to the parser, whose errors are more precise.
    """
    lines = head.split(b"\n")
    lines = [line.strip(b" \t\r") for line in lines[:-1] or lines if line.strip()][:SAMPLE]
    rows = [_fields(line) for line in lines]
    if any(b"\r" in line for line in lines) or not all(_row_fits(row, size) for row in rows):
        return
    if all(_numbers_at_end(row) == len(row) for row in rows):
        kind = "a table of numbers, since no row begins with a word"
    elif size == 1:
        kind = "a list of counts or scores, since each row has one number"
    elif all(len(row) > size + 1 for row in rows):
        kind = "a text or another table, since each row begins with several words"
    else:
        return
    advice = "no_header=True or format='glove' reads it as vectors anyway"
    problem = f"without a header this looks like {kind}; {advice}"
    expected = "a word and its vector in each row"
    raise FormatError(name, problem, line=1, expected=expected, found=lines[0][:40])


def shows_row(line: bytes, size: int | None) -> bool:
    """Whether a line is a word and `size` numbers (None: any number, and no control bytes)."""
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
    return sum(1 for _ in itertools.takewhile(NUMBER.fullmatch, reversed(fields)))


def _row_fits(fields: list[bytes], size: int) -> bool:
    return len(fields) == size + 1 or _numbers_at_end(fields) == size


def _row_size(name: str, line: bytes, number: int = 1) -> int:
    """The vector size that a row shows: the numbers at its end, without the word."""
    fields = _fields(line)
    size = min(_numbers_at_end(fields), len(fields) - 1)
    if not size:
        problem, expected = _advice(fields[-1]), "a word and its numbers"
        raise FormatError(name, problem, line=number, expected=expected, found=line[:40])
    return size


def _advice(field: bytes) -> str:
    if b"," in field:
        return "a number with a comma; numbers are read with a decimal point only"
    if re.fullmatch(rb"[0-9]+:\S+", field):
        return "a sparse row (index:value); only dense vectors are read"
    return "not a row of a text file of vectors"


# -- rows ------------------------------------------------------------------------------------------


def _read_rows(
    stream: ByteStream, shape: Shape, keys: list[str], rows: Rows, options: ReadOptions
) -> bool:
    """Append the rows, at most `options.limit`; return whether a cut last line was dropped."""
    limit = sys.maxsize if options.limit is None else options.limit
    line = 1 if shape.rows is None else 2
    keep = options.on_truncated == "keep"

    def parse(text: bytes) -> Parsed:
        return _parse(text, shape.size, limit, options)

    for parsed in map_in_order(parse, _blocks(stream), usable_cpus()):
        taken = min(len(parsed.keys), limit - len(keys))
        rows.append(taken)[:] = parsed.vectors[:taken]
        keys.extend(parsed.keys[:taken])
        if len(keys) == limit:
            return False
        line += parsed.lines
        if parsed.problem is not None and not (keep and parsed.problem.at_end):
            raise _error(stream, parsed.problem, shape.size, line, len(keys))
        complete = not stream.damage and (shape.rows is None or len(keys) >= shape.rows)
        if parsed.problem is not None or (keep and parsed.open_end and not complete):
            if parsed.problem is None:  # the last number of an unfinished line may be cut too
                keys.pop()
                rows.count -= 1
            kept = f"{len(keys)} whole rows are kept"
            warnings.warn(f"{stream.name}: cut inside the last line; {kept}", stacklevel=2)
            return True
    return False


def _error(stream: ByteStream, problem: Problem, size: int, line: int, row: int) -> FormatError:
    field = _fields(problem.text)[0]
    expected = f"{size} numbers"
    found: object = field[:40]
    if problem.at_end:
        damage = f"; {stream.damage}" if stream.damage else ""
        advice = "on_truncated='keep' takes the whole rows before it"
        what = f"cut inside the last line{damage} ({advice})"
    elif problem.status == _text.NOT_FINITE:
        what = f"number {problem.numbers} is not finite; allow_nonfinite=True accepts it"
    elif problem.status == _text.TOO_MANY:
        other = "a word with spaces that ends in a number (strict=False takes it for that)"
        what = f"a number too many, or {other}"
        expected, found = f"{size} numbers after the word", problem.text[:40]
    elif problem.status == _text.LINE_END:
        what = "a carriage return (CR) inside a line; lines end with LF or CR LF"
    else:
        what = _advice(field)
    if problem.status == _text.TOO_FEW:
        expected = f"a word and {size} numbers"
        found = f"{problem.numbers} fields after a word"
    return FormatError(stream.name, what, line=line, row=row, expected=expected, found=found)


def _blocks(stream: ByteStream) -> Iterator[bytes]:
    """Split the stream into blocks of whole lines, about 4 MiB each."""
    rest = b""
    ended = False
    while not ended:
        buffer = bytearray(BLOCK)
        got = stream.read_into(memoryview(buffer))
        ended = got < BLOCK
        cut = got if ended else buffer.rfind(b"\n") + 1
        if cut:
            yield rest + buffer[:cut]
            rest = b""
        rest += buffer[cut:got]
        if len(rest) > MAX_LINE:
            problem, expected = "not a text file of vectors", f"a line end within {MAX_LINE} bytes"
            raise FormatError(stream.name, problem, expected=expected, found=rest[:40])
    if rest:
        yield rest


def _parse(text: bytes, size: int, limit: int, options: ReadOptions) -> Parsed:
    room = min(len(text) // (2 * size) + 1, text.count(b"\n") + 1, limit)
    vectors = np.empty((room, size), np.float32)
    starts, ends = np.empty(room, np.int64), np.empty(room, np.int64)
    rows, lines, status, numbers, offset = _text.parse_rows(
        text, options.allow_nonfinite, options.strict, vectors, starts, ends
    )
    keys = _text.decode_words(text, starts[:rows], ends[:rows])
    open_end = bool(text[text.rfind(b"\n") + 1 :].strip(b" \t\r"))
    problem = None
    if status != _text.OK:
        is_last = open_end and b"\n" not in text[offset:]
        at_end = is_last and status not in (_text.TOO_MANY, _text.LINE_END)
        shown = text[offset : offset + 80].partition(b"\n")[0]
        problem = Problem(status, numbers, shown, at_end)
    return Parsed(keys, vectors[:rows], lines, problem, open_end)


# -- writing ---------------------------------------------------------------------------------------


def write(
    data: VectorData, words: list[bytes], path: str, options: WriteOptions, *, header: bool = True
) -> None:
    """Write one line for each word, after the header; see `formats.save`."""
    with open_output(data, words, path, options) as file:
        if header:
            file.write(f"{len(words)} {data.vector_size}\n".encode())
        write_rows(file, words, data.vectors)


def write_rows(
    file: BinaryIO, words: list[bytes], vectors: npt.NDArray[Any], separator: bytes = b" "
) -> None:
    """Write one line for each vector: its word, unless that is empty, and its numbers."""
    size = vectors.shape[1]
    rows = max(1, BLOCK_WRITTEN // (size * _text.MAX_NUMBER))

    def lines(start: int) -> memoryview:
        block = np.ascontiguousarray(vectors[start : start + rows], dtype=np.float32)
        some = words[start : start + rows]
        offsets = np.cumsum([0, *map(len, some)], dtype=np.int64)
        out = bytearray(int(offsets[-1]) + len(some) * (_text.MAX_NUMBER * size + 1))
        used = _text.format_rows(block, b"".join(some), offsets, ord(separator), out)
        return memoryview(out)[:used]

    for text in map_in_order(lines, range(0, len(vectors), rows), usable_cpus()):
        file.write(text)


FORMAT = Format(
    name="word2vec_text",
    suffixes=(".txt", ".vec"),
    rules=WordRules(" \t\n\r\v\f\0"),
    write_options=ALL_WRITE,
    write=write,
    read_options=ALL_READ - {"byteorder", "mmap", "verify"},
    read=read,
)
