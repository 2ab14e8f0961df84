"""Train on lists of tokens, save the model, load it, ask it."""

from gensim.models import Word2Vec

with open("corpus.txt") as file:
    sentences = [line.split() for line in file]
model = Word2Vec(sentences, vector_size=32, window=3, min_count=2, workers=2, seed=7)
model.save("word2vec.model")
loaded = Word2Vec.load("word2vec.model")
result = {
    "vector": loaded.wv["apple"],
    "neighbors": loaded.wv.most_similar("apple", topn=5),
    "similarity": loaded.wv.similarity("apple", "pear"),
    "odd": loaded.wv.doesnt_match(["apple", "pear", "engine"]),
    "analogy": loaded.wv.most_similar(positive=["apple", "engine"], negative=["pear"], topn=1),
    "words": len(loaded.wv),
    "known": ["apple" in loaded.wv, "absent" in loaded.wv],
    "size": loaded.vector_size,
    "frequent": loaded.wv.get_vecattr("apple", "count"),
    "same": bool((loaded.wv.vectors == model.wv.vectors).all()),
    "text": str(loaded),
}
