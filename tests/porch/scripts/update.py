"""Add the words of new text to a trained model, with known vectors kept as they are."""

import numpy as np
from gensim.models import Word2Vec

with open("corpus.txt") as file:
    sentences = [line.split() for line in file]
more = [["quantum", "engine", "wheel", "apple"], ["quantum", "pear", "motor"]] * 20
model = Word2Vec(sentences, vector_size=14, min_count=2, window=3)
old = len(model.wv)
model.build_vocab(more, update=True)
model.wv.vectors_lockf = np.ones(len(model.wv), dtype=np.float32)
model.wv.vectors_lockf[:3] = 0
kept = model.wv.vectors[:3].copy()
model.train(
    more, total_examples=model.corpus_count, epochs=model.epochs, start_alpha=0.02, end_alpha=0.001
)
freed = Word2Vec(min_count=1, vector_size=14)
freed.build_vocab_from_freq({"apple": 40, "pear": 30, "wheel": 5})
model.wv.save_word2vec_format("known.txt")
freed.wv.vectors_lockf = np.ones(len(freed.wv), dtype=np.float32)
freed.wv.intersect_word2vec_format("known.txt", lockf=1.0)
result = {
    "grown": [old, len(model.wv)],
    "new": model.wv["quantum"],
    "kept": bool((model.wv.vectors[:3] == kept).all()),
    "count": model.wv.get_vecattr("quantum", "count"),
    "taken": bool(np.allclose(freed.wv["pear"], model.wv["pear"])),
    "order": freed.wv.index_to_key,
}
