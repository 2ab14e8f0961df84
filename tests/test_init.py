"""Going on from other vectors and from checkpoints."""

import numpy as np
import pytest

from tests.support import SENTENCES, SMALL
from tests.training.toys import vocabulary_of
from w2v_fast import KeyedVectors, Word2Vec, train
from w2v_fast.training.weights import initial_weights


@pytest.fixture
def known():
    return Word2Vec(SENTENCES, seed=7, **SMALL).train().wv


def test_init_takes_over_rows_of_words_by_name(known):
    model = Word2Vec([["cat", "zebra", "the"]] * 30, init=known, **SMALL)
    fresh = Word2Vec([["cat", "zebra", "the"]] * 30, **SMALL)
    for word in ("cat", "the"):
        np.testing.assert_array_equal(model.wv[word], known[word])
        np.testing.assert_array_equal(
            model.wv.output_vectors[model.wv.key_to_index[word]],
            known.output_vectors[known.key_to_index[word]],
        )
    np.testing.assert_array_equal(model.wv["zebra"], fresh.wv["zebra"])
    assert np.isfinite(model.train().wv.vectors).all()


@pytest.mark.parametrize("name", ["v.bin", "v.txt", "v.npy"])
def test_init_from_a_file(known, tmp_path, name):
    known.save(tmp_path / name)
    model = Word2Vec(SENTENCES, init=tmp_path / name, **SMALL)
    np.testing.assert_allclose(model.wv.vectors, known.vectors, rtol=1e-5)


def test_init_goes_on_from_a_lower_loss(known):
    losses = [
        Word2Vec(SENTENCES, init=init, **SMALL).train().losses[0].mean for init in (None, known)
    ]
    assert losses[1] < losses[0]


@pytest.mark.parametrize(("trained", "wanted"), [("hs", "ns"), ("ns", "hs"), ("hs", "hs")])
def test_rows_of_a_tree_are_not_taken_for_words(trained, wanted):
    known = Word2Vec(SENTENCES, objective=trained, **SMALL).train().wv
    model = Word2Vec(SENTENCES, objective=wanted, init=known, **SMALL)
    np.testing.assert_array_equal(model.wv.vectors, known.vectors)
    assert not model.wv.output_vectors.any()


def test_wrong_init(known, tmp_path):
    with pytest.raises(ValueError, match="8 dimensions, vector_size is 9"):
        Word2Vec(SENTENCES, init=known, **{**SMALL, "vector_size": 9})
    with pytest.raises(ValueError, match="none of the 2 words"):
        Word2Vec([["other", "words"]] * 9, init=known, **SMALL)
    broken = KeyedVectors(
        known.index_to_key, np.where(np.arange(len(known))[:, None] == 2, np.nan, known.vectors)
    )
    with pytest.raises(ValueError, match="row 2 has values that are not finite"):
        Word2Vec(SENTENCES, init=broken, **SMALL)
    with pytest.raises(FileNotFoundError):
        Word2Vec(SENTENCES, init=tmp_path / "missing.bin", **SMALL)
    with pytest.raises(TypeError, match="grow needs init"):
        Word2Vec(SENTENCES, grow=True, **SMALL)


def test_a_grown_vocabulary_keeps_old_rows(known):
    new_text = [["zebra", "the", "yak"], ["cat", "zebra", "rare"]] * 5 + [["zebra", "once"]]
    model = Word2Vec(new_text, init=known, grow=True, sample=0, **{**SMALL, "min_count": 3})
    words = model.corpus.vocabulary.words
    assert words == [*known.index_to_key, "zebra", "yak", "rare"]
    np.testing.assert_array_equal(model.wv.vectors[: len(known)], known.vectors)
    counts = dict(zip(words, model.corpus.vocabulary.counts.tolist(), strict=True))
    assert counts["zebra"] == 11
    assert counts["the"] == 240 + 5
    assert counts["dog"] == 60
    assert [len(sentence) for sentence in model.corpus.sentences()] == [3, 3] * 5 + [1]
    model.train()
    assert not np.array_equal(model.wv["the"], known["the"])
    np.testing.assert_array_equal(model.wv["dog"], known["dog"])
    limited = Word2Vec(new_text, init=known, grow=True, max_vocab=len(known) + 1, **SMALL)
    assert limited.corpus.vocabulary.words == [*known.index_to_key, "zebra"]


def test_train_checkpoints_and_resumes(tmp_path):
    whole = train(SENTENCES, **SMALL)
    first = train(SENTENCES, checkpoint=tmp_path / "run", **SMALL)
    again = train(SENTENCES, checkpoint=tmp_path / "run", resume=True, **SMALL)
    np.testing.assert_array_equal(first.vectors, whole.vectors)
    np.testing.assert_array_equal(again.vectors, whole.vectors)
    with pytest.raises(TypeError, match="resume needs"):
        train(SENTENCES, resume=True, **SMALL)


def test_initial_weights_are_a_function_of_the_seed():
    assert np.array_equal(initial_weights(70_000, 3, 5).input, initial_weights(70_000, 3, 5).input)
    assert vocabulary_of(np.array([0, 1, ~1]), 2).counts.tolist() == [1, 2]
