"""Working days of a week: Monday to Friday, less public holidays, Korean lunar ones among them."""

from __future__ import annotations

from datetime import date

import pytest

from kit.errors import InvalidInput
from learning.workdays import is_working_day, public_holidays, weekly_working_days


def test_without_a_country_every_week_has_five() -> None:
    for day in (date(2017, 10, 1), date(2024, 2, 7), date(2025, 12, 31)):
        assert weekly_working_days(day, 60).tolist() == [5] * 60
    assert not is_working_day(date(2025, 1, 4))


@pytest.mark.parametrize(
    "day",
    [
        *[date(2024, 2, each) for each in (9, 10, 11, 12)],  # Seollal, with the day in lieu
        *[date(2025, 1, each) for each in (28, 29, 30)],
        *[date(2024, 9, each) for each in (16, 17, 18)],  # Chuseok
        *[date(2025, 10, each) for each in (5, 6, 7, 8)],
        date(2024, 5, 15),  # Buddha's Birthday
    ],
)
def test_korean_lunar_holidays_are_found(day: date) -> None:
    assert day in public_holidays("KR", day.year)
    assert not is_working_day(day, "KR")


def test_weeks_count_from_the_day_after() -> None:
    sunday = date(2017, 10, 1)
    assert weekly_working_days(sunday, 3, "KR").tolist() == [0, 4, 5]  # Chuseok with days in lieu; Hangul Day
    assert weekly_working_days(date(2017, 11, 19), 1, "US").tolist() == [4]  # Thanksgiving
    assert weekly_working_days(date(2024, 12, 28), 1, "KR").tolist() == [4]  # across New Year


def test_an_unknown_country_is_told() -> None:
    with pytest.raises(InvalidInput, match="not known") as told:
        public_holidays("XX", 2024)
    assert told.value.field == "holiday_country"
