"""Files are recognized by their first bytes, and read and written whole or with an error."""

import bz2
import errno
import gzip
import io
import lzma
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import w2v_fast
from tests.skips import posix, root
from w2v_fast import KeyedVectors
from w2v_fast.corpus.phrases import FrozenPhrases
from w2v_fast.system import files
from w2v_fast.system.files import (
    atomic_write,
    check_writable,
    compression_of,
    open_input,
    zstd_module,
)

TEXT = b"one two three\n" * 5000


PACKERS = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd_module().compress,
}


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


@posix
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


@posix
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


# -- packed by the suffix --------------------------------------------------------------------------

UNPACKERS = {
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".xz": lzma.decompress,
    ".zst": zstd_module().decompress,
}


@pytest.mark.parametrize("suffix", [*UNPACKERS, ".GZ"])
def test_what_is_written_is_packed_as_the_suffix_says(tmp_path, suffix):
    path = tmp_path / f"text.txt{suffix}"
    for _ in range(2):
        with atomic_write(path) as file:
            file.write(TEXT)
            file.writelines([b"and ", memoryview(b"more\n")])
        packed = path.read_bytes()
        assert UNPACKERS[suffix.lower()](packed) == TEXT + b"and more\n"
        with open_input(path) as file:
            assert file.read() == TEXT + b"and more\n"
    with atomic_write(tmp_path / "again.gz") as file:
        file.write(TEXT)
    with atomic_write(tmp_path / "others.gz") as file:
        file.write(TEXT)
    assert (tmp_path / "again.gz").read_bytes() == (tmp_path / "others.gz").read_bytes(), (
        "no date, no name"
    )


def test_a_missing_extra_is_known_before(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "backports", None)
    monkeypatch.setitem(sys.modules, "compression", None)
    for write in (check_writable, lambda path: atomic_write(path).__enter__()):
        with pytest.raises(ImportError, match=r"w2v_fast\[zstd\]"):
            write(tmp_path / "v.txt.zst")
    assert os.listdir(tmp_path) == []


# -- streams ---------------------------------------------------------------------------------------

WRITE = (
    "import sys\nfrom w2v_fast.system.files import atomic_write, check_writable, check_space\n"
    "for path in sys.argv[1:]:\n    check_writable(path); check_space(path, 1)\n"
    "    with atomic_write(path) as file: file.write(b'new\\n')\n"
)


def shell(command, folder):
    script = f'{sys.executable} -c "$WRITE"'
    return subprocess.run(
        ["bash", "-c", command.replace("WRITE", script)],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "WRITE": WRITE, "PYTHONPATH": str(Path(__file__).parents[2])},
        timeout=60,
    )


@posix
@pytest.mark.slow
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "-", "link"])
def test_a_stream_goes_on_with_the_file_behind_it(tmp_path, name):
    (tmp_path / "link").symlink_to("/dev/stdout")
    (tmp_path / "log").write_text("precious\n")
    done = shell(f"WRITE {name} {name} >> log; echo shell >> log", tmp_path)
    assert (tmp_path / "log").read_text() == "precious\nnew\nnew\nshell\n", done.stderr
    done = shell(f"(echo first; WRITE {name}; echo last) > log", tmp_path)
    assert (tmp_path / "log").read_text() == "first\nnew\nlast\n", done.stderr
    assert shell(f"WRITE {name} | cat", tmp_path).stdout == "new\n"
    assert sorted(os.listdir(tmp_path)) == ["link", "log"]


