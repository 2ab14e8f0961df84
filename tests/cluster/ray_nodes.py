"""Ray nodes of this machine as processes that can be killed, and the command that trains on them.

Each node has an address of its own (127.0.0.2 and on), its own environment and `TMPDIR`; the head
has no CPUs, so it trains nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

RAY = Path(sys.executable).with_name("ray")
STORE_BYTES = 200_000_000
START_SECONDS = 60


class RayNode:
    """A `ray start` and all of its processes, one session of the system."""

    def __init__(
        self, folder: Path, number: int, port: int, env: dict[str, str], before: Sequence[str]
    ) -> None:
        self.address, self.folder = f"127.0.0.{number + 1}", folder / f"node{number}"
        self.folder.mkdir(exist_ok=True)
        place = (
            ["--head", f"--port={port}", "--include-dashboard=false", "--num-cpus=0"]
            if number == 0
            else [f"--address=127.0.0.1:{port}", "--num-cpus=1"]
        )
        place += [f"--temp-dir={folder}/ray"] if number == 0 else []
        self.log = self.folder / "ray.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [
                    *(*before, sys.executable, str(RAY), "start", "--block", *place),
                    *(f"--node-ip-address={self.address}", "--disable-usage-stats"),
                    f"--object-store-memory={STORE_BYTES}",
                ],
                env={**os.environ, "TMPDIR": str(self.folder), **env},
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while "Ray runtime started" not in self.log.read_text():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Ray does not start:\n{self.log.read_text()}")
            time.sleep(0.1)

    @property
    def actors(self) -> list[int]:
        """The processes of w2v_fast's actors on this node."""
        return [
            pid
            for pid in map(int, filter(str.isdigit, os.listdir("/proc")))
            if _session(pid) == self.process.pid and _command(pid).startswith("ray::Node")
        ]

    @property
    def left(self) -> list[str]:
        """What runs have left among the temporary files of this node."""
        return sorted(path.name for path in self.folder.glob("w2v_fast-*"))

    def kill(self) -> None:
        """End all of its processes at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def _session(pid: int) -> int:
    with contextlib.suppress(OSError):
        return os.getsid(pid)
    return -1


def _command(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


class RayCluster:
    """A head and some nodes, ended together."""

    def __init__(self, folder: Path, nodes: int) -> None:
        os.environ.update(
            RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32), GLOO_SOCKET_IFNAME="lo"
        )
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.address = f"127.0.0.1:{self._port}"
        self.nodes: list[RayNode] = []
        try:
            for _ in range(nodes + 1):
                self.add()
        except BaseException:
            self.close()
            raise

    @property
    def next_folder(self) -> Path:
        """The folder of the node that is added next."""
        return self.folder / f"node{len(self.nodes)}"

    def add(self, env: dict[str, str] | None = None, before: Sequence[str] = ()) -> RayNode:
        """Start one more node; `before` are words that stand before its command."""
        self.nodes.append(RayNode(self.folder, len(self.nodes), self._port, env or {}, before))
        return self.nodes[-1]

    def close(self) -> None:
        """End all nodes."""
        for node in reversed(self.nodes):
            node.kill()

    def __enter__(self) -> RayCluster:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class Command:
    """`w2v-fast train` on a cluster, with its records of progress and other lines as they come."""

    def __init__(self, cluster: RayCluster, *arguments: str, **env: str) -> None:
        self.folder = cluster.folder / "driver"
        self.folder.mkdir(exist_ok=True)
        self.lines: list[str] = []
        self.records: list[dict[str, Any]] = []
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "w2v_fast", "train", *arguments),
                *("--engine", "ray", "--address", cluster.address, "--progress", "json"),
            ],
            env={**os.environ, "TMPDIR": str(self.folder), **env},
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if line.startswith("{"):
                self.records.append({"at": time.monotonic(), **json.loads(line)})
            else:
                self.lines.append(line.rstrip())

    def steps(self) -> Iterator[dict[str, Any]]:
        """The records of trained words, as they come; RuntimeError if the command ends with one."""
        seen = 0
        while self._process.poll() is None or seen < len(self.records):
            for record in self.records[seen:]:
                seen += 1
                if "words_per_second" in record:
                    yield record
            time.sleep(0.02)

    def wait_for(self, share: float) -> dict[str, Any]:
        """The first record after a share of the run."""
        for step in self.steps():
            if step["words"] >= share * step["total_words"]:
                return step
        raise RuntimeError("\n".join(self.lines))

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()
        self.finish()

    def finish(self, seconds: float = 170) -> int:
        """Wait for its end; returns the exit code."""
        code = self._process.wait(seconds)
        self._reader.join()
        return code
