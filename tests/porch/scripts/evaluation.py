"""Compare with human scores and analogies."""

from gensim.models import Word2Vec

with open("corpus.txt") as file:
    sentences = [line.split() for line in file]
model = Word2Vec(sentences, vector_size=20, min_count=1, epochs=10, workers=1)
pearson, spearman, unknown = model.wv.evaluate_word_pairs("pairs.tsv")
score, sections = model.wv.evaluate_word_analogies("questions.txt")
result = {
    "pairs": [float(pearson[0]), float(spearman[0])],
    "unknown": round(unknown, 3),
    "score": score,
    "sections": [section["section"] for section in sections],
    "asked": [len(section["correct"]) + len(section["incorrect"]) for section in sections],
    "predicted": model.predict_output_word(["red", "fruit"], topn=3),
    "nothing": model.predict_output_word(["absent"]),
}
