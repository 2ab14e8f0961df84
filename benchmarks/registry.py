"""Every benchmark once: its question, how it is run, its chart, and the figures it stands for.

The README's tables, the quick and the full set, and the charts' titles all follow from here.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from benchmarks.measure import ROOT, Row

RESULTS = ROOT / "benchmarks" / "results"


@dataclasses.dataclass(frozen=True)
class Goal:
    """A figure (a list over the rounds) of the stored row that has the values `where`.

    Of several such rows the one with the highest median of `best`, by default of `figure`, counts.
    `unit` is `x` or `%`.
    """

    work: str
    figure: str
    where: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    unit: str = "x"
    best: str | None = None
    at_least: float | None = None
    at_most: float | None = None


@dataclasses.dataclass(frozen=True)
class Benchmark:
    """`python -m benchmarks.NAME COMMAND` answers `question`.

    `quick` are more options, for the quick set; None leaves it out there. `chart` is a title.
    """

    name: str
    question: str
    command: str = "CORPUS"
    quick: str | None = None
    chart: str | None = None
    goals: tuple[Goal, ...] = ()

    def rows(self) -> list[Row]:
        """The stored rows."""
        path = RESULTS / f"{self.name}.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


FASTER = "raw words/s, w2v_fast times"
OF_PEAK = "share of peak, no sentence ends"
FEW = "--words 3000000 --repeats 3"


def _faster(work: str, variant: str, trainer: str, at_least: float | None = None) -> Goal:
    return Goal(work, FASTER, {"variant": variant, "label": trainer}, at_least=at_least)


def _of_peak(dimension: int, workers: int, at_least: float) -> Goal:
    name = f"{workers} worker{'s' * (workers > 1)}"
    return Goal(
        f"useful operations, of the measured peak, d = {dimension}, {name}",
        OF_PEAK,
        {"kind": "training", "setting": "real", "d": dimension, "workers": workers},
        unit="%",
        best="kept words/s",
        at_least=at_least,
    )


TOKENIZERS = tuple(
    Goal(f"words of {script} text, MB/s of a core", "words, MB/s", {"text": script}, "", None, 30)
    for script in ("Cyrillic", "Arabic", "Han")
)
WALKS = tuple(
    Goal(f"node2vec, p = {p}, q = {q}, beside PecanPy", "times PecanPy", {"p": p, "q": q})
    for p, q in ((1, 1), (0.5, 2), (4, 0.25))
)

QUESTIONS = "100 questions at once about 1,000,000 words of 300 dimensions, p95"
EXPLORER = tuple(
    Goal(work, "measured", {"what": what}, unit="", at_least=at_least, at_most=at_most)
    for work, what, at_least, at_most in (
        ("100 questions at once, 1 M x 300, p95 in s", QUESTIONS, None, 0.25),
        (
            "first paint of the explorer, s",
            "first paint of 10,000 words, with the controls",
            None,
            0.3,
        ),
        ("panning a million words, frames/s", "panning 1,000,000 words", 30, None),
    )
)

BENCHMARKS = (
    Benchmark(
        "compare",
        "How fast is training beside gensim, fastText and word2vec.c?",
        quick=f"{FEW} --variants",
        chart="Training speed beside other trainers",
        goals=(
            _faster("skip-gram, beside gensim's corpus_file", "default", "gensim corpus_file", 16),
            _faster("skip-gram, beside gensim's iterable", "default", "gensim"),
            _faster("skip-gram, beside word2vec.c", "default", "word2vec.c", 40),
            _faster("skip-gram, beside fastText", "default", "fastText"),
            _faster(
                "CBOW, beside gensim's corpus_file", "architecture=cbow", "gensim corpus_file", 8
            ),
            _faster("CBOW, beside gensim's iterable", "architecture=cbow", "gensim"),
            _faster("hs, beside gensim's corpus_file", "objective=hs", "gensim corpus_file", 5.5),
            _faster("hs, beside gensim's iterable", "objective=hs", "gensim"),
        ),
    ),
    Benchmark(
        "options",
        "How does speed change with the instruction set, the dimensions, the architecture, "
        "the objective and the noise?",
        quick=f"{FEW} --vary isa=base,avx2",
        chart="Speed over the options",
        goals=(
            Goal(
                "AVX2, of the fastest instruction set",
                "times the default",
                {"varied": {"isa": "avx2"}, "workers": 2},
                unit="%",
                at_least=0.8,
            ),
            Goal(
                "SSE2, of the fastest instruction set",
                "times the default",
                {"varied": {"isa": "base"}, "workers": 2},
                unit="%",
                at_least=0.35,
            ),
        ),
    ),
    Benchmark(
        "vocabulary",
        "And with the size of the vocabulary, up to a million words?",
        chart="Speed over the vocabulary",
        goals=(
            Goal(
                "a million words, d = 300, of the speed with 54,000",
                "raw words/s, share of the start's",
                {"d": 300, "corpus": "whole, rare words numbered"},
                unit="%",
                at_least=0.55,
            ),
        ),
    ),
    Benchmark(
        "scaling",
        "What do more workers bring, and what limits them?",
        quick=FEW,
        chart="More workers: measured, and a model",
        goals=(Goal("2 workers, beside 1", "times 1 worker", {"run": "2 workers"}, at_least=1.9),),
    ),
    Benchmark(
        "arithmetic",
        "What share of the machine's arithmetic does training reach, and where does the rest go?",
        quick=FEW,
        chart="Roofline",
        goals=tuple(
            _of_peak(dimension, workers, at_least)
            for dimension, at_least in ((100, 0.50), (300, 0.58))
            for workers in (1, 2)
        ),
    ),
    Benchmark(
        "naive_to_fast",
        "What does each idea of the kernel bring?",
        quick="--repeats 3",
        chart="From naive to fast",
    ),
    Benchmark(
        "command",
        "What does the whole command cost beside its training, and how much memory?",
        quick="--repeats 3",
        goals=(
            Goal("whole command, beside its training alone", "wall / training", at_most=1.25),
            Goal(
                "peak memory, of weights, ids and 200 MB", "peak / allowed", unit="%", at_most=1.0
            ),
        ),
    ),
    Benchmark(
        "quality",
        "Are the vectors as good as gensim's?",
        command="CORPUS --eval EVAL",
        quick="--words 3000000 --repeats 2 --variants",
        chart="Quality, every seed a point",
    ),
    Benchmark(
        "cluster",
        "Are the vectors that several machines train as good as those of one?",
        command="CORPUS --eval EVAL",
        chart="Quality over the number of nodes",
    ),
    Benchmark(
        "cluster_speed",
        "How fast do several machines train?",
        chart="Speed over the number of nodes: measured for two, predicted for more",
    ),
    Benchmark(
        "softmax",
        "What does a full softmax cost, beside numpy's and PyTorch's?",
        chart="The four objectives, and softmax baselines, over the vocabulary",
    ),
    Benchmark("files", "How fast is text turned into ids, and vectors saved and loaded?"),
    Benchmark(
        "tables",
        "And tables, such as Parquet and columns of pyarrow?",
        quick="--words 3000000 --repeats 3",
        goals=tuple(
            Goal(
                f"{work}, MB of text a second and core, beyond pyarrow's",
                "MB/s and core beyond it",
                {"source": source},
                at_least=100,
            )
            for work, source in (("Parquet", "Parquet"), ("a column", "pyarrow column"))
        ),
    ),
    Benchmark("queries", "How fast are neighbors found, and phrases?"),
    Benchmark("tokenizers", "How fast is raw text cut into words?", goals=TOKENIZERS),
    Benchmark(
        "explorer",
        "How fast is the explorer: its answers, its page, its maps, and its look at a run?",
        goals=EXPLORER,
    ),
    Benchmark(
        "walks",
        "How fast are walks on graphs, and are the vectors as good as with others' walks?",
        command="",
        goals=WALKS,
    ),
)
