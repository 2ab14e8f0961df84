"""Files of one save are read all old or all new, after a kill at any step, with several savers."""

from __future__ import annotations

import contextlib
import errno
import gzip
import itertools
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.skips import posix, root
from w2v_fast.system import files
from w2v_fast.vectors import file_sets
from w2v_fast.vectors.formats import npy, projector
from w2v_fast.vectors.keyed_vectors import KeyedVectors

STEPS = ("rename", "replace", "unlink", "fsync", "open", "mkdir", "fchmod")
"""What changes a folder, or flushes: a save can be cut before and after each call of these."""


def numbered(k: int, words: int = 20) -> KeyedVectors:
    """Vectors all of whose words, numbers and counts say k."""
    return KeyedVectors(
        [f"w{k}_{i}" for i in range(words)], np.full((words, 4), k, np.float32), [k] * words
    )


class Kind:
    """Saves and loads; `load` gives the number that every part says, or fails on a mixture."""

    def __init__(
        self,
        name: str,
        save: Callable[[KeyedVectors, Path], None],
        load: Callable[[Path], set[int]],
    ) -> None:
        self.name, self.save, self._load = name, save, load

    def load(self, folder: Path) -> int:
        (number,) = self._load(folder)
        return number


def number_of(word: str) -> int:
    return int(word[1:].partition("_")[0])


def said(kv: KeyedVectors, counts: bool = True) -> set[int]:
    numbers = set(map(number_of, kv.index_to_key)) | set(kv.vectors.astype(int).ravel().tolist())
    return numbers | set(kv.counts.tolist()) if counts and kv.counts is not None else numbers


def tables(folder: Path) -> set[int]:
    """The Embedding Projector's two files, as any program reads them."""
    tensor, metadata = projector.paths(folder / "v.tsv")
    rows = [line.split("\t") for line in metadata.read_text().splitlines()[1:]]
    numbers = {
        int(float(number))
        for line in tensor.read_text().splitlines()
        for number in line.split("\t")
    }
    return numbers | {number_of(word) for word, _ in rows} | {int(count) for _, count in rows}


def with_counts(folder: Path) -> set[int]:
    return said(
        KeyedVectors.load_word2vec_format(folder / "v.bin", fvocab=folder / "v.vocab", binary=True)
    )


KINDS = [
    Kind(
        "folder",
        lambda kv, folder: kv.save(folder / "v"),
        lambda folder: said(KeyedVectors.load(folder / "v")),
    ),
    Kind(
        "npy",
        lambda kv, folder: kv.save(folder / "v.npy"),
        lambda folder: said(KeyedVectors.load(folder / "v.npy")),
    ),
    Kind(
        "counts",
        lambda kv, folder: kv.save_word2vec_format(folder / "v.bin", folder / "v.vocab", True),
        with_counts,
    ),
    Kind("projector", lambda kv, folder: kv.save(folder / "v.tsv"), tables),
]
READ_HERE = KINDS[:3]
"""The projector's files are read by others."""


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda handle: None)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param


@pytest.fixture(params=READ_HERE, ids=lambda kind: kind.name)
def read_here(request: pytest.FixtureRequest) -> Kind:
    return request.param


def visible(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def loaded_or_missing(kind: Kind, folder: Path) -> int:
    """The number that a load gives, 0 if there is nothing yet."""
    try:
        return kind.load(folder)
    except FileNotFoundError:
        return 0


def at_steps(
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[], None],
    module: Any = os,
    names: tuple[str, ...] = STEPS,
) -> None:
    """Call `act` before and after each call of some functions: by default, each step of a save."""

    def wrapped(call: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **options: Any) -> Any:
            act()
            result = call(*arguments, **options)
            act()
            return result

        return step

    for name in names:
        monkeypatch.setattr(module, name, wrapped(getattr(module, name)))


def killed_saves(kind: Kind, folder: Path, kv: KeyedVectors) -> Iterator[int]:
    """Save in a child that is killed at its n-th step, for n = 0, 1, ..., until none is."""
    for number in itertools.count():
        pid = os.fork()
        if pid == 0:
            steps = iter(range(number, -1, -1))
            with pytest.MonkeyPatch.context() as patch:
                at_steps(patch, lambda steps=steps: next(steps, 0) or os.kill(os.getpid(), 9))  # type: ignore[misc]
                kind.save(kv, folder)
            os._exit(0)
        if not os.waitpid(pid, 0)[1]:
            return
        yield number


@pytest.mark.slow
@posix
def test_a_kill_at_any_step_leaves_the_old_or_the_new(read_here: Kind, tmp_path: Path) -> None:
    kind, seen = read_here, []
    kind.save(numbered(1), tmp_path)
    expected = visible(tmp_path)
    for number in killed_saves(kind, tmp_path, numbered(2)):
        seen.append(kind.load(tmp_path))
        kind.save(numbered(1), tmp_path)
        assert kind.load(tmp_path) == 1, number
        assert visible(tmp_path) == expected, "what the killed saver left goes with the next save"
    assert seen == sorted(seen), "from one step on all is new"
    assert set(seen) == {1, 2}
    assert len(seen) > 20


