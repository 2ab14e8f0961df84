"""phrases: word2phrase's flags, scorings and passes."""

import random

import pytest


@pytest.fixture
def text(tmp_path):
    """'new york city' among words that go with anything."""
    pick = random.Random(3)
    fillers = [f"w{number}" for number in range(40)]
    lines = []
    for _ in range(400):
        words = pick.choices(fillers, k=6)
        words[3:3] = ["new", "york", "city"]
        lines.append(" ".join(words))
    path = tmp_path / "text"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(
    "flags",
    [
        ["-threshold", "5"],
        ["--threshold", "5", "--min-count", "5"],
        ["-scoring", "npmi"],
        ["-scoring", "default", "-threshold", "1.5"],
    ],
)
def test_one_pass(cli, text, tmp_path, flags):
    out = tmp_path / "out"
    code, printed, err = cli("phrases", "-train", text, "-output", out, "-debug", "1", *flags)
    assert (code, printed) == (0, "")
    assert err.splitlines()[-1] == f"w2v-fast: wrote {out}"
    joined = out.read_text()
    assert joined.count("new_york city") + joined.count("new york_city") == 400
    assert len(joined.splitlines()) == 400


def test_default_threshold_is_that_of_word2phrase(cli, text, tmp_path):
    """Here no pair scores 100, as (400 - 5) / 400 / 400 * 3600 = 8.9."""
    assert cli("phrases", "-train", text, "-output", tmp_path / "out", "-debug", "0") == (0, "", "")
    assert (tmp_path / "out").read_text() == text.read_text()
    assert (
        cli(
            "phrases",
            "-train",
            text,
            "-output",
            tmp_path / "out",
            "-debug",
            "0",
            "-threshold",
            "8.8",
        )[0]
        == 0
    )
    assert "_" in (tmp_path / "out").read_text()
    assert (
        cli(
            "phrases",
            "-train",
            text,
            "-output",
            tmp_path / "out",
            "-debug",
            "0",
            "-threshold",
            "8.9",
        )[0]
        == 0
    )
    assert "_" not in (tmp_path / "out").read_text()


def test_two_passes_and_standard_output(cli, text):
    code, out, err = cli(
        "phrases", "-train", text, "-output", "-", "-threshold", "5", "-passes", "2"
    )
    assert code == 0
    assert out.count("new_york_city") == 400
    assert "pass 2: " in err


def test_unknown_flag_and_unwritable_output(cli, text, tmp_path):
    code, _, err = cli("phrases", "-train", text, "-output", tmp_path / "out", "-treshold", "5")
    assert code == 2
    assert "did you mean -threshold?" in err
    code, _, err = cli("phrases", "-train", text, "-output", tmp_path / "no" / "out")
    assert code == 1
    assert "there is no folder" in err
