"""Places in trees and shares of a deal: whole to the last unit, whatever the fields and lines are."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.money import Money
from learning.placements import (
    MOST_PLACES,
    WHOLE,
    Tree,
    credited,
    cut_at,
    depth_of,
    exact_share,
    holders,
    placements_of,
    shares_of,
    tree_of,
)
from learning.records import Account, Credit, Deal, Node, Placement, Product, ProductLine

LAND = Tree("land", ("account.fields.country", "fields.zone", "motion", "account"))
SOLD = Tree("sold", ("product_series", "product"))


@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=40), st.integers(-(10**12), 10**12))
def test_shares_and_parts_are_the_whole(weights: list[int], amount: int) -> None:
    shares = shares_of(weights)
    assert sum(shares) == WHOLE
    assert min(shares) >= 0
    parts = cut_at(amount, shares)
    assert sum(parts) == amount
    assert all(abs(part - amount * share / WHOLE) <= 1 for part, share in zip(parts, shares, strict=True))


@pytest.mark.parametrize(("percent", "share"), [(60.0, 6_000), (33.33, 3_333), (0.01, 1), (33.333, None), (1e9, None)])
def test_percentages_have_two_decimals(percent: float, share: int | None) -> None:
    assert exact_share(percent) == share


def test_values_of_any_kind_make_a_place() -> None:
    deal = Deal("d1", account_id="a1", fields={"zone": True})
    account = Account("a1", "Acme", {"country": "A/B 100%"})
    [place] = placements_of(deal, account, {}, [LAND])
    names = ["land:A%2FB 100%25", "land:A%2FB 100%25/yes", "land:A%2FB 100%25/yes/NEW", "land:A%2FB 100%25/yes/NEW/a1"]
    assert [node.id for node in place.path] == names
    assert [node.parent for node in place.path] == ["company", *names[:-1]]
    assert [node.name for node in place.path] == ["A/B 100%", "yes", "NEW", "Acme"]
    assert [depth_of(node.id) for node in place.path] == [1, 2, 3, 4]
    assert {tree_of(node.id) for node in place.path} == {"land"}
    [bare] = placements_of(Deal("d2"), None, {}, [LAND])
    assert [node.name for node in bare.path] == ["(none)", "(none)", "NEW", "(none)"]


def test_lines_split_a_deal_by_their_value() -> None:
    products = {"p": Product("p", "Pump", "Water", Money("USD", 5_000)), "q": Product("q", "Pipe", "Water")}
    lines = (
        ProductLine("p", 2.0),
        ProductLine("q", 1.0, Money("KRW", 300)),
        ProductLine("p", 1.0, Money("USD", 10_000)),
    )
    found = placements_of(Deal("d1", products=lines), None, products, [SOLD])
    assert {one.path[-1].id: one.share for one in found} == {"sold:Water/p": 4_000, "sold:Water/q": 6_000}
    free = tuple(ProductLine(name) for name in "qr")
    assert [one.share for one in placements_of(Deal("d2", products=free), None, products, [SOLD])] == [5_000, 5_000]
    many = tuple(ProductLine(f"x{number}", 1.0 + number, Money("USD", 100)) for number in range(60))
    places = placements_of(Deal("d3", products=many), None, {}, [SOLD])
    assert len(places) == MOST_PLACES + 1
    assert sum(one.share for one in places) == WHOLE
    assert next(one.share for one in places if one.path[-1].name == "(others)") > max(
        one.share for one in places if one.path[-1].name != "(others)"
    )


def test_credit_places_a_deal_in_the_line_of_each() -> None:
    deal = Deal("d1", owner_id="u1", created_time=datetime(2017, 1, 1, tzinfo=UTC))
    assert (holders(deal), credited(deal, lambda _: ())) == ([("u1", WHOLE)], ())
    shared = Deal("d1", owner_id="u1", credits=(Credit("u2", 2_500), Credit("u3", 7_500)))
    path = {one: (Node(one, "owner", one),) for one in ("u2", "u3")}
    assert credited(shared, path.__getitem__) == (
        Placement("reporting", path["u2"], 2_500), Placement("reporting", path["u3"], 7_500),
    )  # fmt: skip
    assert holders(shared) == [("u2", 2_500), ("u3", 7_500)]