@pytest.mark.slow
@posix
def test_a_kill_never_leaves_a_mixture_for_other_programs(kind: Kind, tmp_path: Path) -> None:
    """A file may be missing after a kill in the middle of the exchange, until the next save."""

    def plain(folder: Path) -> set[int]:
        if kind.name == "projector":
            return tables(folder)
        if kind.name == "npy":
            words = (folder / "v.words.txt").read_text().splitlines()
            return set(np.load(folder / "v.npy").astype(int).ravel()) | set(map(number_of, words))
        if kind.name == "counts":
            counts = (folder / "v.vocab").read_text().splitlines()
            return said(KeyedVectors.load(folder / "v.bin")) | {
                int(line.split()[1]) for line in counts
            }
        names = ("tokenizer.json", "words.safetensors", "model.safetensors")
        parts = [(folder / "v" / name).read_bytes() for name in names]
        signs = b'"w2_0"', b"w2_0", b"\0\0\0@"
        return {2 if sign in part else 1 for sign, part in zip(signs, parts, strict=True)}

    kind.save(numbered(1), tmp_path)
    states = set()
    for _ in killed_saves(kind, tmp_path, numbered(2)):
        try:
            numbers = plain(tmp_path)
        except FileNotFoundError:
            states.add("missing")
        else:
            assert len(numbers) == 1, numbers
            states |= numbers
        kind.save(numbered(1), tmp_path)
    assert states == {1, 2, "missing"}


