"""Several models in one process, and forks."""

import threading

import numpy as np

from tests.skips import posix
from tests.support import SENTENCES, SMALL, in_a_child
from w2v_fast import train


def test_several_models_at_once():
    alone = train(SENTENCES, **SMALL).vectors
    results = [None] * 4

    def work(number):
        results[number] = train(SENTENCES, **SMALL).vectors

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        np.testing.assert_array_equal(result, alone)


@posix
def test_a_fork_after_training_trains_the_same():
    config = {**SMALL, "epochs": 5}
    expected = train(SENTENCES, **config).vectors
    train(SENTENCES, **{**config, "workers": 4})
    assert (
        in_a_child(lambda: train(SENTENCES, **config).vectors.tobytes().hex())
        == expected.tobytes().hex()
    )
    assert in_a_child(lambda: train(SENTENCES, **{**config, "workers": 4}).vectors.shape) == str(
        expected.shape
    )
