"""Format: the name of a kind of file, which words it can hold, how it is read and written."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from w2v_fast.vectors.data import VectorData
from w2v_fast.vectors.formats._byte_stream import ByteStream
from w2v_fast.vectors.formats._options import ReadOptions, WriteOptions
from w2v_fast.vectors.formats._words import WordRules


@dataclasses.dataclass(frozen=True, kw_only=True)
class Format:
    """One format of files of vectors.

    Attributes
    ----------
    name
        Its key in `FORMATS`.
    suffixes
        Of the names that `save` writes in this format.
    rules
        Which words it can hold.
    writes, write
        The options that mean something to the writer, and the writer: it takes the vectors, the
        bytes of their words, the path, and the options.
    reads, read
        The same for the reader of a file; `read` is None if there is none.
    read_folder
        The reader of a format that is a folder.
    is_mapped
        Whether its files are mapped into memory, so that they cannot be compressed.
    check_path
        Raises the error for a path that this format cannot be written to, whatever the disk says.
    files
        What is written for a path.
    """

    name: str
    suffixes: tuple[str, ...] = ()
    rules: WordRules
    writes: frozenset[str]
    write: Callable[[VectorData, list[bytes], str, WriteOptions], None]
    reads: frozenset[str] = frozenset()
    read: Callable[[ByteStream, ReadOptions], VectorData] | None = None
    read_folder: Callable[[str, ReadOptions], VectorData] | None = None
    is_mapped: bool = False
    check_path: Callable[[str], None] = lambda path: None
    files: Callable[[str], Sequence[str]] = lambda path: (path,)
