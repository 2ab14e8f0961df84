"""What the study of objectives measures; figures.py draws it, page.py runs it."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import Row, log
from benchmarks.windows import find_windows, first_sentences
from w2v_fast.config import OBJECTIVES, TrainConfig
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.loss import evaluate_loss
from w2v_fast.training.tables import LookupTables
from w2v_fast.training.trainer import DivergenceError
from w2v_fast.vectors.evaluation import evaluate_analogies, evaluate_pairs
from w2v_fast.vectors.keyed_vectors import KeyedVectors
from w2v_fast.word2vec import Word2Vec

Matrix = NDArray[np.float32]
Points = tuple[NDArray[Any], NDArray[Any]]

HELD_OUT = 100_000
OPTIONS: dict[str, Any] = {
    "vector_size": 100,
    "window": 5,
    "negative": 5,
    "ns_exponent": 0.75,
    "sample": 1e-3,
    "epochs": 3,
}
ALPHA = {"ns": 0.05, "nce": 0.05, "hs": 0.05, "softmax": 0.025}
"""Learning rates of the study; `learning_rates` shows others."""
OTHER_ALPHAS = {"ns": (0.025, 0.1), "nce": (0.025, 0.1), "hs": (0.025, 0.1), "softmax": (0.05,)}
SEEDS = {"ns": 3, "nce": 3, "hs": 3, "softmax": 1}
NOISE_COUNTS = (1, 5, 25, 125, 1000)
GRADIENT_TOKENS = 20_000
FREQUENT = (10, 100, 1000)
SAMPLES = 200_000
PENALTIES = (0.01, 0.1, 1.0)
STEPS, STEPS_BETWEEN = 150, 25
BLOCK = 500
SETS = {
    "WordSim-353": "wordsim353/combined.tab",
    "SimLex-999": "simlex999/SimLex-999.txt",
    "analogies": "google/questions-words.txt",
}


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def log_sigmoid(x: Any) -> Any:
    return -np.logaddexp(0, -x)


# text and models


@dataclasses.dataclass(frozen=True)
class Study:
    """The text, and the counts of its words and pairs."""

    held_out: Corpus
    text: Corpus
    rest: Corpus
    config: TrainConfig

    @property
    def vocabulary(self) -> Vocabulary:
        return self.text.vocabulary

    @cached_property
    def noise(self) -> NDArray[np.float64]:
        """q, [V]."""
        return LookupTables(self.vocabulary, self.config).noise

    @cached_property
    def pairs(self) -> Matrix:
        """How often each pair was trained, [center, context]: of the trainer's own windows."""
        return pair_counts(self.text, self.config, range(self.config.epochs))


def pair_counts(corpus: Corpus, config: TrainConfig, epochs: Sequence[int]) -> Matrix:
    words, tables = len(corpus.vocabulary), LookupTables(corpus.vocabulary, config)
    counts = np.zeros(words * words, np.float32)
    for epoch in epochs:
        windows = find_windows(corpus.ids, tables, config, epoch)
        center, context = windows.pairs()
        counts += np.bincount(
            windows.word[center].astype(np.int64) * words + windows.word[context],
            minlength=len(counts),
        )
    return counts.reshape(words, words)


def read(path: str, words: int, vocabulary: int) -> Study:
    corpus = Corpus.from_source(path, max_vocab=vocabulary)
    first, last = (
        len(first_sentences(corpus.ids, tokens)) for tokens in (HELD_OUT, HELD_OUT + words)
    )
    if last <= first:
        raise SystemExit(
            f"{path} has {len(corpus)} tokens of its {len(corpus.vocabulary)} most frequent words; "
            f"the study needs more than the {first} that are held out"
        )
    held_out, text, rest = (
        Corpus(corpus.ids[start:stop], corpus.vocabulary)
        for start, stop in ((0, first), (first, last), (first, len(corpus)))
    )
    return Study(held_out, text, rest, TrainConfig(**OPTIONS))


@dataclasses.dataclass
class Model:
    """A trained model, with inputs v [V, d] and output rows u, and the seconds it took."""

    word2vec: Word2Vec
    seconds: float

    @property
    def v(self) -> Matrix:
        return np.ascontiguousarray(self.word2vec.trainer.weights.vectors)

    @property
    def u(self) -> Matrix:
        return np.ascontiguousarray(self.word2vec.trainer.weights.output_vectors)


