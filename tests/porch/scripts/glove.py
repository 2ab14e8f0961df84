"""Read GloVe's text, which has no header, and add words of one's own."""

import numpy as np
from gensim.models import KeyedVectors

glove = KeyedVectors.load_word2vec_format("glove.txt", binary=False, no_header=True)
glove.add_vectors(["new", "word"], np.eye(2, glove.vector_size, dtype=np.float32))
glove["third"] = np.ones(glove.vector_size, dtype=np.float32)
own = KeyedVectors(vector_size=3)
own.add_vector("alone", np.array([1.0, 2.0, 3.0]))
result = {
    "words": glove.index_to_key,
    "sizes": [len(glove), glove.vector_size, len(own)],
    "first": glove[0],
    "row": glove.get_index("red"),
    "neighbors": glove.similar_by_word("red", topn=2),
    "by vector": glove.similar_by_vector(glove["red"], topn=2),
    "own": own["alone"],
}
