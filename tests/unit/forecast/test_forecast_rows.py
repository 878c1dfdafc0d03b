"""Rows are those of learning.snapshots, from a history and straight from an event; own messages need no decoding."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from kit.money import Money
from learning.records import Change, DealHistory, ProductLine
from learning.snapshots import row_at
from learning.wire_event import deal_event
from services.forecast.convert import asked_from_event
from services.forecast.leaves import Update
from services.forecast.rows import lean, rows_at
from services.forecast.service import Sent
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
    sent = Sent(most=2)
    updates = [Update(f"d{number}", (number,), DAY, (), parameters(f"d{number}")) for number in range(3)]
    for update in updates:
        sent.keep(update.deal_id.encode(), update)
    assert [sent.take(b"d0"), sent.take(b"d1"), sent.take(b"d1"), sent.take(b"d2")] == [
        None, updates[1], None, updates[2],
    ]  # fmt: skip
