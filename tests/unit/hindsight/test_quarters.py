"""Past quarters from backtests and from the daily record, pure."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from learning.fiscal import FiscalCalendar
from services.gateway.hindsight.quarters import Look, PastQuarter, from_backtests, from_record, joined, verdict
from services.gateway.store.shapes import ForecastDay

CALENDAR = FiscalCalendar()
Q2 = CALENDAR.parse("2017-Q2")
EVE = date(2017, 3, 31)
COLUMNS = ["as_of", "end", "node", "booked", "p10", "p50", "p90", "actual", "stage_weighted", "last_period_again",
           "pace", "commit"]  # fmt: skip


def evaluation(*rows: list[Any]) -> dict[str, Any]:
    return {"backtest": {"quarters": [], "path": {"columns": COLUMNS, "rows": list(rows)}}}


def row(
    day: str, p50: float, node: str = "company", end: str = "2017-06-30", actual: float | None = 100.0
) -> list[Any]:
    return [day, end, node, 0.0, p50 - 20, p50, p50 + 20, actual, 130.0, 90.0, None, 55.5]


def test_of_two_versions_the_newest_that_has_a_quarter_tells_of_it() -> None:
    new = evaluation(row("2017-04-30", 95.0), row("2017-03-31", 90.0), row("2017-03-31", 1.0, "owner:u1"))
    old = evaluation(row("2017-03-31", 7.0), row("2016-12-31", 50.0, end="2017-03-31"))
    unknown = {"backtest": {"quarters": [], "why": "too little"}}
    first, second = from_backtests([unknown, new, old, {}], "company", CALENDAR)
    assert (str(first.period), str(second.period)) == ("2017-Q1", "2017-Q2")
    assert [(look.day, look.days, look.said["p50"]) for look in second.looks] == [
        (EVE, 0, Decimal("90.0")), (date(2017, 4, 30), 30, Decimal("95.0")),
    ]  # fmt: skip
    assert second.came == 100
    assert second.looks[0].said["commit"] == Decimal("55.5")
    assert "pace" not in second.looks[0].said
    assert not second.looks[0].served
    assert from_backtests([evaluation(row("2017-03-31", 9.0, actual=None))], "company", CALENDAR) == []
    other = FiscalCalendar(2)  # whose quarters end elsewhere: what was kept by another calendar is not told
    assert from_backtests([new], "company", other) == []


def day(after_eve: int, **body: int | None) -> ForecastDay:
    return ForecastDay("2017-Q2", "USD", "company", EVE + timedelta(days=after_eve), body)


def test_of_the_record_the_last_entry_of_a_week_before_counts() -> None:
    days = [day(-8, p50=1), day(-5, p50=8_000, p10=7_000, p90=9_000, commit=100, booked=50), day(33, p50=2)]
    quarter = from_record(Q2, Decimal(81), days, 2)
    [look] = quarter.looks
    assert (look.day, look.days, look.served) == (EVE, 0, True)
    assert look.said == {
        "ai": Decimal("80.00"), "p50": Decimal("80.00"), "p10": Decimal("70.00"), "p90": Decimal("90.00"),
        "booked": Decimal("0.50"), "commit": Decimal("1.50"),
    }  # fmt: skip
    assert look.held(quarter.came)


def test_what_was_said_in_earnest_counts_beside_what_only_a_backtest_knows() -> None:
    tested = from_backtests([evaluation(row("2017-03-31", 90.0), row("2017-04-30", 91.0))], "company", CALENDAR)
    written = from_record(Q2, Decimal(99), [day(30, p50=9_500, submitted=9_000)], 2)
    [both] = joined(tested, [written])
    assert both.came == 99
    eve, later = both.looks
    assert (eve.served, later.served) == (False, True)
    assert later.said["p50"] == Decimal("95.00")
    assert later.said["stage_weighted"] == Decimal("130.0")
    assert later.said["submitted"] == Decimal("90.00")
    assert joined([], [from_record(Q2, Decimal(1), [], 2)]) == []


def test_the_verdict_counts_quarters_not_looks() -> None:
    def quarter(name: str, came: int, *looks: tuple[int, int]) -> PastQuarter:
        said = [Look(EVE, at, {"p10": Decimal(p50 - 20), "ai": Decimal(p50), "p90": Decimal(p50 + 20)}, served=False)
                for at, p50 in looks]  # fmt: skip
        return PastQuarter(CALENDAR.parse(name), Decimal(came), tuple(said))

    found = verdict([quarter("2017-Q1", 100, (0, 90), (30, 10)), quarter("2017-Q2", 100, (0, 50), (30, 100)),
                     quarter("2017-Q3", 0, (0, 10)), quarter("2017-Q4", 100, (31, 80))])  # fmt: skip
    assert (found.held, found.of) == (3, 4)
    assert (found.low, found.high) == pytest.approx((0.301, 0.954), abs=0.001)
    assert found.miss == {"ai": pytest.approx((0.1 + 0.5 + 0.2) / 3)}, "of a quarter without any there is no share"
    assert found.quarters == {"ai": 3}
    assert verdict([]).of == 0


def test_what_was_expected_is_told_and_a_median_where_nothing_else_was_kept() -> None:
    old = from_backtests([evaluation(row("2017-03-31", 90.0))], "company", CALENDAR)
    assert (old[0].looks[0].said["ai"], old[0].looks[0].median) == (Decimal("90.0"), True)
    rows = [[*row("2017-03-31", 90.0), 97.0]]
    report = {"backtest": {"path": {"columns": [*COLUMNS, "mean"], "rows": rows}}}
    [new] = from_backtests([report], "company", CALENDAR)
    assert (new.looks[0].said["ai"], new.looks[0].median) == (Decimal("97.0"), False)
    [look] = from_record(Q2, Decimal(81), [day(0, mean=8_800, p50=8_000)], 2).looks
    assert (look.said["ai"], look.median, look.served) == (Decimal("88.00"), False, True)
