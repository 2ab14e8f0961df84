"""Help, exit codes, one-line errors, and what the start of the program loads."""

import dataclasses
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import w2v_fast
from tests.cli.conftest import COMMAND, ROOT, process
from w2v_fast.cli import options
from w2v_fast.cli.main import COMMANDS, build_parser, execute
from w2v_fast.cli.parser import Parser
from w2v_fast.cli.signals import Stopped
from w2v_fast.config import TrainConfig


def test_version(cli):
    assert cli("--version") == (0, f"w2v-fast {w2v_fast.__version__}\n", "")


def test_help_names_every_command(cli):
    code, out, err = cli("--help")
    assert code == 0
    assert err == ""
    assert re.findall(r"^    (\S+)", out, re.M) == list(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(cli, command):
    code, out, _ = cli(command, "--help")
    assert code == 0
    assert out.startswith(f"usage: w2v-fast {command}")


def test_help_of_train_shows_defaults_and_units(cli):
    _, out, _ = cli("train", "--help")
    flat = " ".join(out.split())
    for field in dataclasses.fields(TrainConfig):
        assert options.flag_of(field.name) in out
        if field.default is not None and not isinstance(field.default, bool):
            assert f"default: {field.default}" in flat
    assert "4 bytes a word, as 512M or 8G" in flat
    assert "dimensions of a vector (default: 100, 1 to 65536)" in flat
    assert "learning rate at the start (default: 0.025, above 0)" in flat
    assert "pairs --no" not in flat


@pytest.mark.parametrize("command", COMMANDS)
def test_the_summary_of_a_command_is_the_first_line_of_its_own_help(cli, command):
    _, out, _ = cli(command, "--help")
    assert f"\n\n{COMMANDS[command]}\n" in out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "required: COMMAND"),
        (["trian"], "unknown command 'trian'; did you mean train? (see w2v-fast --help)"),
        (
            ["train", "x", "--vectorsize", "9"],
            "unknown option --vectorsize; did you mean --vector-size?",
        ),
        (["train", "x", "--size", "9"], "unknown option --size; did you mean --vector-size?"),
        (["train", "--windw=9"], "unknown option --windw; did you mean --window?"),
        (["train", "x", "-o", "y", "--vector"], "unknown option --vector"),
        (["--verzion"], "unknown option --verzion; did you mean --version?"),
        (["train", "x"], "required: -o/--output"),
        (["train", "x", "-o", "y.bin", "--window", "five"], "--window: invalid int value: 'five'"),
        (["train", "x", "-o", "y.bin", "--window", "0"], "window = 0 must lie in [1, 10000]"),
        (["train", "x", "-o", "y.bin", "--alpha", "-1"], "alpha = -1.0"),
        (["train", "x", "-o", "y.bin", "--architecture", "sg"], "'skipgram', 'cbow'"),
        (["train", "x", "-o", "y.foo"], "the name y.foo does not tell a format"),
        (["train", "x", "-o", "-"], "the name - does not tell a format"),
        (["train", "x", "-o", "y", "--format", "word2vec_bin"], "did you mean word2vec_binary?"),
        (["train", "x", "-o", "y.bin", "--memory-budget", "much"], "'much' is no number of bytes"),
        (["train", "x", "-o", "y.bin", "--resume"], "--checkpoint DIR"),
        (["train", "x", "-o", "y.bin", "--grow"], "--grow needs --init FILE"),
        (["similar", "x", "--topn", "0"], "--topn"),
        (["analogy", "x", "a", "b"], "needs three words"),
        (["odd-one-out", "x", "a", "b", "a"], "three different words"),
        (["plot", "x", "-o", "y.jpg"], ".png, .svg, .html"),
        (["phrases", "-train", "x", "-output", "y", "-threshold", "-2"], "must be above 0"),
        (
            ["phrases", "-train", "x", "-output", "y", "-scoring", "npmi", "-threshold", "2"],
            "[-1, 1]",
        ),
        (["inspect", "-"], "standard input cannot be inspected"),
    ],
)
def test_wrong_usage(cli, argv, message):
    code, out, err = cli(*argv)
    assert code == 2
    assert out == ""
    assert err.startswith("w2v-fast: error: ")
    assert err.count("\n") == 1
    assert message in err


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["train", "/nowhere/text", "-o", "{tmp}/y.bin"], "no such file or folder: /nowhere/text"),
        (["train", "x", "-o", "{tmp}/nowhere/y.bin"], "there is no folder"),
        (
            ["train", "x", "-o", "{tmp}/y.bin", "--save-vocab", "{tmp}/nowhere/y"],
            "there is no folder",
        ),
        (["encode", "x", "-o", "{tmp}"], "is a folder"),
        (["similar", "/nowhere/v.bin", "a"], "/nowhere/v.bin: No such file or directory"),
        (["inspect", "{tmp}"], "this folder holds no model"),
    ],
)
def test_failures(cli, tmp_path, argv, message):
    code, out, err = cli(*(word.format(tmp=tmp_path) for word in argv))
    assert code == 1
    assert out == ""
    assert err.startswith("w2v-fast: error: ")
    assert err.count("\n") == 1
    assert message in err
    assert "Errno" not in err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ValueError("two\nlines"), 1, "error: two lines"),
        (KeyError("no 'x'"), 1, "error: no 'x'"),
        (
            OSError(28, "No space left on device", "/v.bin"),
            1,
            "error: /v.bin: No space left on device",
        ),
        (MemoryError("3 GiB"), 1, "error: not enough memory: 3 GiB"),
        (
            ZeroDivisionError("oops"),
            1,
            "error: ZeroDivisionError: oops (run again with --traceback and report it)",
        ),
        (KeyboardInterrupt(), 130, "interrupted"),
        (Stopped(15), 143, "terminated"),
    ],
)
def test_exit_codes(cli, error, code, message):
    def fail(arguments):
        raise error

    parser = Parser()
    parser.add_argument("--traceback", action="store_true")
    parser.set_defaults(run=fail)
    assert cli(main=lambda argv: execute(parser, argv)) == (code, "", f"w2v-fast: {message}\n")
    if code == 1:
        _, _, err = cli("--traceback", main=lambda argv: execute(parser, argv))
        assert err.startswith("Traceback")
        assert err.endswith(f"w2v-fast: {message}\n")


