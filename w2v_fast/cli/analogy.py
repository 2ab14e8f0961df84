"""Answer 'A is to B as C is to ?'.

Without words, a prompt reads three of them from each line. A line of output is: word, score.

Example:
  w2v-fast analogy vectors.bin man king woman
"""

from __future__ import annotations

import argparse

from w2v_fast.cli import options
from w2v_fast.cli.messages import as_json
from w2v_fast.cli.parser import UsageError
from w2v_fast.cli.paths import STANDARD_OUTPUT, check_paths
from w2v_fast.cli.prompt import answer_lines
from w2v_fast.vectors.keyed_vectors import KeyedVectors


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.add_word_arguments(parser)
    options.add_topn_argument(parser)
    options.add_method_argument(parser)
    options.add_json_argument(parser, "one object a line for each question")


def run(arguments: argparse.Namespace) -> None:
    if len(arguments.words) not in (0, 3):
        raise UsageError(f"an analogy needs three words, A B C; got {len(arguments.words)}")
    inputs = {"FILE": arguments.vectors, "WORD": None if arguments.words else "-"}
    check_paths(inputs, STANDARD_OUTPUT)
    kv = KeyedVectors.load(arguments.vectors)
    solve = kv.most_similar if arguments.method == "add" else kv.most_similar_cosmul

    def answer(words: list[str]) -> None:
        if len(words) != 3:
            raise ValueError(f"an analogy needs three words; got {len(words)}")
        a, b, c = words
        found = solve(positive=[b, c], negative=[a], topn=arguments.topn)
        if arguments.json:
            answers = [{"word": word, "score": score} for word, score in found]
            question = {"a": a, "b": b, "c": c, "method": arguments.method}
            print(as_json({**question, "answers": answers}))
        else:
            for word, score in found:
                print(f"{word}\t{score:.4f}")

    if arguments.words:
        answer(arguments.words)
    else:
        answer_lines("A B C", answer)
