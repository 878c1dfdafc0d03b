"""Whether each part of the system is at work."""

from __future__ import annotations

import time
from collections.abc import Mapping

import nats.errors
from nats.aio.client import Client as NATS  # noqa: N814

from kit.errors import DealcastError
from kit.subjects import DEALS_STREAM, INSIGHTS_STREAM
from services.gateway.store import Store

CONSUMERS = {
    "lead_scoring": (DEALS_STREAM, "lead_scoring-changed"),
    "forecast": (INSIGHTS_STREAM, "forecast"),
    "next_best_action": (INSIGHTS_STREAM, "next_best_action"),
}
PARTS_SECONDS = 1.0


class Readiness:
    """Whether each part of the system is at work, asked at most once a second.

    A model service is ready while it waits for messages or has some in hand.
    """

    def __init__(self, store: Store, nc: NATS) -> None:
        self._store = store
        self._nc = nc
        self._read = 0.0
        self._parts: dict[str, bool] = {}

    async def read(self) -> Mapping[str, bool]:
        """By part."""
        if time.monotonic() - self._read > PARTS_SECONDS:
            self._parts = {"store": await self._store_answers(), "nats": self._nc.is_connected}
            for name, (stream, durable) in CONSUMERS.items():
                self._parts[name] = self._nc.is_connected and await self._waits(stream, durable)
            self._read = time.monotonic()
        return self._parts

    async def _store_answers(self) -> bool:
        try:
            await self._store.ping()
        except DealcastError:
            return False
        return True

    async def _waits(self, stream: str, durable: str) -> bool:
        try:
            info = await self._nc.jetstream(timeout=2).consumer_info(stream, durable)
        except (nats.errors.Error, OSError):
            return False
        return bool(info.num_waiting or info.num_ack_pending)
