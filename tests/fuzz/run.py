"""Run every fuzz target on new damaged files, as `make fuzz` does under the sanitizers.

    python -m tests.fuzz.run [SECONDS [SEED]]        default: 60 seconds, another seed each time

A finding ends the run with an error and leaves the file that caused it in `build/fuzz/`.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.fuzz import corpus_targets, mutations, targets
from tests.fuzz.test_readers import SEEDS

FINDINGS = Path("build/fuzz")
BATCH = 20

Target = Callable[[Path, bytes], None]


def all_targets(folder: Path) -> dict[str, tuple[Target, list[bytes]]]:
    """Every target and its initial valid files; `folder` is prepared for them."""
    targets.prepare(folder)
    parts = {
        f"{format}/{name}": [(folder / format / name).read_bytes()]
        for format, name in targets.PARTS
    }
    return {
        name: (target, {**SEEDS, **parts}[name]) for name, target in targets.TARGETS.items()
    } | {
        name: (corpus_targets.TARGETS[name], seeds)
        for name, seeds in corpus_targets.seeds().items()
    }


def main() -> int:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2**32)
    print(f"fuzzing for {seconds:g} seconds with seed {seed}", flush=True)
    FINDINGS.mkdir(parents=True, exist_ok=True)
    until, files = time.monotonic() + seconds, 0
    current = FINDINGS / f"file-{seed}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        todo = all_targets(folder)
        for number in itertools.count(seed):
            for target_name, (target, seeds) in todo.items():
                for data in mutations.flips(seeds[number % len(seeds)], BATCH, number):
                    current.write_bytes(data)  # stays if a sanitizer ends the process
                    try:
                        target(folder, data)
                    except BaseException:
                        print(f"target {target_name} fails on {current}", flush=True)
                        raise
                    files += 1
                if time.monotonic() > until:
                    with contextlib.suppress(OSError):
                        current.unlink()
                    print(f"{files:,} files in {len(todo)} targets: no finding")
                    return 0
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
