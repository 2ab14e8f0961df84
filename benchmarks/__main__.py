"""Every benchmark of training, one after the other: `python -m benchmarks CORPUS [--eval FOLDER] [--full] [--store]`

The quick set takes less than ten minutes on two cores, the full one an hour or two. Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

from benchmarks.common import log

FEW = "--words 3000000 --repeats 3"
QUICK = (
    f"throughput {FEW}",
    f"compare {FEW}",
    f"roofline {FEW}",
    "kernels.history --repeats 3",
    "quality --words 3000000 --seeds 2",
)
BEST = "--axis isa=None --repeats 3"
FULL = (
    "throughput",
    f"throughput --name variants {BEST} --axis architecture=skipgram,cbow --axis objective=ns,nce,hs",
    f"throughput --name noise {BEST} --axis share_noise=True,False --axis negative=5,10,15",
    f"throughput --name dimensions {BEST} --axis vector_size=50,100,200,300",
    f"throughput --name vocabulary {BEST} --axis max_vocab=1000,5000,20000,50000 --no-gensim",
    "compare",
    "compare --name compare_cbow --option architecture=cbow --repeats 3",
    "roofline",
    "kernels.history",
    "quality --variants share_noise=False objective=nce objective=hs architecture=cbow,alpha=0.05 "
    "architecture=cbow,alpha=0.05,objective=hs architecture=cbow,corrected_cbow=True,alpha=0.05",
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", help="a text file, perhaps compressed; one sentence or paragraph a line")
    parser.add_argument("--eval", metavar="FOLDER", help="evaluation sets; without them quality is left out")
    parser.add_argument("--full", action="store_true", help="the full set")
    parser.add_argument("--store", action="store_true", help="write the results to benchmarks/results/")
    arguments = parser.parse_args()
    failed = []
    for line in FULL if arguments.full else QUICK:
        name, *options = line.split()
        if name == "quality":
            if arguments.eval is None:
                log("quality is left out: no --eval FOLDER")
                continue
            options += ["--eval", arguments.eval]
        log(f"\n== {line}")
        command = [sys.executable, "-m", f"benchmarks.{name}", arguments.corpus, *options]
        if subprocess.run(command + ["--store"] * arguments.store).returncode:
            failed.append(line)
    for line in failed:
        log(f"FAILED: {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
