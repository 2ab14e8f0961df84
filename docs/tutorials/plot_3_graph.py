"""
Graphs: node2vec
================

Random walks turn a graph into sentences; word2vec turns those into a vector for each node. With
weights that lead the walk back (``p``) or away (``q``) this is node2vec (Grover and Leskovec,
2016).

The graph here is small and famous: who meets whom in *Les Misérables*.
"""

# %%

import networkx
import numpy as np

graph = networkx.les_miserables_graph()
nodes = list(graph)
print(graph)

# %%
# A step goes to a neighbor with a probability proportional to the weight of the edge, divided by
# ``p`` if it leads back to where the walk came from, and by ``q`` if it leads away from there.

from w2v_fast.walks import node2vec

walks = node2vec(graph, p=1, q=0.5, walks=40, length=40, seed=1)
print(walks)
print(" -> ".join(next(walks.token_lists())[:6]))

# %%
# Walks are sentences of nodes.

import w2v_fast

kv = w2v_fast.train(
    walks, vector_size=16, window=8, sample=0, alpha=0.05, epochs=10, workers=1, seed=1
)
for name in ("Fantine", "Enjolras", "Gavroche"):
    print(
        f"{name:10}", *(f"{other} {cosine:.2f}" for other, cosine in kv.most_similar(name, topn=4))
    )

# %%
# Communities of the vectors, drawn on the graph.

import matplotlib.pyplot as plt
from sklearn.cluster import KMeans

unit = np.array([kv.get_vector(node, norm=True) for node in nodes])
community = KMeans(6, n_init=10, random_state=0).fit_predict(unit)
positions = networkx.spring_layout(graph, seed=4)
figure, axes = plt.subplots(figsize=(7, 6))
networkx.draw_networkx_edges(graph, positions, ax=axes, alpha=0.2)
networkx.draw_networkx_nodes(
    graph, positions, ax=axes, node_size=60, node_color=community, cmap="tab10"
)
networkx.draw_networkx_labels(
    graph,
    positions,
    {node: node for node, degree in graph.degree if degree > 9},
    font_size=8,
    verticalalignment="bottom",
)
axes.axis("off")
figure.tight_layout()
