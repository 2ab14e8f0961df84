"""Blocks: what one thread encodes at a time, as text, as lists of tokens, or as integers."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from w2v_fast.corpus._words import PADDING, WordTable, blank_marks
from w2v_fast.corpus.tokenizers import Tokenizer

Ids: TypeAlias = "npt.NDArray[np.int32]"
Bytes: TypeAlias = "npt.NDArray[np.uint8]"


class Block(Protocol):
    """What one thread encodes at a time."""

    @property
    def size(self) -> int:
        """Bytes of the source."""

    def encode(self, table: WordTable, number: int) -> tuple[Ids, bool]:
        """Write the tokens of block `number` into the table.

        Returns
        -------
        ids
            Provisional ids of this table, int32; the last token of a sentence as ~id.
        ends_open_sentence
            Whether the block starts with the end of a sentence that an earlier block left open.
        """


Blocks: TypeAlias = "Generator[Block, None, None]"


@dataclasses.dataclass
class TextBlock:
    """Whole words as bytes: `data[:size]` ends with a separator, and PADDING more bytes follow."""

    data: Bytes
    size: int
    tokenizer: Tokenizer | None = None

    def encode(self, table: WordTable, number: int) -> tuple[Ids, bool]:
        """As `Block.encode`."""
        blank_marks(self.data, self.size)
        data, size = self.data, self.size
        if self.tokenizer is not None:
            data, size = _tokenized(bytes(data.data[:size]), self.tokenizer)
        ids = np.empty(size // 2 + 2, np.int32)
        tokens, ends_open_sentence = table.encode_text(data, size, number, ids)
        return ids[:tokens], ends_open_sentence


def _tokenized(text: bytes, tokenizer: Tokenizer) -> tuple[Bytes, int]:
    """The words of a text as `data` and `size`; a line that the text does not end stays open."""
    is_open = not text.endswith(b"\n")
    words = tokenizer(text + b"\n" if is_open else text)
    if is_open or not words.endswith(b"\n"):
        words = words.removesuffix(b"\n") + (b" " if is_open else b"\n")
    return np.frombuffer(words + bytes(PADDING), np.uint8), len(words)


@dataclasses.dataclass
class TokenBlock:
    """Sentences as lists of str; every item is one word, whatever its characters."""

    sentences: list[list[str]]
    size: int = 0

    def encode(self, table: WordTable, number: int) -> tuple[Ids, bool]:
        """As `Block.encode`."""
        ids = np.empty(sum(map(len, self.sentences)), np.int32)
        self.size = table.encode_tokens(self.sentences, number, ids)
        return ids, False


@dataclasses.dataclass
class IntegerBlock:
    """Sentences as integers: all values in one array, and where each sentence ends."""

    values: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]

    @property
    def size(self) -> int:
        """Bytes of the values."""
        return self.values.nbytes

    def encode(self, table: WordTable, number: int) -> tuple[Ids, bool]:
        """As `Block.encode`."""
        ids = np.empty(len(self.values), np.int32)
        table.encode_integers(self.values, self.ends, number, ids)
        return ids, False
