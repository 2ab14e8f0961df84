"""The page that is shipped belongs to its sources."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "w2v_fast" / "explore" / "page"
BUILD = ("build.mjs", "package-lock.json", "package.json", "tsconfig.json")


def test_the_bundle_belongs_to_its_sources():
    """`make web` writes the same hashes; web/build.mjs says how."""
    web = ROOT / "web"
    sources = [web / name for name in BUILD]
    sources += [path for path in (web / "src").rglob("*") if path.is_file()]
    named = {path.relative_to(ROOT).as_posix(): path for path in sources}
    named |= {name: PAGE / name for name in ("app.css", "app.js", "page.html", "plot.js")}
    expected = dict(
        reversed(line.split("  ")) for line in (PAGE / "sha256.txt").read_text().splitlines()
    )
    found = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in named.items()}
    assert found == expected


def test_the_sources_give_the_bundle_again(tmp_path):
    """Byte by byte, where Node and the packages of web/ are installed."""
    if shutil.which("node") is None or not (ROOT / "web" / "node_modules" / "esbuild").exists():
        pytest.skip("Node or the packages of web/ are not installed: make web")
    subprocess.run(["node", "build.mjs", str(tmp_path)], cwd=ROOT / "web", check=True)
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert built == {path.name: path.read_bytes() for path in PAGE.iterdir()}


def test_every_package_of_the_bundle_has_its_license():
    text = (PAGE / "LICENSES.txt").read_text()
    for name in ("regl-scatterplot", "regl", "kdbush", "gl-matrix", "earcut", "simplify-js"):
        assert f"\n{name} " in text
    assert "no text of its license" not in text
