"""What the server answers, and whom it refuses."""

import contextlib
import http.client
import itertools
import json
import re
import socket
import struct
import threading
import time

import numpy as np
import pytest

from tests.explore.conftest import WORDS
from w2v_fast.explore import connections, document
from w2v_fast.explore.explorer import COMMANDS, QUESTIONS, Explorer
from w2v_fast.explore.server import Server, serve_in_background


def ask(server, path, method="GET", token=True, **headers):
    """Status, headers and body of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    if token:
        headers.setdefault("Authorization", f"Bearer {server.token}")
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, response.headers, body


def answer(server, path):
    status, _, body = ask(server, path)
    assert status == 200, body
    return json.loads(body)


def raw(server, data):
    """What comes back for these bytes."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=20) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_the_page_comes_with_its_secret_only(server):
    status, headers, body = ask(server, f"/?token={server.token}", token=False)
    assert (status, b"<!doctype html>" in body) == (200, True)
    policy = headers["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Access-Control-Allow-Origin"] is None
    for path in ("/", "/?token=", "/?token=wrong", "/?code=wrong", f"/?token={server.token}x"):
        assert ask(server, path, token=False)[0] == 403


def test_the_heading_spells_out_what_nobody_sees():
    models = [{"name": "a\u202eb\x1b<i>\ud800.bin"}, {"name": "l" * 100}]
    page = document.served({"models": models, "run": False, "corpus": False})
    heading = re.search(r'<h1 id="name">(.*?)</h1>', page)[1]
    long = "l" * document.MAX_SHOWN
    assert heading == f"a⟨U+202E⟩b⟨U+001B⟩&lt;i&gt;?.bin · {long}… (100 characters)"


def test_a_code_leads_to_the_page_once(server):
    path = server.one_time_url().partition(str(server.server_port))[2]
    status, headers, _ = ask(server, path, token=False)
    assert (status, headers["Location"]) == (303, f"/?token={server.token}")
    assert ask(server, path, token=False)[0] == 403


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_no_question_is_answered_without_the_secret(server, name):
    assert ask(server, f"/api/{name}?rows=0", token=False)[0] == 403
    assert ask(server, f"/api/{name}?rows=0", Authorization="Bearer é".encode("latin-1"))[0] == 403


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_commands_are_posted(server, name):
    assert ask(server, f"/api/{name}?rows=0", "POST", token=False)[0] == 403
    if name not in QUESTIONS:
        assert ask(server, f"/api/{name}?rows=0")[0] == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1:1"},
        {"Host": "[::1]:80"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1"},
    ],
)
def test_other_hosts_and_origins_are_refused_even_with_the_secret(server, headers):
    for path in ("/api/words", f"/?token={server.token}", "/app.js"):
        assert ask(server, path, **headers)[0] == 403


def test_a_missing_host_is_refused(server):
    request = f"GET /?token={server.token} HTTP/1.0\r\n\r\n"
    assert b" 403 " in raw(server, request.encode()).split(b"\r\n")[0]


@pytest.mark.parametrize(
    "path",
    [
        "/../server.py",
        "/page/../../server.py",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/app.js/../LICENSES.txt",
        "/sha256.txt",
        "/api/",
        "/api/__class__",
        "/api/../app.js",
        "/app.js%00.css",
    ],
)
def test_no_path_leads_to_a_file(server, path):
    assert ask(server, path)[0] == 404


@pytest.mark.parametrize(
    "path",
    [
        "/api/neighbors",
        "/api/neighbors?rows=",
        "/api/neighbors?rows=-1",
        "/api/neighbors?rows=1,2",
        "/api/neighbors?rows=1&count=0",
        "/api/neighbors?rows=1&count=101",
        "/api/neighbors?rows=1&model=2",
        "/api/neighbors?rows=٣",
        "/api/neighbors?rows=1e3",
        "/api/analogy?rows=1,2",
        "/api/cosines?rows=" + ",".join(["1"] * 13),
        "/api/axis?rows=1,1",
        "/api/search?text=" + "x" * 501,
        "/api/column?column=9",
        "/api/map?method=x",
        "/api/projection",
        "/api/words?" + "&".join(f"a{i}=1" for i in range(40)),
    ],
)
def test_wrong_parameters_are_refused_with_a_reason(server, path):
    status, _, body = ask(server, path.replace("٣", "%D9%A3"))
    assert (status, bool(json.loads(body)["error"])) == (400, True)


def test_what_is_not_there_is_not_found(server):
    for path in ("/api/neighbors?rows=99999", "/api/progress", "/api/nothing"):
        assert ask(server, path)[0] == 404


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET /api/words?" + b"x" * 9000 + b" HTTP/1.1", b"414"),
        (b"GET /" + b"x" * 70000 + b" HTTP/1.1", b"414"),
        (b"PUT /api/words HTTP/1.1", b"405"),
        (b"\x16\x03\x01\x02\x00", b"400"),
        (b"GET", b"400"),
    ],
)
def test_malformed_requests_are_refused(server, request_line, status):
    host = f"\r\nHost: 127.0.0.1:{server.server_port}\r\n\r\n".encode()
    assert status in raw(server, request_line + host)[:400]


