"""Rows are those of learning.snapshots, from a history and straight from an event; own messages need no decoding."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest

from kit.clock import FixedClock
from kit.errors import Unavailable
from kit.messages import Outgoing
from kit.money import Money
from learning.records import Change, DealHistory, ProductLine
from learning.snapshots import row_at
from learning.wire_event import deal_event
from services.forecast.convert import asked_from_event
from services.forecast.events import Noting
from services.forecast.leaves import Update
from services.forecast.model import ForecastModel
from services.forecast.rows import lean, rows_at
from services.forecast.service import Forecasts, Sent
from tests.unit.forecast.forecast_builders import DAY, history, parameters

BORN = date(2017, 8, 1)


def lively() -> DealHistory:
    """Moves back and forth, a date put off, pulled in and taken away, an owner and an amount that change."""
    told: list[tuple[int, str, object]] = [
        (3, "stage", "Prospecting"), (5, "stage", "Engaging"), (5, "stage", "Engaging"),
        (9, "close_date", date(2017, 12, 1)), (12, "close_date", date(2017, 10, 1)), (14, "close_date", None),
        (15, "close_date", date(2018, 1, 1)), (20, "owner_id", "u2"), (25, "amount", Money("USD", 70_000)),
        (30, "products", (ProductLine("p1", 2.0, Money("USD", 100)),)), (35, "amount", None),
    ]  # fmt: skip
    made = history()
    at = [datetime(2017, 8, 1, 12, tzinfo=UTC) + timedelta(days=day) for day, _, _ in told]
    changes = [Change(name, value, when, when, 2) for (_, name, value), when in zip(told, at, strict=True)]  # type: ignore[arg-type]
    return replace(made, changes=(*made.changes, *changes))


@pytest.mark.parametrize("truncated", [False, True])
def test_rows_are_those_of_snapshots(truncated: bool) -> None:
    made = replace(lively(), truncated=truncated)
    days = [BORN + timedelta(days=back) for back in range(-2, 60)]
    found = rows_at(made, days)
    for day in days:
        expected = row_at(lean(made), day)
        assert found[day] == {name: expected[name] for name in found[day]}


@pytest.mark.parametrize("truncated", [False, True])
def test_an_event_gives_the_same_row(truncated: bool) -> None:
    made = replace(lively(), truncated=truncated)
    event = deal_event(made, business_day=DAY)
    event.lead_score.probability = 0.5
    ask = asked_from_event(event).ask
    assert ask is not None
    assert ask.row == rows_at(made, [DAY])[DAY]


def test_own_messages_are_known_once_and_only_the_last_ones() -> None:
    updates = [Update(f"d{number}", (number,), DAY, (), parameters(f"d{number}")) for number in range(3)]
    sent = Sent(most_bytes=updates[0].bytes + updates[1].bytes)
    for update in updates:
        sent.keep(update.deal_id.encode() * 100_000, update)
    assert sent.bytes == updates[1].bytes + updates[2].bytes
    found = [sent.take(name * 100_000) for name in (b"d0", b"d1", b"d1", b"d2")]
    assert found == [None, updates[1], None, updates[2]]
    assert sent.bytes == 0
    sent.keep(b"same", updates[0])
    sent.keep(b"same", updates[1])
    assert sent.bytes == updates[1].bytes
    assert sent.take(b"same") is updates[1]


class Broken:
    """A stream that takes the first message alone, or none and fails."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    async def publish(self, messages: Sequence[Outgoing]) -> list[Exception | None]:
        if self.error:
            raise self.error
        return [None, *[Unavailable("full") for _ in messages[1:]]]


async def test_what_was_not_published_is_not_remembered() -> None:
    models = SimpleNamespace(current=(ForecastModel(), None))
    service = Forecasts(models, FixedClock(datetime(2017, 10, 1, tzinfo=UTC)))
    messages = [Outgoing(f"s.{number}", f"m{number}".encode()) for number in range(3)]
    for sender, known in ((Broken(), 1), (Broken(TimeoutError()), 0)):
        update = Update("d", (1,), DAY)
        for message in messages:
            service.sent.keep(message.data, update)
        with nullcontext() if known else pytest.raises(TimeoutError):
            await Noting(service, sender).publish(messages)
        assert service.sent.bytes == known * update.bytes
        service.sent.take(messages[0].data)
