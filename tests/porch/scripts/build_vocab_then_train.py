"""Count first, look at the vocabulary, then train."""

import multiprocessing

import gensim

with open("corpus.txt") as file:
    sentences = [line.split() for line in file]
model = gensim.models.Word2Vec(
    min_count=3,
    vector_size=20,
    window=2,
    workers=max(1, multiprocessing.cpu_count() - 1),
    sg=1,
    negative=10,
)
model.build_vocab(sentences, progress_per=10000)
counts = {word: model.wv.get_vecattr(word, "count") for word in sorted(model.wv.key_to_index)}
model.train(sentences, total_examples=model.corpus_count, epochs=10, report_delay=1)
model.init_sims(replace=True)
result = {
    "counts": counts,
    "sentences": model.corpus_count,
    "words": model.corpus_total_words,
    "neighbors": model.wv.most_similar(positive=["wheel"]),
    "unit": bool(abs((model.wv["wheel"] ** 2).sum() - 1) < 1e-5),
}
