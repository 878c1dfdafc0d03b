"""One call to the store for all who ask the same kind of thing at about the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Together(Generic[K, V]):
    """What is asked while a call is under way waits for the next one, so no answer is older than its question.

    `ask` answers for as many as wait, each at most once; what it raises reaches all of them.
    """

    def __init__(self, ask: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._ask = ask
        self._waiting: dict[K, asyncio.Future[V]] = {}
        self._calls: asyncio.Task[None] | None = None

    async def of(self, key: K) -> V:
        """The answer for one. Raises what the call raised, KeyError where it told nothing of the key."""
        mine = self._waiting.get(key)
        if mine is None:
            mine = self._waiting[key] = asyncio.get_running_loop().create_future()
        if self._calls is None:
            self._calls = asyncio.create_task(self._run())
        return await asyncio.shield(mine)

    async def _run(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = self._waiting, {}
                await self._answer(asked)
        finally:
            self._calls = None
            for one in self._waiting.values():
                one.cancel()
            self._waiting = {}

    async def _answer(self, asked: Mapping[K, asyncio.Future[V]]) -> None:
        try:
            found = await self._ask(list(asked))
            for key, mine in asked.items():
                if key in found:
                    mine.set_result(found[key])
                else:
                    _raise(mine, KeyError(key))
        except Exception as error:
            for mine in asked.values():
                _raise(mine, error)
        finally:
            for mine in asked.values():
                mine.cancel()  # those of a call that was cancelled; the others have their answer


def _raise(mine: asyncio.Future[V], error: Exception) -> None:
    mine.set_exception(error)
    mine.exception()  # whoever asked may have left: nobody is to be told of an error that was never seen
