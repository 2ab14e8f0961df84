"""The memory that the system gives this process, with the limits of containers."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

from w2v_fast.system import control_groups as groups
from w2v_fast.system.control_groups import control_groups, lines_of, numbers_in

UNKNOWN_BUDGET = 1 << 24
"""Bytes of ids to hold in memory where the free memory is unknown."""


def available() -> int | None:
    """Bytes this process may still take under every limit; None if unknown."""
    limits = (_of_machine(), *_of_control_groups(), _of_limit())
    found = [free for free in limits if free is not None]
    return max(0, min(found)) if found else None


def _of_machine() -> int | None:
    """Linux: MemAvailable. Elsewhere psutil, which is installed there, knows."""
    for line in lines_of(groups.PROC / "meminfo"):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    try:
        import psutil
    except ImportError:
        return None
    return int(psutil.virtual_memory().available)


def _of_control_groups() -> Iterator[int]:
    """Limit minus use of each control group; cached files do not count, they can be dropped."""
    for folder in control_groups("memory"):
        for limit_file, use_file, cache in (
            ("memory.max", "memory.current", "inactive_file"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ):
            limit, use = numbers_in(folder / limit_file), numbers_in(folder / use_file)
            if limit and use:
                stat = dict(line.partition(" ")[::2] for line in lines_of(folder / "memory.stat"))
                yield limit[0] - use[0] + int(stat.get(cache, 0))


def _of_limit() -> int | None:
    """The limit of the address space (`ulimit -v`) less its use."""
    if sys.platform == "win32":
        return None
    pages = lines_of(groups.PROC / "self" / "statm")
    if not pages:
        return None
    import resource

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return None
    return limit - int(pages[0].split()[0]) * os.sysconf("SC_PAGE_SIZE")


def default_budget() -> int:
    """Bytes of token ids to hold in memory: half of what this process may still take."""
    free = available()
    return UNKNOWN_BUDGET if free is None else free // 2


def human(size: int) -> str:
    """A number of bytes for people: 1.5 GB."""
    number, units = float(size), ["bytes", "kB", "MB", "GB", "TB"]
    while number >= 1000 and len(units) > 1:
        number, units = number / 1000, units[1:]
    return f"{number:.3g} {units[0]}"
