"""Standard streams that are closed, full or gone: the work goes on, without messages in data."""

import io
import json
import math
import os
import re
import signal
import subprocess
import sys
import threading
import time

import pytest

from tests.cli.conftest import COMMAND, PATIENCE, ROOT
from tests.skips import posix
from w2v_fast import KeyedVectors
from w2v_fast.cli.messages import as_json
from w2v_fast.system.streams import Unfailing
from w2v_fast.training.progress import Progress, reporter

SETTINGS = ["--workers", "1", "--vector-size", "16", "--sample", "0", "--epochs", "3"]


def shell(redirections, *argv, **options):
    """Run the command line in a shell that closes or redirects its streams."""
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {redirections}', "sh", *COMMAND, *map(str, argv)],
        cwd=ROOT,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        **options,
    )


@pytest.mark.slow
@posix
@pytest.mark.parametrize("progress", ["bar", "json"])
@pytest.mark.parametrize("redirections", ["2>/dev/full", "2>&-", "2>&- >&- <&-"])
def test_vectors_are_written_though_stderr_fails(corpus, vectors, tmp_path, redirections, progress):
    out = tmp_path / "v.bin"
    done = shell(
        redirections,
        "train",
        corpus,
        "-o",
        out,
        "--progress",
        progress,
        "--save-vocab",
        tmp_path / "counts",
        "--checkpoint",
        tmp_path / "run",
        *SETTINGS,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert out.read_bytes() == vectors.read_bytes()
    assert (tmp_path / "counts").read_text().startswith("the 2000\n")


@pytest.mark.slow
@posix
def test_interrupt_after_the_reader_of_the_log_has_gone(corpus, tmp_path):
    """Ctrl-C reaches `tee` too, which ends first."""
    out = tmp_path / "v.bin"
    with subprocess.Popen(
        [*COMMAND, "train", corpus, "-o", out, "--epochs", "100000"],
        cwd=ROOT,
        stderr=subprocess.PIPE,
    ) as command:
        watchdog = threading.Timer(PATIENCE, command.kill)
        watchdog.start()
        try:
            next(line for line in command.stderr if b"epoch 2/" in line)
            command.stderr.close()
            command.send_signal(signal.SIGINT)
            command.wait()
        finally:
            watchdog.cancel()
    assert command.returncode == 130
    assert len(KeyedVectors.load(out)) == 13


@pytest.mark.slow
@posix
def test_a_terminal_that_hangs_up(corpus, tmp_path):
    """The log is a terminal that vanishes: SIGHUP comes, and what is written there fails."""
    out = tmp_path / "v.bin"
    terminal, side = os.openpty()
    command = subprocess.Popen(
        [*COMMAND, "train", corpus, "-o", out, "--epochs", "100000"],
        cwd=ROOT,
        stderr=side,
        start_new_session=True,
    )
    os.close(side)
    until = time.monotonic() + PATIENCE
    said = b""
    while b"training" not in said and time.monotonic() < until:
        said += os.read(terminal, 1000)
    time.sleep(0.3)
    os.close(terminal)
    command.send_signal(signal.SIGHUP)
    assert command.wait(PATIENCE) == 129
    assert len(KeyedVectors.load(out)) == 13


@pytest.mark.slow
@posix
def test_messages_stay_out_of_the_data_when_stderr_is_closed(corpus):
    done = shell("2>&-", "vocab", corpus, "--min-count", "1999")
    assert (done.returncode, done.stdout) == (0, b"the 2000\n")


@pytest.mark.slow
@posix
@pytest.mark.parametrize(
    ("redirections", "argv", "message"),
    [
        (">&-", ["vocab", "CORPUS"], b"error: standard output: it is closed"),
        (">&-", ["similar", "VECTORS", "cat"], b"error: standard output: it is closed"),
        (
            ">&-",
            ["train", "CORPUS", "-o", "-", "--format", "glove"],
            b"error: standard output: it is closed",
        ),
        (">&-", ["demo"], b"error: standard output: it is closed"),
        (">&-", ["demo", "CORPUS"], b"error: standard output: it is closed"),
        (">&-", ["analogy", "VECTORS"], b"error: standard output: it is closed"),
        (">&-", ["inspect", "VECTORS"], b"error: standard output: it is closed"),
        (">&-", ["classes", "VECTORS"], b"error: standard output: it is closed"),
        (">&-", ["evaluate", "VECTORS", "VECTORS"], b"error: standard output: it is closed"),
        (
            ">&-",
            ["odd-one-out", "VECTORS", "cat", "dog", "cow"],
            b"error: standard output: it is closed",
        ),
        (">&-", ["--help"], b"error: standard output: it is closed"),
        (">/dev/full", ["--help"], b"No space left on device"),
        (">/dev/full", ["--version"], b"No space left on device"),
        (">/dev/full", ["train", "--help"], b"No space left on device"),
        (">/dev/full", ["word2vec", "--help"], b"No space left on device"),
        (">/dev/full", ["vocab", "CORPUS"], b"No space left on device"),
        (">/dev/full", ["inspect", "VECTORS"], b"No space left on device"),
        (
            "<&-",
            ["train", "-", "-o", "/dev/null", "--format", "glove"],
            b"error: standard input: it is closed",
        ),
        ("<&-", ["similar", "VECTORS"], b"error: standard input: it is closed"),
    ],
)
def test_data_that_cannot_be_read_or_written_are_an_error(
    corpus, vectors, redirections, argv, message
):
    names = {"CORPUS": corpus, "VECTORS": vectors}
    done = shell(redirections, *(names.get(word, word) for word in argv))
    assert done.returncode == 1
    assert message in done.stderr
    assert b"Traceback" not in done.stderr
    assert b"epoch" not in done.stderr  # known before the training
    assert b"trained" not in done.stderr


@pytest.mark.slow
@posix
def test_no_output_is_needed_where_there_are_no_data(corpus, tmp_path):
    assert shell(">&-", "train", corpus, "-o", tmp_path / "v.bin", *SETTINGS).returncode == 0


class Broken(io.StringIO):
    def write(self, *_):
        raise BrokenPipeError

    flush = write


@pytest.mark.parametrize("mode", ["bar", "json"])
@pytest.mark.parametrize("stream", [Broken(), None])
def test_progress_of_the_library_survives_a_broken_stream(monkeypatch, mode, stream):
    monkeypatch.setattr(sys, "stderr", stream)
    report = reporter(mode)
    for done in (False, True):
        report(Progress(1, 1, 5, 5, 5, 1.0, 0.1, 2.0, epoch_done=done))
    assert Unfailing(None).isatty() is False


def test_json_has_no_number_that_is_not_finite():
    value = {"a": [math.nan, 1.5, (math.inf, "NaN")], "b": {"c": -math.inf}, "d": True}
    assert json.loads(as_json(value), parse_constant=pytest.fail) == {
        "a": [None, 1.5, [None, "NaN"]],
        "b": {"c": None},
        "d": True,
    }


@pytest.mark.parametrize(
    "argv",
    [
        ["similar", "VECTORS", "zero"],
        ["analogy", "VECTORS", "zero", "a", "b"],
        ["odd-one-out", "VECTORS", "zero", "a", "b"],
        ["inspect", "VECTORS"],
        ["evaluate", "VECTORS", "PAIRS"],
    ],
)
def test_json_of_every_command_is_json(cli, tmp_path, argv):
    """A vector of zeros has no direction, and so many cosines are undefined."""
    files = {"VECTORS": tmp_path / "v.txt", "PAIRS": tmp_path / "pairs.tsv"}
    files["VECTORS"].write_text("3 2\nzero 0 0\na 1 0\nb 0 1\n")
    files["PAIRS"].write_text("other\twords\t1\nmore\twords\t2\n")
    code, out, err = cli(*(files.get(word, word) for word in argv), "--json")
    assert code == 0, err
    for line in out.splitlines():
        json.loads(line, parse_constant=pytest.fail)
    assert not re.search(r"\bNaN\b|Infinity", out)
