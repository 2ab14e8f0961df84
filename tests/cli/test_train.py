"""train, encode, vocab, demo: what is read, what is written, and what a signal does."""

import bz2
import gzip
import io
import itertools
import json
import os
import re
import signal
import subprocess
import time
from types import SimpleNamespace

import numpy as np
import pytest

from tests.cli.conftest import ANIMALS, COMMAND, METALS, ROOT, process, topic_text
from tests.skips import posix
from w2v_fast import Corpus, KeyedVectors, Vocabulary, Word2Vec
from w2v_fast.cli import demo, demo_corpus
from w2v_fast.cli.signals import Stopped, StopSignals, raise_on_signals
from w2v_fast.training.trainer import Trainer

SETTINGS = ["--workers", "1", "--vector-size", "16", "--sample", "0", "--epochs", "3"]


# -- input and output ------------------------------------------------------------------------------


def test_vectors_are_those_of_the_library(corpus, vectors):
    expected = Word2Vec(str(corpus), workers=1, vector_size=16, sample=0, epochs=3).train().wv
    written = KeyedVectors.load(vectors)
    assert written.index_to_key == expected.index_to_key
    np.testing.assert_array_equal(written.vectors, expected.vectors)
    assert {word for word, _ in written.most_similar("cat", topn=5)} == set(ANIMALS) - {"cat"}


def test_same_vectors_from_file_gzip_stdin_and_saved_corpus(cli, corpus, vectors, tmp_path):
    packed = tmp_path / "topics.gz"
    packed.write_bytes(gzip.compress(corpus.read_bytes()))
    lines = corpus.read_bytes().splitlines(keepends=True)
    parts = [tmp_path / "part1.txt", tmp_path / "part2.txt"]
    parts[0].write_bytes(b"".join(lines[:700]))
    parts[1].write_bytes(b"".join(lines[700:]))
    saved = tmp_path / "topics.corpus"
    assert cli("encode", packed, "-o", saved, "--quiet") == (0, "", "")
    for number, sources in enumerate([[packed], parts, [tmp_path / "part*.txt"], [saved]]):
        out = tmp_path / f"{number}.bin"
        assert cli("train", *sources, "-o", out, "--quiet", *SETTINGS) == (0, "", "")
        assert out.read_bytes() == vectors.read_bytes()


def test_standard_input(cli, corpus, vectors, tmp_path):
    stdin = io.TextIOWrapper(io.BytesIO(bz2.compress(corpus.read_bytes())))
    assert cli("train", "-", "-o", tmp_path / "v.bin", "--quiet", *SETTINGS, stdin=stdin)[0] == 0
    assert (tmp_path / "v.bin").read_bytes() == vectors.read_bytes()


@pytest.mark.slow
def test_pipe_of_processes(corpus, vectors):
    """Text comes by standard input; standard output has the vectors alone."""
    done = subprocess.run(
        [*COMMAND, "train", "-", "-o", "-", "--format", "word2vec_binary", *SETTINGS],
        cwd=ROOT,
        input=corpus.read_bytes(),
        capture_output=True,
        check=True,
    )
    assert done.stdout == vectors.read_bytes()
    assert b"epoch 3/3" in done.stderr


@pytest.mark.parametrize(
    ("name", "options", "start"),
    [
        ("v.txt", [], b"13 16\n"),
        ("v.vec", [], b"13 16\n"),
        ("v.any", ["--format", "glove"], b"the "),
        ("v.npy", [], b"\x93NUMPY"),
    ],
)
def test_format_of_the_output(cli, corpus, vectors, tmp_path, name, options, start):
    assert cli("train", corpus, "-o", tmp_path / name, "--quiet", *SETTINGS, *options)[0] == 0
    assert (tmp_path / name).read_bytes().startswith(start)
    np.testing.assert_array_equal(
        KeyedVectors.load(tmp_path / name).vectors, KeyedVectors.load(vectors).vectors
    )


def test_native_folder_is_written_and_replaced(cli, corpus, vectors, tmp_path):
    for _ in range(2):
        assert cli("train", corpus, "-o", tmp_path / "model", "--quiet", *SETTINGS)[0] == 0
    model = KeyedVectors.load(tmp_path / "model")
    np.testing.assert_array_equal(model.vectors, KeyedVectors.load(vectors).vectors)
    assert model.counts.sum() == 18000
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").touch()
    code, _, err = cli("train", corpus, "-o", tmp_path / "mine")
    assert code == 1
    assert "cannot replace " in err
    assert (tmp_path / "mine" / "notes.txt").exists()


