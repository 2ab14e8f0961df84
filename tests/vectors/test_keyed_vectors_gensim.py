"""The same calls on gensim: same words and order, scores to 1e-5, and both raise or neither."""

from __future__ import annotations

import importlib.util
import math
import re
import sysconfig
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from w2v_fast.vectors.keyed_vectors import KeyedVectors

gensim = pytest.importorskip("gensim", reason="gensim is not installed: nothing to compare with")

HAS_POT = importlib.util.find_spec("ot") is not None

# Each call is evaluated with `kv`, the words w0, w1, ... as W[0], W[1], ... and `v`, the vectors.
CALLS = """
kv.most_similar(W[0])
kv.most_similar([W[0]], topn=3)
kv.most_similar([W[0], W[2]], [W[1]])
kv.most_similar(positive=W[0], negative=W[1])
kv.most_similar(negative=W[1])
kv.most_similar(negative=[W[1], W[2]], topn=5)
kv.most_similar(W[0], topn=0)
kv.most_similar(W[0], topn=-1)
kv.most_similar(W[0], topn=1)
kv.most_similar(W[0], topn=True)
kv.most_similar(W[0], topn=2.0)
kv.most_similar(W[0], topn=None)
kv.most_similar([W[0], W[2]], [W[1]], topn=None)
kv.most_similar(W[0], topn=len(W) // 2)
kv.most_similar([(W[0], 0.0)], topn=20)
kv.most_similar(W[0], W[0], topn=7)
kv.most_similar(np.zeros(kv.vector_size), topn=20)
kv.most_similar(W[0], topn=len(W) - 1)
kv.most_similar(W[0], topn=len(W))
kv.most_similar(W[0], topn=10 * len(W))
kv.most_similar()
kv.most_similar([])
kv.most_similar(positive=None, negative=None)
kv.most_similar([-1])
kv.most_similar(len(W))
kv.most_similar(v[0])
kv.most_similar([v[0]])
kv.most_similar(v[:3])
kv.most_similar([W[0], v[3]], [v[4]])
kv.most_similar(v[0].astype(np.float64))
kv.most_similar(v[0][:2])
kv.most_similar([v[0].tolist()])
kv.most_similar([(W[0], 2.0), W[1]])
kv.most_similar([(W[0], 2.0)], [(W[1], 0.5)])
kv.most_similar([(W[0], 2.0)], [(W[1], -0.5)])
kv.most_similar([W[0], (W[1], -1.0)])
kv.most_similar((W[0], 2.0))
kv.most_similar({W[0]})
kv.most_similar([None])
kv.most_similar([1.5])
kv.most_similar(UNKNOWN)
kv.most_similar([W[0], UNKNOWN])
kv.most_similar([W[0]], [UNKNOWN])
kv.most_similar([(UNKNOWN, 1.0)])
kv.most_similar(W[0], clip_start=2, clip_end=9)
kv.most_similar(W[0], clip_start=9, clip_end=2)
kv.most_similar(W[0], clip_start=20)
kv.most_similar(W[0], clip_end=7)
kv.most_similar(W[0], clip_end=0)
kv.most_similar(W[0], clip_start=-9)
kv.most_similar(W[0], clip_end=-9)
kv.most_similar(W[0], clip_start=2, clip_end=10 ** 9)
kv.most_similar(W[5], clip_start=5, clip_end=7, topn=1)
kv.most_similar(W[0], clip_start=2, clip_end=9, topn=None)
kv.most_similar(W[0], restrict_vocab=6)
kv.most_similar(W[9], restrict_vocab=6)
kv.most_similar(W[0], restrict_vocab=0)
kv.most_similar(W[0], restrict_vocab=10 ** 9)
kv.most_similar(W[0], restrict_vocab=6, clip_start=8, clip_end=9)
kv.most_similar(W[0], restrict_vocab=6, topn=None)
kv.most_similar_cosmul(W[0])
kv.most_similar_cosmul(W[0], W[1])
kv.most_similar_cosmul([W[0], W[2]], [W[1]])
kv.most_similar_cosmul([W[0], W[2]], [W[1], W[3]], topn=4)
kv.most_similar_cosmul([W[0], W[2]], [W[1]], topn=None)
kv.most_similar_cosmul([W[0], W[2]], [W[1]], topn=0)
kv.most_similar_cosmul(W[0], topn=-1)
kv.most_similar_cosmul(negative=[W[1]])
kv.most_similar_cosmul()
kv.most_similar_cosmul(UNKNOWN)
kv.most_similar_cosmul([W[0]], [UNKNOWN])
kv.most_similar_cosmul([(W[0], 2.0)])
kv.similar_by_word(W[0])
kv.similar_by_word(W[0], topn=3, restrict_vocab=8)
kv.similar_by_word(W[0], topn=None)
kv.similar_by_word(UNKNOWN)
kv.similar_by_key(W[1], 4)
kv.similar_by_vector(v[0])
kv.similar_by_vector(v[0], topn=2, restrict_vocab=6)
kv.similar_by_vector(v[0], topn=None)
kv.similarity(W[0], W[1])
kv.similarity(W[0], W[0])
kv.similarity(W[0], UNKNOWN)
kv.similarity(v[0], v[1])
kv.distance(W[0], W[1])
kv.distance(UNKNOWN, W[1])
kv.distances(W[0])
kv.distances(W[0], [W[1], W[2]])
kv.distances(W[0], [])
kv.distances(W[0], None)
kv.distances(v[0], [W[1]])
kv.distances(v[0].tolist())
kv.distances(UNKNOWN)
kv.distances(W[0], [UNKNOWN])
kv.n_similarity([W[0], W[1]], [W[2]])
kv.n_similarity([W[0], UNKNOWN], [W[2]])
kv.n_similarity([UNKNOWN], [W[2]])
kv.n_similarity([], [W[2]])
kv.n_similarity([W[2]], [])
kv.cosine_similarities(v[0], v)
kv.cosine_similarities(v[0].tolist(), v[:2].tolist())
kv.cosine_similarities(v[0], v[1])
kv.relative_cosine_similarity(W[0], W[1])
kv.relative_cosine_similarity(W[0], W[1], topn=3)
kv.relative_cosine_similarity(W[0], UNKNOWN)
kv.relative_cosine_similarity(W[0], W[1], topn=0)
kv.doesnt_match([W[0], W[1], W[2], W[3]])
kv.doesnt_match([W[0]])
kv.doesnt_match([W[0], W[1], W[2], UNKNOWN])
kv.doesnt_match([])
kv.doesnt_match([UNKNOWN])
kv.rank_by_centrality([W[0], W[1], W[2], W[3]])
kv.rank_by_centrality([W[0], W[1], W[2]], use_norm=False)
kv.rank_by_centrality([])
kv.rank(W[0], W[1])
kv.rank(W[0], W[0])
kv.rank(W[0], UNKNOWN)
[kv.rank(W[0], word) for word in W[:40]]
kv.closer_than(W[0], W[1])
kv.closer_than(W[0], W[0])
kv.closer_than(UNKNOWN, W[0])
[kv.closer_than(W[0], word) for word in W[:20]]
kv.most_similar_to_given(W[0], [W[1], W[2], W[3]])
kv.most_similar_to_given(W[0], [W[0], W[2]])
kv.most_similar_to_given(W[0], [])
kv.most_similar_to_given(W[0], [UNKNOWN])
kv.get_vector(W[0])
kv.get_vector(W[0], norm=True)
kv.get_vector(-1)
kv.get_vector(len(W))
kv.get_vector(UNKNOWN)
kv.get_vector([W[0]])
kv.get_vector(W[0]).flags.writeable
kv[W[0]]
kv[[W[0], W[1]]]
kv[W[0], W[1]]
kv[[]]
kv[UNKNOWN]
kv[[W[0], UNKNOWN]]
kv[0:2]
kv[[[W[0]]]]
kv.get_mean_vector([W[0], W[1]])
kv.get_mean_vector([W[0], W[1]], weights=[1, 2])
kv.get_mean_vector([W[0], W[1]], weights=[1, -2])
kv.get_mean_vector([W[0], W[1]], weights=np.array([1, 2.0]))
kv.get_mean_vector([W[0], W[1]], weights=[1])
kv.get_mean_vector([W[0], W[1]], weights=[0, 0], post_normalize=True)
kv.get_mean_vector([W[0], W[1]], pre_normalize=False)
kv.get_mean_vector([W[0], W[1]], post_normalize=True)
kv.get_mean_vector([W[0], UNKNOWN])
kv.get_mean_vector([W[0], UNKNOWN], weights=[1, 3])
kv.get_mean_vector([UNKNOWN])
kv.get_mean_vector([W[0], UNKNOWN], ignore_missing=False)
kv.get_mean_vector([])
kv.get_index(W[3])
kv.get_index(UNKNOWN)
kv.get_index(UNKNOWN, -1)
kv.get_index(UNKNOWN, default=None)
kv.get_index(-1)
kv.get_index(2.0)
kv.get_index(None)
kv.has_index_for(W[0])
kv.has_index_for(UNKNOWN)
kv.has_index_for(-1)
W[0] in kv
UNKNOWN in kv
len(W) in kv
None in kv
[W[0]] in kv
len(kv)
kv.vector_size
kv.index_to_key
kv.key_to_index
kv.fill_norms() or kv.norms
kv.get_normed_vectors()
kv.fill_norms()
kv.fill_norms(force=True)
kv.get_vecattr(W[1], "count")
kv.get_vecattr(UNKNOWN, "count")
kv.get_vecattr(W[0], "no such attribute")
kv.set_vecattr(UNKNOWN, "count", 1)
kv.set_vecattr(W[0], "count", 1.5)
kv.vectors_for_all([W[0], UNKNOWN, W[1], W[0]]).index_to_key
kv.vectors_for_all([W[3], UNKNOWN, W[1]]).vectors
kv.vectors_for_all([UNKNOWN]).vectors
kv.vectors_for_all([]).vectors
kv.vocab
kv.index2word
kv.index2entity
kv.vectors_norm
kv.syn0
kv.syn0norm
kv.no_such_attribute
""".strip().splitlines()

