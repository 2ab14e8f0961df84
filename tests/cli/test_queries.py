"""similar, analogy, odd-one-out, evaluate, inspect, convert, classes, plot."""

import io
import json
import os

import numpy as np
import pytest

from tests.cli.conftest import ANIMALS, METALS, process
from w2v_fast import KeyedVectors
from w2v_fast.cli.main import main
from w2v_fast.cli.prompt import MAX_LINE

COMPASS = {
    "east": (1, 0),
    "north": (0, 1),
    "west": (-1, 0),
    "south": (0, -1),
    "northeast": (1, 0.9),
    "new": (2, 0.1),
    "york": (3, -0.1),
    "zero": (0, 0),
}


@pytest.fixture
def compass(tmp_path):
    """Vectors in the plane, so that the right answers can be seen."""
    path = tmp_path / "compass.txt"
    KeyedVectors(list(COMPASS), np.array(list(COMPASS.values()), np.float32)).save(path)
    return path


def lines(text):
    return [line.split("\t") for line in text.splitlines()]


# -- questions -------------------------------------------------------------------------------------


def test_similar(cli, compass):
    code, out, err = cli("similar", compass, "north", "new york", "--topn", "2")
    assert (code, err) == (0, "")
    assert lines(out) == [
        ["north", "northeast", "0.6690"],
        ["north", "new", "0.0499"],
        ["new york", "east", "1.0000"],
        ["new york", "northeast", "0.7488"],
    ]


def test_similar_as_json(cli, vectors):
    code, out, _ = cli("similar", vectors, "cat", "iron", "--topn", "5", "--json")
    assert code == 0
    answers = [json.loads(line) for line in out.splitlines()]
    assert [answer["query"] for answer in answers] == ["cat", "iron"]
    for answer, topic in zip(answers, (ANIMALS, METALS), strict=True):
        assert {neighbor["word"] for neighbor in answer["neighbors"]} == set(topic) - {
            answer["query"]
        }
        assert all(-1 <= neighbor["cosine"] <= 1 for neighbor in answer["neighbors"])


def test_unknown_word_is_found_before_any_answer(cli, compass):
    code, out, err = cli("similar", compass, "north", "North")
    assert (code, out) == (1, "")
    assert err == "w2v-fast: error: key 'North' is not in the vocabulary; did you mean 'north'?\n"


def test_prompt_goes_on_after_an_unknown_word(cli, compass):
    stdin = io.TextIOWrapper(io.BytesIO(b"north\n\nup\nnew york\n"))
    code, out, err = cli("similar", compass, "--topn", "1", stdin=stdin)
    assert code == 0
    assert lines(out) == [["north", "northeast", "0.6690"], ["new york", "east", "1.0000"]]
    assert err == "w2v-fast: key 'up' is not in the vocabulary\n"


def test_prompt_passes_over_a_line_of_any_length(cli, compass):
    stdin = io.TextIOWrapper(io.BytesIO(b"x" * 300_000 + b" north\nnorth\n" + b"y" * MAX_LINE))
    code, out, err = cli("similar", compass, "--topn", "1", stdin=stdin)
    assert (code, lines(out)) == (0, [["north", "northeast", "0.6690"]])
    assert err.count("left out a line of more than 65,536 characters") == 2
    assert len(err) < 500


@pytest.mark.slow
def test_prompt_at_a_terminal(compass):
    """With a terminal there is a question, the answer, and Ctrl-D ends."""
    terminal, inside = os.openpty()

    def shown_up_to(end):
        text = ""
        while not text.endswith(end):
            text += os.read(terminal, 1000).decode()
        return text.expandtabs()

    with process("similar", compass, "--topn", "1", stdin=inside, stdout=inside) as command:
        os.close(inside)
        assert command.stderr.readline() == b"w2v-fast: Ctrl-D ends\n"
        shown_up_to("word or words: ")
        os.write(terminal, b"north\n")
        assert "north\tnortheast\t0.6690".expandtabs() in shown_up_to("word or words: ")
        os.write(terminal, b"\x04")
        command.wait()
    os.close(terminal)
    assert command.returncode == 0


