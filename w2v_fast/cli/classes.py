"""Sort the words into classes by k-means on their directions: one 'word class' line a word.

Needs scikit-learn (extra: cluster).

Example:
  w2v-fast classes vectors.bin --classes 500 | sort -k 2 -n
"""

from __future__ import annotations

import argparse
import importlib.util
from typing import TYPE_CHECKING

from w2v_fast.cli import options
from w2v_fast.cli.paths import Output, check_paths
from w2v_fast.system.files import atomic_write

if TYPE_CHECKING:
    from w2v_fast.vectors.keyed_vectors import KeyedVectors

MOST_ITERATIONS = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.add_vectors_argument(parser)
    parser.add_argument(
        "--classes",
        type=options.positive,
        metavar="K",
        default=100,
        help="number of classes (default: 100)",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        default="-",
        help="file for the lines (default: standard output)",
    )
    options.add_seed_argument(parser)


def run(arguments: argparse.Namespace) -> None:
    require_sklearn()
    check_paths({"FILE": arguments.vectors}, Output("-o", arguments.output))
    vectors = options.load_vectors(arguments.vectors)
    check_count(arguments.classes, len(vectors))
    write_classes(vectors, arguments.output, arguments.classes, arguments.seed)


def require_sklearn() -> None:
    """ImportError now instead of after the work."""
    if importlib.util.find_spec("sklearn") is None:
        raise ImportError("classes need scikit-learn; pip install 'w2v_fast[cluster]'")


def check_count(classes: int, words: int) -> None:
    """ValueError for more classes than words."""
    if classes > words:
        raise ValueError(f"{classes} classes are too many for {words} words")


def write_classes(vectors: KeyedVectors, path: str, classes: int, seed: int) -> None:
    """Write `word class` lines in the order of the rows, classes from 0.

    Vectors are compared by direction, as word2vec.c does; vectors of zeros count as they are.
    """
    import numpy as np
    from sklearn.cluster import KMeans

    directions = np.nan_to_num(vectors.get_normed_vectors(), copy=False)
    labels = KMeans(classes, n_init=1, max_iter=MOST_ITERATIONS, random_state=seed).fit_predict(
        directions
    )
    with atomic_write(path) as file:
        file.writelines(
            b"%s %d\n" % (word.encode("utf-8", "surrogateescape"), label)
            for word, label in zip(vectors.index_to_key, labels.tolist(), strict=True)
        )
