"""What a run must survive: huge counts and matrices, wrong corpora, full disks, little memory, forks, other vectors."""

import ast
import errno
import io
import mmap
import os
import re
import shutil
import subprocess
import threading
import zipfile
from collections import namedtuple
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.skips import linux, posix
from tests.training.toys import tables_of, vocabulary_of, zipf_ids
from w2v_fast import Corpus, KeyedVectors, TrainConfig, Vocabulary, Word2Vec, train
from w2v_fast.system import files
from w2v_fast.system import memory as system_memory
from w2v_fast.training import memory, reference
from w2v_fast.training._inner import InnerLoop, choose_isa
from w2v_fast.training.jobs import Jobs
from w2v_fast.training.trainer import Trainer
from w2v_fast.training.weights import Weights, initial_weights

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

MAP_NORESERVE = 0x4000
ROOT = Path(__file__).parent.parent
SMALL = {"vector_size": 8, "min_count": 1, "workers": 1, "epochs": 2}
SENTENCES = [
    ["the", "cat", "sat", "on", "the", "mat"],
    ["the", "dog", "sat", "on", "the", "log"],
] * 60
unsanitized = pytest.mark.skipif(
    "W2V_FAST_SANITIZED" in os.environ, reason="the sanitizer needs the address space"
)


# -- every token, exactly as often as there are epochs ---------------------------------------------------------------


class Counting:
    """A loop that counts how often each position was in a job, and that every token of the job was a center."""

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


def test_the_last_newline_changes_nothing(tmp_path):
    vectors = []
    for name, text in (
        ("with", b"a b c\nb c d\n" * 99),
        ("without", (b"a b c\nb c d\n" * 99)[:-1]),
    ):
        (tmp_path / name).write_bytes(text)
        vectors.append(train(tmp_path / name, **SMALL).vectors)
    np.testing.assert_array_equal(*vectors)


# -- counts beyond 32 bits and beyond what a float64 holds exactly ---------------------------------------------------


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


@linux
@pytest.mark.parametrize(("architecture", "objective"), [("skipgram", "ns"), ("cbow", "nce")])
def test_matrices_beyond_2_to_31_floats(architecture, objective):
    """Rows at the end of matrices of 33,000 x 65,536 floats: the native loop writes what the reference writes."""
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


# -- a wrong corpus --------------------------------------------------------------------------------------------------


def zipped():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("text.txt", "".join(f"word{i * i % 997} " for i in range(3000)))
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the corpus is empty"),
        (b" \n\t\r\n\0", "the corpus is empty"),
        (b"a b c\n" * 3, "most frequent one occurs 3 times"),
        (np.random.default_rng(0).bytes(10_000), "is not text: .* control characters"),
        (np.random.default_rng(0).normal(size=1000).astype(np.float32).tobytes(), "is not text"),
        (zipped(), "is not text"),
        ("ein Satz\n".encode("utf-16") * 300, "UTF-16"),
        (b"x" * (20 << 20), "a word of 16,777,216 bytes"),
    ],
)
def test_a_wrong_corpus_is_a_clear_error(tmp_path, data, message):
    path = tmp_path / "corpus"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=message):
        Word2Vec(path)
    assert [
        thread.name for thread in threading.enumerate() if thread.name.startswith("w2v_fast")
    ] == []


@pytest.mark.parametrize("words", [[], ["a", "b"]])
def test_a_saved_corpus_of_nothing_is_a_clear_error(tmp_path, words):
    Corpus(np.empty(0, np.int32), Vocabulary(words, [0] * len(words))).save(tmp_path / "corpus")
    with (
        Corpus.open(tmp_path / "corpus") as corpus,
        pytest.raises(ValueError, match="the corpus is empty"),
    ):
        Word2Vec(corpus, **SMALL)


