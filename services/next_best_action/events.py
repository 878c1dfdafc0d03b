"""The NATS edge: forecasts in, next actions out."""

from __future__ import annotations

from kit.subjects import INSIGHTS_NEXT_ACTIONS
from learning.relay import DealRelay, Sender
from services.next_best_action import convert
from services.next_best_action.domain import Answer, Asked
from services.next_best_action.service import NextBestAction

CHUNK = 32  # deals ranked between two turns of the event loop: 10–20 ms


def forecast_handler(service: NextBestAction, publisher: Sender) -> DealRelay[Asked, Answer]:
    """Handles batches from INSIGHTS.forecast.*."""
    return DealRelay(
        INSIGHTS_NEXT_ACTIONS, CHUNK, publisher, convert.asked_from_event, service.answer,
        lambda event, _, answer: convert.event_with_answer(event, answer),
    )  # fmt: skip
