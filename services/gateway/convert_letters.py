"""Dead letters as messages carry them: with `convert.py` the only place that touches their _pb2 fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError

from dealcast.common.v1 import records_pb2
from dealcast.events.v1 import events_pb2
from kit.dead_letters import dead_letter
from kit.errors import DealcastError
from kit.subjects import DEALS_CHANGED, DEALS_STREAM, HASHED, subject


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that could not be handled; its payload may hold personal data."""

    stream: str
    consumer: str
    subject: str
    deal_id: str  # empty where it is none of a deal
    error: str
    problem: str
    deliveries: int
    failed_time: str
    data: bytes
    headers: Mapping[str, str]

    def to_json(self, sequence: int) -> dict[str, Any]:
        """As programs see it, without its payload."""
        return {
            "seq": sequence,
            "stream": self.stream,
            "consumer": self.consumer,
            "subject": self.subject,
            "deal_id": self.deal_id,
            "error": self.error,
            "problem": self.problem,
            "deliveries": self.deliveries,
            "failed_time": self.failed_time,
            "bytes": len(self.data),
        }


def read_letter(data: bytes) -> Letter | None:
    """The letter of a message of the dead-letter stream; None where it is none."""
    try:
        letter = events_pb2.DeadLetter.FromString(data)
    except DecodeError:
        return None
    return Letter(
        letter.stream, letter.consumer, letter.subject, _deal_of(letter), letter.error, letter.problem,
        letter.deliveries, letter.failed_time.ToJsonString(), letter.data, dict(letter.headers),
    )  # fmt: skip


def _deal_of(letter: events_pb2.DeadLetter) -> str:
    """By what it holds; of what cannot be read, by where it was sent, as far as that tells the id."""
    if not letter.subject.startswith(("DEALS.", "INSIGHTS.")) or letter.subject.startswith("INSIGHTS.rollup"):
        return ""
    addressed = letter.subject.rsplit(".", 1)[-1]
    try:
        held = str(events_pb2.DealEvent.FromString(letter.data).deal.id)
    except DecodeError:
        held = ""
    return held or ("" if addressed.startswith(HASHED) else addressed)


def unpublished(consumer: str, deal_id: str, error: DealcastError) -> bytes:
    """The letter on a deal that cannot be published. It names the deal alone, so that a replay publishes it as it
    then is."""
    data = events_pb2.DealEvent(deal=records_pb2.Deal(id=deal_id)).SerializeToString()
    place = subject(DEALS_CHANGED, deal_id)
    return dead_letter(DEALS_STREAM, consumer, place, data, {}, error, 1).SerializeToString()
