"""The commands `explore` and `train --explore`."""

import re
import signal
import subprocess
import sys
import urllib.request

import numpy as np
import pytest

from tests.explore.conftest import WORDS
from w2v_fast import KeyedVectors
from w2v_fast.cli.main import main

TEXT = "cat dog horse cow sheep goat iron copper gold silver zinc tin\n" * 300


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT to one process")
def test_the_page_is_served_until_ctrl_c(tmp_path, vectors):
    path = tmp_path / "toy.bin"
    KeyedVectors(WORDS[:18], vectors.vectors[:18]).save(path)
    argv = [sys.executable, "-m", "w2v_fast", "explore", str(path), "--no-browser"]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as command:
        try:
            url = re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", command.stderr.readline())[0]
            assert b"<!doctype html>" in urllib.request.urlopen(url, timeout=20).read()
            command.send_signal(signal.SIGINT)
            assert command.wait(20) == 130
        finally:
            command.kill()


def test_a_run_that_is_shown_trains_the_same(tmp_path, monkeypatch):
    corpus = tmp_path / "corpus.txt"
    corpus.write_text(TEXT)
    pages = []

    def visit(url):
        pages.append(urllib.request.urlopen(url, timeout=20).read())

    monkeypatch.setattr("webbrowser.open", visit)
    settings = ["--workers", "1", "--vector-size", "8", "--sample", "0", "--quiet"]
    plain, shown = tmp_path / "plain.bin", tmp_path / "shown.bin"
    assert main(["train", str(corpus), "-o", str(plain), *settings]) == 0
    assert main(["train", str(corpus), "-o", str(shown), "--explore", *settings]) == 0
    assert plain.read_bytes() == shown.read_bytes()
    assert len(pages) == 1
    assert b"<!doctype html>" in pages[0]


def test_a_missing_server_is_an_error_that_names_the_extra(tmp_path, monkeypatch, capsys):
    path = tmp_path / "toy.bin"
    KeyedVectors(["a", "b"], np.eye(2, dtype=np.float32)).save(path)
    monkeypatch.delitem(sys.modules, "w2v_fast.explore.server", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main(["explore", str(path), "--no-browser"]) == 1
    assert "pip install 'w2v_fast[explore]'" in capsys.readouterr().err
    assert main(["explore", str(path), "--export", str(tmp_path / "page.html")]) == 0


@pytest.mark.parametrize("port", ["-1", "65536", "x"])
def test_a_wrong_port_is_a_wrong_usage(port):
    assert main(["explore", "vectors.bin", f"--port={port}"]) == 2
