"""Deals as they stood at two moments: the same as what the store said of them then, on both databases."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from kit.clock import day_end
from kit.money import Money
from learning.exchange import DatedRate
from learning.records import DealKind, Outcome
from services.gateway.bridge import AS_IS, Counting, Span
from services.gateway.bridge_rows import Bridge, node_rows
from services.gateway.domain import LOCAL, DealWrite, Principal, Scope
from services.gateway.imports.sinks import WEEKLY
from services.gateway.imports.weekly.memory import Memory
from services.gateway.record_begun import there_before
from services.gateway.store import Store
from services.gateway.store.interface import PastDeal

START, END = date(2017, 10, 1), date(2017, 12, 31)
FIRST = date(2017, 9, 1)
FIELDS = ("", "arr")  # of amounts, and of a field
OWNERS = ("ann", "ben", "cat", "")
EAST = Principal("east", Scope.SUBTREE, "east")


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def some_change(dice: random.Random, deal_id: str, day: date) -> DealWrite:
    outcome = dice.choice([Outcome.WON, Outcome.LOST, Outcome.OPEN, Outcome.WON])
    members: dict[str, Any] = dice.choice([
        {"amount": Money(dice.choice(["USD", "USD", "EUR"]), dice.randrange(10**6))},
        {"close_date": START + timedelta(days=dice.randrange(-40, 130))},
        {"fields": {"arr": dice.choice([dice.randrange(10**4) / 4, None])}},
        {"owner_id": dice.choice(OWNERS)},
        {"outcome": outcome} | ({} if outcome is Outcome.OPEN else {"closed_date": day}),
        {"deleted": dice.random() < 0.7},
        {"kind": dice.choice([DealKind.LEAD, DealKind.OPPORTUNITY])},
    ])  # fmt: skip
    return DealWrite(deal_id, effective_time=noon(day), **members)


async def booked_and_open(store: Store, field: str) -> tuple[int, int]:
    """What the store says of dollars now, of amounts or of a field's numbers."""
    if field:
        found = [await store.field_amounts(LOCAL, field, one, START, END) for one in (Outcome.WON, Outcome.OPEN)]
        booked, still = (sum(one.minor for one in part if one.currency == "USD") for part in found)
        return booked, still
    won = await store.won(LOCAL, START, END)
    promised = await store.categories(LOCAL, START, END)
    booked = sum(one.minor for one in won if one.currency == "USD")
    return booked, sum(one.minor for one in promised if one.currency == "USD")


async def reconciled(store: Store, first: date, last: date, field: str) -> list[tuple[int, int]]:
    """What was booked and open at both ends, of which all that happened in between tells the difference."""
    pairs = await store.deal_pairs(LOCAL, day_end(first), day_end(last), START, END, field)
    tree = await store.tree(LOCAL, last)
    counting = Counting(await store.rates(), first, last)
    bridge = Bridge.of(pairs, Span(START, END), tree, None, "USD", "USD", counting)
    for parts in bridge.nodes.values():
        whole = parts.start
        for value in parts.causes.values():
            whole += value
        assert whole == parts.end
    company = bridge.nodes["company"]
    return [(company.start.booked, company.start.open), (company.end.booked, company.end.open)]