def train(corpus: Corpus, **options: Any) -> Model:
    model = Word2Vec(
        corpus, TrainConfig(**{**OPTIONS, "alpha": ALPHA[options["objective"]], **options})
    )
    start = time.perf_counter()
    model.train()
    found = Model(model, time.perf_counter() - start)
    log(f"trained {options}: {found.seconds:.1f} s")
    return found


def quality(vectors: KeyedVectors, folder: str) -> Row:
    """Spearman's rho of word pairs and the share of analogies right, and how many were covered."""
    row: Row = {}
    for name, path in SETS.items():
        if name == "analogies":
            total = evaluate_analogies(vectors, Path(folder, path)).total
            row |= {name: total.accuracy, f"{name} asked": total.counted}
        else:
            result = evaluate_pairs(vectors, Path(folder, path))
            row |= {name: result.spearman, f"{name} pairs": result.covered}
    return row


def log_likelihood(model: Model, study: Study, workers: int) -> float:
    """Nats for each held-out pair: of the exact softmax, or of the distribution of hs."""
    objective: Literal["hs", "softmax"] = (
        "hs" if model.word2vec.config.objective == "hs" else "softmax"
    )
    return evaluate_loss(model.word2vec, study.held_out, objective=objective, workers=workers).nats


# a. gradients


def log_partition(scores: Matrix) -> Matrix:
    largest = scores.max(1, keepdims=True)
    return largest + np.log(np.exp(scores - largest).sum(1, keepdims=True))


def gradients(v: Matrix, u: Matrix, error: Matrix) -> NDArray[np.float32]:
    return np.concatenate([(error @ u).ravel(), (error.T @ v).ravel()])


def cosine(a: Matrix, b: Matrix) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def gradient_cosines(study: Study, models: dict[str, Model]) -> list[Row]:
    """NCE's and NS's expected gradients against the exact softmax's, on held-out pairs."""
    sample = Corpus(study.held_out.ids[:GRADIENT_TOKENS], study.vocabulary)
    counts = pair_counts(sample, study.config, [0])
    present = np.flatnonzero(counts.sum(1))
    counts = counts[present]
    total = counts.sum(1, keepdims=True)
    q = study.noise.astype(np.float32)
    rows = []
    for name in ("softmax", "nce"):
        v, u = models[name].v[present], models[name].u
        scores = v @ u.T
        log_z = log_partition(scores)
        softmax = gradients(v, u, counts - total * np.exp(scores - log_z))
        for k in NOISE_COUNTS:
            shifted = scores - np.log(k * q)
            logits = {"NCE, exact Z": shifted - log_z, "NCE, Z = 1": shifted, "NS": scores}
            row: Row = {"model": name, "k": k}
            for objective, logit in logits.items():
                error = counts * sigmoid(-logit) - total * k * q * sigmoid(logit)
                row[objective] = cosine(softmax, gradients(v, u, error))
            rows.append(row)
    return rows


# a. what is learned


def fit(x: NDArray[Any], y: NDArray[Any]) -> Row:
    """Least squares y = slope x + intercept, and Pearson's r."""
    if len(x) < 3:
        return {"pairs": len(x), **dict.fromkeys(("slope", "intercept", "r"), float("nan"))}
    slope, intercept = np.polyfit(x.astype(np.float64), y.astype(np.float64), 1)
    return {
        "pairs": len(x),
        "slope": float(slope),
        "intercept": float(intercept),
        "r": float(np.corrcoef(x, y)[0, 1]),
    }


def shifted_pmi(study: Study) -> tuple[Matrix, Matrix]:
    """log P(w | c) / (k q(w)) of the trained pairs [input, output].

    First as the papers have it, then with noise that is never the target: of the k draws of a
    window with target t, k q(w) / (1 - q(t)) are w, for w other than t.
    """
    joint = study.pairs.T
    k, q = study.config.negative, study.noise.astype(np.float32)
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = joint / (1 - q)
        plain = np.log(joint) - np.log(joint.sum(1, keepdims=True) * (k * q))
        exact = np.log(joint) - np.log((scaled.sum(1, keepdims=True) - scaled) * (k * q))
    return plain, exact