@pytest.mark.parametrize("objective", ["nce", "hs", "softmax"])
def test_every_objective(cli, corpus, tmp_path, objective):
    arguments = [
        "train",
        corpus,
        "-o",
        tmp_path / "v.bin",
        "--quiet",
        "--objective",
        objective,
        "--architecture",
        "cbow",
        *SETTINGS,
    ]
    assert cli(*arguments) == (0, "", "")
    assert KeyedVectors.load(tmp_path / "v.bin").vectors.shape == (13, 16)


def test_vocabulary_files(cli, corpus, tmp_path):
    counts = tmp_path / "counts.txt"
    assert cli("train", corpus, "-o", tmp_path / "v.bin", "--quiet", "--save-vocab", counts)[0] == 0
    lines = counts.read_text().splitlines()
    assert len(lines) == 13
    assert lines[0] == "the 2000"
    code, out, err = cli("vocab", corpus)
    assert (code, out) == (0, counts.read_text())
    assert (
        err == "w2v-fast: read 18,000 words: 18,000 of them are of the 13 words in the vocabulary\n"
    )
    assert cli("vocab", corpus, "--max-vocab", "3", "--quiet") == (
        0,
        "".join(f"{line}\n" for line in lines[:3]),
        "",
    )
    assert cli("vocab", corpus, "--min-count", "1999", "-o", tmp_path / "few", "--quiet") == (
        0,
        "",
        "",
    )
    assert (tmp_path / "few").read_text() == "the 2000\n"


def test_read_vocabulary(cli, corpus, tmp_path):
    counts = tmp_path / "counts.txt"
    counts.write_text("</s> 2000\ncat 70\ndog 80\nrare 4\nmore 5\n")
    code, _, err = cli(
        "train",
        corpus,
        "-o",
        tmp_path / "v.txt",
        "--read-vocab",
        counts,
        "--max-vocab",
        "2",
        "--epochs",
        "1",
    )
    assert code == 0
    assert f"{counts}: left out </s>" in err
    assert KeyedVectors.load(tmp_path / "v.txt").index_to_key == ["dog", "cat"]


def test_saved_corpus_keeps_its_vocabulary(cli, corpus, tmp_path):
    saved = tmp_path / "saved"
    assert cli("encode", corpus, "-o", saved, "--max-vocab", "5", "--quiet")[0] == 0
    assert len(Corpus.open(saved).vocabulary) == 5
    code, _, err = cli(
        "train", saved, "-o", tmp_path / "v.bin", "--min-count", "9", "--read-vocab", "x"
    )
    assert code == 2
    assert "--min-count and --read-vocab to 'w2v-fast encode'" in err
    code, _, err = cli("train", corpus, saved, "-o", tmp_path / "v.bin")
    assert code == 2
    assert "must be the only one" in err
    assert cli("vocab", saved, "--quiet")[1].count("\n") == 5
    damaged = bytearray(saved.read_bytes())
    damaged[-40] ^= 1
    saved.write_bytes(damaged)
    code, _, err = cli("train", saved, "-o", tmp_path / "v.bin")
    assert code == 1
    assert "checksum does not fit" in err


def test_empty_corpus_and_high_min_count(cli, corpus, tmp_path):
    empty = tmp_path / "empty"
    empty.touch()
    code, _, err = cli("train", empty, "-o", tmp_path / "v.bin")
    assert code == 1
    assert "the corpus is empty" in err
    code, _, err = cli("train", corpus, "-o", tmp_path / "v.bin", "--min-count", "9999")
    assert code == 1
    assert "the most frequent one occurs 2000 times" in err
    assert not (tmp_path / "v.bin").exists()


def test_progress_as_json(cli, corpus, tmp_path):
    code, out, err = cli("train", corpus, "-o", tmp_path / "v.bin", "--progress", "json", *SETTINGS)
    assert (code, out) == (0, "")
    events = [json.loads(line) for line in err.splitlines()]
    assert events[0]["event"] == "reading"
    assert events[0]["total_bytes"] == corpus.stat().st_size
    assert {
        "event": "read",
        "words": 18000,
        "words_in_vocabulary": 18000,
        "vocabulary": 13,
    } in events
    assert [event["epoch"] for event in events if event["event"] == "epoch"] == [1, 2, 3]
    assert events[-1] == {"event": "wrote", "file": str(tmp_path / "v.bin"), "words": 13}


