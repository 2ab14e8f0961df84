"""Train, checkpoint, kill, resume, load and query with random faults: all must come out right.

    python -m tests.soak [MINUTES [SEED]]        default: 20 minutes, another seed each time

Each run trains one random model by the command line, again and again until it is done. On the way
it is killed (SIGKILL), stopped (SIGINT, SIGTERM, SIGHUP), given a full disk (a limit of the size of
files) or a log that is full, closed or read by nobody, and its newest checkpoint is cut or changed.
Pipes lie where an unfinished file might. Then savers are killed while this process loads what they
write, and files that are no judgments are evaluated. Checked after every fault and at the end:

    no token lost     the tokens and the kept tokens are those of a run without faults; with one
                      worker all bits are
    no corrupt file   the output and the newest checkpoint are absent or whole, and no unfinished
                      file is left
    no mixture        words and vectors that are loaded were saved together
    bounded time      evaluation of any file ends, with exit code 0 or 1
    flat memory       this process, which trains, loads and queries in turn, does not grow
"""

from __future__ import annotations

import gc
import mmap
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from w2v_fast import KeyedVectors, Word2Vec
from w2v_fast.training.checkpoint import CheckpointFolder

LONG_LINE = 20_000_000
TEXT_WORDS = 250_000
START_SECONDS = 0.5
MAX_ATTEMPTS = 12
SMALL_FILES = 100_000  # bytes: less than a checkpoint or an output takes
MEMORY_GROWTH = 64 << 20
FAULTS = (
    "none",
    "kill",
    "kill",
    "kill",
    "interrupt",
    "terminate",
    "hang up",
    "full disk",
    "full log",
    "closed log",
    "lost log",
)
SIGNALS = {
    "kill": signal.SIGKILL,
    "interrupt": signal.SIGINT,
    "terminate": signal.SIGTERM,
    "hang up": signal.SIGHUP,
    "lost log": signal.SIGINT,
}
EXIT_CODES = {
    "kill": {0, -signal.SIGKILL},
    "interrupt": {0, 130, -signal.SIGINT},
    "terminate": {0, 143, -signal.SIGTERM},
    "hang up": {0, 129, -signal.SIGHUP},
    "lost log": {0, 1, 130, -signal.SIGINT},
    "full disk": {1},
}
"""Of a run with a fault: negative, or 1 without a log, if Python is starting or ending."""
SAVED = ("model", "v.npy", "v.bin")
LEFTOVERS = (".old", ".part")
SAVED_WORDS = 300
SAVES = 6
EVALUATION_SECONDS = 20
SAVER = """
import sys, numpy as np
from w2v_fast import KeyedVectors
for version in range(int(sys.argv[2]), sys.maxsize):
    KeyedVectors([f"{version}_{word}" for word in range(int(sys.argv[3]))],
                 np.full((int(sys.argv[3]), 8), version, np.float32)).save(sys.argv[1])
"""


