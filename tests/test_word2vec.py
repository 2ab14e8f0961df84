"""Word2Vec and train: what is wrong with the arguments is said before the corpus is read."""

import pytest

import w2v_fast


def unread():
    pytest.fail("the corpus was read")
    yield


@pytest.mark.parametrize(("options", "kind", "message"), [
    ({"vector_sise": 9}, TypeError, "did you mean 'vector_size'"),
    ({"window": 0}, ValueError, r"window = 0 must lie in \[1, 10000\]"),
    ({"alpha": float("inf")}, ValueError, r"alpha = inf must lie in \(0.0, inf\)"),
    ({"config": 100}, TypeError, "must be a TrainConfig"),
    ({"config": w2v_fast.TrainConfig(), "window": 2}, TypeError, "not both: window"),
    ({"progress": "loud"}, ValueError, "must be one of bar, json, quiet"),
    ({"resume": True}, TypeError, "resume needs the folder"),
    ({"grow": True}, TypeError, "grow needs init"),
    ({"init": "no such file"}, FileNotFoundError, "no such file"),
    ({"memory_budget": -1}, ValueError, "memory_budget = -1"),
])
def test_wrong_arguments(options, kind, message):
    with pytest.raises(kind, match=message):
        w2v_fast.train(unread(), **options)


def test_an_instruction_set_that_cannot_run(monkeypatch):
    monkeypatch.setenv("W2V_FAST_ISA", "mmx")
    with pytest.raises(ValueError, match="isa = 'mmx' cannot run here"):
        w2v_fast.train(unread())


def test_steps_give_the_vectors_of_one_call():
    sentences = [["the", "cat", "sat"], ["the", "dog", "ran"]] * 50
    options = {"vector_size": 8, "workers": 1, "epochs": 2}
    model = w2v_fast.Word2Vec(sentences, w2v_fast.TrainConfig(**options))
    assert not model.done
    assert model.train().done
    assert [loss.pairs > 0 for loss in model.losses] == [True, True]
    assert (model.wv.vectors == w2v_fast.train(sentences, **options).vectors).all()
