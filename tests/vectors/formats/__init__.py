"""Small vectors, comparisons, and hypothesis strategies for words and numbers."""

import tracemalloc
from contextlib import contextmanager

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from w2v_fast.vectors.keyed_vectors import KeyedVectors

ASCII_SPACE = " \t\n\r\v\f\0"


def vectors(*keys, size=3, **more):
    """Vectors whose bytes hold LF and space, and whose numbers need all digits."""
    numbers = np.random.default_rng(len(keys)).standard_normal((len(keys), size)).astype(np.float32)
    if len(keys):
        numbers[0, 0] = np.frombuffer(b"\n \n=", "<f4")[0]
    return KeyedVectors(list(keys), numbers, **more)


def assert_same(one, other):
    assert one.index_to_key == other.index_to_key
    assert (
        np.asarray(one.vectors, np.float32).tobytes()
        == np.asarray(other.vectors, np.float32).tobytes()
    )


@contextmanager
def at_most(megabytes):
    """Fail if Python and numpy take more memory than this at any time inside the block."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < megabytes * 2**20
    finally:
        tracemalloc.stop()


def words(forbidden=ASCII_SPACE):
    """Non-empty words of any bytes but those of `forbidden`, as they are decoded by default."""

    def allowed(raw):
        word = "".join(
            char for char in raw.decode("utf-8", "surrogateescape") if char not in forbidden
        )
        return word.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")

    texts = st.text(min_size=1).map(lambda text: text.encode("utf-8", "ignore"))
    return st.one_of(texts, st.binary(min_size=1)).map(allowed).filter(bool)


@st.composite
def tables(draw, forbidden=ASCII_SPACE, counts=False):
    """KeyedVectors of 0 to 6 words, sizes 1 to 5, any finite float32."""
    keys = draw(st.lists(words(forbidden), max_size=6, unique=True))
    floats = st.floats(width=32, allow_nan=False, allow_infinity=False)
    matrix = draw(hnp.arrays(np.float32, (len(keys), draw(st.integers(1, 5))), elements=floats))
    numbers = (
        draw(hnp.arrays(np.int64, len(keys), elements=st.integers(0, 2**62))) if counts else None
    )
    return KeyedVectors(keys, matrix, numbers)
