"""Tables, captions and figures in Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from w2v_fast.system.files import atomic_write


def markdown_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Rows as a table; floats with three significant digits."""

    def cell(value: Any) -> str:
        if isinstance(value, float):
            return three_digits(value)
        return "" if value is None else str(value)

    lines = [
        list(columns),
        ["---"] * len(columns),
        *([cell(row.get(column)) for column in columns] for row in rows),
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def columns_of(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Every key of any row, in order of appearance."""
    return list(dict.fromkeys(key for row in rows for key in row))


def three_digits(value: float) -> str:
    """At least three significant digits, never an exponent for a large number."""
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def spread(values: Sequence[float], scale: float = 1.0) -> str:
    """Median and range, such as `6.81 (6.52 to 7.03)`; one value stands alone."""
    scaled = [scale * value for value in values]
    middle, low, high = map(three_digits, (statistics.median(scaled), min(scaled), max(scaled)))
    return middle if len(values) == 1 else f"{middle} ({low} to {high})"


def caption(row: Mapping[str, Any], *facts: object) -> str:
    """One line that says what was measured where: no figure goes without it."""
    machine_facts = (
        f"{row['cpu']}, {row['cores']} cores",
        f"Python {row['python']}",
        f"numpy {row['numpy']}",
        f"w2v_fast {row['w2v_fast']}, commit {row['commit']}",
        row["date"],
    )
    return "; ".join(str(fact) for fact in (*facts, *machine_facts))


def text_of(row: Mapping[str, Any]) -> str:
    """The text of a row: its corpus, size and SHA-256."""
    lines = f" in {row['lines']:,} lines" if "lines" in row else ""
    return f"{row['text']}, {row['words']:,} words{lines}, sha256 {row['sha256']}"


def options_of(options: Mapping[str, Any], *left_out: str) -> str:
    return ", ".join(f"{name} {value}" for name, value in options.items() if name not in left_out)


def failures(row: Mapping[str, Any]) -> list[str]:
    """A line for each reason for which runs failed and were left out."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in row.get("failed", {}).items():
        by_reason.setdefault(reason, []).append(name)
    return [f"Failed, left out: {'; '.join(names)}: {why}" for why, names in by_reason.items()]


def write_between(page: Path, parts: Mapping[str, str]) -> None:
    """Put each part into a page between its markers, <!-- NAME --> and <!-- end -->."""
    text = page.read_text()
    for name, part in parts.items():
        start, end = f"<!-- {name} -->\n", "<!-- end -->"
        before, found, rest = text.partition(start)
        _, ended, after = rest.partition(end)
        if not found or not ended:
            raise SystemExit(
                f"{page} has no place for {name!r}: expected {start.strip()} and {end}"
            )
        text = f"{before}{start}\n{part}\n\n{end}{after}"
    with atomic_write(page) as file:
        file.write(text.encode())
