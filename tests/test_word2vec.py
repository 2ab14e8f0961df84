"""Word2Vec and train: what is wrong with the arguments is said before the corpus is read."""

import copy
import pickle
import warnings

import numpy as np
import pytest

import w2v_fast
from w2v_fast import Corpus, KeyedVectors, Vocabulary, Word2Vec, evaluate_loss, train
from w2v_fast.loss import sentence_losses

SENTENCES = [["the", "cat", "sat"], ["the", "dog", "ran"]] * 50
SMALL = {"vector_size": 8, "workers": 1, "epochs": 2}


def unread():
    pytest.fail("the corpus was read")
    yield


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"vector_sise": 9}, TypeError, "did you mean 'vector_size'"),
        ({"window": 0}, ValueError, r"window = 0 must lie in \[1, 10000\]"),
        ({"workers": 0}, ValueError, "workers = 0 must lie in"),
        ({"negative": 0}, ValueError, "negative = 0 must lie in"),
        ({"noise_draws": 0}, ValueError, "noise_draws = 0 must lie in"),
        ({"alpha": float("nan")}, ValueError, "alpha = nan"),
        ({"epochs": 2.5}, TypeError, r"epochs = 2\.5 must be of type int"),
        ({"alpha": float("inf")}, ValueError, r"alpha = inf must lie in \(0.0, inf\)"),
        ({"config": 100}, TypeError, "must be a TrainConfig"),
        ({"config": w2v_fast.TrainConfig(), "window": 2}, TypeError, "not both: window"),
        ({"progress": "loud"}, ValueError, "must be one of bar, json, quiet"),
        ({"resume": True}, TypeError, "resume needs the folder"),
        ({"grow": True}, TypeError, "grow needs init"),
        ({"init": "no such file"}, FileNotFoundError, "no such file"),
        ({"memory_budget": -1}, ValueError, "memory_budget = -1"),
        (
            {"progress": 5},
            TypeError,
            "progress is of type int; expected 'bar', 'json', 'quiet' or a function",
        ),
        (
            {"vocabulary": ["the"]},
            TypeError,
            r"vocabulary is of type list; expected \{word: count\} or a Vocabulary",
        ),
        ({"size": 8}, TypeError, "unknown option 'size'; write vector_size"),
        ({"iter": 8}, TypeError, "write epochs"),
        ({"sg": 1}, TypeError, 'write architecture="skipgram" for sg=1'),
        ({"hs": 1}, TypeError, 'write objective="hs"'),
        ({"minCount": 1}, TypeError, "write min_count"),
        ({"lr": 1}, TypeError, "write alpha"),
        ({"compute_loss": True}, TypeError, "model.losses"),
        ({"callbacks": []}, TypeError, r"train\(on_epoch=function\)"),
        ({"sentences": []}, TypeError, "give the corpus as the first argument"),
    ],
)
def test_wrong_arguments(options, kind, message):
    with pytest.raises(kind, match=message):
        w2v_fast.train(unread(), **options)


def test_an_instruction_set_that_cannot_run(monkeypatch):
    monkeypatch.setenv("W2V_FAST_ISA", "mmx")
    with pytest.raises(ValueError, match="isa = 'mmx' cannot run here"):
        w2v_fast.train(unread())


def test_saved_vectors_know_the_hyper_parameters_of_their_run(tmp_path):
    model = Word2Vec(SENTENCES, negative=3, noise_draws=2, **SMALL).train()
    model.wv.save(tmp_path / "folder")
    assert (
        w2v_fast.TrainConfig.from_metadata(KeyedVectors.load(tmp_path / "folder").metadata)
        == model.config
    )


@pytest.mark.parametrize("call", [w2v_fast.train, Word2Vec])
def test_a_corpus_under_another_name_or_none(call):
    with pytest.raises(TypeError, match="'sentences'; give the corpus as the first argument"):
        call(sentences=SENTENCES)
    with pytest.raises(TypeError, match="the corpus is missing"):
        call(vector_size=8)


