"""Train from files without holding their text."""

import os

from gensim.models import Word2Vec
from gensim.models.word2vec import LineSentence, PathLineSentences, Text8Corpus

os.makedirs("texts", exist_ok=True)
with open("corpus.txt") as file:
    lines = file.readlines()
for number in range(3):
    with open(f"texts/{number}.txt", "w") as file:
        file.writelines(lines[200 * number : 200 * number + 200])
one = Word2Vec(LineSentence("corpus.txt"), vector_size=12, min_count=1, hs=1, negative=0)
folder = Word2Vec(PathLineSentences("texts"), vector_size=12, min_count=1, sg=1)
file = Word2Vec(corpus_file="corpus.txt", vector_size=12, min_count=1)
chunks = Word2Vec(Text8Corpus("corpus.txt", max_sentence_length=100), vector_size=12, min_count=1)
models = {"one": one, "folder": folder, "file": file, "chunks": chunks}
result = {
    "words": {name: len(model.wv) for name, model in models.items()},
    "totals": {name: model.corpus_total_words for name, model in models.items()},
    "neighbors": {name: model.wv.most_similar("apple", topn=3) for name, model in models.items()},
    "limited": sum(1 for _ in LineSentence("corpus.txt", limit=7)),
    "tree": one.syn1.shape,
    "scores": one.score([["apple", "pear"], ["wheel", "absent"]]),
}
