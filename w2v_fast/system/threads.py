"""Work done by threads a few items ahead, with the results in order.

For functions that release the GIL.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_in_order(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Generator[Result, None, None]:
    """Yield `function(item)` for each item, in the order of the items.

    At most `threads` + 2 items are taken before the first result is asked for. On an error, or when
    the generator is closed, items that no thread has begun are dropped.
    """
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads, "w2v_fast") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > threads + 1:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
