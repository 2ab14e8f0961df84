"""Token ids in memory up to a budget, then in a temporary file: 4 bytes a token, held once."""

from __future__ import annotations

import contextlib
import mmap
import operator
import tempfile
from typing import BinaryIO, cast

import numpy as np
import numpy.typing as npt

from w2v_fast.system.memory import default_budget

STEP = 1 << 22  # ids by which the array in memory grows: a realloc that moves pages, not bytes


def checked_budget(memory_budget: int | None) -> int:
    """The bytes of ids to hold in memory: what is given, or half of what is free.

    Raises
    ------
    TypeError, ValueError
        It is not a whole number, or is negative.
    """
    if memory_budget is None:
        return default_budget()
    try:
        budget = operator.index(memory_budget)
    except TypeError:
        raise TypeError(
            f"memory_budget = {memory_budget!r:.60} must be a whole number of bytes, such as 2**30"
        ) from None
    if budget < 0:
        raise ValueError(f"memory_budget = {budget} must not be negative")
    return budget


class IdStore:
    """A growing array of int32.

    Parameters
    ----------
    budget
        Bytes of ids to hold in memory. Above it they go to an unnamed file in the folder for
        temporary files (`TMPDIR`), which vanishes with this object or with the process.
    expected
        The number of ids, if it is known: memory for all of them is allocated at once.
    """

    def __init__(self, budget: int, expected: int = 0) -> None:
        self.budget = budget
        self.size = 0
        self._ids: npt.NDArray[np.int32] = np.empty(
            expected if 4 * expected <= budget else 0, np.int32
        )
        self._file: BinaryIO | None = None

    @property
    def spilled(self) -> bool:
        """Whether the ids are in a file."""
        return self._file is not None

    def append(self, ids: npt.NDArray[np.int32]) -> None:
        """Add ids at the end; OSError when the disk is full."""
        end = self.size + len(ids)
        if self._file is None and end * 4 > self.budget:
            self._spill()
        if self._file is not None:
            self._file.write(ids.data)
        else:
            if end > len(self._ids):
                self._ids.resize(end + min(STEP, self.budget // 4 - end), refcheck=False)
            self._ids[self.size : end] = ids
        self.size = end

    def end_sentence(self) -> None:
        """Mark the last id as the end of its sentence, if it is not marked yet."""
        last = self.array()[-1:]
        np.minimum(last, ~last, out=last)

    def array(self) -> npt.NDArray[np.int32]:
        """The ids, writable, in memory or mapped from the file."""
        if self._file is None:
            return self._ids[: self.size]
        self._file.flush()
        if self.size == 0:
            return np.empty(0, np.int32)
        return np.frombuffer(mmap.mmap(self._file.fileno(), self.size * 4), np.int32)

    def truncate(self, size: int) -> npt.NDArray[np.int32]:
        """Keep the first `size` ids and give the rest of the space back; returns `array()`."""
        self.size = size
        if self._file is not None:
            self._file.flush()
            with contextlib.suppress(OSError):  # Windows: not while a part of it is mapped
                self._file.truncate(size * 4)
        else:
            self._ids.resize(size, refcheck=False)
        return self.array()

    def _spill(self) -> None:
        self._file = cast(BinaryIO, tempfile.TemporaryFile(prefix="w2v_fast-"))  # noqa: SIM115
        self._file.write(self._ids[: self.size].data)
        self._ids = np.empty(0, np.int32)
