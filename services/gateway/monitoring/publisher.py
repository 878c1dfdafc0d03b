"""Publishes alerts on ALERTS.<level>.<id>, each state until the stream has it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from kit.errors import DealcastError
from kit.messaging import Outgoing
from kit.subjects import ALERTS, subject
from services.gateway.live import Signal, wait_either
from services.gateway.monitoring.convert import alert_to_pb
from services.gateway.publisher import Sender
from services.gateway.store.interface import Store

log = structlog.get_logger(__name__)

BATCH = 200
POLL_SECONDS = 30.0


@dataclass(slots=True)
class AlertPublisher:
    """Looks when something changed, and now and then."""

    store: Store
    sender: Sender
    changed: Signal
    workspace_id: str

    async def run(self, stop: asyncio.Event) -> None:
        """Until stopped."""
        while not stop.is_set():
            ticket = self.changed.ticket()
            try:
                sent = await self.publish()
            except DealcastError as error:
                log.warning("alerts_wait", error=error.problem)
                sent = 0
            if sent < BATCH:
                await wait_either(ticket, stop, POLL_SECONDS)

    async def publish(self) -> int:
        """One round; how many are on the stream now. A repetition bears the same message id and is known as one."""
        waiting = await self.store.unpublished_alerts(BATCH)
        if not waiting:
            return 0
        messages = [
            Outgoing(subject(ALERTS, one.level.value, str(one.id)), alert_to_pb(one).SerializeToString(),
                     message_id=f"alert-{self.workspace_id}-{one.id}-{one.state.value}")
            for one in waiting
        ]  # fmt: skip
        fates = await self.sender.publish(messages)
        done = [one for one, fate in zip(waiting, fates, strict=True) if fate is None]
        if done:
            await self.store.finish_alerts(done)
        return len(done)
