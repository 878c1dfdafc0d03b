"""Days written without a year, such as 12/3 or 12월 3일: read by the day of their file, the month first."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

SOON = timedelta(days=31)  # a closing day so little after its file is told of, not moved to the year before
NEAR = 2  # years: 26.11 is rather November 2026 than a 26th
SAMPLES = 5
_SHORT = re.compile(r"(\d{1,2})\s?([/.-])\s?(\d{1,2})(\.?)")
_KOREAN = re.compile(r"(\d{1,2})월\s?(\d{1,2})일")
_DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})(?:[/.-]\d{4})?\.?")
_WEEKDAY = re.compile(r"\s*\([월화수목금토일]\)$")


@dataclass(slots=True)
class ShortDays:
    """Reads such days of one file, and counts them; samples as they were written, with what they were read as."""

    day: date  # of the file
    day_first: Collection[str] = ()  # columns with days that stand before their months
    count: int = 0
    samples: dict[str, date] = field(default_factory=dict)

    def read(self, column: str, text: str, *, past: bool = False) -> date | None:
        """The day, None where it has a year, is none, or may be another. `past`: it has been."""
        pair = month_and_day(text)
        if pair is None or self.unsure(column, text):
            return None
        found = in_nearest_year(*pair, self.day, past=past)
        if found is not None:
            self.count += 1
            if len(self.samples) < SAMPLES or found.year != self.day.year:  # those show most what was done
                self.samples.setdefault(text, found)
        return found

    def unsure(self, column: str, text: str) -> bool:
        """Whether a day without a year may be two: 3/12 beside 25/12, and 12.3, which may have been 12.30."""
        text = _WEEKDAY.sub("", text.strip())
        found = _SHORT.fullmatch(text)
        if found is None or _date(self.day.year, int(found[1]), int(found[3])) is None:
            return False
        cut = found[2] == "." and not found[4] and found[3] in ("1", "2", "3")
        return cut or (column in self.day_first and int(found[3]) <= 12)

    def shown(self) -> list[tuple[str, date]]:
        """The samples to show, those of other years than the file's before others."""
        return sorted(self.samples.items(), key=lambda one: one[1].year == self.day.year)[:SAMPLES]


def month_and_day(text: str) -> tuple[int, int] | None:
    """What a day without a year says, the month first; None of other texts."""
    text = _WEEKDAY.sub("", text.strip())
    if found := _KOREAN.fullmatch(text):
        return int(found[1]), int(found[2])
    found = _SHORT.fullmatch(text)
    return (int(found[1]), int(found[3])) if found else None


def is_short_day(text: str) -> bool:
    """Whether a text is a day without a year."""
    pair = month_and_day(text)
    return pair is not None and _date(2024, *pair) is not None


def in_nearest_year(month: int, day: int, of: date, *, past: bool = False) -> date | None:
    """The day in the year that brings it nearest; in one that has been, unless it is hardly to come."""
    days = [found for year in (of.year - 1, of.year, of.year + 1) if (found := _date(year, month, day))]
    near = min(days, key=lambda one: abs(one - of), default=None)
    if past and near is not None and near > of + SOON:
        return max((one for one in days if one <= of), default=None)
    return near


def says_day_first(cells: Iterable[str], of: date) -> bool:
    """Whether days of a column stand before their months."""
    found = (_DAY_FIRST.fullmatch(cell.strip()) for cell in cells)
    pairs = {(int(each[1]), int(each[2])) for each in found if each}
    return any(12 < first <= 31 and second <= 12 and abs(2000 + first - of.year) > NEAR for first, second in pairs)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
