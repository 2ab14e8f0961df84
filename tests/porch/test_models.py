"""What models and vectors of the porch do that neither gensim's tests nor the scripts show."""

import numpy as np
import pytest

import w2v_fast
from w2v_fast.gensim import utils
from w2v_fast.gensim.models import FrozenPhrases, KeyedVectors, Phrases, Word2Vec
from w2v_fast.gensim.models.phrases import npmi_scorer, original_scorer
from w2v_fast.gensim.models.word2vec import LineSentence, PathLineSentences, Text8Corpus

SENTENCES = [["the", "cat", "sat"], ["the", "dog", "ran", "home"]] * 100
SMALL = {"vector_size": 6, "min_count": 1, "epochs": 2, "sample": 0}


def test_integers_are_rows_unless_the_words_are_integers(tmp_path):
    words = Word2Vec(SENTENCES, **SMALL).wv
    assert (words[0] == words["the"]).all()
    assert 5 in words
    assert 6 not in words
    walks = Word2Vec([[7, 8, 9], [9, 7, 7]] * 50, **SMALL)
    assert walks.wv.index_to_key == ["7", "9", "8"]
    assert (walks.wv[9] == walks.wv.vectors[1]).all()
    assert 0 not in walks.wv
    walks.save(tmp_path / "walks")
    assert (Word2Vec.load(tmp_path / "walks").wv[9] == walks.wv[9]).all()
    counted = Word2Vec(**SMALL)
    counted.build_vocab_from_freq({7: 3, 9: 2})
    assert counted.wv.get_vecattr(9, "count") == 2


def test_small_corpora_give_the_same_result_with_any_workers():
    one, other = (Word2Vec(SENTENCES, workers=workers, **SMALL) for workers in (1, 3))
    assert (one.wv.vectors == other.wv.vectors).all()


def test_vectors_put_into_a_model_are_trained_further():
    model = Word2Vec(SENTENCES, **SMALL)
    held = model.wv
    start = np.arange(36, dtype=np.float32).reshape(6, 6) / 36
    model.wv.vectors = start.copy()
    model.wv.vectors_lockf = np.array([0, 1, 1, 1, 1, 0], np.float32)
    slow = {"total_examples": 200, "epochs": 1, "start_alpha": 1e-4, "end_alpha": 1e-4}
    model.train(SENTENCES, **slow)
    assert model.wv is held
    assert (held.vectors[[0, 5]] == start[[0, 5]]).all()
    assert (held.vectors[1:5] != start[1:5]).any(axis=1).all()
    assert np.abs(held.vectors - start).max() < 0.1
    model.build_vocab([["a", "new", "cat"]], update=True)
    assert model.wv is held
    assert (held["the"] == start[0]).all()
    assert held.vectors_lockf.tolist() == [0, 1, 1, 1, 1, 0, 1, 1]
    other = Word2Vec(**SMALL)
    other.wv = KeyedVectors.of(
        w2v_fast.KeyedVectors(["cat", "sat"], np.ones((2, 6), np.float32), np.array([3, 2]))
    )
    other.train(SENTENCES, **slow)
    assert other.wv["cat"] == pytest.approx(np.ones(6), abs=0.1)
    assert (other.wv["cat"] != 1).any()


@pytest.mark.parametrize("options", [{}, {"cbow_mean": 0}, {"sg": 1}, {"hs": 1, "negative": 0}])
def test_saved_models_go_on_as_they_were(tmp_path, options):
    model = Word2Vec(SENTENCES, workers=1, comment="mine", **SMALL, **options)
    model.save(tmp_path / "m.model")
    loaded = Word2Vec.load(tmp_path / "m.model", mmap="r")
    assert (loaded.comment, loaded.corpus_count, loaded.corpus_total_words) == ("mine", 200, 700)
    assert repr(loaded) == "Word2Vec<vocab=6, vector_size=6, alpha=0.025>"
    assert (loaded.wv.vectors == model.wv.vectors).all()
    outputs = [m.syn1 if m.hs else m.syn1neg for m in (loaded, model)]
    assert (outputs[0] == outputs[1]).all()
    native = w2v_fast.Word2Vec.load(tmp_path / "m.model")
    assert native.config.cbow_sum == (options == {"cbow_mean": 0})
    native.save(tmp_path / "native")
    assert Word2Vec.load(tmp_path / "native").sg == model.sg


