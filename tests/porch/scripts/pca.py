"""Two dimensions to plot."""

from gensim.models import Word2Vec
from sklearn.decomposition import PCA

with open("corpus.txt") as file:
    sentences = [line.split() for line in file]
model = Word2Vec(sentences, min_count=5, vector_size=30)
words = list(model.wv.index_to_key)
points = PCA(n_components=2).fit_transform(model.wv[words])
labels = {word: (float(x), float(y)) for word, (x, y) in zip(sorted(words), points, strict=True)}
result = {"points": points, "labels": labels}
