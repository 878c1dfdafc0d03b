"""Who sees what: on every query, by the reporting line of the business day; and circles in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import Forbidden, NotFound
from kit.money import Money
from learning.records import Account, Activity, Contact, ContactRole, Outcome, Quota, ReportingLine, User
from services.gateway.domain import LOCAL, DealWrite, Principal, Scope, WriteStatus
from services.gateway.store import Store
from services.gateway.store.interface import Query, StoredRollup
from services.gateway.store.people import LineBook
from tests.contract.store.conftest import at
from tests.live_events import events_after

Put = Callable[..., Any]
OWN, EAST = Principal("ann", Scope.OWN, "ann"), Principal("east", Scope.SUBTREE, "east")
BOSS, NOBODY = Principal("boss", Scope.SUBTREE, "boss"), Principal("x", Scope.OWN)


@pytest.fixture
async def deals(store: Store, put: Put) -> Store:
    for owner, account in (("ann", "acme"), ("ben", ""), ("cat", "bolt"), ("east", ""), ("", "")):
        contacts = (ContactRole("lee"),) if owner == "cat" else ()
        await put(
            f"of-{owner}",
            owner_id=owner,
            account_id=account,
            amount=Money("USD", 100),
            outcome=Outcome.WON,
            contacts=contacts,
        )
        await put(
            f"open-{owner}", owner_id=owner, amount=Money("USD", 10), close_date=date(2017, 10, 5), category="commit"
        )
    return store


async def ids(store: Store, principal: Principal, **query: Any) -> list[str]:
    found, cursor = [], ""
    while True:
        page = await store.list_records(principal, Query(**query), cursor, 2)
        found += [record.history.deal.id for record in page.records]
        cursor = page.next_cursor
        if not cursor:
            return found


async def test_lists_show_what_the_principal_may_see(deals: Store) -> None:
    assert await ids(deals, OWN) == ["of-ann", "open-ann"]
    assert await ids(deals, EAST, outcome="WON") == ["of-ann", "of-ben", "of-east"]
    assert await ids(deals, BOSS, outcome="OPEN") == ["open-ann", "open-ben", "open-cat", "open-east"]
    assert len(await ids(deals, LOCAL)) == 10
    assert await ids(deals, NOBODY) == []
    assert await ids(deals, LOCAL, owner_id="east", subtree=True, outcome="OPEN") == [
        "open-ann",
        "open-ben",
        "open-east",
    ]
    assert await ids(deals, OWN, owner_id="cat") == []


async def test_what_is_counted_is_what_is_shown(deals: Store) -> None:
    await deals.save_accounts(LOCAL, [Account("free", "Free")])
    await deals.save_activities(LOCAL, [Activity("a1", "of-cat", "mail", "outbound", at("2017-09-01"))])
    for principal in (LOCAL, OWN, EAST, BOSS, NOBODY):
        counted = await deals.counts(principal)
        assert counted["deals"] == len(await ids(deals, principal))
        assert counted["open"] == len(await ids(deals, principal, outcome="OPEN"))
        assert counted["won"] == len(await ids(deals, principal, outcome="WON"))
        assert counted["accounts"] == len(await deals.list_accounts(principal, "", 100))
        assert counted["contacts"] == len(await deals.list_contacts(principal, "", "", 100))
        assert counted["users"] == len(await deals.list_users(principal))
        assert counted["activities"] == (1 if principal in (LOCAL, BOSS) else 0)
        assert (counted["changes"] > 0) == (principal is not NOBODY)
        assert (counted["outbox"] > 0) == (principal is LOCAL)


async def test_a_history_leaves_whole_or_not_at_all(deals: Store) -> None:
    for principal in (OWN, EAST, BOSS, NOBODY):
        with pytest.raises(Forbidden):
            await anext(aiter(deals.export_rows(principal, "users", None)))
        with pytest.raises(Forbidden):
            await anext(aiter(deals.export_tables(principal, ["deals"], None)))
    assert len([row async for batch in deals.export_rows(LOCAL, "deals", None) for row in batch]) == 10


async def test_the_catalogue_is_everybodys(deals: Store) -> None:
    assert await deals.list_products(NOBODY) == await deals.list_products(LOCAL) != []


async def test_a_foreign_deal_does_not_exist(deals: Store) -> None:
    for call in (
        deals.get_record(OWN, "of-ben"), deals.get_changes(OWN, "of-ben", 0, 10), deals.score_history(OWN, "of-ben", 5),
        deals.get_activities(OWN, "of-ben", "", 10), deals.get_record(OWN, "none"), deals.get_record(OWN, "\x00"),
        deals.get_record(OWN, "\ud800"),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            await call
    assert [r.history.deal.id for r in await deals.get_records(OWN, ["of-ben", "of-ann", "x"])] == ["of-ann"]


async def test_sums_and_trees_are_cut(deals: Store) -> None:
    today = date(2017, 9, 30)
    assert {one.owner_id for one in await deals.won(EAST, today, today)} == {"ann", "ben", "east"}
    assert sum(one.minor for one in await deals.won(LOCAL, today, today)) == 500
    assert {one.owner_id for one in await deals.categories(OWN, date(2017, 10, 1), date(2017, 12, 31))} == {"ann"}
    assert [node.id for node in await deals.tree(OWN, today)] == [
        "company", "region:East", "manager:east", "owner:ann",
    ]  # fmt: skip
    assert "owner:cat" not in {node.id for node in await deals.tree(EAST, today)}
    assert "owner:" in {node.id for node in await deals.tree(LOCAL, today)}


async def test_totals_of_others_are_not_shown(deals: Store) -> None:
    nodes = ("company", "region:East", "manager:boss", "manager:east", "owner:ann", "owner:ben", "owner:cat", "owner:")
    await deals.save_rollups([StoredRollup(node, "2017-Q4", "USD", {"mean": 1}) for node in nodes])

    async def shown(principal: Principal) -> set[str]:
        return {one.node for one in await deals.rollups(principal, "2017-Q4")}

    assert await shown(OWN) == {"owner:ann"}
    assert await shown(Principal("east", Scope.OWN, "east")) == set()
    assert await shown(EAST) == {"manager:east", "owner:ann", "owner:ben"}
    assert await shown(LOCAL) == set(nodes)
    assert await shown(NOBODY) == set()


async def test_a_past_tree_holds_todays_owners_where_they_stood_then(deals: Store) -> None:
    """Ann was West's until she joined East; nothing is known of the new one before June."""
    lines = [
        ReportingLine("ann", "west", "", date(2017, 1, 1)), ReportingLine("ann", "east", "", date(2017, 8, 1)),
        ReportingLine("new", "east", "", date(2017, 6, 1)),
    ]  # fmt: skip
    await deals.save_users(LOCAL, [User("new", "New")], lines)
    then, today = date(2017, 6, 30), date(2017, 9, 30)

    async def parents(principal: Principal, day: date) -> dict[str, str]:
        return {node.id: node.parent for node in await deals.tree(principal, day) if node.level == "owner"}

    for principal in (EAST, LOCAL):
        assert (await parents(principal, then))["owner:ann"] == "manager:west"
        assert (await parents(principal, today))["owner:ann"] == "manager:east"
        assert (await parents(principal, date(2017, 3, 31)))["owner:new"] == "manager:east"
    assert "owner:cat" not in await parents(EAST, then)
    west_now = Principal("west", Scope.SUBTREE, "west")
    assert "owner:ann" not in await parents(west_now, then), "what is seen follows the line of today"
    assert (await deals.nodes_within(EAST, today) or set()) >= {"manager:east", "owner:ann", "owner:new"}
    assert "manager:west" not in (await deals.nodes_within(EAST, then) or ())
    assert "manager:west" in (await deals.nodes_within(west_now, today) or ())
    assert "manager:west" not in (await deals.nodes_within(west_now, then) or ()), "ann's are in it"
    assert await deals.nodes_within(LOCAL, then) is None


