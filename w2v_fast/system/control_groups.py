"""The control groups of Linux that limit this process: containers have one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

PROC = Path("/proc")
CONTROL_GROUPS = Path("/sys/fs/cgroup")


def control_groups(controller: str) -> Iterator[Path]:
    """Folders of the control groups (version 2 and 1) of this process: its own and those above."""
    for line in lines_of(PROC / "self" / "cgroup"):
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        group = PurePosixPath(path.lstrip("/"))
        for root in {controllers, controller} if controllers else {""}:
            yield from (CONTROL_GROUPS / root / part for part in (group, *group.parents))


def numbers_in(path: Path) -> list[int]:
    """The integers in the first line of a file; [] if it has others ("max") or cannot be read."""
    try:
        return [int(word) for word in lines_of(path)[0].split()]
    except (IndexError, ValueError):
        return []


def lines_of(path: Path) -> list[str]:
    """The lines of a file; [] if it cannot be read."""
    try:
        return path.read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return []
