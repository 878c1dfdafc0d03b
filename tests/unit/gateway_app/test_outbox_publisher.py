"""The publisher: what can never be published is buried, and holds up nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

from dealcast.events.v1 import events_pb2
from kit.errors import TooLarge, Unavailable
from kit.messaging import Outgoing
from learning.records import Deal, DealHistory
from services.gateway.live import Signal
from services.gateway.publisher import OutboxPublisher
from services.gateway.store.interface import OutboxRow, Store
from services.gateway.workspace import Workspace


class Rows:
    """The outbox of a store."""

    def __init__(self, *deals: str) -> None:
        self.rows = [OutboxRow(number, deal, "changed") for number, deal in enumerate(deals, 1)]

    async def take_outbox(self, limit: int, after: int = 0) -> list[OutboxRow]:
        return self.rows[:limit]

    async def get_records(self, _: Any, ids: Sequence[str], *, insights: bool = True) -> list[Any]:
        return [SimpleNamespace(history=DealHistory(Deal(each)), owner_name="") for each in ids]

    async def list_feedback(self, *_: Any) -> dict[str, Any]:
        return {}

    async def finish_outbox(self, ids: Sequence[int]) -> None:
        self.rows = [row for row in self.rows if row.id not in ids]

    async def list_fields(self) -> list[Any]:
        return []


class Stream:
    """Takes messages, except of a deal named large, and dead letters only while `open_grave`."""

    def __init__(self) -> None:
        self.taken: list[Outgoing] = []
        self.open_grave = True

    async def publish(self, messages: Sequence[Outgoing]) -> list[Exception | None]:
        return [self._answer(each) for each in messages]

    def _answer(self, message: Outgoing) -> Exception | None:
        if message.subject.startswith("DEALS.") and message.subject.endswith(".large"):
            return TooLarge("too large")
        if message.subject.startswith("DEAD.") and not self.open_grave:
            return Unavailable("not now")
        self.taken.append(message)
        return None


def publisher(rows: Rows, stream: Stream) -> OutboxPublisher:
    workspace = cast("Workspace", SimpleNamespace(business_day=date(2017, 9, 30), id="w", currency="KRW"))
    return OutboxPublisher(cast("Store", rows), stream, workspace, Signal())


async def test_a_deal_too_large_is_buried_and_the_rest_goes_on() -> None:
    rows, stream = Rows("large", "a", "b"), Stream()
    assert await publisher(rows, stream).publish_batch() == 3
    assert rows.rows == []
    assert [each.subject for each in stream.taken] == [
        "DEALS.changed.a", "DEALS.changed.b", "DEAD.gateway-publisher.large",
    ]  # fmt: skip
    asked = events_pb2.DealEvent.FromString(stream.taken[0].data).deal.amount
    assert (asked.currency, asked.value) == ("KRW", ""), "a deal without an amount"
    letter = events_pb2.DeadLetter.FromString(stream.taken[-1].data)
    assert (letter.problem, letter.subject) == (TooLarge.problem, "DEALS.changed.large")
    assert events_pb2.DealEvent.FromString(letter.data).deal.id == "large"


async def test_a_row_waits_until_its_letter_is_taken() -> None:
    rows, stream = Rows("large", "a"), Stream()
    stream.open_grave = False
    assert await publisher(rows, stream).publish_batch() == -1
    assert [row.deal_id for row in rows.rows] == ["large"]
