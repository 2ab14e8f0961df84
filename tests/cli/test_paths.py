"""A command refuses before its work to overwrite an input, or to write where it cannot."""

import os
import subprocess

import pytest

from tests.cli.conftest import COMMAND, ROOT
from w2v_fast import KeyedVectors
from w2v_fast.training.trainer import Trainer

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def folder(corpus, vectors, tmp_path, monkeypatch):
    """A working folder with everything a command may read, and none may train in or change."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Trainer, "train", lambda *_: pytest.fail("must not train"))
    (tmp_path / "text").write_bytes(corpus.read_bytes())
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "text").write_bytes(corpus.read_bytes())
    (tmp_path / "v.bin").write_bytes(vectors.read_bytes())
    KeyedVectors.load(vectors).save("model")
    KeyedVectors.load(vectors).save("m.npy")
    (tmp_path / "counts").write_text("the 9\ncat 5\n")
    os.link("text", "hard")
    os.symlink("text", "link")
    os.symlink("more", "there")
    return tmp_path


def shell(line):
    """A command line in a shell that redirects standard input or output."""
    return subprocess.run(
        ["sh", "-c", f'"$0" -m w2v_fast {line}', COMMAND[0]], capture_output=True, env=ENVIRONMENT
    )


def state(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(
    "command",
    [
        "train text -o text --format word2vec_text",
        "train text -o ./more/../text --format glove",
        "train text -o hard --format word2vec_binary",
        "train text -o link --format word2vec_binary",
        "train more -o more/text --format glove",
        "train there -o more/text --format glove",
        "train m*e -o there/text --format glove",
        "train text counts -o v.bin --save-vocab counts",
        "train text -o v.bin --read-vocab counts --save-vocab counts",
        "train text -o v.bin --init v.bin",
        "train text -o model --init model",
        "train text -o m.npy --init m.npy",
        "train text -o v.bin --init m.npy --save-vocab m.words.txt",
        "train text -o new.txt --save-vocab new.txt",
        "train text -o new.npy --save-vocab new.words.txt",
        "train text -o new.tsv --save-vocab new_metadata.tsv",
        "train text -o run --checkpoint run",
        "train text -o - --format glove --save-vocab -",
        "train text -o model --save-vocab model/counts",
        "train text -o model --checkpoint model/run",
        "encode text -o hard",
        "encode text -o counts --read-vocab counts",
        "vocab text -o link",
        "phrases -train text -output text",
        "phrases -train counts more -output more/text",
        "convert v.bin v.bin",
        "convert m.npy m.npy",
        "convert model model",
        "convert m.npy m.words.txt",
        "classes v.bin -o v.bin",
        "plot x.svg -o x.svg",
        "word2vec -train text -output text",
        "word2vec -train text -output v.bin -save-vocab v.bin",
        "word2vec -train text -output counts -read-vocab counts",
        "word2vec -train text -save-vocab text",
        "word2vec -train text -output link -classes 3",
    ],
)
def test_nothing_that_is_read_or_written_already_is_written_over(cli, folder, command):
    (folder / "x.svg").write_text("1 2\na 1 2\n")
    before = state(folder)
    code, out, err = cli(*command.split())
    assert (code, out) == (2, "")
    assert "; give " in err
    assert state(folder) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        "train - -o text --format glove",
        "vocab - -o hard",
        "encode - -o link",
        "phrases -train - -output text",
        "word2vec -train - -output text",
        "train /dev/stdin -o text --format glove",
    ],
)
def test_a_file_that_is_standard_input_is_not_written_over(folder, command):
    before = state(folder)
    with open("text", "rb") as text:
        run = subprocess.run(
            [*COMMAND, *command.split()], stdin=text, capture_output=True, env=ENVIRONMENT
        )
    assert (run.returncode, run.stdout) == (2, b"")
    assert b"which is read" in run.stderr
    assert state(folder) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        "vocab text -o - >>text",
        "vocab text >>hard",
        "vocab text -o /dev/stdout >>link",
        "vocab more text 1<>more/text",
        "vocab - <text >>text",
        "vocab text --read-vocab counts >>counts",
        "train text -o - --format glove >>text",
        "train text -o - --format glove --init v.bin >>v.bin",
        "train text -o - --format glove --save-vocab new >>new",
        "encode text -o - >>text",
        "phrases -train text -output - >>text",
        "convert v.bin - --format glove >>v.bin",
        "convert m.npy - --format glove >>m.words.txt",
        "convert model - --format glove >>model/words.safetensors",
        "classes v.bin >>v.bin",
        "similar v.bin cat >>v.bin",
        "similar v.bin <words >>words",
        "analogy v.bin a b c >>v.bin",
        "analogy v.bin <words >>words",
        "odd-one-out v.bin cat dog cow >>v.bin",
        "inspect v.bin >>v.bin",
        "evaluate v.bin pairs >>v.bin",
        "evaluate v.bin pairs >>pairs",
        "demo text >>text",
        "word2vec -train text -output - >>text",
        "word2vec -train text -save-vocab - >>text",
    ],
)
def test_a_file_that_is_standard_output_is_not_read_while_it_grows(folder, command):
    (folder / "words").write_text("the cat dog\n")
    (folder / "pairs").write_text("the\tcat\t1\ncat\tdog\t2\n")
    (folder / "new").touch()
    before = state(folder)
    run = shell(command)
    assert (run.returncode, run.stdout) == (2, b"")
    assert run.stderr.count(b"; give ") == 1
    assert state(folder) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", ["vocab text >>new", "vocab /dev/null </dev/null >/dev/null", "vocab - <text | cat"]
)
def test_standard_output_may_be_another_file_or_any_device(folder, command):
    run = shell(command)
    assert b"; give" not in run.stderr


def test_a_folder_with_other_files_is_not_replaced(cli, folder):
    (folder / "model" / "vocab").write_bytes((folder / "text").read_bytes())
    before = state(folder)
    for command in ("train model/vocab -o model", "train text -o model --save-vocab model/counts"):
        assert cli(*command.split())[0] in (1, 2)
        assert state(folder) == before


@pytest.mark.parametrize(
    "command",
    [
        "encode text -o new",
        "vocab text -o counts",
        "vocab text -o v.bin",
        "convert v.bin model",
        "convert model v.bin",
        "vocab more -o more.counts",
        "classes v.bin --classes 2 -o v.bin.classes",
        "vocab text -o /dev/null",
        "phrases -train text -output more/new",
    ],
)
def test_other_files_may_be_replaced(cli, folder, command):
    assert cli(*command.split())[0] == 0
    assert (folder / "text").read_bytes() == (folder / "more" / "text").read_bytes()


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("train text -o no/v.bin", "there is no folder"),
        ("train text -o v.bin --save-vocab more", "is a folder"),
        ("train text -o v.bin --checkpoint counts", "counts: checkpoints need a folder"),
        ("train text -o v.bin --checkpoint no/run", "there is no folder"),
        ("train text -o more", "cannot replace "),
        ("encode text -o more", "is a folder"),
        ("word2vec -train text -output no/v", "there is no folder"),
        ("train text -o new.npy/v.npy", "there is no folder"),
    ],
)
def test_an_output_that_cannot_be_is_named_before_the_work(cli, folder, command, message):
    before = state(folder)
    code, _, err = cli(*command.split())
    assert code == 1
    assert message in err
    assert ".part" not in err
    assert state(folder) == before


@pytest.mark.parametrize(
    "command",
    [
        "train text -o new.bin --read-vocab spaced",
        "train text -o new.txt --read-vocab spaced",
        "word2vec -train text -output new -read-vocab spaced -min-count 1",
        "train latin -o new --format spacy",
    ],
)
def test_words_that_the_output_cannot_hold_are_known_before_the_training(cli, folder, command):
    (folder / "spaced").write_text("cat 9\ndog 8\nnew york 7\n")
    (folder / "latin").write_bytes(b"caf\xe9 the cat\n" * 9)
    code, _, err = cli(*command.split())
    assert code == 1
    assert "cannot hold the word" in err
    assert not list(folder.glob("new*"))