def test_steps_give_the_vectors_of_one_call():
    model = Word2Vec(SENTENCES, w2v_fast.TrainConfig(**SMALL))
    assert not model.done
    assert model.train().done
    assert [loss.pairs > 0 for loss in model.losses] == [True, True]
    assert (model.wv.vectors == w2v_fast.train(SENTENCES, **SMALL).vectors).all()


def test_a_vocabulary_may_be_a_dict_of_counts():
    counts = {"cat": 2, "the": 9, "dog": 2, "absent": 1}
    model = Word2Vec(SENTENCES, vocabulary=counts, **SMALL)
    assert model.corpus.vocabulary == Vocabulary(["the", "cat", "dog", "absent"], [9, 2, 2, 1])
    assert len(model.train().wv) == 4


# -- the vectors of a model ------------------------------------------------------------------------


def test_a_model_has_one_wv_that_follows_the_training():
    model = Word2Vec(SENTENCES, **{**SMALL, "sample": 0, "alpha": 0.5})
    with pytest.warns(RuntimeWarning, match="random numbers"):
        held = model.wv
    held.most_similar("cat")  # norms of the start

    def report(progress):
        if progress.epoch_done:
            assert held.similarity("cat", "dog") == pytest.approx(
                KeyedVectors(held.index_to_key, held.vectors.copy()).similarity("cat", "dog")
            )

    model.train(report)
    assert model.wv is held
    fresh = KeyedVectors(held.index_to_key, held.vectors)
    assert held.most_similar("cat") == fresh.most_similar("cat")
    assert all(abs(cosine) <= 1 + 1e-6 for _, cosine in held.most_similar("the"))
    assert held.similarity("cat", "dog") == fresh.similarity("cat", "dog")


def test_untrained_vectors_are_a_warning_once():
    model = Word2Vec(SENTENCES, **SMALL)
    with pytest.warns(RuntimeWarning, match="random numbers: nothing is trained yet") as caught:
        assert [model.wv["cat"].any() for _ in range(2)] == [True, True]
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        known = Word2Vec(SENTENCES, **SMALL).train().wv
        assert Word2Vec(SENTENCES, init=known, **SMALL).wv["cat"].any()


def test_what_is_added_to_wv_stays_or_is_refused():
    model = Word2Vec(SENTENCES, **SMALL).train()
    try:
        model.wv.add_vector("new", np.ones(8, np.float32))
    except (TypeError, ValueError):
        assert "new" not in model.wv
        return
    assert "new" in model.wv
    with pytest.raises(ValueError, match="vectors of its own"):
        model.train()
    assert "new" in Word2Vec(SENTENCES, init=model.wv, grow=True, **SMALL).wv


# -- for those who come from gensim ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("use", "kind", "message"),
    [
        (
            lambda m: m.most_similar("cat"),
            AttributeError,
            "write model.wv.most_similar|model.wv.most_similar",
        ),
        (lambda m: m.similarity, AttributeError, "model.wv.similarity"),
        (lambda m: m["cat"], TypeError, r"write model.wv\[word\]"),
        (lambda m: "cat" in m, TypeError, "word in model.wv"),
        (lambda m: m.build_vocab(SENTENCES, update=True), AttributeError, "grow=True"),
        (lambda m: m.get_latest_training_loss(), AttributeError, "model.losses"),
        (lambda m: m.train(SENTENCES), TypeError, "a corpus is given to Word2Vec"),
        (
            lambda m: m.train(total_examples=3, epochs=1),
            TypeError,
            "unknown option 'total_examples'",
        ),
        (lambda m: m.anything, AttributeError, "no attribute 'anything'"),
        (copy.copy, TypeError, "cannot be copied or pickled.*model.wv.save"),
        (copy.deepcopy, TypeError, "cannot be copied or pickled"),
        (pickle.dumps, TypeError, "cannot be copied or pickled"),
    ],
)
def test_what_gensim_has_elsewhere_is_named(use, kind, message):
    model = Word2Vec(SENTENCES, **SMALL)
    with pytest.raises(kind, match=message):
        use(model)
    assert not hasattr(model, "most_similar")
    assert model.trainer.next_job == 0


def test_a_vocabulary_whose_counts_are_all_zero_trains():
    wv = train(
        [["the", "cat"]] * 9, vocabulary={"the": 0, "cat": 0}, vector_size=4, sample=0, workers=1
    )
    assert np.isfinite(wv.vectors).all()


