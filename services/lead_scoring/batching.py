"""Concurrent calls scored as one batch."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")
MOST = 32  # more at once save little, and whoever asks has nothing to do meanwhile
TURNS = 8
LULL_SECONDS = 0.003
LONGEST_SECONDS = 0.02
BUSY_SECONDS = 0.25
PROBE_SECONDS = 0.1


class MicroBatcher(Generic[Q, A]):
    """Collects what is asked at about the same time and answers it with one call of `answer`.

    Alone, a question costs several times its share of a batch. So for a quarter of a second after several came at a
    time, a batch is held open for as long as questions keep coming, at most for 20 ms; one every tenth of a second is
    held open to see whether they do. All others wait for no clock: each is answered on the next turn of the event
    loop but one. A batch of `most` waits for nothing. Where one fails, each of its questions is asked again alone, so
    that one bad question fails alone.
    """

    def __init__(self, answer: Callable[[Sequence[Q]], Sequence[A]], most: int = MOST) -> None:
        self._answer = answer
        self._most = most
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._busy_until = 0.0
        self._next_probe = 0.0
        self._look: asyncio.Handle | None = None  # when to look again whether the batch is whole

    async def ask(self, question: Q) -> A:
        """The answer to one question; raises what answering it raised."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[A] = loop.create_future()
        self._waiting.append((question, future))
        if len(self._waiting) == self._most:
            self._flush()
        elif len(self._waiting) == 1:
            self._begin(loop)
        return await future

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        now = time.monotonic()
        if now < self._busy_until or now >= self._next_probe:
            self._next_probe = now + PROBE_SECONDS
            self._look = loop.call_later(LULL_SECONDS, self._lull, len(self._waiting), now + LONGEST_SECONDS)
        else:
            self._look = loop.call_soon(self._turn, 0, 0)

    def _turn(self, seen: int, turns: int) -> None:
        """Wait another turn where the last one brought something, else answer."""
        count = len(self._waiting)
        if seen < count and turns < TURNS:
            self._look = asyncio.get_running_loop().call_soon(self._turn, count, turns + 1)
        else:
            self._flush()

    def _lull(self, seen: int, until: float) -> None:
        """Wait another while where the last one brought something, else answer."""
        count = len(self._waiting)
        if seen < count and time.monotonic() < until:
            self._look = asyncio.get_running_loop().call_later(LULL_SECONDS, self._lull, count, until)
        else:
            self._flush()

    def _flush(self) -> None:
        if self._look is not None:
            self._look.cancel()
        taken, self._waiting = self._waiting, []
        self._settle(taken)
        if len(taken) > 1:
            self._busy_until = time.monotonic() + BUSY_SECONDS

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