async def test_a_manager_with_a_quota_has_a_place(deals: Store) -> None:
    assert "owner:west" not in {node.id for node in await deals.tree(LOCAL, date(2017, 9, 30))}
    await deals.save_quotas(LOCAL, [Quota("west", "2017-Q4", Money("USD", 1))])
    places = {node.id: node.parent for node in await deals.tree(LOCAL, date(2017, 9, 30))}
    assert places["owner:west"] == "manager:west"


async def test_accounts_and_contacts_are_written_by_who_sees_all(deals: Store) -> None:
    for principal in (OWN, EAST, NOBODY):
        with pytest.raises(Forbidden):
            await deals.save_accounts(principal, [Account("acme", "Mine")])
        with pytest.raises(Forbidden):
            await deals.save_contacts(principal, [Contact("kim", "Kim")])
    assert (await deals.save_accounts(LOCAL, [Account("acme", "Ours")]))[0].status is WriteStatus.CHANGED


async def test_a_boss_above_regions_leaves_a_tree_of_single_parents(deals: Store, put: Put) -> None:
    today = date(2017, 9, 30)

    async def parents() -> dict[str, str]:
        nodes = await deals.tree(LOCAL, today)
        assert len({node.id for node in nodes}) == len(nodes)
        return {node.id: node.parent for node in nodes}

    before = await parents()
    assert before == {
        "company": "", "region:East": "company", "region:West": "company", "manager:east": "region:East",
        "manager:west": "region:West", "owner:ann": "manager:east", "owner:ben": "manager:east",
        "owner:east": "manager:east", "owner:cat": "manager:west", "owner:": "company",
    }  # fmt: skip
    await put("of-boss", owner_id="boss")
    assert await parents() == before | {"owner:boss": "company"}


