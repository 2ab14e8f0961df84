from typing import Any

OK: int
TOO_FEW: int
TOO_MANY: int
NOT_A_NUMBER: int
NOT_FINITE: int
LINE_END: int
MAX_NUMBER: int

def parse_rows(
    block: Any, allow_nonfinite: bool, strict: bool, out: Any, starts: Any, ends: Any
) -> tuple[int, int, int, int, int]: ...
def format_rows(rows: Any, words: Any, offsets: Any, separator: int, out: Any) -> int: ...
def scan_records(
    block: Any, size: int, max_word: int, starts: Any, ends: Any
) -> tuple[int, int, bool]: ...
def copy_vectors(block: Any, ends: Any, out: Any) -> None: ...
def decode_words(block: Any, starts: Any, ends: Any) -> list[str]: ...