class Soak:
    """Runs with faults, and what came of them."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.random = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.longest_delay = START_SECONDS

    def run(self) -> None:
        """One model: without faults in this process, then with faults by the command line."""
        for path in sorted(self.folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        options = self._options()
        text = self.folder / "text"
        self._write_text(text)
        os.mkfifo(self.folder / f".v.bin.{self.random.randbytes(8).hex()}.part")
        started = time.monotonic()
        expected = Word2Vec(text, **options).train()
        self.longest_delay = time.monotonic() - started + START_SECONDS
        for attempt in range(MAX_ATTEMPTS):
            last = attempt == MAX_ATTEMPTS - 1
            fault = "none" if last else self.random.choice(FAULTS)
            if self._attempt(text, options, fault):
                break
            if self.random.random() < 0.5:
                self._damage_newest()
        self._check(expected, options)
        self._read_while_savers_die()
        self._evaluate_anything()
        self.counts["runs"] += 1
        self.counts["tokens"] += expected.trainer.tokens

    def _options(self) -> dict[str, Any]:
        choose = self.random.choice
        return {
            "vector_size": choose([16, 50, 100]),
            "window": choose([2, 5]),
            "min_count": choose([1, 5]),
            "epochs": choose([6, 12]),
            "negative": choose([2, 5]),
            "sample": choose([0.0, 1e-3]),
            "architecture": choose(["skipgram", "cbow"]),
            "objective": choose(["ns", "nce", "hs"]),
            "workers": choose([1, 1, 2, 3]),
            "seed": self.random.randrange(1000),
        }

    def _write_text(self, path: Path) -> None:
        """Words by Zipf's law, lines of random length, with or without the last newline."""
        rng = np.random.default_rng(self.random.randrange(2**32))
        words = [f"w{word}" for word in np.minimum(rng.zipf(1.2, TEXT_WORDS), 20_000)]
        length = self.random.choice([1, 20, 200_000])
        lines = [" ".join(words[start : start + length]) for start in range(0, len(words), length)]
        path.write_text("\n".join(lines) + "\n" * self.random.randrange(2))

    def _attempt(self, text: Path, options: dict[str, Any], fault: str) -> bool:
        """Train by the command line with a fault on the way; returns whether the run is done."""
        flags = [
            part
            for name, value in options.items()
            for part in (f"--{name.replace('_', '-')}", str(value))
        ]
        command = [
            sys.executable,
            "-m",
            "w2v_fast",
            "train",
            text,
            "-o",
            self.folder / "v.bin",
            "--quiet",
            "--checkpoint",
            self.folder / "run",
            "--checkpoint-minutes",
            "0.002",
            "--resume",
            "auto",
            *flags,
        ]
        process = subprocess.Popen(
            command, stderr=subprocess.PIPE, preexec_fn=PREPARATIONS.get(fault)
        )
        assert process.stderr is not None
        if fault == "lost log":
            process.stderr.close()
            process.stderr = None
        if fault in SIGNALS:
            time.sleep(self.random.uniform(0, self.longest_delay))
            process.send_signal(SIGNALS[fault])
        error = (process.communicate()[1] or b"").decode()
        code = process.returncode
        self.counts[fault] += 1
        starting = (
            fault in SIGNALS and code == 1 and "<frozen site>" in error
        )  # Python was not up yet
        assert starting or code in EXIT_CODES.get(fault, {0}), (
            f"exit code {code} after {fault}: {error}"
        )
        assert fault != "full disk" or "File too large" in error, error
        self._check_files()
        return code == 0

    def _check_files(self) -> None:
        """The output is absent or whole, and so is the newest checkpoint that nobody damaged."""
        output = self.folder / "v.bin"
        if output.exists():
            vectors = KeyedVectors.load(output)
            vectors.most_similar(self.random.choice(vectors.index_to_key), topn=3)
            self.counts["loads"] += 1
        if (self.folder / "run").exists():
            with CheckpointFolder(self.folder / "run") as folder, warnings.catch_warnings():
                warnings.simplefilter("ignore")
                folder.newest()
                self.counts["checkpoints read"] += 1

    def _read_while_savers_die(self) -> None:
        """Words and vectors loaded are of one save, and the next save tidies up."""
        path = self.folder / "saved" / self.random.choice(SAVED)
        path.parent.mkdir()
        there = False
        for save in range(SAVES):
            with subprocess.Popen(
                [sys.executable, "-c", SAVER, path, str(1000 * save), str(SAVED_WORDS)]
            ) as saver:
                until = time.monotonic() + self.random.uniform(2 * START_SECONDS, 5 * START_SECONDS)
                try:
                    while time.monotonic() < until:
                        there = self._load_saved(path, there)
                finally:
                    saver.kill()
            self.counts["savers killed"] += 1
            there = self._load_saved(path, there)
        KeyedVectors(["0_0"], np.zeros((1, 8), np.float32)).save(path)
        self._load_saved(path, True)
        left = [
            file.name
            for file in path.parent.iterdir()
            if file.name.startswith(".") or file.suffix in LEFTOVERS
        ]
        assert not left, f"{left} were left beside {path}"

    def _load_saved(self, path: Path, there: bool) -> bool:
        """Check what is saved; returns whether anything is, as it must be once it was there."""
        try:
            vectors = KeyedVectors.load(path)
        except FileNotFoundError:
            assert not there, f"{path} has gone"
            return False
        version = vectors.index_to_key[0].split("_")[0]
        assert all(word.startswith(f"{version}_") for word in vectors.index_to_key)
        assert (vectors.vectors == float(version)).all(), f"{path} mixes two saves"
        self.counts["loads under savers"] += 1
        return True

    def _evaluate_anything(self) -> None:
        """Evaluation of files that are no judgments ends soon, at most with a message."""
        choose = self.random
        pieces = [
            b"9" * 70_000,
            b"a" * 300_000,
            b"\0" * 1000,
            b"w1,w2,0.5\n",
            b": section\n",
            b"w1 w2 w3 w4\n",
            b'"w1"',
            b";",
            b"\t",
            b"NA",
            b"1e999999",
            b"\xef\xbb\xbf",
            b"\n",
            b"\r",
            b"-" * 5000,
            choose.randbytes(3000),
        ]
        judgments = self.folder / "judgments"
        judgments.write_bytes(
            b"".join(choose.choice(pieces) for _ in range(choose.randrange(1, 40)))
        )
        command = [
            sys.executable,
            "-m",
            "w2v_fast",
            "evaluate",
            self.folder / "v.bin",
            judgments,
            "--json",
        ]
        done = subprocess.run(command, capture_output=True, timeout=EVALUATION_SECONDS, check=False)
        assert done.returncode in (0, 1), done.stderr
        assert len(done.stderr) < 10_000, "a message of the length of a line in the file"
        assert not any(sign in done.stderr for sign in (b"Traceback", b"report it")), done.stderr
        self.counts["evaluations"] += 1

    def _damage_newest(self) -> None:
        """Cut or change the newest of two checkpoints: the other one must do."""
        files = sorted((self.folder / "run").glob("checkpoint-*"))
        if len(files) < 2:
            return
        data = bytearray(files[-1].read_bytes())
        at = self.random.randrange(len(data))
        if self.random.random() < 0.5:
            del data[at:]
        else:
            data[at] ^= 1 + self.random.randrange(255)
        files[-1].write_bytes(data)
        self.counts["damaged checkpoints"] += 1

    def _check(self, expected: Word2Vec, options: dict[str, Any]) -> None:
        """The run is done, with every job done exactly once."""
        again = Word2Vec(self.folder / "text", **options)
        assert again.resume(self.folder / "run")
        assert again.done
        ours, theirs = again.trainer, expected.trainer
        assert ours.tokens == theirs.tokens == ours.jobs.total_tokens
        assert ours.kept_tokens == theirs.kept_tokens, "jobs were lost or done twice"
        assert [loss.pairs for loss in again.losses] == [loss.pairs for loss in expected.losses]
        written = KeyedVectors.load(self.folder / "v.bin")
        assert np.array_equal(written.vectors, again.wv.vectors)
        if options["workers"] == 1:
            assert np.array_equal(again.wv.vectors, expected.wv.vectors), (
                "the bits differ from a run without faults"
            )
            self.counts["bits compared"] += 1
        for path in self.folder.rglob("*"):
            assert not path.name.endswith(".part") or path.is_fifo(), f"{path} was left"


