"""KeyedVectors: construction, storage types, batches, changes, errors, index, conversions."""

from __future__ import annotations

import copy
import gzip
import importlib.util
import math
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from w2v_fast.vectors import neighbors
from w2v_fast.vectors.keyed_vectors import MOVED, KeyedVectors


def made(count: int = 50, size: int = 12, dtype: Any = np.float32, seed: int = 0) -> KeyedVectors:
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((count, size)).astype(dtype)
    return KeyedVectors([f"w{i}" for i in range(count)], vectors, rng.permutation(count))


def assert_close(one: Any, other: Any, tolerance: float = 1e-5) -> None:
    """Same words in the same order, scores alike."""
    assert [word for word, _ in one] == [word for word, _ in other]
    np.testing.assert_allclose(
        [score for _, score in one], [score for _, score in other], atol=tolerance
    )


# -- construction ----------------------------------------------------------------------------------


def test_attributes() -> None:
    vectors = np.ones((2, 3), np.float32)
    kv = KeyedVectors(
        ("a", "b"), vectors, [5, 2], output_vectors=vectors * 2, metadata={"source": "test"}
    )
    assert (kv.index_to_key, kv.key_to_index, kv.vector_size, len(kv)) == (
        ["a", "b"],
        {"a": 0, "b": 1},
        3,
        2,
    )
    assert kv.counts.dtype == np.int64
    assert kv.output_vectors[0, 0] == 2
    assert kv.metadata == {"source": "test"}
    assert repr(kv) == "KeyedVectors<vector_size=3, 2 keys>"
    plain = KeyedVectors(["a", "b"], vectors)
    assert (plain.counts, plain.output_vectors, plain.metadata) == (None, None, {})


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_vectors_are_kept_without_a_copy(dtype: Any, tmp_path: Path) -> None:
    vectors = np.ones((4, 3), dtype)
    assert KeyedVectors("abcd", vectors).vectors is vectors
    padded = np.ones((4, 16), dtype)[:, :3]
    assert KeyedVectors("abcd", padded).vectors is padded
    mapped = np.memmap(tmp_path / "v", dtype, "w+", shape=(4, 3))
    assert KeyedVectors("abcd", mapped).vectors is mapped


def test_other_numbers_become_float32() -> None:
    for vectors in (np.ones((1, 2)), np.ones((1, 2), np.int64), [[1, 2]], np.ones((1, 2), ">f4")):
        kv = KeyedVectors(["a"], vectors)  # type: ignore[arg-type]
        assert kv.vectors.dtype == np.float32
        assert kv.vectors.dtype.isnative


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((["a", "b", "a"], np.ones((3, 2))), ValueError, "key 'a' occurs twice, in rows 0 and 2"),
        ((["a", 5], np.ones((2, 2))), TypeError, "key 5 is of type int"),
        (
            (["a"], np.ones((2, 2))),
            ValueError,
            r"vectors of shape \(2, 2\); expected \(1, vector_size\)",
        ),
        ((["a"], np.ones(2)), ValueError, r"vectors of shape \(2,\)"),
        ((["a"], np.array([["x"]])), TypeError, "expected float32 or float16"),
        ((["a"], np.ones((1, 2), complex)), TypeError, "complex128"),
        ((["a"], np.ones((1, 2)), [1, 2]), ValueError, r"counts of shape \(2,\); expected \(1,\)"),
    ],
)
def test_bad_construction(arguments: tuple[Any, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        KeyedVectors(*arguments)
    with pytest.raises(ValueError, match="output_vectors of shape"):
        KeyedVectors(["a"], np.ones((1, 2)), output_vectors=np.ones((2, 2)))


def test_an_empty_vocabulary() -> None:
    kv = KeyedVectors([], np.empty((0, 4), np.float32))
    assert len(kv) == 0
    assert kv.most_similar(np.ones(4)) == []
    assert kv.most_similar(np.ones(4), topn=None).shape == (0,)
    assert kv.most_similar_many(np.ones((2, 4))) == [[], []]
    assert kv.get_normed_vectors().shape == (0, 4)
    assert kv.vectors_for_all(["a"]).vectors.shape == (0, 4)
    kv.sort_by_descending_frequency()
    with pytest.raises(KeyError, match="'a' is not in the vocabulary"):
        kv.most_similar("a")
    kv.add_vector("a", np.ones(4))
    assert kv.most_similar(np.ones(4)) == [("a", 1.0)]


# -- keys ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("king", "did you mean 'King'"),
        ("PARIS ", "did you mean 'paris'"),
        ("new york", "did you mean 'New_York'"),
        ("New York", "did you mean 'New_York'"),
        ("nasa", "did you mean 'NASA'"),
    ],
)
def test_an_unknown_word_is_named_with_a_known_spelling(asked: str, hint: str) -> None:
    kv = KeyedVectors(["King", "paris", "New_York", "NASA"], np.eye(4, dtype=np.float32))
    with pytest.raises(KeyError, match=hint) as error:
        kv[asked]
    assert repr(asked) in str(error.value)
    with pytest.raises(KeyError) as error:
        kv["zebra"]
    assert "did you mean" not in str(error.value)


