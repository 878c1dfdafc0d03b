"""Merging insights, who is behind, outbox, events, rollups, settings and requests."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from kit.errors import InvalidInput
from learning.records import Outcome
from services.gateway.domain import LOCAL, DealWrite, InsightKind
from services.gateway.store import Store
from services.gateway.store.interface import Behind, StoredRollup
from tests.contract.store.conftest import insight
from tests.live_events import events_after

Put = Callable[..., Any]
SCORE, FORECAST, ACTIONS = InsightKind.LEAD_SCORE, InsightKind.FORECAST, InsightKind.NEXT_ACTIONS


async def test_replacements_are_told_apart(store: Store, put: Put) -> None:
    await put("d1")
    new, old = insight("d1", insight_id="b", probability=0.7), insight("d1", insight_id="a", probability=0.3)
    stranger, future = insight("none"), insight("d1", revision=2)
    last = await store.last_event_id()
    assert await store.apply_insights([old, new, new, old, stranger, future]) == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]
    assert await store.apply_insights([new]) == [False]
    events = await events_after(store, LOCAL, last, 10)
    assert [(e.deal_id, e.kind, e.data) for e in events] == [
        ("d1", "lead_score", {"deal_revision": 1, "probability": 0.7})
    ]
    assert [one.key.insight_id for one in await store.score_history(LOCAL, "d1", 10)] == ["b"]
    record = await store.get_record(LOCAL, "d1")
    assert record.insights[SCORE] == new


async def test_who_is_behind(store: Store, put: Put) -> None:
    for deal_id in ("a", "b", "c", "d", "e"):
        await put(deal_id)
    await put("d", outcome=Outcome.WON)
    await put("e", deleted=True)
    generations = {SCORE: 1, FORECAST: 0, ACTIONS: 0}
    current = [insight("b", kind, generation=1) for kind in InsightKind]
    old_model = [insight("c", kind) for kind in InsightKind]
    done = [insight("d", kind, revision=2, day="2017-01-01") for kind in InsightKind]
    await store.apply_insights([*current, *old_model, *done, insight("a")])
    expected = [Behind("a", True, True), Behind("c", False, True), Behind("e", True, False)]  # noqa: FBT003
    assert await store.behind(generations, "2017-09-30", "", 10) == expected
    assert [one.deal_id for one in await store.behind(generations, "2017-09-30", "a", 1)] == ["c"]
    assert [one.deal_id for one in await store.behind({}, "2017-10-01", "", 10)] == ["a", "b", "c", "e"]
    await put("b", stage="new")
    assert (await store.behind({}, "2017-09-30", "a", 1))[0] == Behind("b", True, False)  # noqa: FBT003


async def test_outbox(store: Store, put: Put) -> None:
    results = await store.apply_deals(LOCAL, [DealWrite("a"), DealWrite("b")], trace="00-abc")
    assert len(results) == 2
    first, second = await store.take_outbox(10)
    assert (first.deal_id, first.cause, first.trace, second.id > first.id) == ("a", "changed", "00-abc", True)
    assert await store.take_outbox(10, first.id) == [second]
    await store.finish_outbox([first.id, second.id])
    assert await store.take_outbox(10) == []
    await store.enqueue(["b", "none", "a", "\x00", "b"], "rescore")
    rows = await store.take_outbox(10)
    assert [(row.deal_id, row.cause) for row in rows] == [("b", "rescore"), ("a", "rescore")]
    assert rows[0].id > second.id
    with pytest.raises(InvalidInput):
        await store.enqueue(["a"], "whim")


async def test_events_grow_and_old_ones_go(store: Store, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.gateway.store.touching.KEPT_EVENTS", 5)
    monkeypatch.setattr("services.gateway.store.touching.PRUNE_EVERY", 4)
    for i in range(20):
        await store.add_event("model", "", {"n": i})
    events = await events_after(store, LOCAL, 0, 100)
    assert 5 <= len(events) <= 9
    assert events[-1].data == {"n": 19}
    assert all(one.id < other.id for one, other in pairwise(events))
    assert await store.last_event_id() == events[-1].id


async def test_rollups_settings_and_requests(store: Store) -> None:
    rollups = [
        StoredRollup("company", "2017-Q4", currency, {"mean": n}) for n, currency in enumerate(("EUR", "USD", "USD"))
    ]
    await store.save_rollups(rollups)
    assert await store.rollups(LOCAL, "2017-Q4") == [rollups[0], rollups[2]]
    assert await store.rollups(LOCAL, "2017-Q4", "EUR") == [rollups[0]]
    assert await store.get_setting("none") is None
    await store.put_setting("grade_bounds", [0.8, 0.5, 0.2])
    assert await store.get_setting("grade_bounds") == [0.8, 0.5, 0.2]
    for key, bad in (
        ("clock", {"pinned": "soon"}),
        ("clock", {"today": "2017-09-30"}),
        ("clock", 5),
        ("pipelines", {"p": 5}),
        ("people_version", 1),
    ):
        with pytest.raises(InvalidInput):
            await store.put_setting(key, bad)
    assert await store.recall_request("k") is None
    await store.remember_request("k", "digest", {"status": 200})
    assert await store.recall_request("k") == ("digest", {"status": 200})
    await store.ping()
