"""Training on several nodes: each trains a part of the corpus, and they combine what changed."""
