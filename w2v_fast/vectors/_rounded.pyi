from typing import Any

LANES: int
QUERIES: int

def available() -> bool: ...
def round_rows(vectors: Any, norms: Any, codes: Any, scales: Any, errors: Any) -> None: ...
def scan(
    codes: Any,
    scales: Any,
    errors: Any,
    first: int,
    queries: Any,
    query_scales: Any,
    query_errors: Any,
    offsets: Any,
    slack: float,
    worst: Any,
    rows: Any,
    uppers: Any,
    found: Any,
) -> None: ...
