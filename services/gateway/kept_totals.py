"""Totals that were asked for a moment ago, for as long as nothing was written since: many pages begin with the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any

MOST_KEPT = 1_000  # a company's totals of 500 users are .5 MB, those of a team a hundredth of it


class KeptTotals:
    """Answers by what was asked, of one edition of the store. Whoever asks for what is being made waits for it."""

    def __init__(self) -> None:
        self._edition: Hashable = None
        self._made: dict[Hashable, asyncio.Task[dict[str, Any]]] = {}

    async def of(
        self, edition: Hashable, asked: Hashable, make: Callable[[], Awaitable[dict[str, Any]]]
    ) -> dict[str, Any]:
        """The answer, made anew if need be; nobody may change it. `edition` must have been read before now."""
        if edition != self._edition or len(self._made) >= MOST_KEPT:
            self._edition, self._made = edition, {}
        task = self._made.get(asked)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = self._made[asked] = asyncio.ensure_future(make())
        return await asyncio.shield(task)
