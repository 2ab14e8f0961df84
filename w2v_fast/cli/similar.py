"""Print the words that are most similar to a word.

Similarity is the cosine of the vectors. Each WORD is one question; several words in quotes are one
question, the mean of their directions. Without words, questions are read line by line from a
prompt. A line of output is: question, word, cosine.

Example:
  w2v-fast similar vectors.bin king 'new york' --topn 5
"""

from __future__ import annotations

import argparse

from w2v_fast.cli import options
from w2v_fast.cli.messages import as_json
from w2v_fast.cli.paths import STANDARD_OUTPUT, check_paths
from w2v_fast.cli.prompt import answer_lines
from w2v_fast.vectors.keyed_vectors import KeyedVectors


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.add_word_arguments(parser)
    options.add_topn_argument(parser)
    options.add_json_argument(parser, "one object a line for each question")


def run(arguments: argparse.Namespace) -> None:
    inputs = {"FILE": arguments.vectors, "WORD": None if arguments.words else "-"}
    check_paths(inputs, STANDARD_OUTPUT)
    kv = KeyedVectors.load(arguments.vectors)

    def answer(query: str) -> None:
        found = kv.most_similar(keys_of(kv, query), topn=arguments.topn)
        if arguments.json:
            neighbors = [{"word": word, "cosine": cosine} for word, cosine in found]
            print(as_json({"query": query, "neighbors": neighbors}))
        else:
            for word, cosine in found:
                print(f"{query}\t{word}\t{cosine:.4f}")

    if not arguments.words:
        answer_lines("word or words", lambda words: answer(" ".join(words)))
        return
    for query in arguments.words:
        keys_of(kv, query)  # an unknown word is an error before any answer
    for query in arguments.words:
        answer(query)


def keys_of(kv: KeyedVectors, query: str) -> list[str]:
    """The keys of a query: itself if it is one, else its words; KeyError for an unknown one."""
    keys = [query] if query in kv else query.split() or [query]
    for key in keys:
        kv.get_index(key)
    return keys
