"""Every hyper-parameter of a training run: its default, its unit or meaning, and its allowed range."""

from __future__ import annotations

import dataclasses
import difflib
import json
import math
from collections.abc import Mapping
from typing import Any

from w2v_fast.system.cpus import usable_cpus

ARCHITECTURES = ("skipgram", "cbow")
OBJECTIVES = ("ns", "nce", "hs", "softmax")
OUTPUT_ROWS = {"ns": "words", "nce": "words", "hs": "tree nodes", "softmax": "words"}
INSTRUCTION_SETS = ("base", "avx2", "avx512")
RENAMED = {
    "size": "vector_size",
    "dim": "vector_size",
    "iter": "epochs",
    "epoch": "epochs",
    "ws": "window",
    "neg": "negative",
    "lr": "alpha",
    "start_alpha": "alpha",
    "end_alpha": "min_alpha",
    "t": "sample",
    "minCount": "min_count",
    "max_final_vocab": "max_vocab",
    "max_vocab_size": "max_vocab",
    "thread": "workers",
    "threads": "workers",
    "model": "architecture",
    "loss": "objective",
}
SAID_OTHERWISE = {
    **dict.fromkeys(
        ("sentences", "corpus_file", "corpus_iterable", "input"),
        "give the corpus as the first argument",
    ),
    "sg": 'write architecture="skipgram" for sg=1, architecture="cbow" for sg=0',
    "hs": 'write objective="hs" for hs=1; leave it out for hs=0',
    "cbow_mean": "leave it out: CBOW always takes the mean of a context",
    "sorted_vocab": "leave it out: words are always sorted by their counts",
    "compute_loss": "leave it out: the loss of each epoch is always in model.losses",
    "callbacks": "give a function to train(progress=function): it is called at the end of each epoch too",
    "trim_rule": "give the words to keep, with their counts: vocabulary={word: count}",
    **dict.fromkeys(
        ("batch_words", "hashfxn", "null_word", "comment"), "leave it out: it has no meaning here"
    ),
}
"""What users of gensim and fastText write, and what it is here."""


