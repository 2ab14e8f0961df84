"""Word vectors: queries, evaluation, an approximate index, and files of many formats."""