def test_vectors_to_start_from_are_keyed_vectors():
    with pytest.raises(TypeError, match="init is of type dict; expected KeyedVectors"):
        Word2Vec([["the", "cat"]], init={"the": [1.0]}, min_count=1)


def test_the_loss_is_not_taken_of_ids_beyond_the_vocabulary():
    model = Word2Vec([["the", "cat"]] * 9, vector_size=4, min_count=1, workers=1).train()
    model.corpus.ids = np.array([0, 10**6], np.int32)
    with pytest.raises(ValueError, match="the corpus has the id 1000000"):
        evaluate_loss(model, model.corpus)


# -- further runs ----------------------------------------------------------------------------------

OTHER = [["the", "cat", "ran"], ["a", "dog", "sat", "unknown"]] * 50


def test_more_epochs_and_another_corpus_go_on_from_the_vectors():
    model = Word2Vec(SENTENCES, **SMALL).train()
    held, once = model.wv, model.wv.vectors.copy()
    assert model.train(epochs=3, alpha=0.01).done
    assert model.wv is held
    twice = held.vectors.copy()
    assert (twice != once).any(axis=1).all()
    assert (model.config.epochs, model.config.alpha, len(model.losses)) == (3, 0.01, 3)
    model.train(corpus=OTHER)
    assert model.corpus.raw_tokens == 350
    assert len(model.corpus) == 250
    assert (held.vectors[held.get_index("cat")] != twice[held.get_index("cat")]).any()
    assert w2v_fast.TrainConfig.from_metadata(held.metadata) == model.config


def test_further_runs_have_draws_of_their_own():
    options = {**SMALL, "sample": 0, "epochs": 1}
    model = Word2Vec(SENTENCES, **options)
    seeds = [model.config.seed]
    for _ in range(3):
        model.train(epochs=1)
        seeds.append(model.config.seed)
    assert len(set(seeds)) == 4
    assert model.train(epochs=1, seed=seeds[0]).config.seed == seeds[0]


def test_a_model_without_a_corpus_is_trained_on_one_later():
    counts = {"the": 100, "cat": 50, "sat": 50, "dog": 50, "ran": 50}
    late = Word2Vec(vocabulary=counts, **SMALL)
    assert not late.done
    assert late.losses == []
    with pytest.raises(TypeError, match=r"the corpus is missing: train\(corpus="):
        late.train()
    early = Word2Vec(SENTENCES, vocabulary=counts, **SMALL).train()
    assert (late.train(corpus=SENTENCES).wv.vectors == early.wv.vectors).all()


@pytest.mark.parametrize("options", [{"vector_size": 9}, {"objective": "hs"}])
def test_what_is_fixed_with_the_first_run(options):
    model = Word2Vec(SENTENCES, **SMALL).train()
    with pytest.raises(ValueError, match="fixed with the first run"):
        model.train(**options)


@pytest.mark.parametrize("variant", [{}, {"architecture": "cbow"}, {"objective": "softmax"}])
def test_frozen_words_keep_their_vectors(variant):
    model = Word2Vec(SENTENCES, frozen=["cat", "dog"], sample=0, **SMALL, **variant)
    start = model.weights.vectors.copy()
    frozen = [model.vocabulary.index[word] for word in ("cat", "dog")]
    others = [row for row in range(len(start)) if row not in frozen]
    model.train()
    assert (model.wv.vectors[frozen] == start[frozen]).all()
    assert (model.wv.vectors[others] != start[others]).any(axis=1).all()
    model.train(epochs=1, frozen=[])
    assert (model.wv.vectors[frozen] != start[frozen]).any(axis=1).all()


def test_frozen_words_are_words_of_the_model():
    with pytest.raises(KeyError, match="absent"):
        Word2Vec(SENTENCES, frozen=["absent"], **SMALL)
    with pytest.raises(TypeError, match="collection of words"):
        Word2Vec(SENTENCES, frozen="cat", **SMALL)


