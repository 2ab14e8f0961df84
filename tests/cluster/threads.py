"""Nodes that are threads of the test."""

import threading

from w2v_fast.cluster.exchange.local import LocalExchange


def on_threads(nodes, work, timeout=30):
    """What `work(exchange)` returns on each node; the first error that is not another's echo."""
    results, errors = [None] * nodes, [None] * nodes

    def run(exchange):
        try:
            results[exchange.rank] = work(exchange)
        except BaseException as error:
            errors[exchange.rank] = error
            exchange.close()

    threads = [
        threading.Thread(target=run, args=(exchange,))
        for exchange in LocalExchange.of_threads(nodes, timeout)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    failed = [error for error in errors if error is not None]
    for error in sorted(failed, key=lambda error: type(error).__name__ == "ExchangeError"):
        raise error
    return results