def pmi_fit(study: Study, scores: dict[str, Matrix]) -> tuple[list[Row], Points]:
    """u.v against PMI - log k by the least count of the pairs; and the points of the figure."""
    plain, exact = shifted_pmi(study)
    joint = study.pairs.T
    rows = []
    for name, score in scores.items():
        for least in FREQUENT:
            found = joint >= least
            row = {"vectors": name, "pairs seen at least": least, **fit(plain[found], score[found])}
            rows.append({**row, "r, target excluded": fit(exact[found], score[found])["r"]})
    return rows, some_points(joint >= FREQUENT[1], plain, next(iter(scores.values())))


def some_points(found: NDArray[np.bool_], x: Matrix, y: Matrix) -> Points:
    """At most 4,000 of the pairs, for a scatter."""
    positions = np.flatnonzero(found.ravel())
    count = min(4000, len(positions))
    chosen = np.random.default_rng(0).choice(positions, count, replace=False)
    return x.ravel()[chosen], y.ravel()[chosen]


def partition_rows(study: Study, log_z: dict[str, Matrix]) -> list[Row]:
    """Mean and spread of log Z over centers, weighted by how often they are trained."""
    rows = []
    for name, values in log_z.items():
        weight = study.pairs.sum(1 if name == "softmax" else 0).astype(np.float64)
        mean = np.average(values[:, 0], weights=weight)
        rows.append(
            {
                "objective": name,
                "mean of log Z": float(mean),
                "sd of log Z": float(
                    np.sqrt(np.average((values[:, 0] - mean) ** 2, weights=weight))
                ),
            }
        )
    return rows


def nce_fit(
    study: Study, scores: dict[str, Matrix], log_z: dict[str, Matrix]
) -> tuple[list[Row], Points]:
    """NCE's scores, without a normalizer, against the softmax's log p and the counted log p."""
    log_p = scores["softmax"] - log_z["softmax"]
    joint = study.pairs.T
    with np.errstate(divide="ignore", invalid="ignore"):
        counted = np.log(joint / joint.sum(1, keepdims=True))
    rows = []
    for least in FREQUENT:
        found = joint >= least
        rows += [
            {
                "pairs seen at least": least,
                "NCE's u.v against": name,
                **fit(target[found], scores["nce"][found]),
            }
            for name, target in {"softmax's log p": log_p, "counted log p": counted}.items()
        ]
    return rows, some_points(joint >= FREQUENT[1], log_p, scores["nce"])


# b. scores of pairs


def hs_log_probabilities(study: Study, model: Model) -> Matrix:
    """log p(w | c) of every pair: the sum of log sigmoids along the path of w."""
    paths = LookupTables(study.vocabulary, study.config).paths
    found = np.empty((len(study.vocabulary),) * 2, np.float32)
    for start in range(0, len(found), BLOCK):
        scores = model.v[start : start + BLOCK] @ model.u.T
        left, right = log_sigmoid(scores), log_sigmoid(-scores)
        for word in range(len(found)):
            path = slice(paths.start[word], paths.start[word + 1])
            code = paths.codes[path].astype(bool)
            nodes = paths.nodes[path]
            found[start : start + BLOCK, word] = left[:, nodes[~code]].sum(1) + right[
                :, nodes[code]
            ].sum(1)
    return found


def pair_samples(study: Study) -> dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """(input, output) words of three kinds of pairs.

    True pairs as often as trained; noise, a trained input with a draw from q; and those of the
    noise that never stood in one window.
    """
    random = np.random.default_rng(0)
    joint = study.pairs.T
    words = len(joint)
    flat = np.flatnonzero(joint.ravel())
    weight = joint.ravel()[flat].astype(np.float64)
    true = random.choice(flat, SAMPLES, p=weight / weight.sum())
    marginal = joint.sum(1, dtype=np.float64)
    inputs = random.choice(words, 4 * SAMPLES, p=marginal / marginal.sum())
    outputs = random.choice(words, 4 * SAMPLES, p=study.noise)
    never = (joint[inputs, outputs] + joint[outputs, inputs] == 0) & (inputs != outputs)
    return {
        "true": (true // words, true % words),
        "noise": (inputs[:SAMPLES], outputs[:SAMPLES]),
        "never seen": (inputs[never][:SAMPLES], outputs[never][:SAMPLES]),
    }


Samples = dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]


