"""The actor of one machine: it encodes its shards, loads its part of the corpus, trains rounds.

The driver makes one on each machine and calls the methods of all of them at once; `ping`, `facts`,
`stop`, `remove` and `deliver` run beside the others.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2v_fast.cluster.exchange.gloo import GlooExchange
from w2v_fast.cluster.exchange.protocol import Exchange
from w2v_fast.cluster.exchange.store import Mailbox, StoreExchange
from w2v_fast.cluster.exchange.timed import TimedExchange
from w2v_fast.cluster.plan import HOT_ROWS
from w2v_fast.cluster.position import Position
from w2v_fast.cluster.replica import Replica
from w2v_fast.cluster.shards import Counts, LocalShards, Shard
from w2v_fast.config import TrainConfig
from w2v_fast.corpus import tokenizers
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.rows import Column
from w2v_fast.corpus.tokenizers import TokenizerChoice
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.system.memory import available, default_budget, human
from w2v_fast.system.version import __version__
from w2v_fast.training.memory import MemoryEstimate
from w2v_fast.training.progress import Progress

PROBE_BYTES, PROBES = 1 << 23, 3


@dataclasses.dataclass(frozen=True)
class Part:
    """A node's part of the corpus.

    Attributes
    ----------
    numbers : range
        The shards in which its tokens are.
    offset : int
        Number of the first token of these shards.
    start, stop : int
        Its tokens.
    """

    numbers: range
    offset: int
    start: int
    stop: int


@dataclasses.dataclass(frozen=True)
class Step:
    """Where all nodes stand after some rounds.

    Attributes
    ----------
    progress : Progress
        As the last round reported it.
    position : Position
        The position.
    equal, done : bool
        Whether the weights of all nodes are equal, and whether the run is at its end.
    rounds : int
        Rounds that were trained.
    exchange_bytes : int
        What this node gave to exchanges since its replica was made.
    exchange_seconds : float
        Time spent in them.
    """

    progress: Progress
    position: Position
    equal: bool
    done: bool
    rounds: int
    exchange_bytes: int
    exchange_seconds: float


class Node:
    """What one machine has of a run; `facts` is asked first, then `open` is called."""

    def __init__(self) -> None:
        self._saved: str | None = None
        self._shards: LocalShards | None = None
        self._mailbox = Mailbox()
        self._exchange: TimedExchange | None = None
        self._replica: Replica | None = None
        self._rounds: Iterator[Progress] = iter(())

    def facts(self) -> tuple[str, bool]:
        """The version of the package, and whether gloo can be used; nothing a version may lack."""
        return __version__, importlib.util.find_spec("torch") is not None

    def ping(self) -> float:
        """Answer: this process is not hung; the seconds that it has waited for the other nodes."""
        return 0.0 if self._exchange is None else self._exchange.waited

    # -- the corpus ------------------------------------------------------------------------------

    def open(
        self,
        run: str,
        source: Sequence[Shard] | str,
        config: TrainConfig,
        address: str,
        column: Column | None = None,
        tokenizer: TokenizerChoice = None,
    ) -> None:
        """Take part in a run.

        Parameters
        ----------
        run
            The name of the run, which the folder of local files bears.
        source
            The shards of the corpus, or the path of a saved one.
        config
            Hyper-parameters; `workers` is the number of this machine's threads.
        address
            The IP address of this machine.
        column, tokenizer
            That of tables; what cuts text into words.
        """
        self._config, self._address = config, address
        if isinstance(source, str):
            self._saved = source
        else:
            self._shards = LocalShards(run, source, column, tokenizers.resolve(tokenizer))

    def encode(self, numbers: range) -> Counts:
        """Read some shards, and count their words."""
        assert self._shards is not None
        return self._shards.encode(numbers, self._config.threads)

    def tokens(self, numbers: range, vocabulary: Vocabulary) -> list[int]:
        """The tokens of some shards that are in the vocabulary."""
        assert self._shards is not None
        threads = self._config.threads
        return [self._shards.tokens(number, vocabulary, threads) for number in numbers]

    def load(self, part: Part, vocabulary: Vocabulary, digests: Mapping[int, str]) -> None:
        """Take this node's part of the corpus, and check that a replica fits into memory."""
        self._ids = self._part_of_corpus(part, vocabulary, digests)
        self._vocabulary = vocabulary
        estimate = MemoryEstimate(len(vocabulary), 0, self._config)
        needed, free = estimate.to_come + estimate.weights, available()
        if free is not None and needed > free:
            raise MemoryError(
                f"a node takes {human(needed)} beside its ids: the weights twice, "
                f"{human(estimate.weights)} each ({estimate.words:,} words x "
                f"{self._config.vector_size} floats x 2), tables {human(estimate.tables)}; "
                f"{human(free)} are free. Lower vector_size, or keep fewer words (max_vocab, "
                "min_count)"
            )

    def _part_of_corpus(
        self, part: Part, vocabulary: Vocabulary, digests: Mapping[int, str]
    ) -> NDArray[np.int32]:
        own = slice(part.start - part.offset, part.stop - part.offset)
        if self._shards is not None:
            ids = self._shards.load(part.numbers, vocabulary, digests, self._config.threads)
            return ids[own]
        assert self._saved is not None
        corpus = Corpus.open(self._saved, memory_budget=default_budget())
        if corpus.vocabulary != vocabulary:
            raise OSError(f"{self._saved} is another file than the driver has read")
        return corpus.ids[own]

    # -- the rounds ------------------------------------------------------------------------------

    def join(self, rank: int, nodes: Sequence[Any], plane: str, group: str) -> tuple[str, float]:
        """Come together with the other nodes; returns the means of transport, and bytes a second.

        Parameters
        ----------
        rank
            This node's number.
        nodes
            The actors of all.
        plane
            "gloo" or "store".
        group
            A name that no other group of the cluster has.
        """
        exchange: Exchange
        if plane == "gloo" and len(nodes) > 1:
            exchange = GlooExchange(rank, len(nodes), group, self._address)
        else:
            exchange = StoreExchange(rank, nodes, self._mailbox)
        self._exchange = TimedExchange(exchange)
        probe, best = np.zeros(PROBE_BYTES // 4, np.float32), np.inf
        for _ in range(PROBES):
            start = time.perf_counter()
            self._exchange.sum(probe)
            best = min(best, time.perf_counter() - start)
        return self._exchange.name, PROBE_BYTES / best

    def begin(self, sync_words: int | None, hot_rows: int | None) -> None:
        """Make the replica, with fresh weights."""
        assert self._exchange is not None
        self._replica = Replica(
            self._ids,
            self._vocabulary,
            self._config,
            self._exchange,
            sync_words=sync_words,
            hot_rows=hot_rows or HOT_ROWS,
        )
        self._rounds = self._replica.rounds()

    def set_rows(self, matrix: int, start: int, rows: NDArray[np.float32]) -> None:
        """Replace rows of one of the matrices."""
        assert self._replica is not None
        self._replica.weights.arrays[matrix][start : start + len(rows)] = rows

    def go_on(self, position: Position) -> None:
        """Take the weights that were set for those of a position."""
        assert self._replica is not None
        self._replica.go_on(position)

    def advance(self, rounds: int, pause: bool) -> Step | None:
        """Train some rounds, at most up to the end of the epoch; None when none is left.

        Every node trains the same rounds. With `pause` they end after one that leaves all weights
        equal.
        """
        replica, progress, done = self._replica, None, 0
        assert replica is not None
        for progress in itertools.islice(self._rounds, rounds):
            done += 1
            if progress.epoch_done or (pause and replica.equal):
                break
        if progress is None:
            return None
        return Step(
            progress,
            replica.position,
            replica.equal,
            replica.done,
            done,
            replica.combiner.bytes,
            replica.combiner.seconds,
        )

    def stop(self) -> None:
        """Let all nodes end within a few rounds, the last of which exchanges all rows."""
        if self._replica is not None:
            self._replica.stop()

    def rows(self, matrix: int, start: int, stop: int) -> NDArray[np.float32]:
        """Rows of one of the matrices."""
        assert self._replica is not None
        return self._replica.weights.arrays[matrix][start:stop]

    def deliver(self, call: int, sender: int, array: NDArray[Any]) -> None:
        """Take what another node sends through the object store."""
        self._mailbox.put(call, sender, array)

    def remove(self) -> None:
        """Remove the local files of the run."""
        if self._shards is not None:
            self._shards.remove()
