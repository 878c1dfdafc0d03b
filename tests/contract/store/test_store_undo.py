"""An import undone: everything as it was, but for the revisions."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from kit.errors import Conflict, Forbidden, NotFound
from kit.money import Money
from learning.history_schema import SCHEMAS
from learning.records import (
    Account,
    Activity,
    Contact,
    ContactRole,
    FieldDefinition,
    FieldType,
    Outcome,
    Product,
    ProductLine,
    Quota,
    ReportingLine,
    User,
)
from services.gateway.domain import LOCAL, ChangedSince, DealWrite, NodeQuota, PastChange, Principal, Scope, WriteStatus
from services.gateway.store import Store
from services.gateway.web.refusals import BOOK

JUNE = datetime(2017, 6, 1, tzinfo=UTC)


async def whole(store: Store) -> dict[str, Any]:
    """All that is stored, without the revisions of deals."""
    found: dict[str, Any] = {}
    async for table, rows in store.export_tables(LOCAL, list(SCHEMAS), None):
        kept = [{name: row[name] for name in row if table != "deals" or name != "revision"} for row in rows]
        found.setdefault(table, []).extend(kept)
    counts = await store.counts(LOCAL)
    return {table: rows for table, rows in found.items() if rows} | {
        "definitions": await store.list_fields(), "memory": await store.get_setting("weekly_files"),
        "counts": {name: counts[name] for name in counts if name not in ("outbox", "insights")},
    }  # fmt: skip


async def before_the_import(store: Store) -> None:
    await store.put_setting("clock", {"pinned": "2017-09-30"})
    await store.save_users(LOCAL, [User("ann", "Ann", "ann@example.com")], [ReportingLine("ann", "", "East")])
    await store.save_accounts(LOCAL, [Account("acme", "Acme", {"size": 3.0})])
    await store.save_contacts(LOCAL, [Contact("c", "Cho", "acme")])
    await store.save_products(LOCAL, [Product("p", "Pump")])
    await store.apply_deals(LOCAL, [DealWrite(
        "old", owner_id="ann", account_id="acme", stage="Offer", amount=Money("USD", 500), created_time=JUNE,
        fields={"size": 2.0}, products=(ProductLine("p", 2),), contacts=(ContactRole("c"),),
        activities=(Activity("a1", "old", "call", "outbound", JUNE, "c", "ann", "first"),),
    )])  # fmt: skip


async def an_import(store: Store) -> None:
    await store.keep_settings(["clock"])
    await store.put_setting("clock", {"pinned": "2017-10-02"})
    await store.define_fields(LOCAL, [FieldDefinition("deal", "region", FieldType.TEXT)])
    await store.save_users(LOCAL, [User("ann", "Ann Lee"), User("bob", "Bob")], [ReportingLine("ann", "bob", "West")])
    await store.save_accounts(LOCAL, [Account("acme", "Acme Inc.", {"size": 4.0}), Account("new", "New")])
    await store.save_contacts(LOCAL, [Contact("c", "Cho", "new"), Contact("d", "Dee", "new")])
    await store.save_products(LOCAL, [Product("p", "Pump", "X"), Product("q", "Q")])
    await store.save_quotas(LOCAL, [Quota("ann", "2017-Q4", Money("USD", 9))])
    await store.save_node_quotas(LOCAL, [NodeQuota("company", "2017-Q4", Money("USD", 9))])
    await store.put_setting("weekly_files", {"day": "2017-10-02"})
    past = PastChange("stage", "Lead", datetime(2017, 7, 1, tzinfo=UTC))
    await store.apply_deals(LOCAL, [
        DealWrite(
            "old", owner_id="bob", outcome=Outcome.WON, closed_date=date(2017, 10, 1),
            fields={"region": "East", "size": None}, products=(ProductLine("q"),), contacts=(), history=(past,),
            activities=(Activity("a1", "old", "call", "outbound", JUNE, "c", "ann", "edited"),
                        Activity("a2", "old", "mail", "outbound", JUNE, "c", "ann")),
        ),
        DealWrite("fresh", owner_id="bob", account_id="new", amount=Money("USD", 7), created_time=JUNE),
    ])  # fmt: skip
    await store.apply_deals(LOCAL, [DealWrite("old", stage="Signed")])  # twice in one import


async def test_everything_is_as_it_was(empty: Store) -> None:
    await before_the_import(empty)
    before, revision = await whole(empty), (await empty.get_record(LOCAL, "old")).history.deal.revision
    await empty.finish_outbox([row.id for row in await empty.take_outbox(100)])
    await an_import(empty.recording("one"))
    await empty.seal_import("one")
    assert await whole(empty) != before
    counts = await empty.undo_import(LOCAL, "one")
    assert counts == {
        "deals": 2, "quotas": 1, "node_quotas": 1, "contacts": 2, "products": 2, "accounts": 2, "users": 2,
        "field_definitions": 1, "settings": 2,
    }  # fmt: skip
    assert await whole(empty) == before
    assert await empty.get_setting("clock") == {"pinned": "2017-09-30"}
    deal = (await empty.get_record(LOCAL, "old")).history.deal
    assert deal.revision > revision + 2
    assert {row.deal_id for row in await empty.take_outbox(100)} == {"old", "fresh"}  # both must be told
    with pytest.raises(NotFound):
        await empty.get_record(LOCAL, "fresh")
    (told,) = await empty.get_records(LOCAL, ["fresh"])
    assert (told.history.deal.deleted, told.history.changes, told.history.deal.owner_id) == (True, (), "")
    assert await empty.undo_import(LOCAL, "one") == {}


async def test_the_same_import_may_come_again(empty: Store) -> None:
    await before_the_import(empty)
    before = await whole(empty)
    await an_import(empty.recording("one"))
    first = await whole(empty)
    await empty.undo_import(LOCAL, "one")
    await empty.put_setting("clock", {"pinned": "2017-10-02"})
    results = await empty.recording("two").apply_deals(
        LOCAL, [DealWrite("fresh", amount=Money("USD", 7), created_time=JUNE), DealWrite("fresh", stage="Offer")]
    )
    assert [result.status for result in results] == [WriteStatus.CREATED, WriteStatus.CHANGED]
    deal = (await empty.get_record(LOCAL, "fresh")).history.deal
    assert (deal.deleted, deal.stage, deal.amount) == (False, "Offer", Money("USD", 7))
    await empty.undo_import(LOCAL, "two")
    await empty.put_setting("clock", {"pinned": "2017-09-30"})
    assert await whole(empty) == before
    await an_import(empty.recording("three"))
    again = await whole(empty)
    times = {"recorded_time", "revision", "effective_time"}
    bare = [
        [{name: row[name] for name in row if name not in times} for row in one["changes"]] for one in (first, again)
    ]
    assert bare[0] == bare[1]
    assert first["deals"] == again["deals"]


async def test_changes_since_are_not_lost_unasked(empty: Store) -> None:
    await before_the_import(empty)
    before = await whole(empty)
    await an_import(empty.recording("one"))
    await empty.seal_import("one")
    await empty.apply_deals(LOCAL, [DealWrite("old", stage="Paid")])
    with pytest.raises(Conflict, match="1 deals were changed since, such as old"):
        await empty.undo_import(LOCAL, "one")
    assert (await empty.get_record(LOCAL, "old")).history.deal.stage == "Paid"
    await empty.undo_import(LOCAL, "one", discard=True)
    assert await whole(empty) == before


async def test_what_was_changed_since_is_told_by_its_name(empty: Store) -> None:
    await empty.define_fields(
        LOCAL, [FieldDefinition("deal", name, FieldType.TEXT) for name in ("비고", "금액(원)", "R")]
    )
    importing, named = empty.recording("one"), {"비고": "a", "금액(원)": "b", "R": "c"}
    await importing.apply_deals(LOCAL, [DealWrite("week-9f12", name="설비 교체", fields=named)])
    await importing.save_accounts(LOCAL, [Account("new", "한빛 (주)")])
    await empty.seal_import("one")
    await empty.save_accounts(LOCAL, [Account("new", "한빛 (주)", {"size": 4.0})])
    with pytest.raises(ChangedSince, match=r"^1 accounts were changed since, such as 한빛 \(주\) \(its size\) "):
        await empty.undo_import(LOCAL, "one")
    await empty.apply_deals(LOCAL, [DealWrite("week-9f12", stage="Paid", fields={"비고": "d", "금액(원)": None})])
    with pytest.raises(ChangedSince) as refused:
        await empty.undo_import(LOCAL, "one")
    told = "1 deals were changed since, such as 설비 교체 (its stage and its 금액(원) and its 비고)"
    assert (refused.value.message, refused.value.value) == (told, "week-9f12")
    assert BOOK.said(told, "ko") == "그 뒤에 바뀐 딜: 1건. 예: 설비 교체 (단계, 금액(원), 비고)"


async def test_what_others_name_meanwhile_stays(empty: Store) -> None:
    await before_the_import(empty)
    await an_import(empty.recording("one"))
    await empty.seal_import("one")
    await empty.apply_deals(LOCAL, [DealWrite("mine", owner_id="bob", account_id="new", fields={"region": "South"})])
    await empty.undo_import(LOCAL, "one")
    assert [user.id for user in await empty.list_users(LOCAL)] == ["ann", "bob"]
    assert [account.id for account in await empty.list_accounts(LOCAL, "", 10)] == ["acme", "new"]
    assert "region" in {field.name for field in await empty.list_fields()}
    deal = (await empty.get_record(LOCAL, "mine")).history.deal
    assert (deal.owner_id, deal.account_id) == ("bob", "new")


async def test_what_is_forgotten_cannot_be_undone(empty: Store) -> None:
    await before_the_import(empty)
    await an_import(empty.recording("one"))
    with pytest.raises(Forbidden):
        await empty.undo_import(Principal("ann", Scope.OWN, "ann"), "one")
    await empty.forget_imports(["two"])
    assert await empty.undo_import(LOCAL, "one") == {}
    assert (await empty.get_record(LOCAL, "old")).history.deal.stage == "Signed"