ROW_NUMBERS = """
kv.most_similar(0)
kv.most_similar([0, 1], [2])
kv.most_similar(np.int64(3))
kv.most_similar([(v[0], 2.0), (1, 0.25)])
kv.similar_by_key(1)
kv.similarity(0, 1)
kv.distances(0, [1])
kv.rank(0, 1)
kv.closer_than(0, 3)
kv.get_vector(0)
kv[0]
kv[np.int64(1)]
kv[[0, 1]]
kv[np.array([0, 1])]
kv.get_index(3)
""".strip().splitlines()
"""Integers are row numbers in gensim; here they are words, which these vectors have not."""

WITH_POT = """
kv.wmdistance([W[0], W[1]], [W[2]])
kv.wmdistance([W[0], W[0], W[1]], [W[2], W[3], W[0]])
kv.wmdistance([W[0], W[1]], [W[2], W[3]], norm=False)
kv.wmdistance([W[0], UNKNOWN], [W[2]])
kv.wmdistance([W[0]], [W[0]])
kv.wmdistance([UNKNOWN], [W[2]])
kv.wmdistance([], [])
""".strip().splitlines()

CHANGES = """
kv.add_vector("new", v[0] + v[1])
kv.add_vectors(["new", "newer"], v[:2])
kv.add_vectors([W[1], "newer"], v[3:5])
kv.add_vectors([W[1], "newer"], v[3:5], replace=True)
kv.add_vectors(["new"], [v[0]])
kv.__setitem__(W[0], v[1])
kv.__setitem__([W[0], "new"], v[1:3])
kv.sort_by_descending_frequency()
kv.set_vecattr(W[3], "count", 10 ** 6)
""".strip().splitlines()


