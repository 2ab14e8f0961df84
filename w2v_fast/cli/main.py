# PYTHON_ARGCOMPLETE_OK
"""The command `w2v-fast`: run a command, and turn an error into one line and an exit code.

0 done    1 failed    2 wrong usage    130 interrupted (Ctrl-C)    143 terminated (SIGTERM)    129
hung up (SIGHUP)
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from w2v_fast.cli.messages import note
from w2v_fast.cli.parser import Parser, UsageError
from w2v_fast.cli.signals import Stopped, raise_on_signals
from w2v_fast.system.streams import flush_output, steady_streams

COMMANDS = {
    "train": "Train word vectors on text and write them to a file.",
    "encode": "Save a corpus as word ids, which 'train' opens without reading the text again.",
    "vocab": "Count the words of a corpus, the most frequent first.",
    "phrases": "Join words that belong together, such as new_york.",
    "similar": "Print the words that are most similar to a word.",
    "analogy": "Answer 'A is to B as C is to ?'.",
    "odd-one-out": "Print the word that fits least among several.",
    "evaluate": "Compare vectors with human judgments: similarity of word pairs, and analogies.",
    "inspect": "Describe a file of vectors: format, shape, norms, problems.",
    "convert": "Convert vectors from one format to another.",
    "classes": "Cluster the words by k-means on their directions.",
    "plot": "Draw a map of words in two dimensions, on which similar words are neighbors.",
    "explore": "Show the words in a browser: a map, neighbors, analogies, comparisons.",
    "demo": "Train on the text of Python's own documentation, and print similar words.",
    "word2vec": "Accept the command line of the C tool word2vec.",
}
"""What each command does. Its module is imported only when it is chosen."""
FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130

EPILOG = """\
'w2v-fast COMMAND --help' tells more. Data go to standard output, everything else to standard error.
Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted, 143 terminated, 129 hung up.
Completion in bash (extra: completion): eval "$(register-python-argcomplete w2v-fast)"
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = sys.argv[1:] if argv is None else list(argv)
    return execute(build_parser(COMMANDS if "_ARGCOMPLETE" in os.environ else words), words)


def build_parser(chosen: Collection[str] = COMMANDS) -> Parser:
    """The parser of all commands; only the chosen ones get their arguments.

    Each command is a module with `add_arguments(parser)` and `run(arguments)`.
    """
    parser = Parser(
        prog="w2v-fast",
        description="word2vec on CPUs: train word vectors and question them.",
        epilog=EPILOG,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary)
        if name in chosen:
            file = "word2vec_c" if name == "word2vec" else name.replace("-", "_")
            module = importlib.import_module(f"w2v_fast.cli.{file}")
            command.description = (module.__doc__ or "").strip()
            module.add_arguments(command)
            add_traceback(command)
            command.set_defaults(run=module.run)
    return parser


def add_traceback(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--traceback", action="store_true", help="show where an error comes from")


class _Version(argparse.Action):
    def __call__(self, *_: Any) -> None:
        from w2v_fast import __version__

        print(f"w2v-fast {__version__}")
        raise SystemExit(0)


def execute(parser: Parser, words: list[str]) -> int:
    """Parse `words`, call `arguments.run(arguments)`, report errors, and return the exit code."""
    with steady_streams():
        _complete(parser)
        try:
            with raise_on_signals(), _plain_output():
                code = _run(parser, words)
                flush_output()
                return code
        except UsageError as error:
            return _report(error, str(error), WRONG_USAGE, words)
        except Stopped as error:
            note(str(error))
            return error.exit_code
        except KeyboardInterrupt:
            note("interrupted")
            return INTERRUPTED
        except BrokenPipeError:  # whoever read the output has gone
            return FAILED
        except Exception as error:
            return _report(error, _message(error), FAILED, words)


def _run(parser: Parser, words: list[str]) -> int:
    try:
        arguments = parser.parse_args(words)
    except SystemExit as end:  # after --help or --version
        return int(end.code or 0)
    return arguments.run(arguments) or 0


def _complete(parser: Parser) -> None:
    if "_ARGCOMPLETE" in os.environ:
        with contextlib.suppress(ImportError):
            import argcomplete

            argcomplete.autocomplete(parser)


@contextlib.contextmanager
def _plain_output() -> Iterator[None]:
    """Print words as the bytes they were read as, warnings and log records as one line each."""
    for stream in (sys.stdin, sys.stdout):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="surrogateescape")
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("w2v-fast: %(message)s"))
    logger = logging.getLogger("w2v_fast")
    logger.addHandler(handler)
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        try:
            yield
        finally:
            logger.removeHandler(handler)


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    note(f"warning: {' '.join(str(message).split())}")


def _report(error: BaseException, message: str, code: int, words: list[str]) -> int:
    if "--traceback" in words:
        traceback.print_exception(error)
    note(f"error: {' '.join(message.split())}")
    return code


def _message(error: Exception) -> str:
    """An error in one sentence, with its type only if it is not about input or the system."""
    if isinstance(error, OSError) and error.strerror:
        file = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
        return file + error.strerror
    if isinstance(error, KeyError) and error.args:
        return str(error.args[0])
    if isinstance(error, MemoryError):
        return f"not enough memory: {error}"
    if isinstance(error, (OSError, ValueError, ImportError, FloatingPointError)):
        return str(error) or type(error).__name__
    return f"{type(error).__name__}: {error} (run again with --traceback and report it)"
