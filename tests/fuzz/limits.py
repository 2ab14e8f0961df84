"""Limits of every reader for any bytes: clear errors and bounded memory."""

import contextlib
import tracemalloc
import warnings
from collections.abc import Callable

import numpy as np

ALLOWED = (ValueError, OSError)  # FormatError is a ValueError
MEMORY = 64 << 20  # for buffers, whatever the file
PEAK_PER_BYTE = 64


def check(read: Callable[[], object], size: int) -> None:
    """Run a reader on a file of `size` bytes.

    Fail on any other exception, and on more memory than the size explains.
    """
    tracing = tracemalloc.is_tracing()
    if tracing:
        tracemalloc.reset_peak()
    with warnings.catch_warnings(), np.errstate(all="ignore"), contextlib.suppress(*ALLOWED):
        warnings.simplefilter("ignore")
        read()
    if tracing:
        peak = tracemalloc.get_traced_memory()[1]
        assert peak < MEMORY + PEAK_PER_BYTE * size, f"{peak} bytes for a file of {size}"
