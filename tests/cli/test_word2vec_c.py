"""word2vec.c's command line: every flag, its default and its meaning."""

import sys

import numpy as np
import pytest

from tests.cli.conftest import ANIMALS, METALS
from w2v_fast import KeyedVectors, Vocabulary, train
from w2v_fast.cli import word2vec_c
from w2v_fast.cli.main import build_parser
from w2v_fast.config import TrainConfig


def config(*flags):
    return word2vec_c.config_of(build_parser().parse_args(["word2vec", "-train", "text", *flags]))


def test_defaults():
    assert config() == TrainConfig(
        vector_size=100,
        window=5,
        sample=1e-3,
        objective="ns",
        negative=5,
        workers=12,
        epochs=5,
        min_count=5,
        alpha=0.05,
        min_alpha=0.05e-4,
        architecture="cbow",
    )
    arguments = build_parser().parse_args(["word2vec", "-train", "text"])
    assert (arguments.binary, arguments.classes, arguments.debug) == (0, 0, 2)
    assert (arguments.output, arguments.save_vocab, arguments.read_vocab) == (None, None, None)
    assert config("-cbow", "0").alpha == 0.025


def test_every_flag():
    flags = (
        "-output v.bin -size 7 -window 6 -sample 1e-4 -hs 0 -negative 8 "
        "-threads 2 -iter 9 -min-count 4 "
        "-alpha 0.5 -classes 0 -debug 2 -binary 1 -save-vocab v.txt -read-vocab w.txt -cbow 0"
    )
    assert config(*flags.split()) == TrainConfig(
        vector_size=7,
        window=6,
        sample=1e-4,
        objective="ns",
        negative=8,
        workers=2,
        epochs=9,
        min_count=4,
        alpha=0.5,
        min_alpha=0.5e-4,
        architecture="skipgram",
    )
    assert config("-hs", "1", "-negative", "0").objective == "hs"
    assert config("-min-count", "0").min_count == 1


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["-train", "t", "-hs", "1"], "would train two objectives at once"),
        (["-train", "t", "-hs", "1", "-negative", "5"], "give -hs 1 -negative 0"),
        (["-train", "t", "-negative", "0"], "would train nothing"),
        (["-train", "t", "-cbw", "0"], "unknown option -cbw; did you mean -cbow?"),
        (["-train", "t", "--size", "9"], "unknown option --size; did you mean -size?"),
        (["-train", "t", "-min_count", "9"], "did you mean -min-count?"),
        (["-train", "t", "-window", "0"], "window = 0"),
        (["-train", "t", "-threads", "0"], "workers = 0"),
        (["-train", "t", "-classes", "-1"], "must not be negative"),
        (["-train", "t", "-binary", "2"], "choose from"),
        (["-train", "t", "-size"], "expected one argument"),
        (["-output", "v"], "-train FILE is missing"),
    ],
)
def test_wrong_usage(cli, flags, message):
    for argv, main in [(["word2vec", *flags], None), (flags, word2vec_c.main)]:
        code, out, err = cli(*argv, main=main) if main else cli(*argv)
        assert (code, out) == (2, "")
        assert message in err
        assert err.count("\n") == 1


def test_without_arguments_it_explains_itself(cli, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["w2v-fast-word2vec"])
    code, out, err = cli(main=lambda argv: word2vec_c.main())
    assert (code, err) == (0, "")
    assert out.startswith("usage: w2v-fast-word2vec [-h] [-train FILE]")


@pytest.mark.parametrize(("binary", "start"), [(0, b"13 20\nthe "), (1, b"13 20\nthe ")])
def test_vectors(cli, corpus, tmp_path, binary, start):
    out = tmp_path / "vectors"
    flags = [
        "-size",
        20,
        "-threads",
        1,
        "-iter",
        3,
        "-sample",
        0,
        "-cbow",
        0,
        "-binary",
        binary,
        "-debug",
        0,
    ]
    assert cli("-train", corpus, "-output", out, *flags, main=word2vec_c.main) == (0, "", "")
    assert out.read_bytes().startswith(start)
    expected = train(
        str(corpus), vector_size=20, workers=1, epochs=3, sample=0, alpha=0.025, min_alpha=0.025e-4
    )
    written = KeyedVectors.load(out, format="word2vec_binary" if binary else "word2vec_text")
    assert written.index_to_key == expected.index_to_key
    np.testing.assert_array_equal(written.vectors, expected.vectors)


def test_vocabulary_only(cli, corpus, tmp_path):
    saved = tmp_path / "counts"
    code, out, err = cli("word2vec", "-train", corpus, "-save-vocab", saved, "-debug", 1)
    assert (code, out) == (0, "")
    assert "13 words in the vocabulary" in err
    assert len(Vocabulary.load(saved)) == 13
    again = tmp_path / "again"
    saved.write_text("</s> 100\nthe 10\ncat 9\nrare 1\n")
    code, _, err = cli(
        "word2vec", "-train", "not needed", "-read-vocab", saved, "-save-vocab", again
    )
    assert code == 0
    assert "left out </s>" in err
    assert again.read_text() == "the 10\ncat 9\n"


def test_read_vocabulary(cli, corpus, tmp_path):
    saved, out = tmp_path / "counts", tmp_path / "v.txt"
    saved.write_text("cat 90\ndog 100\nrare 1\n")
    assert (
        cli("word2vec", "-train", corpus, "-output", out, "-read-vocab", saved, "-debug", 0)[0] == 0
    )
    assert KeyedVectors.load(out).index_to_key == ["dog", "cat"]


def test_classes(cli, corpus, tmp_path):
    pytest.importorskip("sklearn")
    out = tmp_path / "classes"
    flags = ["-size", 16, "-threads", 1, "-sample", 0, "-classes", 3, "-debug", 0, "-cbow", 0]
    assert cli("word2vec", "-train", corpus, "-output", out, *flags)[0] == 0
    labels = dict(line.split(" ") for line in out.read_text().splitlines())
    assert len(labels) == 13
    assert len({labels[word] for word in ANIMALS}) == len({labels[word] for word in METALS}) == 1
    code, _, err = cli("word2vec", "-train", corpus, "-output", out, "-classes", 99)
    assert code == 1
    assert "99 classes are too many" in err


def test_progress_only_when_asked(cli, corpus, tmp_path):
    said = [
        cli("word2vec", "-train", corpus, "-output", tmp_path / "v", "-iter", 1, "-debug", level)[2]
        for level in (0, 1, 2)
    ]
    assert said[0] == ""
    assert "words in the vocabulary" in said[1]
    assert "epoch" not in said[1]
    assert "epoch 1/1" in said[2]


def test_unwritable_output_is_found_before_training(cli, tmp_path):
    code, _, err = cli("word2vec", "-train", "no such text", "-output", tmp_path / "no" / "v")
    assert code == 1
    assert "there is no folder" in err
