"""The page in a notebook: a frame with everything inside, which needs no server and stays in the saved notebook."""

from __future__ import annotations

import html

from w2v_fast.explore import projection
from w2v_fast.explore.export import page_data, page_of
from w2v_fast.explore.model import Model
from w2v_fast.vectors.keyed_vectors import KeyedVectors

WORDS = 10_000
FRAME = (
    '<iframe sandbox="allow-scripts allow-downloads" title="{title}" width="100%" height="720" '
    'style="border: 0" srcdoc="{page}"></iframe>'
)


class Page:
    """A page that a notebook displays."""

    def __init__(self, page: str, title: str) -> None:
        self._page, self._title = page, title

    def _repr_html_(self) -> str:
        return FRAME.format(
            title=html.escape(self._title, quote=True), page=html.escape(self._page, quote=True)
        )


def show(vectors: KeyedVectors, words: int = WORDS, name: str = "vectors") -> Page:
    """The explorer of the first words, for the end of a notebook's cell.

    Parameters
    ----------
    vectors
        What is shown.
    words
        The first, most frequent ones; they enter the notebook with their vectors in 8 bits.
    name
        What the page calls them.

    Returns
    -------
    Page
        Notebooks display it.
    """
    model = Model(vectors, name)
    return Page(page_of(page_data(model, projection.pca(model), words)), name)
