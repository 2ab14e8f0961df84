"""Vectors of a few topics, words that try to harm a page, and a server for them."""

import numpy as np
import pytest

from w2v_fast import KeyedVectors
from w2v_fast.explore.columns import read_columns
from w2v_fast.explore.contexts import Contexts
from w2v_fast.explore.explorer import Explorer
from w2v_fast.explore.model import Model
from w2v_fast.explore.server import serve_in_background

TOPICS = {
    "animal": ["cat", "dog", "horse", "cow", "sheep", "goat"],
    "metal": ["iron", "copper", "gold", "silver", "zinc", "tin"],
    "city": ["Paris", "Αθήνα", "Москва", "東京", "القاهرة", "München"],
}
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    '"><b>&amp;',
    "a\u202egnp.exe",
    "nul\x00esc\x1b[2J",
    "שלום\u200f",
    "long" * 2500,
    "=HYPERLINK(1)",
    "\ud800lone",
    "two\nlines",
]
WORDS = [word for topic in TOPICS.values() for word in topic] + HOSTILE


def topic_vectors(seed: int = 1, words: list[str] = WORDS) -> KeyedVectors:
    """Words of a topic near each other, hostile ones anywhere."""
    random = np.random.default_rng(seed)
    centers = {topic: random.normal(size=12) for topic in TOPICS}
    rows = []
    for word in words:
        topic = next((topic for topic, members in TOPICS.items() if word in members), None)
        center = centers[topic] if topic else random.normal(size=12)
        rows.append(center + 0.2 * random.normal(size=12))
    counts = np.arange(len(words), 0, -1) * 10
    return KeyedVectors(words, np.array(rows, np.float32), counts)


@pytest.fixture(scope="session")
def vectors():
    return topic_vectors()


@pytest.fixture(scope="session")
def model(vectors):
    return Model(vectors, "toy")


@pytest.fixture(scope="session")
def server(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("explore")
    text = folder / "text.txt"
    text.write_text("the cat sat on the mat\nno category here\na dog saw the cat\n", "utf-8")
    table = folder / "table.tsv"
    lines = [f"{word}\t{topic}\t{len(word)}" for topic in TOPICS for word in TOPICS[topic]]
    table.write_text("\n".join(["word\ttopic\tlength", *lines]) + "\n", "utf-8")
    other = topic_vectors(2, WORDS[1:])
    explorer = Explorer(
        model, None, Model(other, "other"), Contexts(str(text)), read_columns(str(table), model)
    )
    with serve_in_background(explorer) as running:
        yield running
        running.shutdown()
