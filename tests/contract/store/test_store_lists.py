"""Lists: every sort key in both directions against Python's own sorting, filters, totals."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event

from kit.errors import InvalidInput
from kit.money import Money
from learning.records import Credit, DealKind, Outcome, ReportingLine, User
from services.gateway.domain import LOCAL, DealWrite, InsightKind, Principal, Scope
from services.gateway.store import Store, open_store
from services.gateway.store.codec import major
from services.gateway.store.interface import SORTS, CategorySum, Query, Won
from services.gateway.store.lists import _STAGES
from services.gateway.store.sql import SqlStore
from tests.contract.store.conftest import at, insight

Put = Callable[..., Any]
FORECAST, ACTIONS = InsightKind.FORECAST, InsightKind.NEXT_ACTIONS
BY_KIND = {InsightKind.LEAD_SCORE: ["probability"], FORECAST: ["expected_amount", "slip_risk"], ACTIONS: ["gain"]}


async def all_ids(store: Store, size: int, principal: Principal = LOCAL, **query: Any) -> list[str]:
    found, cursor = [], ""
    while True:
        page = await store.list_records(principal, Query(**query), cursor, size)
        assert len(page.records) <= size
        found += [record.history.deal.id for record in page.records]
        cursor = page.next_cursor
        if not cursor:
            return found


async def test_every_sort_in_both_directions_with_ties_and_nulls(store: Store) -> None:
    chance = random.Random(5)
    rows: dict[str, dict[str, Any]] = {}
    for i in range(60):
        deal_id = f"{chance.choice('aZé_-~字')}{i}"
        amount = chance.choice([None, Money("USD", chance.randrange(5) * 100), Money("KRW", chance.randrange(5))])
        rows[deal_id] = {
            "id": deal_id, "name": chance.choice(["", "b", "B", "ä", "z"]), "stage": chance.choice(["", "x", "Y"]),
            "amount": amount, "created_time": at(f"2017-01-0{chance.randrange(1, 4)}"),
            "close_date": chance.choice([None, date(2017, 10, 1), date(2017, 11, 1)]),
            "probability": chance.choice([None, 0.1, 0.5]), "expected_amount": chance.choice([None, 1.0, 2.0]),
            "slip_risk": chance.choice([None, 0.0, 1.0]), "gain": chance.choice([None, 5.0]),
        }  # fmt: skip
    members = ("name", "stage", "amount", "created_time", "close_date")
    writes = [DealWrite(deal_id, **{name: row[name] for name in members}) for deal_id, row in rows.items()]
    for start in range(0, 60, 7):
        await store.apply_deals(LOCAL, writes[start : start + 7])
    insights = [
        insight(deal_id, kind, **{name: row[name] for name in names})
        for deal_id, row in rows.items() if int(row["id"][1:]) % 9
        for kind, names in BY_KIND.items()
    ]  # fmt: skip
    await store.apply_insights(insights)
    for row in rows.values():
        row["amount"] = major(row["amount"])
        if int(row["id"][1:]) % 9 == 0:
            row.update(probability=None, expected_amount=None, slip_risk=None, gain=None)
    for key in SORTS:
        for sign in ("", "-"):
            got = await all_ids(store, chance.choice([13, 20, 100]), sort=sign + key)
            if key == "updated_time":
                position = {w.id: n // 7 for n, w in enumerate(writes)}
                expected = sorted(rows, key=lambda one: (position[one], one), reverse=bool(sign))
            else:
                full = sorted(
                    (r for r in rows.values() if r[key] is not None),
                    key=lambda r: (r[key], r["id"]),
                    reverse=bool(sign),
                )
                empty = sorted((r["id"] for r in rows.values() if r[key] is None), reverse=bool(sign))
                expected = [r["id"] for r in full] + empty
            assert got == expected, sign + key


async def test_every_sort_of_some_owners_deals(store: Store, put: Put) -> None:
    """Also of those that have no value to sort by, and of deals seen for a credit or as one of a team."""
    chance, owners = random.Random(7), {}
    for i in range(40):
        deal_id = f"d{i}"
        owners[deal_id] = chance.choice(["ann", "ben", "cat", "east", ""])
        shared = (Credit("ann", 5_000), Credit("cat", 5_000)) if i % 10 == 0 else ()
        await put(deal_id, owner_id=owners[deal_id], amount=chance.choice([None, Money("USD", i)]), credits=shared)
    values = {f"d{i}": chance.choice([None, 1.0, 2.0]) for i in range(30)}
    await store.apply_insights([insight(one, FORECAST, expected_amount=value) for one, value in values.items()])
    teamed = next(one for one, owner in owners.items() if owner == "cat")
    await store.set_deal_team(LOCAL, teamed, ["ben"])
    mine = {one for one, owner in owners.items() if owner == "ann"} | {"d0", "d10", "d20", "d30"}
    below = {one for one, owner in owners.items() if owner in ("east", "ann", "ben")}
    ann, east = Principal("a", Scope.OWN, "ann"), Principal("e", Scope.SUBTREE, "east")
    for sort in ("amount", "-expected_amount", "expected_amount", "gain", "id"):
        whole = await all_ids(store, 100, sort=sort)
        assert await all_ids(store, 3, ann, sort=sort) == [one for one in whole if one in mine], sort
        assert await all_ids(store, 3, east, sort=sort) == [one for one in whole if one in below | mine | {teamed}]
        named: dict[str, Any] = {"owner_id": "east", "subtree": True, "sort": sort}
        assert await all_ids(store, 3, **named) == [one for one in whole if one in below]
        assert await all_ids(store, 3, ann, **named) == [one for one in whole if one in below & mine]


async def test_a_region_is_of_those_who_stand_in_it_on_the_day(store: Store) -> None:
    await store.save_users(LOCAL, [User(one, one) for one in ("north", "ann", "ben")], [
        ReportingLine("north", "", "강북"), ReportingLine("ann", "north"), ReportingLine("ben", ""),
        ReportingLine("ben", "north", valid_from=date(2017, 9, 30)),
    ])  # fmt: skip
    await store.apply_deals(LOCAL, [DealWrite(f"of-{one}", owner_id=one) for one in ("north", "ann", "ben", "")])
    await store.put_setting("clock", {"pinned": "2017-09-29"})
    assert await all_ids(store, 2, region="강북") == ["of-ann", "of-north"]
    await store.put_setting("clock", {"pinned": "2017-09-30"})
    assert await all_ids(store, 2, region="강북") == ["of-ann", "of-ben", "of-north"]
    assert await all_ids(store, 2, Principal("a", Scope.OWN, "ann"), region="강북") == ["of-ann"]
    assert not await all_ids(store, 2, region="강")


async def test_pages_of_large_companies_read_no_more_than_they_show(store_url: str) -> None:
    """What SQLite walks: an owner's deals and no others, and names to search without the rest of the rows."""
    if not store_url.startswith("sqlite"):
        return
    store = await open_store(store_url)
    assert isinstance(store, SqlStore)
    asked: list[str] = []
    event.listen(store._database._reader, "before_cursor_execute", lambda *given: asked.append(_plan(*given)))
    await store.list_records(LOCAL, Query(owner_id="ann", outcome="OPEN", sort="-gain"), "", 9)
    owners = [plan for plan in asked if "standings" in plan]
    assert len(owners) == 2
    assert all("ix_deals_owner " in plan for plan in owners)
    assert "deal_id=?" in owners[1], "of the deals without a value those of the owner alone"
    for query in (Query(region="강북", outcome="OPEN"), Query("ann", shared=True, outcome="OPEN", sort="-amount")):
        asked.clear()
        await store.list_records(LOCAL, query, "", 9)
        assert "ix_deals_owner (owner_id=? AND outcome=?)" in next(plan for plan in asked if "standings" in plan)
    asked.clear()
    await store.list_records(LOCAL, Query(text="ann", outcome="OPEN"), "", 9)
    assert any("COVERING INDEX ix_deals_search (outcome=?)" in plan for plan in asked)
    await store.deal_pairs(LOCAL, at("2017-09-20"), at("2017-09-25"), date(2017, 7, 1), date(2017, 9, 30), changed=True)
    assert "ix_deals_last_effective (last_effective>?)" in asked[-1]
    asked.clear()
    await store.record_facts(LOCAL)
    assert "COVERING INDEX ix_deals_owner" in asked[-1]
    assert "TEMP B-TREE" not in asked[-1]
    await store.close()


