"""Marks for tests that need what not every system has."""

import os
import sys

import pytest

posix = pytest.mark.skipif(
    sys.platform == "win32",
    reason="Windows has no fork, named pipes, modes, shell or SIGINT to send",
)
linux = pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux's /proc")
root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can do this"
)
