"""Failures, with Ray nodes of this machine: `python -m tests.cluster.failures CORPUS NAME...`.

    none      nothing fails, to compare with
    actor     kill -9 of an actor
    raylet    kill -9 of all processes of a node
    hang      SIGSTOP of an actor
    driver    kill -9 of the command, and the same command again
    join      a second node comes to a run on one
    disk      the temporary folder of a node is full, that of the checkpoints, that of the output
    shard     a file is missing on a node, changes after it was counted, or before a resume
    version   a node has another version of the package, or none
    memory    a node may take too little memory
    http      nothing fails, with files of a web server, one of them packed (needs aiohttp)
    store     nothing fails, with three nodes, Ray's object store and busy CPUs

Each prints what the command said, and of a loss how long it took until training went on; what it
trained stays in `--folder`, for `w2v-fast evaluate`. `disk`, `shard` and `memory` need root: they
mount folders and make a control group.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import gzip
import http.server
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import w2v_fast
from tests.cluster.ray_nodes import Command, RayCluster
from w2v_fast.cluster.driver import ClusterRun
from w2v_fast.config import TrainConfig
from w2v_fast.training.checkpoint import CheckpointFolder

GROUP_BYTES = 1_500_000_000
HIDING = 'mount -t tmpfs tmpfs {} && exec "$@"'


class Rehearsal:
    """A corpus, a folder for what is trained, and options of the command."""

    def __init__(self, corpus: str, folder: Path, more: list[str]) -> None:
        self.corpus, self.folder, self.more = corpus, folder, more

    def start(
        self, cluster: RayCluster, name: str, nodes: str, *more: str, unkept: bool = False
    ) -> Command:
        """Begin a run that writes NAME.bin, with its checkpoints in NAME unless it is `unkept`."""
        kept = ("--checkpoint", str(self.folder / name), "--checkpoint-minutes", "0.05", "--resume")
        return Command(
            cluster,
            *(self.corpus, "-o", str(self.folder / f"{name}.bin"), "--nodes", nodes),
            *("--workers", "1", *self.more, *(() if unkept else kept), *more),
        )

    def trained(self, name: str) -> int:
        """The tokens that the newest checkpoint of a run counts."""
        found = CheckpointFolder(self.folder / name).newest()
        assert found is not None
        return int(found.header["position"]["tokens"])

    def clear(self, name: str) -> None:
        """Remove what an earlier rehearsal of this name has left."""
        shutil.rmtree(self.folder / name, ignore_errors=True)
        (self.folder / f"{name}.bin").unlink(missing_ok=True)

    def tell_end(self, name: str, run: Command, total: int) -> None:
        """Wait for the end of a run, and print what came of it."""
        code = run.finish()
        for line in run.lines:
            print(f"    {line}")
        drafts = [path.name for path in self.folder.iterdir() if path.name.startswith(".")]
        print(
            f"  exit code {code}; trained {self.trained(name):,} of {total:,} words; "
            f"{len(w2v_fast.load(self.folder / f'{name}.bin')):,} vectors, drafts left: {drafts}"
        )

    # -- losses ----------------------------------------------------------------------------------

    def none(self, cluster: RayCluster) -> None:
        """Nothing fails."""
        self._lose(cluster, "none", lambda: None)

    def actor(self, cluster: RayCluster) -> None:
        """kill -9 of an actor."""
        self._lose(cluster, "actor", lambda: os.kill(cluster.nodes[2].actors[0], signal.SIGKILL))

    def raylet(self, cluster: RayCluster) -> None:
        """kill -9 of a node."""
        self._lose(cluster, "raylet", cluster.nodes[2].kill)

    def hang(self, cluster: RayCluster) -> None:
        """SIGSTOP of an actor."""
        self._lose(cluster, "hang", lambda: os.kill(cluster.nodes[2].actors[0], signal.SIGSTOP))

    def _lose(self, cluster: RayCluster, name: str, act: Callable[[], object]) -> None:
        start = time.monotonic()
        run = self.start(cluster, name, "1:2")
        total = run.wait_for(0.3)["total_words"]
        before = run.records[-1]
        lost = time.monotonic()
        act()
        if name != "none":
            for step in run.steps():
                if step["at"] > lost and step["words"] < before["words"]:
                    print(
                        f"  {before['words']:,} words were trained; trains again after "
                        f"{step['at'] - lost:.1f} s, {step['words']:,} words"
                    )
                    break
                before = max(before, step, key=lambda step: step["words"])
        self.tell_end(name, run, total)
        print(f"  {time.monotonic() - start:.1f} s in all")

    def driver(self, cluster: RayCluster) -> None:
        """kill -9 of the command, and the same command again."""
        run = self.start(cluster, "driver", "2")
        step = run.wait_for(0.4)
        run.kill()
        killed = time.monotonic()
        print(f"  killed at {step['words']:,} words, in the checkpoint {self.trained('driver'):,}")
        while any(node.actors for node in cluster.nodes):
            time.sleep(0.1)
        print(f"  no actor is left after {time.monotonic() - killed:.1f} s")
        print(f"  folders left: {[node.left for node in cluster.nodes]}")
        again = self.start(cluster, "driver", "2")
        first = next(again.steps())
        print(f"  folders in use: {[node.left for node in cluster.nodes]}")
        print(
            f"  {first['total_words']:,} words are left; trains after {first['at'] - killed:.1f} s"
        )
        self.tell_end("driver", again, step["total_words"])
        print(f"  folders left: {[node.left for node in cluster.nodes]}")

    def join(self, cluster: RayCluster) -> None:
        """A second node comes; the run must take a minute, with large rounds on a fast machine."""
        run = self.start(cluster, "join", "1:2")
        total = run.wait_for(0.2)["total_words"]
        come = time.monotonic()
        cluster.add()
        print(f"  Ray started on the second node in {time.monotonic() - come:.1f} s")
        self.tell_end("join", run, total)
        self._tell_pace(run, come)

    def _tell_pace(self, run: Command, come: float) -> None:
        """Words a second before a moment, and in the second half of the time after it."""
        steps = [record for record in run.records if "words_per_second" in record]
        half = (come + steps[-1]["at"]) / 2
        for name, part in (
            ("before", [step for step in steps if step["at"] < come]),
            ("at the end", [step for step in steps if step["at"] > half]),
        ):
            words, seconds = (part[-1][key] - part[0][key] for key in ("words", "at"))
            print(f"  {name}: {words / seconds:,.0f} words/s")
        pause = max(later["at"] - step["at"] for step, later in itertools.pairwise(steps))
        print(f"  the longest time without a record: {pause:.1f} s")

    # -- runs that are only unusual ----------------------------------------------------------------

    def http(self, cluster: RayCluster) -> None:
        """Files of a web server."""
        folder = cluster.folder / "web"
        folder.mkdir()
        text = Path(self.corpus).read_bytes()
        middle = text.index(b"\n", len(text) // 2) + 1
        (folder / "1.txt").write_bytes(text[:middle])
        (folder / "2.txt.gz").write_bytes(gzip.compress(text[middle:]))
        handler = functools.partial(QuietHandler, directory=str(folder))
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self.corpus = f"http://127.0.0.1:{server.server_port}/*.txt*"
            run = self.start(cluster, "http", "2")
            self.tell_end("http", run, run.wait_for(0.0)["total_words"])
            server.shutdown()

    def store(self, cluster: RayCluster) -> None:
        """Three nodes, the object store, and a busy machine."""
        cluster.add()
        load = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
        try:
            for _ in range(3):
                moments = [time.monotonic()]
                run = ClusterRun(
                    self.corpus,
                    TrainConfig(workers=1, epochs=5),
                    nodes=(3, 3),
                    address=cluster.address,
                    plane="store",
                )
                run.train(lambda progress, moments=moments: moments.append(time.monotonic()))
                pause = max(later - one for one, later in itertools.pairwise(moments[1:]))
                print(
                    f"  trained {run.share_done:.0%} in {moments[-1] - moments[0]:.1f} s, the "
                    f"longest time without a record is {pause:.1f} s"
                )
        finally:
            for process in load:
                process.kill()

    # -- errors that another try cannot mend -------------------------------------------------------

    def tell_error(self, what: str, run: Command) -> None:
        """Wait for the end of a run that cannot go on, and print what it says."""
        code = run.finish()
        print(f"  {what}: exit code {code}")
        for line in run.lines:
            print(f"    {line}")

    def disk(self, cluster: RayCluster) -> None:
        """Full disks: of a node, of the checkpoints, of the output."""
        size = os.path.getsize(self.corpus) // 4
        with small_disk(cluster.next_folder, size):
            node = cluster.add()
            self.tell_error("temporary folder of a node", self.start(cluster, "disk", "3"))
            print(f"  left there: {node.left}")
            node.kill()
        with small_disk(self.folder / "disk", size):
            self.tell_error("checkpoints", self.start(cluster, "disk", "2"))
        with small_disk(cluster.folder / "driver", size):
            run = self.start(cluster, "disk", "2", unkept=True)
            self.tell_error("temporary folder of the driver", run)
        with small_disk(self.folder / "full", 1 << 16):
            output = str(self.folder / "full" / "vectors.bin")
            self.tell_error("output", self.start(cluster, "disk", "2", "-o", output))
        self._fill_during_the_run(cluster)

    def _fill_during_the_run(self, cluster: RayCluster) -> None:
        self.clear("disk")
        with small_disk(self.folder / "disk", 1 << 28):
            run = self.start(cluster, "disk", "2")
            total = run.wait_for(0.2)["total_words"]
            with contextlib.suppress(OSError), (self.folder / "disk" / "filler").open("wb") as file:
                while True:  # until the disk, on which the run writes too, is full
                    file.write(bytes(1 << 20))
            self.tell_end("disk", run, total)

    def shard(self, cluster: RayCluster) -> None:
        """Files that are missing on a node, or change."""
        folder = cluster.folder / "corpus"
        folder.mkdir()
        shutil.copy(self.corpus, folder / "text.txt")
        self.corpus = str(folder / "*.txt")
        run = self.start(cluster, "shard", "1:2")
        run.wait_for(0.2)
        text = (folder / "text.txt").read_bytes()
        (folder / "text.txt").write_bytes(text.replace(b"e", b"a"))
        cluster.nodes[2].kill()
        self.tell_error("changed after it was counted, when a node was lost", run)
        self.tell_error("changed before a resume", self.start(cluster, "shard", "1"))
        self.clear("shard")
        cluster.add(before=["unshare", "--mount", "sh", "-c", HIDING.format(folder), "sh"])
        self.tell_error("missing on a node", self.start(cluster, "shard", "2"))

    def version(self, cluster: RayCluster) -> None:
        """Nodes with other packages."""
        package = Path(w2v_fast.__file__).parent
        other = cluster.folder / "other"
        shutil.copytree(package, other / "w2v_fast")
        (other / "w2v_fast" / "system" / "version.py").write_text('__version__ = "9.9"\n')
        none = cluster.folder / "none" / "w2v_fast"
        none.mkdir(parents=True)
        (none / "__init__.py").write_text('raise ModuleNotFoundError("No module named w2v_fast")\n')
        for what, folder in (("another version", other), ("no package", none.parent)):
            node = cluster.add({"PYTHONPATH": str(folder)})
            self.tell_error(what, self.start(cluster, "version", "3"))
            node.kill()

    def memory(self, cluster: RayCluster) -> None:
        """A node in a control group that has no room for the weights twice."""
        words = len(w2v_fast.Corpus.from_source(self.corpus, min_count=1).vocabulary)
        size = str(GROUP_BYTES // (8 * words))
        with control_group(GROUP_BYTES) as group:
            cluster.add(before=["sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh"])
            run = self.start(
                *(cluster, "memory", "3", "--vector-size", size, "--min-count", "1"), unkept=True
            )
            self.tell_error("a node", run)
            cluster.nodes.pop().kill()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Files and listings, without a log."""

    def log_message(self, *arguments: object) -> None:
        """Keep silent."""