def test_epochs_are_told_with_their_weights_and_can_end_the_run():
    seen = []

    def on_epoch(model, progress):
        seen.append((progress.epoch, model.wv.vectors.copy()))
        return progress.epoch == 3

    model = Word2Vec(SENTENCES, **{**SMALL, "epochs": 9}).train(on_epoch=on_epoch)
    assert [epoch for epoch, _ in seen] == [1, 2, 3]
    assert not model.done
    assert (model.wv.vectors == seen[-1][1]).all()
    assert model.train().done
    assert train(SENTENCES, on_epoch=lambda model, progress: True, **SMALL).vectors.any()


def test_contexts_predict_their_center():
    text = [["red", "apple", "pie"], ["blue", "sky", "high"]] * 200
    model = Word2Vec(text, **{**SMALL, "epochs": 20, "alpha": 0.2}).train()
    found = model.predict(["red", "pie", "unknown"], topn=2)
    assert found[0][0] == "apple"
    assert 0 < found[1][1] < found[0][1] < 1
    assert sum(p for _, p in model.predict(["sky"], topn=None)) == pytest.approx(1)
    assert model.predict(["unknown"]) == []
    tree = Word2Vec(text, objective="hs", **SMALL).train()
    with pytest.raises(ValueError, match="those of hs belong to tree nodes"):
        tree.predict(["sky"])


# -- files of models -------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", [{}, {"objective": "hs"}, {"architecture": "cbow"}])
def test_a_saved_model_goes_on_as_the_one_it_was(tmp_path, variant):
    model = Word2Vec(SENTENCES, **SMALL, **variant).train()
    model.save(tmp_path / "model", {"note": "mine"})
    loaded = Word2Vec.load(tmp_path / "model", workers=1)
    assert loaded.config == model.config
    assert loaded.vocabulary == model.vocabulary
    assert loaded.metadata["note"] == "mine"
    for one, other in zip(loaded.weights.arrays, model.weights.arrays, strict=True):
        assert (one == other).all()
    both = [m.train(corpus=OTHER, seed=5, epochs=2).wv.vectors for m in (loaded, model)]
    assert (both[0] == both[1]).all()


def test_vectors_alone_are_no_model(tmp_path):
    KeyedVectors(["a"], np.ones((1, 4), np.float32)).save(tmp_path / "kv")
    with pytest.raises(ValueError, match=r"holds vectors only, not a model; w2v_fast.load"):
        Word2Vec.load(tmp_path / "kv")


# -- the loss of sentences -------------------------------------------------------------------------


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_the_losses_of_sentences_add_up_to_that_of_the_text(architecture):
    model = Word2Vec(SENTENCES, objective="hs", architecture=architecture, **SMALL).train()
    text = [["the", "cat", "sat"], ["dog"], ["absent"], ["the", "dog", "absent", "ran", "the"]]
    options = {"sample": 0, "shrink_windows": False}
    whole = evaluate_loss(model, text, **options)
    parts = sentence_losses(model, text, **options)
    assert len(parts) == 3
    assert parts[1].pairs == 0
    assert sum(part.pairs for part in parts) == whole.pairs
    total = sum(part.nats * part.pairs for part in parts if part.pairs)
    assert total == pytest.approx(whole.nats * whole.pairs)


# -- a vocabulary for a corpus that has one --------------------------------------------------------


def test_a_corpus_is_put_under_the_vocabulary_that_is_given():
    corpus = Corpus.from_source([["a", "b", "c"], ["c", "b"]], min_count=1)
    model = Word2Vec(corpus, vocabulary={"c": 7, "b": 5, "x": 1}, vector_size=4)
    assert model.corpus.vocabulary.words == ["c", "b", "x"]
    assert [ids.tolist() for ids in model.corpus.sentences()] == [[1, 0], [0, 1]]
    assert model.corpus.raw_tokens == 5
    with pytest.raises(ValueError, match="none of the 5 tokens of the corpus is in the vocabulary"):
        corpus.under_vocabulary(Vocabulary(["x"], [1]))


def test_options_are_typed_for_editors_and_type_checkers():
    for function in (train, Word2Vec.__init__):
        assert function.__annotations__["options"] == "Unpack[TrainOptions]"
