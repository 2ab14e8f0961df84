"""Options of all readers and writers, with their defaults and checks."""

from __future__ import annotations

import codecs
import dataclasses
import difflib
import os
from collections.abc import Mapping
from typing import Any, Self

from w2v_fast.vectors.choices import check_choice


class _Options:
    @classmethod
    def from_options(cls, options: Mapping[str, Any], allowed: frozenset[str], format: str) -> Self:
        """Build from keywords; raise TypeError for an option that `format` does not have."""
        for name in options:
            if name not in allowed:
                near = difflib.get_close_matches(name, allowed, n=1)
                known = f"known: {', '.join(sorted(allowed)) or 'none'}"
                hint = f"did you mean {near[0]!r}?" if near else known
                raise TypeError(f"format {format!r} has no option {name!r}; {hint}")
        return cls(**options)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReadOptions(_Options):
    """Options of `load`; each format accepts those that apply to it.

    Parameters
    ----------
    limit
        Number of rows to read from the start of the file; 0 reads none, None all. The rest is not
        checked.
    encoding, errors
        Decoding of the words, as for `bytes.decode`. The default preserves every byte, so words of
        different bytes stay different.
    on_duplicate
        For repeated words keep the "first" row or the "last" (with one warning for all), or raise
        an "error".
    no_header
        Text: True if the file has no "count size" line, False if it must have one, None to detect
        it; a file without a header is then refused if its rows look like a table or a text.
    byteorder
        Binary: "little", which every known writer uses, or "big".
    strict
        A header that disagrees with the rows is an error; False takes the rows as they are, with a
        warning.
    on_truncated
        For a file that is cut: raise an "error", or "keep" the complete rows, with a warning.
    allow_nonfinite
        Accept NaN and infinity.
    mmap
        Native folder and .npy: map the file instead of reading it; its pages are read on first use.
    verify
        Native folder: compare the checksums of the matrices too, not only those of the small parts.
        Default: when they are read into memory (`mmap=False`).

    Raises
    ------
    ValueError
        A value out of its range.
    """

    limit: int | None = None
    encoding: str = "utf-8"
    errors: str = "surrogateescape"
    on_duplicate: str = "first"
    no_header: bool | None = None
    byteorder: str = "little"
    strict: bool = True
    on_truncated: str = "error"
    allow_nonfinite: bool = False
    mmap: bool = True
    verify: bool | None = None

    def __post_init__(self) -> None:
        _check_limit(self.limit)
        check_choice("on_duplicate", self.on_duplicate, ("first", "last", "error"))
        check_choice("byteorder", self.byteorder, ("little", "big"))
        check_choice("on_truncated", self.on_truncated, ("error", "keep"))
        try:
            codecs.lookup_error(self.errors)
            ascii_stays = b"a 1\n".decode(self.encoding) == "a 1\n"
        except (LookupError, UnicodeError) as error:
            given = f"encoding = {self.encoding!r}, errors = {self.errors!r}"
            raise ValueError(f"{given}: {error}") from error
        if not ascii_stays:
            problem = "does not keep ASCII, so spaces cannot be found"
            raise ValueError(f"encoding = {self.encoding!r} {problem}")

    @property
    def keeps_bytes(self) -> bool:
        """Whether decoding is one-to-one, as UTF-8 with surrogateescape is."""
        return codecs.lookup(self.encoding).name == "utf-8" and self.errors == "surrogateescape"


@dataclasses.dataclass(frozen=True, kw_only=True)
class WriteOptions(_Options):
    """Options of `save`; each format accepts those that apply to it.

    Parameters
    ----------
    limit
        Number of rows to write, from the first; None writes all.
    escape
        For characters that the format cannot hold in a word: None raises an error, "percent"
        encodes them (and %) like %20, any other text, such as "_", replaces each of them.
    allow_nonfinite
        Write NaN and infinity.
    fvocab
        word2vec formats and GloVe: a second file with the counts, in lines of `word count`; both
        files are replaced together.

    Raises
    ------
    ValueError
        `limit` is not a number of rows.
    """

    limit: int | None = None
    escape: str | None = None
    allow_nonfinite: bool = False
    fvocab: str | os.PathLike[str] | None = None

    def __post_init__(self) -> None:
        _check_limit(self.limit)


ALL_READ = frozenset(field.name for field in dataclasses.fields(ReadOptions))
ALL_WRITE = frozenset(field.name for field in dataclasses.fields(WriteOptions))


def _check_limit(limit: int | None) -> None:
    if limit is not None and (isinstance(limit, bool) or limit != int(limit) or limit < 0):
        raise ValueError(f"limit = {limit!r} must be a number of rows, 0 or more, or None for all")
