"""One run of one trainer in a separate process, so that none disturbs the next.

Counted are *raw words*: words of the vocabulary that were really trained or dropped by subsampling,
not those of the file; and *kept words*, those that survived subsampling. All four trainers keep a
word with the same probability, so if a trainer reports one of the two, the other follows by the
share that is kept:

    w2v_fast      reports both
    gensim        reports kept words; with `corpus_file` it passes over a line at each batch of
                  about 10,000 words
    fastText      reports raw words a second of its training; it trains line ends as a word, and
                  they are counted
    word2vec.c    reports its progress in raw words, with line ends, which it does not train: they
                  are taken off. The rate is that between its first and last report, so words it
                  leaves out do not count
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.corpus_text import Text
from benchmarks.measure import ROOT, log, own_version
from w2v_fast.config import TrainConfig
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.vectors.evaluation import evaluate_analogies, evaluate_pairs
from w2v_fast.vectors.keyed_vectors import KeyedVectors

PROTOCOL: dict[str, Any] = {
    "vector_size": 100,
    "window": 5,
    "negative": 5,
    "sample": 1e-4,
    "min_count": 5,
    "alpha": 0.025,
    "epochs": 1,
}
"""The hyper-parameters of every benchmark, unless it says otherwise."""
SINGLE_THREADED_BLAS = {"OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
RESTRICT_VOCAB = 50_000


class TrainerError(Exception):
    """A trainer is missing, cannot do what was asked, or failed."""


@dataclasses.dataclass(frozen=True)
class Run:
    """What is asked of a trainer, by options of `TrainConfig`; `evaluate` is a folder of sets."""

    trainer: str
    text: Text
    options: dict[str, Any]
    binary: str | None = None
    evaluate: str | None = None


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a run did.

    `seconds` are of training alone, `total_seconds` from the path of the text to the vectors.
    """

    version: str
    vocabulary: int
    raw_words: float
    kept_words: float
    seconds: float
    total_seconds: float
    isa: str | None = None
    scores: dict[str, float] | None = None


RATES: dict[str, Callable[[Outcome], float]] = {
    "raw words/s": lambda outcome: outcome.raw_words / outcome.seconds,
    "kept words/s": lambda outcome: outcome.kept_words / outcome.seconds,
    "end to end": lambda outcome: outcome.raw_words / outcome.total_seconds,
}
"""What is compared; the last is raw words a second from the path of the text to the vectors."""


