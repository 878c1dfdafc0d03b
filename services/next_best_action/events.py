"""The NATS edge: forecasts in, next actions out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from dealcast.events.v1 import events_pb2
from kit.errors import DealcastError
from kit.messaging import Message, Outgoing, Publisher
from kit.subjects import INSIGHTS_NEXT_ACTIONS, subject
from kit.telemetry import trace_headers
from services.next_best_action import convert
from services.next_best_action.domain import Asked
from services.next_best_action.service import NextBestAction

CHUNK = 32  # deals ranked between two turns of the event loop: 10–20 ms


class ForecastHandler:
    """Handles batches from INSIGHTS.forecast.*: rank all, publish all, then say the fate of each."""

    def __init__(self, service: NextBestAction, publisher: Publisher) -> None:
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
        self, messages: Sequence[Message], indices: range, outgoing: dict[int, Outgoing],
        fates: list[Exception | None],
    ) -> None:  # fmt: skip
        """Add to `outgoing` what follows from the messages at the indices, or say in `fates` why nothing does."""
        events: dict[int, events_pb2.DealEvent] = {}
        asked: list[Asked] = []
        for index in indices:
            try:
                event = convert.event_from_bytes(messages[index].data)
                asked.append(convert.asked_from_event(event))
                events[index] = event
            except DealcastError as error:
                fates[index] = error
        for (index, event), answer in zip(events.items(), self._service.answer(asked), strict=True):
            to = subject(INSIGHTS_NEXT_ACTIONS, event.deal.id)
            data = convert.event_with_answer(event, answer)
            outgoing[index] = Outgoing(to, data, trace_headers(messages[index].headers))
