"""Temporary folders of a run: kept while somebody uses them, removed by the next run if not."""

import os
import signal
import subprocess
import sys

import pytest

from w2v_fast.cluster.scratch import ScratchFolder
from w2v_fast.system import portable

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="shared locks are of POSIX")
HOLD = """
import sys, time
from w2v_fast.cluster.scratch import ScratchFolder
folder = ScratchFolder("killed")
(folder.path / "file").touch()
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_the_folder_of_a_killed_process_is_removed_by_the_next_run(temporary):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD],
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    assert process.stdout.readline() == b"ready\n"
    left = temporary / f"w2v_fast-{portable.user()}-killed"
    ScratchFolder("one").remove()
    assert left.exists()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    ScratchFolder("two").remove()
    assert list(temporary.iterdir()) == []


def test_processes_of_a_run_share_its_folder(temporary):
    one, same = ScratchFolder("run"), ScratchFolder("run")
    assert one.path == same.path
    ScratchFolder("other").remove()
    assert one.path.exists()
    same.remove()
    one.remove()
    assert list(temporary.iterdir()) == []


def test_what_is_not_a_folder_of_this_user_stays(temporary):
    (temporary / "mine").mkdir()
    link = temporary / f"w2v_fast-{portable.user()}-link"
    link.symlink_to(temporary / "mine")
    file = temporary / f"w2v_fast-{portable.user()}-file"
    file.touch()
    ScratchFolder("one").remove()
    assert sorted(temporary.iterdir()) == sorted([file, link, temporary / "mine"])
    with pytest.raises(FileExistsError, match="another user has a file of this name"):
        ScratchFolder("link")