def _plan(_: Any, cursor: Any, statement: str, parameters: Any, *__: Any) -> str:
    steps = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
    return f"{statement}\n" + "\n".join(step[3] for step in steps)


async def test_filters(store: Store, put: Put) -> None:
    await put("lead", kind=DealKind.LEAD, name="Große Pumpe_1", pipeline="p2")
    await put("open", stage="Offer", name="50% off", account_id="acme", close_date=date(2017, 9, 10))
    await put("won", outcome=Outcome.WON)
    await put("gone", deleted=True)
    await store.apply_insights([
        insight("lead", probability=0.75), insight("open", probability=0.5), insight("won", probability=1.0),
        insight("open", FORECAST, slip_risk=0.4, category="commit"), insight("open", ACTIONS, gain=5.0, action="call"),
    ])  # fmt: skip
    checks: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["lead", "open", "won"]), ({"outcome": "WON"}, ["won"]), ({"kind": "LEAD"}, ["lead"]),
        ({"pipeline": "p2"}, ["lead"]), ({"stage": "Offer"}, ["open"]), ({"account_id": "acme"}, ["open"]),
        ({"text": "PUMPE_"}, ["lead"]), ({"text": "%"}, ["open"]), ({"text": "WON"}, ["won"]), ({"text": "\x00"}, []),
        ({"min_probability": 0.6}, ["lead", "won"]), ({"max_probability": 0.5}, ["open"]),
        ({"grade": "A"}, ["lead", "won"]), ({"grade": "B"}, ["open"]), ({"grade": "D"}, []),
        ({"grade": "A", "grade_bounds": (0.9, 0.5, 0.2)}, ["won"]), ({"category": "commit"}, ["open"]),
        ({"min_slip_risk": 0.3}, ["open"]), ({"action": "call"}, ["open"]), ({"action": "mail"}, []),
        ({"text": "o", "outcome": "OPEN"}, ["lead", "open"]), ({"text": "o", "outcome": "WON"}, ["won"]),
        ({"text": "acme", "outcome": "OPEN"}, ["open"]), ({"text": "acme", "outcome": "WON"}, []),
        ({"outcome": "OPEN", "closes_after": date(2017, 9, 9)}, ["open"]),
        ({"outcome": "OPEN", "closes_after": date(2017, 9, 10)}, []),
        ({"outcome": "OPEN", "closes_by": date(2017, 9, 10)}, ["open"]),
        ({"outcome": "OPEN", "closes_by": date(2017, 9, 9)}, []),
    ]  # fmt: skip
    for query, expected in checks:
        assert await all_ids(store, 2, **query) == expected, query