@pytest.mark.parametrize("name", sorted(MOVED))
def test_old_names_tell_the_new_one(name: str) -> None:
    with pytest.raises(AttributeError, match=f"no '{name}', a name of older gensim versions; use "):
        getattr(made(), name)


@pytest.mark.parametrize(
    "name",
    [
        "vocab",
        "index2word",
        "index2entity",
        "word_vec",
        "syn0",
        "syn0norm",
        "vectors_norm",
        "init_sims",
    ],
)
def test_the_new_names_exist(name: str) -> None:
    new_name = MOVED[name].split("(")[0].split(",")[0]
    assert hasattr(made(), new_name)


def test_a_vector_cannot_be_written_by_accident() -> None:
    with pytest.raises(ValueError, match="read-only"):
        made()["w0"][0] = 1


def test_copies() -> None:
    kv = made()
    for twin in (copy.copy(kv), copy.deepcopy(kv), pickle.loads(pickle.dumps(kv))):
        assert twin.most_similar("w0") == kv.most_similar("w0")


# -- storage types ---------------------------------------------------------------------------------


def test_half_precision_is_computed_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbors, "BLOCK_ROWS", 7)
    half = made(dtype=np.float16)
    single = KeyedVectors(half.index_to_key, half.vectors.astype(np.float32))
    assert half["w0"].dtype == np.float16
    assert (
        half.get_vector("w0", norm=True).dtype
        == half.norms.dtype
        == half.get_normed_vectors().dtype
        == np.float32
    )
    for ask in ("most_similar", "most_similar_cosmul"):
        assert_close(
            getattr(half, ask)(["w0", "w2"], ["w1"]), getattr(single, ask)(["w0", "w2"], ["w1"])
        )
    assert half.similarity("w0", "w1") == pytest.approx(single.similarity("w0", "w1"), abs=1e-6)
    assert half.doesnt_match(["w0", "w1", "w2"]) == single.doesnt_match(["w0", "w1", "w2"])
    for one, other in zip(
        half.most_similar_many(["w0", "w1"]), single.most_similar_many(["w0", "w1"]), strict=True
    ):
        assert_close(one, other)


def test_half_precision_does_not_overflow() -> None:
    kv = KeyedVectors(["a", "b"], np.full((2, 300), 60_000, np.float16))
    assert kv.similarity("a", "b") == pytest.approx(1, abs=1e-5)
    assert kv.most_similar("a")[0] == ("b", pytest.approx(1, abs=1e-5))


@pytest.mark.parametrize("mode", ["r", "r+", "c"])
def test_memory_mapped_vectors(tmp_path: Path, mode: Any) -> None:
    plain = made()
    path = tmp_path / "vectors"
    plain.vectors.tofile(path)
    before = path.read_bytes()
    kv = KeyedVectors(
        plain.index_to_key, np.memmap(path, np.float32, mode, shape=plain.vectors.shape)
    )
    assert kv.most_similar("w0") == plain.most_similar("w0")
    assert (
        type(kv["w0"])
        is type(kv[["w0", "w1"]])
        is type(kv.most_similar("w0", topn=None))
        is np.ndarray
    )
    kv["w0"] = np.zeros(12)
    assert (kv["w0"] == 0).all()
    assert path.read_bytes() == before, "a file must not change because a vector is set"


def test_strided_vectors() -> None:
    kv = made(size=16)
    strided = KeyedVectors(kv.index_to_key, kv.vectors[:, :10])
    compact = KeyedVectors(kv.index_to_key, kv.vectors[:, :10].copy())
    assert_close(strided.most_similar("w0"), compact.most_similar("w0"))


