"""Numbers, days, yes and no as people write them into cells."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning.cell_dates import day_first, parse_date
from learning.cell_numbers import decimal_mark, is_missing, mark_votes, parse_number, yes_no_words

EUROPEAN = str.maketrans(",.", ".,")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,234", 1234), ("$1,234.50", 1234.5), ("₩1,200,000", 1.2e6), ("1200원", 1200), ("12.5%", 12.5),
        ("(1,200)", -1200),
        ("-$5.10", -5.1), ("USD 55", 55), ("55 EUR", 55), ("1e5", 1e5), ("+7", 7), (".5", 0.5), ("1 234", 1234),
        ("\u22123", -3), ("1'234", 1234), ("1,23,456", 123456), ("₹ 500", 500), ("US$12", 12),
        ("300만원", 3e6), ("1억 2,000만원", 1.2e8), ("5천만원", 5e7), ("-3억", -3e8),
    ],
)  # fmt: skip
def test_a_number_is_read_in_any_dress(text: str, number: float) -> None:
    assert parse_number(text) == pytest.approx(number)


@pytest.mark.parametrize(
    "text", ["abc", "", "-", "$", "12 months", "1,2,3", "1.2.3", "12-5", "--5", "1,23", "nan", "inf"]
)
def test_what_is_no_number_is_nan(text: str) -> None:
    assert math.isnan(parse_number(text))


@given(st.floats(-1e12, 1e12).map(lambda x: round(x, 2)), st.sampled_from(["", "$", "₩", "EUR "]))
def test_thousands_currencies_and_either_decimal_mark_give_the_number_back(number: float, sign: str) -> None:
    text = f"{sign}{number:,.2f}"
    assert parse_number(text) == pytest.approx(number)
    assert parse_number(text.translate(EUROPEAN), ",") == pytest.approx(number)


@given(st.text(max_size=30))
def test_no_text_breaks_the_parsers(text: str) -> None:
    for decimal in (".", ","):
        assert isinstance(parse_number(text, decimal), float)
    for first in (True, False):
        assert isinstance(parse_date(text, day_first=first), float)
    is_missing(text)
    yes_no_words([text])
    decimal_mark(mark_votes({text: 1}))


@pytest.mark.parametrize(
    ("counts", "likely", "mark"),
    [
        ({"1,5": 3, "2,25": 1}, False, ","), ({"1.234,56": 1, "7": 9}, False, ","),
        ({"1,234": 5, "1.5": 1}, False, "."), ({"0,125": 1}, False, ","),
        ({"1,234": 5}, False, "."),
        ({"1,234": 5}, True, ","), ({"1.234.567": 1, "1.234": 1}, False, ","),
    ],
)  # fmt: skip
def test_a_column_says_which_its_decimal_mark_is(counts: dict[str, int], likely: bool, mark: str) -> None:
    assert decimal_mark(mark_votes(counts), comma_likely=likely) == mark


@pytest.mark.parametrize("text", ["", "  ", "Select", "N/A", "NA", "-", "None", "null", "?", "NaN"])
def test_words_for_nothing_are_missing(text: str) -> None:
    assert is_missing(text)


@pytest.mark.parametrize(
    ("cells", "meant"),
    [
        (["Yes", "NO"], {"yes": True, "no": False}), (["예", "아니오"], {"예": True, "아니오": False}),
        (["No"], {"no": False}), (["Yes", "yes", "Y", "No", "n", "0"], {"y": True, "n": False, "0": False, "1": True}),
        (["TRUE", "f"], {"true": True, "f": False}), (["y", "n"], {"y": True, "n": False}),
        (["Ja", "Nein"], {"ja": True}), (["Yes", "maybe"], None),
        (["M", "F"], None), (["f"], None), (["1", "0"], None),
        (["Yes", "Y"], None),
        (["t", "n"], None),
    ],
)  # fmt: skip
def test_words_for_yes_and_no_in_whatever_spellings(cells: list[str], meant: dict[str, bool] | None) -> None:
    found = yes_no_words(cells)
    assert (found is None) == (meant is None)
    assert meant is None or (found or {}).items() >= meant.items()


FORMS = [
    "{d:%Y-%m-%d}", "{d:%Y/%m/%d}", "{d.year}. {d.month}. {d.day}.", "{d.year}년 {d.month}월 {d.day}일", "{d:%Y%m%d}",
    "{d:%d-%b-%Y}", "{d:%B} {d.day}, {d.year}", "{d:%a, %d %b %Y}",
]  # fmt: skip


@given(st.dates(date(1950, 1, 1), date(2099, 12, 31)), st.sampled_from(FORMS))
def test_a_day_is_read_in_any_form(day: date, form: str) -> None:
    assert parse_date(form.format(d=day)) == day.toordinal()


@given(st.dates(date(1950, 1, 1), date(2099, 12, 31)), st.sampled_from("/-."))
def test_day_and_month_stand_as_the_column_says(day: date, mark: str) -> None:
    assert parse_date(day.strftime(f"%d{mark}%m{mark}%Y"), day_first=True) == day.toordinal()
    assert parse_date(day.strftime(f"%m{mark}%d{mark}%Y")) == day.toordinal()


@given(st.datetimes(datetime(1990, 1, 1), datetime(2050, 1, 1)))  # noqa: DTZ001
def test_times_of_day_are_read_in_24_and_in_12_hours(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    days = moment.toordinal() + (moment - datetime(moment.year, moment.month, moment.day)) / timedelta(1)  # noqa: DTZ001
    half = "오전" if moment.hour < 12 else "오후"
    for text in (
        f"{moment:%Y-%m-%dT%H:%M:%SZ}", f"{moment:%Y-%m-%d %H:%M:%S.123+09:00}", f"{moment:%m/%d/%Y %I:%M:%S %p}",
        f"{moment:%Y. %m. %d.} {half} {moment.hour % 12 or 12}:{moment:%M:%S}",
    ):  # fmt: skip
        assert parse_date(text) == pytest.approx(days, abs=1e-6)


def test_days_that_are_none_are_nan() -> None:
    for text in (
        "2026-13-01",
        "2015-16",
        "10-20",
        "2019.12",
        "2026-02-30",
        "31/31/2026",
        "12.5",
        "1.2.3.4",
        "tomorrow",
        "0000-00-00",
        "20269999",
    ):
        assert math.isnan(parse_date(text)), text


def test_months_are_their_first_day() -> None:
    for text in ("2015-12", "12/2015", "Dec-2015", "December 2015", "2015년 12월"):
        assert parse_date(text) == date(2015, 12, 1).toordinal(), text


def test_a_column_says_whether_its_day_comes_first() -> None:
    assert day_first(["03/04/2026", "21/04/2026"]) is True
    assert day_first(["03/04/2026", "04/21/2026"]) is False
    assert day_first(["03/04/2026"]) is None
    assert day_first(["03.04.2026"]) is True
    assert day_first(["2026-04-03"]) is None
