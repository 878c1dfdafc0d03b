"""Totals that were asked for a moment ago, for as long as nothing was written since: many pages begin with the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from time import monotonic
from typing import Any

MOST_KEPT = 200  # a company's totals of 500 users are .5 MB
SLOW_SECONDS = 0.05


@dataclass(slots=True)
class _Made:
    task: asyncio.Task[dict[str, Any]]
    until: float = 0.0  # monotonic, also of another edition

    @property
    def failed(self) -> bool:
        """Whether it must be made again."""
        return self.task.done() and (self.task.cancelled() or self.task.exception() is not None)


class KeptTotals:
    """Answers by what was asked, of one edition of the store. Whoever asks for what is being made waits for it. What is
    slow to make serves so many times as long as that took, whatever was written: what was asked must then tell whose
    eyes it is for."""

    def __init__(self, slow_times: float = 0.0) -> None:
        self._edition: Hashable = None
        self._made: dict[Hashable, _Made] = {}
        self._times = slow_times

    async def of(
        self, edition: Hashable, asked: Hashable, make: Callable[[], Awaitable[dict[str, Any]]]
    ) -> dict[str, Any]:
        """The answer, made anew if need be; nobody may change it. `edition` must have been read before now."""
        now = monotonic()
        if edition != self._edition:
            self._edition, self._made = edition, {key: one for key, one in self._made.items() if now < one.until}
        one = self._made.get(asked)
        if one is None or one.failed:
            if len(self._made) >= MOST_KEPT:
                self._made = {}
            one = self._made[asked] = _Made(asyncio.ensure_future(self._timed(asked, make)))
        return await asyncio.shield(one.task)

    async def _timed(self, asked: Hashable, make: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        began = monotonic()
        found = await make()
        took = monotonic() - began
        if took > SLOW_SECONDS and asked in self._made:
            self._made[asked].until = began + self._times * took
        return found
