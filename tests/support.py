"""A small corpus, small options, and what only some systems can test."""

import os

import pytest

SMALL = {"vector_size": 8, "min_count": 1, "workers": 1, "epochs": 2}
SENTENCES = [
    ["the", "cat", "sat", "on", "the", "mat"],
    ["the", "dog", "sat", "on", "the", "log"],
] * 60
unsanitized = pytest.mark.skipif(
    "W2V_FAST_SANITIZED" in os.environ, reason="the sanitizer needs the address space"
)


def in_a_child(function):
    """Run a function in a child process and return the text that it returns, or its exception's."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            text = str(function())
        except BaseException as error:
            text = f"{type(error).__name__}: {error}"
        os.write(write, text.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    return text
