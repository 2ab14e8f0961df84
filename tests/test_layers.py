"""The walls of docs/design.md: who may import whom, checked by reading imports and includes."""

import ast
import re
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "w2v_fast"

# A part may use itself and the parts listed here.
ALLOWED = {
    "system": set(),
    "config": {"system"},
    "keys": set(),
    "html_table": set(),
    "corpus": {"system", "config", "keys", "html_table"},
    "training": {"system", "config", "corpus"},
    "vectors": {"system", "config", "keys", "html_table"},
    "word2vec": {"system", "config", "html_table", "corpus", "training", "vectors"},
    "sklearn": {"config", "corpus", "vectors", "word2vec", "engines"},
    "loss": {"config", "corpus", "training", "vectors", "word2vec"},
    "cluster": {"system", "config", "corpus", "training", "vectors"},
    "engines": {"config", "corpus", "training", "vectors", "word2vec", "cluster"},
    "walks": {"system", "config", "keys", "corpus", "training"},
    "explore": {"system", "vectors"},
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
        "explore",
        "cluster",
        "engines",
        "__init__",
    },
    "__init__": {"system", "config", "corpus", "vectors", "word2vec", "loss", "info", "engines"},
    "__main__": {"cli"},
}
UPWARD = {("w2v_fast.vectors.keyed_vectors", "w2v_fast.explore.notebook")}
"""Imports against the order, each explained in docs/design.md: `kv.explore()`."""
INCLUDES = {
    "training": {
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
    },
    "vectors": {
        "rounded.h": set(),
        "lanes.h": {"rounded.h"},
        "scan.h": set(),
        "isa_avx2.c": {"lanes.h", "scan.h"},
        "isa_vnni.c": {"lanes.h", "scan.h"},
        "dispatch.c": {"rounded.h"},
    },
}
KERNEL_FILES = [p for part in INCLUDES for p in PACKAGE.joinpath(part, "kernel").glob("*.[ch]")]


def part_of(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def imported_names(path: Path) -> list[str]:
    """What a .py or .pyx file imports of the package, in functions and for types too.

    `w2v_fast.a.b` for the module b, or for the name b in the module or folder a.
    """
    text = path.read_text()
    names = []
    if path.suffix == ".pyx":
        pattern = r"^\s*(?:from\s+(w2v_fast[\w.]*)\s+c?import\s+(\w+)|c?import\s+(w2v_fast[\w.]*))"
        for module, name, whole in re.findall(pattern, text, re.M):
            names.append(whole or f"{module}.{name}")
    else:
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                names += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}: relative import"
                names += [f"{node.module}.{alias.name}" for alias in node.names]
    return [name for name in names if name.split(".")[0] == "w2v_fast"]


def imported_parts(path: Path) -> set[str]:
    """The parts of the package that a file imports, but for those in `UPWARD`."""
    parts = set()
    for name in imported_names(path):
        if (module_name(path), name.rpartition(".")[0]) in UPWARD:
            continue
        below = name.split(".")[1:2]
        known = below and ((PACKAGE / below[0]).is_dir() or (PACKAGE / f"{below[0]}.py").exists())
        parts.add(below[0] if known else "__init__")
    return parts


def module_name(path: Path) -> str:
    parts = ("w2v_fast", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_modules(path: Path, modules: Collection[str]) -> set[str]:
    """The modules of the package that a file imports: `import a.b` names b, or a if b is no module.

    A package runs before its modules, but they may be imported while it does: only a name that a
    package itself defines is an import of the package.
    """
    found = set()
    for name in imported_names(path):
        module = name if name in modules else name.rpartition(".")[0]
        if module in modules:
            found.add(module)
    return found


def circles(imports: Mapping[str, set[str]]) -> list[list[str]]:
    """The groups of modules of which each leads to every other, by imports."""
    reached = {module: set(others) for module, others in imports.items()}
    for middle in reached:
        for others in reached.values():
            if middle in others:
                others |= reached[middle]
    groups = {
        tuple(sorted(other for other in others if module in reached[other]))
        for module, others in reached.items()
        if module in others
    }
    return sorted(map(list, groups))


@pytest.mark.parametrize(
    "path", [p for s in ("*.py", "*.pyx") for p in PACKAGE.rglob(s)], ids=lambda p: p.name
)
def test_imports_go_one_way(path):
    part = part_of(path)
    assert imported_parts(path) <= ALLOWED[part] | {part}


def test_no_module_imports_itself_through_others():
    """No circle, within a folder either; imports in functions and under TYPE_CHECKING count too."""
    paths = {module_name(p): p for s in ("*.py", "*.pyx") for p in PACKAGE.rglob(s)}
    imports = {name: imported_modules(path, paths) for name, path in paths.items()}
    for importer, imported in UPWARD:
        imports[importer].remove(imported)
    assert circles(imports) == []


def test_a_circle_is_found(tmp_path):
    imports = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set(), "e": {"e"}}
    assert circles(imports) == [["b", "c"], ["e"]]
    source = tmp_path / "m.py"
    source.write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from w2v_fast.a import B\n"
        "def f():\n    import w2v_fast.c.d\n    from w2v_fast.c import e\n"
    )
    known = ["w2v_fast.a", "w2v_fast.c", "w2v_fast.c.d", "w2v_fast.c.e"]
    assert imported_modules(source, known) == {"w2v_fast.a", "w2v_fast.c.d", "w2v_fast.c.e"}


@pytest.mark.parametrize("path", KERNEL_FILES, ids=lambda path: f"{part_of(path)}-{path.name}")
def test_includes_go_one_way(path):
    included = set(re.findall(r'^\s*#\s*include\s+"([^"]+)"', path.read_text(), re.M))
    assert included == INCLUDES[part_of(path)][path.name]


def test_c_knows_no_python_and_never_allocates_or_prints():
    for path in KERNEL_FILES:
        assert not re.search(
            r"Python\.h|\b(malloc|calloc|realloc|free|printf|abort|exit)\s*\(", path.read_text()
        ), path


def test_no_python_file_knows_an_instruction_set():
    for path in PACKAGE.rglob("*.py"):
        if path.name != "config.py":
            assert not re.search(r"\bavx|\bsse\d|\bneon\b", path.read_text(), re.I), path


def test_only_architecture_and_objective_decide():
    """Only the inner loop, its oracle, their common rule, and maps of flags branch on either."""
    allowed = {"config.py", "reference.py", "steps.py", "_inner.pyx", "word2vec_c.py"}
    for suffix in ("*.py", "*.pyx"):
        for path in PACKAGE.rglob(suffix):
            if path.name not in allowed:
                assert not re.search(
                    r"(architecture|objective)\s*(==|!=|in)\s", path.read_text()
                ), path
