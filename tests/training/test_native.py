"""Link 2 of the chain of trust: the native loop equals the reference on the same draws."""

import dataclasses

import numpy as np
import pytest

from tests.training.toys import tables_of, zipf_ids
from w2v_fast.config import INSTRUCTION_SETS, TrainConfig
from w2v_fast.training import _inner, reference
from w2v_fast.training.jobs import Jobs
from w2v_fast.training.steps import MAX_GROUPS
from w2v_fast.training.tables import PRIVATE_NODES, PRIVATE_WORDS
from w2v_fast.training.weights import initial_weights

VARIANTS = [
    (architecture, objective, share)
    for architecture in ("skipgram", "cbow")
    for objective in ("ns", "nce", "hs", "softmax")
    for share in ((True, False) if objective != "softmax" else (True,))
]


@pytest.fixture(params=INSTRUCTION_SETS)
def isa(request):
    if request.param not in _inner.supported_isas():
        pytest.skip(f"this CPU or build has no {request.param}")
    return request.param


def compare(ids, words, config, isa, scale=1.0, job_tokens=None, tolerance=2e-6, frozen=None):
    """Train every job natively and by the reference; both matrices must agree."""
    config = dataclasses.replace(config, workers=1)
    tables = tables_of(ids, words, config)
    weights = initial_weights(words, config.vector_size, config.seed)
    weights.input *= scale * config.vector_size
    weights.output_vectors[...] = scale * np.random.default_rng(1).normal(
        size=(words, config.vector_size)
    )
    weights.frozen = frozen
    start = weights.vectors.copy()
    input, output = weights.vectors.astype(np.float64), weights.output_vectors.astype(np.float64)
    loop = _inner.InnerLoop(ids, weights, tables, config, isa)
    assert loop.isa == isa
    for job in Jobs(len(ids), config, job_tokens):
        centers, loss, pairs = loop.run(job.start, job.stop, job.lr, job.token_key, job.noise_key)
        expected = reference.train(ids, input, output, tables, config, job, frozen)
        assert loss == pytest.approx(expected, rel=1e-4, abs=1e-4)
        found = [len(contexts) for _, contexts in reference.windows(ids, tables, config, job)]
        assert pairs == (np.count_nonzero(found) if config.architecture == "cbow" else sum(found))
        assert centers == len(found)
    size = max(np.abs(input).max(), np.abs(output).max(), 1.0)
    np.testing.assert_allclose(
        weights.vectors, input, atol=tolerance * size * len(Jobs(len(ids), config))
    )
    np.testing.assert_allclose(
        weights.output_vectors, output, atol=tolerance * size * len(Jobs(len(ids), config))
    )
    if frozen is not None:
        assert (weights.vectors[frozen == 1] == start[frozen == 1]).all()
        assert (weights.vectors[frozen == 0] != start[frozen == 0]).any(axis=1).all()
    assert not weights.input[:, config.vector_size :].any(), "the padding stays zero"
    assert not weights.output[:, config.vector_size :].any(), "the padding stays zero"


@pytest.mark.parametrize(("architecture", "objective", "share_noise"), VARIANTS)
def test_native_equals_reference(isa, architecture, objective, share_noise):
    config = TrainConfig(
        vector_size=20,
        window=3,
        epochs=2,
        sample=0.05,
        alpha=0.05,
        architecture=architecture,
        objective=objective,
        share_noise=share_noise,
        corrected_cbow=architecture == "cbow",
    )
    compare(zipf_ids(150, 12, sentence=6), 12, config, isa, scale=0.5)


