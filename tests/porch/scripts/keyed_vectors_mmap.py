"""Keep the vectors alone, and share one mapped copy of them."""

from gensim.models import KeyedVectors, Word2Vec
from gensim.models.word2vec import LineSentence

vectors = Word2Vec(LineSentence("corpus.txt"), vector_size=16, min_count=1).wv
vectors.save("vectors.kv")
mapped = KeyedVectors.load("vectors.kv", mmap="r")
vectors.save_word2vec_format("vectors.bin", binary=True)
vectors.save_word2vec_format("vectors.txt", "counts.txt")
binary = KeyedVectors.load_word2vec_format("vectors.bin", binary=True)
text = KeyedVectors.load_word2vec_format("vectors.txt", "counts.txt", limit=10)
result = {
    "equal": bool((mapped.vectors == vectors.vectors).all()),
    "order": mapped.index_to_key == binary.index_to_key,
    "few": text.vectors,
    "count": text.get_vecattr(text.index_to_key[0], "count"),
    "distance": mapped.distance("apple", "engine"),
    "distances": mapped.distances("apple", ["pear", "engine"]),
}
