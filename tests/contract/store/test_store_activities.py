"""Activities, and what else around a deal raises its revision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from learning.records import (
    Account,
    Activity,
    Contact,
    ContactRole,
    Outcome,
)
from services.gateway.domain import LOCAL, DealWrite, WriteStatus
from services.gateway.store import Store
from tests.contract.store.conftest import at

Put = Callable[..., Any]


async def test_activities_count_and_raise_the_revision_once_a_call(store: Store, put: Put) -> None:
    await put("d1", stage="A")
    new = [Activity(f"a{i}", "d1", "mail", "outbound", at("2017-09-01")) for i in range(3)]
    results = await store.save_activities(
        LOCAL, [*new, new[0], Activity("x", "none", "mail", "outbound", at("2017-09-01"))]
    )
    assert [one.status.value for one in results] == ["created", "created", "created", "unchanged", "rejected"]
    record = await store.get_record(LOCAL, "d1")
    assert (record.history.deal.revision, record.history.activity_count) == (2, 3)
    assert {one.status for one in await store.save_activities(LOCAL, new)} == {WriteStatus.UNCHANGED}
    assert (await store.get_record(LOCAL, "d1")).history.deal.revision == 2


async def test_an_edited_activity_is_changed_in_place(store: Store, put: Put) -> None:
    first = Activity("a", "d1", "mail", "outbound", at("2017-09-01"), "kim", "ann", "Hello")
    await put("d1", stage="A", activities=(first, Activity("b", "d1", "call", "inbound", at("2017-09-02"))))
    edited = replace(first, time=at("2017-09-03"), text="Hello again")
    results = await store.save_activities(LOCAL, [edited, edited])
    assert [one.status.value for one in results] == ["changed", "unchanged"]
    record = await store.get_record(LOCAL, "d1")
    assert (record.history.deal.revision, record.history.activity_count) == (2, 2)
    assert [one for one in record.history.activities if one.id == "a"] == [edited]
    whole = await put("d1", activities=(first, replace(first, deal_id="", direction="inbound")))
    assert (whole.status, whole.revision) == (WriteStatus.CHANGED, 3)
    again = await put("d1", activities=(replace(first, direction="inbound"),))
    assert (again.status, again.revision) == (WriteStatus.UNCHANGED, 3)
    assert len(await store.get_activities(LOCAL, "d1", "", 10)) == 2


async def test_an_activity_of_another_deal_is_refused(store: Store, put: Put) -> None:
    mine = Activity("a", "d1", "mail", "outbound", at("2017-09-01"))
    await put("d1", stage="A", activities=(mine,))
    await put("d2", stage="A")
    refused = (await store.save_activities(LOCAL, [replace(mine, deal_id="d2")]))[0]
    whole = await put("d2", stage="B", activities=(replace(mine, deal_id="d2"),))
    for result, field in ((refused, "id"), (whole, "activities[0].id")):
        assert result.status is WriteStatus.REJECTED
        assert (result.errors[0].field, result.errors[0].value) == (field, "a")
        assert "another id" in result.errors[0].mend
    new = [DealWrite(deal, activities=(Activity("n", deal, "call", "inbound", at("2017-09-01")),)) for deal in "xy"]
    assert [one.status.value for one in await store.apply_deals(LOCAL, new)] == ["created", "rejected"]
    assert (await store.get_record(LOCAL, "d2")).history.deal.stage == "A"


async def test_only_the_newest_200_activities_travel(store: Store, put: Put) -> None:
    many = tuple(
        Activity(f"a{i:04}", "d1", "mail", "outbound", datetime(2017, 1, 1 + i % 28, i % 24, tzinfo=UTC))
        for i in range(450)
    )
    await put("d1", stage="A", activities=many)
    await put("d2", stage="A", activities=(Activity("b", "d2", "call", "inbound", at("2017-01-01")),))
    one, two = await store.get_records(LOCAL, ["d1", "d2"])
    newest = sorted(many, key=lambda a: (a.time, a.id))[-200:]
    assert [a.id for a in one.history.activities] == [a.id for a in newest]
    assert (one.history.activity_count, one.history.truncated) == (450, True)
    assert (two.history.activity_count, two.history.truncated) == (1, False)


async def test_a_changed_account_or_contact_raises_its_open_deals(store: Store, put: Put) -> None:

    await put("open", account_id="acme", contacts=(ContactRole("kim"),))
    await put("lost", account_id="acme", outcome=Outcome.LOST, contacts=(ContactRole("kim"),))
    await store.save_accounts(LOCAL, [Account("acme", "Acme", {"size": 5})])
    await store.save_contacts(LOCAL, [Contact("kim", "Kim", "acme", title="CTO")])
    await store.save_contacts(LOCAL, [Contact("kim", "Kim", "acme", title="CTO")])
    revisions = {r.history.deal.id: r.history.deal.revision for r in await store.get_records(LOCAL, ["open", "lost"])}
    assert revisions == {"open": 3, "lost": 1}
    assert [row.deal_id for row in await store.take_outbox(10)] == ["open", "lost", "open", "open"]
