"""The page's server: this machine only, a secret in the address, four fixed files.

A request is answered only if it names this server as its host, comes from no other origin, and has
the secret.
No part of a request is ever a path of a file.
"""

from __future__ import annotations

import hmac
import json
import logging
import secrets
import threading
import urllib.parse
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from typing import Any

from w2v_fast.explore.explorer import COMMANDS, QUESTIONS, Explorer, Parameters
from w2v_fast.explore.export import EMPTY

logger = logging.getLogger(__name__)

ADDRESS = "127.0.0.1"
MAX_TARGET = 8192
"""Characters of a request's address."""
MAX_CONNECTIONS = 256
IDLE_SECONDS = 60
TOKEN_BYTES = 24
FILES = {
    "/": ("page.html", "text/html"),
    "/app.js": ("app.js", "text/javascript"),
    "/plot.js": ("plot.js", "text/javascript"),
    "/app.css": ("app.css", "text/css"),
}
CONTENT_SECURITY = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'; "
    f"style-src 'self' {EMPTY}; img-src 'self' "
    "blob: data:; connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""No inline scripts. regl composes its drawing functions from text, which `unsafe-eval` allows."""
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY,
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Server(ThreadingHTTPServer):
    """Serves one explorer on a port of 127.0.0.1.

    Parameters
    ----------
    explorer
        What answers.
    port
        0: any that is free.

    Attributes
    ----------
    url : str
        The address of the page, with the secret.
    """

    daemon_threads = True
    request_queue_size = MAX_CONNECTIONS

    def __init__(self, explorer: Explorer, port: int = 0) -> None:
        self.explorer = explorer
        self.token = secrets.token_urlsafe(TOKEN_BYTES)
        self._codes: set[str] = set()
        self._connections = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self.files = {
            path: ((resources.files("w2v_fast.explore") / "page" / name).read_bytes(), kind)
            for path, (name, kind) in FILES.items()
        }
        super().__init__((ADDRESS, port), Handler)
        self.hosts = {f"{name}:{self.server_port}" for name in (ADDRESS, "localhost")}

    @property
    def url(self) -> str:
        """The address of the page, with its secret."""
        return f"http://{ADDRESS}:{self.server_port}/?token={self.token}"

    def one_time_url(self) -> str:
        """An address that leads to the page once: for command lines, which other users can see."""
        code = secrets.token_urlsafe(TOKEN_BYTES)
        self._codes.add(code)
        return f"http://{ADDRESS}:{self.server_port}/?code={code}"

    def take_code(self, code: str) -> bool:
        """Whether a code of `one_time_url` is valid; it is not any more."""
        known = next((known for known in self._codes if same(code, known)), "")
        self._codes.discard(known)
        return bool(known)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread, unless there are too many."""
        if self._connections.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and let another connection come."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that breaks off is no event."""
        logger.debug("a connection ended early", exc_info=True)

    def server_close(self) -> None:
        """Close the server and what answers its questions."""
        super().server_close()
        self.explorer.close()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "w2v-fast"
    sys_version = ""
    timeout = IDLE_SECONDS
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """A file of the page, or a question."""
        self._answer(QUESTIONS)

    def do_POST(self) -> None:
        """A command; all of it stands in the address."""
        if self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "a request has no body here")
        else:
            self._answer(COMMANDS)

    def _answer(self, known: Any) -> None:
        if len(self.path) > MAX_TARGET:
            return self._refuse(HTTPStatus.REQUEST_URI_TOO_LONG, "the address is too long")
        if self.headers.get("Host") not in self.server.hosts:
            return self._refuse(HTTPStatus.FORBIDDEN, "this host is not served here")
        origin = self.headers.get("Origin")
        if origin is not None and origin.removeprefix("http://") not in self.server.hosts:
            return self._refuse(HTTPStatus.FORBIDDEN, "other origins are not answered")
        path, _, query = self.path.partition("?")
        try:
            values = dict(urllib.parse.parse_qsl(query, max_num_fields=20))
        except ValueError:
            return self._refuse(HTTPStatus.BAD_REQUEST, "too many parameters")
        if path in self.server.files and known is QUESTIONS:
            return self._send_file(path, values)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if not same(token, self.server.token):
            return self._refuse(HTTPStatus.FORBIDDEN, "the secret of the address is missing")
        name = path.removeprefix("/api/")
        if not path.startswith("/api/") or name not in known:
            return self._refuse(HTTPStatus.NOT_FOUND, "there is nothing here")
        return self._send_answer(known[name], values)

    def _send_file(self, path: str, values: dict[str, str]) -> None:
        if path == "/" and self.server.take_code(values.get("code", "")):
            self.send_response(HTTPStatus.SEE_OTHER)
            self.send_header("Location", f"/?token={self.server.token}")
            self.send_header("Content-Length", "0")
            self._end()
        elif path == "/" and not same(values.get("token", ""), self.server.token):
            self._refuse(HTTPStatus.FORBIDDEN, "the secret of the address is missing")
        else:
            data, kind = self.server.files[path]
            self._send(HTTPStatus.OK, data, f"{kind}; charset=utf-8")

    def _send_answer(self, ask: Any, values: dict[str, str]) -> None:
        try:
            answer = ask(self.server.explorer, Parameters(values))
        except KeyError as error:
            return self._refuse(HTTPStatus.NOT_FOUND, str(error.args[0]))
        except ValueError as error:
            return self._refuse(HTTPStatus.BAD_REQUEST, str(error))
        except ImportError as error:
            return self._refuse(HTTPStatus.NOT_IMPLEMENTED, str(error))
        except Exception:
            logger.exception("a question of the page failed")
            return self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, "the answer failed")
        if isinstance(answer, bytes):
            return self._send(HTTPStatus.OK, answer, "application/octet-stream")
        return self._send(HTTPStatus.OK, _json(answer), "application/json")

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        self._send(status, _json({"error": message}), "application/json")

    def _send(self, status: HTTPStatus, data: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self._end()
        self.wfile.write(data)

    def _end(self) -> None:
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Requests are not logged: their addresses have the secret."""


def same(given: str, expected: str) -> bool:
    """Whether two secrets are equal, in a time that does not tell how far."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())


def _json(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer, allow_nan=False, separators=(",", ":")).encode()


def serve_in_background(explorer: Explorer, port: int = 0) -> Server:
    """A server that answers in a thread, until it is closed.

    Raises
    ------
    OSError
        The port is taken.
    """
    server = Server(explorer, port)
    threading.Thread(target=server.serve_forever, daemon=True, name="w2v-fast-server").start()
    return server
