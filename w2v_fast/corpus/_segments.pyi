from typing import Any

unicode_version: str

def segment(block: Any) -> tuple[bytes, int, int]: ...
