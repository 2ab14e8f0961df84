"""
Classification downstream
=========================

Vectors trained on unlabeled text help a classifier that has few labels. Here it shall tell from a
documentation string which package of the standard library it belongs to.
"""

# %%
# Documents and labels: the strings and comments of a file, and the package that it stands in.

import re
import sysconfig
from pathlib import Path

PACKAGES = ("asyncio", "email", "idlelib", "tkinter", "unittest", "xml", "json", "multiprocessing")
folder = Path(sysconfig.get_path("stdlib"))
documents, labels = [], []
for label in PACKAGES:
    for path in sorted((folder / label).rglob("*.py")):
        for text in re.findall(r'"""(.*?)"""', path.read_text(errors="replace"), re.DOTALL):
            words = re.findall(r"[a-z]{2,}", text.lower())
            if len(words) >= 8 and label not in words:
                documents.append(words)
                labels.append(label)
print(f"{len(documents)} documents in {len(set(labels))} packages")

# %%
# Vectors from all text of the library, and a document as the mean of its words' unit vectors.
# Frequent words say little, so each counts with a / (a + share of the word), and what all documents
# have in common is removed: SIF (Arora et al., 2017).

import w2v_fast
from w2v_fast.cli.demo_corpus import sentences
from w2v_fast.sklearn import Word2VecVectorizer

kv = w2v_fast.train(sentences(), vector_size=100, epochs=8, negative=10, workers=1, seed=1)
unit = w2v_fast.KeyedVectors(kv.index_to_key, kv.get_normed_vectors(), kv.counts)
features = Word2VecVectorizer(vectors=unit, weighting="sif").fit_transform(documents)

# %%
# How good is a linear classifier with few labels, on these and on counted words?

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedShuffleSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

texts = [" ".join(words) for words in documents]
sizes = (50, 100, 200)
scores = {"mean of word vectors": [], "counted words (tf-idf)": []}
for size in sizes:
    split = StratifiedShuffleSplit(5, train_size=size, test_size=300, random_state=0)
    vectors = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500))
    counted = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10, max_iter=500))
    scores["mean of word vectors"].append(cross_val_score(vectors, features, labels, cv=split))
    scores["counted words (tf-idf)"].append(cross_val_score(counted, texts, labels, cv=split))
for name, results in scores.items():
    print(f"{name:24}", *(f"{result.mean():.3f}" for result in results))

# %%

import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(6, 3.5))
for name, results in scores.items():
    axes.errorbar(
        sizes, [r.mean() for r in results], [r.std() for r in results], label=name, capsize=3
    )
axes.set(xlabel="labeled documents", ylabel="accuracy", xscale="log")
axes.set_xticks(sizes, [str(size) for size in sizes])
axes.legend()
figure.tight_layout()