async def test_what_stands_around_is_cut(deals: Store) -> None:
    await deals.save_quotas(LOCAL, [Quota(owner, "2017-Q4", Money("USD", 1)) for owner in ("ann", "cat")])
    assert [quota.owner_id for quota in await deals.list_quotas(EAST, "2017-Q4")] == ["ann"]
    assert [user.id for user in await deals.list_users(OWN)] == ["ann", "boss", "east"]
    assert {line.user_id for line in await deals.list_lines(OWN)} == {"ann", "east"}
    assert [one.id for one in await deals.list_accounts(OWN, "", 10)] == ["acme"]
    assert [one.id for one in await deals.list_contacts(OWN, "", "", 10)] == ["kim"]
    assert [one.id for one in await deals.list_contacts(Principal("cat", Scope.OWN, "cat"), "", "", 10)] == ["lee"]
    assert {event.deal_id for event in await events_after(deals, OWN, 0, 100)} == {"of-ann", "open-ann"}


async def test_writes_stay_within_sight(deals: Store) -> None:
    async def status(principal: Principal, write: DealWrite) -> WriteStatus:
        return (await deals.apply_deals(principal, [write]))[0].status

    assert await status(OWN, DealWrite("of-ben", stage="x")) is WriteStatus.REJECTED
    assert await status(OWN, DealWrite("new", owner_id="ben")) is WriteStatus.REJECTED
    assert await status(OWN, DealWrite("new", stage="x")) is WriteStatus.REJECTED
    assert await status(OWN, DealWrite("of-ann", stage="x")) is WriteStatus.CHANGED
    assert await status(EAST, DealWrite("of-ann", owner_id="ben")) is WriteStatus.CHANGED
    activity = Activity("a", "of-cat", "call", "inbound", at("2017-09-01"))
    assert (await deals.save_activities(OWN, [activity]))[0].status is WriteStatus.REJECTED


