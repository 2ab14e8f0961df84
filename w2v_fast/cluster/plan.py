"""Who trains what, and when the nodes exchange what changed: pure functions of counts.

The corpus is one sequence of tokens, of which each node has a contiguous part. Its jobs are those
of one machine, cut where a part ends, with the same random draws. A round is some jobs of each
node, counted in tokens and never in seconds, so a run repeats whatever the timing:

    round n exchanges the first  hot_rows * 2**(trailing zero bits of n)  rows of both matrices

Rows are sorted by frequency, so each next doubling of rare rows is exchanged half as often; every
FULL_ROUNDS rounds, and at the end of an epoch, all of them are.
"""

from __future__ import annotations

import bisect
import dataclasses
import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from w2v_fast.config import TrainConfig
from w2v_fast.training.generator import shifted
from w2v_fast.training.jobs import Job, Jobs

HOT_ROWS = 1024
FULL_ROUNDS = 256
"""A power of two; a checkpoint waits for the end of so many rounds at most."""
MAX_SYNC_WORDS = 1_000_000
ROUND_TOKENS = 40_000
"""Tokens of a round, of all nodes together: with more the vectors become worse
(docs/performance-notes.md)."""
LONGER_ROUNDS = {2: 50, 3: 4, 4: 2.5}
"""How many times as long a round of a few nodes is: each of two trains a million tokens, each of
four 25,000."""
MAX_ROUNDS = 1700
"""Rounds of a run on many nodes; a long one has longer rounds, since exchanges take time."""
JOBS_PER_WORKER = 4
"""Jobs of a round for each of several workers, so that none of them waits long at its end."""

Span = tuple[int, int]
Piece = tuple[int, int, int]
"""The number of a job, and the tokens start..stop of it that a node trains."""


@dataclasses.dataclass(frozen=True)
class Round:
    """Some jobs of each node, after which they exchange rows.

    Attributes
    ----------
    number, epoch : int
        Its number, from 1 at the start of an epoch or of the rest of one; and the epoch, from 0.
    pieces : list of list of (int, int, int)
        The jobs of each node: number, start, stop.
    last : bool
        Whether it ends the epoch.
    """

    number: int
    epoch: int
    pieces: list[list[Piece]]
    last: bool

    @property
    def tokens(self) -> list[int]:
        """The tokens that each node trains."""
        return [sum(stop - start for _, start, stop in pieces) for pieces in self.pieces]

    @property
    def spans(self) -> list[Span]:
        """The tokens of each node as they lie in the corpus; none where it has no job."""
        return [span for pieces in self.pieces for span in joined([p[1:] for p in pieces])]


