"""Exchange rates are kept with their history, and totals are reckoned with them, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from kit.errors import Forbidden, InvalidInput
from kit.money import Money
from learning.exchange import DatedRate, Rates
from learning.history_schema import SCHEMAS
from learning.placements import Tree
from learning.records import Credit, Outcome
from services.gateway.domain import LOCAL, Principal, Scope
from services.gateway.store import Store
from services.gateway.store.interface import CategorySum, RateEntry, Won

NOON, LATER = datetime(2017, 9, 1, 12, tzinfo=UTC), datetime(2017, 9, 2, 12, tzinfo=UTC)
JULY, AUGUST = date(2017, 7, 1), date(2017, 8, 1)
EAST = Principal("east", Scope.SUBTREE, "east")
EUR = [DatedRate("EUR", JULY, Decimal("1.5")), DatedRate("EUR", AUGUST, Decimal("2"))]
Put = Callable[..., Any]
Q3, Q4 = (date(2017, 7, 1), date(2017, 9, 30)), (date(2017, 10, 1), date(2017, 12, 31))


async def test_rates_are_kept_with_their_history(store: Store) -> None:
    assert await store.rates() == Rates()
    assert [one.status for one in await store.save_rates(LOCAL, EUR, NOON)] == ["created", "created"]
    again = [EUR[0], DatedRate("EUR", AUGUST, Decimal("2.5")), DatedRate("KRW", JULY, Decimal("0.00085"))]
    assert [one.status for one in await store.save_rates(LOCAL, again, LATER)] == ["unchanged", "changed", "created"]
    assert await store.rates() == Rates.of("USD", again)
    july, august = (RateEntry("EUR", one.day, one.rate, LOCAL.id, NOON, "USD") for one in EUR)
    newer = RateEntry("EUR", AUGUST, Decimal("2.5"), LOCAL.id, LATER, "USD")
    assert await store.list_rates(EAST, "EUR") == [july, newer], "rates are everybody's"
    assert await store.list_rates(LOCAL, "EUR", replaced=True) == [july, august, newer]
    assert [await store.drop_rates(LOCAL, "EUR", day, LATER) for day in (JULY, JULY, None)] == [1, 0, 1]
    assert await store.drop_rates(LOCAL, "x\x00", None, LATER) == 0
    assert (await store.list_rates(LOCAL, "EUR"), await store.list_rates(LOCAL, "x\x00")) == ([], [])
    assert len(await store.list_rates(LOCAL, "EUR", replaced=True)) == 5
    assert await store.rates() == Rates.of("USD", again[2:])
    await store.put_setting("currency", "KRW")
    assert await store.rates() == Rates("KRW"), "rates to another currency mean nothing"
    for refused in (store.save_rates(EAST, EUR, NOON), store.drop_rates(EAST, "EUR", None, NOON)):
        with pytest.raises(Forbidden):
            await refused
    with pytest.raises(InvalidInput):
        await store.put_setting("rates_version", 7)


@pytest.mark.parametrize(
    ("currency", "rate", "field"),
    [("ZZZ", "1", "currency"), ("eur", "1", "currency"), ("USD", "1", "currency"), ("EUR", "0", "rate"),
     ("EUR", "-1", "rate"), ("EUR", "NaN", "rate"), ("EUR", "Infinity", "rate"), ("EUR", "1e10", "rate"),
     ("EUR", "1e-10", "rate"), ("EUR", "1.0000000000001", "rate")],
)  # fmt: skip
async def test_what_is_no_rate_is_refused_alone(store: Store, currency: str, rate: str, field: str) -> None:
    wrong, sound = DatedRate(currency, JULY, Decimal(rate)), DatedRate("GBP", JULY, Decimal("1.3"))
    results = await store.save_rates(LOCAL, [wrong, sound], NOON)
    assert [one.status for one in results] == ["rejected", "created"]
    assert [(error.field, bool(error.mend)) for error in results[0].errors] == [(field, True)]
    assert await store.rates() == Rates.of("USD", [sound])


async def test_rates_leave_and_come_back_with_their_history(store: Store) -> None:
    await store.save_rates(LOCAL, EUR, NOON)
    await store.drop_rates(LOCAL, "EUR", JULY, LATER)
    rows = [row async for batch in store.export_rows(LOCAL, "exchange_rates", None) for row in batch]
    assert {*rows[0]} == {*SCHEMAS["exchange_rates"].names}
    assert [(row["base"], row["day"], row["rate"], row["time"]) for row in rows] == [
        ("USD", JULY, "1.5", NOON), ("USD", AUGUST, "2", NOON), ("USD", JULY, None, LATER)
    ]  # fmt: skip
    then = [row async for batch in store.export_rows(LOCAL, "exchange_rates", LATER.replace(month=7)) for row in batch]
    assert {row["day"] for row in then} == {JULY}, "a rate of a later day was not known"
    before = await store.list_rates(LOCAL, "EUR", replaced=True)
    other = RateEntry("EUR", JULY, Decimal("7"), "boss", LATER, "USD")
    await store.restore_rates(LOCAL, [*before, other])
    await store.restore_rates(LOCAL, [other])
    assert await store.list_rates(LOCAL, "EUR", replaced=True) == [*before[:2], other, before[2]]
    assert (await store.rates()).on("EUR", JULY) == 7
    with pytest.raises(InvalidInput):
        await store.restore_rates(LOCAL, [RateEntry("USD", JULY, Decimal(7), "", LATER, "USD")])


async def _deals(put: Put) -> None:
    won = {"outcome": Outcome.WON, "owner_id": "ann"}
    await put("w1", amount=Money("EUR", 101), closed_date=date(2017, 7, 31), **won)
    await put("w2", amount=Money("EUR", 101), closed_date=AUGUST, **won)
    await put("w3", amount=Money("USD", 7), closed_date=AUGUST, **won)
    await put("w4", amount=Money("KRW", 50), closed_date=AUGUST, **won)
    halves = (Credit("ann", 5_000), Credit("cat", 5_000))
    shared = won | {"credits": halves, "amount": Money("EUR", 3)}
    await put("w5", closed_date=date(2017, 7, 5), **shared)
    await put("o1", amount=Money("EUR", 10), close_date=date(2017, 12, 1), owner_id="ben")
    await put("o2", amount=Money("USD", 10), close_date=date(2017, 12, 1), owner_id="ben")
    await put("o3", close_date=date(2017, 12, 1), owner_id="ben")


async def test_deals_count_in_the_companys_currency_each_rounded_by_itself(store: Store, put: Put) -> None:
    await _deals(put)
    own = await store.won(LOCAL, *Q3)
    assert {one.currency for one in own} == {"EUR", "KRW", "USD"}
    await store.save_rates(LOCAL, EUR, NOON)
    # 101 × 1.5 = 151.5 → 152, 101 × 2 = 202, 7; and of 3 × 1.5 = 4.5 → 4 the half
    assert await store.won(LOCAL, *Q3) == [
        Won("ann", "KRW", 50, 1), Won("ann", "USD", 152 + 202 + 7 + 2, 4), Won("cat", "USD", 2, 1)
    ]  # fmt: skip
    assert await store.won(EAST, *Q3) == [Won("ann", "KRW", 50, 1), Won("ann", "USD", 363, 4)]
    assert await store.categories(LOCAL, *Q4) == [CategorySum("ben", "USD", "", 20 + 10, 3)]
    assert sum(one.minor for one in await store.placed_deals(LOCAL, Outcome.WON, *Q3) if one.currency == "USD") == 365
    assert {one.currency for one in await store.placed_deals(LOCAL, Outcome.OPEN, *Q4)} == {"USD"}


async def test_before_the_first_rate_a_deal_stays_as_it_is(store: Store, put: Put) -> None:
    await _deals(put)
    await store.save_rates(LOCAL, [EUR[1]], NOON)
    found = {(one.owner_id, one.currency): one.minor for one in await store.won(LOCAL, *Q3)}
    assert found == {("ann", "EUR"): 102, ("ann", "KRW"): 50, ("ann", "USD"): 209, ("cat", "EUR"): 2}
    trees = [Tree("stage", ("stage",))]
    placed = await store.placed_deals(LOCAL, Outcome.WON, *Q3, trees=trees)
    assert sorted((one.currency, one.minor) for one in placed) == [
        ("EUR", 3), ("EUR", 101), ("KRW", 50), ("USD", 7), ("USD", 202),
    ]  # fmt: skip
