"""Sentences from Python, batched to blocks: lists of str, integers, or texts.

What cannot be a sentence is refused here, with a way to make one of it.
"""

from __future__ import annotations

import io
import itertools
import warnings
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any

import numpy as np
import numpy.typing as npt

from w2v_fast.corpus._words import PADDING
from w2v_fast.corpus.blocks import Block, Blocks, IntegerBlock, TextBlock, TokenBlock
from w2v_fast.corpus.tokenizers import Tokenizer

EXPECTED_SENTENCE = "expected a list of tokens: str, or integers (also a 1-D array of them)"
STR_ITERATORS = type(iter("")), type(iter("\u20ac"))
KINDS = {str: "str tokens", int: "integers", bytes: "text"}


def sentence_blocks(
    sentences: Iterator[Any],
    block_bytes: int,
    tokenizer: Tokenizer | None,
    takes_texts: bool,
    noun: str = "sentence",
) -> Blocks:
    """Blocks of sentences that are all lists of str, all lists or arrays of integers, or all str.

    Only with `takes_texts` a sentence may be a str; it may be missing then (None or NaN).
    """
    kind: type | None = None
    batch: list[Any] = []
    size = nulls = 0
    only_characters = True
    for number, sentence in enumerate(sentences, 1):
        if takes_texts and is_null(sentence):
            nulls += 1
            continue
        name = f"{noun} {number}"
        is_text = takes_texts and isinstance(sentence, str)
        items, this_kind = _text(sentence, name) if is_text else _sentence(sentence, name)
        if not len(items):
            continue
        if tokenizer is not None and this_kind is not bytes:
            raise TypeError(
                f"{name} holds {KINDS[this_kind]}, which are cut already: leave out the tokenizer"
            )
        only_characters = only_characters and _yields_characters(sentence, items)
        if kind not in (None, this_kind):
            assert kind is not None
            raise TypeError(f"{name} holds {KINDS[this_kind]}, those before it {KINDS[kind]}")
        kind = this_kind
        batch.append(items)
        size += len(items) if kind is bytes else 8 * len(items)
        if size >= block_bytes:
            yield _block(kind, batch, only_characters, tokenizer)
            batch, size = [], 0
    if kind and batch:
        yield _block(kind, batch, only_characters, tokenizer)
    if nulls:
        warn_of_nulls(nulls, f"the {noun}s")


def is_null(cell: Any) -> bool:
    """Whether a cell is missing: None, or NaN as data frames have it."""
    return cell is None or (isinstance(cell, float) and cell != cell)


def warn_of_nulls(nulls: int, where: str) -> None:
    """Say how many cells were missing, and left out."""
    warnings.warn(f"{where}: left out {nulls:,} without text (null)", RuntimeWarning, stacklevel=2)


def _text(text: str, name: str) -> tuple[Any, type]:
    """A text as UTF-8 in one line, and its kind."""
    try:
        return text.replace("\n", " ").encode("utf-8", "surrogateescape"), bytes
    except UnicodeEncodeError as error:
        raise ValueError(f"{name}, {text!r:.60}, is not valid text: {error.reason}") from None


def _yields_characters(sentence: Any, items: Any) -> bool:
    """Whether a sentence is a generator of characters: it may be text that nobody has split."""
    return isinstance(sentence, Iterator) and all(
        isinstance(item, str) and len(item) == 1 for item in items
    )


def _block(
    kind: type, batch: list[Any], only_characters: bool, tokenizer: Tokenizer | None
) -> Block:
    if only_characters:
        raise TypeError(
            "every sentence is a generator of single characters; split the texts: "
            "(text.split() for text in texts), or, if characters are the words, give lists: "
            "(list(text) for text in texts)"
        )
    if kind is str:
        return TokenBlock(batch)
    if kind is bytes:
        text = bytearray(b"\n".join([*batch, bytes(PADDING)]))
        return TextBlock(np.frombuffer(text, np.uint8), len(text) - PADDING, tokenizer)
    return IntegerBlock(np.concatenate(batch), np.cumsum(list(map(len, batch)), dtype=np.int64))


