"""Refuse files that are not text, by their first bytes, and say how to get the text in them.

Archives, documents and binary files have magic bytes, or too many control characters. Lines of text
may have braces and commas, so a file is JSON or a table only if all of its first lines say so.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import json
import os
import re
import shlex
import tarfile
from typing import Any

from w2v_fast.corpus.table_files import is_table_name
from w2v_fast.system.files import compression_of, compression_of_file

HEAD_BYTES = 1 << 16  # that decide
HEAD_LINES = 20
TEXT_BYTES = bytes(c for c in range(256) if c in b"\0\b\t\n\v\f\r\x1b" or c >= 32)
MAX_CONTROL_SHARE = 0.03  # a third of what random bytes have
MIN_WIDE_BYTES = 256
OPENERS = {"gzip": "gzip", "bzip2": "bz2", "xz": "lzma", "zstd": "backports.zstd"}
CORPUS = "expected a corpus"
EXPORT = "export its text to a file first"
_pipe = "train on the text in it: {} | w2v-fast train -".format
_train = "train on the text in it, in Python: w2v_fast.train({})".format
_pandas = _train('text.split() for text in pandas.{}({{name!r}})["text"]').format

CONTAINERS = [
    (rb"w2v_fast corpus1", "a saved corpus", "open it: w2v_fast.Corpus.open({name!r})"),
    (rb"w2v_fast checkp1", "a checkpoint", CORPUS),
    (
        rb"PK\x03\x04.{26,4000}?(word/|xl/|ppt/|\[Content_Types\]\.xml|opendocument|epub\+zip)",
        "an Office document or a book",
        _pipe("pandoc -t plain {path}"),
    ),
    (
        rb"PK\x03\x04.{26,4000}?\.(npy|pkl)",
        "an archive of arrays",
        _train("numpy.load({name!r})[KEY]"),
    ),
    (rb"PK(\x03\x04|\x05\x06|\x07\x08)", "a zip archive", _pipe("unzip -p {path}")),
    (rb"7z\xbc\xaf\x27\x1c", "a 7z archive", _pipe("7z x -so {path}")),
    (rb"Rar!\x1a\x07", "a rar archive", _pipe("unrar p -inul {path}")),
    (rb"!<(arch|thin)>", "an ar archive or a package", _pipe("ar p {path}")),
    (rb"0707(01|02|07)[0-9A-Fa-f]{12}", "a cpio archive", _pipe("cpio -i --to-stdout < {path}")),
    (rb"\xc7\x71|\x71\xc7", "a cpio archive", _pipe("cpio -i --to-stdout < {path}")),
    (rb"\x1f[\x9d\xa0\x1e]", "a file of compress or pack", _pipe("gzip -dc {path}")),
    (rb"\x04\x22\x4d\x18", "compressed by lz4", _pipe("lz4 -dc {path}")),
    (rb"LZIP\x01", "compressed by lzip", _pipe("lzip -dc {path}")),
    (rb"\x89LZO\0", "compressed by lzop", _pipe("lzop -dc {path}")),
    (rb"\x5d\0\0.{2}\xff{8}", "compressed by lzma", _pipe("xz --format=lzma -dc {path}")),
    (rb"\xff\x06\0\0sNaPpY", "compressed by snappy", "unpack it first"),
    (rb"\s{0,9}%PDF-", "a PDF document", _pipe("pdftotext {path} -")),
    (rb"%!PS", "a PostScript document", _pipe("ps2ascii {path}")),
    (rb"\{\\rtf", "an RTF document", _pipe("{unpack}pandoc -f rtf -t plain{file}")),
    (
        rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an old Office document",
        "convert it to text: libreoffice --headless --convert-to txt:Text {path}",
    ),
    (rb"AT&TFORM", "a DjVu document", _pipe("djvutxt {path}")),
    (rb".{60}BOOKMOBI", "a MOBI book", "convert it to text: ebook-convert {path} book.txt"),
    (
        rb"SQLite format 3\0",
        "an SQLite database",
        _pipe("sqlite3 {path} 'SELECT text FROM documents'"),
    ),
    (rb".{4}Standard (Jet|ACE) DB", "an Access database", EXPORT),
    (
        rb"(--\s+)?-- (MySQL|MariaDB|PostgreSQL) (database )?dump|"
        rb"PRAGMA foreign_keys=|/\*!\d{5}|"
        rb"(?i:create table (if not exists )?[\w\"`.]{1,99}\s*\(|"
        rb"insert into [\w\"`.]{1,99} (values ?)?\()",
        "the dump of a database",
        "load it, and select its text",
    ),
    (rb".{16}\xde\xc0\xef\xbe", "an LMDB database", EXPORT),
    (rb"PAR[1E][\0-\x1f]", "a Parquet table", _pandas("read_parquet")),
    (rb"ARROW1\0|FEA1[^ -~]", "an Arrow or Feather table", _pandas("read_feather")),
    (rb"\xff{4}.{4}\x10\0\0\0", "an Arrow or Feather table", _pandas("read_feather")),
    (rb"ORC[\0-\x08\x0e-\x1f]", "an ORC table", _pandas("read_orc")),
    (rb"Obj\x01", "an Avro table", EXPORT),
    (rb"\x89HDF\r?\n?", "an HDF5 file", _pandas("read_hdf")),
    (rb"MATLAB \d.{1,99}MAT-file", "a MATLAB file", _train("scipy.io.loadmat({name!r})[KEY]")),
    (rb"RD[XAB][23]\n", "an R data file", EXPORT),
    (rb"\x93NUMPY", "a numpy array", _train("numpy.load({name!r})")),
    (
        rb"\x80[\x02-\x05][\x00-\xff]|\([ld]p\d+\n|"
        rb"c(copy_reg|__builtin__|numpy[\w.]*)\n|[\]}]q\0",
        "a pickle",
        "load it where you trust it, and give the lists of tokens to w2v_fast.train",
    ),
    (rb".{5}\0{3}\{\s*\"", "a safetensors file", CORPUS),
    (rb"[\x01-\xff].\0{6}.{4}", "a file of TFRecords", EXPORT),
    (
        rb"\d{1,12} \d{1,6}\r?\n[^\s\0]{1,999} .{0,99}[\0-\x08\x0e-\x1f]",
        "a binary file of word vectors",
        CORPUS,
    ),
    (rb"GGUF.\0\0\0|\xba\x16\x4f\x2f.{3}\0", "a model", CORPUS),
    (rb"\x7fELF|\0asm|MZ.[\0-\x08]", "a program", CORPUS),
    (rb"\xca\xfe\xba\xbe|[\xfe\xcf\xce]\xfa\xed\xfe|\xfe\xed\xfa", "a program", CORPUS),
    (rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|II\*\0|MM\0\*", "a picture", CORPUS),
    (rb"BM.{4}\0{4}|RIFF.{4}WEBP|\0\0\x01\0", "a picture", CORPUS),
    (rb"ID3[\x02-\x04]|OggS\0|fLaC\0|RIFF.{4}WAVE", "a recording", CORPUS),
    (rb"RIFF.{4}AVI |\0\0.{2}ftyp|\x1a\x45\xdf\xa3", "a recording", CORPUS),
    (rb"\0\x01\0\0\0|(OTTO|wOF[F2])\0", "a font", CORPUS),
]

COMMENTS = re.compile(rb"\A(?>\s{0,99}<!--.{0,9999}?-->){0,9}+\s{0,99}", re.DOTALL)
MARKUP = [
    (
        rb"<(!doctype html|(html|head)[\s>])",
        "an HTML document",
        _pipe("{unpack}pandoc -f html -t plain{file}"),
    ),
    (
        rb"<(\?xml|!doctype|(mediawiki|rss|feed|tei|svg)[\s>])",
        "an XML document",
        _pipe("{unpack}xmllint --xpath 'string(/)' {file_or_dash}"),
    ),
    (rb"warc/\d\.\d\s", "a WARC or WET archive", _pipe(r"{unpack}sed '/^WARC\/1/,/^\r*$/d'{file}")),
]

_STRING = rb"""(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')"""
JSON_START = re.compile(  # the key of an object, or two strings of an array
    rb"(?:\[\s*)*\{\s*" + _STRING + rb"\s*:|(?:\[\s*)+" + _STRING + rb"\s*,\s*[\"']"
)
VECTOR = re.compile(rb"\S+([ \t][-+]?\d*\.\d+(e[-+]?\d+)?){5,}\s*")
COLUMN_NAME = re.compile(r" ?[^\W\d](?:[\w.#/()-]{0,40}[\w)])?( [\w.#/()-]{1,30}){0,2} ?")
NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*")
QUOTED_CELL = re.compile(r'(?:^|[,;|\t])"(?:[^"]|"")*"(?:[,;|\t](?! )|$)', re.MULTILINE)
COMMON_COLUMN = re.compile(
    r" ?(abstract|answer|article|author|body|category|class|comment|content|count|date|description|"
    r"document|headline|id|index|key|label|lang|language|message|name|question|rating|review|score|"
    r"sentence|sentiment|source|subject|summary|tags?|target|text|time|timestamp|title|tokens?|"
    r"tweet|type|url|user|value|word|year) ?",
    re.IGNORECASE,
)


def check_is_text(name: str, head: bytes, is_whole: bool) -> None:
    """Refuse a corpus file that does not start as text.

    Parameters
    ----------
    name
        The file, for messages.
    head
        Its first `HEAD_BYTES` bytes, unpacked.
    is_whole
        Whether the file has no more bytes.

    Raises
    ------
    ValueError
        It is something else; the message says what, and how to get its text.
    """
    check_is_no_container(name, head)
    control = len(head.translate(None, TEXT_BYTES))
    if control > max(64, MAX_CONTROL_SHARE * len(head)):
        raise ValueError(
            f"{name} is not text: {control:,} of its first {len(head):,} bytes are control "
            "characters; expected text, or text compressed by gzip, bzip2, xz or zstd"
        )
    _refuse_kinds(MARKUP, name, COMMENTS.sub(b"", head, 1).lower())
    whole_lines = head if is_whole else head[: head.rfind(b"\n") + 1]
    lines = list(itertools.islice(filter(bytes.strip, io.BytesIO(whole_lines)), HEAD_LINES))
    if head.lstrip().startswith((b"{", b"[", b'"')):
        _check_is_no_json(name, head, lines)
    _check_is_no_table(name, whole_lines, lines)


def check_is_no_container(name: str, head: bytes) -> None:
    """Refuse an archive, a binary file, or text in UTF-16 or UTF-32."""
    nuls = head[::2].count(0) - head[1::2].count(0)
    encoding = None
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        encoding = "UTF-32"
    elif head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # how those of UTF-32 start
        encoding = "UTF-16"
    elif len(head) >= MIN_WIDE_BYTES and abs(nuls) > 0.2 * len(head):
        encoding = "UTF-16 or UTF-32"
    if encoding is not None:
        raise ValueError(
            f"{name} is text in {encoding}; convert it to UTF-8: "
            f"iconv -f {encoding[:6]} -t UTF-8 {shlex.quote(name)} > utf8.txt"
        )
    if packed := compression_of(head):
        raise ValueError(
            f"{name} is compressed twice, inside by {packed}, and not text; unpack it once"
        )
    if _is_tar(head):
        _refuse(name, "a tar archive", _pipe("{unpack}tar -xOf {file_or_dash}"))
    _refuse_kinds(CONTAINERS, name, head)


def _refuse_kinds(kinds: list[tuple[bytes, str, str]], name: str, head: bytes) -> None:
    for pattern, what, remedy in kinds:
        if re.match(pattern, head, re.DOTALL):
            _refuse(name, what, remedy)


def _refuse(name: str, what: str, remedy: str) -> None:
    """Raise the error; the remedy of a file that is packed unpacks it first."""
    path = shlex.quote(name)
    packed = compression_of_file(name) if os.path.isfile(name) else None
    fields = {"name": name, "path": path, "open": f"open({name!r})"}
    fields |= {"unpack": "", "file": f" {path}", "file_or_dash": path}
    if packed is not None:
        if ("{path}" in remedy or "{name" in remedy) and "{unpack}" not in remedy:
            remedy = f"unpack it first ({packed} -dc {_literal(path)} > unpacked), then {remedy}"
            fields |= {"name": "unpacked", "path": "unpacked"}
        fields["open"] = f"{OPENERS[packed]}.open({name!r}, 'rt')"
        fields |= {"unpack": f"{packed} -dc {path} | ", "file": "", "file_or_dash": "-"}
    raise ValueError(f"{name} is not text but {what}; {remedy.format(**fields)}")


def _is_tar(head: bytes) -> bool:
    if head[257:262] == b"ustar":
        return True
    if not re.fullmatch(rb"[ 0-7]{1,7}[ 0-7\0]*", head[148:156]):
        return False
    try:
        tarfile.TarInfo.frombuf(head[:512], "utf-8", "surrogateescape")
    except (tarfile.TarError, ValueError):
        return False
    return True


def _check_is_no_json(name: str, head: bytes, lines: list[bytes]) -> None:
    """Refuse JSON lines (all first lines are JSON), and JSON over several lines by its start."""
    record = _json(lines[0]) if lines else None
    if record is None:
        if not JSON_START.match(head.lstrip()):
            return
    elif None in map(_json, lines) or (isinstance(record, str) and len(lines) < 3):
        return
    if isinstance(record, dict):
        lengths = {
            key: len(value) if isinstance(value, str) else -1
            for key, value in record.items()
            if len(key) < 40
        }
        key = max(lengths, key=lengths.__getitem__, default="text")
        program = _literal(shlex.quote(f".[{json.dumps(key)}]"))
        what = "JSON lines" if len(lines) > 1 else "JSON"
        _refuse(name, what, _by_column(name, key) + _pipe(f"{{unpack}}jq -r {program}{{file}}"))
    if isinstance(record, str):
        _refuse(name, "JSON lines", _pipe("{unpack}jq -r .{file}"))
    if isinstance(record, list) and all(
        isinstance(item, str) and len(item.split()) == 1 for item in record
    ):
        _refuse(name, "JSON", _train("json.loads(line) for line in {open}"))
    _refuse(name, "JSON", _pipe("{unpack}jq -r '.. | strings'{file}"))


def _json(line: bytes) -> dict[str, Any] | list[Any] | str | None:
    """An object, a string, or an array that no line of text would be."""
    try:
        value = json.loads(line.decode("utf-8", "replace").strip().removesuffix(","))
    except (ValueError, RecursionError):
        return None
    kinds = (str, list, dict)
    if isinstance(value, list) and len(value) < 2 and not any(isinstance(x, kinds) for x in value):
        return None
    return value if isinstance(value, kinds) else None


def _check_is_no_table(name: str, text: bytes, lines: list[bytes]) -> None:
    """Refuse CSV and TSV: rows of equal width with column names, row numbers or quoted cells."""
    first = lines[0] if lines else b""
    if len(lines) > 1 and all(map(VECTOR.fullmatch, lines[1:])):
        _refuse(name, "rows of numbers, such as word vectors", CORPUS)
    for delimiter in "\t,;|":
        if delimiter.encode() not in first:
            continue
        rows = _rows(text, delimiter)
        column = _text_column(rows, b"".join(lines).decode("utf-8", "replace"), delimiter)
        if column is None:
            continue
        is_named = COLUMN_NAME.fullmatch(rows[0][column])
        key = _literal(repr(rows[0][column])) if is_named else column
        reader = f"csv.{'DictReader' if is_named else 'reader'}({{open}}, delimiter={delimiter!r})"
        remedy = _train(f"row[{key}].split() for row in {reader}")
        if is_named:
            remedy = _by_column(name, rows[0][column]) + remedy
        _refuse(name, "a table", remedy)


def _by_column(name: str, column: str) -> str:
    """The shorter way, for a file that is a table by its name."""
    if not is_table_name(name):
        return ""
    return _literal(
        f"read its column: column={column!r}, --column {shlex.quote(column)} (extra tables); or "
    )


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _rows(text: bytes, delimiter: str) -> list[list[str]]:
    """The first rows, if all are of one width above 1."""
    rows: list[list[str]] = []
    try:
        for row in csv.reader(
            (line.decode("utf-8", "replace") for line in io.BytesIO(text)), delimiter=delimiter
        ):
            if row and len(row) != len((rows or [row])[0]):
                return []
            rows += [row] if row else []
            if len(rows) == HEAD_LINES:
                break
    except csv.Error:
        return []
    return rows if rows and len(rows[0]) > 1 else []


def _text_column(rows: list[list[str]], text: str, delimiter: str) -> int | None:
    """The column with the longest cells, if the rows are those of a table."""
    if len(rows) < 2:
        return None
    names, body = rows[0], rows[1:]
    columns = list(zip(*body, strict=True))
    has_blanks = any(" " in cell.strip() for row in body for cell in row)
    has_quotes = bool(QUOTED_CELL.search(text))
    has_numbers = any(all(map(NUMBER.fullmatch, column)) for column in columns)
    is_spaced = all(name.startswith(" ") for name in names[1:])
    are_names = len(set(names)) == len(names) and all(
        COLUMN_NAME.fullmatch(name) or (name == "" and number == 0)
        for number, name in enumerate(names)
    )
    common = sum(COMMON_COLUMN.fullmatch(name) is not None for name in names)
    is_table = are_names and (
        (has_numbers and (len(body) > 1 or common > 0))
        or has_quotes
        or (common > 0 and not is_spaced and (delimiter != "\t" or has_blanks))
        or (common > 1 and (delimiter != "\t" or has_blanks))
    )
    is_table |= has_blanks and len(rows) > 2 and any(map(_counts_up, zip(*rows, strict=True)))
    is_table |= _has_scores(list(zip(*rows, strict=True)))
    is_table |= (
        len(rows) > 2 and all(QUOTED_CELL.search(line) for line in text.splitlines()) and has_quotes
    )
    if not is_table:
        return None
    lengths = [sum(map(len, column)) for column in columns]
    return lengths.index(max(lengths))


def _has_scores(columns: list[tuple[str, ...]]) -> bool:
    """Whether columns are numbers without blanks beside text that starts with no digit."""
    return any(
        all(" " in cell and cell[0] not in " 0123456789" for cell in cells) for cells in columns
    ) and any(
        len(cells) > 3 and all(NUMBER.fullmatch(cell) and cell[0] != " " for cell in cells)
        for cells in columns
    )


def _counts_up(cells: tuple[str, ...]) -> bool:
    """Whether cells are whole numbers that follow each other."""
    if not all(cell.isdecimal() and len(cell) < 19 for cell in cells):
        return False
    numbers = list(map(int, cells))
    return all(after == before + 1 for before, after in itertools.pairwise(numbers))
