"""Print the word that fits least among several.

It is the one farthest from the mean of all directions.

Example:
  w2v-fast odd-one-out vectors.bin breakfast cereal dinner lunch
"""

from __future__ import annotations

import argparse

from w2v_fast.cli import options
from w2v_fast.cli.messages import as_json
from w2v_fast.cli.parser import UsageError
from w2v_fast.cli.paths import STANDARD_OUTPUT, check_paths
from w2v_fast.vectors.keyed_vectors import KeyedVectors


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.add_vectors_argument(parser)
    parser.add_argument("words", metavar="WORD", nargs="+", help="three words or more")
    options.add_json_argument(parser, "the word, and the cosine of each word with the mean")


def run(arguments: argparse.Namespace) -> None:
    if len(set(arguments.words)) < 3:
        raise UsageError("an odd one out needs three different words or more")
    check_paths({"FILE": arguments.vectors}, STANDARD_OUTPUT)
    kv = KeyedVectors.load(arguments.vectors)
    for word in arguments.words:
        kv.get_index(word)
    ranked = kv.rank_by_centrality(dict.fromkeys(arguments.words))
    odd = ranked[-1][1]
    if arguments.json:
        cosines = [{"word": word, "cosine": cosine} for cosine, word in ranked]
        print(as_json({"odd_one_out": odd, "cosines": cosines}))
    else:
        print(odd)