class Plan:
    """The jobs and rounds of a run on some nodes, the same on each of them.

    Parameters
    ----------
    bounds
        Node r has tokens bounds[r]..bounds[r + 1] of the corpus, [nodes + 1].
    config
        Hyper-parameters.
    rows
        Rows of a matrix.
    token_flops
        Multiplications and additions that a token takes at most, on average.
    workers
        Threads of a node.
    sync_words
        Tokens that a node trains in a round (default: by the size of the run).
    hot_rows
        Rows that every round exchanges.

    Attributes
    ----------
    bounds, rows, hot_rows
        As above.
    jobs : Jobs
        The jobs of one machine; on several nodes they are short enough for all workers to have some
        in each round.
    round_jobs : int
        Jobs of a node in a round.
    """

    def __init__(
        self,
        bounds: Sequence[int],
        config: TrainConfig,
        rows: int,
        *,
        token_flops: float = 1,
        workers: int = 1,
        sync_words: int | None = None,
        hot_rows: int = HOT_ROWS,
    ) -> None:
        self.bounds = list(bounds)
        self.rows = rows
        self.hot_rows = hot_rows
        jobs = Jobs(self.bounds[-1], config, token_flops=token_flops)
        tokens = sync_words or default_sync_words(jobs.total_tokens, self.nodes)
        if self.nodes > 1:
            part = tokens // (workers * JOBS_PER_WORKER if workers > 1 else 1)
            jobs = Jobs(self.bounds[-1], config, min(jobs.job_tokens, max(part, 1)))
        self.jobs = jobs
        self.round_jobs = max(tokens // jobs.job_tokens, 1)

    @property
    def nodes(self) -> int:
        """How many nodes train."""
        return len(self.bounds) - 1

    def rounds(self, epoch: int, done: Sequence[Span] = ()) -> Iterator[Round]:
        """The rounds of an epoch.

        Parameters
        ----------
        epoch
            From 0.
        done
            Tokens start..stop that are trained already, in order and not overlapping.

        Yields
        ------
        Round
            Each node has `round_jobs` jobs, and fewer or none when its part of the corpus is done.
        """
        nodes = [self._pieces(epoch, rank, done) for rank in range(self.nodes)]
        pieces = [list(itertools.islice(node, self.round_jobs)) for node in nodes]
        for number in itertools.count(1):
            following = [list(itertools.islice(node, self.round_jobs)) for node in nodes]
            if not any(pieces):
                return
            yield Round(number, epoch, pieces, last=not any(following))
            pieces = following

    def _pieces(self, epoch: int, rank: int, done: Sequence[Span]) -> Iterator[Piece]:
        size, first = self.jobs.job_tokens, epoch * self.jobs.per_epoch
        for start, stop in left_of((self.bounds[rank], self.bounds[rank + 1]), done):
            while start < stop:
                job = start // size
                end = min((job + 1) * size, stop)
                yield first + job, start, end
                start = end

    def jobs_of(self, round: Round, rank: int, tokens_before: int) -> list[Job]:
        """A node's jobs in a round, as its trainer takes them.

        Parameters
        ----------
        round
            The round.
        rank
            The node. The tokens of its jobs count from the start of its part of the corpus, and so
            do their draws.
        tokens_before
            Tokens that all nodes have trained in the rounds before.

        Returns
        -------
        list of Job
            Their learning rates fall as if all nodes took turns.
        """
        own, offset = round.tokens[rank], self.bounds[rank]
        every, before, jobs = sum(round.tokens), 0, []
        for index, start, stop in round.pieces[rank]:
            job = self.jobs[index]
            jobs.append(
                dataclasses.replace(
                    job,
                    start=start - offset,
                    stop=stop - offset,
                    lr=self.jobs.lr_after(tokens_before + every * before // own),
                    token_key=shifted(job.token_key, offset),
                )
            )
            before += stop - start
        return jobs

    def rows_of(self, round: Round) -> int:
        """The rows of each matrix, from the first on, that are exchanged after a round."""
        number = round.number
        if round.last or number % FULL_ROUNDS == 0 or self.nodes == 1:
            return self.rows
        return min(self.rows, self.hot_rows * (number & -number))


def default_sync_words(total_tokens: int, nodes: int) -> int:
    """The tokens of a node's round, by the size of the run.

    Parameters
    ----------
    total_tokens
        Tokens of all epochs.
    nodes
        How many nodes train.

    Returns
    -------
    int
        ROUND_TOKENS of all nodes, more where the run would have over MAX_ROUNDS rounds or has few
        nodes, but at most MAX_SYNC_WORDS of a node.
    """
    of_all = max(ROUND_TOKENS, total_tokens // MAX_ROUNDS) * LONGER_ROUNDS.get(nodes, 1)
    return min(MAX_SYNC_WORDS, int(of_all) // nodes)


def joined(spans: Sequence[Span]) -> list[Span]:
    """The same tokens in order, with spans that touch each other as one."""
    found: list[Span] = []
    for start, stop in sorted(spans):
        if found and found[-1][1] == start:
            start = found.pop()[0]
        found.append((start, stop))
    return found


def left_of(span: Span, done: Sequence[Span]) -> list[Span]:
    """What is left of a span when sorted spans `done` are taken out of it."""
    left, (start, stop) = [], span
    for done_start, done_stop in done:
        if start < done_start < stop:
            left.append((start, done_start))
        if done_start < stop:
            start = max(start, done_stop)
    return [*left, (start, stop)] if start < stop else left


def shares_of_shards(sizes: Sequence[int], nodes: int) -> list[range]:
    """The shards of each node: consecutive ones, with about the same sum of sizes.

    Parameters
    ----------
    sizes
        Tokens, or bytes, of each shard.
    nodes
        How many there are.

    Returns
    -------
    list of range
        A shard belongs to the node in whose equal part of the corpus its middle lies.
    """
    ends = list(itertools.accumulate(sizes, initial=0))
    middles = [(start + stop) / 2 for start, stop in itertools.pairwise(ends)]
    cuts = [bisect.bisect_left(middles, ends[-1] * rank / nodes) for rank in range(nodes)]
    return [range(start, stop) for start, stop in itertools.pairwise([*cuts, len(sizes)])]


def bounds_at_sentences(ids: NDArray[np.int32], nodes: int) -> list[int]:
    """Where to cut ids into nearly equal parts that end with a sentence.

    Parameters
    ----------
    ids
        int32 [N], the last token of each sentence as ~id.
    nodes
        The number of parts.

    Returns
    -------
    list of int
        [nodes + 1], from 0 to N; a part is empty where a sentence is longer than it.
    """
    bounds = [0]
    for rank in range(1, nodes):
        at = max(len(ids) * rank // nodes, bounds[-1])
        while 0 < at < len(ids) and ids[at - 1] >= 0:
            at += 1
        bounds.append(at)
    return [*bounds, len(ids)]
