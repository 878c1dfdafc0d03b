"""Totals over the tree: exact sums at every level, quantiles from the grid."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from kit.money import Money
from learning.exchange import DatedRate, Rates
from learning.records import Node, Quota
from services.gateway.cautions import apart, no_chance, no_model
from services.gateway.rollup import Parts, chance, nodes_json, quantile
from services.gateway.store.interface import CategorySum, StoredRollup, Won

TREE = [
    Node("company", "company", "Company"),
    Node("region:E", "region", "E", "company"),
    Node("manager:m", "manager", "M", "region:E"),
    Node("owner:a", "owner", "A", "manager:m"),
    Node("owner:b", "owner", "B", "manager:m"),
    Node("owner:c", "owner", "C", "company"),
]
AMOUNTS = ("booked", "deals", "not_yet_created", "correction", "mean")


def stored(node: str, sums: tuple[int, int, int], scenarios: int = 2_000) -> StoredRollup:
    body = {
        "scenarios": scenarios, "deals_sum": sums[0], "not_yet_created_sum": sums[1], "correction_sum": sums[2],
        "quantiles": [0, 100, 200], "open_deals": 1, "as_of": "2017-09-30T00:00:00Z", "business_day": "2017-09-30",
        "model_version": "1", "model_generation": 1,
    }  # fmt: skip
    return StoredRollup(node, "2017-Q4", "USD", body)


def parts(won: list[Won], rollups: dict[str, StoredRollup], *, past: bool = False) -> Parts:
    quotas = [Quota("a", "2017-Q4", Money("USD", 150)), Quota("c", "2017-Q4", Money("EUR", 7))]
    categories = [
        CategorySum("a", "USD", "commit", 5, 1), CategorySum("b", "USD", "", 7, 1, "best_case"),
        CategorySum("b", "USD", "omitted", 9, 1), CategorySum("b", "USD", "", 1, 1),
    ]  # fmt: skip
    return Parts("USD", TREE, won, categories, quotas, rollups, past, "2017-09-30", 1)


whole = st.integers(-(10**12), 10**12)


@given(st.lists(whole, min_size=4, max_size=4), st.lists(st.tuples(whole, whole, whole), min_size=3, max_size=3))
def test_every_parent_is_the_exact_sum_of_its_children(booked: list[int], leaves: list[tuple[int, int, int]]) -> None:
    won = [Won(owner, "USD", minor, 1) for owner, minor in zip("abcx", booked, strict=True)]
    own = dict(zip(("owner:a", "owner:b", "owner:c"), leaves, strict=True))
    sums = dict(own)
    for node, children in (
        ("manager:m", ("owner:a", "owner:b")), ("region:E", ("manager:m",)), ("company", ("region:E", "owner:c")),
    ):  # fmt: skip
        sums[node] = tuple(map(sum, zip(*(sums[child] for child in children), strict=True)))  # type: ignore[assignment]
    rows = nodes_json(parts(won, {node: stored(node, each) for node, each in sums.items()}))
    by_id = {row["node"]: row for row in rows}
    assert by_id["owner:x"]["parent"] == "company", "who stands nowhere still counts"
    for row in rows:
        assert Decimal(row["mean"]) == sum(Decimal(row[name]) for name in AMOUNTS[:-1])
        below = [each for each in rows if each["parent"] == row["node"]]
        for name in AMOUNTS:
            assert not below or Decimal(row[name]) == sum(Decimal(each[name]) for each in below)


@given(st.dictionaries(st.sampled_from([node.id for node in TREE]), st.tuples(whole, whole, whole)))
def test_rows_of_different_moments_still_add_up(sums: dict[str, tuple[int, int, int]]) -> None:
    sums |= {"company": sums.get("company", (1, 2, 3))}
    rollups = {node: stored(node, each, 1_000 if node == "owner:b" else 2_000) for node, each in sums.items()}
    rows = nodes_json(parts([Won("a", "USD", 7, 1)], rollups))
    for row in rows:
        assert Decimal(row["mean"]) == sum(Decimal(row[name]) for name in AMOUNTS[:-1])
        below = [each for each in rows if each["parent"] == row["node"]]
        for name in AMOUNTS:
            assert not below or Decimal(row[name]) == sum(Decimal(each[name]) for each in below)
    by_id = {row["node"]: row for row in rows}
    assert Decimal(by_id["owner:a"]["deals"]) == Decimal(sums.get("owner:a", (0,))[0]) / 2_000 / 100


def test_before_the_service_has_spoken_open_business_is_null() -> None:
    row = nodes_json(parts([Won("a", "USD", 100, 1)], {}))[0]
    assert row["booked"] == "1.00"
    assert row["mean"] is row["deals"] is row["p50"] is None
    assert row["stale"] is True


def test_a_past_period_is_what_was_booked() -> None:
    row = nodes_json(parts([Won("a", "USD", 100, 1)], {"company": stored("company", (1, 1, 1))}, past=True))[0]
    assert row["mean"] == row["p10"] == row["p90"] == row["booked"] == "1.00"
    assert row["deals"] == "0.00"
    assert row["stale"] is False


def test_what_is_not_seen_is_null_and_never_stale() -> None:
    rollups = {"owner:a": stored("owner:a", (1_000_000, 0, 0))}
    seen = frozenset({"manager:m", "owner:a", "owner:b"})
    cut = replace(parts([Won("a", "USD", 100, 1)], rollups), seen=seen, spoken=True)
    rows = {row["node"]: row for row in nodes_json(cut)}
    assert len({frozenset(row) for row in rows.values()}) == 1, "every row has the same members"
    for node in ("company", "region:E", "owner:c"):
        values = {name: value for name, value in rows[node].items() if name not in ("node", "level", "name", "parent")}
        assert values.pop("stale") is False
        assert set(values.values()) == {None}
    assert (rows["manager:m"]["booked"], rows["owner:a"]["deals"]) == ("1.00", "5.00")
    assert (rows["owner:b"]["mean"], rows["owner:b"]["stale"]) == ("0.00", False), "spoken of, and nothing is open"
    unspoken = {row["node"]: row for row in nodes_json(replace(cut, rollups={}, spoken=False))}
    assert (unspoken["owner:b"]["mean"], unspoken["owner:b"]["stale"], unspoken["company"]["stale"]) == (
        None, True, False,
    )  # fmt: skip


def test_before_the_first_model_there_is_no_chance() -> None:
    told = replace(parts([], {"company": stored("company", (2_000, 0, 0))}), prior=True)
    company = nodes_json(told)[0]
    assert (company["mean"], company["quota"]) == ("0.00", "1.50")
    assert company["quota_probability"] is None
    assert nodes_json(replace(told, past=True))[0]["p10"] == "0.00", "what was booked is known"
    assert (no_chance({"model_version": "prior"}, company) or {})["code"] == "no_model"
    untold = nodes_json(replace(told, rollups={}, prior=False))[0]
    assert (no_chance({"model_version": None}, untold) or {})["code"] == "not_told"
    assert no_chance({"model_version": "3"}, nodes_json(replace(told, prior=False))[0]) is None


def test_what_totals_leave_out() -> None:
    day = date(2017, 10, 1)
    rates = Rates.of("USD", [DatedRate("EUR", date(2017, 9, 1), Decimal("1.2"))])
    old = StoredRollup("company", "2017-Q4", "EUR", stored("company", (5, 0, 0)).body)
    assert apart(rates, day, [], [], [old], "USD", "USD") == [], "the forecast service is about to take the rate up"
    [early] = apart(rates, day, [Won("a", "EUR", 1, 1)], [], [old], "USD", "USD")
    assert (early["code"], early["currency"]) == ("no_rate", "EUR")
    assert "before 2017-09-01" in early["text"]
    both = [Won("a", "EUR", 1, 1), Won("a", "USD", 1, 1)]
    for shown, other in (("USD", "EUR"), ("EUR", "USD")):
        [without] = apart(Rates(), day, both, [], [], shown, "USD")
        assert (without["code"], without["currency"]) == ("no_rate", other)
        assert "no exchange rate of EUR to USD yet" in without["text"]
    assert [each["code"] for each in no_model("prior")] == ["no_model"]
    assert no_model("3") == no_model(None) == []


def test_quota_categories_and_chance() -> None:
    rows = {
        row["node"]: row
        for row in nodes_json(parts([Won("a", "USD", 50, 1)], {"company": stored("company", (0, 0, 0))}))
    }
    company = rows["company"]
    assert company["quota"] == rows["owner:a"]["quota"] == "1.50"
    assert rows["owner:c"]["quota"] is None
    assert company["quota_probability"] == 0.5
    assert (company["commit"], company["best_case"], company["pipeline"]) == ("0.05", "0.07", "0.01")
    assert rows["owner:b"]["deals"] == "0.00", "no rollup of a node, where the company has one, is nothing open"


@given(st.lists(whole, min_size=2, max_size=101).map(sorted), st.floats(0, 1), whole)
def test_quantiles_and_chances_agree_with_the_grid(grid: list[int], share: float, needed: int) -> None:
    assert grid[0] <= quantile(grid, share) <= grid[-1]
    assert 0 <= chance(grid, needed) <= 1
    assert chance(grid, grid[0]) == 1
    assert chance(grid, grid[-1] + 1) == 0
    assert chance(grid, needed) >= chance(grid, needed + 1)
