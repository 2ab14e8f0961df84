"""What the documents name exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_every_situation_of_reliability_is_proved_by_tests_that_exist():
    situations = re.findall(
        r"^### (.*?)\n(.*?)(?=^##|\Z)", (ROOT / "docs" / "reliability.md").read_text(), re.M | re.S
    )
    assert len(situations) > 40
    for title, text in situations:
        named = re.findall(r"^- `(tests/[\w/]+\.py)::(\w+)`$", text, re.M)
        assert named, title
        for path, name in named:
            assert re.search(rf"(def|class) {name}\b", (ROOT / path).read_text()), (
                f"{title}: {path}::{name}"
            )
