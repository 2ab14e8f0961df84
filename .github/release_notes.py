"""The changelog's section of a release: `python .github/release_notes.py v1.2.3`.

Fails unless the tag, pyproject.toml, CITATION.cff and a dated heading of CHANGELOG.md name the same
version.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main(tag: str) -> str:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    cited = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    if not tag == f"v{version}" == f"v{cited and cited[1]}":
        sys.exit(
            f"the tag is {tag}, pyproject.toml has version {version}, "
            f"CITATION.cff {cited and cited[1]}"
        )
    section = re.search(
        rf"^## {re.escape(version)} - \d{{4}}-\d\d-\d\d\n(.*?)(?=^## |\Z)",
        (ROOT / "CHANGELOG.md").read_text(),
        re.MULTILINE | re.DOTALL,
    )
    if section is None:
        sys.exit(f"CHANGELOG.md has no heading '## {version} - YYYY-MM-DD'")
    return section[1].strip()


if __name__ == "__main__":
    print(main(sys.argv[1]))
