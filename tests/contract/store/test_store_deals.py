"""Deal writes: revisions, history, outcome and closed date, tombstones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from kit.money import Money
from learning.records import (
    Account,
    Activity,
    Contact,
    ContactRole,
    DealKind,
    Motion,
    Outcome,
    ProductLine,
    ReportingLine,
)
from services.gateway.domain import LOCAL, DealWrite, PastChange, WriteStatus
from services.gateway.store import Store
from tests.contract.store.conftest import at, deal, history
from tests.live_events import events_after

Put = Callable[..., Any]


async def test_a_whole_deal_comes_back_as_it_was_written(store: Store, put: Put) -> None:
    result = await put(
        "d1", kind=DealKind.OPPORTUNITY, motion=Motion.RENEWAL, pipeline="big", stage="Offer", name="Größe 🙂 شركة",
        owner_id="ann", account_id="acme", amount=Money("KRW", 1_000_000), created_time=at("2017-03-01"),
        close_date=date(2017, 12, 1), category="commit", products=(ProductLine("p1", 2.5, Money("USD", 99)),),
        contacts=(ContactRole("kim", "decides"),),
        fields={"size": 7, "vip": True, "since": date(2016, 2, 29), "note": "=1+1", "zero": 0.0, "no": False},
        activities=(Activity("a1", "d1", "call", "outbound", at("2017-09-29"), "kim", "ann", "hi"),),
    )  # fmt: skip
    assert (result.status, result.revision) == (WriteStatus.CREATED, 1)
    record = await store.get_record(LOCAL, "d1")
    got = record.history.deal
    assert got.fields == {
        "size": 7.0,
        "vip": True,
        "since": date(2016, 2, 29),
        "note": "=1+1",
        "zero": 0.0,
        "no": False,
    }
    assert (got.motion, got.amount, got.name) == (Motion.RENEWAL, Money("KRW", 1_000_000), "Größe 🙂 شركة")
    assert got.products == (ProductLine("p1", 2.5, Money("USD", 99)),)
    assert got.contacts == (ContactRole("kim", "decides"),)
    assert [contact.id for contact, _ in record.history.contacts] == ["kim"]
    assert record.owner_name == "Ann"
    assert record.history.account is not None
    assert [node.id for node in record.history.owner_path] == [
        "company", "region:East", "manager:east", "owner:ann",
    ]  # fmt: skip
    assert record.history.activity_count == 1
    assert record.history.counters[0].outbound_7_days == 1
    assert got.created_time == at("2017-03-01")


async def test_creation_has_a_row_for_every_tracked_field(store: Store, put: Put) -> None:
    await put("d1", stage="New", owner_id="ann", created_time=at("2017-03-01"), fields={"size": 3})
    changes = await store.get_changes(LOCAL, "d1", 0, 100)
    assert {change.field for change in changes} == {
        "kind", "motion", "pipeline", "outcome", "stage", "owner_id", "fields.size",
    }  # fmt: skip
    assert {change.effective_time for change in changes} == {at("2017-03-01")}
    assert all(change.revision == 1 for change in changes)


async def test_the_same_write_again_changes_nothing(store: Store, put: Put) -> None:
    write: dict[str, Any] = {
        "stage": "Offer", "amount": Money("USD", 100), "fields": {"size": 3}, "contacts": (ContactRole("kim"),),
        "products": (ProductLine("p1"),), "outcome": Outcome.WON,
        "history": (PastChange("stage", "New", at("2017-01-01")), PastChange("stage", "Offer", at("2017-02-01"))),
        "activities": (Activity("a1", "d1", "mail", "inbound", at("2017-02-01")),), "created_time": at("2017-01-01"),
    }  # fmt: skip
    await put("d1", **write)
    before = (await store.counts(LOCAL), await store.last_event_id(), await store.get_changes(LOCAL, "d1", 0, 100))
    result = await put("d1", **write)
    assert (result.status, result.revision) == (WriteStatus.UNCHANGED, 1)
    assert (
        await store.counts(LOCAL),
        await store.last_event_id(),
        await store.get_changes(LOCAL, "d1", 0, 100),
    ) == before


async def test_each_change_is_one_revision_one_outbox_row_and_one_event(store: Store, put: Put) -> None:
    await put("d1", stage="New")
    result = await put("d1", stage="Offer", amount=Money("USD", 5), fields={"a": "x", "b": 1.0})
    assert (result.status, result.revision) == (WriteStatus.CHANGED, 2)
    assert [row.deal_id for row in await store.take_outbox(10)] == ["d1", "d1"]
    assert [event.data["revision"] for event in await events_after(store, LOCAL, 0, 10)] == [1, 2]


async def test_none_empties_a_member_and_unset_leaves_it(store: Store, put: Put) -> None:
    await put("d1", stage="New", amount=Money("USD", 5), owner_id="ann", fields={"a": "x", "b": "y"})
    await put("d1", amount=None, fields={"a": None})
    got = await deal(store, "d1")
    assert (got.amount, got.stage, got.owner_id, dict(got.fields)) == (None, "New", "ann", {"b": "y"})
    assert [value for value, _ in await history(store, "d1", "amount")] == [Money("USD", 5), None]


async def test_current_state_is_the_row_with_the_greatest_effective_time(store: Store, put: Put) -> None:
    await put("d1", stage="C", created_time=at("2017-01-01"), effective_time=at("2017-06-01"))
    late = await put("d1", stage="B", effective_time=at("2017-03-01"))
    assert (late.status, late.revision) == (WriteStatus.CHANGED, 2)
    assert (await deal(store, "d1")).stage == "C"
    assert await history(store, "d1", "stage") == [("B", at("2017-03-01")), ("C", at("2017-06-01"))]
    assert (await put("d1", stage="B", effective_time=at("2017-03-01"))).status is WriteStatus.UNCHANGED
    assert (await put("d1", stage="D")).revision == 3
    assert (await deal(store, "d1")).stage == "D"


async def test_history_of_an_export_is_kept_once_with_its_times(store: Store, put: Put) -> None:
    rows = (PastChange("stage", "A", at("2017-01-02")), PastChange("stage", "B", at("2017-01-02")))
    started = datetime.now(UTC)
    await put("d1", created_time=at("2017-01-01"), history=rows)
    assert (await deal(store, "d1")).stage == "B"
    recorded = [c.recorded_time for c in await store.get_changes(LOCAL, "d1", 0, 100)]
    assert all(started <= one <= datetime.now(UTC) for one in recorded)
    assert (await put("d1", history=rows)).status is WriteStatus.UNCHANGED
    more = (*rows, PastChange("stage", "C", at("2017-02-01")), PastChange("amount", Money("USD", 7), at("2017-02-01")))
    assert (await put("d1", history=more)).revision == 2
    got = await deal(store, "d1")
    assert (got.stage, got.amount) == ("C", Money("USD", 7))


async def test_a_member_that_agrees_with_the_history_adds_no_row(store: Store, put: Put) -> None:
    await put("d1", created_time=at("2017-01-01"), stage="B", history=(PastChange("stage", "B", at("2017-02-01")),))
    assert await history(store, "d1", "stage") == [("B", at("2017-02-01"))]


async def test_closing_takes_the_effective_day_and_reopening_clears_it(store: Store, put: Put) -> None:
    await put("d1", stage="New", created_time=at("2017-01-01"))
    await put("d1", outcome=Outcome.WON, effective_time=at("2017-08-15"))
    assert (await deal(store, "d1")).closed_date == date(2017, 8, 15)
    await put("d1", outcome=Outcome.OPEN)
    assert (await deal(store, "d1")).closed_date is None
    await put("d1", outcome=Outcome.LOST)
    assert (await deal(store, "d1")).closed_date == date(2017, 9, 30)
    await put("d1", outcome=Outcome.WON, closed_date=date(2017, 9, 1))
    assert (await deal(store, "d1")).closed_date == date(2017, 9, 1)
    assert [v for v, _ in await history(store, "d1", "closed_date")] == [
        date(2017, 8, 15), None, date(2017, 9, 30), date(2017, 9, 1),
    ]  # fmt: skip


async def test_a_deal_created_as_closed_was_open_until_that_day(store: Store, put: Put) -> None:
    await put("d1", stage="Won", outcome=Outcome.WON, closed_date=date(2017, 6, 30), created_time=at("2017-01-01"))
    outcomes = await history(store, "d1", "outcome")
    assert [value for value, _ in outcomes] == ["OPEN", "WON"]
    assert outcomes[0][1] == at("2017-01-01")
    assert outcomes[1][1].date() == date(2017, 6, 30)
    assert (await history(store, "d1", "stage"))[0][1].date() == date(2017, 6, 30)


async def test_outcomes_in_the_history_bring_their_closed_dates(store: Store, put: Put) -> None:
    rows = (
        PastChange("outcome", "WON", at("2017-03-05")), PastChange("outcome", "OPEN", at("2017-04-01")),
        PastChange("outcome", "LOST", at("2017-05-05")),
    )  # fmt: skip
    await put("d1", created_time=at("2017-01-01"), history=rows)
    got = await deal(store, "d1")
    assert (got.outcome, got.closed_date) == (Outcome.LOST, date(2017, 5, 5))
    assert [v for v, _ in await history(store, "d1", "closed_date")] == [date(2017, 3, 5), None, date(2017, 5, 5)]
    assert (await put("d1", history=rows)).status is WriteStatus.UNCHANGED


async def test_an_open_deal_refuses_a_closed_date(put: Put) -> None:
    result = await put("d1", closed_date=date(2017, 1, 1))
    assert (result.status, result.errors[0].field) == (WriteStatus.REJECTED, "closed_date")


async def test_deleting_undeleting_and_merging_are_changes(store: Store, put: Put) -> None:
    await put("d1", stage="New", owner_id="ann")
    await put("d2", stage="New")
    assert (await put("d1", deleted=True, fields={"merged_into": "d2"})).revision == 2
    record = await store.get_record(LOCAL, "d1")
    assert record.history.deal.deleted
    assert record.history.deal.fields == {"merged_into": "d2"}
    assert (await put("d1", deleted=True)).status is WriteStatus.UNCHANGED
    assert (await put("d1", deleted=False)).revision == 3
    assert [value for value, _ in await history(store, "d1", "deleted")] == [True, False]
    assert (await put("d2", deleted=False)).status is WriteStatus.UNCHANGED


async def test_the_same_id_twice_in_one_call(store: Store) -> None:
    writes = [
        DealWrite("d1", stage="A"), DealWrite("d1", stage="B"), DealWrite("d1", stage="B"),
        DealWrite("d1", stage="0", effective_time=at("2016-01-01")), DealWrite("d2", stage="A", owner_id="nobody"),
    ]  # fmt: skip
    results = await store.apply_deals(LOCAL, writes)
    assert [(r.status.value, r.revision) for r in results] == [
        ("created", 1), ("changed", 2), ("unchanged", 2), ("changed", 3), ("rejected", 0),
    ]  # fmt: skip
    assert (await deal(store, "d1")).stage == "B"
    assert len(await store.take_outbox(10)) == 1


async def test_if_match(store: Store, put: Put) -> None:
    assert (await put("d1", stage="A", expected_revision=0)).status is WriteStatus.CREATED
    refused = await put("d1", stage="B", expected_revision=0)
    assert (refused.status, refused.errors[0].field, refused.revision) == (WriteStatus.REJECTED, "expected_revision", 1)
    assert (await put("d1", stage="B", expected_revision=1)).revision == 2


async def test_a_write_while_the_clock_is_behind_the_history_still_wins(store: Store, put: Put) -> None:
    await put("d1", created_time=at("2017-01-01"), history=(PastChange("stage", "Z", at("2018-05-01")),))
    await put("d1", stage="Y")
    assert (await deal(store, "d1")).stage == "Y"


async def test_every_write_hands_its_trace_on(store: Store, put: Put) -> None:
    await put("d1", owner_id="ann", account_id="acme", contacts=(ContactRole("kim"),))
    activity = Activity("a", "d1", "call", "inbound", at("2017-09-01"))
    await store.finish_outbox([row.id for row in await store.take_outbox(10)])
    await store.save_activities(LOCAL, [activity], trace="t-activity")
    await store.save_accounts(LOCAL, [Account("acme", "New")], trace="t-account")
    await store.save_contacts(LOCAL, [Contact("kim", "New", "acme")], trace="t-contact")
    await store.save_users(LOCAL, [], [ReportingLine("ann", "west")], trace="t-line")
    found = [row.trace for row in await store.take_outbox(10)]
    assert found == ["t-activity", "t-account", "t-contact", "t-line"]


async def test_the_edition_differs_when_totals_may_and_not_when_they_cannot(store: Store) -> None:
    told = [await store.edition()]
    await store.apply_deals(LOCAL, [DealWrite("d1", name="One")])
    told.append(await store.edition())
    await store.put_setting("renewal_days", {"days": 60})
    told.append(await store.edition())
    assert len(set(told)) == 3
    await store.finish_outbox([row.id for row in await store.take_outbox(10)])
    assert await store.edition() == told[-1]
