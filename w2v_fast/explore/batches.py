"""Questions that arrive together are answered by one matrix product, which is far cheaper."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")

MAX_BATCH = 128
GATHER_SECONDS = 0.006
"""Once several questions wait, more are coming: none comes for so long before they are answered."""


class Batches(Generic[Question, Answer]):
    """Collects questions while a thread answers those that came before.

    Parameters
    ----------
    answer
        Answers a list of questions, at most `MAX_BATCH`; called by one thread at a time.
    """

    def __init__(self, answer: Callable[[list[Question]], Sequence[Answer]]) -> None:
        self._answer = answer
        self._waiting: deque[tuple[Question, Future[Answer]]] = deque()
        self._worker = ThreadPoolExecutor(1, "w2v-fast-batches")

    def submit(self, question: Question) -> Future[Answer]:
        """Ask a question; the future raises what answering its batch raised."""
        future: Future[Answer] = Future()
        self._waiting.append((question, future))
        self._worker.submit(self._answer_waiting)
        return future

    def ask(self, question: Question) -> Answer:
        """Ask a question and wait for its answer."""
        return self.submit(question).result()

    def _answer_waiting(self) -> None:
        number = 1
        while number < len(self._waiting) < MAX_BATCH:
            number = len(self._waiting)
            time.sleep(GATHER_SECONDS)
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))]
        batch = [one for one in batch if one[1].set_running_or_notify_cancel()]
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
