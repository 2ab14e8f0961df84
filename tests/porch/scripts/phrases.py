"""Join words that stand together, then train on the joined text."""

from gensim.models import Word2Vec
from gensim.models.phrases import ENGLISH_CONNECTOR_WORDS, Phraser, Phrases

with open("corpus.txt") as file:
    sentences = [line.split() for line in file]
phrases = Phrases(sentences, min_count=2, threshold=1, connector_words=ENGLISH_CONNECTOR_WORDS)
bigram = Phraser(phrases)
phrases.save("phrases.pkl")
again = Phrases.load("phrases.pkl")
npmi = Phrases(sentences, min_count=2, threshold=0.5, scoring="npmi").freeze()
model = Word2Vec(bigram[sentences], vector_size=10, min_count=1)
result = {
    "one": bigram[["new", "york", "wheel"]],
    "loaded": again[["new", "york", "wheel"]],
    "joined": "new_york" in model.wv,
    "scores": phrases.export_phrases(),
    "grams": len(bigram.phrasegrams),
    "found": npmi.find_phrases(sentences[:50]),
    "counts": [phrases.vocab["new"], phrases.vocab["new_york"]],
}
