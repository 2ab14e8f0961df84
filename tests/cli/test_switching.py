"""docs/switching.md: its commands are understood, and its tables name options that exist."""

import dataclasses
import re

import pytest

from tests.cli.conftest import ROOT
from w2v_fast import Word2Vec
from w2v_fast.cli.main import build_parser
from w2v_fast.config import TrainConfig

PAGE = (ROOT / "docs" / "switching.md").read_text()
COMMANDS = re.findall(r"^w2v-fast (.+)$", PAGE, re.M)


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_are_understood(line):
    assert build_parser().parse_args(line.split()).run


def test_there_are_commands():
    assert len(COMMANDS) == 2


def test_options_in_the_tables_exist():
    commands = build_parser()._actions[-1].choices
    known = {option for command in commands.values() for option in command._option_string_actions}
    ours = {
        name
        for row in re.findall(r"^\|.*$", PAGE, re.M)
        for name in re.findall(r"`(--[a-z-]+)", row)
    }
    assert ours <= known
    assert {"--vector-size", "--epochs", "--init"} <= ours


def test_names_and_defaults_said_to_be_gensims():
    """The row of names that are the same, and its defaults."""
    names, defaults = re.search(r"^\| (`vector_size`, [^|]+) \| ([^|]+) \|", PAGE, re.M).groups()
    fields = {field.name: field.default for field in dataclasses.fields(TrainConfig)}
    assert [fields[name] for name in re.findall(r"`(\w+)`", names)] == [
        float(text) for text in defaults.split(", ")
    ]


def test_names_said_to_be_gensims_are_there():
    gensim = pytest.importorskip("gensim")
    theirs = gensim.models.Word2Vec([["a", "b"]], min_count=1, vector_size=4).wv
    ours = Word2Vec([["a", "b"]], min_count=1, vector_size=4).wv
    for name in (
        "most_similar",
        "doesnt_match",
        "key_to_index",
        "get_vecattr",
        "evaluate_word_analogies",
        "evaluate_word_pairs",
        "save_word2vec_format",
        "load_word2vec_format",
    ):
        assert hasattr(theirs, name)
        assert hasattr(ours, name)
