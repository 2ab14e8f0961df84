"""Files are recognized by their first bytes, read whole or with an error, and written whole or not at all."""

import bz2
import gzip
import lzma
import os
import signal
import stat

import pytest

from w2v_fast.files import atomic_write, check_writable, compression_of, open_input

TEXT = b"one two three\n" * 5000


def zstd(data):
    return pytest.importorskip("zstandard").ZstdCompressor().compress(data)


PACKERS = {"plain": bytes, "gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress, "zstd": zstd}


@pytest.mark.parametrize("kind", PACKERS)
def test_recognized_by_magic_whatever_the_name(tmp_path, kind):
    path = tmp_path / "text.txt"
    path.write_bytes(PACKERS[kind](TEXT))
    with open_input(path) as file:
        assert file.read() == TEXT


@pytest.mark.parametrize("kind", PACKERS)
def test_several_streams_in_one_file(tmp_path, kind):
    path = tmp_path / "text"
    path.write_bytes(PACKERS[kind](TEXT) + PACKERS[kind](b"and more\n"))
    with open_input(path) as file:
        assert file.read() == TEXT + b"and more\n"


@pytest.mark.parametrize("kind", [kind for kind in PACKERS if kind != "plain"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_cut_file_is_an_error(tmp_path, kind, share):
    packed = PACKERS[kind](os.urandom(50_000))
    path = tmp_path / "text"
    path.write_bytes(packed[: int(len(packed) * share)])
    with pytest.raises((OSError, EOFError, lzma.LZMAError)), open_input(path) as file:
        file.read()


def test_text_that_looks_like_a_magic_is_text():
    assert compression_of(b"BZhang went home") is None
    assert compression_of(b"") is None
    assert compression_of(bz2.compress(b"")) == "bzip2"


def test_atomic_write_replaces_and_keeps_permissions(tmp_path):
    path = tmp_path / "out"
    path.write_bytes(b"old")
    path.chmod(0o640)
    with atomic_write(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["out"]


def test_an_error_while_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / "out"
    path.write_bytes(b"old")

    def write():
        with atomic_write(path) as file:
            file.write(b"half")
            raise ValueError("a reason")

    with pytest.raises(ValueError, match="a reason"):
        write()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["out"]


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path):
    path = tmp_path / "out[1]"
    with atomic_write(path) as mine:
        mine.write(b"first")
        pid = os.fork()
        if pid == 0:
            with atomic_write(path) as other:
                other.write(b"half")
                other.flush()
                os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(pid, 0)
        assert len(os.listdir(tmp_path)) == 2
        with atomic_write(path) as other:
            other.write(b"second")
        assert len(os.listdir(tmp_path)) == 2, "the file of a writer that lives was removed"
    assert path.read_bytes() == b"first"
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_device_is_an_error():
    def write():
        with atomic_write("/dev/full") as file:
            file.write(b"x" * 100)

    with pytest.raises(OSError, match="No space"):
        write()


def test_check_writable(tmp_path):
    check_writable(tmp_path / "new")
    check_writable("-")
    with pytest.raises(FileNotFoundError, match="no folder"):
        check_writable(tmp_path / "missing" / "new")
    with pytest.raises(IsADirectoryError):
        check_writable(tmp_path)
    assert os.listdir(tmp_path) == []