def random_vectors() -> Any:
    rng = np.random.default_rng(7)
    kv = gensim.models.KeyedVectors(12)
    kv.add_vectors([f"w{i}" for i in range(60)], rng.standard_normal((60, 12)).astype(np.float32))
    for row, count in enumerate(rng.permutation(600)[:60].tolist()):
        kv.set_vecattr(f"w{row}", "count", count)
    return kv


def trained_vectors() -> Any:
    """Vectors of the words in the standard library's sources."""
    sources = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))[:60]
    lines = [
        line
        for path in sources
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
    ]
    sentences = [re.findall(r"[a-z]+", line.lower()) for line in lines]
    return gensim.models.Word2Vec(
        sentences, vector_size=50, min_count=10, workers=1, seed=1, epochs=3
    ).wv


@pytest.fixture(scope="module")
def trained() -> Any:
    return trained_vectors()


@pytest.fixture(params=["random", "trained"])
def theirs(request: pytest.FixtureRequest) -> Any:
    return random_vectors() if request.param == "random" else request.getfixturevalue("trained")


def outcome(call: str, kv: Any) -> Any:
    """Value of the call, or the exception it raises."""
    names = {
        "kv": kv,
        "W": list(kv.index_to_key),
        "v": np.array(kv.vectors),
        "UNKNOWN": "no-such-word",
        "np": np,
    }
    try:
        return eval(call, names)
    except Exception as error:
        return error


