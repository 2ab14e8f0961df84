"""What SECURITY.md promises: nothing is unpickled or run, and private files stay private."""

import ast
from pathlib import Path

from w2v_fast.system import files

ROOT = Path(__file__).parent.parent


def test_the_code_loads_no_pickle_and_runs_no_text():
    """No module that unpickles, no eval or exec, no shell, no pickles in numpy files."""
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
