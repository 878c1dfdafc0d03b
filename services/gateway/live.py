"""Wakes whoever waits for something new: live event streams, the publisher, automatic training."""

from __future__ import annotations

import asyncio

MAX_READERS = 1_000


class Signal:
    """Many can wait; every `wake` releases all who waited before it."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def wake(self) -> None:
        """Release everyone who waits now."""
        event, self._next = self._next, asyncio.Event()
        event.set()

    def ticket(self) -> asyncio.Event:
        """Take this before looking, wait on it after finding nothing: no wake-up is lost in between."""
        return self._next


async def wait_either(first: asyncio.Event, stop: asyncio.Event, seconds: float) -> None:
    """Until one of the two is set, at most so long."""
    waiters = [asyncio.ensure_future(event.wait()) for event in (first, stop)]
    try:
        await asyncio.wait(waiters, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for waiter in waiters:
            waiter.cancel()
