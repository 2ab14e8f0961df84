"""The limits of containers, on imitated trees of control groups."""

import os
import sys

import pytest

from w2v_fast.config import TrainConfig
from w2v_fast.system import control_groups, cpus, memory
from w2v_fast.system.cpus import usable_cpus


@pytest.fixture
def limits(tmp_path, monkeypatch):
    """Write /proc/self/cgroup and files of control groups; the process may run on 64 CPUs."""
    monkeypatch.setattr(control_groups, "PROC", tmp_path / "proc")
    monkeypatch.setattr(control_groups, "CONTROL_GROUPS", tmp_path / "groups")
    monkeypatch.setattr(cpus, "_cpus_of_process", lambda: 64)
    monkeypatch.setattr(memory, "_of_machine", lambda: 10**12)
    monkeypatch.setattr(memory, "_of_limit", lambda: None)

    def write(membership, **files):
        for name, text in {
            "proc/self/cgroup": membership,
            **{f"groups/{k}": v for k, v in files.items()},
        }.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return write


@pytest.mark.parametrize(
    ("membership", "files", "cpus"),
    [
        ("0::/\n", {}, 64),
        ("0::/\n", {"cpu.max": "max 100000\n"}, 64),
        ("0::/\n", {"cpu.max": "400000 100000\n"}, 4),
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 2),
        ("0::/\n", {"cpu.max": "1000 100000\n"}, 1),
        ("0::/\n", {"cpu.max": "9900000 100000\n"}, 64),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "300000 100000\n"}, 3),
        ("0::/a/b\n", {"a/b/cpu.max": "200000 100000\n", "a/cpu.max": "300000 100000\n"}, 2),
        ("0::/outside/of/the/container\n", {"cpu.max": "500000 100000\n"}, 5),
        (
            "4:cpu,cpuacct:/x\n",
            {
                "cpu,cpuacct/x/cpu.cfs_quota_us": "250000",
                "cpu,cpuacct/x/cpu.cfs_period_us": "100000",
            },
            3,
        ),
        (
            "4:cpu,cpuacct:/\n",
            {"cpu/cpu.cfs_quota_us": "700000", "cpu/cpu.cfs_period_us": "100000"},
            7,
        ),
        ("4:cpu:/x\n", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 64),
        ("4:cpuset:/x\n", {"cpuset/x/cpu.max": "100000 100000\n"}, 64),
        ("0::/\n", {"cpu.max": "\n"}, 64),
        ("0::/\n", {"cpu.max": "0 0\n"}, 64),
    ],
)
def test_usable_cpus_obey_the_quotas(limits, membership, files, cpus):
    limits(membership, **files)
    assert usable_cpus() == cpus
    assert TrainConfig().threads == cpus
    assert TrainConfig(workers=9).threads == 9


@pytest.mark.parametrize(
    ("membership", "files", "free"),
    [
        ("0::/\n", {}, 10**12),
        ("0::/\n", {"memory.max": "max\n", "memory.current": "5\n"}, 10**12),
        (
            "0::/\n",
            {
                "memory.max": "1000\n",
                "memory.current": "700\n",
                "memory.stat": "anon 9\ninactive_file 50\n",
            },
            350,
        ),
        (
            "0::/a/b\n",
            {"a/memory.max": "1000\n", "a/memory.current": "900\n", "memory.max": "max\n"},
            100,
        ),
        ("0::/a\n", {"a/memory.max": "10\n", "a/memory.current": "90\n"}, 0),
        (
            "9:memory:/x\n",
            {
                "memory/x/memory.limit_in_bytes": "800",
                "memory/x/memory.usage_in_bytes": "300",
                "memory/x/memory.stat": "inactive_file 7\ntotal_inactive_file 20\n",
            },
            520,
        ),
    ],
)
def test_available_memory_obeys_the_control_groups(limits, membership, files, free):
    limits(membership, **files)
    assert memory.available() == free


def test_usable_cpus_without_control_groups_or_affinity(tmp_path, monkeypatch):
    monkeypatch.setattr(control_groups, "PROC", tmp_path)
    for name in ("process_cpu_count", "sched_getaffinity"):
        monkeypatch.delattr(os, name, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert usable_cpus() == 1
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert usable_cpus() == 7

    def refused(_):
        raise PermissionError

    monkeypatch.setattr(os, "sched_getaffinity", refused, raising=False)
    assert usable_cpus() == 7


@pytest.mark.skipif(sys.version_info < (3, 13), reason="PYTHON_CPU_COUNT is of Python 3.13")
def test_the_count_that_python_is_told(monkeypatch):
    monkeypatch.setattr(os, "process_cpu_count", lambda: 1)
    assert usable_cpus() == 1