def perform(run: Run) -> Outcome:
    """Do a run in a new process; raise TrainerError with its last words if it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.trainers"],
        input=json.dumps(dataclasses.asdict(run)),
        env={**os.environ, **SINGLE_THREADED_BLAS},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        last_words = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise TrainerError(last_words[-1])
    return Outcome(**json.loads(done.stdout.splitlines()[-1]))


def alternate(
    runs: Mapping[str, Run], repeats: int
) -> tuple[dict[str, list[Outcome]], dict[str, str]]:
    """Do every run once in each of `repeats` rounds.

    Returns the outcomes of those that never failed, and the reason for each that did, once.
    """
    outcomes: dict[str, list[Outcome]] = {name: [] for name in runs}
    failed: dict[str, str] = {}
    for number in range(1, repeats + 1):
        for name, run in runs.items():
            if name in failed:
                continue
            try:
                outcome = perform(run)
            except TrainerError as error:
                failed[name] = str(error)
                log(f"round {number}/{repeats}: {name}: FAILED, left out: {error}")
                continue
            outcomes[name].append(outcome)
            log(
                f"round {number}/{repeats}: {name}: "
                f"{outcome.raw_words / outcome.seconds / 1e6:.3f} M raw words/s, "
                f"{outcome.seconds:.1f} s training, {outcome.total_seconds:.1f} s in all"
            )
    return {name: taken for name, taken in outcomes.items() if name not in failed}, failed


def rates_of(taken: Sequence[Outcome]) -> dict[str, list[float]]:
    """Each of RATES in every round."""
    return {rate: [get(outcome) for outcome in taken] for rate, get in RATES.items()}


def gensim_can(config: TrainConfig) -> bool:
    """Whether gensim has the objective and the update rule."""
    return config.objective in ("ns", "hs") and not config.corrected_cbow


# What follows runs in the new process.


def train_w2v_fast(run: Run) -> tuple[Outcome, KeyedVectors]:
    from w2v_fast import Word2Vec

    start = time.perf_counter()
    model = Word2Vec(run.text.path, **run.options)
    ready = time.perf_counter()
    model.trainer.train()
    done = time.perf_counter()
    return Outcome(
        own_version(),
        len(model.corpus.vocabulary),
        model.trainer.tokens,
        model.trainer.kept_tokens,
        done - ready,
        done - start,
        model.trainer.isa,
    ), model.wv


def train_gensim(run: Run, corpus_file: bool) -> tuple[Outcome, KeyedVectors]:
    from gensim.models.word2vec import LineSentence, Word2Vec

    config = TrainConfig(**run.options)
    text: dict[str, Any] = (
        {"corpus_file": run.text.path}
        if corpus_file
        else {"corpus_iterable": LineSentence(run.text.path)}
    )
    start = time.perf_counter()
    model = Word2Vec(
        vector_size=config.vector_size,
        window=config.window,
        min_count=config.min_count,
        sample=config.sample,
        max_final_vocab=config.max_vocab,
        sg=int(config.architecture == "skipgram"),
        hs=int(config.objective == "hs"),
        negative=config.negative if config.objective == "ns" else 0,
        ns_exponent=config.ns_exponent,
        alpha=config.alpha,
        min_alpha=config.min_alpha,
        epochs=config.epochs,
        seed=config.seed % 2**32,
        workers=config.threads,
    )
    model.build_vocab(**text)
    ready = time.perf_counter()
    kept, _ = model.train(
        **text,
        total_examples=model.corpus_count,
        total_words=model.corpus_total_words,
        epochs=config.epochs,
    )
    done = time.perf_counter()
    words = model.wv.index_to_key
    counts = np.array([model.wv.get_vecattr(word, "count") for word in words])
    raw = kept / kept_share(words, counts, config.sample)
    return (
        Outcome(_version("gensim"), len(words), raw, kept, done - ready, done - start),
        KeyedVectors(words, model.wv.vectors),
    )


def train_fasttext(run: Run) -> tuple[Outcome, KeyedVectors]:
    import fasttext

    config = TrainConfig(**run.options)
    start = time.perf_counter()
    with tempfile.TemporaryFile() as report:
        standard_error = os.dup(2)
        os.dup2(report.fileno(), 2)
        try:
            model = fasttext.train_unsupervised(
                run.text.path,
                model={"skipgram": "skipgram", "cbow": "cbow"}[config.architecture],
                loss={"ns": "ns", "hs": "hs", "softmax": "softmax"}[config.objective],
                dim=config.vector_size,
                ws=config.window,
                neg=config.negative,
                t=config.sample,
                minCount=config.min_count,
                lr=config.alpha,
                epoch=config.epochs,
                thread=config.threads,
                minn=0,
                maxn=0,
                verbose=2,
            )
        finally:
            os.dup2(standard_error, 2)
        done = time.perf_counter()
        report.seek(0)
        rates = re.findall(rb"words/sec/thread:\s*(\d+)", report.read())
    words, counts = model.get_words(include_freq=True)
    raw = config.epochs * (run.text.words + run.text.lines)
    seconds = raw / (int(rates[-1]) * config.threads)
    kept = raw * kept_share(words, counts, config.sample)
    return (
        Outcome(
            _version("fasttext", "fasttext-wheel"), len(words), raw, kept, seconds, done - start
        ),
        KeyedVectors(words, np.array([model.get_word_vector(word) for word in words])),
    )


def train_word2vec_c(run: Run) -> tuple[Outcome, None]:
    config = TrainConfig(**run.options)
    if config.objective not in ("ns", "hs"):
        raise TrainerError(f"word2vec.c has no objective {config.objective}")
    binary = (
        run.binary
        or shutil.which("word2vec", path=os.path.dirname(sys.executable))
        or shutil.which("word2vec")
    )
    if binary is None:
        raise TrainerError("there is no program word2vec on the path")
    with tempfile.TemporaryDirectory() as folder:
        counts_path = os.path.join(folder, "counts.txt")
        flags = {
            "train": run.text.path,
            "output": os.path.join(folder, "vectors.bin"),
            "save-vocab": counts_path,
            "binary": 1,
            "cbow": int(config.architecture == "cbow"),
            "hs": int(config.objective == "hs"),
            "negative": config.negative if config.objective == "ns" else 0,
            "size": config.vector_size,
            "window": config.window,
            "sample": config.sample,
            "min-count": config.min_count,
            "alpha": config.alpha,
            "iter": config.epochs,
            "threads": config.threads,
        }
        command = [
            binary,
            *(part for name, value in flags.items() for part in (f"-{name}", str(value))),
        ]
        start = time.perf_counter()
        output, reports = _follow(command)
        done = time.perf_counter()
        counts = Vocabulary.load(counts_path)
    found = re.search(r"Words in train file: (\d+)", output)
    if found is None or len(reports) < 2 or reports[0][1] == reports[-1][1]:
        raise TrainerError(f"{binary} reported no progress; is the text too short?")
    line_ends = counts.counts[counts.index["</s>"]] if "</s>" in counts else 0
    (first_time, first), (last_time, last) = reports[0], reports[-1]
    raw = last / 100 * config.epochs * (int(found[1]) - int(line_ends))
    seconds = (last_time - first_time) * last / (last - first)
    version = re.search(
        r"v ([\w.]+)", subprocess.run([binary], capture_output=True, text=True).stdout
    )
    return Outcome(
        version[1] if version else "unknown",
        len(counts),
        raw,
        raw * kept_share(counts.words, counts.counts, config.sample),
        seconds,
        done - start,
    ), None


def _follow(command: list[str]) -> tuple[str, list[tuple[float, float]]]:
    """Run word2vec.c: what it printed, and (time, progress in percent) of each of its reports."""
    output, reports = b"", []
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while data := os.read(process.stdout.fileno(), 1 << 16):
            output += data
            if percent := re.findall(rb"Progress: ([\d.]+)%", data):
                reports.append((time.perf_counter(), float(percent[-1])))
    if process.returncode < 0:
        raise TrainerError(f"{command[0]} was ended by signal {-process.returncode}")
    return output.decode(errors="replace"), reports


def kept_share(words: list[str], counts: Any, sample: float) -> float:
    """Share of the vocabulary's tokens that subsampling keeps."""
    vocabulary = Vocabulary(words, counts)
    return float(
        vocabulary.keep_probabilities(sample) @ vocabulary.counts / vocabulary.counts.sum()
    )