async def test_what_closes_in_a_span(store: Store, put: Put) -> None:
    """Open deals by the day they are promised for, others by the day they closed."""
    promised = {"close_date": date(2017, 9, 10), "category": "commit"}
    await put("open", **promised)
    await put("lost", **promised, outcome=Outcome.LOST, closed_date=date(2017, 8, 5))
    await put("other", close_date=date(2017, 9, 10))
    september = {"closes_after": date(2017, 8, 31), "closes_by": date(2017, 9, 30)}
    august = {"closes_after": date(2017, 7, 31), "closes_by": date(2017, 8, 31)}
    checks: list[tuple[dict[str, Any], list[str]]] = [
        (september, ["open", "other"]), (september | {"outcome": "OPEN", "own_category": "commit"}, ["open"]),
        (september | {"outcome": "LOST"}, []), (august | {"outcome": "LOST"}, ["lost"]), (august, ["lost"]),
        ({"own_category": "commit"}, ["lost", "open"]),
    ]  # fmt: skip
    for query, expected in checks:
        assert await all_ids(store, 2, **query) == expected, query


async def test_bad_cursors_and_sorts(store: Store, put: Put) -> None:
    for i in range(3):
        await put(f"d{i}", amount=Money("USD", i))
    cursor = (await store.list_records(LOCAL, Query(sort="amount"), "", 1)).next_cursor
    for sort, bad in (
        ("nothing", ""),
        ("--id", ""),
        ("id", "x"),
        ("id", "[1,2]"),
        ("-amount", cursor),
        ("name", cursor),
        ("id", "{}"),
    ):
        with pytest.raises(InvalidInput):
            await store.list_records(LOCAL, Query(sort=sort), bad, 1)
    with pytest.raises(InvalidInput):
        await store.list_records(LOCAL, Query(grade="E"), "", 1)


