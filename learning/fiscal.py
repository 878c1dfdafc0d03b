"""Months, quarters, halves and years of a company whose year may begin in any month.

Ids: 2017-09 (a calendar month), 2018-Q1, 2018-H1 and FY2018 (of the fiscal year). A fiscal year bears the number of
the calendar year in which it ends, or begins. Where it begins in January the quarters are those of `periods`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from kit.errors import InvalidInput

FIRST_YEAR, LAST_YEAR = 1901, 2198
_ID = re.compile(r"(\d{4})-(?:Q([1-4])|H([12])|(0[1-9]|1[0-2]))|FY(\d{4})")
_MEND = "Write it as 2017-Q4, 2017-09, 2017-H2 or FY2017."


class Grain(StrEnum):
    """How long a period is."""

    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    YEAR = "year"


MONTHS = {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.HALF: 6, Grain.YEAR: 12}
_FINER = {Grain.YEAR: Grain.HALF, Grain.HALF: Grain.QUARTER, Grain.QUARTER: Grain.MONTH}


@dataclass(frozen=True, slots=True)
class FiscalCalendar:
    """Where years begin, and which number they bear."""

    start_month: int = 1
    named_by_end: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.start_month <= 12:
            raise InvalidInput(
                "This is no month.", field="start_month", value=str(self.start_month), mend="Give 1 to 12."
            )

    def to_json(self) -> dict[str, int | str]:
        """As settings and manifests keep it."""
        return {"start_month": self.start_month, "named_by": "end" if self.named_by_end else "start"}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FiscalCalendar:
        """The inverse of to_json; what is missing is the calendar year's. Raises InvalidInput for no month."""
        return cls(int(data.get("start_month", 1)), data.get("named_by", "end") == "end")

    @property
    def _shift(self) -> int:
        """What the number of a fiscal year is above the calendar year it begins in."""
        return int(self.named_by_end and self.start_month > 1)

    def of(self, grain: Grain, day: date) -> FiscalPeriod:
        """The month, quarter, half or year a day lies in."""
        index, length = day.year * 12 + day.month - 1, MONTHS[grain]
        return FiscalPeriod(index - (index - self.start_month + 1) % length, grain, self)

    def current(self, business_day: date, grain: Grain = Grain.QUARTER) -> FiscalPeriod:
        """The period that contains the day after the business day."""
        return self.of(grain, business_day + timedelta(days=1))

    def parse(self, text: str) -> FiscalPeriod:
        """The inverse of str(period). Raises InvalidInput."""
        match = _ID.fullmatch(text.strip())
        if match is None:
            raise InvalidInput("This is no period.", field="period", value=text[:40], mend=_MEND)
        year = int(match[1] or match[5])
        if not FIRST_YEAR <= year <= LAST_YEAR:
            mend = f"Take one between {FIRST_YEAR} and {LAST_YEAR}."
            raise InvalidInput("The period is out of range.", field="period", value=text[:40], mend=mend)
        if match[4]:
            return FiscalPeriod(year * 12 + int(match[4]) - 1, Grain.MONTH, self)
        first = (year - self._shift) * 12 + self.start_month - 1
        if match[2]:
            return FiscalPeriod(first + 3 * int(match[2]) - 3, Grain.QUARTER, self)
        if match[3]:
            return FiscalPeriod(first + 6 * int(match[3]) - 6, Grain.HALF, self)
        return FiscalPeriod(first, Grain.YEAR, self)


@dataclass(frozen=True, slots=True)
class FiscalPeriod:
    """A month, quarter, half or year; `first` is its first month, counted from the year 0. `str()` gives its id."""

    first: int
    grain: Grain
    calendar: FiscalCalendar

    @property
    def start(self) -> date:
        """The first day."""
        return date(self.first // 12, self.first % 12 + 1, 1)

    @property
    def end(self) -> date:
        """The last day."""
        return self.next().start - timedelta(days=1)

    def next(self, count: int = 1) -> FiscalPeriod:
        """The period of its kind `count` later; negative counts go back."""
        return FiscalPeriod(self.first + count * MONTHS[self.grain], self.grain, self.calendar)

    @property
    def parts(self) -> Sequence[FiscalPeriod]:
        """The halves of a year, quarters of a half, months of a quarter; a month has none."""
        grain = _FINER.get(self.grain)
        if grain is None:
            return ()
        length = MONTHS[grain]
        firsts = range(self.first, self.first + MONTHS[self.grain], length)
        return [FiscalPeriod(first, grain, self.calendar) for first in firsts]

    def __contains__(self, day: date) -> bool:
        return self.start <= day <= self.end

    def __str__(self) -> str:
        if self.grain is Grain.MONTH:
            return f"{self.first // 12:04d}-{self.first % 12 + 1:02d}"
        since = self.first - self.calendar.start_month + 1
        year = since // 12 + self.calendar._shift
        if self.grain is Grain.YEAR:
            return f"FY{year:04d}"
        letter = "Q" if self.grain is Grain.QUARTER else "H"
        return f"{year:04d}-{letter}{since % 12 // MONTHS[self.grain] + 1}"


def months_id(start: date, end: date) -> str:
    """What totals of whole months are called where no fiscal year is known: 2017-Q4 for a quarter of the calendar,
    2017-10 for a month, else 2017-10/2018-03 from month to month."""
    length = (end.year - start.year) * 12 + end.month - start.month + 1
    if length == 3 and start.month % 3 == 1:
        return f"{start.year:04d}-Q{(start.month + 2) // 3}"
    first, last = f"{start.year:04d}-{start.month:02d}", f"{end.year:04d}-{end.month:02d}"
    return first if length == 1 else f"{first}/{last}"
