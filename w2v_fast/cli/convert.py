"""Convert vectors from one format to another.

Examples:
  w2v-fast convert GoogleNews-vectors-negative300.bin.gz news.txt
  w2v-fast convert glove.6B.100d.txt first.bin --limit 50000
"""

from __future__ import annotations

import argparse
from typing import Any

from w2v_fast.cli import options
from w2v_fast.cli.messages import note
from w2v_fast.cli.parser import UsageError
from w2v_fast.cli.paths import Output, check_paths
from w2v_fast.vectors import formats

READING = ("limit", "on_duplicate", "on_truncated", "allow_nonfinite")
WRITING = ("escape", "allow_nonfinite")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "input", metavar="IN", help="word vectors, compressed or not, '-' for standard input"
    )
    parser.add_argument(
        "output", metavar="OUT", help="file to write, '-' for standard output (needs --format)"
    )
    parser.add_argument(
        "--from",
        metavar="FORMAT",
        dest="source_format",
        help="format of IN (default: what its content shows)",
    )
    options.add_format_argument(parser)

    def optional(flag: str, help: str, **rules: Any) -> None:
        parser.add_argument(flag, default=argparse.SUPPRESS, help=help, **rules)

    optional("--limit", "read only the first N rows", type=options.positive, metavar="N")
    optional(
        "--escape",
        "text to write for a character that OUT cannot hold in a word, such as a space; "
        "'percent' writes %%20 (default: such a word is an error)",
        metavar="TEXT",
    )
    optional(
        "--on-duplicate",
        "which row of a repeated word to keep (default: first)",
        choices=("first", "last", "error"),
    )
    optional(
        "--on-truncated",
        "what to do with a truncated file: fail, or keep its complete rows (default: error)",
        choices=("error", "keep"),
    )
    optional("--allow-nonfinite", "accept NaN and infinity", action="store_true")
    parser.add_argument("--quiet", action="store_true", help="print nothing on standard error")


def run(arguments: argparse.Namespace) -> None:
    source_format = arguments.source_format and options.known_format(arguments.source_format)
    format = options.output_format(arguments.output, arguments.format)
    check_paths({"IN": arguments.input}, Output("OUT", arguments.output, format))
    try:
        data = formats.load(arguments.input, source_format, **_given(arguments, READING))
        formats.save(data, arguments.output, format, **_given(arguments, WRITING))
    except TypeError as error:  # an option that means nothing to the format
        raise UsageError(str(error)) from None
    if not arguments.quiet:
        note(
            f"wrote {arguments.output}: {len(data):,} vectors of {data.vector_size} dimensions, "
            f"{format}"
        )


def _given(arguments: argparse.Namespace, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(arguments, name) for name in names if hasattr(arguments, name)}
