"""Format: the name of a file format, the words it can hold, its reader and its writer."""

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
        File name suffixes for which `save` chooses this format.
    rules
        Which words it can hold.
    write, write_options
        The writer, a function of the vectors, their encoded words, the path and the options; and
        the names of the options that it takes.
    read, read_options
        The reader of a file, or None if this format cannot be read from a file; and the names of
        the options that it takes.
    read_folder
        The reader of a folder, or None.
    is_mapped
        Whether its files are mapped into memory, and so cannot be compressed.
    check_path
        Raises an error for a path that this format can never be written to.
    files
        The files that are written for a path.
    """

    name: str
    suffixes: tuple[str, ...] = ()
    rules: WordRules
    write: Callable[[VectorData, list[bytes], str, WriteOptions], None]
    write_options: frozenset[str]
    read: Callable[[ByteStream, ReadOptions], VectorData] | None = None
    read_options: frozenset[str] = frozenset()
    read_folder: Callable[[str, ReadOptions], VectorData] | None = None
    is_mapped: bool = False
    check_path: Callable[[str], None] = lambda path: None
    files: Callable[[str], Sequence[str]] = lambda path: (path,)