def _limit_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL_FILES, SMALL_FILES))


def _fill_log() -> None:
    os.dup2(os.open("/dev/full", os.O_WRONLY), 2)


PREPARATIONS = {"full disk": _limit_files, "full log": _fill_log, "closed log": lambda: os.close(2)}
"""What a child does before it becomes the command."""


def long_line(folder: Path) -> None:
    """One line of 20 million words without a newline: all are trained."""
    path = folder / "line"
    with open(path, "wb") as file:
        for _ in range(LONG_LINE // 10_000):
            file.write(b"a b c d e f g h i j " * 1000)
    model = Word2Vec(path, vector_size=4, window=1, negative=1, epochs=1, sample=0)
    model.train()
    assert model.trainer.kept_tokens == model.trainer.tokens == LONG_LINE == len(model.corpus)
    path.unlink()


def resident() -> int:
    """Bytes of memory this process holds."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE


def soak(minutes: float, seed: int, report: Callable[[str], object]) -> dict[str, Any]:
    """Run for some minutes; returns the figures."""
    until = time.monotonic() + 60 * minutes
    memory: list[int] = []
    with tempfile.TemporaryDirectory() as name:
        long_line(Path(name))
        runs = Soak(Path(name), seed)
        while time.monotonic() < until:
            runs.run()
            memory.append(resident())
            report(f"{runs.counts['runs']} runs, {memory[-1] / 1e6:.0f} MB: {dict(runs.counts)}")
    settled = max(memory[: max(1, len(memory) // 3)])
    assert memory[-1] < settled + MEMORY_GROWTH, (
        f"memory grew from {settled:,} to {memory[-1]:,} bytes"
    )
    counts = runs.counts
    return {
        "minutes": minutes,
        "seed": seed,
        "runs": counts["runs"],
        "tokens": counts["tokens"] + LONG_LINE,
        "SIGKILL": counts["kill"],
        "SIGINT": counts["interrupt"],
        "SIGTERM": counts["terminate"],
        "SIGHUP": counts["hang up"],
        "full disks": counts["full disk"],
        "logs full, closed or lost": sum(
            counts[fault] for fault in ("full log", "closed log", "lost log")
        ),
        "damaged checkpoints": counts["damaged checkpoints"],
        "savers killed": counts["savers killed"],
        "loads under savers": counts["loads under savers"],
        "evaluations of anything": counts["evaluations"],
        "runs compared bit by bit": counts["bits compared"],
        "lost tokens": 0,
        "corrupt files": 0,
        "memory at a third, MB": round(settled / 1e6),
        "memory at the end, MB": round(memory[-1] / 1e6),
    }


def main() -> None:
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2**32)
    print(f"soaking for {minutes:g} minutes with seed {seed}", file=sys.stderr)
    figures = soak(minutes, seed, lambda line: print(line, file=sys.stderr))
    for name, value in figures.items():
        print(f"{name}: {value:,}")


if __name__ == "__main__":
    main()
