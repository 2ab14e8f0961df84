"""What a notebook shows of an object: a small HTML table of facts, in the notebook's own colors."""

from __future__ import annotations

import html
import itertools
from collections.abc import Iterable, Mapping

MAX_WORDS, MAX_LETTERS = 8, 30


def html_table(title: str, facts: Mapping[str, object]) -> str:
    """A table with a row for each fact; facts that are None are left out.

    Parameters
    ----------
    title
        Caption of the table.
    facts
        Values by name; integers are shown with separators of thousands.

    Returns
    -------
    str
        HTML, everything escaped.
    """
    rows = "".join(
        f'<tr><th scope="row" style="text-align: left">{html.escape(name)}</th>'
        f'<td style="text-align: left">{html.escape(_text(value))}</td></tr>'
        for name, value in facts.items()
        if value is not None
    )
    return f"<table><caption>{html.escape(title)}</caption><tbody>{rows}</tbody></table>"


def first_words(words: Iterable[str]) -> str:
    """The first words, shortened where they are long."""
    first = list(itertools.islice(words, MAX_WORDS + 1))
    shown = [
        word if len(word) <= MAX_LETTERS else f"{word[: MAX_LETTERS - 1]}…"
        for word in first[:MAX_WORDS]
    ]
    return ", ".join([*shown, *(["…"] if len(first) > MAX_WORDS else [])])


def _text(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
