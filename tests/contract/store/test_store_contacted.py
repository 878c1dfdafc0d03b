"""Channels used lately, and the span of live events, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from learning.records import Activity
from services.gateway.domain import LOCAL, DealWrite, Principal, Scope
from services.gateway.store import Store

NOW = datetime(2017, 9, 30, tzinfo=UTC)


async def test_channels_somebody_went_out_on_since(store: Store) -> None:
    await store.apply_deals(LOCAL, [DealWrite("a"), DealWrite("b")])
    made = [
        Activity("1", "a", "call", "outbound", NOW - timedelta(days=1)),
        Activity("2", "a", "mail", "outbound", NOW - timedelta(days=9)),
        Activity("3", "a", "text", "inbound", NOW),
        Activity("4", "b", "mail", "outbound", NOW - timedelta(days=7)),
    ]
    results = await store.save_activities(LOCAL, made)
    assert not [result for result in results if result.errors]
    since = NOW - timedelta(days=7)
    found = await store.contacted(LOCAL, ["a", "b", "nowhere", "\x00"], since)
    assert found == {"a": {"call"}, "b": {"mail"}}
    assert await store.contacted(Principal("p", Scope.OWN, "nobody"), ["a"], since) == {}


async def test_the_span_of_events(store: Store) -> None:
    assert await store.event_span() == (1, 0)
    await store.apply_deals(LOCAL, [DealWrite("a"), DealWrite("b")])
    oldest, newest = await store.event_span()
    events = await store.events_after(LOCAL, 0, 10)
    assert (oldest, newest) == (events[0].id, events[-1].id)
