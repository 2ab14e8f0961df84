"""A system that lacks what Windows lacks: the library imports, trains, saves and loads there."""

import subprocess
import sys
import textwrap

STAND_IN = """
import concurrent.futures, hashlib, mmap, os, pathlib, shutil, signal, subprocess, sys, tempfile
import types
import importlib.metadata
import numpy, numpy.lib.format, tqdm, tqdm.std

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name in ("fcntl", "resource", "termios", "pwd", "grp", "pty", "psutil"):
            raise ImportError(f"Windows has no {name}")

sys.meta_path.insert(0, Missing())
for name in ("fcntl", "resource", "termios"):
    sys.modules.pop(name, None)
for module, names in (
    (os, "O_NOFOLLOW O_NONBLOCK O_CLOEXEC O_DIRECTORY fchmod geteuid getuid pathconf sysconf"),
    (os, "sched_getaffinity process_cpu_count"),
    (mmap, "MAP_PRIVATE MAP_ANONYMOUS MADV_HUGEPAGE"),
    (signal, "SIGHUP SIGKILL SIGUSR1"),
):
    for name in names.split():
        if hasattr(module, name):
            delattr(module, name)
locks = []
windows = types.ModuleType("msvcrt")
windows.LK_NBLCK = 2
windows.locking = lambda handle, mode, size: locks.append(os.lseek(handle, 0, os.SEEK_CUR))
sys.modules["msvcrt"] = windows
sys.platform = "win32"
"""
USE = """
import w2v_fast.cli.main
from w2v_fast.system import control_groups
control_groups.PROC = control_groups.CONTROL_GROUPS = pathlib.Path("nowhere")
folder = pathlib.Path(sys.argv[1])
text = folder / "text.txt"
text.write_text("the cat sat on the mat and the dog sat on the rug\\n" * 100)
trained = w2v_fast.train(
    text, vector_size=8, min_count=1, workers=2, checkpoint=folder / "run", memory_budget=1000
)
for name in ("vectors.bin", "vectors.txt", "vectors.npy", "folder"):
    for _ in range(2):  # the second time there is an old one
        trained.save(folder / name)
    assert w2v_fast.load(folder / name).index_to_key == trained.index_to_key
assert locks and set(locks) == {1 << 40}
assert [path for path in folder.iterdir() if path.name.endswith(".part")] == []
command = ["train", str(text), "-o", str(folder / "more.bin"), "--min-count", "1", "--quiet"]
assert w2v_fast.cli.main.main(command) == 0
print("used")
"""


def test_a_system_without_posix_imports_trains_saves_and_loads(tmp_path):
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(STAND_IN + USE), tmp_path],
        text=True,
        capture_output=True,
        timeout=120,
    )
    assert result.stdout.endswith("used\n"), result.stderr
