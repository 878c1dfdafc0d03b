"""Calendar quarters such as 2017-Q4: the periods of forecasts and quotas."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from kit.errors import InvalidInput

_TEXT = re.compile(r"(\d{4})-Q([1-4])")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A calendar quarter; ordered by time. `str()` gives the text that records and URLs carry."""

    year: int
    quarter: int

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read "2017-Q4"; InvalidInput otherwise."""
        match = _TEXT.fullmatch(text.strip())
        if match is None or int(match[1]) < 1:
            raise InvalidInput("This is no period.", field="period", value=text[:40], mend="Write it like 2017-Q4.")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.year:04d}-Q{self.quarter}"

    @property
    def start(self) -> date:
        """The first day."""
        return date(self.year, 3 * self.quarter - 2, 1)

    @property
    def end(self) -> date:
        """The last day."""
        month = 3 * self.quarter
        return date(self.year, month, 31 if month in (3, 12) else 30)

    def next(self, count: int = 1) -> Period:
        """The period `count` quarters later; negative counts go back."""
        index = self.year * 4 + self.quarter - 1 + count
        return Period(index // 4, index % 4 + 1)

    def __contains__(self, day: date) -> bool:
        return self.start <= day <= self.end


def period_of(day: date) -> Period:
    """The quarter a day lies in."""
    return Period(day.year, (day.month + 2) // 3)


def current_period(business_day: date) -> Period:
    """The quarter forecasts start with: the one that contains the day after the business day."""
    return period_of(business_day + timedelta(days=1))
