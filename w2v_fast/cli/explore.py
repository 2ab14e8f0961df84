"""Show the words in a browser: a map, neighbors, analogies, comparisons.

The page is served on this machine only, until Ctrl-C; its address holds a secret. --export writes
one file instead, which works offline. The page, t-SNE and clusters need the extra explore, UMAP
the extra umap.

Examples:
  w2v-fast explore vectors.bin
  w2v-fast explore then.bin now.bin --corpus now.txt
  w2v-fast explore vectors.bin --export page.html --top 20000
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import warnings
import webbrowser
from collections.abc import Iterator
from typing import TYPE_CHECKING

from w2v_fast.cli import options
from w2v_fast.cli.messages import note
from w2v_fast.cli.parser import UsageError
from w2v_fast.cli.paths import Output, check_paths

if TYPE_CHECKING:
    from w2v_fast.explore.model import Model
    from w2v_fast.training.progress import Display
    from w2v_fast.word2vec import Word2Vec

METHODS = ("pca", "tsne", "umap")
MAX_PORT = 65_535


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.add_vectors_argument(parser)
    parser.add_argument("other", metavar="OTHER", nargs="?", help="vectors to compare FILE with")
    parser.add_argument(
        "--corpus", metavar="TEXT", help="plain text, to show words in their contexts"
    )
    parser.add_argument(
        "--columns",
        metavar="TABLE",
        help="table to color the map by: a header, the word first; .csv with commas, else tabs",
    )
    parser.add_argument(
        "--export", metavar="PAGE", help="write one self-contained HTML file and end"
    )
    parser.add_argument(
        "--top",
        type=options.positive,
        metavar="N",
        default=50_000,
        help="with --export: the first N words (default: 50000, which is also the most)",
    )
    parser.add_argument(
        "--method",
        choices=METHODS,
        default="pca",
        help="with --export: principal axes, t-SNE or UMAP (default: pca)",
    )
    parser.add_argument(
        "--port", type=port, metavar="N", default=0, help="port of 127.0.0.1 (default: a free one)"
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="print the address, and open no browser"
    )


def port(text: str) -> int:
    """A whole number from 0 to 65535."""
    number = int(text)
    if not 0 <= number <= MAX_PORT:
        raise ValueError
    return number


def run(arguments: argparse.Namespace) -> None:
    if arguments.export is not None and (arguments.other or arguments.corpus or arguments.columns):
        raise UsageError("--export takes FILE alone: the page has no second model, text or table")
    inputs = {
        "FILE": arguments.vectors,
        "OTHER": arguments.other,
        "--corpus": arguments.corpus,
        "--columns": arguments.columns,
    }
    outputs = [] if arguments.export is None else [Output("--export", arguments.export)]
    check_paths(inputs, *outputs)
    if arguments.export is not None:
        _export(arguments)
    else:
        _serve(arguments)


def _model(path: str) -> Model:
    from w2v_fast.explore.model import Model
    from w2v_fast.vectors.keyed_vectors import KeyedVectors

    return Model(KeyedVectors.load(path), os.path.basename(path))


def _export(arguments: argparse.Namespace) -> None:
    from w2v_fast.explore import projection
    from w2v_fast.explore.export import export_page

    model = _model(arguments.vectors)
    if arguments.method != "pca":
        job = projection.Projection(model, arguments.vectors, arguments.method)
        if job.places is None:
            job.run(_Stages())
        places = job.places
    else:
        places = projection.pca(model)
    assert places is not None
    written = export_page(arguments.export, model, places, arguments.top)
    note(
        f"wrote {arguments.export}: {written['count']:,} words, {written['dimensions']} dimensions "
        f"({written['variance']:.1%} of the squared lengths)"
    )


class _Stages:
    """A line for each stage of a projection."""

    _stage = ""

    def __call__(self, share: float, stage: str) -> None:
        if stage != self._stage:
            self._stage = stage
            note(f"{stage} ({share:.0%} done)")


def _serve(arguments: argparse.Namespace) -> None:
    from w2v_fast.explore.columns import read_columns
    from w2v_fast.explore.contexts import Contexts
    from w2v_fast.explore.explorer import Explorer
    from w2v_fast.explore.server import Server

    model = _model(arguments.vectors)
    explorer = Explorer(
        model,
        arguments.vectors,
        None if arguments.other is None else _model(arguments.other),
        None if arguments.corpus is None else Contexts(arguments.corpus),
        None if arguments.columns is None else read_columns(arguments.columns, model),
    )
    with Server(explorer, arguments.port) as server:
        note(f"{server.url} (Ctrl-C ends it)")
        if not arguments.no_browser:
            webbrowser.open(server.one_time_url())
        server.serve_forever()


@contextlib.contextmanager
def watched(model: Word2Vec, progress: str) -> Iterator[Display]:
    """A report that shows a run on a page, beside the progress mode; the page ends with the run."""
    from w2v_fast.explore.explorer import Explorer
    from w2v_fast.explore.model import Model
    from w2v_fast.explore.run import Run
    from w2v_fast.explore.server import serve_in_background
    from w2v_fast.training.progress import Display, Progress, reporter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # that nothing is trained yet
        shown = Model(model.wv, "training")
    run = Run(shown)
    bar = reporter(progress)

    class Page(Display):
        """Never looks at the weights itself, so that no worker waits for it."""

        def __init__(self) -> None:
            pass

        def __call__(self, progress: Progress) -> None:
            if bar is not None:
                bar(progress)
            run.tell({**dataclasses.asdict(progress), "rate": progress.words_per_second})

    with serve_in_background(Explorer(shown, run=run)) as server:
        note(f"{server.url} (until the run ends)")
        webbrowser.open(server.one_time_url())
        yield Page()
