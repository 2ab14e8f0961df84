"""Walks on graphs: a corpus whose words are the nodes.

`graph.py` reads graphs, `random_walks.py` divides the walks among threads, `_walks.pyx` takes them.
"""

from w2v_fast.walks.random_walks import node2vec

__all__ = ["node2vec"]
