"""A disk without room, and outputs that cannot be written."""

import errno
import os
import shutil
import subprocess
from collections import namedtuple

import numpy as np
import pytest

from tests.skips import posix
from w2v_fast import KeyedVectors
from w2v_fast.system import files

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]


def model_of(words, dim=16):
    rng = np.random.default_rng(0)
    return KeyedVectors(
        [f"word{i}" for i in range(words)],
        rng.normal(size=(words, dim)).astype(np.float32),
        np.arange(words, 0, -1),
    )


@posix
@pytest.mark.parametrize("name", ["v.bin", "v.txt", "v.npy", "v.w2v", "folder"])
def test_a_disk_that_fills_up_leaves_the_old_file_and_the_model(tmp_path, name):
    """RLIMIT_FSIZE stands for the full disk; the second try, with room, succeeds."""
    path = tmp_path / name
    save = {"folder": {"format": "safetensors"}, "v.w2v": {"format": "word2vec_binary"}}.get(
        name, {}
    )
    model_of(10).save(path, **save)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    large = model_of(5000)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            large.save(path, **save)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before
    large.save(path, **save)
    assert KeyedVectors.load(path).index_to_key == large.index_to_key


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 256 KB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    done = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], capture_output=True
    )
    if not done or done.returncode:
        pytest.skip("needs the right to mount a tmpfs")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("name", ["v.bin", "v.txt", "v.npy"])
def test_a_file_system_without_room_leaves_the_old_file_and_the_model(small_disk, tmp_path, name):
    path = small_disk / name
    model_of(10).save(path)
    before = {file: file.read_bytes() for file in small_disk.iterdir()}
    large = model_of(5000)
    with pytest.raises(OSError, match="No space left"):
        large.save(path)
    assert {file: file.read_bytes() for file in small_disk.iterdir()} == before
    large.save(tmp_path / name)
    assert KeyedVectors.load(tmp_path / name).index_to_key == large.index_to_key


def test_the_full_device_is_an_error():
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    with pytest.raises(OSError, match="No space left"):
        model_of(100).save("/dev/full", format="word2vec_binary")


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda folder: folder / "missing" / "v.bin", FileNotFoundError),
        (lambda folder: folder, IsADirectoryError),
    ],
)
def test_an_output_that_cannot_be_is_known_beforehand(tmp_path, make, error):
    with pytest.raises(error):
        files.check_writable(make(tmp_path))


def test_the_room_for_an_output_is_known_beforehand(tmp_path, monkeypatch):
    files.check_space(tmp_path / "v.bin", 1000)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(files.shutil, "disk_usage", lambda _: usage(10**9, 10**9, 999))
    with pytest.raises(OSError, match="about 1,000 bytes on the disk, 999 are free") as error:
        files.check_space(tmp_path / "v.bin", 1000)
    assert error.value.errno == errno.ENOSPC
    files.check_space("-", 10**15)
