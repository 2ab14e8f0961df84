"""Documents as the means of their words' vectors, for a classifier."""

import numpy as np
from gensim.models import Word2Vec
from gensim.utils import simple_preprocess
from sklearn.linear_model import LogisticRegression

with open("corpus.txt") as file:
    documents = [simple_preprocess(line) for line in file]
labels = [int("fruit" in document) for document in documents]
model = Word2Vec(documents, vector_size=20, min_count=1, epochs=20, alpha=0.05, workers=1)


def mean(document):
    known = [word for word in document if word in model.wv.key_to_index]
    return np.mean(model.wv[known], axis=0) if known else np.zeros(model.vector_size)


features = np.array([mean(document) for document in documents])
classifier = LogisticRegression(max_iter=1000).fit(features[:400], labels[:400])
result = {
    "features": features,
    "mean": model.wv.get_mean_vector(["apple", "pear", "absent"]),
    "accurate": classifier.score(features[400:], labels[400:]) > 0.9,
}
