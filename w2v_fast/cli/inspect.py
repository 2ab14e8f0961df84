"""Say what is in a file of vectors: format, shape, norms, repeated words, numbers that are not finite.

Example:
  w2v-fast inspect vectors.bin
"""

from __future__ import annotations

import argparse
import re
import warnings
from typing import TYPE_CHECKING, Any

from w2v_fast.cli import options
from w2v_fast.cli.messages import as_json
from w2v_fast.cli.parser import UsageError
from w2v_fast.cli.paths import STANDARD_OUTPUT, check_paths

if TYPE_CHECKING:
    from w2v_fast.vectors.keyed_vectors import KeyedVectors

LENIENT = {"strict": False, "on_truncated": "keep", "allow_nonfinite": True}
REPEATED = re.compile(r"(\d+) words come more than once")
FIRST_WORDS = 10
BLOCK = 4096


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.add_vectors_argument(parser)
    options.add_json_argument(parser, "one object")


def run(arguments: argparse.Namespace) -> None:
    from w2v_fast.vectors import formats

    if arguments.vectors == "-":
        raise UsageError("inspect reads a file twice: standard input cannot be inspected")
    check_paths({"FILE": arguments.vectors}, STANDARD_OUTPUT)
    format = options.format_of(arguments.vectors)
    lenient = {
        name: value for name, value in LENIENT.items() if name in formats.FORMATS[format].READS
    }
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        vectors = options.load_vectors(arguments.vectors, format, **lenient)
    problems = [str(warning.message) for warning in caught]
    facts = {
        "file": arguments.vectors,
        "format": format,
        **facts_of(vectors),
        "repeated_words": sum(int(match[1]) for match in map(REPEATED.search, problems) if match),
        "problems": problems,
        "metadata": vectors.metadata,
    }
    if arguments.json:
        print(as_json(facts))
        return
    for name, value in facts.items():
        if value not in (None, [], {}):
            print(f"{name.replace('_', ' '):<19}{_shown(value)}")


def facts_of(vectors: KeyedVectors) -> dict[str, Any]:
    """What the vectors show."""
    import numpy as np

    nonfinite = sum(
        int((~np.isfinite(vectors.vectors[start : start + BLOCK])).any(axis=1).sum())
        for start in range(0, len(vectors), BLOCK)
    )
    with np.errstate(all="ignore"):
        norms = vectors.norms[np.isfinite(vectors.norms)].astype(np.float64)
    return {
        "words": len(vectors),
        "vector_size": vectors.vector_size,
        "dtype": str(vectors.vectors.dtype),
        "counts": vectors.counts is not None,
        "output_vectors": vectors.output_vectors is not None,
        "norms": {"min": norms.min(), "mean": norms.mean(), "max": norms.max()}
        if len(norms)
        else None,
        "zero_vectors": int((norms == 0).sum()),
        "nonfinite_vectors": nonfinite,
        "first_words": vectors.index_to_key[:FIRST_WORDS],
    }


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return " ".join(value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(item)}" for name, item in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)