def test_analogy(cli, compass):
    code, out, _ = cli("analogy", compass, "west", "south", "north", "--topn", "1")
    assert (code, out) == (0, "east\t1.0000\n")
    code, out, _ = cli(
        "analogy", compass, "west", "south", "north", "--method", "mul", "--topn", "1", "--json"
    )
    assert code == 0
    found = json.loads(out)
    assert (found["a"], found["b"], found["c"], found["method"]) == (
        "west",
        "south",
        "north",
        "mul",
    )
    assert [answer["word"] for answer in found["answers"]] == ["east"]


def test_analogy_prompt(cli, compass):
    stdin = io.TextIOWrapper(io.BytesIO(b"west south\nwest south north"))
    code, out, err = cli("analogy", compass, "--topn", "1", stdin=stdin)
    assert code == 0
    assert lines(out)[0][0] == "east"
    assert err == "w2v-fast: an analogy needs three words; got 2\n"


def test_odd_one_out(cli, vectors):
    assert cli("odd-one-out", vectors, *ANIMALS[:4], "iron") == (0, "iron\n", "")
    found = json.loads(cli("odd-one-out", vectors, *METALS[:4], "cow", "--json")[1])
    assert found["odd_one_out"] == "cow"
    assert [entry["word"] for entry in found["cosines"]][-1] == "cow"
    assert cli("odd-one-out", vectors, "cat", "dog", "cart")[0] == 1


# -- evaluation ------------------------------------------------------------------------------------


@pytest.fixture
def pairs(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text(
        "# a comment\nword1\tword2\tscore\nnorth\tnortheast\t9\n"
        "East\tnortheast\t8.5\nnorth\tsouth\t1\n"
        "north\teast\t5\nnorth\tup\t7\n"
    )
    return path


@pytest.fixture
def questions(tmp_path):
    path = tmp_path / "questions.txt"
    path.write_text(
        "\n: turns\nwest south north east\nwest south north northeast\n: gram1-lost\na b c d\n"
    )
    return path


def test_evaluate_prints_a_table_with_its_rules(cli, compass, pairs, questions):
    code, out, err = cli("evaluate", compass, pairs, questions)
    assert (code, err) == (0, "")
    assert "pairs            5   covered 4 (80.0%)" in out
    assert "Spearman    0.8000" in out
    assert "(unknown words: pair left out; case ignored; all rows)" in out
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line.strip()}
    assert rows["turns"] == ["2", "2", "1", "50.00%"]
    assert rows["gram1-lost"] == ["1", "0", "0", "-"]
    assert rows["total"] == ["3", "2", "1", "50.00%"]
    assert "(unknown words: question left out; method add; case ignored; first 300,000 rows)" in out


def test_evaluate_rules(cli, compass, pairs, questions):
    code, out, _ = cli(
        "evaluate",
        compass,
        questions,
        pairs,
        "--json",
        "--oov",
        "zero",
        "--case-sensitive",
        "--restrict-vocab",
        "4",
        "--method",
        "mul",
    )
    assert code == 0
    answers, similar = json.loads(out)
    rules = answers["restrict_vocab"], answers["method"], answers["oov"]
    assert (answers["kind"], *rules) == ("analogies", 4, "mul", "zero")
    assert answers["total"] == {
        "name": "total",
        "questions": 3,
        "covered": 1,
        "counted": 3,
        "correct": 1,
        "accuracy": pytest.approx(1 / 3),
    }
    assert (similar["kind"], similar["case_insensitive"], similar["covered"]) == ("pairs", False, 2)
    assert similar["coverage"] == 0.4