def test_norms_follow_changes() -> None:
    kv = made()
    kv.vectors[1] = kv.vectors[0]
    assert kv.most_similar("w0")[0] == ("w1", pytest.approx(1))
    kv.vectors = kv.vectors[:, :5] * 3
    np.testing.assert_allclose(kv.norms, np.linalg.norm(kv.vectors, axis=1), rtol=1e-6)
    with pytest.raises(ValueError, match="a row for each key"):
        kv.vectors = np.ones((3, 5))


# -- batches ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"topn": 1},
        {"topn": 0},
        {"topn": -3},
        {"topn": 49},
        {"topn": 1000},
        {"clip_start": 10, "clip_end": 30},
        {"clip_end": 0},
        {"clip_start": 30, "clip_end": 10},
        {"restrict_vocab": 8},
        {"restrict_vocab": 8, "topn": 3},
    ],
)
@pytest.mark.parametrize("block", [1, 5, 4096])
def test_a_batch_equals_single_queries(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], block: int
) -> None:
    monkeypatch.setattr(neighbors, "BLOCK_ROWS", block)
    monkeypatch.setattr(neighbors, "BLOCK_SCORES", block * 3)
    kv = made()
    queries = ["w0", "w3", kv.vectors[4], ["w5", ("w6", 0.5)], ["w7", "w8", kv.vectors[9]]]
    negatives = [None, "w1", None, ["w2"], [kv.vectors[3], "w4"]]
    for others in (None, negatives):
        batch = kv.most_similar_many(queries, others, **options)
        for i, query in enumerate(queries):
            assert_close(batch[i], kv.most_similar(query, others and others[i], **options))


def test_a_batch_of_all_scores() -> None:
    kv = made()
    scores = kv.most_similar_many(["w0", "w1"], topn=None, clip_start=5, clip_end=25)
    assert scores.shape == (2, 20)
    np.testing.assert_allclose(
        scores[1], kv.most_similar("w1", topn=None, clip_start=5, clip_end=25), atol=1e-6
    )
    assert kv.most_similar_many([], topn=None).shape == (0, 50)
    assert kv.most_similar_many([]) == []


def test_a_batch_of_vectors_is_a_matrix() -> None:
    kv = made()
    assert [found[0][0] for found in kv.most_similar_many(kv.vectors[:4], topn=1)] == [
        "w0",
        "w1",
        "w2",
        "w3",
    ]


def test_zero_vectors_rank_last_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbors, "BLOCK_ROWS", 4)
    kv = made(10)
    kv.vectors[[2, 7]] = 0
    first, undefined, nothing = kv.most_similar_many(["w0", "w2", np.zeros(12)], topn=20)
    assert_close(first[:7], kv.most_similar("w0", topn=7))
    assert {word for word, _ in first[7:]} == {"w2", "w7"}
    assert all(math.isnan(score) for _, score in first[7:] + undefined)
    assert len(undefined) == 9
    assert [score for _, score in nothing[:8]] == [0.0] * 8
    assert np.isnan(kv.most_similar_many(["w0"], topn=None)[0, [2, 7]]).all()


def test_batch_errors() -> None:
    kv = made()
    with pytest.raises(KeyError, match="'nope'"):
        kv.most_similar_many(["w0", "nope"])
    with pytest.raises(ValueError, match="1 negatives for 2 queries"):
        kv.most_similar_many(["w0", "w1"], [None])
    with pytest.raises(TypeError):
        kv.most_similar_many(["w0"], topn=2.5)  # type: ignore[arg-type]


@settings(deadline=None, max_examples=60)
@given(data=st.data(), count=st.integers(1, 40), size=st.integers(1, 5), block=st.integers(1, 9))
def test_the_best_of_many_are_those_of_a_full_sort(
    data: st.DataObject, count: int, size: int, block: int
) -> None:
    """Small integers, so that ties and zero vectors are frequent: scores must agree."""
    numbers = st.lists(st.integers(-2, 2), min_size=count * size, max_size=count * size)
    vectors = np.array(data.draw(numbers), np.float32).reshape(count, size)
    norms = neighbors.row_norms(vectors)
    queries = neighbors.unit_rows(vectors, np.maximum(norms, 1e-9))
    wanted = data.draw(st.integers(0, count + 3))
    expected = [neighbors.cosines(vectors, norms, query) for query in queries]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbors, "BLOCK_ROWS", block)
        rows, scores = neighbors.best_of_many(vectors, norms, queries, wanted)
    assert rows.shape == scores.shape == (count, min(wanted, count))
    for i in range(count):
        assert len(set(rows[i].tolist())) == len(rows[i])
        np.testing.assert_allclose(scores[i], expected[i][rows[i]], atol=1e-5)
        np.testing.assert_allclose(
            scores[i], expected[i][neighbors.best(expected[i], wanted)], atol=1e-5
        )


