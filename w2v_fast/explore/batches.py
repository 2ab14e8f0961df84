"""Questions that arrive at the same time are answered together, since a matrix product is far cheaper than its rows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")

MAX_BATCH = 128


class Batches(Generic[Question, Answer]):
    """Collects the questions of many threads; whoever gets the turn answers all that wait.

    Parameters
    ----------
    answer
        Answers a list of questions, at most `MAX_BATCH`; called by one thread at a time.
    """

    def __init__(self, answer: Callable[[list[Question]], Sequence[Answer]]) -> None:
        self._answer = answer
        self._waiting: list[tuple[Question, Future[Answer]]] = []
        self._lock = threading.Lock()
        self._turn = threading.Lock()

    def ask(self, question: Question) -> Answer:
        """The answer to one question; raises what answering its batch raised."""
        future: Future[Answer] = Future()
        with self._lock:
            self._waiting.append((question, future))
        while not future.done():
            with self._turn:
                self._answer_waiting()
        return future.result()

    def _answer_waiting(self) -> None:
        with self._lock:
            batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
        if not batch:
            return
        try:
            answers = self._answer([question for question, _ in batch])
        except Exception as error:
            for _, future in batch:
                future.set_exception(error)
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            future.set_result(answer)
