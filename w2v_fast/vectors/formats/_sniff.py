"""Recognize the format of a file by its first bytes."""

from __future__ import annotations

from w2v_fast.vectors.formats import _safetensors_file, npy, parquet, word2vec_binary, word2vec_text
from w2v_fast.vectors.formats._byte_stream import ByteStream
from w2v_fast.vectors.formats._errors import FormatError
from w2v_fast.vectors.formats._header import parse_header

PICKLE = (
    "a Python pickle; pickles can run code and are never loaded here. Load it with the tool that "
    "wrote it and save it in word2vec format "
    "(gensim: kv.save_word2vec_format(path, binary=True))"
)
UTF16 = "UTF-16 text; convert it first: iconv -f UTF-16 -t UTF-8"
HTML = "an HTML page: the download returned a web page instead of the file"
OTHER_KINDS = [
    (
        b"\xba\x16\x4f\x2f",
        "a fastText model (.bin or .ftz); export its words with fastText: print-word-vectors, or "
        "load the .vec file that training wrote beside it",
    ),
    (
        b"version https://git-lfs",
        "a Git LFS pointer, not the file itself; fetch it with: git lfs pull",
    ),
    (b"PK\x03\x04", "a zip archive (or .npz, .docx, ...); unpack it and load the file inside"),
    (b"FiFu", "a finalfusion file; convert it with finalfusion's own tools to word2vec format"),
    (b"SQLite format 3\x00", "an SQLite database (perhaps a .magnitude file)"),
    (b"<!doctype", HTML),
    (b"<html", HTML),
    (b"<?xml", "an XML page: the download returned a message instead of the file"),
    (b"\xff\xfe", UTF16),
    (b"\xfe\xff", UTF16),
    *((b"\x80" + bytes([protocol]), PICKLE) for protocol in range(2, 6)),
]
"""First bytes of other kinds of files, and their descriptions for messages."""


def sniff(stream: ByteStream) -> str:
    """Name the format of a file by its first bytes.

    Parameters
    ----------
    stream
        The file; nothing is consumed.

    Returns
    -------
    str
        One of FORMATS.

    Raises
    ------
    FormatError
        It has another format, which the message names if it is known.
    """
    head, name = stream.head, stream.name
    if not head:
        stream.check_intact(False)
        raise FormatError(name, "the file is empty")
    first, _, rest = head.partition(b"\n")
    for magic, kind in OTHER_KINDS:
        if head[: len(magic)].lower() == magic.lower() and not word2vec_text.shows_row(first, None):
            raise FormatError(name, f"this is {kind}", offset=0)
    if head.startswith(npy.MAGIC):
        return npy.FORMAT.name
    if head.startswith(parquet.MAGIC) and not word2vec_text.shows_row(first, None):
        return parquet.FORMAT.name
    length = int.from_bytes(head[:8], "little")
    if head[8:9] == b"{" and length <= _safetensors_file.MAX_HEADER:
        raise FormatError(name, "this is a safetensors file; load the folder it lies in", offset=0)
    if name.endswith("_tensor.tsv"):
        kind = "an export for the Embedding Projector; its words are in another file"
        raise FormatError(name, f"this is {kind}: load what it was made from")
    header = parse_header(first)
    if header is None:
        is_text = word2vec_text.shows_row(first, None) or word2vec_text.is_printable(first)
        if not is_text:
            problem = "binary data without the header of a word2vec file"
            advice = "GloVe's own .bin holds no words and cannot be used, its .txt can"
            raise FormatError(name, f"{problem}; {advice}", offset=0, found=head[:16])
    else:
        second = rest.lstrip(b"\r\n").partition(b"\n")[0]
        printable = word2vec_text.is_printable(rest)
        is_text = word2vec_text.shows_row(second, header[1]) or (
            printable and not (rest and name.lower().endswith(".bin"))
        )
    return (word2vec_text if is_text else word2vec_binary).FORMAT.name
