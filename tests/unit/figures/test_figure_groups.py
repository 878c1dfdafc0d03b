"""Parts add up to the whole, whatever the deals are and however they are told apart."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.errors import InvalidInput
from kit.money import Money
from learning.records import Motion, Node
from services.gateway.figures import outcomes, revenue, stages
from services.gateway.figures.counting import Group, Line
from services.gateway.figures.groups import groups_of
from services.gateway.figures.spans import Span
from services.gateway.rollup import with_unplaced
from services.gateway.store.figures_interface import DealPast
from tests.unit.figures.figure_histories import Q2, asked_in_dollars, book_of, deal

TREE = [
    Node("company", "company", "Company"), Node("region:East", "region", "East", "company"),
    Node("manager:mia", "manager", "Mia", "region:East"), Node("owner:mia", "owner", "Mia", "manager:mia"),
    Node("owner:ann", "owner", "Ann", "manager:mia"), Node("owner:ben", "owner", "Ben", "company"),
]  # fmt: skip
OWNERS = ("ann", "ben", "mia", "", "gone")
DAYS = st.integers(0, 180).map(lambda after: (date(2026, 1, 10) + timedelta(after)).isoformat())


@st.composite
def pasts(draw: st.DrawFn) -> DealPast:
    days = sorted(draw(st.lists(DAYS, min_size=4, max_size=4)))
    names = draw(st.permutations(["New", "Offer", "Contract"]))
    shares = draw(st.sampled_from([(), (("ann", 3_333), ("ben", 6_667)), (("mia", 1), ("", 9_999))]))
    ended: dict[str, Any] = draw(st.sampled_from([{}, {"won": days[3]}, {"lost": days[3]}]))
    return deal(
        draw(st.uuids()).hex, days[0], stages=dict(zip(days, names, strict=False)), promised={days[0]: days[2]},
        amount=draw(st.none() | st.builds(Money, st.sampled_from(["USD", "KRW"]), st.integers(0, 10**9))),
        owner=draw(st.sampled_from(OWNERS)), motion=draw(st.sampled_from([Motion.NEW, Motion.EXPANSION])),
        pipeline=draw(st.sampled_from(["default", "partners"])), shares=shares,
        fields={"size": draw(st.sampled_from(["large", "small"]))}, **ended,
    )  # fmt: skip


def summed(found: list[Line]) -> Counter[tuple[Any, ...]]:
    """Everything that adds up: cases, what they are made of, and amounts."""
    sums: Counter[tuple[Any, ...]] = Counter()
    for line in found:
        sums[line.figure, line.pipeline, line.part, line.currency, "count"] += line.count
        for name, count in line.counts.items():
            sums[line.figure, line.pipeline, line.part, line.currency, name] += count
        if line.figure in {"pipeline_created", "net_new_revenue"}:
            sums[line.figure, line.pipeline, line.part, line.currency, "value"] += int(line.value or 0)
    return Counter({key: value for key, value in sums.items() if value})


ADDED = (outcomes.win_rate, outcomes.win_rate_created, outcomes.slip_rate, stages.time_in_stage,
         stages.stage_conversion, revenue.pipeline_created)  # fmt: skip


@settings(max_examples=12, deadline=None)
@given(st.lists(pasts(), max_size=12))
def test_parts_add_up_to_the_whole(deals: list[DealPast]) -> None:
    book = book_of(deals)
    asked = asked_in_dollars(book)
    tree = with_unplaced(TREE, OWNERS)

    def told(by: str, *levels: str) -> Counter[tuple[Any, ...]]:
        groups = [one for one in groups_of(book, by, tree, None) if not levels or one.level in levels]
        return summed([line for define in ADDED for group in groups for line in define(group, Q2, asked)])

    whole = told("all")
    for by, levels in (("owner", ()), ("pipeline", ()), ("segment:size", ()), ("motion", ()), ("team", ("company",))):
        if by != "segment:size" or book.segments:
            assert told(by, *levels) == whole, by


@settings(max_examples=12, deadline=None)
@given(st.lists(pasts(), max_size=12))
def test_revenue_of_owners_adds_up_and_credit_is_shared(deals: list[DealPast]) -> None:
    book = book_of(deals)
    asked = asked_in_dollars(book)

    def money(groups: list[Group]) -> Counter[tuple[str, str]]:
        found: Counter[tuple[str, str]] = Counter()
        for group in groups:
            for line in revenue.net_new_revenue(group, Q2, asked):
                found[line.part, line.currency] += int(line.value or 0)
        return Counter({key: value for key, value in found.items() if value})

    whole = money(groups_of(book, "all", (), None))
    assert money(groups_of(book, "owner", with_unplaced(TREE, OWNERS), None)) == whole
    parts = sum(value for (part, _), value in whole.items() if part != "total")
    assert parts == sum(value for (part, _), value in whole.items() if part == "total")


@settings(max_examples=8, deadline=None)
@given(st.lists(pasts(), max_size=12))
def test_months_add_up_to_their_quarter(deals: list[DealPast]) -> None:
    book = book_of(deals)
    asked = asked_in_dollars(book)
    [group] = groups_of(book, "all", (), None)
    starts = [date(2026, month, 1).toordinal() for month in (4, 5, 6, 7)]
    months = [Span("", start, end - 1) for start, end in pairwise(starts)]
    for define in (outcomes.win_rate, outcomes.win_rate_created, stages.time_in_stage):
        parts = summed([line for month in months for line in define(group, month, asked)])
        assert parts == summed(define(group, Q2, asked))


def test_a_reader_is_told_of_whole_nodes_alone() -> None:
    deals = [
        deal("a", "04-01", owner="ann", shares=[("ann", 5_000), ("ben", 5_000)]),
        deal("m", "04-01", owner="mia"),
        deal("b", "04-01", owner="ben", amount=Money("USD", 101), shares=[("ann", 2_500), ("ben", 7_500)]),
    ]
    book = book_of(deals, owners=["ann", "mia"])
    seen = frozenset({"manager:mia", "owner:mia", "owner:ann"})
    team = groups_of(book, "team", TREE, seen)
    assert {one.key: sorted(each.id for each in one.deals) for one in team} == {
        "manager:mia": ["a", "m"], "owner:mia": ["m"], "owner:ann": ["a"],
    }  # fmt: skip
    [whole] = groups_of(book, "all", TREE, seen)
    assert sorted(one.id for one in whole.deals) == ["a", "m"], "a deal counts for its owner"
    [created] = revenue.pipeline_created(whole, Q2, asked_in_dollars(book))
    assert (created.value, created.count) == (25, 2), "and its money for those who share the credit"
    for wrong in ("segment:nothing", "stage", "segment:"):
        with pytest.raises(InvalidInput):
            groups_of(book, wrong, TREE, None)
