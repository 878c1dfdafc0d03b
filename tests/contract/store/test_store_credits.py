"""Split credit: kept with its history, refused where it is not whole, and counted owner by owner."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from kit.money import Money
from learning.placements import REPORTING
from learning.records import Credit, Outcome, ReportingLine, User
from services.gateway.bridge import Span
from services.gateway.bridge_rows import Bridge
from services.gateway.domain import LOCAL, UNSET, DealWrite, PastChange, Principal, Scope, WriteStatus
from services.gateway.store import Store
from services.gateway.store.interface import Query, Won
from tests.live_events import events_after

Q3 = (date(2017, 7, 1), date(2017, 9, 30))
SPLIT = (Credit("ann", 6_667), Credit("cat", 3_333))
CAT, BEN = Principal("cat", Scope.OWN, "cat"), Principal("ben", Scope.OWN, "ben")


def deal(**members: Any) -> DealWrite:
    given: dict[str, Any] = {
        "owner_id": "ann", "amount": Money("USD", 10_000), "created_time": datetime(2017, 7, 3, tzinfo=UTC),
        "close_date": date(2017, 9, 15), "credits": SPLIT,
    }  # fmt: skip
    return DealWrite("d1", **(given | members))


async def put(store: Store, write: DealWrite) -> None:
    [result] = await store.apply_deals(LOCAL, [write])
    assert result.status in (WriteStatus.CREATED, WriteStatus.CHANGED), result.errors


async def test_credits_are_kept_and_place_the_deal(store: Store) -> None:
    await put(store, deal())
    history = (await store.get_record(LOCAL, "d1")).history
    assert history.deal.credits == SPLIT
    assert [(one.tree, one.path[-1].id, one.share) for one in history.placements] == [
        (REPORTING, "owner:ann", 6_667), (REPORTING, "owner:cat", 3_333),
    ]  # fmt: skip
    [result] = await store.apply_deals(LOCAL, [DealWrite("d1", credits=SPLIT)])
    assert result.status is WriteStatus.UNCHANGED
    for outcome in (Outcome.LOST, Outcome.OPEN):
        await put(store, DealWrite("d1", outcome=outcome))
    assert (await store.get_record(LOCAL, "d1")).history.deal.credits == SPLIT, "reopening leaves them"
    await put(store, DealWrite("d1", credits=()))
    history = (await store.get_record(LOCAL, "d1")).history
    assert (history.deal.credits, history.placements) == ((), ())
    assert [one.value for one in history.changes if one.field == "credits"] == [SPLIT, None]


@pytest.mark.parametrize(
    ("given", "field", "value"),
    [
        ((Credit("ann", 6_000), Credit("cat", 3_000)), "credits", "90 %"),
        ((Credit("ann", 5_000), Credit("ann", 5_000)), "credits", "ann"),
        ((Credit("ann", 10_000), Credit("cat", 0)), "credits[1].percent", "0 %"),
        ((Credit("ann", 5_000), Credit("eve", 5_000)), "credits.owner_id", "eve"),
        (tuple(Credit(f"u{n}", 400) for n in range(25)), "credits", "25"),
    ],
)
async def test_what_is_not_whole_is_refused(store: Store, given: Any, field: str, value: str) -> None:
    past = PastChange("credits", given, datetime(2017, 8, 1, tzinfo=UTC))
    for write in (deal(credits=given), deal(credits=UNSET, history=(past,))):
        [result] = await store.apply_deals(LOCAL, [write])
        errors = [(one.field.removeprefix("history[0]."), one.value, bool(one.mend)) for one in result.errors]
        assert (result.status, errors) == (WriteStatus.REJECTED, [(field, value, True)])


async def test_totals_count_each_owners_part(store: Store) -> None:
    await put(store, deal(amount=Money("USD", 10_001), category="commit"))
    await store.apply_deals(LOCAL, [DealWrite("d2", owner_id="ann", amount=Money("USD", 7), close_date=Q3[1])])
    found = {(one.owner_id, one.category): (one.minor, one.deals) for one in await store.categories(LOCAL, *Q3)}
    assert found == {("ann", "commit"): (6_667, 1), ("cat", "commit"): (3_334, 1), ("ann", ""): (7, 1)}
    await put(store, DealWrite("d1", outcome=Outcome.WON, closed_date=date(2017, 9, 20)))
    assert await store.won(LOCAL, *Q3) == [Won("ann", "USD", 6_667, 1), Won("cat", "USD", 3_334, 1)]
    assert await store.won(CAT, *Q3) == [Won("cat", "USD", 3_334, 1)]
    nodes = [node.id for node in await store.tree(LOCAL, Q3[1])]
    assert "owner:cat" in nodes


async def test_who_has_credit_sees_the_deal(store: Store) -> None:
    await put(store, deal())
    assert (await store.get_record(CAT, "d1")).history.deal.id == "d1"
    assert [len((await store.list_records(who, Query(), "", 10)).records) for who in (CAT, BEN)] == [1, 0]
    assert [(await store.counts(who))["deals"] for who in (CAT, BEN)] == [1, 0]
    assert await store.get_records(BEN, ["d1"]) == []
    events = [one.deal_id for one in await events_after(store, CAT, 0, 100)]
    assert "d1" in events
    [refused] = await store.apply_deals(CAT, [DealWrite("d1", stage="Mine")])
    assert refused.status is WriteStatus.REJECTED, "seeing is not owning"


async def test_another_line_of_who_has_credit_moves_the_deal(store: Store) -> None:
    await put(store, deal())
    await store.save_users(LOCAL, [User("cat", "Cat")], [ReportingLine("cat", "east")])
    record = await store.get_record(LOCAL, "d1")
    assert record.history.deal.revision == 2
    assert [node.id for node in record.history.placements[1].path][-2:] == ["manager:east", "owner:cat"]


async def test_the_bridge_reconciles_when_credit_moves(store: Store) -> None:
    day = [datetime(2017, month, 15, tzinfo=UTC) for month in (7, 8, 9)]
    later = (Credit("ann", 2_500), Credit("ben", 7_500))
    past = (PastChange("credits", SPLIT, day[0]), PastChange("credits", later, day[1]))
    [result] = await store.apply_deals(LOCAL, [deal(credits=UNSET, history=past)])
    assert result.status is WriteStatus.CREATED, result.errors
    pairs = await store.deal_pairs(LOCAL, day[0], day[2], *Q3)
    bridge = Bridge.of(pairs, Span(*Q3), await store.tree(LOCAL, Q3[1]), None, "USD", "USD")
    ends = {node: (parts.start.open, parts.end.open) for node, parts in bridge.nodes.items()}
    assert [ends[f"owner:{one}"] for one in ("ann", "ben", "cat")] == [(6_667, 2_500), (0, 7_500), (3_333, 0)]
    for parts in bridge.nodes.values():
        assert parts.start.open + sum(one.open for one in parts.causes.values()) == parts.end.open
    assert set(bridge.nodes["owner:ben"].causes) == {"moved_owner"}
    [hers] = await store.deal_pairs(CAT, day[0], day[2], *Q3)
    assert (hers.id, hers.before is not None) == ("", True), "hers once, no longer hers to see"


async def test_credits_are_exported_as_they_stood(store: Store) -> None:
    past = PastChange("credits", SPLIT, datetime(2017, 8, 1, tzinfo=UTC))
    later = PastChange("credits", (Credit("ben", 10_000),), datetime(2017, 9, 1, tzinfo=UTC))
    await put(store, deal(credits=UNSET, history=(past, later)))
    found = []
    for as_of in (datetime(2017, 8, 15, tzinfo=UTC), None):
        rows = [row async for batch in store.export_rows(LOCAL, "deal_credits", as_of) for row in batch]
        found.append([(row["owner_id"], row["percent"]) for row in rows])
    assert found == [[("ann", 66.67), ("cat", 33.33)], [("ben", 100.0)]]
