"""What happened to a period: start + parts = end, whatever happened."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.money import Money
from learning.exchange import DatedRate, Rates
from learning.records import Node
from services.gateway.bridge import CAUSES, Counting, Move, Span, Worth, moves
from services.gateway.bridge_rows import Bridge, deal_rows, node_rows
from services.gateway.store.interface import DealPair, PastDeal

SPAN = Span(date(2017, 10, 1), date(2017, 12, 31))
IN, OUT = date(2017, 11, 1), date(2018, 2, 1)
TREE = [
    Node("company", "company", "Company"), Node("manager:m", "manager", "M", "company"),
    Node("owner:a", "owner", "A", "manager:m"), Node("owner:b", "owner", "B", "manager:m"),
    Node("owner:c", "owner", "C", "company"),
]  # fmt: skip
OPEN = PastDeal("OPPORTUNITY", "OPEN", "a", "USD", 100, IN, None, deleted=False)
WON = replace(OPEN, outcome="WON", closed_date=IN)
LOST = replace(OPEN, outcome="LOST", closed_date=IN)

days = st.one_of(st.none(), st.sampled_from([IN, OUT, SPAN.start, SPAN.end, SPAN.start - timedelta(days=1)]))
changes = st.one_of(
    st.tuples(st.just("kind"), st.sampled_from(["LEAD", "OPPORTUNITY"])),
    st.tuples(st.just("outcome"), st.sampled_from(["OPEN", "WON", "LOST"])),
    st.tuples(st.just("owner_id"), st.sampled_from(["a", "b", "c", "nobody", ""])),
    st.tuples(st.just("currency"), st.sampled_from(["USD", "EUR"])),
    st.tuples(st.just("minor"), st.integers(0, 10**15)),
    st.tuples(st.just("close_date"), days),
    st.tuples(st.just("closed_date"), days),
    st.tuples(st.just("deleted"), st.booleans()),
)
histories = st.lists(st.tuples(st.integers(0, 9), changes), max_size=12)


def at(history: list[tuple[int, tuple[str, Any]]], moment: int) -> PastDeal | None:
    """The deal as of a moment: there from its first change on."""
    past = [change for time, change in sorted(history, key=lambda one: one[0]) if time <= moment]
    return replace(replace(OPEN, close_date=None), **dict(past)) if past else None


def day(moment: int) -> date:
    """The day of a moment."""
    return SPAN.start + timedelta(days=10 * moment)


RATES = Rates.of(
    "USD", [DatedRate("EUR", day(2), Decimal("1.0333")), DatedRate("EUR", day(5), Decimal("0.75")),
            DatedRate("EUR", day(8), Decimal("2"))],
)  # fmt: skip


def expected(deals: list[PastDeal | None], moment: int, rates: Rates) -> dict[tuple[str, str], Worth]:
    """The totals of all deals of a moment, by the definition: what is open and what is won in the period."""
    totals: dict[tuple[str, str], Worth] = defaultdict(Worth)
    for deal in deals:
        if deal is None or deal.deleted or deal.kind == "LEAD":
            continue
        money = Money(deal.currency, deal.minor)
        if deal.outcome == "OPEN" and deal.close_date and SPAN.start <= deal.close_date <= SPAN.end > day(moment):
            counts = rates.counted(money, day(moment))
            totals[deal.owner_id, counts.currency] += Worth(open=counts.minor)
        if deal.outcome == "WON" and deal.closed_date and SPAN.start <= deal.closed_date <= SPAN.end:
            counts = rates.counted(money, deal.closed_date)
            totals[deal.owner_id, counts.currency] += Worth(booked=counts.minor)
    return totals


def money(part: dict[str, str]) -> list[Decimal]:
    return [Decimal(part[name]) for name in ("open", "booked", "total")]


@settings(max_examples=80)
@given(st.lists(st.tuples(histories, st.booleans()), max_size=8), st.integers(0, 10), st.integers(0, 10),
       st.sampled_from([Rates(), RATES]))  # fmt: skip
def test_start_and_parts_make_the_end_at_every_node(drawn: list[Any], one: int, other: int, rates: Rates) -> None:
    first, last = sorted((one, other))
    made = [history for history, _ in drawn]
    counting = Counting(rates, day(first), day(last))
    pairs = [
        DealPair(f"d{place}", "", at(each, first), at(each, last), there=there)
        for place, (each, there) in enumerate(drawn)
    ]
    for currency in ("USD", "EUR"):
        bridge = Bridge.of(pairs, SPAN, TREE, None, currency, "USD", counting)
        rows = {row["node"]: row for row in node_rows(bridge, None, "")}
        for row in rows.values():
            parts = [money(part) for part in row["parts"].values()]
            assert [*map(sum, zip(money(row["start"]), *parts, strict=True))] == money(row["end"])
            below = [each for each in rows.values() if each["parent"] == row["node"]]
            for member in ("start", "end") if below else ():
                sums = map(sum, zip(*(money(each[member]) for each in below), strict=True))
                assert [*sums] == money(row[member])
        for member, moment in (("start", first), ("end", last)):
            totals = expected([at(each, moment) for each in made], moment, rates)
            for owner in "abc":
                worth = totals.get((owner, currency), Worth())
                assert money(rows[f"owner:{owner}"][member])[:2] == [
                    Decimal(each) / 100 for each in (worth.open, worth.booked)
                ]
            whole = sum(each.open + each.booked for (_, code), each in totals.items() if code == currency)
            assert money(rows["company"][member])[2] == Decimal(whole) / 100


def told(before: PastDeal | None, after: PastDeal | None) -> list[tuple[str, str, int, int]]:
    return [(one.cause, one.owner_id, one.worth.open, one.worth.booked) for one in moves(before, after, SPAN)]


@pytest.mark.parametrize(
    ("before", "after", "steps"),
    [
        (None, OPEN, [("new", "a", 100, 0)]),
        (None, WON, [("new", "a", 100, 0), ("won", "a", -100, 100)]),
        (None, LOST, [("new", "a", 100, 0), ("lost", "a", -100, 0)]),
        (replace(OPEN, kind="LEAD"), OPEN, [("new", "a", 100, 0)]),
        (OPEN, WON, [("won", "a", -100, 100)]),
        (OPEN, replace(WON, minor=130), [("up", "a", 30, 0), ("won", "a", -130, 130)]),
        (replace(OPEN, close_date=OUT), WON, [("pulled_in", "a", 100, 0), ("won", "a", -100, 100)]),
        (OPEN, replace(WON, closed_date=OUT), [("pushed_out", "a", -100, 0)]),
        (OPEN, replace(LOST, minor=0, close_date=OUT), [("lost", "a", -100, 0)]),
        (OPEN, replace(OPEN, close_date=OUT, minor=7), [("pushed_out", "a", -100, 0)]),
        (replace(OPEN, close_date=OUT), replace(OPEN, minor=70), [("pulled_in", "a", 100, 0), ("down", "a", -30, 0)]),
        (OPEN, replace(OPEN, currency="EUR"), [("down", "a", -100, 0), ("up", "a", 100, 0)]),
        (OPEN, replace(OPEN, owner_id="b"), [("moved_owner", "a", -100, 0), ("moved_owner", "b", 100, 0)]),
        (WON, OPEN, [("reopened", "a", 100, -100)]),
        (LOST, OPEN, [("reopened", "a", 100, 0)]),
        (LOST, WON, [("reopened", "a", 100, 0), ("won", "a", -100, 100)]),
        (WON, LOST, [("reopened", "a", 100, -100), ("lost", "a", -100, 0)]),
        (OPEN, replace(OPEN, deleted=True), [("deleted", "a", -100, 0)]),
        (WON, replace(WON, deleted=True, owner_id="b"), [("deleted", "a", 0, -100)]),
        (replace(OPEN, deleted=True), OPEN, [("reopened", "a", 100, 0)]),
        (WON, replace(WON, minor=90), [("down", "a", 0, -10)]),
        (LOST, replace(LOST, owner_id="b", minor=5), []),
        (None, replace(OPEN, minor=0), []),
    ],
)  # fmt: skip
def test_what_a_difference_is_called(
    before: PastDeal | None, after: PastDeal | None, steps: list[tuple[str, str, int, int]]
) -> None:
    assert told(before, after) == steps
    assert {cause for cause, *_ in steps} <= set(CAUSES)


@pytest.mark.parametrize(
    ("before", "after", "causes"),
    [
        (None, OPEN, ["first_seen"]), (None, WON, ["first_seen", "won"]), (OPEN, replace(OPEN, minor=130), ["up"]),
        (replace(OPEN, kind="LEAD"), OPEN, ["new"]), (replace(OPEN, deleted=True), OPEN, ["reopened"]),
    ],
)  # fmt: skip
def test_what_was_there_when_it_was_first_seen_is_not_new(
    before: PastDeal | None, after: PastDeal, causes: list[str]
) -> None:
    assert [one.cause for one in moves(before, after, SPAN, there=True)] == causes


EUROS = replace(OPEN, currency="EUR")


@pytest.mark.parametrize(
    ("before", "after", "steps"),
    [
        (EUROS, EUROS, [("exchange_rates", "a", -28, 0)]),
        (EUROS, replace(EUROS, minor=200), [("exchange_rates", "a", -28, 0), ("up", "a", 75, 0)]),
        (EUROS, replace(EUROS, currency="USD"), [("exchange_rates", "a", -28, 0), ("up", "a", 25, 0)]),
        (EUROS, replace(EUROS, outcome="WON", closed_date=day(9)),
         [("exchange_rates", "a", 97, 0), ("won", "a", -200, 200)]),
        (EUROS, replace(EUROS, outcome="LOST", closed_date=IN), [("lost", "a", -103, 0)]),
        (EUROS, replace(EUROS, deleted=True), [("deleted", "a", -103, 0)]),
        (replace(EUROS, outcome="WON", closed_date=day(3)), replace(EUROS, outcome="WON", closed_date=day(3)), []),
        (None, EUROS, [("new", "a", 75, 0)]),
        (replace(EUROS, currency="GBP"), replace(EUROS, currency="GBP"), []),
    ],
)  # fmt: skip
def test_a_rate_that_moves_is_a_cause_of_its_own(
    before: PastDeal | None, after: PastDeal | None, steps: list[tuple[str, str, int, int]]
) -> None:
    counting = Counting(RATES, day(4), day(6))
    found = moves(before, after, SPAN, counting)
    assert [(one.cause, one.owner_id, one.worth.open, one.worth.booked) for one in found] == steps


def test_with_its_first_rate_a_deal_comes_over_from_its_own_currency() -> None:
    found = moves(EUROS, EUROS, SPAN, Counting(RATES, day(1), day(3)))
    assert [(one.cause, one.currency, one.worth.open) for one in found] == [
        ("exchange_rates", "EUR", -100), ("exchange_rates", "USD", 103)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("after", "steps"),
    [
        (OPEN, [("pushed_out", -100, 0)]), (replace(OPEN, close_date=OUT), [("pushed_out", -100, 0)]),
        (WON, [("won", -100, 100)]),
    ],
)  # fmt: skip
def test_of_a_period_that_is_over_nothing_is_open(after: PastDeal, steps: list[tuple[str, int, int]]) -> None:
    counting = Counting(Rates(), day(8), day(10))
    found = moves(OPEN, after, SPAN, counting)
    assert [(one.cause, one.worth.open, one.worth.booked) for one in found] == steps
    assert moves(OPEN, OPEN, SPAN, Counting(Rates(), SPAN.end, day(10))) == []


def test_only_what_is_seen_is_told() -> None:
    moved = DealPair("", "", OPEN, replace(OPEN, owner_id="c"))  # no longer a's, so no longer seen
    pairs = [moved, DealPair("d", "Deal", None, replace(OPEN, owner_id="b"))]
    seen = frozenset({"owner:a", "owner:b", "manager:m"})
    bridge = Bridge.of(pairs, SPAN, TREE[:4], seen, "", "USD")
    rows = {row["node"]: row for row in node_rows(bridge, seen, "")}
    assert set(rows) == {"company", "manager:m", "owner:a", "owner:b"}
    assert [rows["company"][name] for name in ("start", "end", "parts")] == [None] * 3
    assert (rows["manager:m"]["start"]["open"], rows["manager:m"]["end"]["open"]) == ("1.00", "1.00")
    assert rows["manager:m"]["parts"]["moved_owner"] == {
        "open": "-1.00",
        "booked": "0.00",
        "total": "-1.00",
        "deals": 1,
    }
    assert [row["id"] for row in deal_rows(bridge, bridge.below("manager:m"))] == ["d"]
    assert deal_rows(bridge, bridge.below("owner:a")) == []
    assert bridge.moved[0][1] == Move("moved_owner", "a", "USD", Worth(open=-100))
