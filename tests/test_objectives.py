"""All variants: planted topics separate, the loss falls, held-out losses are comparable."""

import time

import numpy as np
import pytest

import w2v_fast
from w2v_fast.config import ARCHITECTURES, OBJECTIVES, TrainConfig
from w2v_fast.training.jobs import Jobs
from w2v_fast.training.reference import sigmoid

TOPICS = 4
WORDS_OF_A_TOPIC = 12
OPTIONS = {
    "vector_size": 16,
    "window": 4,
    "min_count": 1,
    "sample": 0,
    "epochs": 8,
    "workers": 1,
    "seed": 5,
    "alpha": 0.05,
}


def topic_sentences(sentences=600, seed=0):
    """Each sentence has words of one of four topics, and a tenth of words of no topic."""
    random = np.random.default_rng(seed)
    corpus = []
    for _ in range(sentences):
        topic = random.integers(TOPICS)
        corpus.append(
            [
                f"any{random.integers(10)}"
                if random.random() < 0.1
                else f"topic{topic}_{int(WORDS_OF_A_TOPIC * random.random() ** 2)}"
                for _ in range(12)
            ]
        )
    return corpus


@pytest.fixture(
    scope="module", params=[(a, o) for a in ARCHITECTURES for o in OBJECTIVES], ids="-".join
)
def model(request):
    architecture, objective = request.param
    return w2v_fast.Word2Vec(
        topic_sentences(), architecture=architecture, objective=objective, **OPTIONS
    ).train()


def test_topics_separate(model):
    words = [word for word in model.wv.index_to_key if word.startswith("topic")]
    vectors = model.wv.vectors[[model.wv.key_to_index[word] for word in words]]
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    same = np.equal.outer(*[np.array([word.split("_")[0] for word in words])] * 2)
    cosines = vectors @ vectors.T
    inside = cosines[same & ~np.eye(len(words), dtype=bool)].mean()
    across = cosines[~same].mean()
    assert inside > across + 0.4, f"inside {inside:.2f}, across {across:.2f}"


def test_loss_falls(model):
    losses = [loss.mean for loss in model.losses]
    assert losses[-1] < losses[0] - 0.05
    assert all(loss.pairs > 0 for loss in model.losses)


def test_held_out_loss(model):
    """The model's own objective on new text of the same topics is near that of the last epoch."""
    own = w2v_fast.evaluate_loss(model, topic_sentences(200, seed=9))
    assert own.objective == model.config.objective
    assert own.nats == pytest.approx(model.losses[-1].mean, rel=0.1)
    again = w2v_fast.evaluate_loss(model, topic_sentences(200, seed=9), workers=2)
    assert again.nats == pytest.approx(own.nats, rel=1e-6)


def test_held_out_loss_does_not_depend_on_the_number_of_draws(model):
    own, few, many = (
        w2v_fast.evaluate_loss(model, topic_sentences(200, seed=9), noise_draws=draws)
        for draws in (None, 1, 40)
    )
    exact = model.config.objective in ("hs", "softmax")
    assert few.nats == pytest.approx(own.nats, rel=0 if exact else 0.03)
    assert many.nats == pytest.approx(own.nats, rel=0 if exact else 0.03)
    assert (few.nats == many.nats) == exact


def test_exact_softmax_of_any_model_with_word_rows(model):
    held_out = topic_sentences(100, seed=9)
    if model.config.objective == "hs":
        with pytest.raises(ValueError, match="tree nodes"):
            w2v_fast.evaluate_loss(model, held_out, objective="softmax")
        return
    loss = w2v_fast.evaluate_loss(model, held_out, objective="softmax")
    untrained = w2v_fast.Word2Vec(model.corpus, model.config)
    uniform = w2v_fast.evaluate_loss(untrained, held_out, objective="softmax")
    assert uniform.nats == pytest.approx(np.log(len(model.wv)), rel=1e-5)
    assert uniform.perplexity == pytest.approx(len(model.wv), rel=1e-4)
    assert loss.nats < uniform.nats


