"""A Hugging Face Hub on this machine: the few requests that uploading and loading a folder take."""

import base64
import contextlib
import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec

import pytest

USER = "someone"


class Hub(ThreadingHTTPServer):
    """Repositories by name; each is a list of commits, each a dict of files."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Requests)
        self.repositories = {}
        self.private = {}
        self.address = f"http://127.0.0.1:{self.server_address[1]}"

    def revision(self, name, revision):
        """The number of a commit and its files; None if there is none."""
        commits = self.repositories.get(name, [])
        numbers = {sha(number): number for number in range(len(commits))}
        numbers |= {"main": len(commits) - 1}
        number = numbers.get(revision)
        return (number, commits[number]) if number is not None and commits else None


def sha(number):
    return f"{number:040x}"


class Requests(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, body=None, **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": len(data), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        repositories = self.server.repositories
        if self.headers.get("Authorization") != "Bearer secret":
            self.answer(401, {"error": "Invalid user token."})
        elif self.path == "/api/repos/create":
            wanted = json.loads(body)
            name = f"{wanted.get('organization') or USER}/{wanted['name']}"
            status = 409 if name in repositories else 200
            repositories.setdefault(name, [{}])
            private = wanted.get("visibility") == "private" or wanted.get("private", False)
            self.server.private.setdefault(name, private)
            self.answer(status, {"url": f"{self.server.address}/{name}"})
        elif self.path == "/api/validate-yaml":
            self.answer(200, {"errors": [], "warnings": []})
        elif match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/preupload/main", self.path):
            files = json.loads(body)["files"]
            modes = {"uploadMode": "regular", "shouldIgnore": False}
            self.answer(200, {"files": [{"path": file["path"], **modes} for file in files]})
        elif match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/commit/main", self.path):
            entries = map(json.loads, body.splitlines())
            files = [entry["value"] for entry in entries if entry["key"] == "file"]
            commits = repositories[match[1]]
            new = {file["path"]: base64.b64decode(file["content"]) for file in files}
            commits.append({**commits[-1], **new})
            oid = sha(len(commits) - 1)
            url = f"{self.server.address}/{match[1]}/commit/{oid}"
            self.answer(200, {"commitUrl": url, "commitOid": oid})
        else:
            self.answer(404, {"error": f"no POST {self.path}"})

    def do_GET(self):
        path = self.path.partition("?")[0]
        if match := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/(\w+))?", path):
            if found := self.server.revision(match[1], match[2] or "main"):
                siblings = [{"rfilename": name} for name in found[1]]
                self.answer(200, {"id": match[1], "sha": sha(found[0]), "siblings": siblings})
            else:
                self.missing(match[1])
        elif match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/tree/(\w+)", path):
            found = self.server.revision(match[1], match[2])
            files = [
                {
                    "type": "file",
                    "path": name,
                    "size": len(data),
                    "oid": hashlib.sha1(data).hexdigest(),
                }
                for name, data in found[1].items()
            ]
            self.answer(200, files)
        elif match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/(\w+)/(.+)", path):
            found = self.server.revision(match[1], match[2])
            if found is None or match[3] not in found[1]:
                self.missing(match[1])
            else:
                data = found[1][match[3]]
                tag = f'"{hashlib.sha1(data).hexdigest()}"'
                self.answer(200, data, ETag=tag, X_Repo_Commit=sha(found[0]))
        else:
            self.answer(404, {"error": f"no GET {path}"})

    do_HEAD = do_GET

    def missing(self, name):
        known = name in self.server.repositories
        kind = "RepoNotFound" if not known else "EntryNotFound"
        if "/api/" in self.path and known:
            kind = "RevisionNotFound"
        self.answer(404, {"error": kind}, X_Error_Code=kind)


@contextlib.contextmanager
def local_hub(monkeypatch, folder):
    """Let huggingface_hub talk to a server here, as a user who is logged in."""
    if find_spec("huggingface_hub") is None:
        pytest.skip("huggingface_hub is not installed")
    from huggingface_hub import constants

    server = Hub()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, server.address)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "ENDPOINT", server.address)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", True)
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
