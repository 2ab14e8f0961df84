"""Describe a file of vectors: format, shape, norms, problems.

Problems are repeated words, zero vectors, numbers that are not finite, and a truncated file.

Example:
  w2v-fast inspect vectors.bin
"""

from __future__ import annotations

import argparse
import warnings
from typing import Any

import numpy as np

from w2v_fast.cli import options
from w2v_fast.cli.messages import as_json
from w2v_fast.cli.parser import UsageError
from w2v_fast.cli.paths import STANDARD_OUTPUT, check_paths
from w2v_fast.vectors import formats
from w2v_fast.vectors.keyed_vectors import KeyedVectors

LENIENT = {"strict": False, "on_truncated": "keep", "allow_nonfinite": True}
FIRST_WORDS = 10
BLOCK = 4096


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.add_vectors_argument(parser)
    options.add_json_argument(parser, "one object")


def run(arguments: argparse.Namespace) -> None:
    if arguments.vectors == "-":
        raise UsageError("inspect reads a file twice: standard input cannot be inspected")
    check_paths({"FILE": arguments.vectors}, STANDARD_OUTPUT)
    format = options.format_of(arguments.vectors)
    taken = formats.FORMATS[format].read_options
    lenient = {name: value for name, value in LENIENT.items() if name in taken}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        data = formats.load(arguments.vectors, format, **lenient)
    kv = KeyedVectors.from_data(data)
    problems = [str(warning.message) for warning in caught]
    facts = {
        "file": arguments.vectors,
        "format": format,
        **facts_of(kv),
        "repeated_words": data.repeated_words,
        "problems": problems,
        "metadata": kv.metadata,
    }
    if arguments.json:
        print(as_json(facts))
        return
    for name, value in facts.items():
        if value not in (None, [], {}):
            print(f"{name.replace('_', ' '):<19}{_shown(value)}")


def facts_of(kv: KeyedVectors) -> dict[str, Any]:
    """Shape, type, norms and problems of vectors."""
    nonfinite = sum(
        int((~np.isfinite(kv.vectors[start : start + BLOCK])).any(axis=1).sum())
        for start in range(0, len(kv), BLOCK)
    )
    with np.errstate(all="ignore"):
        norms = kv.norms[np.isfinite(kv.norms)].astype(np.float64)
    extremes = (
        {"min": norms.min(), "mean": norms.mean(), "max": norms.max()} if len(norms) else None
    )
    return {
        "words": len(kv),
        "vector_size": kv.vector_size,
        "dtype": str(kv.vectors.dtype),
        "counts": kv.counts is not None,
        "output_vectors": kv.output_vectors is not None,
        "norms": extremes,
        "zero_vectors": int((norms == 0).sum()),
        "nonfinite_vectors": nonfinite,
        "first_words": kv.index_to_key[:FIRST_WORDS],
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
