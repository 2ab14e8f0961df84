"""CONTRIBUTING.md shows the code as it is."""

import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).parent.parent
SUFFIXES = {"cython": ("*.pyx", "*.pxd"), "python": ("*.py",), "c": ("*.c", "*.h")}


def test_code_blocks_stand_verbatim_in_the_sources():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    blocks = re.findall(r"^( *)```(\w+)\n(.*?)^\1```$", text, re.M | re.S)
    assert any("hs_rows" in block for _, _, block in blocks)
    for _, language, block in blocks:
        sources = [
            path.read_text()
            for suffix in SUFFIXES[language]
            for path in (ROOT / "w2v_fast").rglob(suffix)
        ]
        code = textwrap.dedent(block)
        assert any(code in source for source in sources), f"no source has this block:\n{code}"