def test_options_may_stand_between_positional_arguments():
    arguments = build_parser().parse_args(["train", "a", "-o", "v.bin", "b", "--window", "3", "c"])
    assert arguments.corpus == ["a", "b", "c"]
    assert arguments.window == 3
    assert build_parser().parse_args(["similar", "v.bin", "--topn", "3", "--", "-x"]).words == [
        "-x"
    ]


def test_hyper_parameters_reach_the_config():
    line = """train a -o v.bin --vector-size 7 --window 2 --no-shrink-windows --min-count 3
        --max-vocab 9 --sample 0.5 --architecture cbow --objective hs --negative 4 --noise-draws 2
        --ns-exponent 0.5 --no-share-noise
        --corrected-cbow --cbow-sum --epochs 6
        --alpha 0.5 --min-alpha 0.25 --seed 8 --workers 2 --isa base"""
    arguments = build_parser().parse_args(line.split())
    assert options.config_from(arguments) == TrainConfig(
        vector_size=7,
        window=2,
        shrink_windows=False,
        min_count=3,
        max_vocab=9,
        sample=0.5,
        architecture="cbow",
        objective="hs",
        negative=4,
        noise_draws=2,
        ns_exponent=0.5,
        share_noise=False,
        corrected_cbow=True,
        cbow_sum=True,
        epochs=6,
        alpha=0.5,
        min_alpha=0.25,
        seed=8,
        workers=2,
        isa="base",
    )
    assert (
        options.config_from(build_parser().parse_args(["train", "a", "-o", "b"])) == TrainConfig()
    )


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("1000", 1000), ("64k", 2**16), ("1.5G", 3 * 2**29), ("2GiB", 2**31), ("1T", 2**40)],
)
def test_byte_counts(text, size):
    assert options.byte_count(text) == size


def imported_by(code):
    """The modules that the code imports in a new interpreter, without those of its startup."""
    script = f"import sys; before = set(sys.modules); {code}; print(*set(sys.modules) - before)"
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return set(run.stdout.splitlines()[-1].split())


def test_importing_the_package_imports_no_module_of_it():
    found = imported_by("import w2v_fast")
    assert {name for name in found if name.startswith("w2v_fast")} == {"w2v_fast"}
    assert "numpy" not in imported_by("import w2v_fast; dir(w2v_fast); w2v_fast.__version__")


@pytest.mark.parametrize("argv", [["--help"], ["--version"], ["trian"], []])
def test_help_needs_no_numpy_and_no_extension(argv):
    found = imported_by(f"from w2v_fast.cli.main import main; main({argv})")
    assert {name for name in found if name.startswith("w2v_fast")} <= {
        "w2v_fast",
        "w2v_fast.cli",
        "w2v_fast.cli.main",
        "w2v_fast.cli.messages",
        "w2v_fast.cli.parser",
        "w2v_fast.cli.signals",
        "w2v_fast.system",
        "w2v_fast.system.streams",
        "w2v_fast.system.version",
    }
    assert not found & {"numpy", "tqdm"}


def test_every_public_name_is_found():
    names = {name: getattr(w2v_fast, name) for name in w2v_fast.__all__}
    assert set(dir(w2v_fast)) >= {*names, "__version__"}
    assert all(getattr(value, "__name__", "") == name for name, value in names.items())
    with pytest.raises(AttributeError, match="module 'w2v_fast' has no attribute 'Word2vec'"):
        w2v_fast.Word2vec  # noqa: B018
    source = Path(w2v_fast.__file__).read_text()
    assert set(re.findall(r"    from \S+ import \w+ as (\w+)", source)) == {*names, "__version__"}


@pytest.mark.slow
def test_closed_pipe_is_silent(corpus):
    with process("vocab", corpus, "--quiet", stdout=subprocess.PIPE) as command:
        command.stdout.close()
        assert command.stderr.read() == b""
    assert command.returncode == 1


def test_completion(tmp_path):
    pytest.importorskip("argcomplete")
    line = "w2v-fast train --vec"
    found = tmp_path / "completions"
    environment = {
        **os.environ,
        "_ARGCOMPLETE": "1",
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
        "_ARGCOMPLETE_STDOUT_FILENAME": str(found),
    }
    subprocess.run(COMMAND, cwd=ROOT, env=environment, check=True)
    assert found.read_text().strip() == "--vector-size"


@pytest.mark.parametrize("signal", [KeyboardInterrupt(), Stopped(15)])
def test_a_signal_while_the_command_line_is_parsed_is_not_hidden(monkeypatch, signal):
    """argparse restores each action's save_nargs, which it has not set yet at an early signal."""
    parser = Parser()
    parser.add_argument("file")

    def interrupted(*_):
        raise signal

    monkeypatch.setattr(parser, "format_usage", interrupted)
    with pytest.raises(type(signal)):  # noqa: PT012
        parser.parse_args(["x"])
        pytest.skip("this argparse writes no usage before it parses, and hides no signal")
