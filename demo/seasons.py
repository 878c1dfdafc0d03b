"""The simulated weeks: seasons of the quarter, and the market shock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

YEARS = 3
BEYOND = 90  # weeks after today that true probabilities look ahead; hardly a deal lives longer
SHOCK_WEEKS_AGO = 44
SHOCK_WEEKS = 18
SHOCK_DEPTH = (-0.15, -0.75)  # on the health of deals in sheltered and in exposed industries


def quarter_end(day: date) -> date:
    """The last day of the calendar quarter that contains `day`."""
    month = 3 * ((day.month - 1) // 3) + 3
    following = date(day.year + month // 12, month % 12 + 1, 1)
    return following - timedelta(days=1)


def month_end(day: date) -> date:
    """The last day of the month that contains `day`."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1) - timedelta(days=1)


def quarter(day: date) -> str:
    """The period that contains `day`, such as 2017-Q4."""
    return f"{day.year}-Q{(day.month - 1) // 3 + 1}"


def closing_pace(day: date) -> float:
    """How much faster deals are won on this day than on average: it rises sharply at the quarter's end."""
    to_quarter = (quarter_end(day) - day).days
    to_month = (month_end(day) - day).days
    return float(0.7 + 2.4 * np.exp(-to_quarter / 9) + 0.5 * np.exp(-to_month / 3))


@dataclass(frozen=True, slots=True)
class Calendar:
    """Weeks from a Monday three years before `today`; the first `weeks` are history, the rest only looked ahead to.

    Nothing happens on `today` itself: whatever the hour, no record lies in the future.
    """

    today: date
    first: date
    weeks: int
    win_pace: Floats  # (weeks + BEYOND,)
    lose_pace: Floats  # (weeks + BEYOND,)
    shock: Floats  # (2, weeks + BEYOND): health shift of sheltered and exposed deals
    day_weights: Floats  # (weeks + BEYOND, 5): where in the week a win falls

    def monday(self, week: int) -> date:
        """The first day of a week."""
        return self.first + timedelta(days=7 * int(week))

    def week_of(self, day: date) -> int:
        """The week that contains `day`."""
        return (day - self.first).days // 7


def build_calendar(today: date) -> Calendar:
    """The calendar that ends on the eve of `today`."""
    start = date(today.year - YEARS, today.month, min(today.day, 28))
    first = start - timedelta(days=start.weekday())
    weeks = -(-(today - first).days // 7)
    total = weeks + BEYOND
    days = [[first + timedelta(days=7 * week + day) for day in range(5)] for week in range(total)]
    pace = np.array([[closing_pace(day) for day in week] for week in days])
    lag = np.arange(total) - (weeks - SHOCK_WEEKS_AGO)
    wave = np.where((lag >= 0) & (lag < SHOCK_WEEKS), 1 - 0.6 * lag / SHOCK_WEEKS, 0.0)
    return Calendar(
        today=today,
        first=first,
        weeks=weeks,
        win_pace=pace.mean(axis=1),
        lose_pace=0.8 + 0.2 * pace.mean(axis=1),
        shock=np.outer(SHOCK_DEPTH, wave),
        day_weights=pace / pace.sum(axis=1, keepdims=True),
    )