@pytest.mark.slow
@posix
def test_a_first_save_that_is_killed_leaves_nothing_that_can_be_read_or_all(
    read_here: Kind, tmp_path: Path
) -> None:
    for number in killed_saves(read_here, tmp_path, numbered(2)):
        with contextlib.suppress(OSError, ValueError):
            assert read_here.load(tmp_path) == 2, number
        for path in sorted(tmp_path.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
    assert read_here.load(tmp_path) == 2


def test_a_reader_at_any_step_gets_the_old_or_the_new(
    read_here: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, seen, reading = read_here, [], False
    kind.save(numbered(1), tmp_path)

    def read() -> None:
        nonlocal reading
        if not reading:
            reading = True
            seen.append(kind.load(tmp_path))
            reading = False

    with monkeypatch.context() as patch:
        at_steps(patch, read)
        kind.save(numbered(2), tmp_path)
    assert seen == sorted(seen)
    assert set(seen) == {1, 2}


def test_a_save_at_any_step_of_a_reader_gives_it_the_old_or_the_new(
    read_here: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import builtins

    kind = read_here
    kind.save(numbered(0), tmp_path)
    original, value = builtins.open, itertools.count(1)
    for number in range(12):
        steps = itertools.count()

        def opened(
            *arguments: Any, steps: Iterator[int] = steps, number: int = number, **options: Any
        ) -> Any:
            if next(steps) == number:
                kind.save(numbered(next(value)), tmp_path)
            file = original(*arguments, **options)
            if next(steps) == number:
                kind.save(numbered(next(value)), tmp_path)
            return file

        with monkeypatch.context() as patch:
            patch.setattr(builtins, "open", opened)
            kind.load(tmp_path)


def test_a_reader_at_any_step_of_a_first_save_finds_nothing_or_all(
    read_here: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, reading = [], False

    def read() -> None:
        nonlocal reading
        if not reading:
            reading = True
            seen.append(loaded_or_missing(read_here, tmp_path))
            reading = False

    with monkeypatch.context() as patch:
        at_steps(patch, read)
        read_here.save(numbered(1), tmp_path)
    assert seen == sorted(seen)
    assert set(seen) == {0, 1}


def test_a_first_save_at_any_step_of_a_reader_gives_it_nothing_or_all(
    read_here: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import builtins

    seen = []
    for number in itertools.count():
        folder = tmp_path / str(number)
        folder.mkdir()
        steps = iter(range(number, -1, -1))

        def act(steps: Iterator[int] = steps, folder: Path = folder) -> None:
            if next(steps, None) == 0:
                read_here.save(numbered(1), folder)

        with monkeypatch.context() as patch:
            at_steps(patch, act, os, ("stat",))
            at_steps(patch, act, builtins, ("open",))
            seen.append(loaded_or_missing(read_here, folder))
        if next(steps, None) is not None:  # the reader had fewer steps
            break
    assert set(seen) == {0, 1}


@pytest.mark.slow
@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()]
)
def test_an_error_at_any_step_leaves_the_old_or_the_new(
    kind: Kind, tmp_path: Path, error: BaseException
) -> None:
    kind.save(numbered(1), tmp_path)
    expected = visible(tmp_path)
    old = 0
    for number in itertools.count():
        steps, failed = itertools.count(), False

        def fail(steps: Iterator[int] = steps, number: int = number) -> None:
            nonlocal failed
            if next(steps) == number:
                failed = True
                raise error

        with pytest.MonkeyPatch.context() as patch:
            at_steps(patch, fail)
            with contextlib.suppress(OSError, KeyboardInterrupt):
                kind.save(numbered(2), tmp_path)
        if kind in READ_HERE:
            old += kind.load(tmp_path) == 1
        kind.save(numbered(1), tmp_path)
        assert kind.load(tmp_path) == 1
        assert visible(tmp_path) == expected
        if not failed:
            break
    assert number > 20
    assert old > 10 or kind not in READ_HERE


def test_a_full_disk_names_the_file_that_was_asked_for(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind.save(numbered(1), tmp_path)
    before = visible(tmp_path)

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space") as error:
            kind.save(numbered(2), tmp_path)
    assert "->" not in str(error.value)
    assert str(error.value.filename) in {str(tmp_path / name) for name in before}
    assert kind.load(tmp_path) == 1
    assert visible(tmp_path) == before


@pytest.mark.slow
def test_several_savers_and_readers_see_whole_saves(kind: Kind, tmp_path: Path) -> None:
    kind.save(numbered(0), tmp_path)
    expected, problems, stop = visible(tmp_path), [], threading.Event()

    def repeat(act: Callable[[], object], times: int | None = None) -> None:
        try:
            for _ in range(times) if times else iter(lambda: stop.is_set(), True):
                act()
        except BaseException as error:
            problems.append(error)
            raise

    script = (
        "import sys; sys.path.insert(0, sys.argv[2])\nfrom pathlib import Path\n"
        "from tests.vectors import test_file_sets as t\n"
        "kind = next(kind for kind in t.KINDS if kind.name == sys.argv[3])\n"
        "for _ in range(15): kind.save(t.numbered(3), Path(sys.argv[1]))"
    )
    root = str(Path(__file__).parent.parent.parent)
    process = subprocess.Popen([sys.executable, "-c", script, tmp_path, root, kind.name])
    saves = [partial(kind.save, numbered(k), tmp_path) for k in (1, 2)]
    savers = [threading.Thread(target=repeat, args=(save, 15)) for save in saves]
    reader = threading.Thread(
        target=repeat, args=(lambda: kind in READ_HERE and kind.load(tmp_path),)
    )
    for thread in (*savers, reader):
        thread.start()
    for thread in savers:
        thread.join()
    assert process.wait() == 0
    stop.set()
    reader.join()
    assert not problems
    assert kind.load(tmp_path) in (1, 2, 3)
    assert visible(tmp_path) == expected
    kind.save(numbered(4), tmp_path)
    assert kind.load(tmp_path) == 4


def test_heads_are_told_apart_by_a_clock_of_nanoseconds(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 1_700_000_000_123_456_789)
    kind.save(numbered(1), tmp_path)
    assert {os.stat(tmp_path / name).st_mtime_ns for name in visible(tmp_path)} == {
        1_700_000_000_123_456_789
    }


@root
def test_files_of_another_user_are_neither_opened_nor_removed_nor_believed(tmp_path: Path) -> None:
    kind = KINDS[1]
    kind.save(numbered(1), tmp_path)
    status = os.stat(tmp_path / "v.npy")
    planted = [
        Path(
            files.hidden(
                str(tmp_path / "v.words.txt"), f"{status.st_ino:x}-{status.st_mtime_ns:x}.next"
            )
        ),
        Path(files.hidden(str(tmp_path / "v.npy"), "lock")),
        Path(files.hidden(str(tmp_path / "v.npy"), "0" * 16 + files.UNFINISHED)),
    ]
    for path in planted:
        path.write_text("w9_0\n")
        os.chown(path, 12345, 12345)
    assert kind.load(tmp_path) == 1
    kind.save(numbered(2), tmp_path)
    assert kind.load(tmp_path) == 2
    assert all(path.read_text() == "w9_0\n" for path in planted[1:])
    for path in planted[1:]:
        path.unlink()
        os.mkfifo(path)
    kind.save(numbered(3), tmp_path)
    assert kind.load(tmp_path) == 3


@posix
def test_parts_may_be_streams_or_packed(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    with file_sets.atomic_write_together("/dev/stdout", tmp_path / "b.gz", tmp_path / "c") as (
        stream,
        packed,
        plain,
    ):
        stream.write(b"to the stream")
        packed.write(b"packed")
        plain.write(b"plain")
    assert capfdbinary.readouterr().out == b"to the stream"
    assert gzip.decompress((tmp_path / "b.gz").read_bytes()) == b"packed"
    assert (tmp_path / "c").read_bytes() == b"plain"


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    numbered(1).save(tmp_path / "v.npy")
    npy.words_path(tmp_path / "v.npy").unlink()
    with (
        pytest.raises(FileNotFoundError, match=r"v\.words\.txt"),
        file_sets.open_together(tmp_path / "v.npy", npy.words_path(tmp_path / "v.npy")),
    ):
        pass
    os.mkfifo(npy.words_path(tmp_path / "v.npy"))
    with (
        pytest.raises(FileNotFoundError, match=r"v\.words\.txt"),
        file_sets.open_together(tmp_path / "v.npy", npy.words_path(tmp_path / "v.npy")),
    ):
        pass
