"""Answers wait for the stream, whatever went wrong with it before."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from kit.messaging import Outgoing
from learning.answers import Verb
from services.gateway.domain import LOCAL, DealWrite
from services.gateway.feedback_publisher import FeedbackPublisher
from services.gateway.feedback_record import Feedback
from services.gateway.live import Signal
from services.gateway.store import open_store


class BrokenOnce:
    """A way to the stream that fails at first in a way nobody foresaw."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []
        self.failures = 0
        self.done = asyncio.Event()

    async def publish(self, messages: Sequence[Outgoing]) -> list[Exception | None]:
        if not self.failures:
            self.failures += 1
            raise RuntimeError("unforeseen")
        self.sent += messages
        self.done.set()
        return [None] * len(messages)


async def test_an_unforeseen_failure_does_not_end_publishing(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{tmp_path / 'gateway.db'}")
    await store.apply_deals(LOCAL, [DealWrite("d1")])
    await store.save_feedback(LOCAL, Feedback("f1", "d1", "call", Verb.ACCEPT, datetime(2017, 9, 30, tzinfo=UTC)))
    sender, news, stop = BrokenOnce(), Signal(), asyncio.Event()
    running = asyncio.create_task(FeedbackPublisher(store, sender, news).run(stop))
    await asyncio.wait_for(sender.done.wait(), 10)
    stop.set()
    news.wake()
    await asyncio.wait_for(running, 10)
    assert sender.failures == 1
    assert [message.message_id for message in sender.sent] == ["feedback-f1"]
    assert await store.unpublished_feedback(10) == []
    await store.close()