def test_a_path_that_gives_no_text(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    for name, message in (
        ("folder", "has no files"),
        ("link", "nowhere|link"),
        ("missing", "no such file"),
    ):
        with pytest.raises(OSError, match=message):
            Word2Vec(tmp_path / name)


@linux
def test_an_unreadable_file():
    with pytest.raises(OSError, match="cannot read /proc/self/mem"):
        Word2Vec("/proc/self/mem")


@pytest.mark.parametrize("objective", ["ns", "nce", "hs", "softmax"])
@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_a_vocabulary_of_one_word_is_a_warning(architecture, objective):
    with pytest.warns(RuntimeWarning, match="one word, 'a'"):
        model = Word2Vec(
            [["a", "a", "a"]] * 50, architecture=architecture, objective=objective, **SMALL
        )
    assert np.isfinite(model.train().wv.vectors).all()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"window": 0}, ValueError, "window = 0 must lie in"),
        ({"workers": 0}, ValueError, "workers = 0 must lie in"),
        ({"negative": 0}, ValueError, "negative = 0 must lie in"),
        ({"noise_draws": 0}, ValueError, "noise_draws = 0 must lie in"),
        ({"alpha": float("nan")}, ValueError, "alpha = nan"),
        ({"epochs": 2.5}, TypeError, r"epochs = 2\.5 must be of type int"),
        ({"vektor_size": 9}, TypeError, "did you mean 'vector_size'"),
    ],
)
def test_a_wrong_option_is_known_before_the_corpus_is_read(tmp_path, options, error, message):
    with pytest.raises(error, match=message):
        train(tmp_path / "not even there", **options)


def test_an_iterator_that_can_be_read_once_is_enough_for_all_epochs():
    expected = train(SENTENCES, **SMALL)
    for once in (iter(SENTENCES), map(list, SENTENCES), (sentence for sentence in SENTENCES)):
        np.testing.assert_array_equal(train(once, **SMALL).vectors, expected.vectors)


def test_sentences_that_are_plain_strings_are_refused():
    with pytest.raises(TypeError, match="sentence 1 is 'the cat sat' of type str"):
        train(["the cat sat"].__iter__(), **SMALL)


def test_what_separates_words(tmp_path):
    """ASCII white space and NUL do, other Unicode spaces and bytes that are no UTF-8 are parts of words."""
    (tmp_path / "text").write_bytes(
        "a b\tb\0c\r\nc\x0bc d\u00a0d e\u3000e f\u0085f\n".encode() + b"g\xff\n"
    )
    words = Corpus.from_source(tmp_path / "text", min_count=1).vocabulary.words
    assert words == ["c", "b", "a", "d\u00a0d", "e\u3000e", "f\u0085f", "g\udcff"]


# -- a disk without room ---------------------------------------------------------------------------------------------


def model_of(words, dim=16):
    rng = np.random.default_rng(0)
    return KeyedVectors(
        [f"word{i}" for i in range(words)],
        rng.normal(size=(words, dim)).astype(np.float32),
        np.arange(words, 0, -1),
    )


@posix
@pytest.mark.parametrize("name", ["v.bin", "v.txt", "v.npy", "v.w2v", "folder"])
def test_a_disk_that_fills_up_leaves_the_old_file_and_the_model(tmp_path, name):
    """RLIMIT_FSIZE stands for the full disk; the second try, with room, succeeds."""
    path = tmp_path / name
    save = {"folder": {"format": "safetensors"}, "v.w2v": {"format": "word2vec_binary"}}.get(
        name, {}
    )
    model_of(10).save(path, **save)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    large = model_of(5000)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            large.save(path, **save)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before
    large.save(path, **save)
    assert KeyedVectors.load(path).index_to_key == large.index_to_key


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 256 KB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    done = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], capture_output=True
    )
    if not done or done.returncode:
        pytest.skip("needs the right to mount a tmpfs")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("name", ["v.bin", "v.txt", "v.npy"])
def test_a_file_system_without_room_leaves_the_old_file_and_the_model(small_disk, tmp_path, name):
    path = small_disk / name
    model_of(10).save(path)
    before = {file: file.read_bytes() for file in small_disk.iterdir()}
    large = model_of(5000)
    with pytest.raises(OSError, match="No space left"):
        large.save(path)
    assert {file: file.read_bytes() for file in small_disk.iterdir()} == before
    large.save(tmp_path / name)
    assert KeyedVectors.load(tmp_path / name).index_to_key == large.index_to_key


