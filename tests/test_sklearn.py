"""Word2VecVectorizer keeps scikit-learn's rules, and computes what its formulas say."""

# ruff: noqa: E402

import pickle
import warnings

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn", minversion="1.6", reason="of the extra `sklearn`")

from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks

from w2v_fast import KeyedVectors, train
from w2v_fast.sklearn import Word2VecVectorizer

TEXTS = ["the cat sat on the mat", "the dog sat on the rug", "a bird sang to a cat"] * 20
LABELS = ["floor", "floor", "air"] * 20
SMALL = {"vector_size": 8, "min_count": 1, "epochs": 1, "workers": 1}
KV = KeyedVectors(["a", "b", "c"], np.array([[1, 0], [0, 1], [2, 2]]), np.array([6, 3, 1]))


def vectorizer(**options):
    return Word2VecVectorizer(**{**SMALL, **options})


class TestRules:
    def test_scikit_learn_checks_it(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # most of its checks need numbers
            estimator_checks.check_estimator(Word2VecVectorizer())

    @pytest.mark.parametrize(
        "check",
        [
            "check_estimator_cloneable",
            "check_estimator_repr",
            "check_estimator_tags_renamed",
            "check_get_params_invariance",
            "check_no_attributes_set_in_init",
            "check_parameters_default_constructible",
            "check_set_params",
            "check_valid_tag_types",
        ],
    )
    def test_checks_that_need_no_numbers(self, check):
        getattr(estimator_checks, check)("Word2VecVectorizer", Word2VecVectorizer())

    def test_fit_changes_no_parameter_and_repeats(self):
        one = vectorizer(weighting="sif")
        before = one.get_params()
        first = one.fit_transform(TEXTS)
        assert one.get_params() == before
        assert (one.fit(TEXTS).transform(TEXTS) == first).all()
        assert (clone(one).fit_transform(iter(TEXTS)) == first).all()
        assert first.dtype == np.float32

    def test_clones_share_given_vectors(self):
        assert clone(vectorizer(vectors=KV)).vectors is KV

    def test_not_fitted(self):
        with pytest.raises(NotFittedError):
            vectorizer().transform(TEXTS)
        with pytest.raises(NotFittedError):
            vectorizer().get_feature_names_out()

    def test_names_and_frames(self):
        pandas = pytest.importorskip("pandas")
        series = pandas.Series(TEXTS, index=range(100, 160))
        table = vectorizer().set_output(transform="pandas").fit_transform(series)
        assert list(table.columns) == [f"word2vecvectorizer{i}" for i in range(8)]
        assert list(table.index) == list(series.index)

    @pytest.mark.parametrize("weighting", ["mean", "idf", "sif"])
    def test_pickles_and_pipelines(self, weighting):
        model = make_pipeline(vectorizer(weighting=weighting, epochs=20), LogisticRegression(C=100))
        model.fit(TEXTS, LABELS)
        again = pickle.loads(pickle.dumps(model))
        assert (again.predict_proba(TEXTS) == model.predict_proba(TEXTS)).all()
        assert model[0].vectors_.output_vectors is None

    @pytest.mark.slow
    def test_grid_search_in_processes(self):
        model = make_pipeline(vectorizer(), LogisticRegression(C=100))
        grid = {
            "word2vecvectorizer__weighting": ["mean", "sif"],
            "word2vecvectorizer__vectors": [None, train([t.split() for t in TEXTS], **SMALL)],
        }
        search = GridSearchCV(model, grid, cv=2, n_jobs=2).fit(TEXTS, LABELS)
        assert search.predict(TEXTS).shape == (60,)
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()


class TestMeans:
    def test_mean(self):
        got = vectorizer(vectors=KV).fit_transform(["a b", "a a c", "unknown", "", "c unknown"])
        assert got.tolist() == [
            [0.5, 0.5],
            [pytest.approx(4 / 3), pytest.approx(2 / 3)],
            [0, 0],
            [0, 0],
            [2, 2],
        ]

    def test_idf(self):
        got = vectorizer(vectors=KV, weighting="idf")
        rows = got.fit_transform(["a b", "a a", "c"])
        weights = np.log(4 / (1 + np.array([2, 1, 1]))) + 1
        np.testing.assert_allclose(got.weights_, weights, rtol=1e-6)
        expected = [[weights[0] / 2, weights[1] / 2], [weights[0], 0], [2 * weights[2]] * 2]
        np.testing.assert_allclose(rows, expected, rtol=1e-6)

    @pytest.mark.parametrize("known", [True, False])
    def test_sif(self, known):
        """As the paper's Algorithm 1, written out."""
        kv = KV if known else KeyedVectors(KV.index_to_key, KV.vectors)
        texts = ["a b", "a a c", "b c c x", "x"]
        got = vectorizer(vectors=kv, weighting="sif", sif_a=0.1).fit(texts)
        share = np.array([6, 3, 1]) / 10 if known else np.array([3, 2, 3]) / 8
        vector = dict(zip("abc", (0.1 / (0.1 + share))[:, None] * KV.vectors, strict=True))
        rows = np.array(
            [
                np.mean(
                    [vector[word] for word in text.split() if word in vector] or [[0, 0]], axis=0
                )
                for text in texts
            ]
        )
        u = np.linalg.svd(rows)[2][0]
        np.testing.assert_allclose(got.transform(texts), rows - np.outer(rows @ u, u), atol=1e-6)
        assert abs(got.component_ @ u) == pytest.approx(1)
        np.testing.assert_allclose(got.transform(["a"]) @ u, 0, atol=1e-6)

    def test_trained_vectors_are_those_of_train(self):
        got = vectorizer().fit(TEXTS).vectors_
        expected = train([text.split() for text in TEXTS], **SMALL)
        assert got.index_to_key == expected.index_to_key
        assert (got.vectors == expected.vectors).all()

    def test_given_as_a_file_in_half_precision(self, tmp_path):
        half = KeyedVectors(KV.index_to_key, KV.vectors.astype(np.float16))
        half.save(tmp_path / "model")
        assert vectorizer(vectors=tmp_path / "model").fit_transform(["c"]).tolist() == [[2, 2]]


class TestDocuments:
    @pytest.mark.parametrize(
        "documents",
        [
            ["a\u00a0b a\tb\n c"],
            [["a\u00a0b", "a", "b", "c"]],
            [("a\u00a0b", "a", "b", "c")],
            np.array(["a\u00a0b a b c"], dtype=object),
            (text for text in ["a\u00a0b a b c"]),
        ],
    )
    def test_kinds(self, documents):
        np.testing.assert_allclose(vectorizer(vectors=KV).fit_transform(documents), [[1, 1]])

    def test_tokenizer(self):
        got = vectorizer(vectors=KV, tokenizer=lambda text: text.lower().split("-"))
        assert got.fit_transform(["A-B", ["A", "b"]]).tolist() == [[0.5, 0.5], [0, 1]]
        words = vectorizer(vectors=KV, tokenizer="words")
        assert words.fit_transform(["(A),\nb!", ["(A),"]]).tolist() == [[0.5, 0.5], [0, 0]]

    @pytest.mark.parametrize(
        ("documents", "error", "message"),
        [
            ("a text", ValueError, "expected documents"),
            (np.array([["a", "b"]]), ValueError, "one dimension"),
            (["a", None], TypeError, "document 1 is of type NoneType"),
            (["a", 1.5], TypeError, "document 1 is of type float"),
            ([b"a"], TypeError, "document 0 is of type bytes"),
            ([["a", 1]], TypeError, "document 0 has the token 1"),
        ],
    )
    def test_what_is_refused(self, documents, error, message):
        with pytest.raises(error, match=message):
            vectorizer(vectors=KV).fit(documents)

    @pytest.mark.parametrize(
        "options", [{"weighting": "median"}, {"sif_a": 0}, {"tokenizer": "letters"}, {"window": 0}]
    )
    def test_bad_parameters(self, options):
        with pytest.raises(ValueError, match=next(iter(options))):
            vectorizer(**options).fit(TEXTS)
