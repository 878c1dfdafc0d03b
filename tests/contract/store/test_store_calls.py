"""Submissions, adjustments and the daily record of the forecast, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from kit.errors import Conflict, Forbidden, NotFound
from kit.money import Money
from services.gateway.calls import Call, CallKind, HeldCall, Moment
from services.gateway.domain import LOCAL, Principal, Scope
from services.gateway.store import Store
from services.gateway.store.interface import ForecastDay

EAST = Principal("east", Scope.SUBTREE, "east")
NOW = datetime(2017, 10, 5, 12, tzinfo=UTC)
SUBMIT, ADJUST = CallKind.SUBMISSION, CallKind.ADJUSTMENT


def call(node: str, minor: int, kind: CallKind = SUBMIT, period: str = "2017-Q4", currency: str = "USD") -> Call:
    return Call(kind, node, period, Money(currency, minor), "note ✓", "east", NOW, {"mean": "1.00"})


async def test_calls_are_kept_undone_and_listed(store: Store) -> None:
    said = [
        await store.add_call(LOCAL, one)
        for one in (
            call("company", 10), call("manager:east", 20), call("manager:east", 21), call("manager:east", -5, ADJUST),
            call("owner:cat", 3, period="2018-Q1"), call("manager:east", 9, currency="EUR"),
        )
    ]  # fmt: skip
    assert said[0] == replace(call("company", 10), id=said[0].id)
    assert [one.id for one in said] == sorted({one.id for one in said})
    everything = (SUBMIT, "", "", 2**62, 100)
    assert await store.list_calls(LOCAL, *everything) == [said[place] for place in (5, 4, 2, 1, 0)]
    assert await store.list_calls(LOCAL, SUBMIT, "2017-Q4", "manager:east", said[2].id, 100) == [said[1]]
    assert await store.list_calls(LOCAL, SUBMIT, "", "", 2**62, 2) == [said[5], said[4]]
    assert await store.list_calls(EAST, *everything) == [said[place] for place in (5, 2, 1)]
    assert await store.standing_calls(LOCAL, "2017-Q4") == [said[place] for place in (5, 3, 2, 0)]
    assert await store.standing_calls(EAST, "2017-Q4") == [said[place] for place in (5, 3, 2)]
    undone = await store.undo_call(EAST, SUBMIT, said[2].id, "east", NOW)
    assert undone == replace(said[2], undone_time=NOW, undone_by="east")
    assert await store.standing_calls(LOCAL, "2017-Q4") == [said[place] for place in (5, 3, 1, 0)]
    assert undone in await store.list_calls(LOCAL, *everything), "the history keeps it"


async def test_who_may_speak_for_a_node(store: Store) -> None:
    mine = await store.add_call(EAST, call("owner:ann", 1))
    foreign = await store.add_call(LOCAL, call("owner:cat", 1))
    for node in ("company", "region:East", "manager:west", "owner:cat", "owner:"):
        with pytest.raises(Forbidden):
            await store.add_call(EAST, call(node, 1))
    for kind, number in ((SUBMIT, foreign.id), (ADJUST, mine.id), (SUBMIT, 10**9)):
        with pytest.raises(NotFound):
            await store.undo_call(EAST, kind, number, "east", NOW)
    await store.undo_call(EAST, SUBMIT, mine.id, "east", NOW)
    with pytest.raises(Conflict):
        await store.undo_call(EAST, SUBMIT, mine.id, "east", NOW)


async def test_the_last_of_a_day_stays(store: Store) -> None:
    def of(day: int, mean: int, node: str = "manager:east", period: str = "2017-Q4") -> ForecastDay:
        return ForecastDay(period, "USD", node, date(2017, 10, day), {"mean": mean, "p10": None})

    await store.save_forecast_days([of(5, 1), of(4, 2), of(4, 9, "company"), of(4, 7, period="2018-Q1")])
    await store.save_forecast_days([of(5, 3)])
    await store.save_forecast_days([])
    assert await store.forecast_days(EAST, "manager:east", "USD", "2017-Q4") == [of(4, 2), of(5, 3)]
    assert len(await store.forecast_days(LOCAL, "manager:east", "USD")) == 3
    assert await store.forecast_days(LOCAL, "company", "USD") == [of(4, 9, "company")]
    assert await store.forecast_days(EAST, "company", "USD") == []
    assert await store.forecast_days(LOCAL, "manager:east", "EUR") == []


async def test_what_is_said_of_another_type_stands_apart(store: Store) -> None:
    of_amounts = await store.add_call(LOCAL, call("company", 10))
    of_arr = await store.add_call(LOCAL, replace(call("company", 3), type="arr"))
    await store.restore_calls(LOCAL, [of_arr, of_amounts])
    assert await store.standing_calls(LOCAL, "2017-Q4") == [of_amounts]
    assert await store.standing_calls(LOCAL, "2017-Q4", "arr") == [of_arr]
    everything = (LOCAL, SUBMIT, "", "", 2**62, 100)
    assert await store.list_calls(*everything) == [of_arr, of_amounts]
    assert await store.list_calls(*everything, "amount") == [of_amounts]
    days = [ForecastDay("2017-Q4", "USD", "company", date(2017, 10, 5), {"mean": place}, name)
            for place, name in enumerate(("amount", "arr"))]  # fmt: skip
    await store.save_forecast_days(days)
    assert await store.forecast_days(LOCAL, "company", "USD") == days[:1]
    assert await store.forecast_days(LOCAL, "company", "USD", type_name="arr") == days[1:]


async def test_of_calls_that_were_held_the_last_that_ended_is_known(store: Store) -> None:
    def held(name: str, hours: int, node: str = "company", *, ended: bool = False) -> HeldCall:
        return HeldCall(name, "2017-Q4", node, NOW + timedelta(hours=hours), ended)

    over = NOW - timedelta(hours=6)
    await store.keep_held_call(LOCAL, held("a", 0), over)
    assert await store.held_calls(LOCAL, "2017-Q4", over) == {}, "it is under way"
    await store.keep_held_call(LOCAL, held("a", 1, ended=True), over)
    await store.keep_held_call(LOCAL, held("b", 2), over)
    await store.keep_held_call(LOCAL, held("c", 0, "manager:east", ended=True), over)
    known = {"company": Moment(NOW + timedelta(hours=1)), "manager:east": Moment(NOW)}
    assert await store.held_calls(LOCAL, "2017-Q4", over) == known
    assert await store.held_calls(LOCAL, "2017-Q4", NOW + timedelta(hours=3)) == known | {
        "company": Moment(NOW + timedelta(hours=2))
    }, "one that nobody ended is over by itself"
    assert await store.held_calls(EAST, "2017-Q4", over) == {}, "each person's are their own"
    assert await store.held_calls(LOCAL, "2018-Q1", over) == {}


async def test_of_calls_at_one_moment_of_the_business_clock_the_one_recorded_last_counts(store: Store) -> None:
    for name, minutes in (("a", 5), ("b", 9), ("c", 7)):
        recorded = NOW + timedelta(minutes=minutes)
        await store.keep_held_call(LOCAL, HeldCall(name, "2017-Q4", "company", NOW, ended=True, recorded=recorded), NOW)
    known = {"company": Moment(NOW, NOW + timedelta(minutes=9))}
    assert await store.held_calls(LOCAL, "2017-Q4", NOW) == known
