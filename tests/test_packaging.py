"""What builds and describes a release: setup.py's choice of a compiler, and versions that agree."""

import re
import runpy
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parent.parent
pytest.importorskip("Cython", reason="setup.py needs it")


@pytest.fixture
def built_with(monkeypatch, tmp_path):
    """Run setup.py's build as if setuptools had found a compiler of that type."""
    import Cython.Build
    import setuptools
    from setuptools.command.build_ext import build_ext

    def build(compiler_type):
        taken = {}
        monkeypatch.setattr(Cython.Build, "cythonize", lambda extensions, **_: extensions)
        monkeypatch.setattr(setuptools, "setup", taken.update)
        monkeypatch.setattr(build_ext, "build_extensions", lambda command: None)
        monkeypatch.setenv("PATH", str(tmp_path))
        runpy.run_path(str(ROOT / "setup.py"))
        command = taken["cmdclass"]["build_ext"](setuptools.Distribution())
        command.compiler = SimpleNamespace(compiler_type=compiler_type, initialize=lambda: None)
        command.extensions = taken["ext_modules"]
        command.build_extensions()
        return command

    return build


def test_msvc_without_clang_cl_is_refused_with_advice(built_with):
    with pytest.raises(SystemExit, match="clang-cl on the PATH"):
        built_with("msvc")


@pytest.mark.skipif(sys.platform == "win32", reason="a script stands for clang-cl")
def test_clang_cl_takes_the_place_of_msvc_with_clangs_flags(built_with, tmp_path):
    clang = tmp_path / "clang-cl"
    clang.write_text("#!/bin/sh\necho /llvm/clang_rt.builtins-x86_64.lib\n")
    clang.chmod(0o755)
    command = built_with("msvc")
    assert command.compiler.cc == str(clang)
    assert {"/clang:-std=gnu11", "/clang:-O3"} <= set(command.extensions[0].extra_compile_args)
    assert command.extensions[0].extra_link_args == ["/llvm/clang_rt.builtins-x86_64.lib"]


def test_other_compilers_get_their_flags_as_they_are(built_with):
    assert "-std=gnu11" in built_with("unix").extensions[0].extra_compile_args


def test_the_description_on_pypi_has_absolute_links_to_files_that_exist(monkeypatch):
    import Cython.Build
    import setuptools

    taken = {}
    monkeypatch.setattr(Cython.Build, "cythonize", lambda extensions, **_: extensions)
    monkeypatch.setattr(setuptools, "setup", taken.update)
    runpy.run_path(str(ROOT / "setup.py"))
    links = re.findall(r"\[[^]]*\]\(([^)]+)\)", taken["long_description"])
    assert len(links) == len(re.findall(r"\[[^]]*\]\([^)]+\)", (ROOT / "README.md").read_text()))
    for link in links:
        kind, file = re.fullmatch(
            r"https://github\.com/[\w-]+/\w+/(raw|blob)/v[\d.]+/(.+)", link
        ).groups()
        assert (ROOT / file).exists()
        assert (kind == "raw") == file.endswith((".svg", ".png"))


def test_the_metadata_name_one_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert (
        re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)[1]
        == version
    )
    assert (
        re.search(r"^## (\S+) - ", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[1] == version
    )


def test_the_extra_all_holds_every_extra():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    everything = set(
        re.findall(r"[\w-]+", " ".join(re.findall(r"\[(.*?)\]", " ".join(extras.pop("all")))))
    )
    assert everything == set(extras)
