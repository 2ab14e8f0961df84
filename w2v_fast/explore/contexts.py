"""A word in its contexts: the places of a text file where it stands, with what is left and right of it."""

from __future__ import annotations

import mmap
import time

from w2v_fast.system.files import compression_of_name

CONTEXT_BYTES = 160
SECONDS = 1.0
"""A search that takes longer gives what it has found."""
CHUNK = 16 << 20
SPACE = b" \t\n\r\v\f"


class Contexts:
    """Keyword in context, from a plain text file with white space between words.

    Parameters
    ----------
    path
        The text.

    Raises
    ------
    ValueError
        The file is compressed or empty.
    """

    def __init__(self, path: str) -> None:
        if compression_of_name(path) is not None:
            raise ValueError(f"{path} is compressed; words are looked up in plain text: unpack it")
        with open(path, "rb") as file:
            if not file.seek(0, 2):
                raise ValueError(f"{path} is empty; expected text")
            self._text = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def find(self, word: str, limit: int) -> tuple[list[tuple[str, str, str]], bool]:
        """At most `limit` places of `word`: left, word, right; and whether the whole text was searched."""
        wanted = word.encode("utf-8", "surrogateescape")
        if not wanted or any(byte in SPACE for byte in wanted):
            return [], True
        until, start = time.monotonic() + SECONDS, 0
        found: list[tuple[str, str, str]] = []
        while len(found) < limit:
            if time.monotonic() > until:
                return found, False
            chunk_end = min(start + CHUNK, len(self._text))
            hit = self._text.find(wanted, start, chunk_end + len(wanted) - 1)
            if hit < 0:
                if chunk_end == len(self._text):
                    return found, True
                start = chunk_end
                continue
            start = hit + len(wanted)
            if self._is_space(hit - 1) and self._is_space(start):
                found.append((self._left(hit), word, self._right(start)))
        return found, True

    def _is_space(self, position: int) -> bool:
        return not 0 <= position < len(self._text) or self._text[position] in SPACE

    def _left(self, end: int) -> str:
        text = self._text[max(end - CONTEXT_BYTES, 0) : end].split(b"\n")[-1]
        return text.decode("utf-8", "replace").lstrip("\ufffd")

    def _right(self, start: int) -> str:
        text = self._text[start : start + CONTEXT_BYTES].split(b"\n")[0]
        return text.decode("utf-8", "replace").rstrip("\ufffd")
