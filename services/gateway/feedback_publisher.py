"""Publishes answers to suggestions on FEEDBACK.actions.*, each until the stream has it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from kit.errors import DealcastError
from kit.messaging import Outgoing
from kit.subjects import FEEDBACK_ACTIONS, subject
from services.gateway.convert_feedback import feedback_to_pb
from services.gateway.live import Signal, wait_either
from services.gateway.publisher import Sender
from services.gateway.store.interface import Store

log = structlog.get_logger(__name__)

BATCH = 500
POLL_SECONDS = 1.0


@dataclass(slots=True)
class FeedbackPublisher:
    """Looks when something is new, and now and then."""

    store: Store
    sender: Sender
    news: Signal

    async def run(self, stop: asyncio.Event) -> None:
        """Until stopped."""
        while not stop.is_set():
            ticket = self.news.ticket()
            try:
                sent = await self.publish()
            except DealcastError as error:
                log.warning("feedback_waits", error=error.problem)
                sent = 0
            except Exception:
                log.exception("feedback_failed")
                sent = 0
            if sent < BATCH:
                await wait_either(ticket, stop, POLL_SECONDS)

    async def publish(self) -> int:
        """One round; how many are on the stream now. A repetition bears the same message id and is known as one."""
        waiting = await self.store.unpublished_feedback(BATCH)
        if not waiting:
            return 0
        messages = [
            Outgoing(subject(FEEDBACK_ACTIONS, one.deal_id), feedback_to_pb(one).SerializeToString(),
                     message_id=f"feedback-{one.id}")
            for one in waiting
        ]  # fmt: skip
        fates = await self.sender.publish(messages)
        done = [one.id for one, fate in zip(waiting, fates, strict=True) if fate is None]
        if done:
            await self.store.finish_feedback(done)
        return len(done)
