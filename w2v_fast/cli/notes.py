"""Messages for people, on stderr: standard output is for data only."""

import json
import sys


def note(message: str) -> None:
    """Print one line on stderr."""
    print(f"w2v-fast: {message}", file=sys.stderr, flush=True)


def report(mode: str, event: str, message: str, **facts: object) -> None:
    """Say what was done in a progress mode: "bar" notes the message, "json" prints the facts as JSON."""
    if mode == "bar":
        note(message)
    elif mode == "json":
        print(json.dumps({"event": event, **facts}), file=sys.stderr, flush=True)
