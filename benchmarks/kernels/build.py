"""Compile a C file of this folder when a benchmark runs, and load it."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def compiler() -> str:
    """The C compiler: CC, or cc; SystemExit if there is none."""
    name = os.environ.get("CC", "cc")
    if shutil.which(name) is None:
        raise SystemExit(
            f"this benchmark needs a C compiler; {name} is not on the path (set CC to another)"
        )
    return name


def compiler_version() -> str:
    """The first line of what the compiler says of itself."""
    return subprocess.run(
        [compiler(), "--version"], capture_output=True, text=True
    ).stdout.splitlines()[0]


def load(source: str, *flags: str) -> ctypes.CDLL:
    """Compile `source` with `flags` into a library, load it, and remove the file."""
    with tempfile.TemporaryDirectory(prefix="w2v_fast-benchmark-") as folder:
        library = os.path.join(folder, "library.so")
        compile_library(source, library, *flags)
        return ctypes.CDLL(library)


def compile_library(source: str, library: str, *flags: str) -> None:
    """Compile `source` of this folder with `flags` into a shared library."""
    done = subprocess.run(
        [
            compiler(),
            "-std=gnu11",
            "-shared",
            "-fPIC",
            *flags,
            "-o",
            library,
            str(HERE / source),
            "-lm",
        ],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"{source} does not compile:\n{done.stderr}")
