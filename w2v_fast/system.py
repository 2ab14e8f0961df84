"""What the system gives this process: CPUs and memory, with the limits of containers."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

PROC = Path("/proc")
CONTROL_GROUPS = Path("/sys/fs/cgroup")


def usable_cpus() -> int:
    """Number of CPUs this process may use, at least 1: by its affinity mask, and by the quota of its control groups.

    A quota of a part of a CPU counts as one.
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
    for folder in _control_groups("cpu"):
        second = _numbers(folder / "cpu.max") or _numbers(folder / "cpu.cfs_quota_us")
        if len(second) == 2:
            yield second[0], second[1]
        elif second and (period := _numbers(folder / "cpu.cfs_period_us")):
            yield second[0], period[0]


def available() -> int | None:
    """Bytes this process may still take: the least of the machine's, its control groups' and its limit's; or None."""
    found = [
        free for free in (_of_machine(), *_of_control_groups(), _of_limit()) if free is not None
    ]
    return max(0, min(found)) if found else None


def _of_machine() -> int | None:
    """Linux: MemAvailable. Elsewhere psutil, which is installed there, knows."""
    for line in _lines(PROC / "meminfo"):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    try:
        import psutil
    except ImportError:
        return None
    return int(psutil.virtual_memory().available)


def _of_control_groups() -> Iterator[int]:
    """The limit of each control group (containers have one) less its use; caches of files can be dropped."""
    for folder in _control_groups("memory"):
        for limit_file, use_file, cache in (
            ("memory.max", "memory.current", "inactive_file"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ):
            limit, use = _numbers(folder / limit_file), _numbers(folder / use_file)
            if limit and use:
                files = [
                    line.split()[1]
                    for line in _lines(folder / "memory.stat")
                    if line.startswith(f"{cache} ")
                ]
                yield limit[0] - use[0] + sum(map(int, files))


def _of_limit() -> int | None:
    """The limit of the address space (`ulimit -v`) less its use."""
    if sys.platform == "win32":
        return None
    pages = _lines(PROC / "self" / "statm")
    if not pages:
        return None
    import resource

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return None
    return limit - int(pages[0].split()[0]) * os.sysconf("SC_PAGE_SIZE")


def _control_groups(controller: str) -> Iterator[Path]:
    """The folders of the control groups that limit this process: its own and all above it, of version 2 and 1."""
    for line in _lines(PROC / "self" / "cgroup"):
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        group = PurePosixPath(path.lstrip("/"))
        for root in (
            {CONTROL_GROUPS / controllers, CONTROL_GROUPS / controller}
            if controllers
            else {CONTROL_GROUPS}
        ):
            yield from (root / part for part in (group, *group.parents))


def _numbers(path: Path) -> list[int]:
    """The whole numbers in the first line of a file; none where it has something else ("max") or cannot be read."""
    try:
        return [int(word) for word in _lines(path)[0].split()]
    except (IndexError, ValueError):
        return []


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return []