def test_the_full_device_is_an_error():
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    with pytest.raises(OSError, match="No space left"):
        model_of(100).save("/dev/full", format="word2vec_binary")


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda folder: folder / "missing" / "v.bin", FileNotFoundError),
        (lambda folder: folder, IsADirectoryError),
    ],
)
def test_an_output_that_cannot_be_is_known_beforehand(tmp_path, make, error):
    with pytest.raises(error):
        files.check_writable(make(tmp_path))


def test_the_room_for_an_output_is_known_beforehand(tmp_path, monkeypatch):
    files.check_space(tmp_path / "v.bin", 1000)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(files.shutil, "disk_usage", lambda _: usage(10**9, 10**9, 999))
    with pytest.raises(OSError, match="about 1,000 bytes on the disk, 999 are free") as error:
        files.check_space(tmp_path / "v.bin", 1000)
    assert error.value.errno == errno.ENOSPC
    files.check_space("-", 10**15)


# -- memory ----------------------------------------------------------------------------------------------------------


def in_a_child(function):
    """Run a function in a child process and return the text that it returns, or its exception's."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            text = str(function())
        except BaseException as error:
            text = f"{type(error).__name__}: {error}"
        os.write(write, text.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    return text


def process_bytes(field):
    """The size (field 0) or the resident memory (field 1) of this process."""
    return int(Path("/proc/self/statm").read_text().split()[field]) * mmap.PAGESIZE


def test_the_estimate_names_its_parts():
    estimate = memory.MemoryEstimate(1_000_000, 10**9, TrainConfig(vector_size=300, workers=8))
    assert estimate.weights == 2 * 1_000_000 * 304 * 4
    assert estimate.ids == 4 * 10**9
    assert estimate.total > estimate.weights + estimate.ids
    assert (
        memory.MemoryEstimate(9, 9, TrainConfig(noise_draws=1000)).workers
        > memory.MemoryEstimate(9, 9, TrainConfig(negative=999)).workers
    )
    assert "weights 2.43 GB (1,000,000 words x 300 floats x 2), ids 4 GB" in str(estimate)


def test_too_little_memory_is_refused_with_advice(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 50_000_000)
    with pytest.raises(
        MemoryError, match=r"takes .* 50 MB are free .* lower vector_size, .*max_vocab = 9\d"
    ) as error:
        Word2Vec(np.arange(1000).repeat(5), vector_size=60_000, workers=1)
    fitting = int(str(error.value).split("max_vocab = ")[1].split()[0].replace(",", ""))
    Word2Vec(np.arange(1000).repeat(5), vector_size=60_000, workers=1, max_vocab=fitting)
    monkeypatch.setattr(memory, "available", lambda: 1000)
    with pytest.raises(MemoryError, match="lower vector_size, window or workers"):
        Word2Vec(SENTENCES, **SMALL)


@linux
def test_available_memory_obeys_every_limit(tmp_path, monkeypatch):
    assert 0 < system_memory.available() <= system_memory._of_machine()

    def limited():
        used = process_bytes(0)
        resource.setrlimit(resource.RLIMIT_AS, (used + 10**8, resource.RLIM_INFINITY))
        return system_memory.available()

    if "W2V_FAST_SANITIZED" not in os.environ:
        assert 0.8e8 < int(in_a_child(limited)) <= 10**8


@linux
def test_the_estimate_holds():
    """The resident memory of a run of 100,000 words grows by about the estimate."""

    def grown():
        words = 100_000
        corpus = Corpus(
            np.arange(words, dtype=np.int32),
            Vocabulary([f"w{i}" for i in range(words)], [1] * words),
        )
        before = process_bytes(1)
        model = Word2Vec(corpus, vector_size=100, workers=2, epochs=1)
        model.train()
        model.trainer.weights.output[:] = 1  # pages that nothing wrote take no memory yet
        return (process_bytes(1) - before) / model.memory.to_come

    assert 0.7 < float(in_a_child(grown)) < 1.1


@linux
@unsanitized
def test_little_address_space_is_a_clear_error_and_nothing_is_written(tmp_path):
    def limited():
        used = process_bytes(0)
        resource.setrlimit(resource.RLIMIT_AS, (used + 3 * 10**8, resource.RLIM_INFINITY))
        Word2Vec(np.arange(20_000).repeat(5), vector_size=5000, workers=1).train(
            checkpoint=tmp_path / "run"
        )

    message = in_a_child(limited)
    assert message.startswith("MemoryError: training takes")
    assert "lower vector_size, or keep fewer words" in message
    assert list(tmp_path.iterdir()) == []


@linux
@unsanitized
def test_little_address_space_for_the_corpus_is_a_clear_error(tmp_path):
    path = tmp_path / "text"
    path.write_text(" ".join(map(str, range(1_500_000))))

    def limited():
        used = process_bytes(0)
        resource.setrlimit(resource.RLIMIT_AS, (used + 10**8, resource.RLIM_INFINITY))
        Word2Vec(path, min_count=1, workers=1)

    assert in_a_child(limited).startswith(
        "MemoryError: there is not enough memory to read the corpus"
    )


# -- threads and processes -------------------------------------------------------------------------------------------


def test_several_models_at_once():
    alone = train(SENTENCES, **SMALL).vectors
    results = [None] * 4

    def work(number):
        results[number] = train(SENTENCES, **SMALL).vectors

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        np.testing.assert_array_equal(result, alone)


@posix
def test_a_fork_after_training_trains_the_same():
    config = {**SMALL, "epochs": 5}
    expected = train(SENTENCES, **config).vectors
    train(SENTENCES, **{**config, "workers": 4})
    assert (
        in_a_child(lambda: train(SENTENCES, **config).vectors.tobytes().hex())
        == expected.tobytes().hex()
    )
    assert in_a_child(lambda: train(SENTENCES, **{**config, "workers": 4}).vectors.shape) == str(
        expected.shape
    )


# -- going on from other vectors -------------------------------------------------------------------------------------


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


# -- what the documents promise ----------------------------------------------------------------------------------------


def test_the_code_loads_no_pickle_and_runs_no_text():
    """SECURITY.md: no module that unpickles, no eval or exec, no shell, no pickles in numpy files."""
    forbidden_modules = {"pickle", "marshal", "shelve", "dill", "joblib", "subprocess", "pty"}
    forbidden_calls = {"eval", "exec", "system", "popen", "execv", "spawn"}
    for path in (ROOT / "w2v_fast").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = {alias.name.split(".")[0] for alias in node.names} | {
                    (getattr(node, "module", "") or "")
                }
                assert not names & forbidden_modules, path
            elif isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                assert name not in forbidden_calls, f"{path}:{node.lineno}"
                for keyword in node.keywords:
                    assert keyword.arg != "shell", path
                    if keyword.arg == "allow_pickle":
                        assert getattr(keyword.value, "value", None) is False, path


def test_what_will_replace_a_private_file_is_private(tmp_path):
    private = tmp_path / "v.bin"
    private.touch(0o600)
    with files.atomic_write(private) as file:
        file.write(b"x")
        (unfinished,) = set(tmp_path.iterdir()) - {private}
        assert unfinished.stat().st_mode & 0o077 == 0
    assert private.stat().st_mode & 0o777 == 0o600


def test_every_situation_of_reliability_is_proved_by_tests_that_exist():
    situations = re.findall(
        r"^### (.*?)\n(.*?)(?=^##|\Z)", (ROOT / "docs" / "reliability.md").read_text(), re.M | re.S
    )
    assert len(situations) > 40
    for title, text in situations:
        named = re.findall(r"^- `(tests/[\w/]+\.py)::(\w+)`$", text, re.M)
        assert named, title
        for path, name in named:
            assert re.search(rf"(def|class) {name}\b", (ROOT / path).read_text()), (
                f"{title}: {path}::{name}"
            )


def test_initial_weights_are_a_function_of_the_seed():
    assert np.array_equal(initial_weights(70_000, 3, 5).input, initial_weights(70_000, 3, 5).input)
    assert vocabulary_of(np.array([0, 1, ~1]), 2).counts.tolist() == [1, 2]
