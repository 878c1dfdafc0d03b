"""The NATS edge for deals: lead scores in, forecasts out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from dealcast.events.v1 import events_pb2
from kit.errors import DealcastError
from kit.messaging import Message, Outgoing, Publisher
from kit.subjects import INSIGHTS_FORECAST, subject
from kit.telemetry import trace_headers
from services.forecast import convert
from services.forecast.service import Asked, Forecasts

CHUNK = 32  # deals between two turns of the event loop: some 20 ms


class ScoreHandler:
    """Handles batches from INSIGHTS.lead_score.*: forecast all, publish all, then say the fate of each."""

    def __init__(self, service: Forecasts, publisher: Publisher) -> None:
        self._service = service
        self._publisher = publisher

    async def __call__(self, messages: Sequence[Message]) -> Sequence[Exception | None]:
        """One entry a message: None once its insight is in the stream; an error is the message's own."""
        fates: list[Exception | None] = [None] * len(messages)
        outgoing: dict[int, Outgoing] = {}
        for start in range(0, len(messages), CHUNK):
            outgoing |= self._answer(messages, range(start, min(start + CHUNK, len(messages))), fates)
            await asyncio.sleep(0)
        published = await self._publisher.publish(list(outgoing.values()))
        for index, fate in zip(outgoing, published, strict=True):
            fates[index] = fate
        return fates

    def _answer(
        self, messages: Sequence[Message], chunk: Sequence[int], fates: list[Exception | None]
    ) -> dict[int, Outgoing]:
        """What is to be published, by position; errors are noted in fates."""
        read: dict[int, tuple[events_pb2.DealEvent, Asked]] = {}
        for index in chunk:
            try:
                event = convert.event_from_bytes(messages[index].data)
                read[index] = (event, convert.asked_from_event(event))
            except DealcastError as error:
                fates[index] = error
        answers = self._service.answer([asked for _, asked in read.values()])
        outgoing = {}
        for (index, (event, asked)), answer in zip(read.items(), answers, strict=True):
            if not self._service.superseded(asked, answer):
                data = convert.event_with_answer(event, answer)
                to = subject(INSIGHTS_FORECAST, asked.deal_id)
                outgoing[index] = Outgoing(to, data, trace_headers(messages[index].headers))
        return outgoing