# -- integers as keys ------------------------------------------------------------------------------


def nodes() -> KeyedVectors:
    """Vectors of the nodes 7, 3, 1001 and 5, in this order."""
    return KeyedVectors(
        ["7", "3", "1001", "5"],
        np.random.default_rng(0).standard_normal((4, 6)).astype(np.float32),
        [4, 3, 2, 1],
    )


@pytest.mark.parametrize("kind", [int, np.int64, np.int32, np.uint64])
def test_an_integer_is_the_word_of_its_digits_in_every_query(kind: Any) -> None:
    kv, three, node = nodes(), kind(3), kind(1001)
    index = np.array([3, 1001], kind)
    assert three in kv
    assert kind(0) not in kv
    assert kv.has_index_for(node)
    pairs = [
        (kv[three], kv["3"]),
        (kv[[three, node]], kv[["3", "1001"]]),
        (kv[index], kv[["3", "1001"]]),
        (kv.get_vector(three, norm=True), kv.get_vector("3", norm=True)),
        (kv.get_index(node), 2),
        (kv.most_similar(three), kv.most_similar("3")),
        (kv.most_similar(index), kv.most_similar(["3", "1001"])),
        (kv.most_similar([three], negative=[node]), kv.most_similar(["3"], negative=["1001"])),
        (kv.most_similar(three, negative=node), kv.most_similar("3", negative="1001")),
        (kv.most_similar([(three, 0.5), node]), kv.most_similar([("3", 0.5), "1001"])),
        (kv.most_similar_cosmul(three, node), kv.most_similar_cosmul("3", "1001")),
        (
            kv.most_similar_many([three, [node]], [node, None]),
            kv.most_similar_many(["3", ["1001"]], ["1001", None]),
        ),
        (kv.most_similar_many(index), kv.most_similar_many(["3", "1001"])),
        (kv.similar_by_word(three), kv.similar_by_word("3")),
        (kv.similar_by_key(three), kv.similar_by_key("3")),
        (kv.similarity(three, node), kv.similarity("3", "1001")),
        (kv.distance(three, node), kv.distance("3", "1001")),
        (kv.distances(three), kv.distances("3")),
        (kv.distances(three, index), kv.distances("3", ["3", "1001"])),
        (kv.n_similarity([three], index), kv.n_similarity(["3"], ["3", "1001"])),
        (
            kv.relative_cosine_similarity(three, node, 2),
            kv.relative_cosine_similarity("3", "1001", 2),
        ),
        (kv.rank(three, node), kv.rank("3", "1001")),
        (kv.closer_than(three, node), kv.closer_than("3", "1001")),
        (str(kv.doesnt_match([three, node, kind(7)])), kv.doesnt_match(["3", "1001", "7"])),
        (
            str(kv.most_similar_to_given(three, [node, kind(7)])),
            kv.most_similar_to_given("3", ["1001", "7"]),
        ),
        (kv.get_mean_vector([three, node, kind(0)]), kv.get_mean_vector(["3", "1001"])),
        (kv.vectors_for_all(index).index_to_key, ["3", "1001"]),
        (kv.get_vecattr(node, "count"), 2),
    ]
    for number, (one, other) in enumerate(pairs):
        assert np.array_equal(one, other) if isinstance(one, np.ndarray) else one == other, number
    kv[three] = np.ones(6)
    assert kv.vectors[1].tolist() == [1] * 6


