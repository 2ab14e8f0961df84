"""Scripts of tutorials, run with gensim and with the import changed: results of one shape."""

from __future__ import annotations

import importlib.util
import random
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.slow
SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.py"))
HAS_GENSIM = importlib.util.find_spec("gensim") is not None
FRUIT = [
    "apple",
    "pear",
    "plum",
    "cherry",
    "lemon",
    "fruit",
    "red",
    "sweet",
    "ripe",
    "tree",
    "juice",
]
CARS = [
    "engine",
    "wheel",
    "motor",
    "brake",
    "road",
    "fast",
    "driver",
    "fuel",
    "gear",
    "new",
    "york",
]


def write_inputs(folder: Path) -> None:
    """A text of two topics, and the small files that the scripts read."""
    generator = random.Random(5)
    lines = []
    for number in range(600):
        topic = (FRUIT, CARS)[number % 2]
        words = generator.choices(topic, k=generator.randint(6, 14))
        if topic is CARS and generator.random() < 0.5:
            words[2:2] = ["new", "york"]
        lines.append(" ".join([*words, "fruit" if topic is FRUIT else "the"]) + "\n")
    (folder / "corpus.txt").write_text("".join(lines))
    vectors = np.random.default_rng(1).normal(size=(5, 6))
    (folder / "glove.txt").write_text(
        "".join(
            f"{word} {' '.join(f'{x:.4f}' for x in vector)}\n"
            for word, vector in zip(["red", "green", "blue", "one", "two"], vectors, strict=True)
        )
    )
    (folder / "pairs.tsv").write_text(
        "apple\tpear\t9\nengine\tmotor\t9.5\napple\tengine\t1\nplum\troad\t0.5\napple\tabsent\t3\n"
    )
    (folder / "questions.txt").write_text(
        ": fruit\napple pear plum cherry\napple plum pear cherry\n: cars\nengine motor wheel gear\n"
    )


def with_our_import(text: str) -> str:
    text = re.sub(r"^import gensim$", "import w2v_fast.gensim as gensim", text, flags=re.M)
    return re.sub(r"^from gensim\b", "from w2v_fast.gensim", text, flags=re.M)


def run(text: str, name: str) -> Any:
    scope: dict[str, Any] = {"__name__": "script"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        exec(compile(text, name, "exec"), scope)
    return scope["result"]


def shape(value: Any) -> Any:
    """What two runs have in common: types, sizes, whole numbers."""
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.kind
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value), [shape(item) for item in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float
    return type(value)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_runs_with_only_its_import_changed(script, tmp_path, monkeypatch):
    text = script.read_text()
    ours = with_our_import(text)
    assert (
        re.search(
            r"\bgensim\b", re.sub(r"w2v_fast\.gensim( as gensim)?|gensim\.models\.Word", "", ours)
        )
        is None
    )
    results = {}
    for name, code in (("ours", ours), ("theirs", text)):
        if name == "theirs" and not HAS_GENSIM:
            pytest.skip("gensim is not installed: the script ran, nothing to compare it with")
        folder = tmp_path / name
        folder.mkdir()
        write_inputs(folder)
        monkeypatch.chdir(folder)
        results[name] = run(code, str(script))
    assert shape(results["ours"]) == shape(results["theirs"])


def test_there_are_fourteen_scripts():
    assert len(SCRIPTS) == 14
