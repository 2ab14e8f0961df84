"""What notebooks show: tables of models, vectors and corpora, and a bar."""

import sys
import warnings
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest

from w2v_fast import Corpus, KeyedVectors, Word2Vec
from w2v_fast.html_table import first_words, html_table
from w2v_fast.system.bar import Bar
from w2v_fast.training.progress import Progress, reporter

SENTENCES = [["<b>", "the", "cat"], ["the", "dog", "<b>"]] * 20


class Table(HTMLParser):
    """Title and rows of a table; every tag must be closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.cells, self.tags = [], [], set()
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        self.tags.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.cells.append(data)

    @property
    def facts(self):
        return dict(zip(self.cells[1::2], self.cells[2::2], strict=True))


def test_tables():
    model = Word2Vec(SENTENCES, vector_size=8, workers=1, epochs=2, min_count=1)
    shown = Table(model._repr_html_())
    assert shown.cells[0] == "Word2Vec"
    assert shown.facts["epochs"] == "0 of 2"
    assert "loss" not in shown.facts
    facts = Table(model.train()._repr_html_()).facts
    assert (facts["epochs"], facts["tokens"], facts["words"]) == ("2 of 2", "120", "4")
    assert "nats a pair" in facts["loss"]
    for thing, expected in (
        (model.wv, {"words": "4", "dimensions": "8", "type": "float32", "occurrences": "120"}),
        (model.corpus, {"words": "4", "tokens read": "120", "tokens in the vocabulary": "120"}),
    ):
        shown = Table(thing._repr_html_())
        assert shown.cells[0] == type(thing).__name__
        assert expected.items() <= shown.facts.items()
        assert shown.facts["first words"] == "<b>, the, cat, dog"
        assert shown.tags == {"table", "caption", "tbody", "tr", "th", "td"}


def test_a_model_without_a_corpus_and_vectors_without_counts():
    model = Word2Vec(vocabulary={"a": 2, "b": 1}, vector_size=8)
    assert "tokens" not in Table(model._repr_html_()).facts
    kv = KeyedVectors(["a"], [[1.0]])
    assert "occurrences" not in Table(kv._repr_html_()).facts
    assert Table(Corpus([0, 1], model.vocabulary)._repr_html_()).facts["tokens read"] == "2"


def test_tables_stay_small_and_have_no_colors():
    assert first_words("x" * 100 for _ in range(100)).count("…") == 9
    text = html_table("a", {"number": 1234567, "nothing": None})
    assert Table(text).facts == {"number": "1,234,567"}
    assert "color" not in text
    assert "background" not in text


def test_a_notebook_gets_a_widget(monkeypatch):
    pytest.importorskip("ipywidgets", reason="of the group `integrations`")
    from tqdm.notebook import tqdm as widget

    shown = []
    monkeypatch.setitem(sys.modules, "tqdm.auto", SimpleNamespace(tqdm=widget))
    monkeypatch.setattr("tqdm.notebook.display", shown.append)
    report = reporter("bar")
    for tokens, done in ((4, False), (10, True)):
        report(Progress(1, 1, tokens, 10, tokens, 1.0, 0.1, 2.0, epoch_done=done))
    (container,) = shown
    assert container.children[1].max == container.children[1].value == 10


def test_tqdm_is_imported_with_the_first_bar(capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bar = Bar("reading", "B")
        for done in range(3):
            bar.show(done, None)
        bar.close()
    assert capsys.readouterr().err == ""  # it is no terminal
