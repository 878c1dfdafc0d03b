"""Months, quarters, halves and years with any start of the fiscal year."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import InvalidInput
from learning.fiscal import FiscalCalendar, Grain
from learning.periods import current_period, period_of

calendars = st.builds(FiscalCalendar, st.integers(1, 12), st.booleans())
days = st.dates(date(1905, 1, 1), date(2190, 12, 31))
grains = st.sampled_from(Grain)


@given(calendars, grains, days)
def test_a_day_is_in_one_period_of_a_kind_and_ids_say_which(calendar: FiscalCalendar, grain: Grain, day: date) -> None:
    period = calendar.of(grain, day)
    assert day in period
    assert calendar.parse(str(period)) == period
    assert calendar.of(grain, period.start) == calendar.of(grain, period.end) == period
    assert period.next().start == period.end + timedelta(days=1)
    assert period.next(3).next(-3) == period
    assert calendar.current(day - timedelta(days=1), grain) == period


@given(calendars, grains, days)
def test_parts_tile_the_whole(calendar: FiscalCalendar, grain: Grain, day: date) -> None:
    whole = calendar.of(grain, day)
    parts = whole.parts
    assert len(parts) == {Grain.MONTH: 0, Grain.QUARTER: 3, Grain.HALF: 2, Grain.YEAR: 2}[grain]
    for one, following in pairwise(parts):
        assert one.next() == following
    if parts:
        assert (parts[0].start, parts[-1].end) == (whole.start, whole.end)
        assert sum(day in part for part in parts) == 1
        assert len({str(part) for part in (whole, *parts)}) == len(parts) + 1


@given(days)
def test_a_year_from_january_has_the_quarters_of_the_calendar(day: date) -> None:
    for calendar in (FiscalCalendar(), FiscalCalendar(named_by_end=False)):
        quarter, plain = calendar.of(Grain.QUARTER, day), period_of(day)
        assert (str(quarter), quarter.start, quarter.end) == (str(plain), plain.start, plain.end)
        assert str(calendar.current(day)) == str(current_period(day))


@pytest.mark.parametrize(
    ("month", "by_end", "day", "ids"),
    [
        (1, True, "2017-12-31", ["2017-12", "2017-Q4", "2017-H2", "FY2017"]),
        (2, True, "2017-02-01", ["2017-02", "2018-Q1", "2018-H1", "FY2018"]),
        (2, False, "2018-01-31", ["2018-01", "2017-Q4", "2017-H2", "FY2017"]),
        (4, False, "2017-10-01", ["2017-10", "2017-Q3", "2017-H2", "FY2017"]),
        (10, True, "2017-09-30", ["2017-09", "2017-Q4", "2017-H2", "FY2017"]),
        (12, True, "2017-12-01", ["2017-12", "2018-Q1", "2018-H1", "FY2018"]),
    ],
)  # fmt: skip
def test_ids(month: int, by_end: bool, day: str, ids: list[str]) -> None:
    calendar = FiscalCalendar(month, by_end)
    assert [str(calendar.of(grain, date.fromisoformat(day))) for grain in Grain] == ids


@pytest.mark.parametrize(
    "text", ["", "2017", "2017-Q5", "2017-13", "2017-00", "2017-H3", "FY17", "1800-Q1", "2017-q1x"]
)
def test_what_is_no_period(text: str) -> None:
    with pytest.raises(InvalidInput):
        FiscalCalendar().parse(text)


def test_there_are_twelve_months() -> None:
    with pytest.raises(InvalidInput):
        FiscalCalendar(13)
