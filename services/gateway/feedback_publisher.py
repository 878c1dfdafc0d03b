"""Publishes answers to suggestions on FEEDBACK.actions.*."""

from __future__ import annotations

from collections.abc import Sequence

from kit.messaging import Outgoing
from kit.subjects import FEEDBACK_ACTIONS, subject
from services.gateway.convert_feedback import feedback_to_pb
from services.gateway.feedback_record import Feedback
from services.gateway.live import Signal
from services.gateway.passing_on import PassingOn
from services.gateway.publisher import Sender
from services.gateway.store.interface import Store


class FeedbackPublisher(PassingOn[Feedback]):
    """Of all deals."""

    what = "feedback"

    def __init__(self, store: Store, sender: Sender, news: Signal) -> None:
        super().__init__(sender, news)
        self._store = store

    async def waiting(self, limit: int) -> Sequence[Feedback]:
        """Answers not on the stream yet."""
        return await self._store.unpublished_feedback(limit)

    def message(self, one: Feedback) -> Outgoing:
        """On the deal's subject."""
        payload = feedback_to_pb(one).SerializeToString()
        return Outgoing(subject(FEEDBACK_ACTIONS, one.deal_id), payload, message_id=f"feedback-{one.id}")

    async def finish(self, done: Sequence[Feedback]) -> None:
        """These are on the stream."""
        await self._store.finish_feedback([one.id for one in done])