@contextlib.contextmanager
def small_disk(folder: Path, size: int) -> Iterator[None]:
    """A folder on a disk of some bytes."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextlib.contextmanager
def control_group(size: int) -> Iterator[Path]:
    """The folder of a control group, of version 1 or 2, whose processes may take some memory."""
    root = Path("/sys/fs/cgroup")
    is_first = (root / "memory").exists()
    group = (root / "memory" if is_first else root) / "w2v_fast-rehearsal"
    group.mkdir()
    (group / ("memory.limit_in_bytes" if is_first else "memory.max")).write_text(str(size))
    try:
        yield group
    finally:
        time.sleep(1)  # until its processes have ended
        group.rmdir()


def main() -> None:
    """Run the rehearsals that are named."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus")
    parser.add_argument("names", nargs="+")
    parser.add_argument("--folder", type=Path, required=True, help="for what is trained")
    arguments, more = parser.parse_known_args()
    arguments.folder.mkdir(exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # ends Ray's nodes, too
    for name in arguments.names:
        rehearsal = Rehearsal(os.path.abspath(arguments.corpus), arguments.folder.resolve(), more)
        rehearsal.clear(name)
        print(name, flush=True)
        with (
            tempfile.TemporaryDirectory(prefix="w2v", dir="/tmp") as folder,
            RayCluster(Path(folder), 1 if name == "join" else 2) as cluster,
        ):
            getattr(rehearsal, name)(cluster)


if __name__ == "__main__":
    sys.exit(main())
