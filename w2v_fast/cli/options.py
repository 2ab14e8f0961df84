"""Options that several commands share; those of `train` come from the fields of TrainConfig."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import math
import os
import re
from typing import Any

from w2v_fast.cli.parser import UsageError, suggestion
from w2v_fast.config import TrainConfig, range_in_words
from w2v_fast.training.progress import MODES
from w2v_fast.vectors import formats
from w2v_fast.vectors.formats import FORMATS

TEXT_HELP = (
    "text files, folders, globs or URLs, compressed or not, or with --column files of tables "
    "(Parquet, Feather, CSV, JSON lines); '-' is standard input"
)
CORPUS_HELP = (
    f"{TEXT_HELP}; or one file that 'encode' wrote. White space separates words, a newline ends a "
    "sentence"
)
WORKERS_HELP = "threads (default: the CPUs this process may use)"
UNITS = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}


# -- hyper-parameters ------------------------------------------------------------------------------


def add_config_arguments(parser: argparse.ArgumentParser, *names: str) -> None:
    """One option for each field of TrainConfig, or for those named; set only where it is given."""
    group = parser.add_argument_group("hyper-parameters")
    for field in dataclasses.fields(TrainConfig):
        if not names or field.name in names:
            _add_field(group, field)


def _add_field(group: argparse._ArgumentGroup, field: dataclasses.Field[Any]) -> None:
    kind = int if field.default is None else type(field.default)
    rules: dict[str, Any] = {"type": kind, "metavar": "N" if kind is int else "X"}
    if kind is bool:
        rules = {"action": argparse.BooleanOptionalAction}
    elif field.metadata["choices"]:
        rules = {"choices": field.metadata["choices"]}
    text = _help(field)
    group.add_argument(flag_of(field.name), default=argparse.SUPPRESS, help=text, **rules)


def _help(field: dataclasses.Field[Any]) -> str:
    """What a field means, its default and its range."""
    default, facts = field.default, []
    if default is not None:
        facts.append(f"default: {('no', 'yes')[default] if isinstance(default, bool) else default}")
    if limits := range_in_words(field):
        facts.append(limits)
    text: str = field.metadata["help"]
    if facts and text.endswith(")"):
        return f"{text[:-1]}; {', '.join(facts)})"
    return f"{text} ({', '.join(facts)})" if facts else text


def flag_of(field: str) -> str:
    """The option of a field: vector_size is --vector-size."""
    return f"--{field.replace('_', '-')}"


def given(arguments: argparse.Namespace) -> dict[str, Any]:
    """The hyper-parameters on the command line."""
    return {
        field.name: getattr(arguments, field.name)
        for field in dataclasses.fields(TrainConfig)
        if hasattr(arguments, field.name)
    }


def config_from(arguments: argparse.Namespace) -> TrainConfig:
    """The hyper-parameters, checked; a value out of its range is a wrong usage."""
    return checked_config(**given(arguments))


def checked_config(**options: Any) -> TrainConfig:
    """A TrainConfig; UsageError for a value out of its range."""
    try:
        return TrainConfig(**options)
    except (TypeError, ValueError) as error:
        raise UsageError(str(error)) from None


# -- the corpus ------------------------------------------------------------------------------------


def add_corpus_arguments(parser: argparse.ArgumentParser) -> None:
    """CORPUS, and how it is read."""
    parser.add_argument("corpus", metavar="CORPUS", nargs="+", help=CORPUS_HELP)
    add_text_arguments(parser)
    parser.add_argument(
        "--read-vocab",
        metavar="FILE",
        help="use the words and counts of this file, 'word count' lines, instead of counting",
    )
    add_memory_argument(parser)
    parser.add_argument(
        "--progress", choices=MODES, default="bar", help="what standard error shows (default: bar)"
    )
    parser.add_argument(
        "--quiet",
        action="store_const",
        const="quiet",
        dest="progress",
        help="the same as --progress quiet",
    )


def add_text_arguments(parser: argparse.ArgumentParser) -> None:
    """--column and --tokenizer: where the text is, and what cuts it into words."""
    parser.add_argument("--column", metavar="NAME", help="the column to read of files of tables")
    parser.add_argument(
        "--tokenizer",
        metavar="NAME",
        help="what cuts text into words: whitespace; words (lowercased, of any script, without "
        "punctuation); or module:function, a function from a str to a list of str (default: "
        "whitespace)",
    )


def add_memory_argument(parser: argparse.ArgumentParser) -> None:
    """--memory-budget, above which a temporary file holds the ids."""
    parser.add_argument(
        "--memory-budget",
        metavar="BYTES",
        type=byte_count,
        help="memory for the ids of the corpus, 4 bytes a word, as 512M or 8G; a larger corpus "
        "goes to a temporary file (default: half of what is free)",
    )


def byte_count(text: str) -> int:
    """Bytes, perhaps in units of 2**10, 2**20, 2**30 or 2**40: 100000, 64K, 512M, 1.5G, 1T."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT]?)(?:i?B)?", text, re.IGNORECASE)
    if match is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number of bytes; expected one like 1000000, 512M or 8G"
        )
    return int(float(match[1]) * 2 ** UNITS[match[2].upper()])


