"""A prompt for questions, one a line, until the end of the input."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable

from w2v_fast.cli.messages import note

MAX_LINE = 1 << 16


def answer_lines(text: str, answer: Callable[[list[str]], object]) -> None:
    """Call `answer` with the words of each line; its ValueError or KeyError becomes a note."""
    at_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if at_terminal:
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401  (gives input() a history and editing)
        note("Ctrl-D ends")
    with contextlib.suppress(EOFError):
        while True:
            words = (input(f"{text}: ") if at_terminal else _line()).split()
            if words:
                _answer(words, answer)
    if at_terminal:
        print()


def _line() -> str:
    """The next line of standard input; a longer one than MAX_LINE characters is skipped."""
    line = part = sys.stdin.readline(MAX_LINE)
    if not line:
        raise EOFError
    while len(part) == MAX_LINE and not part.endswith("\n"):
        part = sys.stdin.readline(MAX_LINE)
    if part is not line:
        note(
            f"left out a line of more than {MAX_LINE:,} characters, which begins with {line[:40]!r}"
        )
        return ""
    return line


def _answer(words: list[str], answer: Callable[[list[str]], object]) -> None:
    try:
        answer(words)
    except KeyError as error:
        note(str(error.args[0]))
    except ValueError as error:
        note(str(error))
    sys.stdout.flush()
