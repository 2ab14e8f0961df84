"""The files of a command: a wrong output is an error before the work; no input is overwritten."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from w2v_fast.cli.parser import UsageError
from w2v_fast.corpus.sources import expand
from w2v_fast.system.files import check_writable, is_stream
from w2v_fast.system.streams import check_output
from w2v_fast.vectors import formats
from w2v_fast.vectors.formats import npy

CHECKPOINTS = "checkpoints"
STDIN, STDOUT = 0, 1
Place: TypeAlias = "tuple[int, int] | str"


@dataclasses.dataclass(frozen=True)
class Output:
    """What an option writes: a file, vectors in a format, or a folder of checkpoints."""

    option: str
    path: str
    format: str | None = None

    @property
    def files(self) -> Sequence[str]:
        """Every file or folder that is written."""
        format = formats.FORMATS.get(self.format or "")
        return (self.path,) if format is None or format.read_folder else format.files(self.path)

    @property
    def effect(self) -> str:
        """What writing would do to a file, as the beginning of a sentence that names it."""
        if is_stream(self.path):
            return f"{'standard output' if self.path == '-' else self.path} would be written to"
        return f"{self.option} {self.path} would replace"

    def check(self) -> None:
        """Raise now the OSError that writing would raise after the work."""
        if self.format is not None and self.format != CHECKPOINTS:
            formats.check_writable(self.path, self.format)
        elif self.format == CHECKPOINTS and os.path.lexists(self.path):
            if not os.path.isdir(self.path):
                raise NotADirectoryError(
                    errno.ENOTDIR, "checkpoints need a folder, this is a file", self.path
                )
            check_writable(os.path.join(self.path, "checkpoint"))
        else:
            check_writable(self.path.rstrip("/") if self.format == CHECKPOINTS else self.path)
        if self.path == "-":
            check_output()


STANDARD_OUTPUT = Output("standard output", "-")


def check_paths(inputs: Mapping[str, str | Sequence[str] | None], *outputs: Output) -> None:
    """Check before the work that the files of a command can be written, and which are the same.

    Parameters
    ----------
    inputs
        The files, folders or globs of each option or argument that is read.
    outputs
        What is written.

    Raises
    ------
    OSError
        An output cannot be written.
    UsageError
        Two outputs, or an output and an input, are the same file (by any name or link, or because
        the shell redirected standard output to it), or one lies in a folder that will be replaced.
    """
    taken: dict[Place, Output] = {}
    for output in outputs:
        output.check()
        for file in output.files:
            place = _place(file)
            if place is not None and taken.setdefault(place, output) is not output:
                raise UsageError(
                    f"{taken[place].option} and {output.option} would both write "
                    f"{file}; give them different names"
                )
    for output in outputs:
        others = [(other.option, other.path) for other in outputs if other is not output]
        if output.format == "safetensors":
            folder = os.path.join(os.path.realpath(output.path), "")
            for option, path in (*others, *_files(inputs)):
                if isinstance(path, str) and os.path.realpath(path).startswith(folder):
                    raise UsageError(
                        f"{output.option} will replace the folder {output.path}, in which {option} "
                        f"{path} lies; give another folder"
                    )
    if all(isinstance(place, str) for place in taken):
        return
    for option, path in _files(inputs):
        found = taken.get(_identity(path) or "")
        if found is not None:
            shown = "the file that is standard input" if path == STDIN else path
            raise UsageError(f"{found.effect} {shown}, which is read ({option}); give another file")


def _files(inputs: Mapping[str, str | Sequence[str] | None]) -> Iterator[tuple[str, str | int]]:
    """Each input with its option: its name, and every file that a folder or glob stands for.

    STDIN is one of them if it is read: the shell may have redirected it to a file.
    """
    for option, names in inputs.items():
        for name in [names] if isinstance(names, str) else names or ():
            if name == "-":
                yield option, STDIN
            elif "://" not in name:
                yield option, name
                if name.endswith(".npy"):
                    yield option, os.fspath(npy.words_path(name))
                with contextlib.suppress(FileNotFoundError):  # whoever reads it says so
                    yield from ((option, path) for path in expand(name))


def _place(path: str | os.PathLike[str]) -> Place | None:
    """The identity of an output, whatever its name; None for a device or pipe, which many write."""
    name = os.fspath(path)
    if is_stream(name):
        redirected = _identity(STDOUT if name == "-" else name, regular=True)
        return redirected or (name if name == "-" else None)
    return _identity(name) or os.path.realpath(name)


def _identity(path: str | os.PathLike[str] | int, regular: bool = False) -> tuple[int, int] | None:
    """Device and inode of a file, folder or descriptor; None if it is missing, or not `regular`."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    if regular and not stat.S_ISREG(status.st_mode):
        return None
    return status.st_dev, status.st_ino
