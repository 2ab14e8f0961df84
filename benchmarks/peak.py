"""What the machine can do, measured: floating-point operations and bytes copied a second."""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.kernels.build import load
from w2v_fast.system.cpus import usable_cpus

MEASURE_SECONDS = 0.3
COPY_FLOATS = 1 << 25
"""128 MB in each of two arrays a core: beyond any cache."""
COPIES = 4


def usable_cores() -> list[int]:
    """The numbers of the cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(usable_cpus()))


def load_peak() -> ctypes.CDLL:
    """The compiled peak.c."""
    return load("peak.c", "-O2")


def arithmetic_peak(library: ctypes.CDLL, isa: str, cores: Sequence[int]) -> float:
    """Floating-point operations a second of these cores together."""
    peak = getattr(library, f"peak_{isa}")
    peak.argtypes, peak.restype = [ctypes.c_long, ctypes.c_float], ctypes.c_float
    rounds = 1_000_000
    seconds = _seconds(lambda: peak(rounds, 1.0), cores[:1])
    rounds = max(int(rounds * MEASURE_SECONDS / seconds), 1)
    operations = len(cores) * rounds * getattr(library, f"flops_{isa}")()
    return float(operations / _seconds(lambda: peak(rounds, 1.0), cores))


def copy_bandwidth(cores: Sequence[int]) -> float:
    """Bytes read and written a second when each core copies a different array."""
    local = threading.local()

    def prepare() -> None:
        local.source = np.ones(COPY_FLOATS, np.float32)
        local.target = np.zeros(COPY_FLOATS, np.float32)

    def copy() -> None:
        for _ in range(COPIES):
            np.copyto(local.target, local.source)

    return len(cores) * COPIES * 2 * 4 * COPY_FLOATS / _seconds(copy, cores, prepare)


def _seconds(
    work: Callable[[], Any], cores: Sequence[int], prepare: Callable[[], Any] = lambda: None
) -> float:
    """From the first start to the last end, when each core does `work`, which frees the GIL."""
    barrier = threading.Barrier(len(cores))
    times: list[tuple[float, float]] = []

    def on(core: int) -> None:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {core})  # of this thread
        prepare()
        barrier.wait()
        start = time.perf_counter()
        work()
        times.append((start, time.perf_counter()))

    threads = [threading.Thread(target=on, args=(core,)) for core in cores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return max(end for _, end in times) - min(start for start, _ in times)
