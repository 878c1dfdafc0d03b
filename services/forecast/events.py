"""The NATS edge for deals: lead scores in, forecasts out."""

from __future__ import annotations

from collections.abc import Sequence

from dealcast.events.v1 import events_pb2
from kit.messages import Outgoing
from kit.subjects import INSIGHTS_FORECAST
from learning.relay import DealRelay, Sender
from services.forecast import convert
from services.forecast.service import Answer, Asked, Forecasts

CHUNK = 64  # deals between two turns of the event loop: some 30 ms


class Noting:
    """A sender after which only what the stream took is remembered as sent."""

    def __init__(self, service: Forecasts, publisher: Sender) -> None:
        self._service = service
        self._publisher = publisher

    async def publish(self, messages: Sequence[Outgoing]) -> list[Exception | None]:
        """See Sender."""
        taken = False
        try:
            fates = await self._publisher.publish(messages)
            taken = True
        finally:
            for place, message in enumerate(messages):
                if not taken or fates[place] is not None:
                    self._service.sent.take(message.data)
        return fates


def score_handler(service: Forecasts, publisher: Sender) -> DealRelay[Asked, Answer]:
    """Handles batches from INSIGHTS.lead_score.*; a forecast older than the stream's own is not published."""

    def write(event: events_pb2.DealEvent, asked: Asked, answer: Answer) -> bytes | None:
        if service.superseded(asked, answer):
            return None
        data = convert.event_with_answer(event, answer)
        service.sent.keep(data, convert.update_of(asked, answer))
        return data

    noting = Noting(service, publisher)
    return DealRelay(INSIGHTS_FORECAST, CHUNK, noting, convert.asked_from_event, service.answer, write)