# -- vectors ---------------------------------------------------------------------------------------


def add_vectors_argument(parser: argparse.ArgumentParser, name: str = "FILE") -> None:
    """FILE, word vectors to read."""
    text = "word vectors of any known format, compressed or not"
    parser.add_argument("vectors", metavar=name, help=text)


def add_word_arguments(parser: argparse.ArgumentParser) -> None:
    """FILE and WORD..., without which a prompt opens."""
    add_vectors_argument(parser)
    parser.add_argument(
        "words",
        metavar="WORD",
        nargs="*",
        help="the question; without words a prompt asks for them",
    )


def format_of(path: str) -> str:
    """The format that the content of a file shows."""
    if not os.path.isdir(path):
        with contextlib.suppress(IsADirectoryError), formats.open_stream(path) as stream:
            return formats.sniff(stream)
    return "safetensors"


def known_format(name: str) -> str:
    """`name`, if it is a format; else UsageError."""
    if name not in FORMATS:
        raise UsageError(f"unknown format {name!r}{suggestion(name, FORMATS)}")
    return name


def output_format(path: str, format: str | None) -> str:
    """The format to write: the one named, or that of the suffix of `path`; or a UsageError."""
    if format is not None:
        return known_format(format)
    try:
        return formats.format_of_suffix(path)
    except ValueError:
        raise UsageError(
            f"the name {path} does not tell a format: end it with .bin, .txt or .vec, or give "
            f"--format, one of {', '.join(FORMATS)}"
        ) from None


def add_lines_argument(parser: argparse.ArgumentParser) -> None:
    """-o, the file to write lines to."""
    text = "file for the lines (default: standard output)"
    parser.add_argument("-o", "--output", metavar="FILE", default="-", help=text)


def add_format_argument(parser: argparse.ArgumentParser) -> None:
    """--format, of the file to write."""
    parser.add_argument(
        "--format",
        metavar="FORMAT",
        help=f"{', '.join(FORMATS)} (default: by the suffix .bin, .txt, .vec, .npy, .parquet "
        "or .tsv; without a suffix the native folder)",
    )


# -- questions -------------------------------------------------------------------------------------


def add_topn_argument(parser: argparse.ArgumentParser) -> None:
    """--topn, the number of words to print."""
    parser.add_argument(
        "--topn", type=positive, metavar="N", default=10, help="words to print (default: 10)"
    )


def add_method_argument(parser: argparse.ArgumentParser) -> None:
    """--method, the formula that solves analogies."""
    parser.add_argument(
        "--method",
        choices=("add", "mul"),
        default="add",
        help="sum (3CosAdd) or product (3CosMul) of cosines (default: add)",
    )


def add_seed_argument(parser: argparse.ArgumentParser) -> None:
    """--seed, in numpy's range."""
    parser.add_argument(
        "--seed", type=seed, metavar="N", default=1, help="seed of random choices (default: 1)"
    )


def add_json_argument(parser: argparse.ArgumentParser, what: str) -> None:
    """--json, which prints `what`."""
    parser.add_argument("--json", action="store_true", help=f"print JSON: {what}")


def positive(text: str) -> int:
    """A whole number above 0."""
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def positive_minutes(text: str) -> float:
    """A number above 0."""
    number = float(text)
    if not 0 < number < math.inf:
        raise ValueError
    return number


def row_limit(text: str) -> int | None:
    """A number of rows; 0 is None, all of them."""
    return positive(text) if text != "0" else None


def seed(text: str) -> int:
    """A whole number from 0 to 2**32 - 1."""
    number = int(text)
    if not 0 <= number < 2**32:
        raise ValueError
    return number
