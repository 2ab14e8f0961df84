"""Vectors on the Hugging Face Hub: the files of the native folder, and a model card."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from w2v_fast.vectors import formats
from w2v_fast.vectors.data import VectorData, Vectors
from w2v_fast.vectors.extras import imported
from w2v_fast.vectors.formats import safetensors_folder

CARD = "README.md"
TEMPLATE = """---
{header}
---

# {title}

{summary}

```python
import w2v_fast

kv = w2v_fast.KeyedVectors.from_hub({repo_id})
kv.most_similar(kv.index_to_key[0])
```

sentence-transformers and model2vec load this repository too, and embed a text as the mean of its
words:

```python
from sentence_transformers import SentenceTransformer

SentenceTransformer({repo_id}).encode(["some words"])
```
"""


def push(kv: Vectors, repo_id: str, license: str | None, private: bool | None, message: str) -> str:
    """See `KeyedVectors.push_to_hub`."""
    api = _hub("push_to_hub").HfApi()
    with tempfile.TemporaryDirectory() as name:
        folder = os.path.join(name, "model")
        formats.save(kv, folder, format=safetensors_folder.FORMAT.name)
        url = api.create_repo(repo_id, private=private, exist_ok=True)
        if not api.file_exists(url.repo_id, CARD):
            Path(folder, CARD).write_text(card(kv, url.repo_id, license), encoding="utf-8")
        commit = api.upload_folder(repo_id=url.repo_id, folder_path=folder, commit_message=message)
    return str(commit.commit_url)


def pull(repo_id: str, revision: str | None) -> VectorData:
    """See `KeyedVectors.from_hub`."""
    folder = _hub("from_hub").snapshot_download(
        repo_id, revision=revision, allow_patterns=list(safetensors_folder.FILES)
    )
    if not safetensors_folder.is_ours(folder):
        problem = "this repository of the Hub holds no vectors that push_to_hub uploaded"
        raise formats.FormatError(repo_id, problem)
    return formats.load(folder)


def _hub(user: str) -> Any:
    return imported("huggingface_hub", user, "huggingface_hub", "hub")


def card(kv: Vectors, repo_id: str, license: str | None) -> str:
    """The model card: what the vectors are, how they were trained, and how to load them.

    Parameters
    ----------
    kv
        The vectors; their counts and metadata are used where there are any.
    repo_id
        "user/name".
    license
        An identifier of the Hub, such as "cc-by-4.0"; None leaves the entry out.

    Returns
    -------
    str
        Markdown with a header in YAML.
    """
    header = {"library_name": "w2v_fast", "tags": ["word2vec", "word-embeddings"]}
    if license is not None:
        header["license"] = license
    words, size = kv.vectors.shape
    summary = f"Vectors of {words:,} words in {size} dimensions, made by w2v_fast"
    if kv.counts is not None:
        summary += f" from a text in which these words occur {int(kv.counts.sum()):,} times"
    text = TEMPLATE.format(
        header="\n".join(f"{name}: {json.dumps(value)}" for name, value in header.items()),
        title=repo_id.rpartition("/")[2],
        summary=f"{summary}.",
        repo_id=json.dumps(repo_id),
    )
    config = json.loads((kv.metadata or {}).get("train_config", "{}"))
    rows = [f"| {name} | {value} |" for name, value in config.items() if value is not None]
    if rows:
        text += "\n".join(["\n## Training\n", "| parameter | value |", "|---|---|", *rows, ""])
    return text