def test_evaluate_json_has_no_nan(cli, compass, tmp_path):
    (tmp_path / "one").write_text("north east 3\n")
    report = json.loads(
        cli("evaluate", compass, tmp_path / "one", "--json")[1],
        parse_constant=lambda name: pytest.fail(name),
    )
    assert report[0]["spearman"] is None


def test_evaluate_names_the_bad_line(cli, compass, tmp_path):
    (tmp_path / "bad").write_text("a b 3\nc d\n")
    code, _, err = cli("evaluate", compass, tmp_path / "bad")
    assert code == 1
    assert f"{tmp_path / 'bad'}, line 2" in err


# -- files -----------------------------------------------------------------------------------------


def test_convert_there_and_back(cli, vectors, tmp_path):
    code, out, err = cli("convert", vectors, tmp_path / "v.txt")
    assert (code, out) == (0, "")
    assert (
        err == f"w2v-fast: wrote {tmp_path / 'v.txt'}: 13 vectors of 16 dimensions, word2vec_text\n"
    )
    assert cli("convert", tmp_path / "v.txt", tmp_path / "native", "--quiet") == (0, "", "")
    assert cli("convert", tmp_path / "native", tmp_path / "v.bin", "--quiet") == (0, "", "")
    assert (tmp_path / "v.bin").read_bytes() == vectors.read_bytes()


def test_convert_options(cli, compass, tmp_path):
    out = tmp_path / "v.txt"
    assert (
        cli("convert", compass, out, "--limit", "2", "--from", "word2vec_text", "--quiet")[0] == 0
    )
    assert KeyedVectors.load(out).index_to_key == ["east", "north"]
    (tmp_path / "odd.txt").write_text("4 2\na 1 2\na 3 4\nb c 5 nan\nd 1")
    assert cli("convert", tmp_path / "odd.txt", out)[0] == 1
    code, _, err = cli(
        "convert",
        tmp_path / "odd.txt",
        tmp_path / "w.bin",
        "--on-duplicate",
        "last",
        "--on-truncated",
        "keep",
        "--allow-nonfinite",
        "--escape",
        "_",
        "--quiet",
    )
    assert code == 0
    assert all(line.startswith("w2v-fast: warning: ") for line in err.splitlines())
    converted = KeyedVectors.load(tmp_path / "w.bin", allow_nonfinite=True)
    assert converted.index_to_key == ["a", "b_c"]
    assert converted.vectors[0].tolist() == [3, 4]
    code, _, err = cli("convert", compass, tmp_path / "model", "--escape", "_")
    assert code == 2
    assert "format 'safetensors' has no option 'escape'" in err


def test_convert_to_standard_output(cli, compass):
    code, out, err = cli("convert", compass, "-", "--format", "glove", "--limit", "1", "--quiet")
    assert (code, out.split()[0], [float(number) for number in out.split()[1:]], err) == (
        0,
        "east",
        [1, 0],
        "",
    )


def test_inspect(cli, vectors):
    code, out, err = cli("inspect", vectors, "--json")
    assert (code, err) == (0, "")
    facts = json.loads(out)
    assert (facts["format"], facts["dtype"]) == ("word2vec_binary", "float32")
    assert (facts["words"], facts["vector_size"]) == (13, 16)
    norms = np.linalg.norm(KeyedVectors.load(vectors).vectors, axis=1)
    assert facts["norms"] == pytest.approx(
        {"min": norms.min(), "mean": norms.mean(), "max": norms.max()}, rel=1e-5
    )
    assert (facts["zero_vectors"], facts["nonfinite_vectors"], facts["repeated_words"]) == (0, 0, 0)
    assert facts["problems"] == []
    assert facts["first_words"][0] == "the"