@pytest.mark.parametrize(
    "ask",
    [
        lambda kv: kv[0],
        lambda kv: kv[[0]],
        lambda kv: kv.most_similar(0),
        lambda kv: kv.similarity(3, 0),
        lambda kv: kv.get_index(-1),
        lambda kv: kv.most_similar(3, negative=[0]),
        lambda kv: kv.distances(0),
        lambda kv: kv.rank(3, 0),
        lambda kv: kv.set_vecattr(0, "count", 1),
        lambda kv: kv.__setitem__(0, np.ones(6)),
        lambda kv: kv.add_vector(0, np.ones(6)),
    ],
)
def test_an_integer_that_is_no_word_is_never_the_number_of_a_row(ask: Any) -> None:
    kv = nodes()
    with pytest.raises(KeyError, match=r"is the word '-?\d+'. Row numbers: wv\.vectors\["):
        ask(kv)
    assert len(kv) == 4


@pytest.mark.parametrize("key", [True, False, 3.0, np.float32(3), np.bool_(True), math.nan])
def test_booleans_and_fractions_are_no_keys(key: Any) -> None:
    kv = nodes()
    for ask in (
        lambda: kv[key],
        lambda: key in kv,
        lambda: kv.get_index(key),
        lambda: kv.get_index(key, 0),
        lambda: kv.most_similar([key]),
        lambda: kv.most_similar(key),
        lambda: kv.similarity(key, 3),
        lambda: kv.rank(3, key),
        lambda: kv.has_index_for(key),
        lambda: kv.add_vector(key, np.ones(6)),
        lambda: kv.doesnt_match([key, 3]),
    ):
        with pytest.raises(TypeError):
            ask()
    assert None not in kv


# -- norms follow the vectors ----------------------------------------------------------------------

WAYS_TO_CHANGE: dict[str, Any] = {
    "an element": lambda kv: kv.vectors.__setitem__(3, kv.vectors[0] * 20),
    "in place": lambda kv: np.multiply(kv.vectors, 20, out=kv.vectors),
    "a view": lambda kv: kv.vectors[3].__setitem__(slice(None), kv.vectors[0] * 20),
    "another array": lambda kv: setattr(kv, "vectors", kv.vectors[::-1] * 20),
    "a key": lambda kv: kv.__setitem__("w3", kv["w0"] * 20),
    "a new key": lambda kv: kv.add_vector("new", kv["w0"] * 20),
    "several keys": lambda kv: kv.add_vectors(["w3", "new"], kv.vectors[:2] * 20, replace=True),
    "the order": lambda kv: kv.sort_by_descending_frequency(),
    "a copy of the object": lambda kv: copy.copy(kv).vectors.__setitem__(3, kv["w0"] * 20),
}


@pytest.mark.parametrize("change", WAYS_TO_CHANGE)
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_no_answer_is_older_than_the_vectors(
    change: str, shared: bool, dtype: Any, tmp_path: Path
) -> None:
    kv = made(dtype=dtype)
    if not shared:
        kv.save(tmp_path / "m")
        kv = KeyedVectors.load(tmp_path / "m", mmap=False)
    kv.fill_norms()
    kv.most_similar("w0")
    for _ in range(2):
        WAYS_TO_CHANGE[change](kv)
        fresh = KeyedVectors(kv.index_to_key, np.array(kv._vectors), kv.counts)
        assert all(score <= 1.001 for _, score in kv.most_similar("w0", topn=60))
        for ask in (
            lambda kv: kv.most_similar("w0", topn=60),
            lambda kv: kv.most_similar_cosmul("w0", "w5"),
            lambda kv: kv.most_similar_many(["w0", "w3"])[1],
            lambda kv: kv.similar_by_vector(kv["w3"]),
        ):
            assert ask(kv) == ask(fresh)
        for ask in (
            lambda kv: kv.distances("w0"),
            lambda kv: kv.norms,
            lambda kv: kv.get_normed_vectors(),
            lambda kv: kv.distances("w0", ["w3", "w5"]),
            lambda kv: kv.most_similar("w0", topn=None),
            lambda kv: kv.rank("w0", "w3"),
            lambda kv: kv.closer_than("w0", "w3"),
            lambda kv: kv.most_similar_many(["w0"], topn=None),
        ):
            np.testing.assert_array_equal(ask(kv), ask(fresh))


def test_norms_follow_a_caller_who_keeps_the_array() -> None:
    mine = made().vectors
    view = mine[:]
    view.setflags(write=False)
    for kv in (KeyedVectors(made().index_to_key, mine), KeyedVectors(made().index_to_key, view)):
        kv.fill_norms()
        mine *= 20
        assert all(score <= 1.001 for _, score in kv.most_similar("w0", topn=60))
        np.testing.assert_allclose(kv.norms, np.linalg.norm(mine, axis=1), rtol=1e-5)