def score_rows(quantities: dict[str, Matrix], samples: Samples) -> list[Row]:
    rows = []
    for name, values in quantities.items():
        for kind, (inputs, outputs) in samples.items():
            found = values[inputs, outputs].astype(np.float64)
            row: Row = {
                "quantity": name,
                "pairs": kind,
                "mean": found.mean(),
                "sd": found.std(),
                **{f"{share} %": float(np.percentile(found, share)) for share in (5, 50, 95)},
                "below 0": f"{np.mean(found < 0):.1%}",
            }
            if name.startswith("u.v"):
                row["mean sigmoid"] = sigmoid(found).mean()
            rows.append(row)
    return rows


def cosine_rows(
    vectors: dict[str, tuple[Matrix, Matrix]], samples: Samples
) -> tuple[list[Row], dict[str, Any]]:
    """Cosines of words that never stood in one window: within each space and between the two."""
    one, other = samples["never seen"]
    rows, found = [], {}
    for name, (v, u) in vectors.items():
        a, b = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (v, u))
        spaces = {"v.v": (a, a), "u.u": (b, b), "u.v": (a, b)}
        values = {
            space: np.einsum("ij,ij->i", x[one], y[other]) for space, (x, y) in spaces.items()
        }
        found[name] = values
        rows.append(
            {
                "objective": name,
                **{f"mean cosine {space}": float(value.mean()) for space, value in values.items()},
                **{
                    f"{space} below 0": f"{np.mean(value < 0):.1%}"
                    for space, value in values.items()
                },
                "cosine of the means of v and u": cosine(v.mean(0), u.mean(0)),
            }
        )
    return rows, found


# b. target zero

Error = Callable[[Matrix, Matrix, Matrix], Matrix]


def ns_error(scores: Matrix, true: Matrix, false: Matrix) -> Matrix:
    """Minus the gradient of -true log sigmoid(s) - false log sigmoid(-s)."""
    return true - (true + false) * sigmoid(scores)


def zero_error(penalty: float) -> Error:
    """Minus the gradient of -true log sigmoid(s) + false * penalty / 2 * s^2.

    False pairs are to have product zero.
    """
    return lambda scores, true, false: true * sigmoid(-scores) - penalty * false * scores


def minimize(study: Study, error: Error, workers: int) -> Iterator[tuple[int, Matrix, Matrix]]:
    """Adam on the expected objective of all pairs at once: no sampling, one learning rate for all.

    Yields (step, v, u) every STEPS_BETWEEN steps. `true` is how often a pair was trained, `false`
    how often its words are expected to be drawn as input and noise.
    """
    from threadpoolctl import threadpool_limits

    joint = study.pairs.T
    scale = np.float32(1 / joint.sum(1).mean())
    total = joint.sum(1, keepdims=True) * scale
    noise = (study.config.negative * study.noise).astype(np.float32)
    random = np.random.default_rng(1)
    shape = len(joint), study.config.vector_size
    weights = [random.standard_normal(shape, np.float32) * np.float32(0.1) for _ in range(2)]
    first, second = (
        [np.zeros(shape, np.float32) for _ in range(2)],
        [np.zeros(shape, np.float32) for _ in range(2)],
    )
    starts = range(0, len(joint), BLOCK)

    def block(start: int) -> tuple[Matrix, Matrix]:
        rows = slice(start, start + BLOCK)
        found = error(weights[0][rows] @ weights[1].T, joint[rows] * scale, total[rows] * noise)
        return found @ weights[1], found.T @ weights[0][rows]

    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(workers) as threads:
        for step in range(1, STEPS + 1):
            parts = list(threads.map(block, starts))
            rate = np.float32(
                0.05 * (1 - step / (STEPS + 1)) * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
            )
            for k, gradient in enumerate(
                (np.concatenate([part[0] for part in parts]), sum(part[1] for part in parts))
            ):
                first[k] += np.float32(0.1) * (gradient - first[k])
                second[k] += np.float32(0.001) * (gradient**2 - second[k])
                weights[k] += rate * first[k] / (np.sqrt(second[k]) + np.float32(1e-8))
            if step % STEPS_BETWEEN == 0:
                yield step, weights[0], weights[1]


