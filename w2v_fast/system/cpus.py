"""The CPUs that the system gives this process, with the limits of containers."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from w2v_fast.system.control_groups import control_groups, numbers_in


def usable_cpus() -> int:
    """Number of CPUs this process may use, at least 1.

    The affinity mask and the quotas of the control groups limit it; a quota of part of a CPU counts
    as one.
    """
    quotas = [-(-quota // period) for quota, period in _cpu_quotas() if quota > 0 and period > 0]
    return max(1, min([_cpus_of_process(), *quotas]))


def _cpus_of_process() -> int:
    with contextlib.suppress(OSError):
        if hasattr(os, "process_cpu_count"):  # Python 3.13: PYTHON_CPU_COUNT counts too
            return os.process_cpu_count() or 1
        if hasattr(os, "sched_getaffinity"):
            return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpu_quotas() -> Iterator[tuple[int, int]]:
    """Microseconds of CPU in a period, for each control group that limits them."""
    for folder in control_groups("cpu"):
        second = numbers_in(folder / "cpu.max") or numbers_in(folder / "cpu.cfs_quota_us")
        if len(second) == 2:
            yield second[0], second[1]
        elif second and (period := numbers_in(folder / "cpu.cfs_period_us")):
            yield second[0], period[0]
