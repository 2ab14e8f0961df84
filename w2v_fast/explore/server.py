"""The page's server: this machine only, a secret in the address, two fixed files.

A request is answered only if it names this server as its host, comes from no other origin, and has
the secret.
No part of a request is ever a path of a file.
"""

from __future__ import annotations

import hmac
import inspect
import secrets
import socket
import threading
from http import HTTPStatus
from types import TracebackType
from typing import Self

from w2v_fast.explore.document import SCRIPTS, content_policy, part, served
from w2v_fast.explore.explorer import COMMANDS, QUESTIONS, Explorer, Parameters

try:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.datastructures import Headers
    from starlette.exceptions import HTTPException
    from starlette.requests import Request
    from starlette.responses import JSONResponse, RedirectResponse, Response
    from starlette.routing import Route
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from w2v_fast.explore.connections import MAX_CONNECTIONS, REQUEST_SECONDS, Connection
    from w2v_fast.explore.idle import IdleServer
except ImportError as error:
    raise ImportError(
        "the page's server needs starlette and uvicorn; pip install 'w2v_fast[explore]'"
    ) from error

ADDRESS = "127.0.0.1"
MAX_TARGET = 8192
"""Characters of a request's address."""
MAX_PARAMETERS = 20
TOKEN_BYTES = 24
HEADERS = {
    "Content-Security-Policy": content_policy(
        "'self'", "connect-src 'self'", "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
STATUSES = {
    KeyError: HTTPStatus.NOT_FOUND,
    ValueError: HTTPStatus.BAD_REQUEST,
    ImportError: HTTPStatus.NOT_IMPLEMENTED,
}
"""What the error of a question tells the page."""


class Server:
    """Serves one explorer on a port of 127.0.0.1.

    Parameters
    ----------
    explorer
        What answers.
    port
        0: any that is free.

    Attributes
    ----------
    server_port : int
        The port.
    token : str
        The secret.

    Raises
    ------
    OSError
        The port is taken.
    """

    def __init__(self, explorer: Explorer, port: int = 0) -> None:
        self.explorer = explorer
        self.token = secrets.token_urlsafe(TOKEN_BYTES)
        self._codes: set[str] = set()
        self._socket = socket.create_server((ADDRESS, port))
        self.server_port: int = self._socket.getsockname()[1]
        self._thread: threading.Thread | None = None
        self._html = served(explorer.info())
        routes = [
            Route("/", self._page),
            Route("/api/{name}", self._answer, methods=["GET", "POST"]),
            *(
                Route(f"/{name}", Response(part(name), media_type="text/javascript"))
                for name in SCRIPTS
            ),
        ]
        refusals = dict.fromkeys([HTTPException, *STATUSES, Exception], refuse)
        self._server = IdleServer(
            uvicorn.Config(
                Guard(Starlette(routes=routes, exception_handlers=refusals), self.server_port),
                http=Connection,
                ws="none",
                lifespan="off",
                limit_concurrency=MAX_CONNECTIONS,
                timeout_keep_alive=int(REQUEST_SECONDS),
                timeout_graceful_shutdown=1,
                log_config=None,
                log_level="error",
                access_log=False,  # addresses have the secret
                server_header=False,
            )
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.shutdown()
        self.explorer.close()

    @property
    def url(self) -> str:
        """The address of the page, with its secret."""
        return f"http://{ADDRESS}:{self.server_port}/?token={self.token}"

    def one_time_url(self) -> str:
        """An address that leads to the page once: for command lines, which other users can see."""
        code = secrets.token_urlsafe(TOKEN_BYTES)
        self._codes.add(code)
        return f"http://{ADDRESS}:{self.server_port}/?code={code}"

    def serve_forever(self) -> None:
        """Answer until `shutdown`, or Ctrl-C, which raises KeyboardInterrupt."""
        self._server.run([self._socket])

    def serve_in_background(self) -> None:
        """Answer in a thread until `shutdown`."""
        self._thread = threading.Thread(
            target=self.serve_forever, daemon=True, name="w2v-fast-server"
        )
        self._thread.start()

    def shutdown(self) -> None:
        """End the answering, and free the port."""
        self._server.end()
        if self._thread is not None:
            self._thread.join()
        self._socket.close()

    def _took_code(self, code: str) -> bool:
        """Whether a code of `one_time_url` was valid; it is not any more."""
        known = next((known for known in self._codes if same(code, known)), "")
        self._codes.discard(known)
        return bool(known)

    def _check(self, token: str) -> None:
        if not same(token, self.token):
            raise HTTPException(HTTPStatus.FORBIDDEN, "the secret of the address is missing")

    async def _page(self, request: Request) -> Response:
        if self._took_code(request.query_params.get("code", "")):
            return RedirectResponse(f"/?token={self.token}", HTTPStatus.SEE_OTHER)
        self._check(request.query_params.get("token", ""))
        return Response(self._html, media_type="text/html")

    async def _answer(self, request: Request) -> Response:
        """Answer a question (GET) or a command (POST)."""
        self._check(request.headers.get("Authorization", "").removeprefix("Bearer "))
        ask = (COMMANDS if request.method == "POST" else QUESTIONS).get(request.path_params["name"])
        if ask is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        if len(request.query_params) > MAX_PARAMETERS:
            raise ValueError("too many parameters")
        parameters = Parameters(request.query_params)
        if inspect.iscoroutinefunction(ask):
            answer = await ask(self.explorer, parameters)
        else:
            answer = await run_in_threadpool(ask, self.explorer, parameters)
        if isinstance(answer, bytes):
            return Response(answer, media_type="application/octet-stream")
        return JSONResponse(answer)


class Guard:
    """Refuses other hosts and origins, long addresses and bodies; adds the headers of all answers.

    Parameters
    ----------
    app
        What answers the others.
    port
        The port that a request must name.
    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app, self._headers = app, Headers(HEADERS).raw
        self._hosts = {f"{name}:{port}" for name in (ADDRESS, "localhost")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def add_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._headers]
            await send(message)

        refusal = self._refusal(scope)
        answer = self._app if refusal is None else await refuse(Request(scope), refusal)
        await answer(scope, receive, add_headers)

    def _refusal(self, scope: Scope) -> HTTPException | None:
        headers = Headers(scope=scope)
        origin = headers.get("Origin")
        if headers.get("Host") not in self._hosts:
            return HTTPException(HTTPStatus.FORBIDDEN, "this host is not served here")
        if origin is not None and origin.removeprefix("http://") not in self._hosts:
            return HTTPException(HTTPStatus.FORBIDDEN, "other origins are not answered")
        if len(scope["raw_path"]) + len(scope["query_string"]) > MAX_TARGET:
            return HTTPException(HTTPStatus.REQUEST_URI_TOO_LONG, "the address is too long")
        if headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in headers:
            return HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "a request has no body here")
        return None


async def refuse(_: Request, error: Exception) -> Response:
    """The reason as JSON; a fault of the program keeps its to itself."""
    if isinstance(error, HTTPException):
        return JSONResponse({"error": error.detail}, error.status_code)
    for kind, status in STATUSES.items():
        if isinstance(error, kind):
            return JSONResponse({"error": str(error.args[0])}, status)
    return JSONResponse({"error": "the answer failed"}, HTTPStatus.INTERNAL_SERVER_ERROR)


def same(given: str, expected: str) -> bool:
    """Whether two secrets are equal, in a time that does not tell how far."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())


def serve_in_background(explorer: Explorer, port: int = 0) -> Server:
    """A server that answers in a thread, until it is closed.

    Raises
    ------
    OSError
        The port is taken.
    """
    server = Server(explorer, port)
    server.serve_in_background()
    return server
