"""Connections of the page's server: none waits for ever, and waiting ones keep nobody out."""

from __future__ import annotations

import asyncio
from typing import cast

from uvicorn.protocols.http.h11_impl import H11Protocol

MAX_CONNECTIONS = 256
REQUEST_SECONDS = 60.0
"""From the start of a connection, or its last answer, to the end of the next request's headers."""


class Connection(H11Protocol):
    """Ends when no whole request comes in time, or when a newer connection needs the room.

    uvicorn counts connections, and refuses requests (503) beyond `MAX_CONNECTIONS` of them. Its own
    limit of time starts after the first answer, and every byte ends it.
    """

    _deadline: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """End the connection that waits longest if there are too many."""
        super().connection_made(transport)
        self._await_request()
        if len(self.connections) >= MAX_CONNECTIONS:
            others = [cast(Connection, other) for other in self.connections if other is not self]
            waiting = [other for other in others if other.waits()]
            if waiting:
                min(waiting, key=lambda other: other._deadline.when()).end()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._deadline.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Wait for another request."""
        self._deadline.cancel()
        self._await_request()
        super().on_response_complete()

    def waits(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def end(self) -> None:
        """End the connection at once, unless a request is being answered."""
        if self.waits():
            self.connections.discard(self)
            self.transport.abort()

    def _await_request(self) -> None:
        self._deadline = self.loop.call_later(REQUEST_SECONDS, self.end)
