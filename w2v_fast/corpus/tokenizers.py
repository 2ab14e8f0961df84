"""Tokenizers: text that is not yet cut into words becomes words with white space between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

TokenizerChoice: TypeAlias = "str | Callable[[str], list[str]] | Tokenizer | None"


class Tokenizer(Protocol):
    """What cuts blocks of text into words; several threads call it at the same time."""

    name: str

    def __call__(self, text: bytes) -> bytes:
        """Cut whole lines of UTF-8 into whole lines of words with white space between them."""

    def summary(self) -> str:
        """What it did so far: lines, words, and its first line as an example."""


def resolve(tokenizer: Any) -> Tokenizer | None:
    """The tokenizer of a name or function; None if white space alone separates words.

    Raises
    ------
    ValueError
        There is no tokenizer of this name.
    """
    if tokenizer is None or tokenizer == "whitespace":
        return None
    if callable(tokenizer) and hasattr(tokenizer, "summary"):
        found: Tokenizer = tokenizer
        return found
    raise ValueError(f"tokenizer = {tokenizer!r:.60} is unknown; expected 'whitespace'")