def test_inspect_finds_what_is_wrong(cli, tmp_path):
    path = tmp_path / "bad.txt"
    path.write_text("5 2\na 1 2\na 3 4\na 3 4\nb nan 1\nc 0 0\n")
    facts = json.loads(cli("inspect", path, "--json")[1])
    assert (
        facts["words"],
        facts["repeated_words"],
        facts["nonfinite_vectors"],
        facts["zero_vectors"],
    ) == (3, 2, 1, 1)
    assert facts["norms"]["max"] == pytest.approx(5**0.5)
    path.write_text("9 2\na 1 2\nb 3 4\n")
    code, out, _ = cli("inspect", path)
    assert code == 0
    assert "the header says 9 rows, the file has 2" in out
    assert "zero vectors       0" in out


def test_inspect_says_what_a_stranger_is(cli, tmp_path):
    (tmp_path / "model").write_bytes(b"\x80\x04\x95rest of a pickle")
    code, out, err = cli("inspect", tmp_path / "model")
    assert (code, out) == (1, "")
    assert "this is a Python pickle" in err


# -- classes and plots -----------------------------------------------------------------------------


def test_classes(cli, vectors, tmp_path):
    pytest.importorskip("sklearn")
    code, out, _ = cli("classes", vectors, "--classes", "3")
    assert code == 0
    labels = dict(line.split() for line in out.splitlines())
    assert list(labels) == KeyedVectors.load(vectors).index_to_key
    assert len({labels[word] for word in ANIMALS}) == len({labels[word] for word in METALS}) == 1
    assert set(labels.values()) == {"0", "1", "2"}
    assert cli("classes", vectors, "--classes", "3", "-o", tmp_path / "out")[0] == 0
    assert (tmp_path / "out").read_text() == out
    code, _, err = cli("classes", vectors, "--classes", "14")
    assert code == 1
    assert "14 classes are too many for 13 words" in err


@pytest.mark.slow
@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_plot(cli, vectors, tmp_path, method):
    pytest.importorskip("matplotlib")
    pytest.importorskip("sklearn")
    from threadpoolctl import threadpool_limits

    for name, start in [
        ("map.png", b"\x89PNG"),
        ("map.svg", b"<?xml"),
        ("map.html", b"<!doctype html>"),
    ]:
        with threadpool_limits(1):  # threads that wait for each other are slow on a busy machine
            assert cli(
                "plot", vectors, "-o", tmp_path / name, "--method", method, "--top", "8"
            ) == (0, "", "")
        assert (tmp_path / name).read_bytes().startswith(start)
    words = KeyedVectors.load(vectors).index_to_key
    page = (tmp_path / "map.html").read_text()
    assert [word for word in words if f">{word}<" in page] == words[:8]


def test_plot_of_chosen_words(cli, vectors, tmp_path):
    pytest.importorskip("matplotlib")
    pytest.importorskip("sklearn")
    out = tmp_path / "map.svg"
    assert cli("plot", vectors, "-o", out, "cat", "--seed", "3", "iron", "dog")[0] == 0
    assert ">iron<" in out.read_text()
    assert ">tin<" not in out.read_text()
    assert cli("plot", vectors, "-o", out, "cat", "dog")[0] == 1


@pytest.mark.parametrize(
    ("argv", "module", "advice"),
    [
        (["classes", "v"], "sklearn", "pip install 'w2v_fast[cluster]'"),
        (["plot", "v", "-o", "{tmp}/m.png"], "matplotlib", "pip install 'w2v_fast[plot]'"),
        (["plot", "v", "-o", "{tmp}/m.png", "--method", "umap"], "umap", "pip install umap-learn"),
        (
            ["word2vec", "-train", "t", "-output", "{tmp}/o", "-classes", "2"],
            "sklearn",
            "pip install 'w2v_fast[cluster]'",
        ),
    ],
)
def test_missing_extras_are_named_before_work(cli, tmp_path, monkeypatch, argv, module, advice):
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == module else object()
    )
    code, _, err = cli(*(word.format(tmp=tmp_path) for word in argv), main=main)
    assert code == 1
    assert advice in err
