"""Threads that add up arrays."""

import numpy as np
import pytest

from tests.cluster.threads import on_threads
from w2v_fast.cluster.exchange.local import LocalExchange
from w2v_fast.cluster.exchange.protocol import ExchangeError, gathered


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
@pytest.mark.parametrize("nodes", [1, 2, 5])
def test_arrays_are_added_up_in_place(nodes, dtype):
    def work(exchange):
        array = np.arange(22, dtype=dtype).reshape(11, 2) * (exchange.rank + 1)
        exchange.sum(array[:3])
        exchange.sum(array[3:])
        return array

    for array in on_threads(nodes, work):
        expected = np.arange(22, dtype=dtype).reshape(11, 2) * (nodes * (nodes + 1) // 2)
        np.testing.assert_array_equal(array, expected)


def test_sums_have_the_same_bits_everywhere_and_every_time():
    def work(exchange):
        array = np.random.default_rng(exchange.rank).random(1001).astype(np.float32)
        exchange.sum(array)
        return array.tobytes()

    assert len({*on_threads(7, work), *on_threads(7, work)}) == 1


def test_rows_are_gathered():
    rows = on_threads(3, lambda exchange: gathered(exchange, np.array([exchange.rank, 7])))
    for found in rows:
        np.testing.assert_array_equal(found, [[0, 7], [1, 7], [2, 7]])


def test_a_node_that_fails_ends_the_others():
    def work(exchange):
        if exchange.rank == 1:
            raise OSError("the disk is full")
        exchange.sum(np.zeros(3))

    with pytest.raises(OSError, match="the disk is full"):
        on_threads(3, work)


def test_a_node_that_does_not_come_is_an_error():
    exchange, _ = LocalExchange.of_threads(2, timeout=0.05)
    with pytest.raises(ExchangeError, match="another node has ended, or does not answer"):
        exchange.sum(np.zeros(3))