def _sentence(sentence: Any, name: str) -> tuple[Any, type]:
    """A copy of one sentence as a list of str or an int64 array, and which of the two it is."""
    if isinstance(sentence, np.ndarray) and sentence.dtype.kind in "iu" and sentence.ndim == 1:
        return int64(sentence).copy(), int
    items = list(checked_sentence(sentence, name))
    types = set(map(type, items))
    if all(issubclass(kind, str) for kind in types):
        return items, str
    if all(
        issubclass(kind, (int, np.integer)) and kind not in (bool, np.timedelta64) for kind in types
    ):
        try:
            return np.array(list(map(int, items)), np.int64), int
        except OverflowError:
            raise ValueError(f"{name} has an id that does not fit in 64 bits with a sign") from None
    names = ", ".join(sorted(kind.__name__ for kind in types))
    raise TypeError(f"{name} holds tokens of type {names}; {EXPECTED_SENTENCE}")


def checked_sentence(sentence: Any, name: str) -> Iterable[Any]:
    """The sentence itself, if what it iterates over are its tokens in their order.

    Raises
    ------
    TypeError
        It is text, a row of a table, a set, an open file, or cannot be iterated over.
    """
    kind = type(sentence).__name__
    found, remedy = f"of type {kind}", ""
    if isinstance(sentence, (str, *STR_ITERATORS)):
        found = f"{sentence!r:.60} of type {kind}"
        remedy = "split it: (text.split() for text in texts), or give tokenizer='words'"
    elif isinstance(sentence, (bytes, bytearray, memoryview)):
        found = f"{bytes(sentence[:40])!r:.60} of type {kind}"
        remedy = "decode and split it: (line.decode().split() for line in lines)"
    elif keys := _keys(sentence):
        found = f"a row of type {kind} with the keys {some(keys)}"
        key = next((key for key in ("text", "tokens") if key in keys), keys[0])
        is_list = len(sentence) > 0 and isinstance(sentence[key], (list, tuple))
        remedy = f"take its text: (row[{key!r}]{'' if is_list else '.split()'} for row in rows)"
    elif _is_named_row(sentence):
        found = f"a row of type {kind} with the fields {some(sentence._fields)}"
        longest = max(sentence._fields, key=lambda field: len(str(getattr(sentence, field))))
        remedy = f"take its text: (row.{longest}.split() for row in rows)"
    elif isinstance(sentence, Set):
        found, remedy = f"a {kind}, which has no order", "give the tokens as they stand in the text"
    elif isinstance(sentence, io.IOBase):
        found = f"an open file of type {kind}"
        remedy = "give its path, or (line.split() for line in file)"
    elif isinstance(sentence, Iterable) or hasattr(type(sentence), "__getitem__"):
        return sentence
    raise TypeError(f"{name} is {found}; {EXPECTED_SENTENCE}" + (f"; {remedy}" if remedy else ""))


def _keys(sentence: Any) -> list[Any]:
    """The keys of a mapping, or of a row with str keys, as databases and data frames have."""
    keys = getattr(sentence, "keys", None)
    names = list(keys()) if callable(keys) else []
    if isinstance(sentence, Mapping):
        return names or ["text"]
    if isinstance(sentence, np.void):
        return list(sentence.dtype.names or ())
    return names if names and isinstance(names[0], str) else []


def _is_named_row(sentence: Any) -> bool:
    """Whether a named tuple is not a list of words: a cell holds text, or is not a str."""
    return (
        isinstance(sentence, tuple)
        and hasattr(sentence, "_fields")
        and any(not isinstance(cell, str) or len(cell.split()) > 1 for cell in sentence)
    )


def some(names: Iterable[Any]) -> str:
    """The first five names, for messages."""
    shown = [f"{name!r:.40}" for name in itertools.islice(names, 6)]
    return ", ".join(shown[:5] + ["..."] * (len(shown) > 5))


def int64(values: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Integers of any type as int64, if all of them fit."""
    if np.ma.isMaskedArray(values):
        raise TypeError(
            "an array of ids must not be masked; leave the masked ones out: array.compressed()"
        )
    if values.dtype == np.uint64 and values.size and values.max() > np.iinfo(np.int64).max:
        raise ValueError(f"the id {values.max()} does not fit in 64 bits with a sign")
    return np.ascontiguousarray(values, np.int64)