def test_norms_of_vectors_that_nobody_else_has_are_computed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made().save(tmp_path / "m")
    made().save(tmp_path / "v.bin")
    computed: list[int] = []
    row_norms = neighbors.row_norms
    monkeypatch.setattr(
        neighbors, "row_norms", lambda vectors: computed.append(len(vectors)) or row_norms(vectors)
    )
    for path in ("m", "v.bin"):
        kv = KeyedVectors.load(tmp_path / path)
        for word in ("w0", "w1", "w2"):
            kv.most_similar(word)
    assert computed == [50, 50]
    with pytest.raises(ValueError, match="read-only"):
        kv.norms[0] = 1


# -- changes ---------------------------------------------------------------------------------------


def test_adding_keeps_counts_and_output_vectors_in_step() -> None:
    kv = KeyedVectors(["a"], np.ones((1, 2), np.float32), [7], output_vectors=np.ones((1, 2)))
    kv.add_vectors(["b", "c", "b"], [[1, 0], [0, 1], [5, 5]], extras={"count": [3, 4, 9]})
    assert kv.index_to_key == ["a", "b", "c"]
    assert kv.vectors.tolist() == [[1, 1], [1, 0], [0, 1]]
    assert kv.counts.tolist() == [7, 3, 4]
    assert kv.output_vectors.tolist() == [[1, 1], [0, 0], [0, 0]]
    kv.add_vectors(["a", "b", "b"], [[2, 2], [3, 3], [4, 4]], replace=True)
    assert kv.vectors.tolist() == [[2, 2], [4, 4], [0, 1]]
    assert kv.counts.tolist() == [7, 3, 4]
    kv["a"] = [8, 8]
    assert kv["a"].tolist() == [8, 8]
    kv.add_vectors([], np.empty((0, 2)))
    assert len(kv) == 3


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((["x"], [[1, 2, 3]]), ValueError),
        ((["x", "y"], [[1, 2]]), ValueError),
        ((["x"], [["one", "two"]]), ValueError),
        (([99], [[1, 2]]), KeyError),
        ((["x"], [[1, 2]], {"color": [1]}), ValueError),
        ((["x"], [[1, 2]], {"count": [1, 2]}), ValueError),
        ((["x"], [[1, 2]], {"count": [1.5]}), TypeError),
    ],
)
def test_a_bad_addition_changes_nothing(arguments: tuple[Any, ...], error: type[Exception]) -> None:
    kv = KeyedVectors(["a"], np.ones((1, 2), np.float32))
    with pytest.raises(error):
        kv.add_vectors(*arguments)
    assert kv.index_to_key == ["a"]
    assert kv.key_to_index == {"a": 0}
    assert kv.vectors.tolist() == [[1, 1]]


def test_a_read_only_array_is_copied_before_it_is_changed() -> None:
    vectors = np.ones((1, 2), np.float32)
    vectors.setflags(write=False)
    kv = KeyedVectors(["a"], vectors)
    kv["a"] = [2, 2]
    assert kv["a"].tolist() == [2, 2]
    assert vectors.tolist() == [[1, 1]]


def test_counts() -> None:
    kv = KeyedVectors(["a", "b", "c"], np.eye(3, dtype=np.float32), output_vectors=np.eye(3))
    with pytest.raises(KeyError, match="no counts"):
        kv.sort_by_descending_frequency()
    with pytest.raises(KeyError, match="no counts"):
        kv.get_vecattr("a", "count")
    kv.set_vecattr("b", "count", 3)
    kv.set_vecattr("c", "count", 2**40)
    assert kv.get_vecattr("c", "count") == 2**40
    assert kv.get_vecattr("a", "count") == 0
    kv.sort_by_descending_frequency()
    assert kv.index_to_key == ["c", "b", "a"]
    assert kv.key_to_index == {"c": 0, "b": 1, "a": 2}
    assert kv["c"].tolist() == [0, 0, 1]
    assert kv.output_vectors.tolist() == kv.vectors.tolist()
    assert kv.vectors_for_all(["a", "c"], copy_vecattrs=True).counts.tolist() == [0, 2**40]
    assert kv.vectors_for_all(["a", "c"]).counts is None
    for call in (lambda: kv.set_vecattr("a", "color", 1), lambda: kv.get_vecattr("a", "color")):
        with pytest.raises(KeyError, match="the only one is 'count'"):
            call()