@pytest.mark.parametrize(
    ("architecture", "objective"),
    [
        (architecture, objective)
        for architecture in ("skipgram", "cbow")
        for objective in ("ns", "nce")
    ],
)
@pytest.mark.parametrize("window", [1, 5, 40])
def test_full_groups_equal_the_reference(isa, architecture, objective, window):
    """The maximum number of windows of a step, with different targets and common contexts."""
    config = TrainConfig(
        vector_size=20,
        window=window,
        epochs=1,
        sample=0,
        alpha=0.005,
        architecture=architecture,
        objective=objective,
    )
    ids = np.random.default_rng(4).permutation(np.arange(600, dtype=np.int32) % 200)
    ids[99::100] = ~ids[99::100]
    tables, job = tables_of(ids, 200, config), Jobs(len(ids), config, 600)[0]
    groups = list(
        reference.steps(list(reference.windows(ids, tables, config, job)), config, tables)
    )
    assert max(len(group) for group in groups) == MAX_GROUPS or (
        window == 40 and architecture == "skipgram"
    )
    compare(ids, 200, config, isa, scale=0.3, job_tokens=600)


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
@pytest.mark.parametrize("objective", ["ns", "nce", "hs", "softmax"])
def test_windows_that_do_not_shrink(isa, architecture, objective):
    config = TrainConfig(
        vector_size=20,
        window=4,
        epochs=2,
        sample=0.05,
        shrink_windows=False,
        architecture=architecture,
        objective=objective,
    )
    compare(zipf_ids(150, 12, sentence=9), 12, config, isa, scale=0.5)


@pytest.mark.parametrize(("architecture", "objective", "share_noise"), VARIANTS)
def test_frozen_vectors_stay_and_the_others_learn_from_them(
    isa, architecture, objective, share_noise
):
    config = TrainConfig(
        vector_size=20,
        window=3,
        epochs=2,
        sample=0.5,
        architecture=architecture,
        objective=objective,
        share_noise=share_noise,
    )
    frozen = np.array([1, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0], np.uint8)
    compare(zipf_ids(300, 12, sentence=9), 12, config, isa, scale=0.5, frozen=frozen)


@pytest.mark.parametrize("objective", ["ns", "nce", "hs", "softmax"])
def test_sums_of_contexts(isa, objective):
    config = TrainConfig(
        vector_size=20,
        window=3,
        epochs=2,
        sample=0.05,
        architecture="cbow",
        objective=objective,
        cbow_sum=True,
    )
    compare(zipf_ids(150, 12, sentence=6), 12, config, isa, scale=0.3)


@pytest.mark.parametrize("draws", [1, 2, 5, 12])
@pytest.mark.parametrize("objective", ["ns", "nce"])
def test_numbers_of_draws(isa, objective, draws):
    config = TrainConfig(
        vector_size=17, window=2, epochs=1, sample=0, noise_draws=draws, objective=objective
    )
    compare(zipf_ids(300, 40, sentence=9), 40, config, isa, scale=0.3)


@pytest.mark.parametrize("objective", ["ns", "hs"])
def test_a_window_of_more_contexts_than_a_step_takes(isa, objective):
    """It is split, and the last part is short, on either side of the center."""
    config = TrainConfig(
        vector_size=8, window=200, epochs=1, sample=0, objective=objective, alpha=0.002
    )
    compare(zipf_ids(250, 40, sentence=200), 40, config, isa, scale=0.2, tolerance=1e-5)


@pytest.mark.parametrize("dim", [1, 15, 16, 17, 32, 100, 300])
def test_dimensions(isa, dim):
    config = TrainConfig(vector_size=dim, window=2, epochs=1, sample=0)
    compare(zipf_ids(60, 9, sentence=5), 9, config, isa, scale=1 / dim**0.5)


@pytest.mark.parametrize("negative", [1, 2, 4, 5, 6, 7, 11, 15, 20, 50])
@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_numbers_of_noise_words(isa, architecture, negative):
    config = TrainConfig(
        vector_size=17, window=2, epochs=1, sample=0, negative=negative, architecture=architecture
    )
    compare(zipf_ids(60, 90, sentence=9), 90, config, isa, scale=0.3)


@pytest.mark.parametrize("words", [1, 2, 5, 6, 7, 12, 13, 100, 101])
@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_softmax_over_any_vocabulary(isa, architecture, words):
    config = TrainConfig(
        vector_size=20,
        window=3,
        epochs=1,
        sample=0,
        objective="softmax",
        architecture=architecture,
        alpha=0.01,
    )
    compare(zipf_ids(300, words, sentence=9), words, config, isa, scale=0.3)