def test_a_body_is_refused(server):
    status, _, _ = ask(server, "/api/watch?rows=0", "POST", **{"Content-Length": "5"})
    assert status == 413


def connect(server):
    return socket.create_connection(("127.0.0.1", server.server_port), timeout=20)


@pytest.mark.parametrize("served", [False, True])
@pytest.mark.parametrize("drips", [False, True])
def test_a_connection_that_sends_no_whole_request_is_ended(server, monkeypatch, served, drips):
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.4)
    with connect(server) as waiting:
        if served:
            host = f"127.0.0.1:{server.server_port}"
            waiting.sendall(f"GET /app.js HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            left = None
            while left is None or left > 0:
                data = waiting.recv(1 << 20)
                if left is None:
                    head, _, data = data.partition(b"\r\n\r\n")
                    left = int(re.search(rb"content-length: (\d+)", head)[1])
                left -= len(data)
        started = time.monotonic()
        with contextlib.suppress(ConnectionError):
            if drips:
                waiting.sendall(b"GET /app.js HTTP/1.1\r\n")
                for number in range(100):
                    waiting.sendall(f"X-{number}: 1\r\n".encode())
                    time.sleep(0.05)
            assert waiting.recv(1) == b""
        assert time.monotonic() - started < 3


def test_waiting_connections_do_not_keep_the_page_out(server):
    with contextlib.ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(connect(server))
        assert ask(server, f"/?token={server.token}", token=False)[0] == 200
        assert len(answer(server, "/api/neighbors?rows=0")["rows"]) == 20


def test_requests_beyond_the_limit_are_refused(server, monkeypatch):
    held, free = threading.Event(), threading.Event()

    def hold(*_):
        held.set()
        free.wait(20)
        return {}

    monkeypatch.setitem(QUESTIONS, "clusters", hold)
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 2)
    monkeypatch.setattr(server._server.config, "limit_concurrency", 2)
    first = threading.Thread(target=lambda: ask(server, "/api/clusters"))
    first.start()
    assert held.wait(20)
    status, _, body = ask(server, "/api/neighbors?rows=0")
    free.set()
    first.join()
    assert (status, body) == (503, b"Service Unavailable")


def test_hostile_words_travel_as_text(server):
    _, _, packed = ask(server, "/api/words")
    (count,) = struct.unpack_from("<I", packed)
    offsets = np.frombuffer(packed, "<u4", count + 1, 4)
    data = packed[4 * (count + 2) :]
    words = [data[a:b].decode("utf-8", "surrogatepass") for a, b in itertools.pairwise(offsets)]
    assert words == WORDS


def test_every_part_of_the_page_is_answered(server):
    page = ask(server, f"/?token={server.token}", token=False)[2].decode()
    info = json.loads(re.search(r'id="data">(.*?)</script>', page)[1])
    assert [model["name"] for model in info["models"]] == ["toy", "other"]
    assert (info["columns"], info["corpus"], info["run"]) == (["topic", "length"], True, False)
    assert answer(server, "/api/search?text=go&count=3")["rows"] == [5, 8]
    assert len(ask(server, "/api/map")[2]) == 8 * len(WORDS)
    assert np.frombuffer(ask(server, "/api/counts")[2]).tolist()[0] == 10 * len(WORDS)
    assert len(answer(server, "/api/neighbors?rows=0&count=4")["rows"]) == 4
    assert len(answer(server, "/api/neighbors?rows=0&count=4&model=1")["rows"]) == 4
    assert len(answer(server, "/api/analogy?rows=0,1,6")["rows"]) == 20
    assert np.diag(answer(server, "/api/cosines?rows=0,1,6")["cosines"]) == pytest.approx(1)
    assert len(ask(server, "/api/axis?rows=0,6")[2]) == 4 * len(WORDS)
    assert answer(server, "/api/column?column=0")["categories"] == ["animal", "city", "metal"]
    assert len(ask(server, "/api/column?column=1&part=values")[2]) == 4 * len(WORDS)
    assert answer(server, "/api/moved?count=3")["common"] == len(WORDS) - 1
    assert answer(server, "/api/counterpart?rows=0") == {"row": None, "cosine": None}
    assert answer(server, "/api/counterpart?rows=1")["row"] == 0
    assert len(answer(server, "/api/contexts?rows=0")["lines"]) == 2
    assert answer(server, "/api/projection?method=tsne")["state"] in ("idle", "done")


def test_many_requests_at_once_are_answered(server):
    statuses = []
    threads = [
        threading.Thread(
            target=lambda i=i: statuses.append(ask(server, f"/api/neighbors?rows={i % 18}")[0])
        )
        for i in range(100)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 100


def test_a_server_ends_at_once_even_before_it_begins(model):
    with Server(Explorer(model)) as ending:
        ending._server.end()
        ending.serve_forever()


def test_a_server_ends_from_another_thread_and_twice(model):
    with serve_in_background(Explorer(model)) as ending:
        assert ask(ending, f"/?token={ending.token}")[0] == 200
        ending.shutdown()
