"""
Baskets: item2vec
=================

What is bought together, played together or cited together is a basket of items. Word2vec on
baskets is known as item2vec (Barkan and Koenigstein, 2016): a basket is a sentence whose order
means nothing.

The baskets here are the functions of the standard library, and their items the parameters: a
function that takes a ``host`` often takes a ``port`` too.
"""

# %%
# Collect the baskets.

import ast
import sysconfig
from pathlib import Path

folder = Path(sysconfig.get_path("stdlib"))
baskets = []
for path in sorted(folder.rglob("*.py")):
    if {"site-packages", "test", "tests", "lib2to3"} & set(path.parts):
        continue
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            arguments = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
            names = [argument.arg for argument in arguments if argument.arg not in ("self", "cls")]
            if len(names) > 1:
                baskets.append(names)
print(f"{len(baskets)} baskets, for instance {baskets[10]}")

# %%
# A window as wide as the widest basket, which does not shrink at random, makes all items of a
# basket neighbors. The baskets are small and few, so they are passed over often.

import w2v_fast

kv = w2v_fast.train(
    baskets,
    vector_size=32,
    window=max(map(len, baskets)),
    shrink_windows=False,
    min_count=8,
    negative=10,
    alpha=0.05,
    epochs=100,
    workers=1,
    seed=1,
)
for item in ("host", "width", "month", "encoding", "timeout"):
    print(f"{item:10}", *(other for other, _ in kv.most_similar(item, topn=6)))

# %%
# The cosines of the most frequent items: bright squares are items that go together.

import matplotlib.pyplot as plt
from scipy.cluster.hierarchy import leaves_list, linkage

unit = kv.get_normed_vectors()[:40]
order = leaves_list(linkage(unit, "average", metric="cosine"))
labels = [kv.index_to_key[row] for row in order]
figure, axes = plt.subplots(figsize=(7.5, 7))
image = axes.imshow(unit[order] @ unit[order].T, vmin=-1, vmax=1, cmap="RdBu_r")
axes.set_xticks(range(len(labels)), labels, rotation=90, fontsize=8)
axes.set_yticks(range(len(labels)), labels, fontsize=8)
figure.colorbar(image, label="cosine", shrink=0.8)
figure.tight_layout()

# %%
# What goes with a whole basket? The neighbors of its mean:

for basket in (["host", "port"], ["year", "month"], ["x", "y", "width"]):
    print(basket, "->", *(name for name, _ in kv.most_similar(basket, topn=5)))
