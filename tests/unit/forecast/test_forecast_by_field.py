"""Totals of a number in a custom field: the deals' own scenarios, with the number in the place of the amount."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dealcast.events.v1 import events_pb2
from dealcast.forecast.v1 import forecast_pb2 as pb
from kit.clock import FixedClock
from kit.errors import InvalidInput
from kit.models import Pointer
from kit.money import Money
from learning.periods import Period
from learning.records import Outcome
from learning.snapshots import end_of
from services.forecast import convert
from services.forecast.beside_field import Ratio, beside_field
from services.forecast.blend import Correction, Level
from services.forecast.domain import SCENARIOS, RollupRow
from services.forecast.draws import Drawer
from services.forecast.exchange import BesideDeals, Exchange
from services.forecast.grpc_api import ForecastApi
from services.forecast.leaves import Update
from services.forecast.model import ForecastModel
from services.forecast.newbusiness import NewBusiness, NewWins, OwnerRate
from services.forecast.rollup import Rollup
from services.forecast.service import Forecasts
from tests.unit.forecast.forecast_builders import DAY, owner_path, parameters

MakeEvent = Callable[..., events_pb2.DealEvent]
Q4 = "2017-Q4"


class Models:
    owners = (OwnerRate("u1", "USD", owner_path("u1"), 0.5, 11.0, 0.5),)
    current: tuple[ForecastModel, Pointer | None] = (
        ForecastModel(new_business=NewBusiness(owners, np.ones((1, 400)))), None
    )  # fmt: skip


class Ready:
    ready = True


def made(event: MakeEvent, place: int, revision: int = 1, **members: object) -> events_pb2.DealEvent:
    """A deal of some amount, a third of it a year; the fourth has neither amount nor a year, the fifth no amount."""
    amount = None if place in (3, 4) else Money("USD", 30_000 * (place + 1))
    fields: dict[str, object] = {"words": "many", "lost": -5.0}
    if place != 3:
        fields["arr"] = 100.0 * (place + 1)
    given = {"owner": f"u{place % 2}", "score": 0.6, "amount": amount, "fields": fields, "revision": revision}
    return event(f"d{place}", **(given | members))


def take(service: Forecasts, *events: events_pb2.DealEvent) -> None:
    asked = [convert.asked_from_event(one) for one in events]
    pairs = zip(asked, service.answer(asked), strict=True)
    service.rollup.apply([convert.update_of(*pair) for pair in pairs])
    wanted = service.extras_wanted()
    if wanted is not None:
        service.take_extras(service.draw_extras(*wanted))


def by_node(rows: list[RollupRow]) -> dict[str, RollupRow]:
    """Of nodes with deals."""
    return {row.node.id: row for row in rows if row.open_deals}


@pytest.fixture
def service(event: MakeEvent) -> Forecasts:
    service = Forecasts(Models(), FixedClock(end_of(DAY)))
    take(service, *[made(event, place) for place in range(5)])
    return service


async def test_wins_are_those_of_the_amounts(service: Forecasts, event: MakeEvent) -> None:
    found = by_node(await service.totals_of_field("", Q4, "arr"))
    whole = {row.node.id: row for row in service.totals("", Q4)}
    assert found["company"].open_deals == 4, "one has no such number"
    assert (found["company"].not_yet_created_sum, found["company"].correction_sum) == (0, 0)
    assert whole["company"].not_yet_created_sum > 0
    alone = Forecasts(Models(), FixedClock(end_of(DAY)))
    take(alone, *[made(event, place) for place in range(3)])
    thirds = by_node(await alone.totals_of_field("", Q4, "arr"))["company"]
    amounts = by_node(alone.totals("", Q4))["company"]
    assert thirds.deals_sum == pytest.approx(amounts.deals_sum / 3, rel=1e-4)
    for name in ("open_deals", "deals_sum"):
        owners = sum(getattr(row, name) for node, row in found.items() if node.startswith("owner:"))
        assert owners == getattr(found["company"], name)
    fifth = Forecasts(Models(), FixedClock(end_of(DAY)))
    take(fifth, made(event, 4))
    [row] = await fifth.totals_of_field("company", Q4, "arr")
    assert set(row.quantiles) == {0, 50_000}, "without an amount all of it is booked, or nothing"


async def test_new_business_brings_what_past_wins_brought_of_it(service: Forecasts, event: MakeEvent) -> None:
    amounts = {row.node.id: row for row in service.totals("", Q4)}

    async def told() -> dict[str, RollupRow]:
        return {row.node.id: row for row in await service.totals_of_field("", Q4, "arr")}

    def won(place: int, number: float | None, revision: int = 1) -> events_pb2.DealEvent:
        given: dict[str, Any] = {"amount": Money("USD", 30_000), "fields": {} if number is None else {"arr": number}}
        closed = {"outcome": Outcome.WON, "closed_date": DAY, "revision": revision, "owner": "u0"}
        return event(f"w{place}", **given, **closed)

    take(service, *[won(place, 100.0) for place in range(9)])
    assert (await told())["company"].not_yet_created_sum == 0, "nine wins tell too little"
    take(service, won(9, 100.0))
    alike = await told()
    exact = amounts["company"].not_yet_created_sum / 3
    assert alike["company"].not_yet_created_sum == pytest.approx(exact, rel=1e-3)
    assert alike["owner:u1"].not_yet_created_sum == alike["company"].not_yet_created_sum
    take(service, *[won(place, 0.0 if place % 2 else 200.0, 2) for place in range(20)])
    uneven = await told()
    assert uneven["company"].not_yet_created_sum == pytest.approx(exact, rel=0.1), "as many, less surely"
    spread = [np.ptp(np.array(rows["owner:u1"].quantiles)[[10, 90]]) for rows in (alike, uneven)]
    assert spread[1] > 1.2 * spread[0]
    take(service, *[won(place, None, 3) for place in range(20)])
    assert (await told())["company"].not_yet_created_sum == 0


def test_where_nothing_tells_what_wins_bring_deals_stand_uncorrected() -> None:
    span, codes, path = Period(2017, 4), ("USD", "EUR"), owner_path("u1")
    wins: NewWins = {span: np.full(SCENARIOS, 600)}
    new = {("u1", code): (OwnerRate("u1", code, path, 0.5, 11.0, 0.5), wins) for code in codes}
    beside = BesideDeals(new, Correction({span: Level(0.5)}), {})
    rollup = Rollup(Drawer())
    rollup.apply([Update(code, (1,), DAY, path, parameters(code, currency=code)) for code in codes])
    alone, mine = rollup.rows("company", span), beside_field("arr", beside, {"USD": Ratio(1 / 3, 300.0, 0.0, 10)})
    rollup.set_extras(mine.new, mine.correction, mine.allotted)
    euros, dollars = rollup.rows("company", span)
    assert euros == alone[0]
    assert (euros.currency, euros.not_yet_created_sum, euros.correction_sum) == ("EUR", 0, 0)
    assert dollars.not_yet_created_sum == 200 * SCENARIOS
    assert dollars.correction_sum < 0


async def test_it_follows_the_deals_and_the_rates(service: Forecasts, event: MakeEvent) -> None:
    first = by_node(await service.totals_of_field("", Q4, "arr"))["company"]
    take(service, made(event, 0, 2, fields={"arr": 900.0}), made(event, 1, 2, fields={}))
    fresh = Forecasts(Models(), FixedClock(end_of(DAY)))
    take(fresh, *[made(event, place) for place in range(2, 5)], made(event, 0, 2, fields={"arr": 900.0}))
    now = by_node(await service.totals_of_field("", Q4, "arr"))
    assert now == by_node(await fresh.totals_of_field("", Q4, "arr"))
    assert now["company"] != first
    service.adopt_exchange(Exchange.of("USD", {"EUR": "2"}), 1)
    euros: dict[str, Any] = {"amount": Money("EUR", 30_000), "fields": {"arr": 100.0}, "revision": 3}
    take(service, made(event, 0, **euros))
    doubled = by_node(await service.totals_of_field("", Q4, "arr"))["company"]
    assert doubled.currency == "USD"
    plain = Forecasts(Models(), FixedClock(end_of(DAY)))
    take(plain, made(event, 0, **euros))
    one = by_node(await plain.totals_of_field("", Q4, "arr"))["company"]
    assert one.currency == "EUR"
    assert doubled.deals_sum == pytest.approx(2 * one.deals_sum, rel=1e-4)


async def test_what_would_be_is_what_comes_of_it(service: Forecasts, event: MakeEvent) -> None:
    api = ForecastApi(service, Ready(), FixedClock(end_of(DAY)))
    other = made(event, 0, 2, fields={"arr": 900.0}, score=0.9)
    asked = pb.SimulateRollupRequest(deals=[other], period=Q4, amount_field="arr")
    told = await api.SimulateRollup(asked, None)  # type: ignore[arg-type]
    for rows in (told.current, told.simulated):
        now = by_node(await service.totals_of_field("", Q4, "arr"))
        assert {one.node for one in rows} == now.keys() - {"owner:u1"}
        for one in rows:
            row = now[one.node]
            assert (one.open_deals, one.deals_sum, tuple(one.quantiles)) == (
                row.open_deals, row.deals_sum, row.quantiles
            )  # fmt: skip
        take(service, other)
    asked.added.add(count=1, deal=other)
    with pytest.raises(InvalidInput, match="no custom field"):
        await api.SimulateRollup(asked, None)  # type: ignore[arg-type]


async def test_an_unknown_field_is_refused_with_those_there_are(service: Forecasts) -> None:
    api = ForecastApi(service, Ready(), FixedClock(end_of(DAY)))
    for field in ("words", "lost", "nothing"):
        with pytest.raises(InvalidInput) as caught:
            await api.GetRollup(pb.GetRollupRequest(amount_field=field), None)  # type: ignore[arg-type]
        assert (caught.value.field, caught.value.mend) == ("amount_field", "Ask for one of arr")
    told = await api.GetRollup(pb.GetRollupRequest(amount_field="arr", period=Q4, node="company"), None)  # type: ignore[arg-type]
    assert [one.open_deals for one in told.rollups] == [4]
    empty = Forecasts(Models(), FixedClock(end_of(DAY)))
    with pytest.raises(InvalidInput, match="no open deal"):
        await empty.totals_of_field("", Q4, "arr")


async def test_no_more_fields_are_held_than_few(service: Forecasts, event: MakeEvent) -> None:
    fields = {f"f{number}": 1.0 for number in range(5)}
    take(service, made(event, 0, 2, fields=fields))
    for name in fields:
        assert (await service.totals_of_field("company", Q4, name))[0].open_deals == 1
    assert len(service._of_fields) == 3
