"""Forecasts as of past days: no look ahead, every level adds up, small and odd data."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from kit.errors import InvalidInput
from learning.history import read_history
from learning.records import Node
from services.forecast.evaluation import NodeForecast, Source, forecasts
from services.forecast.report import averaged, scored
from services.forecast.spans import Month, Week, calendar, same_day, span_of
from tests.unit.forecast.forecast_histories import LAST, write_history

AS_OF = date(2017, 7, 20)


def source(folder: Path, *, counts: bool = False) -> Source:
    history = read_history(folder)
    return Source(history, list(history.deals()), counts)


def told(rows: list[NodeForecast]) -> list[tuple[object, ...]]:
    return [(str(row.period), row.node, row.booked, row.baselines, row.scenarios.tolist()) for row in rows]


def test_the_future_does_not_change_a_forecast(tmp_path: Path) -> None:
    write_history(tmp_path / "as_it_came", 200)
    write_history(tmp_path / "scrambled", 200, scrambled_after=AS_OF)
    found, other = (forecasts(source(tmp_path / name), "quarter", AS_OF)[0] for name in ("as_it_came", "scrambled"))
    assert told(found) == told(other)
    assert [row.actual for row in found] != [row.actual for row in other]


def test_levels_add_up_and_scores_compare(tmp_path: Path) -> None:
    write_history(tmp_path, 300)
    rows, model = forecasts(source(tmp_path), "month", AS_OF, 3)
    assert {str(row.period) for row in rows} == {"2017-07", "2017-08", "2017-09"}
    for period in {row.period for row in rows}:
        company = next(row for row in rows if row.period == period and row.node.level == "company")
        owners = [row for row in rows if row.period == period and row.node.level == "owner"]
        assert np.sum([row.scenarios for row in owners], axis=0) == pytest.approx(company.scenarios)
        assert sum(row.actual or 0.0 for row in owners) == pytest.approx(company.actual)
    scores = averaged(scored(rows))
    assert scores["company"].wape["dealcast"] is not None
    assert scores["company"].wape["dealcast"] < 0.5
    assert scores["company"].wape["pace"] is not None
    assert 0.4 <= (scores["owner"].coverage or 0.0) <= 1.0
    assert "replayed" in model.blend.note


def test_deals_can_be_counted(tmp_path: Path) -> None:
    write_history(tmp_path, 250)
    rows, _ = forecasts(source(tmp_path, counts=True), "week", AS_OF)
    company = rows[0]
    assert company.node.level == "company"
    assert company.actual == round(company.actual or 0.0)
    assert 0 < company.mean < 40


@pytest.mark.parametrize("deals", [0, 3, 60])
def test_little_data_give_a_wide_range_and_no_error(tmp_path: Path, deals: int) -> None:
    write_history(tmp_path, deals, owners=0 if deals == 60 else 2)
    rows, model = forecasts(source(tmp_path), "quarter", LAST - timedelta(days=80), 2)
    assert model.blend.note.startswith("left out") or deals == 60
    assert all(np.isfinite(row.scenarios).all() for row in rows)
    if deals == 60:
        company = next(row for row in rows if row.node.level == "company")
        assert company.quantile(0.9) > 1.2 * company.quantile(0.1)


def test_the_last_day_has_nothing_to_compare_with(tmp_path: Path) -> None:
    write_history(tmp_path, 100)
    rows, _ = forecasts(source(tmp_path), "quarter", LAST)
    assert {row.actual for row in rows} == {None}
    assert scored(rows) == {}


def test_crps_of_a_certain_forecast_is_its_error() -> None:
    node = Node("company", "company", "Company")
    row = NodeForecast(AS_OF, Month(date(2017, 7, 1)), node, 0.0, np.full(10, 7.0), 4.0)
    assert row.crps() == pytest.approx(3.0)
    wide = NodeForecast(AS_OF, Month(date(2017, 7, 1)), node, 0.0, np.array([0.0, 8.0]), 4.0)
    assert wide.crps() == pytest.approx(2.0)


def test_weeks_and_months_are_the_calendars() -> None:
    week = span_of("week", date(2017, 7, 30))
    assert (str(week), week.start, week.end) == ("2017-W30", date(2017, 7, 24), date(2017, 7, 30))
    assert str(Week(date(2018, 12, 31))) == "2019-W01"
    assert [str(each) for each in calendar("month", 3)(date(2017, 11, 30))] == ["2017-11", "2017-12", "2018-01"]
    assert same_day("quarter", date(2017, 6, 30), 1) == date(2017, 3, 31)
    assert same_day("quarter", date(2017, 7, 30), 1) == date(2017, 4, 30)
    assert same_day("month", date(2017, 3, 30), 1) == date(2017, 2, 28)
    with pytest.raises(InvalidInput, match="period"):
        span_of("year", LAST)
