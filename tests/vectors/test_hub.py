"""Upload to and load from a local server that answers as the Hugging Face Hub does."""

import json
import sys

import numpy as np
import pytest

from tests.hub import local_hub
from tests.vectors.formats import assert_same, vectors
from w2v_fast.config import TrainConfig
from w2v_fast.vectors.formats.safetensors_folder import FILES
from w2v_fast.vectors.hub import card
from w2v_fast.vectors.keyed_vectors import KeyedVectors


@pytest.fixture
def hub(monkeypatch, tmp_path):
    with local_hub(monkeypatch, tmp_path / "cache") as server:
        yield server


def test_there_and_back(hub):
    kv = vectors("a", "b c", counts=[5, 2], metadata={"trained": "today"})
    url = kv.push_to_hub("someone/words", license="cc-by-4.0", private=True)
    assert url == f"{hub.address}/someone/words/commit/{1:040x}"
    assert hub.private == {"someone/words": True}
    (empty, files) = hub.repositories["someone/words"]
    assert not empty
    assert set(files) == {*FILES, "README.md"}
    got = KeyedVectors.from_hub("someone/words")
    assert_same(got, kv)
    assert (got.counts.tolist(), got.metadata) == ([5, 2], {"trained": "today"})
    assert isinstance(got.vectors, np.memmap)


def test_a_later_upload_keeps_the_card_and_the_older_revision(hub):
    one, two = vectors("a"), vectors("a", "b")
    first = one.push_to_hub("words")
    hub.repositories["someone/words"][-1]["README.md"] = b"mine"
    two.push_to_hub("someone/words", license="mit", message="more")
    assert hub.repositories["someone/words"][-1]["README.md"] == b"mine"
    assert_same(KeyedVectors.from_hub("someone/words"), two)
    revision = first.rpartition("/")[2]
    assert_same(KeyedVectors.from_hub("someone/words", revision=revision), one)


def test_errors(hub, monkeypatch):
    with pytest.raises(OSError, match="Repository Not Found"):
        KeyedVectors.from_hub("someone/else")
    with pytest.raises(ValueError, match="some one"):
        KeyedVectors.from_hub("some one/words")
    vectors("a").push_to_hub("words")
    with pytest.raises(OSError, match="Revision Not Found"):
        KeyedVectors.from_hub("someone/words", revision="v9")
    hub.repositories["someone/other"] = [{"config.json": b'{"model_type": "bert"}'}]
    hub.repositories["someone/empty"] = [{"README.md": b""}]
    for name in ("someone/other", "someone/empty"):
        with pytest.raises(ValueError, match=f"{name}: this repository .* holds no vectors"):
            KeyedVectors.from_hub(name)
    monkeypatch.setenv("HF_TOKEN", "wrong")
    with pytest.raises(OSError, match="401"):
        vectors("a").push_to_hub("words")
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ImportError, match=r"w2v_fast\[hub\]"):
        KeyedVectors.from_hub("someone/words")


def test_the_card_tells_how_the_vectors_were_made_and_how_to_load_them():
    metadata = TrainConfig(vector_size=3, window=7).as_metadata()
    text = card(vectors("a", "b", counts=[5, 2], metadata=metadata), "me/words", "mit")
    header = text.split("---\n")[1]
    assert json.loads(header.partition("license: ")[2].partition("\n")[0]) == "mit"
    assert "# words\n" in text
    assert "2 words in 3 dimensions" in text
    assert "occur 7 times" in text
    assert 'from_hub("me/words")' in text
    assert "| window | 7 |\n" in text
    assert "None" not in text
    bare = card(vectors("a"), "words", None)
    assert "license" not in bare
    assert "Training" not in bare
