"""Checkpoints: a run between two of its jobs, as one file in a folder that keeps the newest two.

A checkpoint is a sealed file (`system/container.py`), little-endian:

    length      uint64         bytes of the header
    header      JSON           which run, its position, and the shapes of the arrays
    arrays      float32        one after the other, in C order

It gets its name only when all of it is on the disk, so a kill at any moment leaves the previous
checkpoint.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import itertools
import json
import os
import shutil
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2v_fast.system import portable
from w2v_fast.system.container import SealedFile, padded, write_sealed
from w2v_fast.system.files import check_writable

MAGIC = b"w2v_fast checkp1"
KEPT = 2
MAX_HEADER_BYTES = 1 << 26  # a million epochs take half of it


class CheckpointError(ValueError):
    """A checkpoint that is damaged, or is of another run."""


def write(
    path: str | os.PathLike[str], header: dict[str, Any], arrays: Sequence[NDArray[np.float32]]
) -> None:
    """Write a checkpoint, all of it or nothing; the header gets the shapes of the arrays.

    Raises
    ------
    OSError
        The file cannot be written; an older one stays as it was.
    """
    text = json.dumps(
        {**header, "shapes": [array.shape for array in arrays]}, allow_nan=False
    ).encode()
    write_sealed(path, MAGIC, [len(text).to_bytes(8, "little"), text, *arrays])


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """A whole checkpoint: its file, its header, and where its arrays start."""

    path: Path
    header: dict[str, Any]
    arrays_start: int

    @classmethod
    def read(cls, path: Path) -> Checkpoint:
        """Read the header of a file whose length and checksum are right.

        Raises
        ------
        OSError
            The file cannot be read.
        CheckpointError
            It is not a checkpoint, it was cut, or it is damaged.
        """
        with open(path, "rb") as file:
            sealed = SealedFile(file, MAGIC, "a checkpoint", CheckpointError)
            length = int.from_bytes(sealed.part(8), "little")
            if length > MAX_HEADER_BYTES:
                raise sealed.damage(f"is damaged: its header has {length:,} bytes")
            header = _parsed(path, sealed.part(length))
            start = sealed.position
            lengths = [4 * rows * columns for rows, columns in header["shapes"]]
            sealed.check_rest(lengths)
            for _ in itertools.chain.from_iterable(map(sealed.chunks, lengths)):
                pass
            sealed.check_seal()
        return cls(path, header, start)

    def fill(self, arrays: Sequence[NDArray[np.float32]]) -> None:
        """Read the arrays into `arrays`, which must have the shapes of the header.

        Raises
        ------
        OSError
            The file cannot be read.
        CheckpointError
            The shapes differ.
        """
        shapes = [list(array.shape) for array in arrays]
        if shapes != self.header["shapes"]:
            raise CheckpointError(
                f"{self.path} has arrays of the shapes {self.header['shapes']}, expected {shapes}"
            )
        with open(self.path, "rb") as file:
            start = self.arrays_start
            for array in arrays:
                file.seek(start)
                if file.readinto(array.data.cast("B")) != array.nbytes:
                    raise CheckpointError(f"{self.path} was cut while it was read")
                start += padded(array.nbytes)


class CheckpointFolder:
    """The folder of one run's checkpoints; while it is entered, no other run can enter it.

    Parameters
    ----------
    path
        Created when it is missing; the folder above it must be there.

    Raises
    ------
    OSError
        When it is entered: the folder cannot be made or written, or another run uses it.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(os.path.realpath(path))

    def __enter__(self) -> CheckpointFolder:
        with contextlib.suppress(FileExistsError):
            self.path.mkdir()
        self._handle = portable.open_folder(self.path)
        try:
            portable.lock(self._handle, wait=False)
        except BlockingIOError:
            os.close(self._handle)
            raise BlockingIOError(
                errno.EAGAIN, "another run writes its checkpoints there", str(self.path)
            ) from None
        except OSError:
            pass  # a file system without locks
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._handle)

    def files(self) -> list[Path]:
        """The checkpoints, newest first."""
        return sorted(filter(Path.is_file, self.path.glob("checkpoint-*.w2v")), reverse=True)

    def prepare(self, size: int) -> None:
        """Remove what a killed run left, and check that checkpoints of `size` bytes fit.

        Raises
        ------
        OSError
            The folder cannot be written, or the disk has no room for two checkpoints and the one
            being written.
        """
        for unfinished in self.path.glob(".checkpoint-*.part"):
            with contextlib.suppress(OSError):  # another user's
                unfinished.unlink()
        check_writable(self.path / "checkpoint")
        needed = (KEPT + 1) * size - sum(file.stat().st_size for file in self.files())
        free = shutil.disk_usage(self.path).free
        if free < needed:
            raise OSError(
                errno.ENOSPC,
                f"checkpoints need {needed:,} more bytes on the disk, {free:,} are free",
                str(self.path),
            )

    def save(
        self,
        number: int,
        header: dict[str, Any],
        arrays: Sequence[NDArray[np.float32]],
        last: Path | None = None,
    ) -> Path:
        """Write checkpoint `number`, and remove all but it and the newest before.

        `last` is the checkpoint that the run went on from or wrote last: newer ones are damaged
        and do not count.
        """
        path = self.path / f"checkpoint-{number:015}.w2v"
        write(path, header, arrays)
        files = self.files()
        kept = [file for file in files if file == path or (last is not None and file <= last)]
        for file in {*files} - {*kept[:KEPT]}:
            file.unlink()
        return path

    def newest(self) -> Checkpoint | None:
        """The newest undamaged checkpoint, or None; warns of each damaged newer one.

        Raises
        ------
        CheckpointError
            There are files, and all of them are damaged.
        OSError
            A file cannot be read.
        """
        damage = []
        for path in self.files():
            try:
                checkpoint = Checkpoint.read(path)
            except CheckpointError as error:
                damage.append(str(error))
                continue
            for message in damage:
                warnings.warn(f"{message}; going on from {path}", RuntimeWarning, stacklevel=2)
            return checkpoint
        if damage:
            raise CheckpointError(f"no checkpoint in {self.path} is whole: {'; '.join(damage)}")
        return None


def size_of(arrays: Sequence[NDArray[np.float32]], header_bytes: int = 1 << 16) -> int:
    """The approximate size in bytes of a checkpoint of these arrays."""
    return sum(array.nbytes for array in arrays) + header_bytes


def differences(name: str, stored: Any, ours: Any) -> list[str]:
    """A line for each difference of two JSON values: `alpha is 0.05, the checkpoint has 0.025`."""
    if isinstance(stored, dict) and isinstance(ours, dict):
        return [
            line
            for key in sorted({*stored, *ours})
            for line in differences(
                f"{name}.{key}" if name else key, stored.get(key), ours.get(key)
            )
        ]
    if type(stored) is type(ours) and stored == ours:
        return []
    return [f"{name} is {_short(ours)}, the checkpoint has {_short(stored)}"]


def _short(value: Any) -> str:
    return value[:12] if isinstance(value, str) else repr(value)[:60]


def _parsed(path: Path, text: bytes) -> dict[str, Any]:
    """The header as a dict with `shapes`, a list of pairs of sizes."""
    try:
        header = json.loads(text)
        for rows, columns in header["shapes"]:
            if any(type(size) is not int or not 0 < size < 2**48 for size in (rows, columns)):
                raise ValueError(rows, columns)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise CheckpointError(
            f"{path} is damaged: its header is not what a checkpoint has"
        ) from None
    parsed: dict[str, Any] = header
    return parsed
