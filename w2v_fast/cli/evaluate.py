"""Compare vectors with human judgments: similarity of word pairs, and analogies.

A FILE with lines of word, word and score (WordSim-353, SimLex-999, ...) has pairs; a FILE whose
first line starts with ':' (questions-words.txt) has analogies. Words are compared without regard
to case.

Example:
  w2v-fast evaluate vectors.bin wordsim353.tsv questions-words.txt
"""

from __future__ import annotations

import argparse
import math

from w2v_fast.cli import options
from w2v_fast.cli.messages import as_json
from w2v_fast.cli.paths import STANDARD_OUTPUT, check_paths
from w2v_fast.vectors.evaluation import (
    AnalogyResult,
    AnalogyScore,
    PairsResult,
    evaluate_analogies,
    evaluate_pairs,
    has_sections,
)
from w2v_fast.vectors.keyed_vectors import KeyedVectors

ANALOGY_VOCABULARY = 300_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.add_vectors_argument(parser, "VECTORS")
    parser.add_argument("files", metavar="FILE", nargs="+", help="word pairs or analogy questions")
    parser.add_argument(
        "--restrict-vocab",
        type=options.row_limit,
        metavar="N",
        default=argparse.SUPPRESS,
        help="use only the first N words, the most frequent; 0 uses all "
        f"(default: {ANALOGY_VOCABULARY} for analogies, all for pairs)",
    )
    parser.add_argument(
        "--oov",
        choices=("skip", "zero"),
        default="skip",
        help="leave out pairs and questions with an unknown word, or count them as similarity 0 "
        "and as answered wrong (default: skip)",
    )
    parser.add_argument(
        "--case-sensitive", action="store_true", help="distinguish upper and lower case"
    )
    options.add_method_argument(parser)
    options.add_json_argument(parser, "one array with an object for each FILE")


def run(arguments: argparse.Namespace) -> None:
    check_paths({"VECTORS": arguments.vectors, "FILE": arguments.files}, STANDARD_OUTPUT)
    kinds = [has_sections(path) for path in arguments.files]
    kv = KeyedVectors.load(arguments.vectors)
    rules = {"oov": arguments.oov, "case_insensitive": not arguments.case_sensitive}
    reports = []
    for path, questions in zip(arguments.files, kinds, strict=True):
        limit = getattr(arguments, "restrict_vocab", ANALOGY_VOCABULARY if questions else None)
        if questions:
            answers = evaluate_analogies(
                kv, path, restrict_vocab=limit, method=arguments.method, **rules
            )
            reports.append({"file": path, "kind": "analogies", **answers.as_dict()})
            lines = analogy_lines(answers)
        else:
            pairs = evaluate_pairs(kv, path, restrict_vocab=limit, **rules)
            reports.append({"file": path, "kind": "pairs", **pairs.as_dict()})
            lines = pair_lines(pairs)
        if not arguments.json:
            print("\n".join([path, *(f"  {line}" for line in lines), ""]))
    if arguments.json:
        print(as_json(reports))


def pair_lines(result: PairsResult) -> list[str]:
    """A table of the correlations, and the rules under it."""
    unknown = "pair left out" if result.oov == "skip" else "similarity 0"
    return [
        f"pairs     {result.pairs:>8,}   covered {result.covered:,} ({result.coverage:.1%})",
        f"Spearman  {_number(result.spearman)}{_p(result.spearman_p)}",
        f"Pearson   {_number(result.pearson)}{_p(result.pearson_p)}",
        _rules(result, f"unknown words: {unknown}"),
    ]


def analogy_lines(result: AnalogyResult) -> list[str]:
    """A table of the sections, their sums, and the rules under it."""
    sums = [result.semantic, result.syntactic, result.total]
    width = max(len(score.name) for score in [*result.sections, *sums])
    head = f"{'section':<{width}}  {'questions':>9}  {'covered':>9}  {'correct':>9}  accuracy"
    unknown = "question left out" if result.oov == "skip" else "answered wrong"
    return [
        head,
        *(_score_line(score, width) for score in [*result.sections, *sums]),
        _rules(result, f"unknown words: {unknown}; method {result.method}"),
    ]


def _score_line(score: AnalogyScore, width: int) -> str:
    accuracy = "-" if math.isnan(score.accuracy) else f"{score.accuracy:.2%}"
    counts = f"{score.questions:>9,}  {score.covered:>9,}  {score.correct:>9,}"
    return f"{score.name:<{width}}  {counts}  {accuracy:>8}"


def _rules(result: PairsResult | AnalogyResult, unknown: str) -> str:
    case = "case ignored" if result.case_insensitive else "case kept"
    rows = f"first {result.restrict_vocab:,} rows" if result.restrict_vocab else "all rows"
    return f"({unknown}; {case}; {rows})"


def _number(value: float) -> str:
    return f"{'-':>8}" if math.isnan(value) else f"{value:>8.4f}"


def _p(value: float) -> str:
    return "" if math.isnan(value) else f"   p {value:.2g}"