def is_ranking(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str) for item in value
    )


def assert_same(one: Any, other: Any) -> None:
    if isinstance(one, Exception) or isinstance(other, Exception):
        assert isinstance(one, Exception), f"they raise nothing, we raise {other!r}"
        assert isinstance(other, Exception), f"they raise {one!r}, we return {other!r}"
    elif isinstance(one, np.ndarray):
        np.testing.assert_allclose(other, one, rtol=0, atol=1e-5)
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(other)
        if is_ranking(one) and [word for word, _ in one] != [word for word, _ in other]:
            # scores that differ by rounding alone have no order: the same words and scores
            assert_same([score for _, score in one], [score for _, score in other])
            one, other = sorted(one), sorted(other)
        for left, right in zip(one, other, strict=True):
            assert_same(left, right)
    elif isinstance(one, (float, np.floating)):
        assert math.isclose(one, other, rel_tol=1e-5, abs_tol=1e-5)
    else:
        assert one == other


@pytest.mark.parametrize("call", CALLS)
def test_same_as_gensim(call: str, theirs: Any) -> None:
    ours = KeyedVectors.from_gensim(theirs)
    assert_same(outcome(call, theirs), outcome(call, ours))


@pytest.mark.parametrize("call", ROW_NUMBERS)
def test_an_integer_is_a_row_in_gensim_and_a_word_here(call: str) -> None:
    theirs = random_vectors()
    ours = KeyedVectors.from_gensim(theirs)
    assert not isinstance(outcome(call, theirs), Exception)
    error = outcome(call, ours)
    assert isinstance(error, KeyError)
    assert "Row numbers: wv.vectors[" in str(error)


@pytest.mark.skipif(not HAS_POT, reason="POT is not installed (extra: wmd)")
@pytest.mark.parametrize("call", WITH_POT)
def test_word_movers_distance_is_gensims(call: str, theirs: Any) -> None:
    ours = KeyedVectors.from_gensim(theirs)
    assert_same(outcome(call, theirs), outcome(call, ours))