def zero_target(
    study: Study, folder: str, samples: Samples, workers: int
) -> tuple[list[Row], list[Row], dict[str, Matrix]]:
    """ns beside false pairs with target zero: quality by step, the scores of pairs at the end."""
    errors: dict[str, Error] = {"ns": ns_error}
    errors |= {f"zero, weight {penalty}": zero_error(penalty) for penalty in PENALTIES}
    curve, scores, products = [], [], {}
    for name, error in errors.items():
        start = time.perf_counter()
        for step, v, u in minimize(study, error, workers):
            vectors, products[name] = KeyedVectors(study.vocabulary.words, v), v @ u.T
            curve.append({"false pairs": name, "step": step, **quality(vectors, folder)})
        log(f"minimized {name}: {time.perf_counter() - start:.0f} s; {curve[-1]}")
        scores += [
            {"false pairs": name, **row} for row in score_rows({"u.v": products[name]}, samples)
        ]
    return curve, scores, products


# c. quality


def with_means(rows: list[Row], by: str) -> list[Row]:
    """One row for each value of `by`: means, and standard deviations of the sets' scores."""
    merged = []
    for name in dict.fromkeys(row[by] for row in rows):
        same = [row for row in rows if row[by] == name]
        row = {
            key: float(np.mean([other[key] for other in same]))
            if isinstance(value, float)
            else value
            for key, value in same[0].items()
        }
        row["seeds"] = len(same)
        for key in SETS:
            values = [other[key] for other in same]
            deviation = f" ± {np.std(values, ddof=1):.3f}" if len(same) > 1 else ""
            row[key] = f"{np.mean(values):.3f}{deviation}"
        merged.append(row)
    return merged


def quality_rows(study: Study, models: dict[str, Model], folder: str, workers: int) -> list[Row]:
    """Equal words: every objective on the study's text, over seeds."""
    rows = []
    for objective in OBJECTIVES:
        for seed in range(1, SEEDS[objective] + 1):
            model = models[objective]
            if seed > 1:
                model = train(study.text, objective=objective, seed=seed, workers=workers)
            rows.append(
                {
                    "objective": objective,
                    "seed": seed,
                    "tokens trained": model.word2vec.trainer.tokens,
                    "seconds": model.seconds,
                    **quality(model.word2vec.wv, folder),
                    "held-out nats": log_likelihood(model, study, workers),
                }
            )
    return rows


def baseline_rows(study: Study, log_p: dict[str, Matrix]) -> list[Row]:
    """Held-out nats of distributions that ignore the center, and of `log_p` [center, context]."""
    counts = pair_counts(study.held_out, study.config, [0])
    trained = study.pairs.sum(0, dtype=np.float64) + 1
    known = {
        "uniform, 1 / V": np.full(len(trained), -np.log(len(trained))),
        "how often a word is a context": np.log(trained / trained.sum()),
        **log_p,
    }
    return [
        {
            "distribution": name,
            "held-out nats": -float(np.sum(counts * values, dtype=np.float64) / counts.sum()),
        }
        for name, values in known.items()
    ]


def equal_time_rows(study: Study, models: dict[str, Model], folder: str, workers: int) -> list[Row]:
    """Equal time: what the softmax took for the study's text.

    The other objectives spend it on more text, then on more epochs.
    """
    rows = []
    for objective in OBJECTIVES:
        model = models[objective]
        if objective != "softmax":
            trainer = model.word2vec.trainer
            tokens = trainer.tokens / model.seconds * models["softmax"].seconds
            epochs = max(OPTIONS["epochs"], int(tokens / len(study.rest)))
            text = Corpus(first_sentences(study.rest.ids, int(tokens / epochs)), study.vocabulary)
            model = train(text, objective=objective, epochs=epochs, workers=workers, seed=1)
        rows.append(
            {
                "objective": objective,
                "seconds": model.seconds,
                "epochs": model.word2vec.config.epochs,
                "tokens trained": model.word2vec.trainer.tokens,
                **quality(model.word2vec.wv, folder),
                "held-out nats": log_likelihood(model, study, workers),
            }
        )
    return rows


def learning_rates(study: Study, folder: str, workers: int) -> list[Row]:
    """The study's text with other learning rates."""
    rows = []
    for objective, alphas in OTHER_ALPHAS.items():
        for alpha in alphas:
            row: Row = {"objective": objective, "alpha": alpha}
            try:
                model = train(study.text, objective=objective, alpha=alpha, workers=workers, seed=1)
                row |= {"diverged": "no", **quality(model.word2vec.wv, folder)}
            except DivergenceError as error:
                log(f"{objective}, alpha {alpha}: {error}")
                row |= {"diverged": "yes"}
            rows.append(row)
    return rows