# -- the index -------------------------------------------------------------------------------------

needs_usearch = pytest.mark.skipif(
    importlib.util.find_spec("usearch") is None, reason="usearch is not installed (extra: ann)"
)


@needs_usearch
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_the_index_finds_the_neighbors(dtype: Any) -> None:
    kv = made(2000, 16, dtype)
    kv.vectors[7] = 0
    index = kv.build_index()
    words = [f"w{i}" for i in range(100) if i != 7]
    exact, found = kv.most_similar_many(words), kv.most_similar_many(words, indexer=index)
    shared = sum(
        len({w for w, _ in one} & {w for w, _ in other})
        for one, other in zip(exact, found, strict=True)
    )
    assert shared > 0.9 * 10 * len(words)
    for word, neighbors_found in zip(words, found, strict=True):
        assert len(neighbors_found) == 10
        assert word not in dict(neighbors_found)
        assert "w7" not in dict(neighbors_found)
        assert_close(neighbors_found, kv.most_similar(word, indexer=index), 1e-5)
        for other, score in neighbors_found:
            assert score == pytest.approx(kv.similarity(word, other), abs=1e-5)
    assert kv.most_similar(["w0", "w1"], ["w2"], topn=3, indexer=index)[0][0] not in (
        "w0",
        "w1",
        "w2",
    )
    assert kv.most_similar("w0", topn=0, indexer=index) == []


@needs_usearch
def test_an_index_does_not_survive_changes_and_ranges() -> None:
    kv = made()
    index = kv.build_index()
    assert len(kv.most_similar("w0", topn=1000, indexer=index)) == 49
    with pytest.raises(ValueError, match="an index searches all rows"):
        kv.most_similar("w0", restrict_vocab=10, indexer=index)
    kv["w3"] = np.ones(12)
    with pytest.raises(ValueError, match="build it again"):
        kv.most_similar("w0", indexer=index)
    for change in (
        lambda: np.multiply(kv.vectors, 2, out=kv.vectors),
        lambda: kv.vectors.__setitem__(0, 1),
        lambda: kv.add_vector("new", np.ones(12)),
        lambda: setattr(kv, "vectors", kv.vectors),
    ):
        index = kv.build_index()
        change()
        with pytest.raises(ValueError, match="build it again"):
            kv.most_similar("w0", topn=20, indexer=index)
    assert KeyedVectors([], np.empty((0, 4), np.float32)).build_index().search(np.ones((1, 4)), 5)[
        0
    ].shape == (1, 0)


def test_any_indexer_of_gensims_kind_works() -> None:
    class Fixed:
        def most_similar(self, vector: np.ndarray, topn: int) -> list[tuple[str, float]]:
            assert np.linalg.norm(vector) == pytest.approx(1)
            return [("w0", 1.0), ("w1", 0.5), ("w2", 0.25)][:topn]

    assert made().most_similar("w0", topn=2, indexer=Fixed()) == [("w1", 0.5), ("w2", 0.25)]


# -- other libraries -------------------------------------------------------------------------------


def test_to_numpy_is_a_copy() -> None:
    kv = made(dtype=np.float16)
    copied = kv.to_numpy()
    assert copied.dtype == np.float32
    assert not np.shares_memory(kv.to_numpy(np.float16), kv.vectors)
    np.testing.assert_array_equal(copied, kv.vectors)


def test_to_pandas() -> None:
    pytest.importorskip("pandas", reason="pandas is not installed (extra: pandas)")
    kv = made()
    frame = kv.to_pandas()
    assert list(frame.index) == kv.index_to_key
    np.testing.assert_array_equal(frame.loc["w3"].to_numpy(), kv["w3"])


def test_to_torch() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    kv = made()
    tensor = kv.to_torch()
    assert tensor.dtype == torch.float32
    assert tensor.data_ptr() == kv.vectors.ctypes.data


@pytest.mark.parametrize(
    ("module", "extra", "call"),
    [
        ("pandas", "pandas", lambda kv: kv.to_pandas()),
        ("torch", "torch", lambda kv: kv.to_torch()),
        ("gensim", "gensim", lambda kv: kv.to_gensim()),
        ("ot", "wmd", lambda kv: kv.wmdistance(["w0"], ["w1"])),
        ("usearch.index", "ann", lambda kv: kv.build_index()),
    ],
)
def test_a_missing_library_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, module: str, extra: str, call: Any
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=rf"pip install 'w2v_fast\[{extra}\]'"):
        call(made())


