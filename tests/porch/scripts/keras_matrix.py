"""The weights of an embedding layer: row 0 for padding, then a row for each word."""

import numpy as np
from gensim.models import Word2Vec

with open("corpus.txt") as file:
    sentences = [line.split() for line in file]
w2v = Word2Vec(sentences, vector_size=10, min_count=2).wv
index = {word: row + 1 for word, row in w2v.key_to_index.items()}
matrix = np.zeros((len(index) + 1, w2v.vector_size), dtype="float32")
for word, row in index.items():
    matrix[row] = w2v[word]
by_number = np.array([w2v[row] for row in range(len(w2v))])
encoded = [[index[word] for word in sentence if word in index] for sentence in sentences[:5]]
result = {
    "matrix": matrix,
    "same": bool((matrix[1:] == w2v.vectors).all() and (by_number == w2v.vectors).all()),
    "longest": max(len(sentence) for sentence in encoded),
}
