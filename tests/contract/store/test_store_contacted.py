"""Contacts made, names around deals, and the span of live events, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from learning.records import Activity, ProductLine
from services.gateway.domain import LOCAL, DealWrite, Principal, Scope
from services.gateway.store import Store
from services.gateway.store.interface import Touch
from tests.live_events import events_after

NOW = datetime(2017, 9, 30, tzinfo=UTC)


async def test_the_newest_contacts_made_on_channels_oldest_first(store: Store) -> None:
    await store.apply_deals(LOCAL, [DealWrite("a"), DealWrite("b")])
    made = [
        Activity("1", "a", "call", "outbound", NOW - timedelta(days=1)),
        Activity("2", "a", "mail", "outbound", NOW - timedelta(days=9)),
        Activity("3", "a", "text", "inbound", NOW),
        Activity("4", "b", "note", "internal", NOW),
        *(Activity(f"m{n}", "b", "mail", "outbound", NOW - timedelta(hours=n)) for n in range(210)),
    ]
    results = await store.save_activities(LOCAL, made)
    assert not [result for result in results if result.errors]
    found = await store.touches(LOCAL, ["a", "b", "nowhere", "\x00"])
    assert found["a"] == [
        Touch("mail", outbound=True, time=NOW - timedelta(days=9)),
        Touch("call", outbound=True, time=NOW - timedelta(days=1)),
        Touch("text", outbound=False, time=NOW),
    ]
    assert [each.time for each in found["b"]] == [NOW - timedelta(hours=n) for n in reversed(range(200))]
    assert set(found) == {"a", "b"}
    assert await store.touches(Principal("p", Scope.OWN, "nobody"), ["a"]) == {}


async def test_a_record_names_its_products(store: Store) -> None:
    await store.apply_deals(LOCAL, [DealWrite("a", products=(ProductLine("p1"), ProductLine("p2"))), DealWrite("b")])
    a, b = await store.get_records(LOCAL, ["a", "b"])
    assert a.history.product_names == {"p1": "Pump", "p2": "Pipe"}
    assert b.history.product_names == {}


async def test_the_span_of_events(store: Store) -> None:
    assert await store.event_span() == (1, 0)
    await store.apply_deals(LOCAL, [DealWrite("a"), DealWrite("b")])
    oldest, newest = await store.event_span()
    events = await events_after(store, LOCAL, 0, 10)
    assert (oldest, newest) == (events[0].id, events[-1].id)
