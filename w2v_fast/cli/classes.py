"""Cluster the words by k-means on their directions.

A line of output is: word, class. Needs scikit-learn (extra: cluster).

Example:
  w2v-fast classes vectors.bin --classes 500 | sort -k 2 -n
"""

from __future__ import annotations

import argparse
import importlib.util

import numpy as np

from w2v_fast.cli import options
from w2v_fast.cli.paths import Output, check_paths
from w2v_fast.system.files import atomic_write
from w2v_fast.vectors.keyed_vectors import KeyedVectors

MAX_ITERATIONS = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.add_vectors_argument(parser)
    parser.add_argument(
        "--classes",
        type=options.positive,
        metavar="K",
        default=100,
        help="number of classes (default: 100)",
    )
    options.add_lines_argument(parser)
    options.add_seed_argument(parser)


def run(arguments: argparse.Namespace) -> None:
    require_sklearn()
    check_paths({"FILE": arguments.vectors}, Output("-o", arguments.output))
    kv = KeyedVectors.load(arguments.vectors)
    check_count(arguments.classes, len(kv))
    write_classes(kv, arguments.output, arguments.classes, arguments.seed)


def require_sklearn() -> None:
    """Raise an ImportError now instead of after the work."""
    if importlib.util.find_spec("sklearn") is None:
        raise ImportError("classes need scikit-learn; pip install 'w2v_fast[cluster]'")


def check_count(classes: int, words: int) -> None:
    """Raise a ValueError if there are more classes than words."""
    if classes > words:
        raise ValueError(f"{classes} classes are too many for {words} words")


def write_classes(kv: KeyedVectors, path: str, classes: int, seed: int) -> None:
    """Write `word class` lines in the order of the rows, classes from 0.

    Vectors are compared by direction, as in word2vec.c; a zero vector stays zero.
    """
    from sklearn.cluster import KMeans

    directions = np.nan_to_num(kv.get_normed_vectors(), copy=False)
    k_means = KMeans(classes, n_init=1, max_iter=MAX_ITERATIONS, random_state=seed)
    labels = k_means.fit_predict(directions)
    with atomic_write(path) as file:
        file.writelines(
            b"%s %d\n" % (word.encode("utf-8", "surrogateescape"), label)
            for word, label in zip(kv.index_to_key, labels.tolist(), strict=True)
        )
