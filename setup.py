"""The extensions and their flags; everything else is in pyproject.toml.

No instruction set is named here: each kernel file opens its own (`#pragma GCC target`), and one is chosen at run time.
One build serves every CPython from 3.11 on (the limited API), but for free-threaded ones, which have no stable ABI.
`W2V_FAST_SANITIZE=1` builds with AddressSanitizer and UndefinedBehaviorSanitizer.
"""

import os
import sysconfig

from Cython.Build import cythonize
from setuptools import Extension, setup

LIMITED_API = not sysconfig.get_config_var("Py_GIL_DISABLED")
MACROS = [("Py_LIMITED_API", "0x030B0000")] if LIMITED_API else []
FLAGS = ["-O3", "-Wall", "-Wno-unused-function", "-fvisibility=hidden"]
C_FLAGS, CXX_FLAGS = ["-std=gnu11"], ["-std=c++17"]
LINK_FLAGS: list[str] = []
if os.environ.get("W2V_FAST_SANITIZE"):
    sanitize = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer", "-g"]
    FLAGS += [*sanitize, "-O1"]
    LINK_FLAGS += sanitize
else:
    FLAGS += ["-g0"]

KERNEL = "w2v_fast/training/kernel"
KERNEL_SOURCES = [f"{KERNEL}/{name}.c" for name in ("isa_base", "isa_avx2", "isa_avx512", "dispatch")]
KERNEL_HEADERS = [f"{KERNEL}/{name}.h" for name in
                  ("kernel", "isa", "activation", "tile", "mean", "step", "dispatch")]


def extension(name: str, sources: list[str], depends: list[str] | None = None, language: str = "c") -> Extension:
    flags = FLAGS + (C_FLAGS if language == "c" else CXX_FLAGS)
    return Extension(name, sources, depends=depends, language=language, define_macros=MACROS,
                     py_limited_api=LIMITED_API, extra_compile_args=flags, extra_link_args=LINK_FLAGS)


setup(
    ext_modules=cythonize(
        [
            extension("w2v_fast.corpus._ingest", ["w2v_fast/corpus/_ingest.pyx"]),
            extension("w2v_fast.training._inner", ["w2v_fast/training/_inner.pyx", *KERNEL_SOURCES], KERNEL_HEADERS),
            extension("w2v_fast.vectors.formats._text", ["w2v_fast/vectors/formats/_text.pyx"], language="c++"),
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
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if LIMITED_API else {},
)
