"""Messages for people, on stderr: standard output is for data only."""

import json
import math
import sys
from typing import Any


def note(message: str) -> None:
    """Print one line on stderr."""
    print(f"w2v-fast: {message}", file=sys.stderr, flush=True)


def report(mode: str, event: str, message: str, **facts: object) -> None:
    """Report what was done: in mode "bar" the message, in mode "json" the facts, else nothing."""
    if mode == "bar":
        note(message)
    elif mode == "json":
        print(as_json({"event": event, **facts}), file=sys.stderr, flush=True)


def as_json(value: Any) -> str:
    """JSON on one line; a number that is not finite becomes null, since JSON has no NaN."""
    return json.dumps(_finite(value), allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
