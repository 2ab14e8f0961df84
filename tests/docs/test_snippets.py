"""Every command and example of the documentation runs, and prints what the page says.

A page is followed from its top, in an empty folder. In a `console` block a line after "$ " is a
command, and what follows it is its standard output; a `python` block with ">>> " is a doctest.
"..." stands for anything; white space and the digits of measured numbers do not count. The test
of a page ends at the first import of a library that is not installed. Where the standard library
has another text than that of the pages, everything must run, but what it prints is not compared.
"""

import doctest
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hub import local_hub

ROOT = Path(__file__).parent.parent.parent
BLOCK = re.compile(r"^```(console|python)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
SECONDS = 120
MEASURED = re.compile(r"\d+\.\d+|\d{1,3}(?:,\d{3})+|\d{4,}")
IMPORT = re.compile(r"^>>> (?:import|from) (\w+)", re.MULTILINE)
NOT_RUN = re.compile(r"^(pip install|git clone)")


TEXT_WORDS = 861_588
"""Of the text whose outputs the pages show; systems that package Python's tests apart have less."""


class Checker(doctest.OutputChecker):
    """Compares with every measured number as N: it depends on the machine and the Python."""

    def __init__(self, compares):
        self.compares = compares

    def check_output(self, want, got, optionflags):
        return not self.compares or super().check_output(
            MEASURED.sub("N", want), MEASURED.sub("N", got), optionflags
        )


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        os.name != "posix" or sys.version_info[:2] != (3, 11),
        reason="the pages show what the documentation of Python 3.11 gives, in a POSIX shell",
    ),
]
PAGES = [
    ROOT / "README.md",
    *sorted(
        path
        for path in (ROOT / "docs").rglob("*.md")
        if re.search(r"^(\$|>>>) ", path.read_text(), re.MULTILINE)
    ),
]


@pytest.fixture(scope="session")
def text(tmp_path_factory):
    """The text that the examples train on, made once for all pages."""
    path = tmp_path_factory.mktemp("text") / "python.txt"
    with path.open("w") as file:
        subprocess.run(
            [sys.executable, "-m", "w2v_fast", "demo", "--text"], stdout=file, check=True
        )
    return path


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A Hub on this machine."""
    with local_hub(monkeypatch, tmp_path / "cache") as server:
        yield server


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page_does_what_it_says(page, text, tmp_path, monkeypatch, request):
    monkeypatch.chdir(tmp_path)
    if "push_to_hub(" in page.read_text():
        request.getfixturevalue("hub")
    monkeypatch.setenv("W2V_FAST_ISA", "base")
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    (tmp_path / "python.txt").hardlink_to(text)
    checker = Checker(len(text.read_text().split()) == TEXT_WORDS)
    names = {"__name__": "__main__"}
    for kind, block in BLOCK.findall(page.read_text()):
        if kind == "console":
            run_commands(block, checker)
        elif ">>> " in block:
            for library in IMPORT.findall(block):
                if importlib.util.find_spec(library) is None:
                    pytest.skip(f"{library} is not installed")
            run_examples(block, names, page, checker)


def run_commands(block, checker):
    for command, expected in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
        if NOT_RUN.match(command) or command == "w2v-fast demo --text > python.txt":
            continue
        done = subprocess.run(
            ["bash", "-c", command], capture_output=True, text=True, timeout=SECONDS
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        matches = checker.check_output(expected, done.stdout, FLAGS)
        assert matches, f"{command}\nexpected:\n{expected}\nprinted:\n{done.stdout}"


def run_examples(block, names, page, checker):
    test = doctest.DocTestParser().get_doctest(block, names, page.name, str(page), 0)
    failures = []
    doctest.DocTestRunner(checker, optionflags=FLAGS).run(
        test, out=failures.append, clear_globs=False
    )
    assert not failures, "".join(failures)
    names.update(test.globs)