async def test_writes_name_only_what_is_seen(deals: Store) -> None:
    """Linked to an own deal, another's account and contact would stand on its record with name, mail and phone."""
    await deals.save_accounts(LOCAL, [Account("free", "Of no deal")])
    await deals.save_contacts(LOCAL, [Contact("new", "Of no deal and no account")])

    async def refused(principal: Principal, **members: Any) -> set[str]:
        [result] = await deals.apply_deals(principal, [DealWrite("open-ann", **members)])
        return {error.field for error in result.errors}

    for principal in (OWN, EAST):
        assert await refused(principal, account_id="bolt") == {"account_id"}
        assert await refused(principal, contacts=(ContactRole("lee"),)) == {"contacts.contact_id"}
        assert not await refused(principal, account_id="acme", contacts=(ContactRole("kim"),))
        assert not await refused(principal, account_id="free", contacts=(ContactRole("new"),))
    call = Activity("a", "open-ann", "call", "inbound", at("2017-09-01"), "lee")
    assert (await deals.save_activities(OWN, [call]))[0].status is WriteStatus.REJECTED
    assert not await refused(BOSS, account_id="bolt", contacts=(ContactRole("lee"),))
    [foreign] = await deals.apply_deals(OWN, [DealWrite("of-cat", stage="x")])
    assert (foreign.status, foreign.revision) == (WriteStatus.REJECTED, 0)


async def test_a_manager_who_loses_a_rep_loses_the_deals_at_once(deals: Store) -> None:
    line = ReportingLine("ann", "west", "", date(2017, 9, 30))
    tomorrow = ReportingLine("ben", "west", "", date(2017, 10, 1))
    await deals.finish_outbox([row.id for row in await deals.take_outbox(100)])
    before = {deal: (await deals.get_record(LOCAL, deal)).history.deal.revision for deal in ("open-ann", "of-ann")}
    await deals.save_users(LOCAL, [], [line, tomorrow])
    for deal, grown in (("open-ann", 1), ("of-ann", 0)):
        assert (await deals.get_record(LOCAL, deal)).history.deal.revision == before[deal] + grown
    assert "of-ann" not in await ids(deals, EAST)
    assert "of-ben" in await ids(deals, EAST)
    assert [(row.deal_id, row.cause) for row in await deals.take_outbox(100)] == [("open-ann", "changed")]
    await deals.put_setting("clock", {"pinned": "2017-10-01"})
    assert "of-ben" not in await ids(deals, EAST)
    assert "of-ben" in await ids(deals, Principal("west", Scope.SUBTREE, "west"))
    await deals.put_setting("clock", {"pinned": "2017-09-01"})
    assert "of-ann" in await ids(deals, EAST)


async def test_circles_are_refused_also_within_a_batch(store: Store) -> None:
    lines = [
        ReportingLine("boss", "ann"), ReportingLine("boss", "boss"), ReportingLine("ann", "cat", "", date(2018, 1, 1)),
        ReportingLine("west", "ann", "", date(2019, 1, 1)), ReportingLine("west", "ann", "", date(2017, 6, 1)),
    ]  # fmt: skip
    results = await store.save_users(LOCAL, [], lines)
    assert [one.status.value for one in results] == ["rejected", "rejected", "created", "rejected", "rejected"]
    users = [User("x", "X"), User("y", "Y")]
    both = await store.save_users(
        LOCAL, users, [ReportingLine("x", "y"), ReportingLine("y", "x"), ReportingLine("y", "zoe")]
    )
    assert [one.status.value for one in both] == ["created", "created", "created", "rejected", "rejected"]


days = st.integers(0, 5).map(lambda n: date(2017, 1, 1 + n))
people = st.sampled_from("abcdef")
lines = st.lists(st.builds(ReportingLine, people, st.one_of(people, st.just("")), st.just(""), days), max_size=20)


@given(lines)
def test_no_day_ever_has_a_circle(wanted: list[ReportingLine]) -> None:
    book, kept = LineBook(()), dict[tuple[str, date], ReportingLine]()
    for line in wanted:
        trial = {**kept, (line.user_id, line.valid_from): line}
        refused = bool(line.manager_id) and book.closes_a_circle(line)
        assert refused == _has_circle(trial.values())
        if not refused:
            book.add(line)
            kept = trial


def _has_circle(kept: Any) -> bool:
    for day in (date(2017, 1, 1 + n) for n in range(6)):
        above: dict[str, str] = {}
        for line in sorted(kept, key=lambda one: one.valid_from):
            if line.valid_from <= day:
                above[line.user_id] = line.manager_id
        for start in above:
            seen, one = {start}, above[start]
            while one:
                if one in seen:
                    return True
                seen.add(one)
                one = above.get(one, "")
    return False
