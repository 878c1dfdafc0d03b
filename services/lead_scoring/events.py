"""The NATS edge: deals in, deals with their score out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from dealcast.events.v1 import events_pb2
from kit.errors import DealcastError
from kit.messaging import Message, Outgoing, Publisher
from kit.subjects import INSIGHTS_LEAD_SCORE, subject
from kit.telemetry import trace_headers
from services.lead_scoring import convert
from services.lead_scoring.service import Asked, LeadScoring

CHUNK = 64  # deals scored between two turns of the event loop


class DealHandler:
    """Handles batches from DEALS.*: score all, publish all, then say the fate of each."""

    def __init__(self, service: LeadScoring, publisher: Publisher) -> None:
        self._service = service
        self._publisher = publisher

    async def __call__(self, messages: Sequence[Message]) -> Sequence[Exception | None]:
        """One entry a message: None once its insight is in the stream; an error is the message's own."""
        fates: list[Exception | None] = [None] * len(messages)
        outgoing: dict[int, Outgoing] = {}
        for start in range(0, len(messages), CHUNK):
            self._answer(messages, range(start, min(start + CHUNK, len(messages))), outgoing, fates)
            await asyncio.sleep(0)
        published = await self._publisher.publish(list(outgoing.values()))
        for index, fate in zip(outgoing, published, strict=True):
            fates[index] = fate
        return fates

    def _answer(
        self,
        messages: Sequence[Message],
        indices: range,
        outgoing: dict[int, Outgoing],
        fates: list[Exception | None],
    ) -> None:
        """Add to `outgoing` what follows from the messages at the indices, or say in `fates` why nothing does."""
        events: dict[int, events_pb2.DealEvent] = {}
        asked: list[Asked] = []
        for index in indices:
            try:
                event = convert.event_from_bytes(messages[index].data)
                asked.append(convert.asked_from_event(event))
            except DealcastError as error:
                fates[index] = error
                continue
            events[index] = event
        for (index, event), answer in zip(events.items(), self._service.answer(asked), strict=True):
            data = convert.event_with_answer(event, answer)
            headers = trace_headers(messages[index].headers)
            outgoing[index] = Outgoing(subject(INSIGHTS_LEAD_SCORE, event.deal.id), data, headers)
