"""
Phrases: words that belong together
===================================

"Regular expression" means something else than its words do. Pairs that stand together more often
than their frequencies let expect become one token.
"""

# %%

import w2v_fast
from w2v_fast.cli.demo_corpus import sentences
from w2v_fast.corpus.phrases import Phrases

corpus = w2v_fast.Corpus.from_source(sentences(), min_count=1)
phrases = Phrases(corpus, min_count=15, threshold=50)
found = sorted(phrases.export_phrases().items(), key=lambda item: -item[1])
print(f"{len(found)} phrases, the highest scores:", *(phrase for phrase, _ in found[:8]))

# %%
# The threshold decides how many there are.

import matplotlib.pyplot as plt
import numpy as np

scores = np.array([score for _, score in found])
thresholds = np.geomspace(scores.min(), scores.max(), 100)
figure, axes = plt.subplots(figsize=(6, 3))
axes.loglog(thresholds, [(scores >= threshold).sum() for threshold in thresholds])
axes.set(xlabel="threshold", ylabel="phrases")
figure.tight_layout()

# %%
# Join them in the corpus and train. A second pass would find phrases of up to four words.

joined = phrases[corpus]
kv = w2v_fast.train(joined, epochs=15, negative=10, min_count=10, workers=1, seed=1)
for word in ("regular_expression", "file_descriptor", "context_manager", "time_zone"):
    if word in kv:
        print(f"{word:20}", *(other for other, _ in kv.most_similar(word, topn=4)))

# %%
# The same phrases for new text, one sentence at a time:

print(phrases[["a", "regular", "expression", "for", "each", "file", "descriptor"]])
