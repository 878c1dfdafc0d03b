"""Concurrent calls scored as one batch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")
MOST = 256
TURNS = 8


class MicroBatcher(Generic[Q, A]):
    """Collects what is asked within a few turns of the event loop and answers it with one call of `answer`.

    No clock is waited for: it goes on for as long as every turn brings another question, at most 8 turns, so a lone
    question is answered on the next turn but one. Where a batch fails, each of its questions is asked again alone, so
    that one bad question fails alone.
    """

    def __init__(self, answer: Callable[[Sequence[Q]], Sequence[A]], most: int = MOST) -> None:
        self._answer = answer
        self._most = most
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []

    async def ask(self, question: Q) -> A:
        """The answer to one question; raises what answering it raised."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[A] = loop.create_future()
        self._waiting.append((question, future))
        if len(self._waiting) == 1:
            loop.call_soon(self._turn, 0, 0)
        return await future

    def _turn(self, seen: int, turns: int) -> None:
        """Wait another turn where the last one brought something, else answer."""
        count = len(self._waiting)
        if seen < count < self._most and turns < TURNS:
            asyncio.get_running_loop().call_soon(self._turn, count, turns + 1)
        else:
            self._flush()

    def _flush(self) -> None:
        taken, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._turn, 0, 0)
        self._settle(taken)

    def _settle(self, taken: Sequence[tuple[Q, asyncio.Future[A]]]) -> None:
        try:
            answers = self._answer([question for question, _ in taken])
        except Exception as error:
            if len(taken) > 1:
                for one in taken:
                    self._settle([one])
            elif not taken[0][1].done():
                taken[0][1].set_exception(error)
            return
        for (_, future), answer in zip(taken, answers, strict=True):
            if not future.done():
                future.set_result(answer)
