"""Reading what people write into cells: numbers, amounts, days, times, yes and no.

Each function raises ValueError with a message fit for the reader of the file.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo

from services.gateway.imports.amount_remarks import check_one
from services.gateway.imports.units import read_units
from services.gateway.limits import FIRST_YEAR, LARGEST_NUMBER, LAST_YEAR

YES = frozenset({"yes", "y", "true", "t", "1", "예", "네", "on"})
NO = frozenset({"no", "n", "false", "f", "0", "아니오", "아니요", "off"})
ISO_DAY = "%Y-%m-%d"
YMD = "ymd"  # instead of formats: the year first however it is written, also in two digits, or the number Excel keeps
_TYPED = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")  # by people: 1e9 is a slip, or what a sheet left of a long number
_PLAIN = re.compile(rf"{_TYPED.pattern}([eE][+-]?\d{{1,3}})?")
_MARKS = re.compile(r"^(?:[A-Z]{3}\s?|[$€£¥₩￦]\s?)|(?:\s?[A-Z]{3}|\s?[$€£¥₩￦원])$")
_YEAR_FIRST = re.compile(r"(\d{4})(?:([-/.])\s?(\d{1,2})\2\s?(\d{1,2})\.?|년\s?(\d{1,2})월\s?(\d{1,2})일)(?=$|[T ])")
_SHORT_YEAR = re.compile(r"'?(\d\d)([-/.])\s?(\d{1,2})\2\s?(\d{1,2})\.?(?=$|[T ])")
_SHORT_KOREAN = re.compile(r"'?(\d\d)년\s?(\d{1,2})월\s?(\d{1,2})일(?=$|[T ])")
_DIGITS = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)(?=$|[T ])")
_SERIAL = re.compile(r"([2-7]\d{4})(?:\.\d+)?")  # 1954 to 2119
_WEEKDAY = re.compile(r"\s*\([월화수목금토일]\)")
EXCEL_BEGAN = date(1899, 12, 30)
EXAMPLE = datetime(2017, 9, 30, 12, tzinfo=UTC)


def parse_number(text: str, decimal: str = ".", thousands: str = "", *, typed: bool = False) -> Decimal:
    """A decimal number; `decimal` and `thousands` are the separators in use. (1,200) and a trailing % are refused, and
    exponents where people typed it."""
    plain = _ungrouped(text.strip().replace("\u2212", "-"), decimal, thousands)
    if plain is None or not (_TYPED if typed else _PLAIN).fullmatch(plain):
        raise ValueError(f"it is not a number with {decimal!r} before the decimals")
    try:
        number = Decimal(plain)
    except InvalidOperation:
        raise ValueError("it is not a number") from None
    if abs(number) > LARGEST_NUMBER:
        raise ValueError("it is not between -10^15 and 10^15")
    return number


def parse_amount(text: str, decimal: str = ".", thousands: str = "", *, typed: bool = False) -> Decimal:
    """A number of zero or more; a currency sign or code around it is passed over, 1억 2,000만 and the like are read."""
    number = read_units(text) if decimal == "." else None
    if number is None:
        check_one(text)
        if not any(map(str.isdigit, text)):
            raise ValueError("it is not an amount")
        number = parse_number(_MARKS.sub("", text.strip()), decimal, thousands, typed=typed)
    if abs(number) >= LARGEST_NUMBER:
        raise ValueError("it is not between -10^15 and 10^15")
    if number < 0:
        raise ValueError("the amount is negative")
    return number


def too_large(text: str, thousands: str = ",") -> bool:
    """Whether it is a number as people type it, with units or without, and beyond what an amount may be: then that is
    what is wrong."""
    number = read_units(text)
    if number is None:
        plain = _ungrouped(_MARKS.sub("", text.strip()).replace("\u2212", "-"), ".", thousands)
        if plain is None or not _TYPED.fullmatch(plain):
            return False
        number = Decimal(plain)
    return abs(number) >= LARGEST_NUMBER


def _ungrouped(text: str, decimal: str, thousands: str) -> str | None:
    whole, point, rest = text.partition(decimal)
    if thousands and thousands in whole:
        head, *groups = whole.lstrip("+-").split(thousands)
        if not 1 <= len(head) <= 3 or any(len(group) != 3 for group in groups):
            return None
        whole = whole.replace(thousands, "")
    if decimal != "." and "." in whole + rest:
        return None
    return whole + ("." if point else "") + rest


def written_like(formats: tuple[str, ...]) -> str:
    """A day or time as the formats (strptime) write it."""
    shown = (EXAMPLE.strftime(ISO_DAY if each == YMD else each) for each in formats)
    return " or ".join(dict.fromkeys(shown))


def _year_first(text: str) -> str:
    """ISO 8601 of a text that begins with a day, its year first, such as 2017/9/30, 2017. 9. 30. or 2017년 9월 30일."""
    found = _YEAR_FIRST.match(text.strip())
    if found is None:
        return text.strip()
    month, day = found[3] or found[5], found[4] or found[6]
    return f"{found[1]}-{month:0>2}-{day:0>2}{text.strip()[found.end() :]}"


def _ymd(text: str) -> str:
    """ISO 8601 of a text that begins with a day in any way with its year first, or is the number that Excel keeps."""
    text = _WEEKDAY.sub("", text.strip(), count=1)
    if found := _SHORT_KOREAN.match(text):
        return f"20{found[1]}-{found[2]:0>2}-{found[3]:0>2}{text[found.end() :]}"
    if found := _SHORT_YEAR.match(text):
        return f"20{found[1]}-{found[3]:0>2}-{found[4]:0>2}{text[found.end() :]}"
    if found := _DIGITS.match(text):
        return f"{found[1]}-{found[2]}-{found[3]}{text[found.end() :]}"
    if found := _SERIAL.fullmatch(text):
        return (EXCEL_BEGAN + timedelta(days=int(found[1]))).isoformat()
    return _year_first(text)


@lru_cache(maxsize=20_000)
def parse_day(text: str, formats: tuple[str, ...] = ()) -> date:
    """A day in one of the formats (strptime); without formats one with its year first, which is read one way only."""
    for pattern in formats:
        try:
            day = datetime.fromisoformat(_ymd(text)).date() if pattern == YMD else _strict(text.strip(), pattern).date()
        except ValueError:
            continue
        return _sensible(day)
    if formats:
        raise ValueError(f"it is not a day written as {written_like(formats)}")
    try:
        day = _strict(_year_first(text), ISO_DAY).date()
    except ValueError:
        raise ValueError("it is not a day written as 2017-09-30") from None
    return _sensible(day)


@lru_cache(maxsize=20_000)
def parse_time(text: str, formats: tuple[str, ...] = (), zone: str = "UTC") -> datetime:
    """A time in UTC. Without an offset it is local to the zone; a day alone is its 00:00 UTC, so it stays that day.

    Without formats it is ISO 8601, or begins with a day as parse_day reads it.
    """
    text = text.strip()
    for pattern in formats:
        try:
            written = _ymd(text) if pattern == YMD else text
            moment = datetime.fromisoformat(written) if pattern == YMD else _strict(text, pattern)
        except ValueError:
            continue
        alone = len(written) <= 10 if pattern == YMD else not re.search("%[HIMScX]", pattern)
        return _utc(moment, zone, day_alone=alone)
    if formats:
        raise ValueError(f"it is not a time written as {written_like(formats)}")
    text = _year_first(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("it is not a time written as 2017-09-30 or 2017-09-30T12:00:00Z") from None
    return _utc(moment, zone, day_alone=len(text) <= 10)


def _strict(text: str, pattern: str) -> datetime:
    return datetime.fromisoformat(text) if pattern == ISO_DAY and len(text) == 10 else datetime.strptime(text, pattern)  # noqa: DTZ007


def _utc(moment: datetime, zone: str, *, day_alone: bool) -> datetime:
    _sensible(moment.date())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC if day_alone else ZoneInfo(zone))
    return moment.astimezone(UTC)


def _sensible(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"the year {day.year} is not between {FIRST_YEAR} and {LAST_YEAR}")
    return day


def parse_yes_no(text: str) -> bool:
    """Yes or no in the words that CRMs use."""
    word = text.strip().lower()
    if word in YES or word in NO:
        return word in YES
    raise ValueError("it is neither yes nor no")


def slug(text: str) -> str:
    """An id made of a name: lower case, letters and digits of any script, runs of anything else as one dash."""
    normal = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return re.sub(r"[\W_]+", "-", normal).strip("-")
