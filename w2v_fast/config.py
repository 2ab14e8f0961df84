"""Every hyper-parameter of a training run, once: default, unit or meaning, range."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import inspect
import json
import math
import textwrap
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias, TypedDict, TypeVar, get_args

from w2v_fast.system.cpus import usable_cpus

Architecture: TypeAlias = Literal["skipgram", "cbow"]
Objective: TypeAlias = Literal["ns", "nce", "hs", "softmax"]
InstructionSet: TypeAlias = Literal["base", "avx2", "avx512"]
ARCHITECTURES: tuple[str, ...] = get_args(Architecture)
OBJECTIVES: tuple[str, ...] = get_args(Objective)
INSTRUCTION_SETS: tuple[str, ...] = get_args(InstructionSet)
Function = TypeVar("Function", bound=Callable[..., Any])
OUTPUT_ROWS = {"ns": "words", "nce": "words", "hs": "tree nodes", "softmax": "words"}


ANY = {"low": -math.inf, "high": math.inf, "open_low": False, "choices": ()}


def _option(default: Any, help: str, **rules: Any) -> Any:
    """Declare a hyper-parameter: one of `choices`, or in low..high, without `low` if `open_low`."""
    return dataclasses.field(default=default, metadata={"help": help, **ANY, **rules})


def range_in_words(field: dataclasses.Field[Any]) -> str:
    """The range of a hyper-parameter, as in "1 to 10000" or "above 0"; "" where there is none."""
    low, high = field.metadata["low"], field.metadata["high"]
    if not math.isfinite(low):
        return ""
    if field.metadata["open_low"]:
        return f"above {low:g}"
    return f"{low:g} to {high:.10g}" if high < 2**60 else f"{low:g} or more"


def _described(cls: type[Any]) -> list[str]:
    """The entries of a Parameters section, made of what `_option` declares."""
    lines = []
    for field in dataclasses.fields(cls):
        rule, kind = field.metadata, str(field.type).replace(" | ", " or ")
        if rule["choices"]:
            kind = "{" + ", ".join(map(repr, rule["choices"])) + "}"
        text, limits = f"{rule['help'][0].upper()}{rule['help'][1:]}.", range_in_words(field)
        lines.append(f"{field.name} : {kind}, default {field.default!r}")
        lines += [
            f"    {line}" for line in textwrap.wrap(text + f" Range: {limits}." * bool(limits), 88)
        ]
    return lines


def _with_parameters(cls: type[Any]) -> type[Any]:
    """Add the Parameters section to the docstring."""
    if cls.__doc__:  # there is none under python -OO
        summary, raises, errors = inspect.cleandoc(cls.__doc__).partition("Raises\n")
        lines = ["Parameters", "----------", *_described(cls), ""]
        cls.__doc__ = summary + "\n".join(lines) + "\n" + raises + errors
    return cls


@_with_parameters
@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Hyper-parameters of one run, checked when they are set.

    Names and defaults are gensim 4's where it has them; `architecture` and `objective` are words
    instead of flags.

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
        "largest distance of a context, in words; each center draws its radius from 1..window",
        low=1,
        high=10_000,
    )
    shrink_windows: bool = _option(
        True, "let each center draw its radius; without it every radius is window"
    )
    min_count: int = _option(5, "words that occur fewer times are left out", low=1, high=2**62)
    max_vocab: int | None = _option(
        None,
        "keep only this many words, the most frequent ones (default: all)",
        low=1,
        high=2**31 - 2,
    )
    sample: float = _option(
        1e-3,
        "subsampling threshold: words with a larger share lose tokens at random; 0 is off",
        low=0.0,
        high=1.0,
    )
    architecture: Architecture = _option(  # noqa: RUF009
        "skipgram", "inputs of a window: each of its contexts, or their mean", choices=ARCHITECTURES
    )
    objective: Objective = _option(  # noqa: RUF009
        "ns",
        "negative sampling, noise contrastive estimation, hierarchical or full softmax",
        choices=OBJECTIVES,
    )
    negative: int = _option(
        5,
        "weight K of the noise term: noise words for each target (ns and nce)",
        low=1,
        high=10_000,
    )
    noise_draws: int | None = _option(
        None,
        "words drawn to estimate the noise term, each weighted negative / "
        "noise_draws (default: negative; ns and nce)",
        low=1,
        high=10_000,
    )
    ns_exponent: float = _option(
        0.75,
        "noise words are drawn in proportion to their counts to this power",
        low=-10.0,
        high=10.0,
    )
    share_noise: bool = _option(
        True,
        "let the windows of a step share their noise words; without it each pair of a "
        "center and a context draws its own",
    )
    corrected_cbow: bool = _option(
        False,
        "divide CBOW's input gradient by the number of context words, which word2vec.c does not",
    )
    cbow_sum: bool = _option(
        False,
        "let CBOW take the sum of the contexts instead of their mean, and divide its input "
        "gradient by their number, as gensim's cbow_mean=0 does",
    )
    epochs: int = _option(5, "passes over the corpus", low=1, high=1_000_000)
    alpha: float = _option(
        0.025, "learning rate at the start", low=0.0, high=math.inf, open_low=True
    )
    min_alpha: float = _option(
        1e-4, "learning rate at the end; it falls linearly with the words trained", low=0.0
    )
    seed: int = _option(
        1, "seed of the initial vectors and of every random draw", low=0, high=2**64 - 1
    )
    workers: int | None = _option(
        None, "threads (default: the CPUs this process may use)", low=1, high=4096
    )
    isa: InstructionSet | None = _option(  # noqa: RUF009
        None,
        "force an instruction set (default: W2V_FAST_ISA, else the best this CPU has)",
        choices=INSTRUCTION_SETS,
    )

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            object.__setattr__(self, field.name, _checked(field, getattr(self, field.name)))
        if self.min_alpha > self.alpha:
            raise ValueError(f"min_alpha = {self.min_alpha} must not be above alpha = {self.alpha}")

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> TrainConfig:
        """Build a config from keyword options.

        Parameters
        ----------
        options
            Values by the names of the fields.

        Returns
        -------
        TrainConfig
            The config, with the default of each field that is left out.

        Raises
        ------
        TypeError
            An option is unknown (the message suggests the nearest one) or of the wrong type.
        ValueError
            A value is out of its range.
        """
        known = [field.name for field in dataclasses.fields(cls)]
        for name in options:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
                raise TypeError(f"unknown option {name!r}; {ELSEWHERE.get(name, hint)}")
        return cls(**options)

    def as_metadata(self) -> dict[str, str]:
        """Prepare the hyper-parameters for the metadata of a file of vectors.

        Returns
        -------
        dict of str
            JSON under the name "train_config", which `from_metadata` reads.
        """
        return {"train_config": json.dumps(dataclasses.asdict(self))}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> TrainConfig:
        """Read the config that `as_metadata` put into the metadata of vectors.

        Parameters
        ----------
        metadata
            Strings by name, as in `KeyedVectors.metadata`.

        Returns
        -------
        TrainConfig
            The config; the defaults if the metadata has none.

        Raises
        ------
        TypeError, ValueError
            The metadata is damaged, or has an option that is unknown or out of its range.
        """
        return cls.from_options(json.loads(metadata.get("train_config", "{}")))

    @property
    def draws(self) -> int:
        """Noise words drawn for a step, with the default filled in."""
        return self.noise_draws or self.negative

    @property
    def shares_update(self) -> bool:
        """Whether a context of CBOW gets its share of the update instead of all of it."""
        return self.corrected_cbow or self.cbow_sum

    @property
    def threads(self) -> int:
        """The number of workers, with the default filled in."""
        return self.workers or usable_cpus()


class TrainOptions(TypedDict, total=False):
    """The fields of `TrainConfig` as keywords: `def train(**options: Unpack[TrainOptions])`."""

    vector_size: int
    window: int
    shrink_windows: bool
    min_count: int
    max_vocab: int | None
    sample: float
    architecture: Architecture
    objective: Objective
    negative: int
    noise_draws: int | None
    ns_exponent: float
    share_noise: bool
    corrected_cbow: bool
    cbow_sum: bool
    epochs: int
    alpha: float
    min_alpha: float
    seed: int
    workers: int | None
    isa: InstructionSet | None


def with_options(function: Function) -> Function:
    """Describe every hyper-parameter below `**options` in the docstring."""
    if function.__doc__:  # there is none under python -OO
        before, options, after = inspect.cleandoc(function.__doc__).partition("**options\n")
        text, gap, rest = after.partition("\n\n")
        described = textwrap.indent("\n".join(_described(TrainConfig)), "    ")
        function.__doc__ = f"{before}{options}{text}\n\n{described}{gap}{rest}"
    return function


ELSEWHERE = {
    **dict.fromkeys(("size", "dim"), "write vector_size"),
    **dict.fromkeys(("iter", "epoch"), "write epochs"),
    **dict.fromkeys(("lr", "start_alpha"), "write alpha"),
    **dict.fromkeys(("max_final_vocab", "max_vocab_size"), "write max_vocab"),
    **dict.fromkeys(("thread", "threads"), "write workers"),
    "ws": "write window",
    "neg": "write negative",
    "end_alpha": "write min_alpha",
    "t": "write sample",
    "minCount": "write min_count",
    "model": "write architecture",
    "loss": "write objective",
    **dict.fromkeys(
        ("sentences", "corpus_file", "corpus_iterable", "input"),
        "give the corpus as the first argument",
    ),
    "sg": 'write architecture="skipgram" for sg=1, architecture="cbow" for sg=0',
    "hs": 'write objective="hs" for hs=1; leave it out for hs=0',
    "cbow_mean": "write cbow_sum=True for cbow_mean=0; leave it out for cbow_mean=1",
    "sorted_vocab": "leave it out: words are always sorted by their counts",
    "compute_loss": "leave it out: the loss of each epoch is always in model.losses",
    "callbacks": "give a function to train(on_epoch=function)",
    "trim_rule": "give the words to keep, with their counts: vocabulary={word: count}",
    **dict.fromkeys(
        ("batch_words", "hashfxn", "null_word", "comment"), "leave it out: it has no meaning here"
    ),
}
"""What to write instead of an option of gensim or fastText."""


def _checked(field: dataclasses.Field[Any], value: Any) -> Any:
    """`value` as the field's type, or an error that names the field and its range."""
    rule = field.metadata
    if value is None and field.default is None:
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
    """Convert without loss: 5.0 and numpy.int64(5) are integers, 5.5, "5" and True are not."""
    number = None
    if kind is bool:
        number = bool(value) if isinstance(value, bool) or value in (0, 1) else None
    elif not isinstance(value, (bool, str, bytes)):
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            number = kind(value)
    if number is None or (number != value and value == value):
        raise TypeError(f"{name} = {value!r} must be of type {kind.__name__}")
    return number