def test_vocabularies():
    model = Word2Vec(min_count=1, max_final_vocab=2, vector_size=4)
    model.build_vocab(SENTENCES)
    assert (model.wv.index_to_key, model.effective_min_count) == (["the"], 101)
    kept = Word2Vec(min_count=150, vector_size=4)
    kept.build_vocab(
        iter(SENTENCES),
        trim_rule=lambda word, count, least: utils.RULE_KEEP if word == "cat" else 0,
    )
    assert kept.wv.index_to_key == ["the", "cat"]
    assert (kept.corpus_count, kept.corpus_total_words) == (200, 700)
    taken = Word2Vec(vector_size=4)
    taken.reset_from(kept)
    assert taken.wv.index_to_key == ["the", "cat"]
    before = taken.wv.vectors.copy()
    taken.train(SENTENCES, total_examples=200, epochs=1)
    assert (taken.wv.vectors != before).any()
    taken.init_weights()
    assert (taken.wv.vectors == before).all()


def test_losses_fall_and_add_up():
    options = {**SMALL, "epochs": 8, "alpha": 0.2, "compute_loss": True}
    losses = []

    class Watch:
        def on_train_begin(self, model): ...
        def on_epoch_begin(self, model): ...
        def on_train_end(self, model): ...

        def on_epoch_end(self, model):
            losses.append(model.get_latest_training_loss())

    model = Word2Vec(SENTENCES, callbacks=[Watch()], **options)
    epochs = np.diff([0, *losses])
    assert model.get_latest_training_loss() == losses[-1] == pytest.approx(epochs.sum())
    assert epochs[-1] < epochs[0]
    assert Word2Vec(SENTENCES, **SMALL).get_latest_training_loss() == 0


def test_an_exception_of_a_callback_ends_the_training_and_leaves_the_vectors():
    class Stop:
        def __getattr__(self, name):
            def tell(model):
                if name == "on_epoch_end":
                    raise StopIteration("enough")

            return tell

    model = Word2Vec(**{**SMALL, "epochs": 50})
    model.build_vocab(SENTENCES)
    start = model.wv.vectors.copy()
    with pytest.raises(StopIteration, match="enough"):
        model.train(SENTENCES, total_examples=200, epochs=50, callbacks=[Stop()])
    assert (model.wv.vectors != start).any()


def test_corpora_in_files(tmp_path):
    (tmp_path / "b.txt").write_bytes(b"one two\n three\xa0four \xff\n")
    (tmp_path / "a.txt").write_bytes(b"zero\n")
    (tmp_path / "folder").mkdir()
    lines = LineSentence(tmp_path / "b.txt", max_sentence_length=1)
    assert list(lines) == [["one"], ["two"], ["three\udca0four"], ["\udcff"]]
    with open(tmp_path / "b.txt", "rb") as file:
        assert list(LineSentence(file, limit=1)) == [["one", "two"]]
    assert next(iter(PathLineSentences(tmp_path))) == ["zero"]
    with pytest.raises(ValueError, match="neither a file nor a folder"):
        PathLineSentences(tmp_path / "absent")
    (tmp_path / "long").write_text("word " * 300_000 + "end")
    chunks = list(Text8Corpus(tmp_path / "long", max_sentence_length=100_000))
    assert [len(chunk) for chunk in chunks] == [100_000] * 3 + [1]
    assert chunks[3] == ["end"]


def test_phrases_follow_their_settings_and_more_text():
    phrases = Phrases([["new", "york"]] * 3 + [["the", "cat"]], min_count=1, threshold=1e6)
    assert phrases[["new", "york"]] == ["new", "york"]
    phrases.threshold = 0.5
    assert list(phrases[iter([["new", "york"]])]) == [["new_york"]]
    phrases.add_vocab([["big", "apple"]] * 3)
    assert phrases.vocab["big_apple"] == 3
    assert phrases.corpus_word_count == 14
    assert phrases[iter(["big", "apple"])] == ["big_apple"]
    frozen = FrozenPhrases(phrases)
    assert frozen.score_candidate("big", "apple", [])[0] == "big_apple"
    assert frozen.score_candidate("big", "cat", []) == (None, None)
    assert len(Phrases()) == 0


def test_scorers_are_the_written_formulas():
    counts = {"worda_count": 4, "wordb_count": 5, "bigram_count": 3, "len_vocab": 20}
    counts |= {"min_count": 2, "corpus_word_count": 100}
    assert original_scorer(**counts) == pytest.approx((3 - 2) / 4 / 5 * 20)
    assert npmi_scorer(**counts) == pytest.approx(np.log(0.03 / (0.04 * 0.05)) / -np.log(0.03))
    assert npmi_scorer(**{**counts, "min_count": 4}) == -np.inf


def test_simple_preprocess():
    text = "Ça va, Mr_X? a 42 zwölf-Uhr extraordinarilylongword"
    assert utils.simple_preprocess(text) == ["ça", "va", "mr_x", "zwölf", "uhr"]
    assert utils.simple_preprocess(text, deacc=True)[0] == "ca"