async def test_changes_and_activities_in_pages(store: Store, put: Put) -> None:
    from learning.records import Activity
    from services.gateway.store.reads import activity_cursor

    many = [Activity(f"a{i}", "d1", "note", "internal", at(f"2017-09-0{1 + i // 3}")) for i in range(9)]
    await put("d1", stage="A", activities=tuple(many))
    seen: list[Activity] = []
    while page := await store.get_activities(LOCAL, "d1", activity_cursor(seen[-1]) if seen else "", 2):
        seen += page
    assert seen == sorted(many, key=lambda a: (a.time, a.id), reverse=True)
    with pytest.raises(InvalidInput):
        await store.get_activities(LOCAL, "d1", "x", 2)
    everything = await store.get_changes(LOCAL, "d1", 0, 100)
    assert await store.get_changes(LOCAL, "d1", 2, 2) == everything[2:4]


async def test_what_is_booked_and_promised(store: Store, put: Put) -> None:
    def day(n: int) -> dict[str, Any]:
        return {"outcome": Outcome.WON, "closed_date": date(2017, 9, n), "owner_id": "ann"}

    for i in range(20):
        await put(f"big{i}", amount=Money("USD", 10**18), **day(1))
    await put("none", **day(2))
    for i in range(10):
        await put(f"half{i}", amount=Money("EUR", 512_345_678), **day(2))
    await put("krw", amount=Money("KRW", 7), **day(2))
    await put("lead", kind=DealKind.LEAD, amount=Money("USD", 1), **day(2))
    await put("gone", deleted=True, amount=Money("USD", 1), **day(2))
    await put("lost", amount=Money("USD", 1), **{**day(2), "outcome": Outcome.LOST})
    assert await store.won(LOCAL, date(2017, 9, 1), date(2017, 9, 2)) == [
        Won("ann", "EUR", 5_123_456_780, 10), Won("ann", "KRW", 7, 1), Won("ann", "USD", 20 * 10**18, 21),
    ]  # fmt: skip
    assert await store.won(LOCAL, date(2017, 9, 3), date(2017, 9, 30)) == []
    await put("o1", owner_id="ben", close_date=date(2017, 10, 1), amount=Money("USD", 5), category="commit")
    await put("o2", owner_id="ben", close_date=date(2017, 12, 31), amount=Money("USD", 6))
    await put("o3", owner_id="ben", close_date=date(2018, 1, 1), amount=Money("USD", 6))
    assert await store.categories(LOCAL, date(2017, 10, 1), date(2017, 12, 31)) == [
        CategorySum("ben", "USD", "", 6, 1), CategorySum("ben", "USD", "commit", 5, 1),
    ]  # fmt: skip
    counts = await store.counts(LOCAL)
    assert (counts["deals"], counts["open"], counts["won"], counts["lost"], counts["leads"]) == (38, 3, 33, 1, 1)


async def test_stages_are_found_by_jumping_through_their_index(store: Store) -> None:
    names = ["Won", "Demo", "제안", "", "\U0001f600" * 500]
    await store.apply_deals(LOCAL, [DealWrite(f"s{n}", stage=names[n % 5], owner_id="ann") for n in range(50)])
    await store.apply_deals(LOCAL, [DealWrite("gone", stage="Gone", deleted=True), DealWrite("b", stage="Bens")])
    assert sorted(await store.list_stages(LOCAL)) == sorted({*names, "Bens"} - {""})
    assert sorted(await store.list_stages(Principal("ann", Scope.OWN, "ann"))) == sorted(set(names) - {""})
    database = store._database  # type: ignore[attr-defined]
    if database.is_sqlite:

        def plan(connection: Any) -> list[Any]:
            statement = str(_STAGES.compile(database._reader, compile_kwargs={"literal_binds": True}))
            return [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}").all()]

        told = [line for line in await database.read(plan) if "deals" in line]
        assert told
        assert all("COVERING INDEX ix_deals_stage_deleted (stage>?)" in line for line in told)
