"""Remote files by URL (s3://, gs://, https://, memory://) through fsspec, the extra `remote`."""

from __future__ import annotations

import contextlib
import errno
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

READ_ONLY = "http://", "https://"


def is_remote(name: str) -> bool:
    """Whether a name is a URL."""
    return "://" in name


def _file_system(url: str) -> tuple[Any, str]:
    """The file system of a URL and the path there; the errors of both name the URL."""
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise ImportError(
            f"{url}: remote files need fsspec; pip install 'w2v_fast[remote]'"
        ) from error
    try:
        file_system, path = url_to_fs(url)
    except ImportError as error:  # the library of this protocol
        raise ImportError(f"{url}: {error}") from error
    except ValueError as error:
        raise OSError(errno.EPROTONOSUPPORT, str(error), url) from error
    return file_system, path


def open_remote(url: str) -> contextlib.AbstractContextManager[BinaryIO]:
    """Open a remote file for reading bytes as they are."""
    file_system, path = _file_system(url)
    return cast("contextlib.AbstractContextManager[BinaryIO]", file_system.open(path, "rb"))


def remote_files(pattern: str) -> list[str]:
    """The URLs that a URL with `*` stands for, sorted.

    Raises
    ------
    OSError
        Nothing matches.
    """
    file_system, path = _file_system(pattern)
    found = sorted(
        map(file_system.unstrip_protocol, filter(file_system.isfile, file_system.glob(path)))
    )
    if not found:
        raise FileNotFoundError(f"no file matches {pattern}")
    return found


def check_remote_target(url: str) -> None:
    """Raise the error that writing `url` would raise, if it can be told without writing."""
    if url.startswith(READ_ONLY):
        raise PermissionError(errno.EACCES, "a web server takes no files", url)
    file_system, path = _file_system(url)
    with _naming(url):
        if file_system.isdir(path):
            raise IsADirectoryError(f"{url} is a folder; expected the name of a file to write")


def check_remote_writable(url: str) -> None:
    """Raise the error of writing beside `url`: an empty file is written there and removed."""
    file_system, path = _file_system(url)
    with _naming(url):
        file_system.pipe_file(f"{path}.part", b"")
        file_system.rm_file(f"{path}.part")


@contextlib.contextmanager
def upload(url: str) -> Iterator[BinaryIO]:
    """Open a local temporary file for writing, which becomes the remote one when it is complete."""
    file_system, path = _file_system(url)
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder, "draft")
        with draft.open("wb") as file:
            yield file
        with _naming(url), file_system.transaction:
            file_system.put_file(str(draft), path)


@contextlib.contextmanager
def _naming(url: str) -> Iterator[None]:
    """Turn every error of writing into an OSError that names the URL."""
    try:
        yield
    except Exception as error:
        raise OSError(f"cannot write {url}: {error or type(error).__name__}") from error
