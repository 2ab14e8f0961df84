"""The extensions and their flags; everything else is in pyproject.toml.

No instruction set is named here: each kernel file opens its own (`#pragma GCC target`), and one is
chosen at run time. One build serves every CPython from 3.11 on (the limited API), but for
free-threaded ones, which have no stable ABI.
`W2V_FAST_SANITIZE=1` builds with AddressSanitizer and UndefinedBehaviorSanitizer.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

LIMITED_API = not sysconfig.get_config_var("Py_GIL_DISABLED")
MACROS = [("Py_LIMITED_API", "0x030B0000")] if LIMITED_API else []
FLAGS = ["-O3", "-Wall", "-Wno-unused-function", "-fvisibility=hidden"]
C_FLAGS, CXX_FLAGS = ["-std=gnu11"], ["-std=c++17"]
LINK_FLAGS: list[str] = []
if os.environ.get("W2V_FAST_SANITIZE"):
    sanitize = [
        "-fsanitize=address,undefined",
        "-fno-sanitize-recover=undefined",
        "-fno-omit-frame-pointer",
        "-g",
    ]
    FLAGS += [*sanitize, "-O1"]
    LINK_FLAGS += sanitize
else:
    FLAGS += ["-g0"]

KERNEL = "w2v_fast/training/kernel"
KERNEL_SOURCES = [
    f"{KERNEL}/{name}.c" for name in ("isa_base", "isa_avx2", "isa_avx512", "dispatch")
]
KERNEL_HEADERS = [
    f"{KERNEL}/{name}.h"
    for name in ("kernel", "isa", "activation", "tile", "mean", "step", "dispatch")
]

ROUNDED = "w2v_fast/vectors/kernel"
ROUNDED_SOURCES = [f"{ROUNDED}/{name}.c" for name in ("isa_avx2", "isa_vnni", "dispatch")]
ROUNDED_HEADERS = [f"{ROUNDED}/{name}.h" for name in ("rounded", "lanes", "scan")]


def extension(
    name: str, sources: list[str], depends: list[str] | None = None, language: str = "c"
) -> Extension:
    flags = FLAGS + (C_FLAGS if language == "c" else CXX_FLAGS)
    return Extension(
        name,
        sources,
        depends=depends,
        language=language,
        include_dirs=["third_party"],
        define_macros=MACROS,
        py_limited_api=LIMITED_API,
        extra_compile_args=flags,
        extra_link_args=LINK_FLAGS,
    )


def readme() -> str:
    """README.md with absolute links to this version: PyPI has no other file of the repository."""
    root = Path(__file__).parent
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    at = project["urls"]["Homepage"], f"v{project['version']}"
    text = (root / "README.md").read_text(encoding="utf-8")
    text = re.sub(r"(!\[[^]]*\]\()(?!\w+:)", r"\1{}/raw/{}/".format(*at), text)
    return re.sub(r"((?<!!)\[[^]]*\]\()(?!\w+:|#)", r"\1{}/blob/{}/".format(*at), text)


class BuildExtensions(build_ext):
    """Replaces MSVC, which has no vector extensions, by clang-cl."""

    def build_extensions(self) -> None:
        if self.compiler.compiler_type == "msvc":
            clang = shutil.which("clang-cl")
            if clang is None:
                raise SystemExit(
                    "MSVC has no vector extensions and cannot compile w2v_fast: install LLVM 20 or "
                    "newer, with clang-cl on the PATH, or use MinGW: "
                    "setup.py build_ext --compiler=mingw32"
                )
            self.compiler.initialize()
            self.compiler.cc = clang
            runtime = subprocess.check_output(
                [clang, "/clang:--rtlib=compiler-rt", "/clang:-print-libgcc-file-name"]
            )
            for extension in self.extensions:
                extension.extra_compile_args = [
                    f"/clang:{flag}" for flag in extension.extra_compile_args
                ]
                extension.extra_link_args = [runtime.decode().strip()]  # holds the test of the CPU
        super().build_extensions()


if sys.platform == "darwin":  # older systems' libc++ cannot write floats
    os.environ.setdefault("MACOSX_DEPLOYMENT_TARGET", "14.0")
setup(
    long_description=readme(),
    long_description_content_type="text/markdown",
    cmdclass={"build_ext": BuildExtensions},
    ext_modules=cythonize(
        [
            extension("w2v_fast.corpus._words", ["w2v_fast/corpus/_words.pyx"]),
            extension("w2v_fast.corpus._ids", ["w2v_fast/corpus/_ids.pyx"]),
            extension(
                "w2v_fast.corpus._segments",
                ["w2v_fast/corpus/_segments.pyx"],
                ["third_party/unicode/word_break.h"],
            ),
            extension("w2v_fast.corpus.phrases._phrases", ["w2v_fast/corpus/phrases/_phrases.pyx"]),
            extension(
                "w2v_fast.training._inner",
                ["w2v_fast/training/_inner.pyx", *KERNEL_SOURCES],
                KERNEL_HEADERS,
            ),
            extension("w2v_fast.walks._walks", ["w2v_fast/walks/_walks.pyx"]),
            extension(
                "w2v_fast.vectors._rounded",
                ["w2v_fast/vectors/_rounded.pyx", *ROUNDED_SOURCES],
                ROUNDED_HEADERS,
            ),
            extension(
                "w2v_fast.vectors.formats._text",
                ["w2v_fast/vectors/formats/_text.pyx"],
                language="c++",
            ),
        ],
        build_dir="build/cython",
        compiler_directives={
            "language_level": 3,
            "boundscheck": False,
            "wraparound": False,
            "cdivision": True,
            "initializedcheck": False,
            "freethreading_compatible": True,
        },
    ),
    options={
        "build_ext": {"parallel": os.cpu_count() or 1},
        **({"bdist_wheel": {"py_limited_api": "cp311"}} if LIMITED_API else {}),
    },
)
