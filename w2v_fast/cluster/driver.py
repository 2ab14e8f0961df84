"""The driver: one run on the machines of a Ray cluster, generation after generation.

generation   an actor on each machine: encode, load, train rounds
checkpoint   now and then, when the weights of all nodes are equal, the driver fetches those of
             one node and writes them
loss         when a node is gone, all actors are ended; the next generation takes the machines
             that are left, and goes on from the last checkpoint
growth       when machines have come, the next generation begins after a checkpoint
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import logging
import math
import os
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from w2v_fast.cluster.checkpoints import Checkpoints
from w2v_fast.cluster.generation import Generation, Machine, NodeLost, machines
from w2v_fast.cluster.node import Part, Step
from w2v_fast.cluster.plan import shares_of_shards
from w2v_fast.cluster.position import Position
from w2v_fast.cluster.replica import check_objective
from w2v_fast.cluster.scratch import ScratchFolder
from w2v_fast.cluster.shards import Shard, cut, merge, vocabulary_of
from w2v_fast.config import TrainConfig
from w2v_fast.corpus import tokenizers
from w2v_fast.corpus.corpus import MAGIC, Corpus
from w2v_fast.corpus.rows import Column
from w2v_fast.corpus.tokenizers import TokenizerChoice
from w2v_fast.corpus.vocabulary import Vocabulary
from w2v_fast.system.files import open_raw
from w2v_fast.system.remote import is_remote
from w2v_fast.training.checkpoint import CheckpointFolder
from w2v_fast.training.progress import EpochLoss, Report
from w2v_fast.training.weights import Weights
from w2v_fast.vectors.extras import imported
from w2v_fast.vectors.keyed_vectors import KeyedVectors

CHECKPOINT_SECONDS = 30.0
"""From one checkpoint to the next, if nothing else is asked for."""
CALL_SECONDS = 1.0
"""What a call of all nodes should take: a stop waits for the end of one."""
WAIT_SECONDS = 5.0
LATE_SECONDS = 300.0
"""A machine on which no actor would start is not tried again for so long."""
MAX_FAILURES = 5
"""Generations in a row that may be lost without a checkpoint between them."""

logger = logging.getLogger("w2v_fast.cluster")


class ClusterRun:
    """A run on a Ray cluster.

    Parameters
    ----------
    source
        Paths, folders, globs, URLs or a saved corpus, which every node can open under these names.
    config
        Hyper-parameters; `workers` is the number of threads of a node (default: the CPUs that its
        machine gives to Ray).
    nodes
        The smallest and the largest number of machines to use; None for no limit.
    address
        Of the cluster (default: the one that this process is connected to, else "auto", the one
        that runs on this machine); "local" starts one on this machine alone.
    sync_words
        Words that a node trains in a round (default: by the size of the run).
    hot_rows
        Rows that every round exchanges (default: `plan.HOT_ROWS`).
    column
        Of files of tables, the column of text.
    tokenizer
        What cuts text into words: a name, or a function that can be sent to the nodes (default:
        white space).
    vocabulary
        Words and counts to use instead of counting the corpus.
    plane
        "gloo" or "store" (default: gloo if every node has torch).
    on_vocabulary
        Called with the vocabulary before the training; an error that it raises ends the run.

    Attributes
    ----------
    config : TrainConfig
        As above.
    vocabulary : Vocabulary or None
        The words, when they are counted.
    weights : Weights or None
        Both matrices, at the end of `train`.
    position : Position
        Where the run stands.
    step : Step or None
        What the first node reported last: bytes and seconds of its exchanges.

    Raises
    ------
    ImportError
        Ray is not installed.
    ConnectionError
        There is no cluster at the address.
    TypeError
        The corpus is nothing that several machines can open, or the tokenizer nothing that can be
        sent to them.
    ValueError
        The objective is the softmax, `nodes` is not a range, there is no tokenizer of this name, or
        a saved corpus is given with a column or tokenizer.
    OSError
        The corpus is missing.
    """

    def __init__(
        self,
        source: Any,
        config: TrainConfig,
        *,
        nodes: tuple[int, int | None] = (1, None),
        address: str | None = None,
        sync_words: int | None = None,
        hot_rows: int | None = None,
        column: Column | None = None,
        tokenizer: TokenizerChoice = None,
        vocabulary: Vocabulary | None = None,
        plane: str | None = None,
        on_vocabulary: Callable[[Vocabulary], object] | None = None,
    ) -> None:
        self._ray = imported("ray", "engine='ray'", "Ray", "ray")
        check_objective(config)
        self._limits = _checked_nodes(nodes)
        self.config = config
        self.vocabulary = vocabulary
        self.weights: Weights | None = None
        self.position = self._start()
        self._sync_words, self._hot_rows, self._plane = sync_words, hot_rows, plane
        self._name = uuid.uuid4().hex[:16]
        self._source = _opened(source, column, tokenizer)
        self._reading = column, self._checked_tokenizer(tokenizer)
        self._on_vocabulary = on_vocabulary
        self._address = address
        self._digests: dict[int, str] = {}
        self._tokens: list[int] = []
        self._order: list[str] = []
        self._late: dict[str, float] = {}
        self._stopped = False
        self.step: Step | None = None

    # -- what the caller sees --------------------------------------------------------------------

    def stop(self) -> None:
        """Let `train` end within a few rounds; any thread or signal handler may call this."""
        self._stopped = True

    @property
    def done(self) -> bool:
        """Whether the run has reached its end."""
        return self.position.epoch == self.config.epochs

    @property
    def total_tokens(self) -> int:
        """Tokens of all epochs."""
        return sum(self._tokens) * self.config.epochs

    @property
    def share_done(self) -> float:
        """The part of the run that is trained, from 0 to 1."""
        return self.position.tokens / max(self.total_tokens, 1)

    @property
    def wv(self) -> KeyedVectors:
        """The word vectors, after `train`."""
        assert self.vocabulary is not None
        assert self.weights is not None
        return KeyedVectors(
            self.vocabulary.words,
            self.weights.vectors,
            counts=self.vocabulary.counts,
            output_vectors=self.weights.output_vectors,
            metadata=self.config.as_metadata(),
        )

    def train(
        self,
        report: Report | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_minutes: float | None = None,
        resume: bool = False,
    ) -> None:
        """Train to the end of the run, or up to a `stop`, and fetch the weights.

        Parameters
        ----------
        report
            Called with `Progress` about every second, and at the end of each epoch; nobody waits
            for it.
        checkpoint
            A folder for checkpoints (default: a temporary one, which only helps when a node is
            lost).
        checkpoint_minutes
            Minutes from one to the next (default: half a minute, or as much more as keeps the time
            for checkpoints below a twentieth).
        resume
            Go on from the newest checkpoint in the folder, if it has one.

        Raises
        ------
        RuntimeError
            Nodes were lost again and again.
        ConnectionError
            There is no cluster at the address.
        ImportError
            A node has another version of the package.
        FileExistsError
            The folder has checkpoints, and `resume` is not given.
        CheckpointError
            The checkpoint is of another run, or damaged.
        OSError, ValueError, MemoryError
            As on one machine; the message names the node.
        """
        seconds = CHECKPOINT_SECONDS if checkpoint_minutes is None else 60 * checkpoint_minutes
        if not 0 < seconds < math.inf:
            raise ValueError(
                f"checkpoint_minutes = {checkpoint_minutes!r} must be a number above 0"
            )
        with contextlib.ExitStack() as stack:
            keep = checkpoint is not None
            if checkpoint is None:
                scratch = ScratchFolder(f"{self._name}-driver")
                stack.callback(scratch.remove)
                checkpoint = scratch.path / "checkpoints"
            folder = stack.enter_context(CheckpointFolder(checkpoint))
            if folder.files() and not resume:
                raise FileExistsError(
                    f"{folder.path} has checkpoints of an earlier run: resume it, or give another "
                    "folder"
                )
            stack.enter_context(self._connected())
            self._train(_Watch(self, report), Checkpoints(folder, seconds, keep))

    @contextlib.contextmanager
    def _connected(self) -> Iterator[None]:
        """Be connected to the cluster."""
        if self._ray.is_initialized():
            yield
            return
        try:
            self._ray.init(
                address=self._address or "auto",
                log_to_driver=False,
                logging_level=logging.CRITICAL,  # what is lost is told here, in one line
                **({"include_dashboard": False} if self._address == "local" else {}),
            )
        except ConnectionError as error:
            raise ConnectionError(
                f"no Ray cluster answers at {self._address or 'this machine'}: start one with "
                "'ray start --head', or give the address of a running one, or 'local' for this "
                f"machine alone ({error})"
            ) from None
        try:
            yield
        finally:
            self._ray.shutdown()

    def _checked_tokenizer(self, tokenizer: TokenizerChoice) -> TokenizerChoice:
        """A tokenizer that every node can be given."""
        tokenizers.resolve(tokenizer)
        try:
            self._ray.cloudpickle.dumps(tokenizer)
        except Exception as error:
            raise TypeError(
                f"the tokenizer {tokenizer!r:.60} cannot be sent to other machines ({error}): give "
                "a function, or the name of one as module:function"
            ) from error
        return tokenizer

    # -- generations -----------------------------------------------------------------------------

    def _train(self, watch: _Watch, checkpoints: Checkpoints) -> None:
        failures, tokens = 0, -1
        while self.weights is None:
            generation = self._next_generation()
            end = generation.end
            try:
                self._run(generation, watch, checkpoints)
                if self.weights is None:
                    end = generation.kill
            except NodeLost as error:
                self.position = checkpoints.recover() or self._start()
                failures = failures + 1 if self.position.tokens == tokens else 1
                tokens = self.position.tokens
                if failures == MAX_FAILURES:
                    raise RuntimeError(
                        f"{failures} generations in a row were lost before a checkpoint; the last "
                        f"one because of {error}"
                    ) from None
                logger.warning("%s; going on after %s words", error, f"{tokens:,}")
                end = generation.kill
            finally:
                end()

    def _start(self) -> Position:
        return Position(0, [], 0, 0, [EpochLoss() for _ in range(self.config.epochs)])

    def _next_generation(self) -> Generation:
        """Start actors on the machines that are there, as soon as they are enough."""
        told = False
        while not self._stopped:
            found = self._candidates()
            if len(found) >= self._limits[0]:
                generation = Generation(self._ray, found, self.config.workers)
                self._late.update((machine.id, time.monotonic()) for machine in generation.late)
                if len(generation) >= self._limits[0]:
                    self._order = [machine.id for machine in generation.machines]
                    return generation
                generation.kill()
            if not told:
                logger.warning("waiting for %d nodes; %d are there", self._limits[0], len(found))
                told = True
            time.sleep(WAIT_SECONDS)
        raise RuntimeError("stopped while the run waited for nodes")

    def _candidates(self) -> list[Machine]:
        """Machines to use: those of the last generation first, so that they keep their shards."""
        ready = time.monotonic() - LATE_SECONDS
        found = [m for m in machines(self._ray) if self._late.get(m.id, ready) <= ready]
        places = {id: place for place, id in enumerate(self._order)}
        found.sort(key=lambda machine: places.get(machine.id, len(places)))
        return found[: self._limits[1]]

    def _open(self, generation: Generation) -> None:
        """Tell each node what the run is."""
        arguments = []
        for machine in generation.machines:
            workers = min(self.config.workers or machine.cpus, machine.cpus)
            config = dataclasses.replace(self.config, workers=workers)
            arguments.append((self._name, self._source, config, machine.address, *self._reading))
        generation.call("open", arguments)

    def _run(self, generation: Generation, watch: _Watch, checkpoints: Checkpoints) -> None:
        """Train on one generation: to the end, to a stop, or until machines have come."""
        self._open(generation)
        self._count(generation)
        assert self.vocabulary is not None
        self.position = (
            checkpoints.prepare(self.vocabulary, self.config, self._corpus()) or self.position
        )
        watch.begin()
        if not self.done:
            self._load(generation)
            self._join(generation, self._plane or ("gloo" if generation.has_torch else "store"))
            if self.position.tokens:
                checkpoints.send(generation)
            if self._advance(generation, watch, checkpoints):
                return
        self.weights = checkpoints.weights

    def _corpus(self) -> dict[str, Any]:
        """What tells one corpus from another, in the header of a checkpoint."""
        digests = "".join(self._digests[number] for number in sorted(self._digests))
        return {"tokens": sum(self._tokens), "sha256": hashlib.sha256(digests.encode()).hexdigest()}

    def _count(self, generation: Generation) -> None:
        """Make the vocabulary, and count the tokens of each shard, unless that is done."""
        if self._tokens:
            return
        if isinstance(self._source, str):
            with Corpus.open(self._source, memory_budget=0) as corpus:
                vocabulary, tokens = corpus.vocabulary, [len(corpus)]
                self._digests = {0: hashlib.sha256(corpus.ids.data).hexdigest()}
        else:
            parts = shares_of_shards([shard.size for shard in self._source], len(generation))
            counts = merge(generation.call("encode", ((part,) for part in parts)))
            limits = self.config.min_count, self.config.max_vocab
            vocabulary = self.vocabulary or vocabulary_of(counts, *limits)
            words = generation.put(vocabulary)
            found = generation.call("tokens", ((part, words) for part in parts))
            tokens, self._digests = [count for part in found for count in part], counts.digests
        if not sum(tokens):
            raise ValueError("none of the tokens of the corpus is in the vocabulary")
        if self._on_vocabulary is not None:
            self._on_vocabulary(vocabulary)
        self.vocabulary, self._tokens = vocabulary, tokens

    def _load(self, generation: Generation) -> None:
        """Give each node an equal part of the corpus."""
        words = generation.put(self.vocabulary)
        parts = self._parts(len(generation))
        generation.call("load", ((part, words, self._digests) for part in parts))

    def _parts(self, nodes: int) -> list[Part]:
        """The part of each node, and the shards in which it lies."""
        ends = np.cumsum([0, *self._tokens])
        total, parts = int(ends[-1]), []
        for rank in range(nodes):
            start, stop = total * rank // nodes, total * (rank + 1) // nodes
            first = int(np.searchsorted(ends, start, "right")) - 1
            last = max(int(np.searchsorted(ends, stop, "left")), first)
            parts.append(Part(range(first, last), int(ends[first]), start, stop))
        return parts

    def _join(self, generation: Generation, plane: str) -> None:
        """Let the nodes come together, and make their replicas."""
        group = f"w2v_fast-{uuid.uuid4().hex}"
        joined = generation.call(
            "join", ((rank, generation.nodes, plane, group) for rank in range(len(generation)))
        )
        generation.call("begin", ((self._sync_words, self._hot_rows) for _ in joined))
        name, speed = joined[0][0], min(speed for _, speed in joined)
        how = f", exchange by {name} at {8e-9 * speed:.2g} Gbit/s" if len(joined) > 1 else ""
        logger.info("training on %d nodes%s", len(generation), how)

    def _advance(self, generation: Generation, watch: _Watch, checkpoints: Checkpoints) -> bool:
        """Train rounds with checkpoints; whether it ended because machines have come."""
        rounds, is_stopping = 1, False
        while True:
            started = time.monotonic()
            pause = is_stopping or checkpoints.is_due
            calls = generation.submit("advance", ((rounds, pause) for _ in generation.nodes))
            checkpoints.write()  # while the nodes train
            step: Step = generation.wait(calls)[0]
            self.position, self.step = step.position, step
            watch.tell(step)
            if step.equal and (step.done or is_stopping):
                checkpoints.fetch(generation, step.position)
                checkpoints.write_last()
                return False
            if step.equal and checkpoints.is_due:
                checkpoints.fetch(generation, step.position)
                if len(self._candidates()) > len(generation):
                    checkpoints.write()
                    return True
            if self._stopped and not is_stopping:
                generation.stop()
                is_stopping = True
            a_round = (time.monotonic() - started) / step.rounds
            rounds = max(1, min(2 * rounds, int(CALL_SECONDS / a_round)))


class _Watch:
    """Calls a report function with the progress of all nodes."""

    def __init__(self, run: ClusterRun, report: Report | None) -> None:
        self._run, self._report = run, report
        self._before: Position | None = None
        self._started = 0.0

    def begin(self) -> None:
        """Count from here, unless it counts already."""
        if self._before is not None:
            return
        self._before, self._started = self._run.position, time.monotonic()
        if self._before.tokens:
            logger.info(
                "going on after %s words, %.1f%% of the run",
                f"{self._before.tokens:,}",
                100 * self._run.share_done,
            )

    def tell(self, step: Step) -> None:
        """Report where the nodes stand."""
        if self._report is None or self._before is None:
            return
        self._report(
            dataclasses.replace(
                step.progress,
                tokens=step.position.tokens - self._before.tokens,
                total_tokens=self._run.total_tokens - self._before.tokens,
                kept_tokens=step.position.kept_tokens - self._before.kept_tokens,
                seconds=time.monotonic() - self._started,
            )
        )


def _opened(source: Any, column: Column | None, tokenizer: TokenizerChoice) -> list[Shard] | str:
    """The shards of a corpus of text, or the path of a saved corpus."""
    shards = cut(source, column)
    for shard in shards:
        is_only = len(shards) == 1 and is_remote(shard.path)  # one request, not one a file
        if (shard.file_size and shard.start == 0) or is_only:
            with open_raw(shard.path) as file:
                if file.read(len(MAGIC)) == MAGIC:
                    if len({other.path for other in shards}) > 1:
                        raise ValueError(f"{shard.path} is a saved corpus and must be the only one")
                    if column is not None or tokenizer is not None:
                        raise ValueError(
                            f"{shard.path} is a saved corpus, whose words are fixed: leave out "
                            "column and tokenizer"
                        )
                    return shard.path
    return shards


def _checked_nodes(nodes: tuple[int, int | None]) -> tuple[int, int | None]:
    """The smallest and the largest number of nodes, if they are a range."""
    try:
        least, most = nodes
        if (
            type(least) is int
            and least >= 1
            and (most is None or (type(most) is int and most >= least))
        ):
            return least, most
    except (TypeError, ValueError):
        pass
    raise ValueError(
        f"nodes = {nodes!r} must be a pair of the smallest and the largest number of nodes, such "
        "as (2, 8)"
    )
