"""Training: from the ids of a corpus to weights."""
