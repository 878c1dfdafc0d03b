"""What is said of a node whose records are too few or too odd."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from learning.exchange import DatedRate, Rates
from learning.records import Node
from services.gateway.record_cautions import of_new_business, record_cautions, with_cautions
from services.gateway.store.shapes import OwnerRecord, RecordFacts

TODAY = date(2017, 10, 1)
TREE = [
    Node("company", "company", "Company"), Node("manager:m", "manager", "M", "company"),
    Node("owner:a", "owner", "A", "manager:m"), Node("owner:b", "owner", "B", "manager:m"),
    Node("owner:c", "owner", "C", "company"),
]  # fmt: skip
EVEN = [OwnerRecord(name, "USD", 4, 0, 400.0, 100.0, 9) for name in "abc"]
LONG = RecordFacts(EVEN, 60, 90, 60, TODAY - timedelta(days=400))


def codes(facts: RecordFacts, rates: Rates | None = None) -> dict[str, list[tuple[str, int]]]:
    found = record_cautions(facts, TREE[:4], rates or Rates(), "USD", TODAY)
    return {node: [(one["code"], one["count"]) for one in lines] for node, lines in found.items()}


def test_each_node_is_told_what_concerns_it() -> None:
    lone = {"company": [("no_manager", 1)], "owner:c": [("no_manager", 1)]}
    assert codes(LONG) == lone, "owner c stands below nobody"
    a, b, c = EVEN
    led = codes(replace(LONG, owners=[replace(a, most=300.0), b, c]))
    assert led["owner:a"] == [("one_deal", 1)]
    assert led["manager:m"] == [("one_deal_of_owners", 1)]
    assert codes(replace(LONG, owners=[replace(a, most=900.0, total=1_000.0), b, c]))["manager:m"] == [("one_deal", 1)]
    few = codes(replace(LONG, owners=[replace(a, closed=4), b, c]))
    assert few["owner:a"] == few["manager:m"] == [("few_closed", 1)]
    assert few["company"] == [("few_closed", 1), ("no_manager", 1)]
    unpriced = codes(replace(LONG, owners=[replace(a, unpriced=3), b, c]))
    assert (unpriced["owner:a"], unpriced["company"]) == ([("no_amounts", 3)], lone["company"])


def test_a_young_record_is_told_of_the_company() -> None:
    for facts, code, count in (
        (replace(LONG, won=0, closed=0, first_closing=None), "none_closed", 0),
        (replace(LONG, won=0, closed=50), "none_won", 0), (replace(LONG, won=3), "few_wins", 3),
        (replace(LONG, first_closing=TODAY - timedelta(days=29)), "short_record", 30),
        (replace(LONG, won_with_amount=0), "wins_without_amounts", 0),
    ):  # fmt: skip
        assert codes(facts)["company"][0] == (code, count)
    [told, *_] = record_cautions(replace(LONG, won=1), TREE, Rates(), "USD", TODAY)["company"]
    assert told["text"].startswith("Only 1 deal has been won:")


def test_other_money_counts_by_its_rate_or_not_at_all() -> None:
    a, b, c = EVEN
    euros = replace(LONG, owners=[a, replace(a, currency="EUR", deals=1, total=900.0, most=900.0), b, c])
    assert "owner:a" not in codes(euros)
    rated = Rates.of("USD", [DatedRate("EUR", TODAY, Decimal(2))])
    assert codes(euros, rated)["owner:a"] == [("one_deal", 1)]


def test_nothing_is_said_of_a_node_that_is_not_seen() -> None:
    rows: list[dict[str, Any]] = [{"node": "company", "booked": None}, {"node": "owner:c", "booked": "0.00"}]
    found = record_cautions(LONG, TREE, Rates(), "USD", TODAY)
    assert [len(row["cautions"]) for row in with_cautions(rows, found)] == [0, 1]


def test_a_young_record_tells_no_chance_of_what_is_mostly_not_yet_created() -> None:
    def told(node: str, new: str, facts: RecordFacts) -> tuple[float | None, list[tuple[str, int]]]:
        row = {"node": node, "mean": "100.00", "not_yet_created": new, "quota_probability": 0.9, "cautions": []}
        [found] = of_new_business([row], facts, TODAY, TODAY - timedelta(days=38))
        return found["quota_probability"], [(one["code"], one["count"]) for one in found["cautions"]]

    young = replace(LONG, won=9, first_closing=TODAY - timedelta(days=24))
    assert told("company", "77.00", young) == (None, [("mostly_new", 77), ("few_weeks", 6)])
    assert told("owner:a", "77.00", young) == (None, [("mostly_new", 77)])
    assert told("company", "20.00", young) == (0.9, [("few_weeks", 6)])
    row: dict[str, Any] = {"node": "company", "mean": "9.00", "not_yet_created": "1.00", "cautions": []}
    [old] = of_new_business([row], young, TODAY, TODAY - timedelta(days=91))
    assert old["cautions"] == [], "a quarter of creating was seen, however few weeks of closings"
    assert told("company", "0.00", young) == (0.9, [])
    unclosed = replace(LONG, won=0, closed=0, first_closing=None)
    assert told("company", "20.00", unclosed) == (0.9, []), "that nothing has closed is told on its own"
    assert told("company", "77.00", LONG) == (0.9, []), "years of records know how much comes up"
    hidden: dict[str, Any] = {"node": "company", "mean": None, "quota_probability": None, "cautions": []}
    assert of_new_business([hidden], young, TODAY) == [hidden]
