"""The NATS edge: deals in, deals with their score out."""

from __future__ import annotations

from kit.subjects import INSIGHTS_LEAD_SCORE
from learning.relay import DealRelay, Sender
from services.lead_scoring import convert
from services.lead_scoring.service import Answer, Asked, LeadScoring

CHUNK = 64  # deals scored between two turns of the event loop


def deal_handler(service: LeadScoring, publisher: Sender) -> DealRelay[Asked, Answer]:
    """Handles batches from DEALS.*."""
    return DealRelay(
        INSIGHTS_LEAD_SCORE, CHUNK, publisher, convert.asked_from_event, service.answer,
        lambda event, _, answer: convert.event_with_answer(event, answer),
    )  # fmt: skip
