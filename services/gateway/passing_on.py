"""Passes on what waits in the store, each until its stream has it."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

import structlog

from kit.errors import DealcastError
from kit.messaging import Outgoing
from services.gateway.live import Signal, wait_either
from services.gateway.publisher import Sender

log = structlog.get_logger(__name__)
T = TypeVar("T")

BATCH = 500


class PassingOn(ABC, Generic[T]):
    """Looks when something is new, and now and then."""

    what: ClassVar[str]
    poll_seconds: ClassVar[float] = 1.0

    def __init__(self, sender: Sender, news: Signal) -> None:
        self._sender = sender
        self._news = news

    @abstractmethod
    async def waiting(self, limit: int) -> Sequence[T]:
        """What the stream has not got yet, oldest first."""

    @abstractmethod
    def message(self, one: T) -> Outgoing:
        """As it goes out; a repetition bears the same message id and is known as one."""

    @abstractmethod
    async def finish(self, done: Sequence[T]) -> None:
        """The stream has these."""

    async def run(self, stop: asyncio.Event) -> None:
        """Until stopped."""
        while not stop.is_set():
            ticket = self._news.ticket()
            try:
                sent = await self.publish()
            except DealcastError as error:
                log.warning("waits_to_be_passed_on", what=self.what, error=error.problem)
                sent = 0
            except Exception:
                log.exception("passing_on_failed", what=self.what)
                sent = 0
            if sent < BATCH:
                await wait_either(ticket, stop, self.poll_seconds)

    async def publish(self) -> int:
        """One round; how many are on the stream now."""
        waiting = await self.waiting(BATCH)
        if not waiting:
            return 0
        fates = await self._sender.publish([self.message(one) for one in waiting])
        done = [one for one, fate in zip(waiting, fates, strict=True) if fate is None]
        if done:
            await self.finish(done)
        return len(done)
