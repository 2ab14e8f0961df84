"""The walls of docs/design.md: who may import whom, checked by reading imports and includes."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "w2v_fast"

# A part may use itself and the parts listed here.
ALLOWED = {
    "system": set(),
    "config": {"system"},
    "keys": set(),
    "corpus": {"system", "config", "keys"},
    "training": {"system", "config", "corpus"},
    "vectors": {"system", "config", "keys"},
    "word2vec": {"system", "config", "corpus", "training", "vectors"},
    "loss": {"config", "corpus", "training", "vectors", "word2vec"},
    "gensim": {"system", "config", "corpus", "vectors", "word2vec", "loss", "__init__"},
    "info": {"system", "training"},
    "cli": {
        "system",
        "config",
        "corpus",
        "training",
        "vectors",
        "word2vec",
        "loss",
        "info",
        "__init__",
    },
    "__init__": {"system", "config", "corpus", "vectors", "word2vec", "loss", "info"},
    "__main__": {"cli"},
}
INCLUDES = {
    "kernel.h": set(),
    "activation.h": set(),
    "tile.h": set(),
    "mean.h": set(),
    "step.h": {"activation.h", "tile.h", "mean.h"},
    "isa.h": {"kernel.h", "step.h"},
    "isa_base.c": {"isa.h"},
    "isa_avx2.c": {"isa.h"},
    "isa_avx512.c": {"isa.h"},
    "dispatch.h": {"kernel.h"},
    "dispatch.c": {"dispatch.h"},
}


def part_of(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def imported_parts(path: Path) -> set[str]:
    """The parts of the package that a .py or .pyx file imports, in functions too."""
    text = path.read_text()
    if path.suffix == ".pyx":
        names = re.findall(r"^\s*(?:from|cimport|import)\s+(w2v_fast[\w.]*)", text, re.M)
    else:
        names = []
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                names += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}: relative import"
                names += [
                    f"{node.module}.{alias.name}"
                    if node.module == "w2v_fast"
                    else node.module or ""
                    for alias in node.names
                ]
    parts = set()
    for name in names:
        if name.split(".")[0] == "w2v_fast":
            below = name.split(".")[1:2]
            known = below and (
                (PACKAGE / below[0]).is_dir() or (PACKAGE / f"{below[0]}.py").exists()
            )
            parts.add(below[0] if known else "__init__")
    return parts


@pytest.mark.parametrize(
    "path", [p for s in ("*.py", "*.pyx") for p in PACKAGE.rglob(s)], ids=lambda p: p.name
)
def test_imports_go_one_way(path):
    part = part_of(path)
    assert imported_parts(path) <= ALLOWED[part] | {part}


@pytest.mark.parametrize(
    "path",
    [p for s in ("*.c", "*.h") for p in PACKAGE.joinpath("training/kernel").glob(s)],
    ids=lambda p: p.name,
)
def test_includes_go_one_way(path):
    included = set(re.findall(r'^\s*#\s*include\s+"([^"]+)"', path.read_text(), re.M))
    assert included == INCLUDES[path.name]


def test_c_knows_no_python_and_never_allocates_or_prints():
    for path in PACKAGE.joinpath("training/kernel").glob("*.[ch]"):
        assert not re.search(
            r"Python\.h|\b(malloc|calloc|realloc|free|printf|abort|exit)\s*\(", path.read_text()
        ), path


def test_no_python_file_knows_an_instruction_set():
    for path in PACKAGE.rglob("*.py"):
        if path.name != "config.py":
            assert not re.search(r"\bavx|\bsse\d|\bneon\b", path.read_text(), re.I), path


def test_only_architecture_and_objective_decide():
    """Only the inner loop, its oracle, the rule they share, and what maps flags to options branch on either."""
    allowed = {"config.py", "reference.py", "steps.py", "_inner.pyx", "word2vec_c.py"}
    for suffix in ("*.py", "*.pyx"):
        for path in PACKAGE.rglob(suffix):
            if path.name not in allowed:
                assert not re.search(
                    r"(architecture|objective)\s*(==|!=|in)\s", path.read_text()
                ), path
