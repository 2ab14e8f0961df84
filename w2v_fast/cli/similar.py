"""Words with the most similar vectors, by cosine.

Each WORD is one question; several words in quotes are one question together, the mean of their
directions. Without words, questions are read line by line from a prompt. A line of output is:
question, word, cosine.

Example:
  w2v-fast similar vectors.bin king 'new york' --topn 5
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from w2v_fast.cli import options
from w2v_fast.cli.messages import as_json
from w2v_fast.cli.paths import STANDARD_OUTPUT, check_paths
from w2v_fast.cli.prompt import answer_lines

if TYPE_CHECKING:
    from w2v_fast.vectors.keyed_vectors import KeyedVectors


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.add_word_arguments(parser)
    options.add_topn_argument(parser)
    options.add_json_argument(parser, "one object for each question, one a line")


def run(arguments: argparse.Namespace) -> None:
    read = {"FILE": arguments.vectors, "WORD": None if arguments.words else "-"}
    check_paths(read, STANDARD_OUTPUT)
    vectors = options.load_vectors(arguments.vectors)

    def answer(query: str) -> None:
        found = neighbors(vectors, query, arguments.topn)
        if arguments.json:
            print(
                as_json(
                    {
                        "query": query,
                        "neighbors": [{"word": word, "cosine": cosine} for word, cosine in found],
                    }
                )
            )
        else:
            for word, cosine in found:
                print(f"{query}\t{word}\t{cosine:.4f}")

    if not arguments.words:
        answer_lines("word or words", lambda words: answer(" ".join(words)))
        return
    for query in arguments.words:
        keys_of(vectors, query)
    for query in arguments.words:
        answer(query)


def neighbors(vectors: KeyedVectors, query: str, topn: int) -> list[tuple[str, float]]:
    """The nearest words of a word, or of several with spaces between them."""
    return list(vectors.most_similar(keys_of(vectors, query), topn=topn))


def keys_of(vectors: KeyedVectors, query: str) -> list[str]:
    """A query as keys: itself where it is one, else its words; KeyError for an unknown one."""
    keys = [query] if query in vectors else query.split() or [query]
    for key in keys:
        vectors.get_index(key)
    return keys
