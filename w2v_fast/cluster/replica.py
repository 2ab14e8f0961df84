"""A node's copy of the model: it trains its jobs of a round, combines with the others, goes on."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from w2v_fast.cluster.combine import SETTLING, Combiner, visits_of_rows
from w2v_fast.cluster.exchange.protocol import Exchange, gathered
from w2v_fast.cluster.plan import HOT_ROWS, Plan, Round, joined
from w2v_fast.cluster.position import Position, identity
from w2v_fast.config import TrainConfig
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.system.version import __version__
from w2v_fast.training.progress import EpochLoss, Progress
from w2v_fast.training.trainer import DivergenceError, JobCounts, Trainer
from w2v_fast.training.weights import Weights

OBJECTIVES = ("ns", "nce", "hs")
COUNT_TOKENS = 200_000
"""After so many tokens of a node, in whole rounds, the nodes tell what they counted, and whether
one of them must stop."""


def check_objective(config: TrainConfig) -> None:
    """Raise a ValueError for an objective that nodes cannot train."""
    if config.objective not in OBJECTIVES:
        raise ValueError(
            f"{config.objective} changes every row in every step, too much for an exchange: "
            f"train it on one machine, or choose {', '.join(OBJECTIVES)}"
        )


def lr_factor(nodes: int) -> float:
    """What the learning rate is multiplied by: more in the long rounds of a few nodes.

    2 with two nodes, 1.6 with four, 1.4 with eight (docs/performance-notes.md).
    """
    return 1.2 + 1.6 / nodes if nodes > 1 else 1.0


class Replica:
    """One node's part of a run; every node makes one and takes the same rounds.

    Parameters
    ----------
    ids
        int32 [n], this node's tokens: part number `exchange.rank` of the corpus.
    vocabulary
        Words and counts of the whole corpus.
    config
        Hyper-parameters; the learning rate is raised by `lr_factor`.
    exchange
        The nodes.
    weights
        Matrices to go on from, equal on all nodes (default: fresh ones from the seed).
    sync_words
        Tokens that a node trains in a round (default: by the size of the run).
    hot_rows
        Rows that every round exchanges.

    Attributes
    ----------
    plan : Plan
        The rounds.
    position : Position
        Where the run stands.
    weights : Weights
        This node's matrices.
    combiner : Combiner
        What it exchanged: bytes and seconds.
    equal : bool
        Whether the weights of all nodes are the same now.
    count_rounds : int
        After so many rounds the nodes tell one another what they counted.

    Raises
    ------
    ValueError
        Nodes have other words, counts, options, or another version of the package; a node has no
        tokens; or the objective is the softmax, whose every step changes every row.
    ExchangeError
        Another node is gone.
    """

    def __init__(
        self,
        ids: NDArray[np.int32],
        vocabulary: Vocabulary,
        config: TrainConfig,
        exchange: Exchange,
        weights: Weights | None = None,
        *,
        sync_words: int | None = None,
        hot_rows: int = HOT_ROWS,
    ) -> None:
        check_objective(config)
        self._exchange, self._vocabulary, self._given = exchange, vocabulary, config
        sizes, threads = self._checked_nodes(len(ids), sync_words, hot_rows)
        factor = lr_factor(exchange.size)
        self.config = dataclasses.replace(
            config, alpha=factor * config.alpha, min_alpha=factor * config.min_alpha
        )
        self._trainer = Trainer(ids, vocabulary, self.config, weights)
        self.weights = self._trainer.weights
        self.plan = Plan(
            np.cumsum([0, *sizes]).tolist(),
            self.config,
            len(vocabulary),
            token_flops=self._trainer.token_flops,
            workers=max(threads),
            sync_words=sync_words,
            hot_rows=hot_rows,
        )
        self.count_rounds = max(
            COUNT_TOKENS // (self.plan.round_jobs * self.plan.jobs.job_tokens), 1
        )
        visits = visits_of_rows(self._trainer.tables, self._trainer.inputs_per_window)
        self.combiner = Combiner(
            self.weights, visits, exchange, hot_rows, SETTLING[config.objective]
        )
        keep = vocabulary.keep_probabilities(config.sample)
        self._kept_share = float(vocabulary.counts @ keep / vocabulary.counts.sum())
        self.position = Position(0, [], 0, 0, [EpochLoss() for _ in range(config.epochs)])
        self.equal = True
        self._counts = np.zeros(len(JobCounts._fields))  # since the nodes told them last
        self._stopped = False

    @property
    def done(self) -> bool:
        """Whether no round of the run is left."""
        return self.position.epoch == self.config.epochs

    def stop(self) -> None:
        """Let all nodes end within `count_rounds` rounds; any thread may call this."""
        self._stopped = True

    def rounds(self) -> Iterator[Progress]:
        """Train the rounds that are left, or those up to a `stop` on any node.

        Yields
        ------
        Progress
            After each round: where all nodes together stand. When `equal` is true then, the weights
            are the same everywhere: a checkpoint of `position` and `weights` may be written.

        Raises
        ------
        DivergenceError
            The loss of a job is NaN or far too large, or a weight is not finite.
        ExchangeError
            Another node is gone; this node's weights are not those of any position.
        """
        start, before = time.monotonic(), self.position
        while not self.done:
            for round in self.plan.rounds(self.position.epoch, self.position.done):
                stopped = self._train(round)
                yield self._progress(round, before, time.monotonic() - start)
                if stopped:
                    self._stopped = False
                    return

    def _train(self, round: Round) -> bool:
        """Train this node's jobs and combine; return whether a node wants to stop."""
        jobs = self.plan.jobs_of(round, self._exchange.rank, self.position.tokens)
        lr = self.plan.jobs.lr_after(self.position.tokens)
        rows = self.plan.rows_of(round)
        self.equal = False
        self._counts += self._trainer.run_jobs(jobs)
        self._move_on(round)
        stopped = False
        if rows == self.plan.rows or round.number % self.count_rounds == 0:
            stopped = self._add_up(round)
            rows = self.plan.rows if stopped else rows
        self.combiner.add(lr * self._kept_share * np.array(round.tokens, np.float64))
        self.combiner.combine(rows)
        self.equal = rows == self.plan.rows
        if (round.last or stopped) and not self.weights.are_finite():
            raise DivergenceError(
                f"training diverged in epoch {round.epoch + 1}: there are weights that are not "
                f"finite; try a smaller alpha than {self._given.alpha:g}"
            )
        return stopped

    def _move_on(self, round: Round) -> None:
        """Count the tokens of a round, which all nodes know."""
        position = self.position
        self.position = dataclasses.replace(
            position,
            epoch=position.epoch + round.last,
            done=[] if round.last else joined([*position.done, *round.spans]),
            tokens=position.tokens + sum(round.tokens),
        )

    def _add_up(self, round: Round) -> bool:
        """Count what all nodes have counted; return whether one of them wants to stop."""
        total = np.array([self._stopped, *self._counts])
        self._counts[...] = 0
        self._exchange.sum(total)
        stops, kept, nats, pairs = total.tolist()
        losses = list(self.position.losses)
        loss = losses[round.epoch]
        losses[round.epoch] = EpochLoss(loss.nats + nats, loss.pairs + int(pairs))
        self.position = dataclasses.replace(
            self.position, kept_tokens=self.position.kept_tokens + int(kept), losses=losses
        )
        return stops > 0

    def _progress(self, round: Round, before: Position, seconds: float) -> Progress:
        position, jobs = self.position, self.plan.jobs
        return Progress(
            epoch=round.epoch + 1,
            epochs=self.config.epochs,
            tokens=position.tokens - before.tokens,
            total_tokens=jobs.total_tokens - before.tokens,
            kept_tokens=position.kept_tokens - before.kept_tokens,
            seconds=seconds,
            lr=jobs.lr_after(position.tokens),
            loss=position.losses[round.epoch].mean,
            epoch_done=round.last,
        )

    def _checked_nodes(
        self, tokens: int, sync_words: int | None, hot_rows: int
    ) -> tuple[list[int], list[int]]:
        """The tokens and threads of each node, if all have tokens and the same run."""
        run = json.dumps(
            [identity(self._given, self._vocabulary), __version__, sync_words, hot_rows],
            sort_keys=True,
        )
        digest = int.from_bytes(hashlib.sha256(run.encode()).digest()[:7], "little")
        row = np.array([tokens, self._given.threads, digest], np.int64)
        sizes, threads, digests = gathered(self._exchange, row).T.tolist()
        if other := [rank for rank, found in enumerate(digests) if found != digests[0]]:
            raise ValueError(
                f"nodes {', '.join(map(str, other))} and node 0 do not have the same vocabulary, "
                "options and version of w2v_fast"
            )
        if 0 in sizes:
            raise ValueError(
                f"no tokens are left for node {sizes.index(0)} of {len(sizes)}: train on fewer "
                "nodes, or give the corpus in smaller files"
            )
        return sizes, threads

    def go_on(self, position: Position) -> None:
        """Go on from a position, whose weights this replica and all others have been given."""
        self.position, self.equal = position, True
        self._counts[...] = 0
        self.combiner.restart()
