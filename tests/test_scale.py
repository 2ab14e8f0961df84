"""Every token once an epoch, and counts and matrices beyond 32 bits."""

import mmap
import threading
from fractions import Fraction

import numpy as np
import pytest

from tests.skips import linux
from tests.training.toys import tables_of, zipf_ids
from w2v_fast import TrainConfig, Vocabulary, Word2Vec
from w2v_fast.training import reference
from w2v_fast.training._inner import InnerLoop, choose_isa
from w2v_fast.training.jobs import Jobs
from w2v_fast.training.trainer import Trainer
from w2v_fast.training.weights import Weights

MAP_NORESERVE = 0x4000


class Counting:
    """A loop that counts how often each position was in a job, all of whose tokens were centers."""

    def __init__(self, loop, counter, lock):
        self.loop, self.counter, self.lock = loop, counter, lock

    def run(self, start, stop, *arguments):
        kept, *loss = self.loop.run(start, stop, *arguments)
        assert kept == stop - start
        with self.lock:
            self.counter[start:stop] += 1
        return kept, *loss


def counted(model):
    counter, lock = np.zeros(len(model.corpus), np.int32), threading.Lock()
    model.trainer._loops = [Counting(loop, counter, lock) for loop in model.trainer._loops]
    return counter


@pytest.mark.slow
@pytest.mark.parametrize("workers", range(1, 17))
@pytest.mark.parametrize("last_newline", [True, False])
def test_every_token_is_trained_once_an_epoch(tmp_path, workers, last_newline):
    """Long and short lines, empty ones, lines of one word; the text decides, not its line ends."""
    rng = np.random.default_rng(workers)
    lines = [
        " ".join(f"w{word}" for word in rng.integers(0, 50, length))
        for length in (*rng.integers(0, 30, 400), 5000, *[1] * 700)
    ]
    path = tmp_path / "text"
    path.write_text("\n".join(lines) + "\n" * last_newline)
    model = Word2Vec(path, vector_size=4, min_count=1, sample=0, epochs=3, workers=workers)
    counter = counted(model)
    model.train()
    assert len(counter) == sum(len(line.split()) for line in lines)
    assert (counter == 3).all()
    assert model.trainer.tokens == model.trainer.kept_tokens == 3 * len(counter)
    assert (
        np.bincount(np.where(model.corpus.ids < 0, ~model.corpus.ids, model.corpus.ids)).tolist()
        == model.corpus.vocabulary.counts.tolist()
    )


@pytest.mark.slow
@pytest.mark.parametrize("separator", [" ", "\n"])
def test_one_line_of_twenty_million_words_and_as_many_lines_of_one(tmp_path, separator):
    path = tmp_path / "text"
    path.write_text(separator.join(["a b c d e f g h"] * 2_500_000).replace(" ", separator))
    model = Word2Vec(
        path, vector_size=4, window=1, negative=1, min_count=1, sample=0, epochs=1, workers=2
    )
    counter = counted(model)
    model.train()
    assert len(counter) == 20_000_000
    assert (counter == 1).all()


@pytest.mark.parametrize(
    "tokens", [power + near for power in (2**31, 2**32, 2**53, 2**60) for near in (-1, 0, 1, 7)]
)
def test_jobs_of_huge_corpora(tokens):
    config = TrainConfig(epochs=3)
    jobs = Jobs(tokens, config)
    assert jobs.total_tokens == 3 * tokens
    last = jobs[len(jobs) - 1]
    assert (last.epoch, last.stop, last.stop - last.start) == (
        2,
        tokens,
        (tokens - 1) % jobs.job_tokens + 1,
    )
    for index in (
        0,
        jobs.per_epoch - 1,
        jobs.per_epoch,
        tokens // jobs.job_tokens // 2,
        len(jobs) - 2,
    ):
        job, following = jobs[index], jobs[index + 1]
        assert following.start == (job.stop if following.epoch == job.epoch else 0)
        assert job.stop - job.start == jobs.job_tokens or job.stop == tokens
        assert jobs.tokens_before(index) == job.epoch * tokens + job.start
        exact = Fraction(config.alpha) - (
            Fraction(config.alpha) - Fraction(config.min_alpha)
        ) * Fraction(job.epoch * tokens + job.start, 3 * tokens)
        assert job.lr == pytest.approx(float(exact), rel=1e-12)
    assert jobs.tokens_before(len(jobs)) == 3 * tokens
    assert len({jobs[index].noise_key for index in range(len(jobs) - 1000, len(jobs))}) == 1000


