"""Reports on the models, alerts, and what was said beside what came, on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from kit.errors import Conflict, Forbidden, NotFound
from learning.records import DealKind, Outcome
from services.gateway.domain import LOCAL, DealWrite, Insight, InsightKey, InsightKind, Principal, Scope
from services.gateway.monitoring.records import Alert, AlertState, Level, ShadowScore, Told
from services.gateway.store import Store
from tests.live_events import events_after

BORN = datetime(2017, 9, 1, tzinfo=UTC)
ANN = Principal("ann", Scope.OWN, "ann")


async def scored(store: Store, deal: str, day: str, probability: float, version: str = "1", horizon: int = 0) -> None:
    moment = datetime.fromisoformat(f"{day}T23:59:59+00:00")
    body = {"probability": probability, "horizon_days": horizon}
    key = InsightKey(1, 1, day, day)
    await store.apply_insights([Insight(deal, InsightKind.LEAD_SCORE, key, version, moment, body, body)])


async def test_of_each_week_the_last_that_was_said_before_the_end_counts(store: Store) -> None:
    await store.apply_deals(LOCAL, [
        DealWrite(one, owner_id="ann", kind=DealKind.OPPORTUNITY, created_time=BORN)
        for one in ("a", "lead", "open", "old")
    ])  # fmt: skip
    for day, probability in (
        ("2017-09-04", 0.1), ("2017-09-05", 0.2), ("2017-09-12", 0.3), ("2017-09-13", 0.4), ("2017-09-14", 1.0),
    ):  # fmt: skip
        await scored(store, "a", day, probability, "1" if day < "2017-09-10" else "2")
    await scored(store, "lead", "2017-09-05", 0.5, horizon=90)
    await scored(store, "open", "2017-09-05", 0.6)
    await scored(store, "old", "2017-09-05", 0.7)
    closed = date(2017, 9, 14)
    await store.apply_deals(LOCAL, [
        DealWrite(one, outcome=Outcome.WON, closed_date=day)
        for one, day in (("a", closed), ("lead", closed), ("old", date(2017, 9, 6)))
    ])  # fmt: skip
    found = sorted(await store.told_and_came(LOCAL, date(2017, 9, 6)), key=lambda one: one.day)
    assert found == [
        Told("a", "1", date(2017, 9, 5), 0.2, closed, won=True),
        Told("a", "2", date(2017, 9, 13), 0.4, closed, won=True),
    ], "neither what is said on the day itself, nor of leads, nor of those that closed before"
    with pytest.raises(Forbidden):
        await store.told_and_came(ANN, date(2017, 9, 6))


async def test_a_challengers_scores_stand_beside_outcomes_until_they_are_dropped(store: Store) -> None:
    await store.apply_deals(LOCAL, [DealWrite(one, owner_id="ann", created_time=BORN) for one in ("a", "b")])
    monday = date(2017, 9, 4)
    for day, probability in ((0, 0.1), (2, 0.2), (7, 0.3), (20, 0.9)):
        scores = [ShadowScore(deal, monday + timedelta(days=day), probability, 0.5) for deal in ("a", "b")]
        await store.save_shadow_scores("2", scores)
    await store.apply_deals(LOCAL, [DealWrite("a", outcome=Outcome.LOST, closed_date=date(2017, 9, 20))])
    closed = date(2017, 9, 20)
    assert await store.shadow_told_and_came(LOCAL, "2") == [
        Told("a", "2", date(2017, 9, 6), 0.2, closed, won=False, served=0.5),
        Told("a", "2", date(2017, 9, 11), 0.3, closed, won=False, served=0.5),
    ]  # fmt: skip
    assert await store.shadow_told_and_came(LOCAL, "3") == []
    with pytest.raises(Forbidden):
        await store.shadow_told_and_came(ANN, "2")
    assert await store.drop_shadow_scores("2") == 6
    assert await store.shadow_told_and_came(LOCAL, "2") == []


async def test_a_day_has_one_report_and_very_old_ones_go(store: Store) -> None:
    for day, number in (("2015-01-01", 0), ("2017-09-29", 1), ("2017-09-30", 2), ("2017-09-30", 3)):
        await store.save_monitoring_day(date.fromisoformat(day), {"number": number, "말": "예"})
    found = await store.monitoring_days(LOCAL, 10)
    assert [(day.isoformat(), body["number"]) for day, body in found] == [("2017-09-30", 3), ("2017-09-29", 1)]
    assert len(await store.monitoring_days(LOCAL, 1)) == 1
    await store.save_monitoring_day(date(2017, 9, 29), {"number": 4})
    ((newest, body),) = await store.monitoring_days(LOCAL, 1)
    assert (newest.isoformat(), body["number"]) == ("2017-09-29", 4), "the clock was set back: the newest look counts"
    with pytest.raises(Forbidden):
        await store.monitoring_days(ANN, 1)


def alert(subject: str, level: Level = Level.AMBER) -> Alert:
    return Alert(subject, level, "moved", {"columns": ["fields.side"]}, date(2017, 9, 30), BORN)


async def test_alerts_are_seen_settled_and_told_once_in_every_state(store: Store) -> None:
    before = await store.last_event_id()
    kept = await store.save_alerts([alert("light:score"), alert("column:lead_scoring:환율", Level.RED)], ())
    first, second = kept
    assert await store.list_alerts(LOCAL) == [second, first]
    assert await store.unpublished_alerts(10) == kept
    await store.finish_alerts(kept)
    assert await store.unpublished_alerts(10) == []

    seen = await store.change_alert(LOCAL, first.id, AlertState.ACKNOWLEDGED, "새 단가표")
    assert (seen.state, seen.who, seen.note, seen.ongoing) == (AlertState.ACKNOWLEDGED, "local", "새 단가표", True)
    with pytest.raises(Conflict):
        await store.change_alert(LOCAL, first.id, AlertState.ACKNOWLEDGED, "")
    with pytest.raises(NotFound):
        await store.change_alert(LOCAL, 99, AlertState.CLOSED, "")
    closed = await store.change_alert(LOCAL, second.id, AlertState.CLOSED, "")
    with pytest.raises(Conflict):
        await store.change_alert(LOCAL, second.id, AlertState.ACKNOWLEDGED, "")
    assert await store.unpublished_alerts(10) == [seen, closed]
    assert await store.list_alerts(LOCAL, ongoing=True) == [closed, seen], "its cause stands, whoever closed it"
    assert await store.list_alerts(LOCAL, AlertState.ACKNOWLEDGED.value) == [seen]

    await store.save_alerts([], [first.id, second.id])
    over = await store.list_alerts(LOCAL)
    assert [(one.state, one.ongoing, one.who) for one in over] == [
        (AlertState.CLOSED, False, "local"), (AlertState.CLOSED, False, "local"),
    ]  # fmt: skip
    assert over[0].changed == closed.changed, "it was closed before"
    told = [event.data["state"] for event in await events_after(store, LOCAL, before, 20) if event.kind == "alert"]
    assert told == ["OPEN", "OPEN", "ACKNOWLEDGED", "CLOSED", "CLOSED"]
    assert await store.list_alerts(LOCAL, before=second.id) == [over[1]]
    with pytest.raises(Forbidden):
        await store.list_alerts(ANN)
    with pytest.raises(Forbidden):
        await store.change_alert(ANN, first.id, AlertState.CLOSED, "")
