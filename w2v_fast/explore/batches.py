"""Questions that arrive together are answered by one matrix product, which is far cheaper."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")

MAX_BATCH = 128
GATHER_SECONDS = 0.003
"""No question comes for so long before those that wait are answered."""


class Batches(Generic[Question, Answer]):
    """Collects the questions of one event loop while a thread answers those that came before.

    Parameters
    ----------
    answer
        Answers a list of questions, at most `MAX_BATCH`; called by one thread at a time.
    """

    def __init__(self, answer: Callable[[list[Question]], Sequence[Answer]]) -> None:
        self._answer = answer
        self._waiting: deque[tuple[Question, asyncio.Future[Answer]]] = deque()
        self._answering: asyncio.Task[None] | None = None

    async def ask(self, question: Question) -> Answer:
        """Ask a question; raises what answering its batch raised."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        if self._answering is None or self._answering.done():
            self._answering = asyncio.create_task(self._answer_waiting())
        return await future

    async def _answer_waiting(self) -> None:
        while self._waiting:
            await self._gather()
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))]
            await self._answer_batch([one for one in batch if not one[1].done()])

    async def _answer_batch(self, batch: list[tuple[Question, asyncio.Future[Answer]]]) -> None:
        """Those who no longer wait have cancelled their futures."""
        try:
            questions = [question for question, _ in batch]
            answers = await asyncio.to_thread(self._answer, questions) if batch else []
        except Exception as error:
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)

    async def _gather(self) -> None:
        """Wait while questions come: the loop reads all that have arrived before it comes back."""
        number = 0
        while number < len(self._waiting) < MAX_BATCH:
            number = len(self._waiting)
            await asyncio.sleep(GATHER_SECONDS)