@pytest.mark.parametrize(
    ("name", "ids", "words"),
    [
        ("sentences of one token", [~0, ~1, ~2, 0, ~1], 3),
        ("one long sentence", [*([0, 1, 2, 3, 1] * 20), ~0], 4),
        ("no end of the last sentence", [0, 1, 2, 0, 2], 3),
        ("one repeated word among others", [0, 0, 0, 1, 0, 0, ~0], 2),
        ("every word but the target is noise", [0, 1, 0, 1, ~1], 2),
        ("a vocabulary of one word", [0, 0, 0, ~0], 1),
    ],
)
@pytest.mark.parametrize(
    "variant",
    [
        {},
        {"share_noise": False},
        {"objective": "hs"},
        {"objective": "softmax"},
        {"architecture": "cbow"},
    ],
    ids=str,
)
@pytest.mark.parametrize("window", [1, 5, 30])
def test_edges(isa, name, ids, words, variant, window):
    config = TrainConfig(vector_size=5, window=window, epochs=1, sample=0, negative=3, **variant)
    compare(np.array(ids, np.int32), words, config, isa, tolerance=1e-5)


@pytest.mark.parametrize("objective", ["ns", "hs", "softmax"])
def test_saturated_scores_keep_their_gradient(isa, objective):
    """Scores of about +-50: the error of a wrong pair is +-lr, and nothing is NaN."""
    config = TrainConfig(
        vector_size=16, window=2, epochs=1, sample=0, objective=objective, alpha=0.01
    )
    compare(zipf_ids(40, 6, sentence=5), 6, config, isa, scale=4.0, tolerance=1e-5)


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
@pytest.mark.parametrize("objective", ["ns", "nce", "hs"])
def test_a_share_of_the_change_of_private_rows_is_merged(architecture, objective):
    """With T = 4 workers a job's change of a private row is merged share-fold, 1 / T <= share < 1.

    The share falls with the visits of the row; other rows are as with one worker.
    """
    ids, words = zipf_ids(2000, 2000, sentence=6), 2000
    private = PRIVATE_NODES if objective == "hs" else PRIVATE_WORDS
    outputs, inputs = [], []
    for workers in (1, 4):
        config = TrainConfig(
            vector_size=8,
            window=3,
            epochs=1,
            sample=0,
            alpha=0.05,
            objective=objective,
            workers=workers,
            architecture=architecture,
        )
        weights = initial_weights(words, 8, 1)
        start = np.random.default_rng(1).normal(size=(words, 8)).astype(np.float32)
        weights.output_vectors[...] = start
        tables = tables_of(ids, words, config)
        job = Jobs(len(ids), config, len(ids))[0]
        _inner.InnerLoop(ids, weights, tables, config, _inner.choose_isa()).run(
            job.start, job.stop, job.lr, job.token_key, job.noise_key
        )
        outputs.append(weights.output_vectors - start)
        inputs.append(weights.vectors.copy())
    np.testing.assert_array_equal(inputs[0], inputs[1])
    np.testing.assert_array_equal(outputs[0][private:], outputs[1][private:])
    changed = np.flatnonzero(
        np.abs(outputs[0][:private]).max(axis=1) > 1e-3
    )  # enough for a precise quotient
    whole, taken = outputs[0][changed], outputs[1][changed]
    share = (whole * taken).sum(axis=1) / (whole**2).sum(axis=1)
    np.testing.assert_allclose(share[:, None] * whole, taken, atol=1e-6)
    visits = (tables.path_visits if objective == "hs" else tables.noise_visits)[changed]
    assert (share > 0.2499).all()
    assert (share < 1).all()
    assert (np.diff(share[np.argsort(visits)]) < 1e-4).all()
    assert len(share) > private / 2
    assert outputs[1][private:].any()


