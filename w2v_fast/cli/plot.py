"""Draw a map of words in two dimensions, on which similar words are neighbors.

Needs matplotlib and scikit-learn (extra: plot); --method umap needs umap-learn too.

Examples:
  w2v-fast plot vectors.bin -o map.png --top 300 --method tsne
  w2v-fast plot vectors.bin -o cities.svg paris rome berlin france italy germany
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import os
from typing import Any

from numpy.typing import NDArray

from w2v_fast.cli import options
from w2v_fast.cli.parser import UsageError
from w2v_fast.cli.paths import Output, check_paths
from w2v_fast.system.files import atomic_write
from w2v_fast.vectors.keyed_vectors import KeyedVectors

PACKAGES = {"matplotlib": "matplotlib", "sklearn": "scikit-learn", "umap": "umap-learn"}
METHODS = {"pca": "sklearn", "tsne": "sklearn", "umap": "umap"}
"""The module that each method needs."""
SUFFIXES = (".png", ".svg", ".html")
PERPLEXITY = 30
INCHES, DOTS_PER_INCH = 12, 150
HTML = '<!doctype html>\n<meta charset="utf-8">\n<title>{title}</title>\n{svg}'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.add_vectors_argument(parser)
    parser.add_argument(
        "words", metavar="WORD", nargs="*", help="words to draw (default: the --top most frequent)"
    )
    parser.add_argument(
        "-o", "--output", metavar="OUT", required=True, help="file to write: .png, .svg or .html"
    )
    parser.add_argument(
        "--top",
        type=options.positive,
        metavar="N",
        default=200,
        help="number of words to draw if none are given, the most frequent (default: 200)",
    )
    parser.add_argument(
        "--method",
        choices=METHODS,
        default="pca",
        help="principal components, t-SNE or UMAP (default: pca)",
    )
    options.add_seed_argument(parser)


def run(arguments: argparse.Namespace) -> None:
    suffix = os.path.splitext(arguments.output)[1].lower()
    if suffix not in SUFFIXES:
        raise UsageError(f"{arguments.output}: the name must end with {', '.join(SUFFIXES)}")
    _require("matplotlib", METHODS[arguments.method])
    check_paths({"FILE": arguments.vectors}, Output("-o", arguments.output))
    kv = KeyedVectors.load(arguments.vectors)
    words = list(dict.fromkeys(arguments.words)) or kv.index_to_key[: arguments.top]
    if len(words) < 3:
        raise ValueError(f"a map needs three words or more; got {len(words)}")
    matrix = kv[words].astype("float32")
    lengths = (matrix * matrix).sum(axis=1, keepdims=True) ** 0.5
    points = project(matrix / lengths.clip(1e-30), arguments.method, arguments.seed)
    picture = draw(words, points, "png" if suffix == ".png" else "svg")
    if suffix == ".html":
        svg = picture.decode()
        picture = HTML.format(
            title=os.path.basename(arguments.vectors), svg=svg[svg.index("<svg") :]
        ).encode()
    with atomic_write(arguments.output) as file:
        file.write(picture)


def _require(*modules: str) -> None:
    for module in modules:
        if importlib.util.find_spec(module) is None:
            extra = "umap-learn" if module == "umap" else "'w2v_fast[plot]'"
            raise ImportError(f"this plot needs {PACKAGES[module]}; pip install {extra}")


def project(directions: NDArray[Any], method: str, seed: int) -> NDArray[Any]:
    """Map n unit vectors to the plane: [n, 2]."""
    if method == "pca":
        from sklearn.decomposition import PCA

        reducer: Any = PCA(2, random_state=seed)
    elif method == "tsne":
        from sklearn.manifold import TSNE

        reducer = TSNE(2, perplexity=min(PERPLEXITY, (len(directions) - 1) / 3), random_state=seed)
    else:
        from umap import UMAP

        reducer = UMAP(
            n_neighbors=min(15, len(directions) - 1), metric="cosine", random_state=seed, n_jobs=1
        )
    points: NDArray[Any] = reducer.fit_transform(directions)
    return points


def draw(words: list[str], points: NDArray[Any], format: str) -> bytes:
    """A picture of the words at their points."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "w2v_fast"}):
        figure = Figure((INCHES, INCHES), layout="constrained")
        axes = figure.add_subplot()
        axes.axis("off")
        axes.scatter(points[:, 0], points[:, 1], s=6)
        for word, (x, y) in zip(words, points.tolist(), strict=True):
            axes.annotate(
                word.encode(errors="replace").decode(),
                (x, y),
                xytext=(3, 3),
                textcoords="offset points",
                fontsize=8,
                parse_math=False,
            )
        buffer = io.BytesIO()
        undated = {"Date": None, "Creator": None} if format == "svg" else None
        figure.savefig(buffer, format=format, dpi=DOTS_PER_INCH, metadata=undated)
    return buffer.getvalue()
