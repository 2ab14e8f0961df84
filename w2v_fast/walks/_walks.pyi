from typing import Any

class Walker:
    def __init__(
        self, starts: Any, targets: Any, weights: Any, p: float, q: float, key: int
    ) -> None: ...
    def walk(self, nodes: Any, first: int, length: int, out: Any) -> int: ...