TRAINERS: dict[str, Callable[[Run], tuple[Outcome, KeyedVectors | None]]] = {
    "w2v_fast": train_w2v_fast,
    "gensim": lambda run: train_gensim(run, corpus_file=False),
    "gensim corpus_file": lambda run: train_gensim(run, corpus_file=True),
    "fastText": train_fasttext,
    "word2vec.c": train_word2vec_c,
}


def in_order(vectors: KeyedVectors, run: Run) -> KeyedVectors:
    """The vectors by falling count, equal ones as they first appear in the text.

    Trainers order words of equal counts differently, so without this RESTRICT_VOCAB would leave
    each with other words, and with other questions to answer.
    """
    order = {
        word: rank
        for rank, word in enumerate(
            Corpus.from_source(run.text.path, min_count=run.options["min_count"]).vocabulary.words
        )
    }
    ranks = np.argsort(
        [order.get(word, len(order)) for word in vectors.index_to_key], kind="stable"
    )
    return KeyedVectors([vectors.index_to_key[rank] for rank in ranks], vectors.vectors[ranks])


def scores(vectors: KeyedVectors, folder: str) -> dict[str, float]:
    """Spearman's rho on WordSim-353 and SimLex-999; shares of Google's analogies answered right."""
    analogies = evaluate_analogies(
        vectors,
        os.path.join(folder, "google", "questions-words.txt"),
        restrict_vocab=RESTRICT_VOCAB,
    )
    return {
        "WordSim-353": evaluate_pairs(
            vectors, os.path.join(folder, "wordsim353", "combined.tab")
        ).spearman,
        "SimLex-999": evaluate_pairs(
            vectors, os.path.join(folder, "simlex999", "SimLex-999.txt")
        ).spearman,
        "analogies": analogies.total.accuracy,
        "semantic": analogies.semantic.accuracy,
        "syntactic": analogies.syntactic.accuracy,
    }


def _version(*packages: str) -> str:
    """Of the first of these packages that is installed."""
    for package in packages:
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return "unknown"


def main() -> None:
    fields = json.load(sys.stdin)
    run = Run(**{**fields, "text": Text(**fields["text"])})
    outcome, vectors = TRAINERS[run.trainer](run)
    if run.evaluate is not None:
        if vectors is None:
            raise TrainerError(f"the vectors of {run.trainer} cannot be evaluated")
        outcome = dataclasses.replace(outcome, scores=scores(in_order(vectors, run), run.evaluate))
    print("\n" + json.dumps(dataclasses.asdict(outcome)))


if __name__ == "__main__":
    main()
