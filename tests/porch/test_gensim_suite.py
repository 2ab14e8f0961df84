"""gensim's tests run on the porch; docs/switching.md gives the reason of each that fails."""

from pathlib import Path

import pytest

from tests.porch import gensim_suite

pytest.importorskip(
    "gensim", minversion="4.4", reason="gensim is not installed: its tests are not here"
)

pytestmark = pytest.mark.slow
SWITCHING = Path(__file__).parents[2] / "docs" / "switching.md"


@pytest.mark.parametrize(
    ("name", "least", "total"),
    [("test_word2vec", 64, 84), ("test_keyedvectors", 28, 33), ("test_phrases", 46, 56)],
)
def test_gensims_own_tests_pass_or_their_reason_is_written(name, least, total):
    passed, others = gensim_suite.run(name)
    text = SWITCHING.read_text(encoding="utf-8")
    unexplained = {test: reason for test, reason in others.items() if f"`{test}`" not in text}
    assert not unexplained
    assert len(passed) + len(others) == total
    assert len(passed) >= least