@pytest.mark.parametrize("share_noise", [True, False])
def test_blocks_and_jobs_do_not_show(isa, share_noise):
    """Sentences longer than a block, and jobs that end inside a sentence: the same windows."""
    config = TrainConfig(
        vector_size=8,
        window=4,
        epochs=1,
        sample=0.3,
        objective="hs",
        share_noise=share_noise,
        workers=1,
        alpha=0.001,
        min_alpha=0.001,
    )
    ids = zipf_ids(5000, 30, sentence=40, seed=3)
    ids[100:4700] = np.where(ids[100:4700] < 0, ~ids[100:4700], ids[100:4700])
    weights = []
    for job_tokens in (5000, 997):
        tables = tables_of(ids, 30, config)
        both = initial_weights(30, 8, 1)
        loop = _inner.InnerLoop(ids, both, tables, config, isa)
        for job in Jobs(len(ids), config, job_tokens):
            loop.run(job.start, job.stop, job.lr, job.token_key, job.noise_key)
        weights.append(both)
    np.testing.assert_array_equal(weights[0].input, weights[1].input)
    np.testing.assert_array_equal(weights[0].output, weights[1].output)


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
@pytest.mark.parametrize("objective", ["ns", "nce"])
def test_long_sentence_equals_reference(isa, architecture, objective):
    config = TrainConfig(
        vector_size=8,
        window=4,
        epochs=1,
        sample=0.3,
        negative=2,
        alpha=0.001,
        min_alpha=0.001,
        architecture=architecture,
        objective=objective,
    )
    ids = zipf_ids(2600, 30, sentence=40, seed=3)
    ids = np.where(ids < 0, ~ids, ids)
    compare(ids, 30, config, isa, job_tokens=2300)


def test_many_sentences_without_a_kept_word_equal_reference(isa):
    """A block of the loop may hold any number of sentences of which no word is kept."""
    config = TrainConfig(
        vector_size=8, window=4, epochs=1, sample=1e-5, objective="hs", alpha=0.001, min_alpha=0.001
    )
    sentence = np.arange(1, 13, dtype=np.int32)
    sentence[-1] = ~sentence[-1]
    compare(
        np.concatenate([np.full(40_000, ~0, np.int32), sentence] * 2),
        13,
        config,
        isa,
        job_tokens=80_024,
    )


def test_a_step_of_nan_stays_in_its_rows(isa):
    """NaN weights give NaN errors and nothing worse: no index is made from a float."""
    config = TrainConfig(vector_size=8, window=2, epochs=1, sample=0)
    ids = np.array([0, 1, ~0, 2, 3, ~2], np.int32)
    weights = initial_weights(40, 8, 1)
    weights.vectors[0] = np.nan
    tables = tables_of(ids, 40, config)
    loop = _inner.InnerLoop(ids, weights, tables, config, isa)
    loop.run(0, 6, 0.025, 1, 2)
    assert np.isfinite(weights.vectors[4:]).all()


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_noise_that_is_nearly_always_a_target(isa, architecture):
    """If redrawing fails, noise is uniform among the words that are not targets."""
    config = TrainConfig(
        vector_size=8, window=3, epochs=1, sample=0, ns_exponent=9, architecture=architecture
    )
    compare(zipf_ids(300, 7, sentence=9), 7, config, isa, scale=0.3)


def test_arguments_are_checked():
    config = TrainConfig(vector_size=8)
    ids = np.array([0, ~1], np.int32)
    weights, tables = initial_weights(2, 8, 1), tables_of(ids, 2, config)
    isa = _inner.choose_isa()
    with pytest.raises(IndexError, match=r"tokens 0\.\.3 of 2"):
        _inner.InnerLoop(ids, weights, tables, config, isa).run(0, 3, 0.1, 0, 0)
    with pytest.raises(TypeError, match="int32"):
        _inner.InnerLoop(ids.astype(np.int64), weights, tables, config, isa)


def test_isa_can_be_forced_and_an_absent_one_is_an_error(monkeypatch):
    supported = _inner.supported_isas()
    assert _inner.choose_isa() == supported[0]
    assert _inner.choose_isa("base") == "base"
    monkeypatch.setenv("W2V_FAST_ISA", "base")
    assert _inner.choose_isa() == "base"
    monkeypatch.setenv("W2V_FAST_ISA", "mmx")
    with pytest.raises(ValueError, match=r"mmx.*base"):
        _inner.choose_isa()
