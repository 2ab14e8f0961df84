"""A server that sleeps until it is asked something, beside a training that needs the cores."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from types import FrameType

import uvicorn


class IdleServer(uvicorn.Server):
    """Wakes up for requests and for its end only.

    uvicorn looks ten times a second whether it is to end. Then it also renews the Date header and
    compares the number of requests with a limit; neither is used here.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._end: Future[None] = Future()

    def end(self) -> None:
        """End the answering; from any thread."""
        self.should_exit = True
        if not self._end.done():
            self._end.set_result(None)

    async def main_loop(self) -> None:
        """Wait for the end."""
        await asyncio.wrap_future(self._end)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End at a signal."""
        super().handle_exit(sig, frame)
        self.end()
