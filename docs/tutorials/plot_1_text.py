"""
Text: from words to a map
=========================

Train on a text, look at neighbors, and draw a map of some words.

The text is the documentation of Python's standard library: 860,000 words, one sentence a line. In
the shell ``w2v-fast demo --text`` prints it.
"""

# %%
# A corpus is read once, and kept as integers.

import w2v_fast
from w2v_fast.cli.demo_corpus import sentences

corpus = w2v_fast.Corpus.from_source(sentences(), min_count=10)
print(corpus)

# %%
# The corpus is small, so it is passed over more often than by default, with more noise words and a
# higher learning rate. One worker, so that this page is the same every time.

model = w2v_fast.Word2Vec(
    corpus, vector_size=100, epochs=20, negative=10, alpha=0.05, workers=1, seed=1
)
model.train()
kv = model.wv
for word in ("socket", "thread", "month", "integer"):
    print(f"{word:10}", *(other for other, _ in kv.most_similar(word, topn=6)))

# %%
# The loss of each epoch says when more epochs bring little more.

import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(6, 3))
axes.plot(range(1, len(model.losses) + 1), [loss.mean for loss in model.losses])
axes.set(xlabel="epoch", ylabel="loss, nats per pair")
figure.tight_layout()

# %%
# A map: the two directions in which these vectors differ most (principal components).

import numpy as np

groups = {
    "time": ["day", "month", "year", "week", "hour", "minute", "weekday"],
    "network": ["socket", "connection", "server", "client", "host", "port", "address"],
    "numbers": ["integer", "float", "decimal", "digits", "complex", "fraction"],
    "threads": ["thread", "lock", "process", "semaphore", "threads", "processes"],
}
words = [word for group in groups.values() for word in group if word in kv]
unit = kv.get_normed_vectors()[[kv.key_to_index[word] for word in words]]
_, _, axes_of_space = np.linalg.svd(unit - unit.mean(0), full_matrices=False)
points = (unit - unit.mean(0)) @ axes_of_space[:2].T

figure, axes = plt.subplots(figsize=(7, 5))
for color, group in enumerate(groups.values()):
    rows = [words.index(word) for word in group if word in words]
    axes.scatter(*points[rows].T, color=f"C{color}")
for word, point in zip(words, points, strict=True):
    axes.annotate(word, point, xytext=(4, 3), textcoords="offset points")
axes.set(xticks=[], yticks=[])
figure.tight_layout()
