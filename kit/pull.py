"""Keeps messages of one durable consumer flowing into a buffer, ahead of their handling.

A lingering pull request is always open on the server, so that a single message is pushed the
moment it arrives, and a flood fills the buffer while the batch before is being handled. The
protocol (request fields, status codes) is NATS ADR-13, "Pull Subscribe internals".
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque

import structlog
from nats.aio.client import Client as NATS  # noqa: N814
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js import api

log = structlog.get_logger(__name__)

EXPIRES = 30.0
HEARTBEAT = 1.0
SILENCE = 4.0
MAX_BYTES = 32 * 1024 * 1024
_ACK_PREFIX = "$JS.ACK."


class Lost(Exception):
    """The consumer is no longer there, or its server does not answer for it."""


class Pull:
    """The buffer of one consumer. Not for use by several tasks at once.

    waiting_since is the monotonic time since when nothing was there to take; 0 while something is.
    """

    def __init__(self, nc: NATS, stream: str, durable: str, batch: int) -> None:
        self._nc = nc
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self._batch = batch
        self._buffer: deque[Msg] = deque()
        self._credit = 0
        self._wake = asyncio.Event()
        self._lost = ""
        self._heard = 0.0
        self._connection = -1
        self._inbox = ""
        self._subscription: Subscription | None = None
        self.waiting_since = 0.0

    async def open(self) -> None:
        """Subscribe to a fresh inbox; what an older one still brought stays to be taken."""
        self._buffer.extend(await self.close())
        self._inbox = self._nc.new_inbox()
        self._subscription = await self._nc.subscribe(
            self._inbox, cb=self._receive, pending_msgs_limit=-1, pending_bytes_limit=-1
        )
        self._lost = ""
        self._credit = 0
        self.waiting_since = 0.0

    async def close(self) -> list[Msg]:
        """Unsubscribe; returns what was received and not taken, and what was still on its way."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None and not self._nc.is_closed:
            await (subscription.drain() if self._nc.is_connected else subscription.unsubscribe())
        left, self._buffer = list(self._buffer), deque()
        return left

    async def take(self, timeout: float) -> list[Msg]:
        """What is there now, up to a batch; waits up to timeout for the first.

        Raises Lost when the server says that the consumer is gone.
        """
        if not self._buffer and not self._lost:
            await self._refill()
            self._wake.clear()
            self.waiting_since = self.waiting_since or time.monotonic()
            try:
                async with asyncio.timeout(timeout):
                    await self._wake.wait()
            except TimeoutError:
                pass
        if self._lost and not self._buffer:
            raise Lost(self._lost)
        return [self._buffer.popleft() for _ in range(min(self._batch, len(self._buffer)))]

    async def prefetch(self) -> None:
        """Ask for the next batch before the one in hand is done."""
        await self._refill()

    async def _refill(self) -> None:
        now = time.monotonic()
        connection = self._nc.stats["reconnects"]
        if connection != self._connection or (self._credit and now - self._heard > SILENCE):
            self._connection, self._credit = connection, 0
        wanted = self._batch - self._credit - len(self._buffer)
        if wanted < max(1, self._batch // 2) or not self._nc.is_connected:
            return
        request = {
            "batch": wanted,
            "expires": int(EXPIRES * 1e9),
            "idle_heartbeat": int(HEARTBEAT * 1e9),
            "max_bytes": MAX_BYTES,
        }
        self._credit += wanted
        self._heard = now
        await self._nc.publish(self._subject, json.dumps(request).encode(), self._inbox)

    async def _receive(self, msg: Msg) -> None:
        self._heard = time.monotonic()
        if msg.reply.startswith(_ACK_PREFIX):
            self._credit = max(0, self._credit - 1)
            self.waiting_since = 0.0
            self._buffer.append(msg)
            self._wake.set()
            return
        headers = msg.headers or {}
        status = headers.get("Status", "")
        if status == "100":
            return
        # The client files some descriptions under an enum member, whose hash is not its text's.
        description = headers.get("Description") or headers.get(api.Header.DESCRIPTION) or ""
        self._credit = max(0, self._credit - int(headers.get("Nats-Pending-Messages", self._credit)))
        if status in {"503", "400"} or "Deleted" in description or "push based" in description.lower():
            self._lost = f"{status} {description}".strip()
        self._wake.set()
