"""The one progress bar: a widget in a notebook, a line in a terminal, nothing elsewhere."""

from __future__ import annotations

from typing import Any, TextIO


class Bar:
    """A bar that appears when it is first shown.

    Parameters
    ----------
    what
        Text before the bar.
    unit
        What is counted.
    file
        Where a terminal's bar is written (default: stderr).
    leave
        Whether it stays at the end.
    """

    def __init__(
        self, what: str, unit: str, file: TextIO | None = None, leave: bool = True
    ) -> None:
        self._look = {"desc": what, "unit": unit, "file": file, "leave": leave}
        self._bar: Any = None

    def show(self, done: int, total: int | None, note: str = "") -> None:
        """Move it to `done` of `total`, with a note behind it; a total of None is unknown."""
        if self._bar is None:
            # imported only now: in a notebook without ipywidgets it warns
            from tqdm.auto import tqdm

            self._bar = tqdm(
                total=total, unit_scale=True, disable=None, dynamic_ncols=True, **self._look
            )
        self._bar.set_postfix_str(note, refresh=False)
        self._bar.update(done - self._bar.n)

    def write(self, line: str) -> None:
        """Write a line above it."""
        self._bar.write(line, file=self._look["file"])

    def close(self) -> None:
        """Stop here."""
        self._bar.close()
