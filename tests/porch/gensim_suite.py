"""gensim's installed tests with `gensim.models` replaced by the porch, read where they lie."""

from __future__ import annotations

import importlib.util
import logging
import re
import sys
import types
import unittest
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

NOT_OURS = ("TestWord2VecScripts.test_word2vec_stand_alone_script",)


class _Log(logging.Handler):
    """What was logged, as a text."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())

    def __str__(self) -> str:
        return "\n".join(self.lines)


def _log_capture() -> Callable[[Any], Any]:
    """Stands for that of testfixtures: hands a test what is logged meanwhile."""

    def decorate(test: Any) -> Any:
        def run(self: Any) -> None:
            log = _Log()
            logging.getLogger().addHandler(log)
            try:
                test(self, log)
            finally:
                logging.getLogger().removeHandler(log)

        return run

    return decorate


def load(name: str) -> types.ModuleType:
    """The module of gensim's tests of that name, which tests the porch."""
    spec = importlib.util.find_spec(f"gensim.test.{name}")
    assert spec is not None
    assert spec.origin is not None
    text = Path(spec.origin).read_text(encoding="utf-8")
    text = re.sub(r"\bgensim\.models\b", "w2v_fast.gensim.models", text)
    module = types.ModuleType(f"porch_{name}")
    testfixtures: Any = types.SimpleNamespace(log_capture=_log_capture)
    sys.modules.setdefault("testfixtures", testfixtures)
    sys.modules[module.__name__] = module
    exec("import gensim, gensim.test.utils, w2v_fast.gensim", module.__dict__)
    exec(compile(text, spec.origin, "exec"), module.__dict__)
    return module


def _flat(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from _flat(test)
        else:
            yield test


def run(name: str) -> tuple[list[str], dict[str, str]]:
    """The tests that pass, and why each of the others does not; `Class.test`."""
    passed, others = [], {}
    module = load(name)
    for test in _flat(unittest.defaultTestLoader.loadTestsFromModule(module)):
        key = test.id().split(".", 1)[1]
        if key in NOT_OURS:
            others[key] = "it runs a command of gensim, not the porch"
            continue
        result = unittest.TestResult()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            test.run(result)
        reasons = [text for _, text in (*result.failures, *result.errors, *result.skipped)]
        if reasons:
            others[key] = reasons[0]
        else:
            passed.append(key)
    return passed, others


if __name__ == "__main__":
    import time

    for name in sys.argv[1:]:
        start = time.monotonic()
        passed, others = run(name)
        print(
            f"{name}: {len(passed)} of {len(passed) + len(others)}",
            f"{time.monotonic() - start:.1f} s",
        )
        for key, reason in others.items():
            print(f"  {key}: {reason.strip().splitlines()[-1][:230]}")
