"""A toy corpus with two topics, its vectors, and the command line called in this process."""

import contextlib
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from w2v_fast.cli.main import main

ROOT = Path(__file__).parent.parent.parent
COMMAND = [sys.executable, "-m", "w2v_fast"]
ANIMALS = ["cat", "dog", "horse", "cow", "sheep", "goat"]
METALS = ["iron", "copper", "gold", "silver", "zinc", "tin"]
PATIENCE = 60


def topic_text(sentences: int, seed: int = 1) -> str:
    """Sentences of one topic each, with a word of grammar now and then."""
    pick = random.Random(seed)
    lines = []
    for number in range(sentences):
        topic = ANIMALS if number % 2 else METALS
        lines.append(" ".join([*pick.sample(topic, 5), "the", *pick.sample(topic, 3)]))
    return "\n".join(lines) + "\n"


@contextlib.contextmanager
def process(*argv, **options):
    """The command line as a process, which is killed after a while: no test waits forever."""
    with subprocess.Popen(
        [*COMMAND, *argv], cwd=ROOT, stderr=subprocess.PIPE, **options
    ) as command:
        watchdog = threading.Timer(PATIENCE, command.kill)
        watchdog.start()
        try:
            yield command
        except BaseException:
            command.kill()
            raise
        finally:
            command.wait()
            watchdog.cancel()


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    path = tmp_path_factory.mktemp("corpus") / "topics.txt"
    path.write_text(topic_text(2000))
    return path


@pytest.fixture(scope="session")
def vectors(corpus):
    path = corpus.with_name("topics.bin")
    assert (
        main(
            [
                "train",
                str(corpus),
                "-o",
                str(path),
                "--quiet",
                "--workers",
                "1",
                "--vector-size",
                "16",
                "--sample",
                "0",
                "--epochs",
                "3",
            ]
        )
        == 0
    )
    return path


@pytest.fixture
def cli(capsys, monkeypatch):
    """Call the command line: returns its exit code, standard output and standard error."""

    def call(*argv, stdin=None, main=main):
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", stdin)
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in argv])
        except SystemExit as stop:
            code = stop.code
        out, err = capsys.readouterr()
        return code, out, err

    return call
