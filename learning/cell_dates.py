"""Days and times in the forms that spreadsheets and CRMs write, Korean and English."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date

FIRST_YEAR, LAST_YEAR = 1900, 2200
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
         "sep sept september", "oct october", "nov november", "dec december"), 1,
    )
    for name in names.split()
}  # fmt: skip
_CLOCK = (
    r"(?:[T,\s]+(?P<before>오전|오후|AM|PM)?\s*(?P<hour>\d{1,2})\s*[:시]\s*(?P<minute>\d{1,2})\s*분?"
    r"(?:[:\s]\s*(?P<second>\d{1,2})\s*초?(?:[.,]\d+)?)?\s*(?P<after>AM|PM|a\.m\.|p\.m\.)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?)?"
)
_FORMS = {
    "year": re.compile(
        rf"(?P<y>\d{{4}})\s*[-/.년]\s*(?P<m>\d{{1,2}})\s*[-/.월]\s*(?P<d>\d{{1,2}})\s*[.일]?"
        rf"(?:\s*\(?[월화수목금토일](?:요일)?\)?)?{_CLOCK}",
        re.IGNORECASE,
    ),
    "numbers": re.compile(
        rf"(?P<a>\d{{1,2}})\s*([-/.])\s*(?P<b>\d{{1,2}})\s*\2\s*(?P<y>\d{{4}}|\d{{2}}){_CLOCK}", re.I
    ),
    "day name": re.compile(
        rf"(?:[a-z]{{3,9}},?\s+)?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[-\s/.]+(?P<n>[a-z]{{3,9}})\.?[-\s/,.]+"
        rf"(?P<y>\d{{4}}|\d{{2}}){_CLOCK}",
        re.IGNORECASE,
    ),
    "name day": re.compile(
        rf"(?:[a-z]{{3,9}},\s+)?(?P<n>[a-z]{{3,9}})\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y>\d{{4}}){_CLOCK}",
        re.IGNORECASE,
    ),
    "month": re.compile(r"(?P<y>(?:19|20)\d{2})\s*(?:[-/]\s*(?P<m>\d{1,2})|년\s*(?P<mm>\d{1,2})\s*월)"),
    "month first": re.compile(r"(?P<m>\d{1,2})\s*[-/]\s*(?P<y>(?:19|20)\d{2})"),
    "month name": re.compile(r"(?P<n>[a-z]{3,9})\.?[-\s/,.']+(?P<y>(?:19|20)\d{2})", re.IGNORECASE),
    "compact": re.compile(rf"(?P<y>(?:19|20)\d{{2}})(?P<m>\d{{2}})(?P<d>\d{{2}}){_CLOCK}", re.IGNORECASE),
}


def parse_date(text: str, *, day_first: bool = False) -> float:
    """The moment a cell holds, in days (proleptic ordinal and the part of the day); nan where it holds none.

    A month alone is its first day. Times keep the clock they are written in; `day_first` reads 3/4/2026 as the third of
    April.
    """
    text = text.strip()
    if not 6 <= len(text) <= 60:
        return math.nan
    for form, pattern in _FORMS.items():
        match = pattern.fullmatch(text)
        if match is not None:
            return _moment(form, match.groupdict(), day_first=day_first)
    return math.nan


def _moment(form: str, parts: Mapping[str, str | None], *, day_first: bool) -> float:
    if form == "numbers":
        a, b = int(parts["a"] or 0), int(parts["b"] or 0)
        day, month = (a, b) if day_first else (b, a)
    else:
        day = int(parts.get("d") or 1)
        number = parts.get("m") or parts.get("mm")
        month = int(number) if number else _MONTHS.get((parts.get("n") or "").lower(), 0)
    year = int(parts["y"] or 0)
    if year < 100:
        year += 2000 if year < 70 else 1900
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return math.nan
    try:
        ordinal = date(year, month, day).toordinal()
    except ValueError:
        return math.nan
    return ordinal + _clock(parts)


def _clock(parts: Mapping[str, str | None]) -> float:
    """The part of the day, nan where it is no time."""
    if not parts.get("hour"):
        return 0.0
    hour, minute, second = (int(parts[name] or 0) for name in ("hour", "minute", "second"))
    half = (parts["before"] or parts["after"] or "").lower().replace(".", "")
    if half:
        if not 0 <= hour <= 12:
            return math.nan if half in ("am", "오전") or hour > 23 else (hour * 3600 + minute * 60 + second) / 86400
        hour = hour % 12 + (12 if half in ("pm", "오후") else 0)
    if hour > 24 or minute > 59 or second > 60:
        return math.nan
    return (hour * 3600 + minute * 60 + second) / 86400


def is_compact(text: str) -> bool:
    """Whether it is eight digits: a day only where a whole column is."""
    return len(text.strip()) == 8 and text.strip().isdigit()


def day_first(values: Iterable[str]) -> bool | None:
    """Whether a column writes the day before the month; None where its values do not tell (or are written otherwise).

    A first number above 12 says so, a second one above 12 denies it; between dots the day comes first.
    """
    first = second = dots = seen = 0
    for text in values:
        match = _FORMS["numbers"].fullmatch(text.strip())
        if match is None:
            continue
        seen += 1
        first += int(match["a"]) > 12
        second += int(match["b"]) > 12
        dots += match[2] == "."
    if first != second:
        return first > second
    return True if seen and dots == seen else None


def writes_numbers(values: Iterable[str]) -> bool:
    """Whether any value is a day of numbers with the year last, so that the order of day and month matters."""
    return any(_FORMS["numbers"].fullmatch(text.strip()) for text in values)
