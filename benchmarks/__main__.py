"""Every benchmark, one after the other: `python -m benchmarks CORPUS [--eval FOLDER] [--full] [--store]`

The quick set takes less than ten minutes on two cores, the full one about two hours. Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
import time

from benchmarks.common import log

FEW = "--words 3000000 --repeats 3"
QUICK = (
    f"throughput CORPUS {FEW} --no-gensim",
    f"compare CORPUS {FEW}",
    f"roofline CORPUS {FEW}",
    f"scaling CORPUS {FEW}",
    "command CORPUS --repeats 3",
    "kernels.history CORPUS --repeats 3",
    "quality CORPUS --eval EVAL --words 3000000 --seeds 2",
)
BEST = "--axis isa=None --repeats 3 --no-gensim"
GENSIM = "--peer gensim --peer 'gensim corpus_file' --peer word2vec.c"
CBOW = "architecture=cbow,alpha=0.05"
FULL = (
    "throughput CORPUS --no-gensim",
    "throughput CORPUS --name workers --axis isa=None --repeats 15 --no-gensim",
    f"throughput CORPUS --name variants {BEST} --axis architecture=skipgram,cbow --axis objective=ns,nce,hs",
    f"throughput CORPUS --name noise {BEST} --axis share_noise=True,False --axis negative=5,10,15",
    f"throughput CORPUS --name noise_draws {BEST} --axis workers=2 --axis noise_draws=1,2,3,5,7,10",
    f"throughput CORPUS --name dimensions {BEST} --axis vector_size=50,100,200,300",
    "compare CORPUS",
    f"compare CORPUS --name compare_cbow --option architecture=cbow {GENSIM}",
    f"compare CORPUS --name compare_hs --option objective=hs {GENSIM}",
    "roofline CORPUS",
    "scaling CORPUS",
    "vocabulary CORPUS",
    "command CORPUS",
    "ingest CORPUS",
    "parts CORPUS",
    "kernels.history CORPUS",
    "softmax CORPUS",
    "quality CORPUS --eval EVAL",
    f"quality CORPUS --eval EVAL --name quality_variants --no-gensim --variants share_noise=False {CBOW} "
    f"{CBOW},share_noise=False objective=hs",
    "quality CORPUS --eval EVAL --name quality_draws --no-gensim --variants noise_draws=1 noise_draws=2 "
    "noise_draws=3 noise_draws=7 noise_draws=10",
    "objectives CORPUS --eval EVAL",
    "io",
    "query",
    "phrases CORPUS",
)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "corpus", help="a text file, perhaps compressed; one sentence or paragraph a line"
    )
    parser.add_argument(
        "--eval", metavar="FOLDER", help="evaluation sets; without them quality is left out"
    )
    parser.add_argument("--full", action="store_true", help="the full set")
    parser.add_argument(
        "--store", action="store_true", help="write the results to benchmarks/results/"
    )
    arguments = parser.parse_args()
    start, failed = time.perf_counter(), []
    for line in FULL if arguments.full else QUICK:
        name, *options = shlex.split(line)
        if "EVAL" in options and arguments.eval is None:
            log(f"\n== {line}\nleft out: no --eval FOLDER")
            continue
        given = {"CORPUS": arguments.corpus, "EVAL": arguments.eval}
        command = [
            sys.executable,
            "-m",
            f"benchmarks.{name}",
            *(given.get(option, option) for option in options),
        ]
        log(f"\n== {line} ({(time.perf_counter() - start) / 60:.0f} minutes so far)")
        if subprocess.run(command + ["--store"] * arguments.store).returncode:
            failed.append(line)
    for line in failed:
        log(f"FAILED: {line}")
    log(f"all took {(time.perf_counter() - start) / 60:.0f} minutes")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
