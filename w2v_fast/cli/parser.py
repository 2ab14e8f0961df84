"""Parser: argparse with one-line errors, and the nearest known name beside an unknown one."""

from __future__ import annotations

import argparse
import difflib
import functools
import re
from collections.abc import Collection, Sequence
from typing import Any, NoReturn

NUMBER = re.compile(r"-\.?\d")
FORMATTER = functools.partial(argparse.RawDescriptionHelpFormatter, max_help_position=28)
"""Help with room for long option names; descriptions keep their lines."""


class UsageError(Exception):
    """A wrong command line: exit code 2."""


class Parser(argparse.ArgumentParser):
    """Options in full only; an error is a `UsageError`, raised before anything is printed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=FORMATTER, allow_abbrev=False, **options)
        self._mixing = False

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Report unknown options and commands before other errors, which may follow from them.

        In a command, options may stand between the positional arguments.
        """
        if self._mixing:
            return super().parse_known_args(args, namespace)
        self._check_names(args or ())
        if self._subparsers is not None:
            return super().parse_known_args(args, namespace)
        self._mixing = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        except AttributeError as error:
            # a signal came before argparse had set what it restores: the signal is the cause
            if isinstance(error.__context__, Exception | None):
                raise
            raise error.__context__ from None
        finally:
            self._mixing = False

    def _check_names(self, args: Sequence[str]) -> None:
        for argument in args:
            if argument == "--" or not self._is_option(argument):
                if self._subparsers is not None:
                    self._check_command(argument)
                    break
                if argument == "--":
                    break
                continue
            known, name = self._option_string_actions, argument.split("=")[0]
            short = name if argument[1] == "-" else argument[:2]  # of -oFILE
            if known.keys().isdisjoint((argument, name, short)):
                self.error(f"unknown option {name}{suggestion(name, known)}")

    @staticmethod
    def _is_option(argument: str) -> bool:
        return len(argument) > 1 and argument[0] == "-" and not NUMBER.match(argument)

    def _check_command(self, name: str) -> None:
        commands = next(
            action.choices
            for action in self._actions
            if isinstance(action, argparse._SubParsersAction)
        )
        if name not in commands:
            self.error(f"unknown command {name!r}{suggestion(name, commands)}")

    def print_help(self, file: Any = None) -> None:
        """Unlike argparse's, it raises the OSError of a stream that takes no text."""
        print(self.format_help(), end="", file=file)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see {self.prog} --help)")


def suggestion(name: str, known: Collection[str]) -> str:
    """`; did you mean NAME?` for a known name that contains `name` (--size) or is near; or ""."""
    longer = [other for other in known if name.strip("-") in filter(None, other.split("-"))]
    near = longer or difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else ""
