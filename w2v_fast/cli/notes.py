"""Messages for people, on stderr: standard output is for data only."""

import sys


def note(message: str) -> None:
    """Print one line on stderr."""
    print(f"w2v-fast: {message}", file=sys.stderr, flush=True)
