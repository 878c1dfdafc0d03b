from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from kit.clock import FixedClock, WallClock, as_of, day_end, day_start, parse_day, utc_day
from kit.errors import InvalidInput


def test_a_fixed_clock_stands_still() -> None:
    clock = FixedClock(date(2017, 9, 30))
    assert clock.now() == datetime(2017, 9, 30, tzinfo=UTC)
    clock.advance(timedelta(days=1))
    assert utc_day(clock.now()) == date(2017, 10, 1)


def test_days_are_utc_days() -> None:
    seoul = timezone(timedelta(hours=9))
    assert utc_day(datetime(2017, 10, 1, 3, tzinfo=seoul)) == date(2017, 9, 30)
    assert day_start(date(2017, 9, 30)) < day_end(date(2017, 9, 30)) < day_start(date(2017, 10, 1))


def test_wall_time_has_a_zone() -> None:
    assert WallClock().now().tzinfo is UTC


def test_an_answer_is_never_later_than_its_day() -> None:
    noon = datetime(2017, 9, 30, 12, tzinfo=UTC)
    assert as_of(noon, date(2017, 9, 30)) == noon
    assert as_of(noon, date(2017, 10, 1)) == noon
    assert as_of(noon, date(2017, 9, 29)) == day_end(date(2017, 9, 29))


@pytest.mark.parametrize("text", ["2017-02-30", "yesterday", "", "2017/09/30", "9999999-01-01"])
def test_a_wrong_day_is_named(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_day(text, "today")
    assert caught.value.field == "today"
    assert "YYYY-MM-DD" in caught.value.mend
