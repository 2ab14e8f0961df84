"""
Two corpora compared over time
==============================

Words change what they mean. Vectors of two corpora live in different spaces; a rotation that maps
the one onto the other (orthogonal Procrustes) makes them comparable, and the words that stay far
apart are those whose use has changed (Hamilton et al., 2016).

The two periods are those of the standard library: modules from before Python 3, and modules that
came with Python 3.3 and later, such as asyncio.
"""

# %%
# Two corpora: the text of new packages, and that of old ones.

import re
import sysconfig
from pathlib import Path

NEW = set(
    "asyncio concurrent importlib pathlib typing dataclasses enum statistics secrets tracemalloc "
    "selectors ensurepip venv unittest graphlib contextvars zoneinfo tomllib ipaddress "
    "faulthandler".split()
)
SKIPPED = {"site-packages", "test", "tests", "idle_test", "pydoc_data", "encodings"}
folder = Path(sysconfig.get_path("stdlib"))


def sentences(new):
    """The documentation strings and comments of either period, by paragraphs."""
    for path in sorted(folder.rglob("*.py")):
        place = path.relative_to(folder).parts
        if not SKIPPED & set(place) and (place[0].removesuffix(".py") in NEW) == new:
            source = path.read_text(errors="replace")
            for text in re.findall(r'"{3}.*?"{3}|(?:#[^\n]*\n\s*)+', source, re.DOTALL):
                for paragraph in re.split(r"\n\s*\n", text.lower()):
                    yield re.findall(r"[a-z]{2,}", paragraph)


old, new = list(sentences(False)), list(sentences(True))
print(f"old: {sum(map(len, old)):,} words, new: {sum(map(len, new)):,} words")

# %%
# One model for each. The corpora are small, so the vectors are too.

import w2v_fast

options = {"vector_size": 50, "window": 8, "epochs": 30, "negative": 10, "alpha": 0.05}
options |= {"workers": 1, "seed": 1}
then = w2v_fast.train(old, **options)
now = w2v_fast.train(new, **options)

# %%
# The best rotation from the one space to the other is found from the words that both have, 20 times
# or more: with unit vectors A and B as rows, it is U V of the singular value decomposition U S V =
# A' B.

import numpy as np

words = [
    word
    for word in then.index_to_key
    if word in now and min(then.get_vecattr(word, "count"), now.get_vecattr(word, "count")) >= 20
]
a = np.array([then.get_vector(word, norm=True) for word in words])
b = np.array([now.get_vector(word, norm=True) for word in words])
u, _, v = np.linalg.svd(a.T @ b)
kept = ((a @ u @ v) * b).sum(1)
order = np.argsort(kept)
print("changed most: ", *(words[row] for row in order[:12]))
print("changed least:", *(words[row] for row in order[-12:]))

# %%
# The neighbors of a word then and now say how it has changed.

for word in ("task", "event", "context", "loop"):
    if word in then and word in now:
        print(f"{word}, then:", *(other for other, _ in then.most_similar(word, topn=6)))
        print(f"{word}, now: ", *(other for other, _ in now.most_similar(word, topn=6)))

# %%
# Rare words seem to change more, since their vectors are less certain. So compare a word with
# others of its frequency before believing in a change.

import matplotlib.pyplot as plt

counts = [min(then.get_vecattr(word, "count"), now.get_vecattr(word, "count")) for word in words]
figure, axes = plt.subplots(figsize=(6.5, 4))
axes.scatter(counts, kept, s=8, alpha=0.4)
for word in ("task", "event", "loop", "mock", "path", "string", "file"):
    if word in words:
        row = words.index(word)
        axes.annotate(word, (counts[row], kept[row]), fontsize=9)
axes.set(xscale="log", xlabel="occurrences in the smaller corpus", ylabel="cosine, then to now")
figure.tight_layout()
