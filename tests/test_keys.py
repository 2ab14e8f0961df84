"""Keys are told apart by their hashes, and where those are equal, by themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2v_fast.keys import all_different


@pytest.mark.slow
@given(st.lists(st.text(max_size=3)))
def test_all_different_is_what_a_set_says(keys):
    assert all_different(keys) == (len(set(keys)) == len(keys))


def test_different_keys_of_equal_hashes_are_different():
    assert hash(-1) == hash(-2)
    assert all_different([-1, -2])
    assert not all_different([-1, -2, -1])
