"""What people say to a number: how it stands and adds up, and how good it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kit.money import Money
from learning.fiscal import FiscalCalendar
from learning.records import Node
from services.gateway.calls import Call, CallKind, standing
from services.gateway.forecast_days import day_rows, judged, said_of, to_minor
from services.gateway.rollup import Parts, nodes_json
from services.gateway.store.interface import ForecastDay, StoredRollup

TREE = [
    Node("company", "company", "Company"), Node("manager:m", "manager", "M", "company"),
    Node("owner:a", "owner", "A", "manager:m"), Node("owner:b", "owner", "B", "manager:m"),
    Node("owner:c", "owner", "C", "company"),
]  # fmt: skip
NOW = datetime(2017, 10, 5, tzinfo=UTC)
calls = st.lists(
    st.builds(
        Call, st.sampled_from(CallKind), st.sampled_from([node.id for node in TREE]), st.just("2017-Q4"),
        st.builds(Money, st.sampled_from(["USD", "EUR"]), st.integers(-(10**9), 10**9)), st.just(""), st.just("x"),
        st.just(NOW), undone_time=st.sampled_from([None, None, NOW]),
    ),
    max_size=12,
).map(lambda found: [replace(call, id=place) for place, call in enumerate(found)])  # fmt: skip


def rows(said: list[Call], *, known: bool = True) -> dict[str, dict[str, Any]]:
    body = {
        "scenarios": 2_000, "deals_sum": 333, "not_yet_created_sum": 1, "correction_sum": -7, "quantiles": [0, 9],
        "open_deals": 1, "as_of": "", "business_day": "2017-10-05", "model_generation": 0,
    }  # fmt: skip
    rollups = {node: StoredRollup(node, "2017-Q4", "USD", body) for node in ("company", "owner:a")} if known else {}
    found = nodes_json(Parts("USD", TREE, [], [], [], rollups, business_day="2017-10-05", calls=said))
    return {row["node"]: row for row in found}


def money(text: str | None) -> Decimal:
    return Decimal(text or 0)


@settings(max_examples=60)
@given(calls)
def test_adjustments_add_up_the_tree_and_the_newest_stands(said: list[Call]) -> None:
    found = rows(said)
    for row in found.values():
        below = [each for each in found.values() if each["parent"] == row["node"]]
        added = sum(money(each["adjustment"]) + money(each["adjustments_below"]) for each in below)
        assert money(row["adjustments_below"]) == added
        assert money(row["adjusted"]) == money(row["mean"]) + money(row["adjustment"]) + added
        assert not below or money(row["adjusted"]) == money(row["adjustment"]) + sum(
            money(each["adjusted"]) for each in below
        )
        submitted = [each["submitted"] or each["submitted_below"] for each in below]
        assert money(row["submitted_below"]) == sum(map(money, submitted))
        assert (row["submitted_below"] is None) == (not any(submitted))
        for kind, name in ((CallKind.ADJUSTMENT, "adjustment"), (CallKind.SUBMISSION, "submitted")):
            mine = [
                call for call in said
                if (call.kind, call.node, call.amount.currency, call.undone_time) == (kind, row["node"], "USD", None)
            ]  # fmt: skip
            assert row[name] == (mine[-1].amount.value if mine else None)


def test_without_a_forecast_nothing_is_adjusted() -> None:
    call = Call(CallKind.ADJUSTMENT, "owner:a", "2017-Q4", Money("USD", 5), "", "x", NOW)
    found = rows([call], known=False)
    assert (found["company"]["adjustments_below"], found["company"]["adjusted"]) == ("0.05", None)
    assert standing([call, replace(call, id=1, undone_time=NOW)], "USD") == [call]


def test_what_is_written_down_of_a_day() -> None:
    nodes = [row | {"mean": "0.125"} if node == "owner:a" else row for node, row in rows([]).items()]
    forecast = {"business_day": "2017-10-05", "currency": "USD", "period": "2017-Q4", "type": "arr", "nodes": nodes}
    forecast["start_date"] = "2017-10-01"
    days = {one.node: one for one in day_rows(forecast)}
    assert set(days) == {"company", "owner:a"}, "not those with nothing at all"
    assert days["owner:a"].type == "arr"
    shifted = FiscalCalendar(2).parse("2017-Q4")
    assert said_of(FiscalCalendar().parse("2017-Q4"), days.values()) == list(days.values())
    assert said_of(shifted, days.values()) == [], "it was said of other days"
    assert (days["owner:a"].body["mean"], days["owner:a"].body["submitted"]) == (12, None)
    assert [to_minor(text, code) for text, code in (("1.5", "KRW"), ("2.5", "KRW"), (None, "KRW"))] == [2, 2, None]


def test_how_good_a_period_was() -> None:
    period = FiscalCalendar().parse("2017-Q3")
    said = {0: 80, 30: 150, 31: 150, 92: 100, 93: 7}  # by day of the period; day 93 is after it
    days = [
        ForecastDay("2017-Q3", "USD", "company", period.start + timedelta(days=day - 1),
                    {"mean": value, "p10": value - 40, "p90": value + 40, "submitted": None})
        for day, value in said.items()
    ]  # fmt: skip
    assert days[-1].day == date(2017, 10, 1)
    found = judged(period, "USD", 100, days)
    assert (found["booked"], found["days"], found["range_held"]) == ("1.00", 4, 0.5)
    mean = found["sources"]["mean"]
    assert mean == {"days": 4, "error": 0.3, "bias": 0.2, "said": ["0.80", "1.50", "1.50"]}
    assert found["sources"]["submitted"] == {"days": 0, "error": None, "bias": None, "said": [None] * 3}
    commits = [replace(days[0], body={"booked": 40, "commit": 50})]
    assert judged(period, "USD", 100, commits)["sources"]["commit"]["bias"] == -0.1, "with what is booked"
    assert judged(period, "USD", 0, days)["sources"]["mean"]["error"] is None
