"""Cells as people write them: numbers, days, times, yes and no, ids."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.imports import values as v

ANY_NUMBER = st.decimals(-(10**14), 10**14, allow_nan=False, allow_infinity=False, places=2)


@given(ANY_NUMBER, st.sampled_from([(".", ","), (",", "."), (",", " "), (".", ""), (".", "'"), (",", "")]))
def test_a_grouped_number_is_read_back(number: Decimal, separators: tuple[str, str]) -> None:
    decimal, thousands = separators
    text = f"{number:,.2f}" if thousands else f"{number:.2f}"
    text = text.translate({ord(","): thousands, ord("."): decimal})
    assert v.parse_number(text, decimal, thousands) == number


@pytest.mark.parametrize(
    ("text", "decimal", "thousands"),
    [("", ".", ""), ("abc", ".", ""), ("1,5", ".", ""), ("1.5", ",", ""), ("12,34", ".", ","), ("1e999", ".", ""),
     ("nan", ".", ""), ("inf", ".", ""), ("1_000", ".", ""), ("--1", ".", ""), ("1 000", ".", ""), ("(5)", ".", "")],
)  # fmt: skip
def test_what_is_no_number_is_refused(text: str, decimal: str, thousands: str) -> None:
    with pytest.raises(ValueError, match="it is not"):
        v.parse_number(text, decimal, thousands)


@pytest.mark.parametrize(
    "text", ["$1,054.00", "1,054.00 USD", "USD 1,054", "€1054", "₩1,054", "1054원", "￦1,054원", " 1054 "]
)
def test_amounts_may_carry_their_currency(text: str) -> None:
    assert v.parse_amount(text, ".", ",") == 1054


def test_negative_amounts_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        v.parse_amount("-1")


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)), st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%Y%m%d"]))
def test_a_day_is_read_back_and_stays_that_day_as_a_time(day: date, pattern: str) -> None:
    text = f"{day:{pattern}}"
    assert v.parse_day(text, (pattern,)) == day
    assert v.parse_time(text, (pattern,), "Asia/Seoul") == datetime(day.year, day.month, day.day, tzinfo=UTC)


@given(st.integers(-2_208_000_000, 7_200_000_000).map(lambda second: datetime.fromtimestamp(second, UTC)))
def test_a_time_is_read_back(moment: datetime) -> None:
    assert v.parse_time(moment.isoformat()) == moment


def test_a_time_without_offset_is_local() -> None:
    assert v.parse_time("2017-07-01 12:00", ("%Y-%m-%d %H:%M",), "Asia/Seoul") == datetime(2017, 7, 1, 3, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-09-01", "2026/9/1", "2026.09.01", "2026. 9. 1.", "2026년 9월 1일"])
def test_a_day_with_its_year_first_needs_no_format(text: str) -> None:
    assert v.parse_day(text) == date(2026, 9, 1)
    assert v.parse_time(text, (), "Asia/Seoul") == datetime(2026, 9, 1, tzinfo=UTC)
    assert v.parse_time(f"{text} 14:30", (), "Asia/Seoul") == datetime(2026, 9, 1, 5, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["01.09.2026", "2026-09/01", "26.09.01", "2026.9", "2026.09.011"])
def test_other_days_need_one(text: str) -> None:
    with pytest.raises(ValueError, match="it is not a day written as 2017-09-30"):
        v.parse_day(text)


def test_what_is_wanted_is_shown_by_an_example() -> None:
    with pytest.raises(ValueError, match=r"written as 30\.09\.2017 or 09/30/17$"):
        v.parse_day("soon", ("%d.%m.%Y", "%m/%d/%y"))


@pytest.mark.parametrize("text", ["9999-01-01", "1899-12-31", "2017-02-30", "soon", "2017-13-01", "12", ""])
def test_absurd_days_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"it is not|the year"):
        v.parse_day(text)
    with pytest.raises(ValueError, match=r"it is not|the year"):
        v.parse_time(text)


@given(st.text(max_size=40))
def test_nothing_but_a_value_error_comes_of_any_text(text: str) -> None:
    for read in (v.parse_number, v.parse_amount, v.parse_day, v.parse_time, v.parse_yes_no):
        try:
            read(text)
        except ValueError:
            continue


@given(st.text(max_size=40))
def test_a_slug_is_its_own_slug(text: str) -> None:
    assert v.slug(v.slug(text)) == v.slug(text)


def test_slugs_keep_letters_of_any_script() -> None:
    assert v.slug(" Anna  Snelling ") == "anna-snelling"
    assert v.slug("김 민수 & Co.") == "김-민수-co"
