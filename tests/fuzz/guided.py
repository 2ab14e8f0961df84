"""One target under atheris, which lets coverage guide it, from valid files.

python -m tests.fuzz.guided TARGET [libFuzzer flags]        (needs atheris)
"""

import sys
import tempfile
from functools import partial
from pathlib import Path

from tests.fuzz.run import all_targets


def main() -> None:
    import atheris

    with tempfile.TemporaryDirectory() as name:
        folder, seeds = Path(name), Path(name, "seeds")
        todo = all_targets(folder)
        if len(sys.argv) < 2 or sys.argv[1] not in todo:
            raise SystemExit(f"expected a target: {', '.join(todo)}")
        target, files = todo[sys.argv.pop(1)]
        seeds.mkdir()
        for number, data in enumerate(files):
            (seeds / str(number)).write_bytes(data)
        atheris.instrument_all()
        atheris.Setup([*sys.argv, str(seeds)], partial(target, folder))
        atheris.Fuzz()


if __name__ == "__main__":
    main()