def _option(
    default: Any,
    help: str,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    open_low: bool = False,
    choices: tuple[str, ...] = (),
    optional: bool = False,
) -> Any:
    """Declare one hyper-parameter: `low..high` is its closed range, `open_low` leaves `low` itself out."""
    return dataclasses.field(
        default=default,
        metadata={
            "help": help,
            "low": low,
            "high": high,
            "open_low": open_low,
            "choices": choices,
            "optional": optional,
        },
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Hyper-parameters of one run, checked when they are set.

    Names and defaults are gensim 4's where it has them; `architecture` and `objective` are words instead of flags.

    Raises
    ------
    TypeError
        A value of the wrong type.
    ValueError
        A value out of its range; the message names the parameter, the value and the range.
    """

    vector_size: int = _option(100, "dimensions of a vector", low=1, high=65_536)
    window: int = _option(
        5,
        "largest distance of a context, in words; a center's radius is drawn from 1..window",
        low=1,
        high=10_000,
    )
    shrink_windows: bool = _option(
        True, "draw the radius of each center from 1..window; without it every radius is window"
    )
    min_count: int = _option(5, "words that occur fewer times are left out", low=1, high=2**62)
    max_vocab: int | None = _option(
        None,
        "keep only the most frequent words, this many (default: all)",
        low=1,
        high=2**31 - 2,
        optional=True,
    )
    sample: float = _option(
        1e-3,
        "subsampling threshold: words with a larger share are thinned out; 0 is off",
        low=0.0,
        high=1.0,
    )
    architecture: str = _option("skipgram", "which inputs a window has", choices=ARCHITECTURES)
    objective: str = _option(
        "ns",
        "negative sampling, noise contrastive estimation, hierarchical or full softmax",
        choices=OBJECTIVES,
    )
    negative: int = _option(
        5,
        "weight of the noise term, K: noise words for each target (ns and nce)",
        low=1,
        high=10_000,
    )
    noise_draws: int | None = _option(
        None,
        "words drawn to estimate the noise term, each weighted negative / "
        "noise_draws (default: negative; ns and nce)",
        low=1,
        high=10_000,
        optional=True,
    )
    ns_exponent: float = _option(
        0.75, "the noise distribution is counts to this power", low=-10.0, high=10.0
    )
    share_noise: bool = _option(
        True,
        "let windows of a step share their noise words; without it each pair of a "
        "center and a context draws its own",
    )
    corrected_cbow: bool = _option(
        False,
        "divide CBOW's input gradient by the number of context words, which word2vec.c does not",
    )
    epochs: int = _option(5, "passes over the corpus", low=1, high=1_000_000)
    alpha: float = _option(
        0.025, "learning rate at the start", low=0.0, high=math.inf, open_low=True
    )
    min_alpha: float = _option(
        1e-4, "learning rate at the end; it falls linearly with the words done", low=0.0
    )
    seed: int = _option(
        1, "seed of the initial vectors and of every random draw", low=0, high=2**64 - 1
    )
    workers: int | None = _option(
        None, "threads (default: the CPUs this process may use)", low=1, high=4096, optional=True
    )
    isa: str | None = _option(
        None,
        "force an instruction set (default: W2V_FAST_ISA, else the best this CPU has)",
        choices=INSTRUCTION_SETS,
        optional=True,
    )

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            object.__setattr__(self, field.name, _checked(field, getattr(self, field.name)))
        if self.min_alpha > self.alpha:
            raise ValueError(f"min_alpha = {self.min_alpha} must not be above alpha = {self.alpha}")

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> TrainConfig:
        """Build a config from keyword options; an unknown name is a TypeError that suggests the nearest one."""
        known = [field.name for field in dataclasses.fields(cls)]
        for name in options:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = (
                    f"write {RENAMED[name]}"
                    if name in RENAMED
                    else SAID_OTHERWISE.get(name)
                    or (f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}")
                )
                raise TypeError(f"unknown option {name!r}; {hint}")
        return cls(**options)

    def as_metadata(self) -> dict[str, str]:
        """The hyper-parameters as strings, for a file of vectors: what `from_metadata` reads."""
        return {"train_config": json.dumps(dataclasses.asdict(self))}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> TrainConfig:
        """The config of a model from its metadata; the defaults where it has none."""
        return cls.from_options(json.loads(metadata.get("train_config", "{}")))

    @property
    def draws(self) -> int:
        """Noise words drawn for a step, with the default filled in."""
        return self.noise_draws or self.negative

    @property
    def threads(self) -> int:
        """The number of workers, with the default filled in."""
        return self.workers or usable_cpus()


def _checked(field: dataclasses.Field[Any], value: Any) -> Any:
    """Return `value` converted to the field's type, or raise an error that names the field and its range."""
    rule = field.metadata
    if value is None and rule["optional"]:
        return None
    if rule["choices"]:
        if value not in rule["choices"]:
            raise ValueError(
                f"{field.name} = {value!r} must be one of {', '.join(rule['choices'])}"
            )
        return value
    kind = type(field.default) if field.default is not None else int
    number = _as_number(field.name, kind, value)
    too_low = number <= rule["low"] if rule["open_low"] else number < rule["low"]
    if kind is not bool and (too_low or number > rule["high"] or not math.isfinite(number)):
        first, last = "(" if rule["open_low"] else "[", "]" if math.isfinite(rule["high"]) else ")"
        raise ValueError(
            f"{field.name} = {value!r} must lie in {first}{rule['low']}, {rule['high']}{last}"
        )
    return number


def _as_number(name: str, kind: type, value: Any) -> Any:
    """Convert without losing anything: 5.0 and numpy.int64(5) are integers, 5.5, "5" and True are not."""
    if isinstance(value, bool) or kind is bool:
        if kind is bool and (isinstance(value, bool) or value in (0, 1)):
            return bool(value)
        raise TypeError(f"{name} = {value!r} must be of type {kind.__name__}")
    try:
        number = kind(value) if not isinstance(value, (str, bytes)) else None
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None or (number != value and value == value):
        raise TypeError(f"{name} = {value!r} must be of type {kind.__name__}")
    return number
