"""Sums of a number in a custom field in the place of the amount, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from kit.money import Money
from learning.exchange import DatedRate
from learning.placements import Tree
from learning.records import Credit, Outcome
from services.gateway.domain import LOCAL, Principal, Scope
from services.gateway.store import Store
from services.gateway.store.interface import CategorySum
from services.gateway.store.shapes import OpenAmount

EAST = Principal("east", Scope.SUBTREE, "east")
Q3, Q4 = (date(2017, 7, 1), date(2017, 9, 30)), (date(2017, 10, 1), date(2017, 12, 31))
AUGUST = date(2017, 8, 1)


async def test_open_deals_with_what_they_count_as(store: Store, put: Callable[..., Any]) -> None:
    halves = (Credit("ann", 5_000), Credit("cat", 5_000))
    await put("a", amount=Money("EUR", 500), owner_id="cat", fields={"arr": 1.5}, credits=halves)
    await put("b", amount=Money("USD", 7), fields={"arr": -1.0})
    await put("c", fields={"arr": 2.0}, owner_id="ann")
    await put("d", amount=Money("USD", 9), outcome=Outcome.WON, closed_date=AUGUST)
    rates = [DatedRate("EUR", AUGUST, Decimal(2))]
    await store.save_rates(LOCAL, rates, datetime(2017, 9, 1, tzinfo=UTC))
    shared = (("ann", 5_000), ("cat", 5_000))
    a, b = OpenAmount("a", "USD", 1_000, shared), OpenAmount("b", "USD", 7, (("", 10_000),))
    assert await store.open_amounts(LOCAL) == [a, b]
    of_arr = [OpenAmount("a", "USD", 300, shared), OpenAmount("c", "USD", 200, (("ann", 10_000),))]
    assert await store.open_amounts(LOCAL, "arr") == of_arr
    assert await store.open_amounts(EAST) == [a], "who shares the credit sees the deal"


async def test_a_fields_numbers_count_as_amounts_do(store: Store, put: Callable[..., Any]) -> None:
    won = {"outcome": Outcome.WON, "closed_date": AUGUST, "owner_id": "ann"}
    await put("w1", amount=Money("EUR", 5), fields={"arr": 1.01, "words": "many"}, **won)
    await put("w2", fields={"arr": 2}, **won)
    for place, value in enumerate((0, -3.0, "3", True, None)):
        await put(f"n{place}", amount=Money("USD", 9), fields={f"x{place}": value}, **won)
    halves = (Credit("ann", 5_000), Credit("cat", 5_000))
    await put("w3", fields={"arr": 0.03}, **won | {"credits": halves})
    await put("o1", close_date=Q4[0], owner_id="ben", category="commit", fields={"arr": 10})
    await put("o2", close_date=Q4[0], owner_id="ben", fields={"arr": 1e15})
    found = await store.field_amounts(LOCAL, "arr", Outcome.WON, *Q3)
    assert [(one.owner_id, one.currency, one.minor, one.deals) for one in found] == [
        ("ann", "EUR", 101, 1), ("ann", "USD", 201, 2), ("cat", "USD", 2, 1)
    ]  # fmt: skip
    now = datetime(2017, 9, 1, tzinfo=UTC)
    await store.save_rates(LOCAL, [DatedRate("EUR", AUGUST, Decimal("1.5"))], now)
    found = await store.field_amounts(LOCAL, "arr", Outcome.WON, *Q3)
    assert [(one.owner_id, one.currency, one.minor) for one in found] == [("ann", "USD", 152 + 201), ("cat", "USD", 2)]
    mine = await store.field_amounts(EAST, "arr", Outcome.WON, *Q3)
    assert [(one.owner_id, one.minor) for one in mine] == [("ann", 353)]
    assert await store.field_amounts(LOCAL, "arr", Outcome.OPEN, *Q4) == [
        CategorySum("ben", "USD", "", 10**16, 1), CategorySum("ben", "USD", "commit", 1_000, 1)
    ]  # fmt: skip
    for name in ("x0", "x1", "x2", "x3", "x4", "nothing"):
        assert await store.field_amounts(LOCAL, name, Outcome.WON, *Q3) == []
    trees = [Tree("stage", ("stage",))]
    placed = await store.placed_deals(LOCAL, Outcome.WON, *Q3, trees=trees, field="arr")
    assert sorted(one.minor for one in placed) == [3, 152, 200]
