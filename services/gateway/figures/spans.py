"""The periods of figures: weeks beside the months, quarters, halves and years of the fiscal calendar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from kit.errors import InvalidInput
from learning.fiscal import FIRST_YEAR, LAST_YEAR, FiscalCalendar

_WEEK = re.compile(r"(\d{4})-W(\d{2})")


@dataclass(frozen=True, slots=True)
class Span:
    """A period by its id, with its first and last day as ordinals."""

    id: str
    start: int
    end: int

    def holds(self, day: int) -> bool:
        """Whether a day, by its ordinal, lies in it."""
        return self.start <= day <= self.end


def spans_of(calendar: FiscalCalendar, text: str, count: int, business_day: date) -> list[Span]:
    """So many periods of a kind, ending with the one named, else with the quarter of the business day.

    A week is named by the year and number of ISO 8601, 2017-W39, and begins on Monday. Raises InvalidInput.
    """
    match = _WEEK.fullmatch(text.strip())
    if match is not None:
        last = _monday(int(match[1]), int(match[2]), text)
        mondays = [last - timedelta(weeks=back) for back in range(count - 1, -1, -1)]
        return [Span(_week_id(day), day.toordinal(), day.toordinal() + 6) for day in mondays]
    period = calendar.parse(text) if text else calendar.current(business_day)
    if period.next(1 - count).start.year < FIRST_YEAR - 1:
        raise InvalidInput("so many periods reach too far back", field="last", value=str(count), mend="Ask for fewer")
    periods = [period.next(-back) for back in range(count - 1, -1, -1)]
    return [Span(str(one), one.start.toordinal(), one.end.toordinal()) for one in periods]


def _monday(year: int, week: int, text: str) -> date:
    try:
        if FIRST_YEAR <= year <= LAST_YEAR:
            return date.fromisocalendar(year, week, 1)
    except ValueError:
        pass
    mend = f"A year between {FIRST_YEAR} and {LAST_YEAR} has weeks from 01 to 52, some to 53"
    raise InvalidInput("there is no such week", field="period", value=text[:40], mend=mend)


def _week_id(monday: date) -> str:
    year, week, _ = monday.isocalendar()
    return f"{year:04d}-W{week:02d}"
