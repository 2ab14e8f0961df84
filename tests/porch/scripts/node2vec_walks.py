"""Vectors of a graph's nodes from random walks."""

import random

from gensim.models import Word2Vec

random.seed(3)
graph = {node: [(node + 1) % 12, (node - 1) % 12] for node in range(12)}
graph |= {node: [12 + (node + 1) % 12, 12 + (node - 1) % 12] for node in range(12, 24)}
graph[0], graph[12] = [*graph[0], 12], [*graph[12], 0]
walks = []
for _ in range(40):
    for node in graph:
        walk = [node]
        while len(walk) < 15:
            walk.append(random.choice(graph[walk[-1]]))
        walks.append(list(map(str, walk)))
model = Word2Vec(walks, vector_size=16, window=4, min_count=0, sg=1, workers=1, epochs=5)
model.wv.save_word2vec_format("nodes.emb")
with open("nodes.emb") as file:
    header = file.readline().split()
result = {
    "nodes": len(model.wv),
    "header": [int(number) for number in header],
    "vector": model.wv["5"],
    "close": model.wv.similarity("5", "6") > model.wv.similarity("5", "18"),
}