async def test_the_past_is_what_the_store_said_of_it_then(store: Store) -> None:
    dice = random.Random(5)
    days = [FIRST + timedelta(days=7 * week) for week in range(10)]
    rates = [DatedRate("EUR", day, Decimal(3 + place) / 4) for place, day in enumerate(days[2::3])]
    await store.save_rates(LOCAL, rates, noon(FIRST))
    writes = [
        DealWrite(f"d{number}", amount=Money("EUR" if number % 3 else "USD", 101 * number), close_date=START,
                  owner_id=dice.choice(OWNERS), created_time=noon(dice.choice(days)))
        for number in range(60)
    ]  # fmt: skip
    said: dict[tuple[date, str], tuple[int, int]] = {}
    for day in days:
        await store.put_setting("clock", {"pinned": day.isoformat()})
        new = [one for one in writes if one.created_time.date() == day]
        known = [one.id for one in writes if one.created_time.date() < day]
        changes = [some_change(dice, one, day) for one in dice.sample(known, len(known) // 2)]
        results = await store.apply_deals(LOCAL, [*new, *changes])
        assert not [result.errors for result in results if result.errors]
        said |= {(day, field): await booked_and_open(store, field) for field in FIELDS}
    assert all(len({said[day, field] for day in days}) > 5 for field in FIELDS)
    for first in days:
        for last in days[days.index(first) :: 3]:
            for field in FIELDS[: 1 + (last == days[-1])]:
                told = [said[first, field], said[last, field]]
                assert await reconciled(store, first, last, field) == told
    for who, visible in ((EAST, {"ann", "ben"}), (Principal("cat", Scope.OWN, "cat"), {"cat"})):
        for first, last in ((days[0], days[-1]), (days[4], days[7])):
            ends = (day_end(first), day_end(last), START, END)
            every, seen = await store.deal_pairs(LOCAL, *ends), await store.deal_pairs(who, *ends)
            mine = [one for one in every if visible & {name for at in (one.before, one.after) if at
                                                       for name, _ in at.holders}]  # fmt: skip
            assert [(one.before, one.after) for one in seen] == [(one.before, one.after) for one in mine]
            assert 0 < len(mine) < len(every)


async def test_only_deals_of_those_who_are_seen(store: Store) -> None:
    day, later = date(2017, 9, 20), date(2017, 9, 25)
    shape: dict[str, Any] = {"amount": Money("USD", 5), "close_date": START, "created_time": noon(day)}
    owners = {"mine": "ann", "foreign": "cat", "lost": "ben", "won": "cat", "nobodys": ""}
    await store.apply_deals(
        LOCAL, [DealWrite(name, name=name, owner_id=owner, **shape) for name, owner in owners.items()]
    )
    moved = [DealWrite("lost", owner_id="cat", effective_time=noon(later)),
             DealWrite("won", owner_id="ann", effective_time=noon(later))]  # fmt: skip
    await store.apply_deals(LOCAL, moved)
    pairs = await store.deal_pairs(EAST, day_end(day), day_end(later), START, END)
    assert sorted((one.id, one.name) for one in pairs) == [("", ""), ("mine", "mine"), ("won", "won")]
    changed = await store.deal_pairs(EAST, day_end(day), day_end(later), START, END, changed=True)
    assert changed == [one for one in pairs if one.before != one.after]
    of_ann = await store.deal_pairs(LOCAL, day_end(day), day_end(later), START, END, changed=True, held_by=["ann"])
    of_ben = await store.deal_pairs(LOCAL, day_end(day), day_end(later), START, END, changed=True, held_by=["ben"])
    assert [[one.id for one in held] for held in (of_ann, of_ben)] == [["won"], ["lost"]], "before or after"
    [gone] = [one for one in pairs if not one.id]
    there = PastDeal("OPPORTUNITY", "OPEN", "ben", "USD", 5, START, None, deleted=False)
    assert gone.before == there
    seen = await store.nodes_within(EAST, later)
    cut = Bridge.of(pairs, Span(START, END), await store.tree(EAST, later), seen, "", "USD")
    all_pairs = await store.deal_pairs(LOCAL, day_end(day), day_end(later), START, END)
    whole = Bridge.of(all_pairs, Span(START, END), await store.tree(LOCAL, later), None, "", "USD")
    rows = {row["node"]: row for row in node_rows(whole, None, "")}
    for row in node_rows(cut, seen, ""):
        assert row["start"] is None or row == rows[row["node"]], "the same for everybody"
    early = await store.deal_pairs(LOCAL, day_end(day - timedelta(days=1)), day_end(day), START, END)
    assert {one.before for one in early} == {None}


async def test_a_deal_first_seen_long_after_it_was_made_was_there_before(store: Store) -> None:
    seen, made = FIRST + timedelta(days=20), noon(FIRST - timedelta(days=90))
    write = DealWrite("d1", amount=Money("USD", 700), close_date=START, owner_id="ann", created_time=made,
                      effective_time=noon(seen))  # fmt: skip
    await store.apply_deals(LOCAL, [write])
    pairs = await store.deal_pairs(LOCAL, day_end(FIRST), day_end(seen), START, END)
    assert [(one.before, one.after and one.after.minor) for one in pairs] == [(None, 700)]
    bridge = Bridge.of(pairs, Span(START, END), await store.tree(LOCAL, seen), None, "USD", "USD")
    assert {cause: value.open for cause, value in bridge.nodes["company"].causes.items()} == {"first_seen": 700}


async def test_what_the_first_file_shows_is_not_new_and_what_later_ones_add_is(store: Store) -> None:
    """Without a column that says since when they are there, deals are dated to the file that shows them first."""
    days = {"there": FIRST + timedelta(days=20), "later": FIRST + timedelta(days=27)}
    await store.apply_deals(LOCAL, [
        DealWrite(name, amount=Money("USD", 700), close_date=START, owner_id="ann", created_time=noon(day),
                  effective_time=noon(day))
        for name, day in days.items()
    ])  # fmt: skip
    begun = {name: day.isoformat() for name, day in days.items()}
    await store.put_setting(WEEKLY, Memory(first=begun["there"], begun=begun).to_json())
    assert await there_before(store) == {"there"}
    assert await there_before(store, days["there"]) == set(), "how it stood then is known"
    ends, there = (day_end(FIRST), day_end(days["later"])), await there_before(store, FIRST)
    pairs = await store.deal_pairs(LOCAL, *ends, START, END, there=there)
    bridge = Bridge.of(pairs, Span(START, END), await store.tree(LOCAL, days["later"]), None, "USD", "USD")
    company = bridge.nodes["company"]
    assert {cause: value.open for cause, value in company.causes.items()} == {"first_seen": 700, "new": 700}
    assert company.end.open == 1400


async def test_what_was_recorded_only_later_was_not_known_whenever_it_was_effective(store: Store) -> None:
    """Somebody submits, and an import brings changes of the same and of earlier days afterwards."""
    shape: dict[str, Any] = {"close_date": START, "created_time": noon(FIRST), "owner_id": "ann"}
    names = ("lost", "up", "same")
    await store.apply_deals(LOCAL, [DealWrite(name, amount=Money("USD", 300), **shape) for name in names])
    today = FIRST + timedelta(days=9)
    said = datetime.now(UTC)
    lost = DealWrite("lost", outcome=Outcome.LOST, closed_date=today, effective_time=noon(today))
    up = DealWrite("up", amount=Money("USD", 900), effective_time=noon(FIRST + timedelta(days=2)))
    new = DealWrite("new", amount=Money("USD", 50), **shape)
    await store.apply_deals(LOCAL, [lost, up, new])
    held = datetime.now(UTC)
    await store.apply_deals(LOCAL, [DealWrite("same", amount=Money("USD", 1), effective_time=noon(today))])
    ends, tree = (day_end(today), day_end(today)), await store.tree(LOCAL, today)

    async def told(*recorded: datetime | None) -> dict[str, int]:
        first, last = recorded
        pairs = await store.deal_pairs(LOCAL, *ends, START, END, recorded=(first, last))
        bridge = Bridge.of(pairs, Span(START, END), tree, None, "USD", "USD", Counting(AS_IS.rates, today, today))
        return {cause: value.open for cause, value in bridge.nodes["company"].causes.items()}

    assert await told(None, None) == {}
    assert await told(said, None) == {"lost": -300, "up": 600, "new": 50, "down": -299}
    assert await told(said, held) == {"lost": -300, "up": 600, "new": 50}, "a held call knows nothing of later ones"
    assert await told(held, held) == {}
