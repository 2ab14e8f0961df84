"""The page in a notebook: a frame with everything inside, which needs no server."""

from __future__ import annotations

import html

from w2v_fast.explore import projection
from w2v_fast.explore.document import self_contained
from w2v_fast.explore.export import MAX_WORDS, page_data
from w2v_fast.explore.model import Model
from w2v_fast.vectors.keyed_vectors import KeyedVectors

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


def show(kv: KeyedVectors, words: int, name: str) -> Page:
    """See `KeyedVectors.explore`."""
    if not len(kv):
        raise ValueError("there is nothing to explore: these vectors have no words")
    if not 1 <= words <= MAX_WORDS:
        raise ValueError(f"words = {words}: a notebook can hold 1 to {MAX_WORDS:,} words")
    model = Model(kv, name)
    return Page(self_contained(page_data(model, projection.pca(model), words)), name)
