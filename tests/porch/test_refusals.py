"""What the porch does not offer: each refusal names what, why, and what to do."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

import w2v_fast
from w2v_fast.gensim import models, utils
from w2v_fast.gensim.models import KeyedVectors, Phrases, Word2Vec, callbacks, word2vec

SENTENCES = [["the", "cat", "sat"], ["the", "dog", "ran"]] * 20
SMALL = {"vector_size": 6, "min_count": 1, "epochs": 1}


@pytest.fixture
def model():
    return Word2Vec(SENTENCES, **SMALL)


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"size": 9}, TypeError, "unknown option 'size'; write vector_size"),
        ({"iter": 9}, TypeError, "unknown option 'iter'; write epochs"),
        ({"windows": 9}, TypeError, "windows"),
        ({"window": 0}, ValueError, r"window = 0 must lie in \[1, 10000\]"),
        ({"hs": 0, "negative": 0}, ValueError, "leave nothing to train; choose one"),
        ({"sentences": "the cat"}, TypeError, "lists of tokens; for a file write corpus_file="),
        ({"sentences": ["the cat"]}, TypeError, r"got the str 'the cat'; split it"),
        ({"sentences": (text for text in ["a b"])}, TypeError, "got the str 'a b'; split it"),
        ({"corpus_file": 3}, TypeError, "corpus_file must be a path, got int"),
        ({"sentences": [["a"]], "corpus_file": "x"}, TypeError, "either sentences or corpus_file"),
        ({"sentences": []}, ValueError, "empty"),
        ({"sentences": [["a"]], "min_count": 9}, ValueError, "less than min_count = 9 times"),
        (
            {"sentences": [["a"]], "min_count": 9, "trim_rule": lambda *_: 0},
            ValueError,
            "no word of the text occurs 9 times",
        ),
    ],
)
def test_options(options, kind, message):
    with pytest.raises(kind, match=message):
        Word2Vec(**{**SMALL, **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"hs": 1},
            "one run has one objective: hs=1 is trained, negative=5 has no effect; write neg",
        ),
        ({"max_vocab_size": 9}, "max_vocab_size has no effect: counting is exact.*max_final_vocab"),
    ],
)
def test_options_without_effect_are_told(options, message):
    with pytest.warns(RuntimeWarning, match=message) as caught:
        Word2Vec(**SMALL, **options)
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("use", "kind", "message"),
    [
        (lambda m: m.train(SENTENCES, total_examples=9), ValueError, "epochs=model.epochs"),
        (lambda m: m.train(SENTENCES, epochs=1), ValueError, "total_examples=model.corpus_count"),
        (
            lambda m: m.train(total_examples=1, epochs=1),
            TypeError,
            "either sentences or corpus_file",
        ),
        (
            lambda m: m.score([["cat"]]),
            RuntimeError,
            "score needs hierarchical softmax.*evaluate_loss",
        ),
        (lambda m: m.syn1, AttributeError, "a model with hs=0 has no syn1; it has syn1neg"),
        (
            lambda m: m.most_similar("cat"),
            AttributeError,
            r"its vectors have: model.wv.most_similar",
        ),
        (lambda m: m["cat"], TypeError, r"write model.wv\[word\]"),
        (lambda m: m.load("x"), AttributeError, r"model = Word2Vec.load\(path\)"),
        (lambda m: m.scan_vocab(SENTENCES), AttributeError, "build_vocab counts and chooses"),
        (lambda m: m.trainables, AttributeError, "older gensim versions; use model.syn1neg"),
        (lambda m: m.infer_vector(["cat"]), AttributeError, "documents have no vectors here"),
        (lambda m: m.anything, AttributeError, "no attribute 'anything'"),
        (copy.copy, TypeError, r"never pickled: model.save\(path\)"),
        (pickle.dumps, TypeError, r"never pickled: model.save\(path\)"),
        (lambda m: m.wv[99], KeyError, "there is no row 99: there are 5 vectors"),
        (lambda m: m.wv["absent"], KeyError, "'absent' is not in the vocabulary"),
        (lambda m: m.wv.vocab, AttributeError, "use key_to_index"),
        (lambda m: m.wv.get_vecattr("cat", "code"), KeyError, "the only one is 'count'"),
    ],
)
def test_what_a_model_refuses(model, use, kind, message):
    with pytest.raises(kind, match=message):
        use(model)


def test_a_model_without_a_vocabulary(tmp_path):
    model = Word2Vec(**SMALL)
    for use in (
        lambda: model.train(SENTENCES, total_examples=1, epochs=1),
        lambda: model.save(tmp_path / "x"),
        lambda: model.init_weights(),
    ):
        with pytest.raises(RuntimeError, match=r"no vocabulary yet: call build_vocab\(sentences\)"):
            use()


def test_a_tree_predicts_no_center():
    model = Word2Vec(SENTENCES, hs=1, negative=0, **SMALL)
    with pytest.raises(RuntimeError, match="tree nodes; train with negative above 0"):
        model.predict_output_word(["cat"])
    with pytest.raises(AttributeError, match="has no syn1neg; it has syn1"):
        model.syn1neg  # noqa: B018
    model.wv = KeyedVectors.of(w2v_fast.KeyedVectors(["a"], np.ones((1, 6), np.float32)))
    with pytest.raises(RuntimeError, match="there are none; train with negative"):
        model.predict_output_word(["a"])


@pytest.mark.parametrize(
    ("locks", "message"),
    [(np.full(5, 0.5), "a part of an update is not offered"), (np.ones(3), r"expected \(5,\)")],
)
def test_locks_are_whole(model, locks, message):
    model.wv.vectors_lockf = locks
    with pytest.raises(ValueError, match=message):
        model.train(SENTENCES, total_examples=1, epochs=1)


def test_vectors_of_another_size_do_not_intersect(model, tmp_path):
    KeyedVectors.of(w2v_fast.KeyedVectors(["cat"], np.ones((1, 3)))).save_word2vec_format(
        tmp_path / "v.txt"
    )
    with pytest.raises(ValueError, match="vectors of 3 dimensions, expected 6"):
        model.wv.intersect_word2vec_format(tmp_path / "v.txt")
    with pytest.raises(ValueError, match=r"load\(path, mmap='r'\)"):
        KeyedVectors(3, mapfile_path="x")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_count": 0}, "min_count = 0 must be at least 1"),
        ({"threshold": 0}, "threshold = 0 must be above 0"),
        ({"scoring": "loud"}, "must be one of default, npmi, or a function"),
    ],
)
def test_phrases(options, message):
    with pytest.raises(ValueError, match=message):
        Phrases(SENTENCES, **options)


@pytest.mark.parametrize(
    ("module", "name", "message"),
    [
        (w2v_fast.gensim, "downloader", "offers word2vec only"),
        (models, "Doc2Vec", "trains word2vec only; import Doc2Vec from gensim.models"),
        (utils, "SaveLoad", "import SaveLoad from gensim.utils"),
        (callbacks, "PerplexityMetric", "metrics of topic models are gensim's"),
        (word2vec, "BrownCorpus", "BrownCorpus is not offered"),
    ],
)
def test_what_modules_lack(module, name, message):
    with pytest.raises(ImportError, match=message):
        exec(f"from {module.__name__} import {name}")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "load"),
    [
        ("Word2Vec", Word2Vec.load),
        ("KeyedVectors", KeyedVectors.load),
        ("phrases.Phrases", Phrases.load),
        ("phrases.FrozenPhrases", models.FrozenPhrases.load),
    ],
)
def test_a_pickle_is_refused_with_the_lines_that_convert_it(tmp_path, kind, load):
    gensim = pytest.importorskip("gensim")
    path = tmp_path / "old.model"
    theirs = {
        "Word2Vec": lambda: gensim.models.Word2Vec(SENTENCES, sg=1, window=2, **SMALL),
        "KeyedVectors": lambda: gensim.models.Word2Vec(SENTENCES, **SMALL).wv,
        "phrases.Phrases": lambda: gensim.models.Phrases(SENTENCES, min_count=1, threshold=0.1),
        "phrases.FrozenPhrases": lambda: gensim.models.Phrases(
            SENTENCES, min_count=1, threshold=0.1
        ).freeze(),
    }[kind]()
    theirs.save(str(path))
    with pytest.raises(ValueError, match="is a pickle, which can run code") as caught:
        load(path)
    lines = str(caught.value).split(":\n")[1]
    assert len(lines.splitlines()) == 3
    subprocess.run(
        [sys.executable, "-c", "\n".join(map(str.strip, lines.splitlines()))], check=True
    )
    ours = load(f"{path}.w2v")
    if kind == "Word2Vec":
        assert (ours.wv.vectors == theirs.wv.vectors).all()
        assert (ours.syn1neg == theirs.syn1neg).all()
        assert (ours.sg, ours.window, ours.corpus_count) == (1, 2, 40)
        assert ours.train(SENTENCES, total_examples=40, epochs=1)[1] == 120
    elif kind == "KeyedVectors":
        assert (ours.vectors == theirs.vectors).all()
        assert ours.get_vecattr("the", "count") == 40
    else:
        plain = theirs if "Frozen" in kind else theirs.freeze()
        assert ours.export_phrases() == pytest.approx(plain.phrasegrams)


def test_vectors_alone_are_no_model(tmp_path, model):
    model.wv.metadata.clear()
    model.wv.save(tmp_path / "kv")
    with pytest.raises(ValueError, match="holds vectors only, not a model"):
        Word2Vec.load(tmp_path / "kv")