def test_word_movers_distance_by_hand() -> None:
    pytest.importorskip("ot", reason="POT is not installed (extra: wmd)")
    kv = KeyedVectors(["a", "b", "c", "a2"], np.array([[0, 0], [3, 0], [0, 4], [0, 0]], np.float32))
    assert kv.wmdistance(["a"], ["b"], norm=False) == pytest.approx(3)
    assert kv.wmdistance(["a", "a", "b", "c"], ["a"], norm=False) == pytest.approx((3 + 4) / 4)
    assert kv.wmdistance(["a"], ["a2"], norm=False) == 0
    assert kv.wmdistance(["a"], ["unknown"], norm=False) == math.inf


# -- files -----------------------------------------------------------------------------------------

formats = pytest.importorskip("w2v_fast.vectors.formats")
needs_formats = pytest.mark.skipif(
    not hasattr(formats, "load"), reason="the file formats are not there"
)


@needs_formats
@pytest.mark.parametrize("binary", [False, True])
def test_word2vec_format_by_gensims_names(tmp_path: Path, binary: bool) -> None:
    kv = made()
    path, vocabulary = tmp_path / "vectors", tmp_path / "vocabulary"
    kv.save_word2vec_format(path, vocabulary, binary=binary)
    back = KeyedVectors.load_word2vec_format(path, vocabulary, binary=binary)
    assert back.counts.tolist() == sorted(kv.counts.tolist(), reverse=True)
    np.testing.assert_array_equal(back[kv.index_to_key], kv.vectors)
    few = KeyedVectors.load_word2vec_format(path, binary=binary, limit=5, datatype=np.float16)
    assert few.index_to_key == back.index_to_key[:5]
    assert few.vectors.dtype == np.float16
    assert few.counts is None
    with pytest.raises(ValueError, match="no counts"):
        few.save_word2vec_format(tmp_path / "few", vocabulary)
    assert not (tmp_path / "few").exists()


@needs_formats
def test_word2vec_text_without_header(tmp_path: Path) -> None:
    kv = made()
    kv.save_word2vec_format(tmp_path / "glove.txt", write_header=False)
    back = KeyedVectors.load_word2vec_format(tmp_path / "glove.txt", no_header=True)
    np.testing.assert_array_equal(back[kv.index_to_key], kv.vectors)
    with pytest.raises(ValueError, match="text only"):
        kv.save_word2vec_format(tmp_path / "x", binary=True, write_header=False)


def test_a_vocabulary_file_names_its_bad_line(tmp_path: Path) -> None:
    from w2v_fast.vectors.vocabulary_file import read_counts

    path = tmp_path / "vocabulary"
    for bad, message in (
        ("of many", "expected a word and its count"),
        ("of " + "9" * 30, "expected a word"),
        ("of", "expected a word"),
        ("x" * (1 << 17), "longer than 65,536 bytes"),
    ):
        path.write_text(f"the 10\n{bad}\n")
        with (
            pytest.raises(ValueError, match=f"line 2: {message}") as error,
            path.open("rb") as file,
        ):
            read_counts(file, path)
        assert len(str(error.value)) < 400


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_vocabulary_file_is_read_whoever_wrote_it(tmp_path: Path, pack: Any) -> None:
    from w2v_fast.vectors.vocabulary_file import read_counts

    path = tmp_path / "vocabulary"
    path.write_bytes(pack(b"\xef\xbb\xbfthe 10\r\n\r\nof\t7 \nNew York  5\nthe 3"))
    with path.open("rb") as file:
        assert read_counts(file, path) == {"the": 10, "of": 7, "New York": 5}


def test_iteration_is_refused_with_what_to_use() -> None:
    with pytest.raises(TypeError, match="index_to_key are the words"):
        list(KeyedVectors(["a"], np.ones((1, 2))))


def test_a_long_unknown_key_is_shortened_in_the_message() -> None:
    with pytest.raises(KeyError) as caught:
        KeyedVectors(["a"], np.ones((1, 2)))["x" * 10**6]
    assert len(str(caught.value)) < 200
