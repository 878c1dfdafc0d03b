"""The pasts of deals for sales figures: what changed alone is read anew, and only what the principal sees."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from kit.money import Money
from learning.records import Activity, Credit, DealKind, Motion, Outcome
from services.gateway.domain import LOCAL, DealWrite, PastChange, Principal, Scope
from services.gateway.store import Store
from services.gateway.store.codec import to_us

BEGUN = datetime(2017, 5, 1, tzinfo=UTC)
MOVED = datetime(2017, 6, 1, tzinfo=UTC)
EAST = Principal("east", Scope.SUBTREE, "east")


async def fill(store: Store) -> None:
    stages = (PastChange("stage", "New", BEGUN), PastChange("stage", "Offer", MOVED))
    writes = [
        DealWrite("mine", owner_id="ann", created_time=BEGUN, history=stages, amount=Money("USD", 5),
                  close_date=date(2017, 7, 1), fields={"size": "large"}),
        DealWrite("shared", owner_id="cat", created_time=BEGUN, credits=(Credit("ann", 4_000), Credit("cat", 6_000))),
        DealWrite("foreign", owner_id="cat", created_time=BEGUN),
        DealWrite("lead", kind=DealKind.LEAD, owner_id="ann", created_time=BEGUN),
        DealWrite("gone", owner_id="ann", created_time=BEGUN, deleted=True),
    ]  # fmt: skip
    results = await store.apply_deals(LOCAL, writes)
    assert not [result.errors for result in results if result.errors]


async def test_what_happened_to_deals_in_order(store: Store) -> None:
    await fill(store)
    found = await store.deal_pasts(LOCAL, {})
    assert found.owners is None
    assert dict(found.revisions) == {"mine": 1, "shared": 1, "foreign": 1}
    pasts = {one.deal.id: one for one in found.news}
    mine = pasts["mine"]
    assert (mine.deal.amount, mine.deal.fields, mine.deal.credits) == (Money("USD", 5), {"size": "large"}, ())
    assert [(value, moment) for field, value, moment in mine.changes if field == "stage"] == [
        ("New", to_us(BEGUN)), ("Offer", to_us(MOVED)),
    ]  # fmt: skip
    assert {field for field, _, _ in mine.changes} <= {"kind", "stage", "outcome", "amount", "close_date"}
    assert ("close_date", date(2017, 7, 1), to_us(BEGUN)) in mine.changes
    assert [one.share for one in pasts["shared"].deal.credits] == [4_000, 6_000]


async def test_what_is_known_is_not_told_again(store: Store) -> None:
    await fill(store)
    first = await store.deal_pasts(LOCAL, {}, 2)
    assert ([one.deal.id for one in first.news], len(first.revisions)) == (["foreign", "mine"], 3)
    rest = await store.deal_pasts(LOCAL, {one.deal.id: one.deal.revision for one in first.news}, 2)
    assert [one.deal.id for one in rest.news] == ["shared"]
    known = dict((await store.deal_pasts(LOCAL, {})).revisions)
    assert (await store.deal_pasts(LOCAL, known)).news == []
    await store.apply_deals(LOCAL, [DealWrite("mine", outcome=Outcome.WON), DealWrite("foreign", deleted=True)])
    found = await store.deal_pasts(LOCAL, known)
    assert dict(found.revisions) == {"mine": 2, "shared": 1}
    assert [one.deal.id for one in found.news] == ["mine"]
    assert found.news[0].deal.outcome is Outcome.WON


async def test_only_what_the_principal_sees(store: Store) -> None:
    await fill(store)
    found = await store.deal_pasts(EAST, {})
    assert sorted(found.revisions) == ["mine", "shared"]
    assert found.owners is not None
    assert "ann" in found.owners
    assert "cat" not in found.owners
    assert not (await store.deal_pasts(Principal("x", Scope.OWN, ""), {})).revisions


async def test_activities_of_a_span(store: Store) -> None:
    await fill(store)
    days = {"mine": 3, "foreign": 4, "lead": 5, "shared": 6}
    done = [
        Activity(f"a-{deal}", deal, "call", "outbound", datetime(2017, 6, day, tzinfo=UTC))
        for deal, day in days.items()
    ]
    await store.save_activities(
        LOCAL, [*done, Activity("late", "mine", "mail", "outbound", datetime(2017, 6, 5, tzinfo=UTC))]
    )
    span = datetime(2017, 6, 3, tzinfo=UTC), datetime(2017, 6, 5, tzinfo=UTC)
    found = await store.activities_between(LOCAL, [*days, "unknown", "a\x00"], *span)
    assert [(one.deal_id, one.type, one.direction) for one in found] == [
        ("foreign", "call", "outbound"), ("mine", "call", "outbound"),
    ]  # fmt: skip
    found = await store.activities_between(EAST, list(days), span[0], datetime(2017, 7, 1, tzinfo=UTC))
    assert [(one.deal_id, one.time.day) for one in found] == [("mine", 3), ("mine", 5), ("shared", 6)]


async def test_contracts_and_what_renews_them(store: Store) -> None:
    shape: dict[str, Any] = {"created_time": BEGUN, "owner_id": "ann"}
    end = date(2018, 5, 31)
    writes = [
        DealWrite("contract", outcome=Outcome.WON, fields={"contract_end": end}, **shape),
        DealWrite("months", outcome=Outcome.WON, fields={"contract_months": 12.0}, created_time=BEGUN, owner_id="cat"),
        DealWrite("open", fields={"contract_end": end}, **shape),
        DealWrite("plain", outcome=Outcome.WON, fields={"contractXend": "soon"}, **shape),
        DealWrite("gone", outcome=Outcome.WON, deleted=True, fields={"contract_end": end}, **shape),
        DealWrite("renewal", motion=Motion.RENEWAL, deleted=True, fields={"renews": "contract"}, **shape),
    ]
    results = await store.apply_deals(LOCAL, writes)
    assert not [result.errors for result in results if result.errors]
    found = {one.id: one for one in await store.contract_deals(LOCAL)}
    assert sorted(found) == ["contract", "months", "renewal"]
    assert (found["contract"].fields, found["renewal"].deleted) == ({"contract_end": end}, True)
    assert sorted(one.id for one in await store.contract_deals(EAST)) == ["contract", "renewal"]