def sparse(shape, dtype):
    """Zeros that take memory only where they are written."""
    size = int(np.prod(shape, dtype=object)) * np.dtype(dtype).itemsize
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_NORESERVE
    return np.frombuffer(mmap.mmap(-1, size + 64, flags=flags), dtype)[
        : np.prod(shape, dtype=object)
    ].reshape(shape)


@pytest.mark.slow
@linux
@pytest.mark.parametrize("tokens", [2**31 + 100_000, 2**32 + 100_000])
def test_the_end_of_a_huge_corpus_is_trained_and_reported(tokens):
    """The last jobs of a corpus beyond 2**32 tokens: the right ids, learning rates and progress."""
    ids = sparse(tokens, np.int32)
    ids[-1000:] = np.tile([1, 2, 3, 1, ~2], 200)
    vocabulary = Vocabulary(["a", "b", "c", "d", "e"], [tokens - 1000, 400, 400, 200, 1])
    trainer = Trainer(ids, vocabulary, TrainConfig(vector_size=8, epochs=3, workers=2, sample=0))
    before = trainer.weights.input.copy()
    trainer.next_job = len(trainer.jobs) - 2
    trainer.tokens = trainer.jobs.tokens_before(trainer.next_job)
    left = 3 * tokens - trainer.tokens
    reports = []
    trainer.train(reports.append)
    assert trainer.done
    assert trainer.tokens == 3 * tokens
    assert reports[-1].epoch_done
    assert reports[-1].epoch == 3
    assert reports[-1].tokens == reports[-1].total_tokens == left == trainer.kept_tokens
    assert reports[-1].lr == pytest.approx(trainer.config.min_alpha)
    changed = (trainer.weights.input != before).any(axis=1)
    assert changed.tolist() == [True, True, True, True, False]


@pytest.mark.slow
@linux
@pytest.mark.parametrize(("architecture", "objective"), [("skipgram", "ns"), ("cbow", "nce")])
def test_matrices_beyond_2_to_31_floats(architecture, objective):
    """Rows at the end of 33,000 x 65,536 floats: the native loop equals the reference."""
    words, dim = 33_000, 65_536
    assert (words - 10) * dim > 2**31
    ids = zipf_ids(40, 9, sentence=5)
    ids = np.where(ids < 0, ids - (words - 9), ids + (words - 9)).astype(np.int32)
    config = TrainConfig(
        vector_size=dim,
        window=2,
        negative=2,
        epochs=1,
        sample=0,
        architecture=architecture,
        objective=objective,
    )
    tables = tables_of(ids, words, config)  # noise words are those that occur
    rows = slice(words - 9, words)
    rng = np.random.default_rng(0)
    ours = Weights(sparse((words, dim), np.float32), sparse((words, dim), np.float32), dim)
    expected = Weights(sparse((words, dim), np.float32), sparse((words, dim), np.float32), dim)
    for mine, other in zip(ours.arrays, expected.arrays, strict=True):
        mine[rows] = rng.normal(size=(9, dim)) / dim**0.5
        other[rows] = mine[rows]
    started = ours.input[rows].copy()
    loop = InnerLoop(ids, ours, tables, config, choose_isa())
    for job in Jobs(len(ids), config):
        loop.run(job.start, job.stop, job.lr, job.token_key, job.noise_key)
        reference.train(ids, expected.input, expected.output, tables, config, job)
    np.testing.assert_allclose(ours.input[rows], expected.input[rows], atol=2e-6)
    np.testing.assert_allclose(ours.output[rows], expected.output[rows], atol=2e-6)
    assert not np.array_equal(ours.input[rows], started)
