"""Where a run on nodes stands, and its checkpoints."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2v_fast.cluster.plan import Span
from w2v_fast.config import TrainConfig
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.system.version import __version__
from w2v_fast.training.checkpoint import Checkpoint, CheckpointError, CheckpointFolder, differences
from w2v_fast.training.progress import EpochLoss
from w2v_fast.training.run_state import RESUMABLE_OPTIONS


@dataclasses.dataclass
class Position:
    """Where a run on nodes stands.

    Attributes
    ----------
    epoch : int
        From 0.
    done : list of (int, int)
        The tokens of the epoch that are trained, in order.
    tokens, kept_tokens : int
        Tokens of all jobs done, and those of them that survived subsampling.
    losses : list of EpochLoss
        One for each epoch.
    """

    epoch: int
    done: list[Span]
    tokens: int
    kept_tokens: int
    losses: list[EpochLoss]


def identity(config: TrainConfig, vocabulary: Vocabulary) -> dict[str, Any]:
    """What must be the same when a run goes on, on any number of nodes, as JSON."""
    options = dataclasses.asdict(config)
    return {
        "config": {name: options[name] for name in options if name not in RESUMABLE_OPTIONS},
        "vocabulary": vocabulary.digest(),
        "nodes": "any",
    }


def save(
    folder: CheckpointFolder,
    position: Position,
    run: dict[str, Any],
    arrays: Sequence[NDArray[np.float32]],
    last: Path | None,
) -> Path:
    """Write a checkpoint; returns the file."""
    header = {"version": __version__, "run": run, "position": dataclasses.asdict(position)}
    return folder.save(position.tokens, header, arrays, last)


def newest(
    folder: CheckpointFolder, run: dict[str, Any], config: TrainConfig, tokens: int
) -> tuple[Checkpoint, Position] | None:
    """The newest whole checkpoint of a folder, and its position; None when it has none.

    Raises
    ------
    CheckpointError
        It is of another run, or damaged.
    """
    found = folder.newest()
    if found is None:
        return None
    if found.header.get("run") != run:
        lines = "; ".join(differences("", found.header.get("run"), run))
        raise CheckpointError(f"{found.path} is of another run: {lines}")
    return found, _checked(found.path, found.header.get("position"), config, tokens)


def _checked(path: Path, stored: Any, config: TrainConfig, tokens: int) -> Position:
    """The position in a header, if its numbers fit together."""
    try:
        position = Position(
            int(stored["epoch"]),
            [(int(start), int(stop)) for start, stop in stored["done"]],
            int(stored["tokens"]),
            int(stored["kept_tokens"]),
            [EpochLoss(float(loss["nats"]), int(loss["pairs"])) for loss in stored["losses"]],
        )
        ends = [at for span in position.done for at in span]
        trained = sum(stop - start for start, stop in position.done)
        if (
            0 <= position.epoch <= config.epochs
            and ends == sorted(ends)
            and (not ends or 0 <= ends[0] <= ends[-1] <= tokens)
            and position.tokens == position.epoch * tokens + trained
            and 0 <= position.kept_tokens <= position.tokens
            and len(position.losses) == config.epochs
            and all(math.isfinite(loss.nats) for loss in position.losses)
        ):
            return position
    except (TypeError, KeyError, ValueError):
        pass
    raise CheckpointError(f"{path} is damaged: the position in its header is not one of this run")