def test_exact_softmax_is_the_written_sum():
    """Two words a sentence, so pairs are known: mean of log sum_k exp(u_k . v_c) - u_o . v_c."""
    model = w2v_fast.Word2Vec(topic_sentences(), **OPTIONS).train()
    pairs = [("topic0_1", "topic0_2"), ("topic1_0", "any3"), ("topic2_2", "topic3_1")]
    index, input, output = model.wv.key_to_index, model.wv.vectors, model.wv.output_vectors
    nats = []
    for a, b in pairs:
        for center, context in ((a, b), (b, a)):
            scores = output.astype(float) @ input[index[center]]
            nats.append(np.logaddexp.reduce(scores) - scores[index[context]])
    loss = w2v_fast.evaluate_loss(model, [list(pair) for pair in pairs], objective="softmax")
    assert loss.pairs == 6
    assert loss.nats == pytest.approx(np.mean(nats), rel=1e-5)


def test_evaluation_leaves_the_model_alone_and_needs_output_weights():
    model = w2v_fast.Word2Vec(topic_sentences(100), **{**OPTIONS, "epochs": 1}).train()
    before = model.wv.vectors.copy(), model.wv.output_vectors.copy()
    w2v_fast.evaluate_loss(model, topic_sentences(20, seed=1))
    np.testing.assert_array_equal(model.wv.vectors, before[0])
    np.testing.assert_array_equal(model.wv.output_vectors, before[1])
    bare = w2v_fast.KeyedVectors(model.wv.index_to_key, model.wv.vectors)
    with pytest.raises(ValueError, match="no output weights"):
        w2v_fast.evaluate_loss(bare, topic_sentences(20, seed=1))
    with pytest.raises(TypeError, match="did you mean 'window'"):
        w2v_fast.evaluate_loss(model, topic_sentences(20, seed=1), windw=3)


def test_evaluation_stops_when_one_thread_fails(monkeypatch):
    """An error, or Ctrl-C in the calling thread, does not wait for the rest of the text."""
    model = w2v_fast.Word2Vec(topic_sentences(100), **{**OPTIONS, "epochs": 1}).train()
    job_of, taken = Jobs.__getitem__, []

    def job(jobs, index):
        if index == 20:
            raise RuntimeError("no job")
        taken.append(index)
        time.sleep(0.01)
        return job_of(jobs, index)

    monkeypatch.setattr(Jobs, "__getitem__", job)
    with pytest.raises(RuntimeError, match="no job"):
        w2v_fast.evaluate_loss(model, topic_sentences(3000, seed=1), workers=2)
    assert len(taken) < 100  # of 360


@pytest.mark.slow
@pytest.mark.parametrize("draws", [1, 3])
def test_optimum_of_ns_is_pmi_minus_log_k(draws):
    """With full rank and enough steps, u . v tends to PMI - log K, whatever the number of draws.

    Levy and Goldberg, NIPS 2014, equation 7.
    """
    random = np.random.default_rng(3)
    words, k = 6, 3
    joint = random.dirichlet(np.full(words * words, 0.7)).reshape(words, words) + 0.004
    joint = (joint + joint.T) / (joint + joint.T).sum()
    drawn = random.choice(words * words, 120_000, p=joint.ravel())
    corpus = [[f"w{pair // words}", f"w{pair % words}"] for pair in drawn]
    config = TrainConfig(
        vector_size=16,
        window=1,
        min_count=1,
        sample=0,
        negative=k,
        noise_draws=draws,
        ns_exponent=1.0,
        epochs=30,
        alpha=0.05,
        workers=1,
    )
    model = w2v_fast.Word2Vec(corpus, config).train()
    order = [int(word[1:]) for word in model.wv.index_to_key]
    joint = joint[np.ix_(order, order)]
    single = joint.sum(1)
    # the target is not drawn as noise, so q(w | target) = q(w) / (1 - q(target)) for the others
    scores = model.wv.vectors @ model.wv.output_vectors.T
    positive = joint
    negative = np.array(
        [
            [
                k * sum(joint[c, t] * single[w] / (1 - single[t]) for t in range(words) if t != w)
                for w in range(words)
            ]
            for c in range(words)
        ]
    )
    expected = np.log(positive) - np.log(negative)
    gap = sigmoid(scores) - sigmoid(expected)
    assert np.abs(gap).max() < 0.05
    assert np.corrcoef(scores.ravel(), expected.ravel())[0, 1] > 0.98
