"""The page in one file, and in a notebook."""

import base64
import json
import re

import numpy as np
import pytest

from tests.explore.conftest import WORDS
from w2v_fast import KeyedVectors
from w2v_fast.cli.main import main
from w2v_fast.explore import export, projection
from w2v_fast.explore.document import self_contained
from w2v_fast.explore.model import Model


def data_of(page):
    text = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    return json.loads(text[1])


def test_the_file_has_everything_inside_and_nothing_gets_out_of_its_script(tmp_path, model):
    path = tmp_path / "page.html"
    written = export.export_page(path, model, projection.pca(model))
    page = path.read_text("utf-8")
    assert written == {"count": len(WORDS), "dimensions": 12, "variance": 1.0}
    assert page.count("</script>") == 3
    assert page.count("<script") == 3
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert "default-src 'none'" in page
    words = data_of(page)["words"]
    assert words == [word.encode("utf-8", "replace").decode() for word in WORDS]


def test_vectors_in_8_bits_keep_the_cosines(model, vectors):
    data = export.page_data(model, projection.pca(model), len(WORDS))
    matrix = np.frombuffer(base64.b64decode(data["vectors"]), np.int8).astype(np.float32)
    unit = matrix.reshape(len(WORDS), -1)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    exact = vectors.get_normed_vectors()
    np.testing.assert_allclose(unit @ unit.T, exact @ exact.T, atol=0.02)


def test_long_vectors_are_turned_to_principal_axes_that_fit(monkeypatch):
    random = np.random.default_rng(1)
    rows = (random.normal(size=(400, 8)) @ random.normal(size=(8, 64))).astype(np.float32)
    model = Model(KeyedVectors([str(i) for i in range(400)], rows), "long")
    full = len(self_contained(export.page_data(model, projection.pca(model), 400)))
    monkeypatch.setattr(export, "MAX_BYTES", full - 15_000)
    data = export.page_data(model, projection.pca(model), 400)
    assert 8 <= data["dimensions"] < 64
    assert data["variance"] == pytest.approx(1, abs=1e-4)
    assert len(self_contained(data)) <= export.MAX_BYTES + 20_000


def test_a_notebook_shows_a_frame_that_can_run_scripts_and_nothing_more(vectors):
    frame = vectors.explore(words=5, name='a "name"')._repr_html_()
    assert 'sandbox="allow-scripts allow-downloads"' in frame
    assert "&quot;name&quot;" in frame
    assert "<script" not in frame


def test_a_notebook_is_told_what_it_cannot_show(vectors):
    for words in (0, -1, export.MAX_WORDS + 1):
        with pytest.raises(ValueError, match="1 to 50,000"):
            vectors.explore(words)
    with pytest.raises(ValueError, match="no words"):
        KeyedVectors([], np.zeros((0, 4), np.float32)).explore()


def test_the_command_writes_a_page(tmp_path, vectors, capsys):
    source, page = tmp_path / "toy.bin", tmp_path / "page.html"
    KeyedVectors(WORDS[:18], vectors.vectors[:18]).save(source)
    assert main(["explore", str(source), "--export", str(page), "--top", "10"]) == 0
    assert len(data_of(page.read_text("utf-8"))["words"]) == 10
    output = capsys.readouterr()
    assert (output.out, "10 words" in output.err) == ("", True)
    assert main(["explore", str(source), str(source), "--export", str(page)]) == 2
    assert main(["explore", str(source), "--export", str(source)]) != 0