@pytest.mark.parametrize("call", CHANGES)
def test_changes_leave_what_gensim_leaves(call: str) -> None:
    theirs, ours = random_vectors(), KeyedVectors.from_gensim(random_vectors())
    result, our_result = outcome(call, theirs), outcome(call, ours)
    assert isinstance(result, Exception) == isinstance(our_result, Exception)
    assert ours.index_to_key == theirs.index_to_key
    assert ours.key_to_index == theirs.key_to_index
    np.testing.assert_array_equal(ours.vectors, theirs.vectors)
    if not call.startswith("kv.add") and "new" not in call:  # gensim grows its counts late
        np.testing.assert_array_equal(ours.counts, theirs.expandos["count"])


def test_keeps_its_promise_where_gensim_does_not() -> None:
    """The known differences: there gensim fails, or does not do what its documentation says."""
    theirs = random_vectors()
    ours = KeyedVectors.from_gensim(random_vectors())
    # restrict_vocab has no effect on gensim's cosmul
    assert {word for word, _ in ours.most_similar_cosmul("w0", restrict_vocab=5)} == {
        "w1",
        "w2",
        "w3",
        "w4",
    }
    assert len(theirs.most_similar_cosmul("w0", restrict_vocab=5)) == 10
    # a vector is scaled to length 1 in ours only, so it ranks as its key does
    np.testing.assert_allclose(
        ours.most_similar_cosmul(ours.vectors[0], topn=None),
        ours.most_similar_cosmul("w0", topn=None),
        atol=1e-6,
    )
    # a known key given to add_vector is replaced; gensim reports a row that does not exist
    assert ours.add_vector("w3", np.ones(12)) == 3
    assert theirs.add_vector("w3", np.ones(12)) == 60
    assert (ours["w3"] == 1).all()
    # norms follow a change
    theirs.fill_norms()
    theirs.add_vector("new", np.ones(12))
    ours.add_vector("new", np.ones(12))
    assert isinstance(outcome("kv.most_similar('new')", theirs), IndexError)
    assert ours.most_similar("new")[0][0] == "w3"


def test_zero_vectors_rank_as_in_gensim() -> None:
    theirs = random_vectors()
    theirs.vectors[3] = 0
    ours = KeyedVectors.from_gensim(theirs)
    with np.errstate(all="ignore"):
        for call in (
            "kv.similarity(W[0], W[3])",
            "kv.distance(W[0], W[3])",
            "kv.distances(W[0])",
            "kv.distances(W[3])",
            "kv.n_similarity([W[3]], [W[0]])",
            "kv.cosine_similarities(v[0], v)",
            "kv.get_normed_vectors()",
            "kv.cosine_similarities(v[3], v)",
            "kv.get_vector(W[3], norm=True)",
            "kv.most_similar(W[0], topn=None)",
            "kv.most_similar(W[3], topn=None)",
            "kv.most_similar(np.zeros(12), topn=None)",
            "kv.most_similar_cosmul(W[0], topn=None)",
        ):
            assert_same(outcome(call, theirs), outcome(call, ours))
        last_theirs, last_ours = (
            theirs.most_similar("w0", topn=59)[-1],
            ours.most_similar("w0", topn=59)[-1],
        )
    assert last_theirs[0] == last_ours[0] == "w3"
    assert math.isnan(last_theirs[1])
    assert math.isnan(last_ours[1])


def test_gensim_and_back(trained: Any) -> None:
    ours = KeyedVectors.from_gensim(trained)
    assert ours.vectors is trained.vectors
    back = ours.to_gensim()
    assert back.index_to_key == trained.index_to_key
    assert back.vectors is trained.vectors
    assert back.get_vecattr("self", "count") == trained.get_vecattr("self", "count")
    assert back.most_similar("self") == trained.most_similar("self")
    again = KeyedVectors.from_gensim(back)
    np.testing.assert_array_equal(again.counts, ours.counts)


def test_a_whole_gensim_model_brings_its_output_weights() -> None:
    model = gensim.models.Word2Vec([["a", "b", "c"]] * 20, vector_size=8, min_count=1, workers=1)
    ours = KeyedVectors.from_gensim(model)
    assert ours.output_vectors is model.syn1neg
    assert ours["a"].tolist() == model.wv["a"].tolist()
