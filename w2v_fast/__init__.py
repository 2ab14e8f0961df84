"""w2v_fast: word2vec on CPUs, fast and correct."""
