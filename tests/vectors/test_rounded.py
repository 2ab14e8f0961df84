"""Neighbors by way of 8 bits are those of the vectors themselves."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from w2v_fast.vectors import _rounded, neighbors, rounded
from w2v_fast.vectors.rounded import RoundedRows

pytestmark = pytest.mark.skipif(not rounded.available(), reason="a CPU without 8-bit sums")


def best_of_all(vectors, norms, queries, count):
    """All scores, sorted."""
    scores = neighbors.defined_cosines(queries, np.asarray(vectors, np.float32), norms)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :count]
    return order, np.take_along_axis(scores, order, axis=1)


@pytest.fixture(params=range(len(rounded.KERNELS)), ids=rounded.KERNELS)
def kernel(request):
    return request.param


def check(vectors, queries, count, keep, kernel):
    norms = neighbors.row_norms(vectors)
    copy = RoundedRows(vectors, norms, keep, kernel)
    rows, scores = neighbors.best_of_many(vectors, norms, queries, count, copy)
    expected_rows, expected = best_of_all(vectors, norms, queries, count)
    np.testing.assert_allclose(scores, expected, atol=2e-6)
    differs = rows != expected_rows  # only where scores are equal up to rounding
    own = neighbors.defined_cosines(queries, np.asarray(vectors, np.float32), norms)
    np.testing.assert_allclose(
        np.take_along_axis(own, rows, axis=1)[differs], expected[differs], atol=2e-6
    )


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    words=st.sampled_from([1, 15, 16, 17, 33, 2047, 2048, 2049, 5000]),
    size=st.sampled_from([1, 3, 4, 15, 16, 17, 100]),
    queries=st.integers(1, 20),
    count=st.integers(1, 40),
    dtype=st.sampled_from([np.float32, np.float16]),
    keep=st.booleans(),
    kernel=st.sampled_from(range(max(len(rounded.KERNELS), 1))),
)
def test_the_nearest_rows_are_those_of_full_scores(
    seed, words, size, queries, count, dtype, keep, kernel
):
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(words, size)) * np.exp(random.normal(size=(words, 1)))
    vectors = vectors.astype(dtype)
    asked = unit(random.normal(size=(queries, size)))
    asked[0] = unit(vectors[:1].astype(np.float32))[0]
    check(vectors, asked, min(count, words), keep, kernel)


@pytest.mark.parametrize(
    "scales", [np.full(3000, 1e-38), np.logspace(-44, 18, 3000), np.full(3000, 1e18)]
)
def test_lengths_do_not_matter(scales, kernel):
    random = np.random.default_rng(1)
    vectors = (random.normal(size=(3000, 24)) * scales[:, None]).astype(np.float32)
    defined = vectors[neighbors.row_norms(vectors) > 0]
    check(defined, unit(random.normal(size=(5, 24))), 12, keep=True, kernel=kernel)


def test_one_large_number_in_each_vector_hides_no_neighbor(kernel):
    """The worst case of rounding: what distinguishes the vectors is less than a step."""
    random = np.random.default_rng(1)
    vectors = 1e-3 * random.normal(size=(6000, 40)).astype(np.float32)
    vectors[:, 0] = 1
    check(vectors, unit(vectors[:9]), 10, keep=False, kernel=kernel)


def test_rows_of_zeros_come_last_and_equal_rows_are_answered(kernel):
    vectors = np.ones((5000, 8), np.float32)
    vectors[100:4000] = 0
    norms = neighbors.row_norms(vectors)
    query = unit(np.ones((1, 8)))
    copy = RoundedRows(vectors, norms, True, kernel)
    rows, scores = neighbors.best_of_many(vectors, norms, query, 1200, copy)
    assert (norms[rows[0, :1100]] > 0).all()
    assert np.isnan(scores[0, 1100:]).all()
    assert copy.candidates(query, 10) == [pytest.approx(np.flatnonzero(norms))]


def test_more_candidates_than_there_is_room_for_are_scored_in_full(kernel):
    vectors = np.ones((9000, 8), np.float32)
    vectors[5000] = [2, 1, 1, 1, 1, 1, 1, 1]
    norms = neighbors.row_norms(vectors)
    copy = RoundedRows(vectors, norms, True, kernel)
    assert copy.candidates(unit(np.ones((1, 8))), 1) == [None]
    query = unit(vectors[5000:5001])
    assert neighbors.best_of_many(vectors, norms, query, 1, copy)[0].tolist() == [[5000]]


def test_many_queries_are_rounded_without_a_copy(monkeypatch):
    monkeypatch.setattr(neighbors, "ROUNDED_ROWS", 4000)
    random = np.random.default_rng(1)
    vectors = random.normal(size=(4000, 20)).astype(np.float32)
    norms = neighbors.row_norms(vectors)
    asked = unit(random.normal(size=(neighbors.ROUNDED_QUERIES, 20)))
    asked[3] = np.nan
    rows, scores = neighbors.best_of_many(vectors, norms, asked, 7)
    known = [i for i in range(len(asked)) if i != 3]
    expected_rows, expected = best_of_all(vectors, norms, asked[known], 7)
    assert np.array_equal(rows[known], expected_rows)
    np.testing.assert_allclose(scores[known], expected, atol=2e-6)
    assert np.isnan(scores[3]).all()


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    words=st.sampled_from([1, 15, 16, 17, 31, 33, 100]),
    size=st.sampled_from([1, 4, 7, 8, 9, 300, 1000]),
    kernel=st.sampled_from(range(max(len(rounded.KERNELS), 1))),
)
def test_bounds_hold(seed, words, size, kernel):
    """Of the largest products, which fill all 8 bits, as of small ones."""
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(words, size)).astype(np.float32)
    vectors[::2] = np.sign(vectors[::2])
    queries = np.array([*unit(vectors[:4]), *-unit(vectors[:4])])
    copy = RoundedRows(vectors, neighbors.row_norms(vectors), True, kernel)
    asked = rounded._rounded_queries(queries, list(rounded.KERNELS.values())[kernel])
    found = rounded._nothing_found(len(queries), len(asked.codes), words)
    (chunk,) = copy._kept
    _rounded.scan(
        kernel, chunk.codes, chunk.scales, chunk.errors, 0, *asked, 1e-6 * (size + 32), *found
    )
    exact = queries @ unit(vectors).T
    for query in range(len(queries)):
        assert found.rows[query, :words].tolist() == list(range(words))
        assert (found.uppers[query, :words] >= exact[query]).all()
        assert (np.sort(found.worst[query]) <= np.sort(exact[query])).all()


def test_arrays_that_do_not_fit_are_refused(kernel):
    codes = np.full((1, 2, 16, 4), 128, np.uint8)
    floats = np.zeros(16, np.float32)
    with pytest.raises(ValueError, match="do not fit"):
        _rounded.round_rows(
            kernel, np.zeros((17, 8), np.float32), np.ones(17, np.float32), codes, floats, floats
        )


@pytest.mark.parametrize("number", [-1, len(rounded.KERNELS)])
def test_a_kernel_that_is_not_there_is_refused(number):
    floats = np.zeros((16, 4), np.float32)
    with pytest.raises(RuntimeError, match="this CPU cannot"):
        RoundedRows(floats, np.zeros(16, np.float32), True, number)