@posix
def test_a_pipe_with_a_name_is_written_to(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    done = shell("cat pipe & WRITE pipe; wait", tmp_path)
    assert done.stdout == "new\n"
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@posix
@pytest.mark.parametrize("command", ["WRITE /dev/stdin < log", "WRITE /dev/fd/9", "WRITE - >&-"])
def test_a_stream_that_cannot_be_written_is_known_before(tmp_path, command):
    (tmp_path / "log").write_text("precious\n")
    done = shell(command, tmp_path)
    assert done.returncode == 1
    assert "check_writable" in done.stderr
    assert (tmp_path / "log").read_text() == "precious\n"


# -- what others may do in the folder --------------------------------------------------------------


@posix
def test_a_pipe_or_link_in_the_place_of_a_leftover_is_left_alone(tmp_path):
    leftover = Path(files.hidden(str(tmp_path / "out"), "0" * 16 + files.UNFINISHED))
    os.mkfifo(leftover)
    link = Path(files.hidden(str(tmp_path / "out"), "1" * 16 + files.UNFINISHED))
    link.symlink_to(tmp_path / "precious")
    (tmp_path / "precious").write_text("precious")
    with atomic_write(tmp_path / "out") as file:
        file.write(b"new")
    assert leftover.exists()
    assert link.is_symlink()
    assert (tmp_path / "precious").read_text() == "precious"


def test_hidden_names_cannot_be_guessed_and_are_made_anew(tmp_path, monkeypatch):
    opened = []
    open_handle = os.open
    monkeypatch.setattr(
        os, "open", lambda *arguments: opened.append(arguments[:2]) or open_handle(*arguments)
    )
    for _ in range(2):
        with atomic_write(tmp_path / "out"):
            pass
    made = [(path, flags) for path, flags in opened if str(path).endswith(files.UNFINISHED)]
    assert len({path for path, _ in made}) == 2
    wanted = os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    assert all(flags & wanted == wanted for _, flags in made)


@posix
@pytest.mark.parametrize("mask", [0o077, 0o022, 0o000])
def test_the_umask_holds_and_is_never_touched(tmp_path, monkeypatch, mask):
    before = os.umask(mask)
    try:
        monkeypatch.setattr(
            os, "umask", lambda mask: pytest.fail("the umask belongs to all threads")
        )
        with atomic_write(tmp_path / "out") as file:
            file.write(b"new")
    finally:
        monkeypatch.undo()
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o666 & ~mask


@posix
def test_a_private_file_stays_private_while_it_is_written(tmp_path):
    (tmp_path / "out").write_bytes(b"old")
    (tmp_path / "out").chmod(0o600)
    with atomic_write(tmp_path / "out"):
        assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


# -- names and places ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a" * 255, "é" * 127, "a" * 251 + ".bin"])
def test_a_name_may_be_as_long_as_the_system_allows(tmp_path, name):
    check_writable(tmp_path / name)
    for text in (b"first", b"second"):
        with atomic_write(tmp_path / name) as file:
            file.write(text)
    assert (tmp_path / name).read_bytes() == b"second"
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("write", [check_writable, lambda path: atomic_write(path).__enter__()])
def test_a_place_that_cannot_be_written_is_known_before_and_named(tmp_path, write):
    (tmp_path / "folder").mkdir()
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    (tmp_path / "file").write_text("")
    for name, error, message in (
        ("a" * 256, OSError, "longer than 255 bytes"),
        ("folder", IsADirectoryError, "folder"),
        ("new/", IsADirectoryError, "folder"),
        ("missing/x", FileNotFoundError, "no folder"),
        ("file/x", FileNotFoundError, "no folder"),
        ("circle", OSError, "circle"),
    ):
        with pytest.raises(error, match=message) as found:
            write(f"{tmp_path}/{name}")
        assert files.UNFINISHED not in str(found.value)
    assert sorted(os.listdir(tmp_path)) == ["circle", "file", "folder"]


@root
def test_a_mounted_file_is_known_before(tmp_path):
    for name in ("behind", "a b"):
        (tmp_path / name).write_text("old")
    if subprocess.run(
        ["mount", "--bind", tmp_path / "behind", tmp_path / "a b"], check=False
    ).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        for write in (check_writable, lambda path: atomic_write(path).__enter__()):
            with pytest.raises(OSError, match="mounted") as error:
                write(tmp_path / "a b")
            assert (error.value.errno, error.value.filename) == (errno.EBUSY, str(tmp_path / "a b"))
    finally:
        subprocess.run(["umount", tmp_path / "a b"], check=True)


@root
@pytest.mark.parametrize(("mode", "problem"), [(0o1777, "sticky"), (0o755, "Permission denied")])
def test_another_users_file_and_a_closed_folder_are_known_before(tmp_path, mode, problem):
    folder = tmp_path / "shared"
    folder.mkdir()
    (folder / "out").write_text("old")
    folder.chmod(mode)
    for parent in (tmp_path, *tmp_path.parents):
        if not os.access(parent, os.X_OK) or parent == Path("/tmp"):
            break
        parent.chmod(parent.stat().st_mode | 0o011)
    pid = os.fork()
    if pid == 0:
        os.setuid(12345)
        try:
            check_writable(folder / "out")
        except OSError as error:
            os._exit(0 if problem in str(error) and str(folder / "out") in str(error) else 2)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert os.listdir(folder) == ["out"]


@pytest.mark.parametrize(
    "use",
    [
        w2v_fast.load,
        KeyedVectors.load_word2vec_format,
        w2v_fast.Vocabulary.load,
        w2v_fast.Corpus.open,
        FrozenPhrases.load,
        FrozenPhrases({}).save,
        w2v_fast.Vocabulary(["a"], [1]).save,
        KeyedVectors(["a"], [[1]]).save,
        KeyedVectors(["a"], [[1]]).save_word2vec_format,
        w2v_fast.Corpus([0], w2v_fast.Vocabulary(["a"], [1])).save,
    ],
)
def test_what_is_no_path_is_named(use, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for stream in (io.BytesIO(), io.StringIO()):
        with pytest.raises(TypeError, match=r"got .* of type .*IO; give the name of the file"):
            use(stream)
    for path in (None, 3, b"file"):
        with pytest.raises(TypeError, match=r"expected a path as str or os\.PathLike"):
            use(path)
    with pytest.raises(FileNotFoundError):
        use("")


def test_an_error_of_a_packed_file_has_no_number_where_there_is_none(tmp_path):
    path = tmp_path / "text.gz"
    path.write_bytes(gzip.compress(b"the cat\n") + b"more")
    with pytest.raises(OSError, match=r"^cannot read .*text\.gz: Not a gzipped file"):
        w2v_fast.Corpus.from_source(path, min_count=1)
