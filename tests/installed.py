"""Train, save and load with an installed w2v_fast: `python tests/installed.py`, from any folder."""

import os
import sys
import tempfile

sys.path.pop(0)  # the folder of this file: the sources beside it must not be found

import numpy as np

import w2v_fast

TEXT = "the cat sat on the mat and the dog sat on the rug\n" * 200

with tempfile.TemporaryDirectory() as folder:
    text, binary, native = (
        os.path.join(folder, name) for name in ("text.txt", "vectors.bin", "model")
    )
    with open(text, "w") as file:
        file.write(TEXT)
    trained = w2v_fast.train(text, vector_size=32, min_count=1, epochs=2, workers=2)
    for path in (binary, native):
        trained.save(path)
        loaded = w2v_fast.load(path)
        assert loaded.index_to_key == trained.index_to_key
        assert np.array_equal(loaded.vectors, trained.vectors)
        assert loaded.most_similar("cat", topn=3) == trained.most_similar("cat", topn=3)
        del loaded  # an open map would keep Windows from removing the folder
print(
    f"w2v_fast {w2v_fast.__version__} of {os.path.dirname(w2v_fast.__file__)} trains, saves "
    "and loads "
    f"on Python {sys.version.split()[0]}"
)
