from typing import Any

BLOCK: int
QUERIES: int

def kernels() -> dict[str, int]: ...
def round_rows(
    kernel: int, vectors: Any, norms: Any, codes: Any, scales: Any, errors: Any
) -> None: ...
def scan(
    kernel: int,
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
