"""Save a model, load it another day, and train it further on new text."""

from gensim.models import Word2Vec

with open("corpus.txt") as file:
    sentences = [line.split() for line in file]
Word2Vec(sentences[:300], vector_size=24, min_count=1, workers=1).save("first.model")
model = Word2Vec.load("first.model")
before = model.wv.vectors.copy()
trained, read = model.train(sentences[300:], total_examples=len(sentences) - 300, epochs=3)
result = {
    "moved": bool((before != model.wv.vectors).any()),
    "some": trained > 0,
    "read": read,
    "shape": model.wv.vectors.shape,
    "output": model.syn1neg.shape,
    "epochs": model.epochs,
}
