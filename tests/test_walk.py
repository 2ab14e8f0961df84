"""CONTRIBUTING.md: every file that it names exists, and every function of the walk of a token."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
WALK = re.findall(r"^\| [^|]+ \| `([^`]+)` \| `(\w+)` \|$", TEXT, re.M)


def test_the_walk_goes_through_every_leg():
    assert len(WALK) > 15
    for leg in ("w2v_fast/corpus/", "w2v_fast/training/", "w2v_fast/vectors/"):
        assert any(path.startswith(leg) for path, _ in WALK)


@pytest.mark.parametrize(("path", "name"), WALK)
def test_every_function_of_the_walk_exists(path, name):
    defined = rf"^\s*(def|class|cdef|cpdef|static|INLINE)\b.*\b{name}\b"
    assert re.search(defined, (ROOT / path).read_text(), re.M), f"{path} has no {name}"


def test_every_file_that_is_named_exists():
    for path in re.findall(r"`((?:w2v_fast|tests|benchmarks|docs|studies)/[\w./]*)`", TEXT):
        assert (ROOT / path).exists(), path