@pytest.mark.slow
def test_unusual_bytes_pass_through(cli, tmp_path):
    """Words that are not UTF-8 are written as they were read."""
    text = tmp_path / "text"
    text.write_bytes("größe \udcff 東京\n".encode("utf-8", "surrogateescape") * 9)
    assert cli("vocab", text, "-o", tmp_path / "counts", "--quiet")[0] == 0
    assert (tmp_path / "counts").read_bytes() == "größe 9\n\udcff 9\n東京 9\n".encode(
        "utf-8", "surrogateescape"
    )
    assert cli("train", text, "-o", tmp_path / "v.txt", "--quiet", "--epochs", "1")[0] == 0
    done = subprocess.run(
        [*COMMAND, "similar", tmp_path / "v.txt", b"\xff", "--topn", "1"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    assert done.stdout.startswith(b"\xff\t")


# -- signals ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def long_run(tmp_path_factory):
    """A corpus, and the command that would train on it for an hour."""
    folder = tmp_path_factory.mktemp("long")
    (folder / "text").write_text(topic_text(20_000))
    return folder, [
        "train",
        folder / "text",
        "-o",
        folder / "v.bin",
        "--progress",
        "json",
        "--epochs",
        "100000",
        "--sample",
        "0",
        "--min-count",
        "1",
    ]


def wait_for_training(command):
    """Return when some words are trained."""
    return next(line for line in command.stderr if '"progress"' in line)


@pytest.mark.slow
@posix
@pytest.mark.parametrize(
    ("name", "code", "said"),
    [("SIGINT", 130, "interrupted"), ("SIGTERM", 143, "terminated"), ("SIGHUP", 129, "hung up")],
)
def test_signal_writes_what_is_trained(long_run, name, code, said):
    folder, argv = long_run
    out = folder / "v.bin"
    out.unlink(missing_ok=True)
    with process(*argv, text=True) as command:
        wait_for_training(command)
        command.send_signal(getattr(signal, name))
        start = time.monotonic()
        rest = command.stderr.read()
    assert command.returncode == code
    assert time.monotonic() - start < 5
    assert re.search(rf"w2v-fast: {said} after \d+\.\d% of the run", rest)
    assert rest.endswith(f"w2v-fast: wrote {out}: 13 words\n")
    vectors = KeyedVectors.load(out)
    assert np.isfinite(vectors.vectors).all()
    assert {word for word, _ in vectors.most_similar("iron", topn=5)} == set(METALS) - {"iron"}


@pytest.mark.slow
@posix
def test_signal_before_training_writes_nothing(long_run):
    folder, _ = long_run
    out = folder / "none.bin"
    with process("train", "-", "-o", out, stdin=subprocess.PIPE, text=True) as command:
        command.stdin.write("a b c\n" * 1_000_000)
        command.stdin.flush()
        time.sleep(0.5)  # until it waits for more
        command.send_signal(signal.SIGINT)
        assert command.stderr.read() == "w2v-fast: interrupted\n"
    assert command.returncode == 130
    assert not list(folder.glob("*none.bin*"))


@posix
def test_first_signal_stops_and_the_second_raises():
    before, calls = signal.getsignal(signal.SIGINT), []
    with StopSignals(lambda: calls.append("stop")) as signals:
        assert signals.exit_code == 0
        signal.raise_signal(signal.SIGINT)
        assert calls == ["stop"]
        with pytest.raises(Stopped, match="terminated") as second:
            signal.raise_signal(signal.SIGTERM)
    assert calls == ["stop"]
    assert str(signals.stopped) == "interrupted"
    assert (signals.exit_code, second.value.exit_code) == (130, 143)
    assert signal.getsignal(signal.SIGINT) is before
    for number in (signal.SIGTERM, signal.SIGHUP):
        with pytest.raises(Stopped), raise_on_signals():
            signal.raise_signal(number)


@posix
def test_a_hang_up_that_nohup_ignores_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with raise_on_signals(), StopSignals(lambda: pytest.fail("must not stop")) as signals:
            signal.raise_signal(signal.SIGHUP)
        assert signals.exit_code == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_signal_while_writing_does_not_stop_the_writing(
    cli, corpus, vectors, tmp_path, monkeypatch
):
    save = KeyedVectors.save

    def interrupted(*arguments, **options):
        signal.raise_signal(signal.SIGINT)
        save(*arguments, **options)

    monkeypatch.setattr(KeyedVectors, "save", interrupted)
    code, _, err = cli("train", corpus, "-o", tmp_path / "v.bin", "--quiet", *SETTINGS)
    assert code == 130
    assert err == f"w2v-fast: wrote {tmp_path / 'v.bin'}: 13 words\n"
    assert (tmp_path / "v.bin").read_bytes() == vectors.read_bytes()


def test_second_signal_while_writing_leaves_no_file(cli, corpus, tmp_path, monkeypatch):
    def interrupted_twice(*arguments, **options):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("os.fsync", interrupted_twice)
    code, _, err = cli("train", corpus, "-o", tmp_path / "v.bin", "--quiet", *SETTINGS)
    assert (code, err) == (130, "w2v-fast: interrupted\n")
    assert not list(tmp_path.iterdir())


def test_disk_full_is_an_error(cli, corpus):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")
    code, _, err = cli(
        "train", corpus, "-o", "/dev/full", "--format", "word2vec_binary", "--quiet", *SETTINGS
    )
    assert code == 1
    assert "No space left on device" in err


def test_a_full_disk_and_too_little_memory_are_known_before_training(
    cli, corpus, tmp_path, monkeypatch
):
    monkeypatch.setattr(Trainer, "train", lambda *_: pytest.fail("must not train"))
    with monkeypatch.context() as patch:
        patch.setattr("w2v_fast.system.files.shutil.disk_usage", lambda _: SimpleNamespace(free=99))
        code, _, err = cli("train", corpus, "-o", tmp_path / "v.bin", "--quiet", *SETTINGS)
        assert code == 1
        assert "v.bin: it takes about" in err
    monkeypatch.setattr("w2v_fast.training.memory.available", lambda: 100)
    code, _, err = cli("train", corpus, "-o", tmp_path / "v.bin", "--quiet", *SETTINGS)
    assert code == 1
    assert "not enough memory: training takes" in err
    assert list(tmp_path.iterdir()) == []


@posix
def test_stopped_run_goes_on_from_its_checkpoint(cli, corpus, vectors, tmp_path, monkeypatch):
    """Stopped in the middle and resumed, one worker gives the same bytes as in one go."""
    out, folder = tmp_path / "v.bin", tmp_path / "run"
    train = ["train", corpus, "-o", out, "--checkpoint", folder, "--progress", "quiet", *SETTINGS]
    take = Trainer._take

    def interrupted(trainer):
        if trainer.next_job == len(trainer.jobs) // 2:
            os.kill(os.getpid(), signal.SIGINT)  # wakes the main thread, as Ctrl-C does
        return take(trainer)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_take", interrupted)
        code, _, err = cli(*train)
    assert code == 130
    done = float(re.search(r"interrupted after (\S+)% of the run", err)[1])
    assert 40 < done < 100
    assert re.search(
        r"wrote \S+/run/checkpoint-\d+\.w2v: to go on, give the same command with --resume auto",
        err,
    )
    assert out.read_bytes() != vectors.read_bytes()
    code, _, err = cli(*train)
    assert code == 1
    assert "has checkpoints of an earlier run" in err
    code, _, err = cli(*train, "--resume", "auto")
    assert code == 0
    assert f", {done}% of the run" in err
    assert out.read_bytes() == vectors.read_bytes()
    code, _, err = cli(*train, "--resume", "auto", "--alpha", "0.5")
    assert code == 1
    assert "config.alpha is 0.5, the checkpoint has 0.025" in err


def test_start_from_other_vectors(cli, corpus, vectors, tmp_path):
    text, out = tmp_path / "text", tmp_path / "v.bin"
    text.write_text("cat lion cat lion tiger\n" * 9 + "rare\n")
    train = [
        "train",
        text,
        "-o",
        out,
        "--quiet",
        "--init",
        vectors,
        *SETTINGS,
        "--alpha",
        "1e-9",
        "--min-alpha",
        "0",
    ]
    assert cli(*train)[0] == 0
    before, after = KeyedVectors.load(vectors), KeyedVectors.load(out)
    assert after.index_to_key == ["cat", "lion", "tiger"]
    np.testing.assert_allclose(after["cat"], before["cat"], atol=1e-5)
    assert cli(*train, "--grow")[0] == 0
    assert KeyedVectors.load(out).index_to_key == [*before.index_to_key, "lion", "tiger"]


def test_divergence_is_an_error(cli, corpus, tmp_path):
    code, _, err = cli(
        "train", corpus, "-o", tmp_path / "v.bin", "--quiet", "--alpha", "1e30", *SETTINGS
    )
    assert code == 1
    assert "try a smaller alpha" in err
    assert "--traceback" not in err
    assert not (tmp_path / "v.bin").exists()


def test_a_run_that_learns_nothing_says_so_and_shows_no_nan(cli, tmp_path):
    text = tmp_path / "text"
    text.write_text("a\nb\nc\n" * 50)
    train = ["train", text, "-o", tmp_path / "v.bin", "--workers", "1", "--epochs", "1"]
    code, _, err = cli(*train)
    assert code == 0
    assert "loss - nats" in err
    assert "w2v-fast: warning: nothing was learned: no two of the " in err
    code, _, err = cli(*train, "--progress", "json")
    events = [
        json.loads(line, parse_constant=pytest.fail)
        for line in err.splitlines()
        if line.startswith("{")
    ]
    assert [event["loss"] for event in events if event["event"] == "epoch"] == [None]
    assert (
        "nothing was learned"
        in cli(
            "word2vec", "-train", text, "-output", tmp_path / "v.bin", "-debug", "0", "-iter", "1"
        )[2]
    )


def test_a_finished_run_that_is_resumed_says_that_nothing_is_left(cli, corpus, tmp_path):
    train = [
        "train",
        corpus,
        "-o",
        tmp_path / "v.bin",
        "--checkpoint",
        tmp_path / "run",
        "--quiet",
        *SETTINGS,
    ]
    assert cli(*train)[0] == 0
    written = (tmp_path / "v.bin").read_bytes()
    code, _, err = cli(*train, "--resume", "auto")
    assert code == 0
    assert "100.0% of the run" in err
    assert "warning: nothing is left to do: all 3 epochs are trained" in err
    assert (tmp_path / "v.bin").read_bytes() == written


# -- demo ------------------------------------------------------------------------------------------


def test_demo_on_a_corpus(cli, tmp_path):
    text = tmp_path / "text"
    text.write_text(topic_text(3000).replace("cat", "cattle").replace("tin", "platinum"))
    code, out, err = cli("demo", text)
    assert code == 0
    assert len(out.splitlines()) == 4
    assert f"reading {text}" in err
    assert "million words a second" in err


def test_content_words_are_frequent_but_not_too_frequent():
    words = ["with", "abc", "x1y2z3", "mountain", "river", "forest", "meadow", "valley"]
    vocabulary = Vocabulary([*words, "filler"], [9000, 40, 40, 30, 20, 19, 18, 17, 100_000])
    assert demo.content_words(vocabulary) == ["mountain", "river", "forest", "meadow"]
    assert demo.content_words(Vocabulary(["a", "b"], [2, 1])) == ["a", "b"]


def test_text_of_the_standard_library(monkeypatch, tmp_path):
    (tmp_path / "site-packages").mkdir()
    (tmp_path / "site-packages" / "other.py").write_text('"""Never read this."""')
    (tmp_path / "broken.py").write_text("def (:  # not python")
    (tmp_path / "latin.py").write_bytes(
        b"# -*- coding: latin-1 -*-\n\nx = 'no \xe9 here'  # Caf\xe9 au lait\n"
    )
    (tmp_path / "module.py").write_text(
        '"""First Part. Second, part!\n\nA third."""\n\n\n'
        '# A comment\n# on two lines\nx = "a plain string"\n\n'
        "class C:  # of one\n    def f():\n        r'''About this:\\nall of it'''\n"
        "        b'only # bytes'\n        x = ('''no # text''', \"no\\\" # text\")\n"
    )
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    monkeypatch.setattr("pydoc_data.topics.topics", {"TOPIC": "Help on TOPICS"})
    found = [" ".join(sentence) for sentence in demo_corpus.sentences()]
    assert found == [
        "help on topics",
        "not python",
        "caf au lait",
        "first part",
        "second part",
        "comment on two lines",
        "of one",
        "about this",
        "all of it",
    ]


def test_demo_prints_the_text(cli, monkeypatch):
    files = demo_corpus._files
    monkeypatch.setattr(demo_corpus, "_files", lambda folder: itertools.islice(files(folder), 9))
    code, out, _ = cli("demo", "--text")
    assert code == 0
    assert out.splitlines() == [" ".join(words) for words in demo_corpus.sentences()]
    code, out, err = cli("demo", "--text", "corpus")
    assert (code, out) == (2, "")
    assert "takes no CORPUS" in err


@pytest.mark.slow
def test_demo_on_the_standard_library(cli, monkeypatch):
    """A part of the real text, and all of the real path."""
    files = demo_corpus._files
    monkeypatch.setattr(demo_corpus, "_files", lambda folder: itertools.islice(files(folder), 60))
    monkeypatch.setitem(demo.SETTINGS, "epochs", 1)
    code, out, err = cli("demo")
    assert code == 0
    assert "reading the standard library of Python" in err
    assert re.search(r"[\d.]+ million words a second; loss [\d.]+ -> [\d.]+ nats per pair", err)
    assert "train FILE -o vectors.bin" in err
    assert 1 <= len(out.splitlines()) <= 4
    assert all(len(line.split()) == 1 + demo.NEIGHBORS for line in out.splitlines())
