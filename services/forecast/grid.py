"""The months that scenarios are held in, and the quarters and longer periods that they add up to.

Every vector is of one month, so that any period of whole months is a sum of vectors, scenario by scenario. Quarters
may begin with any month: those of the calendar are learning's, others are named by their months.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from learning.periods import period_of
from services.forecast.domain import PERIODS
from services.forecast.spans import Calendar, Month, Quarter, Span, calendar

Run: TypeAlias = tuple[Span, ...]  # consecutive quarters


class Grid(Protocol):
    """How the spans that are drawn make up those that are corrected and published. Spans come in order of time."""

    def parts(self, start: date) -> tuple[Span, ...]:
        """Those drawn, of the period of `start` and those after it; earlier ones of that period included."""
        ...

    def wholes(self, start: date) -> tuple[Span, ...]:
        """Those corrected and published, of `start` and after it."""
        ...

    def whole(self, part: Span) -> Span:
        """The one that a part belongs to."""
        ...

    def parts_of(self, whole: Span) -> tuple[Span, ...]:
        """The parts that make up one."""
        ...

    def runs(self, last: Span, start: date) -> Sequence[Run]:
        """Wholes of which the sum is published beside the last one, as of the day before `start`."""
        ...

    def __hash__(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Single:
    """Spans of one kind, each a whole of its own."""

    spans: Calendar

    def parts(self, start: date) -> tuple[Span, ...]:
        """See Grid."""
        return self.spans(start)

    def wholes(self, start: date) -> tuple[Span, ...]:
        """See Grid."""
        return self.spans(start)

    def whole(self, part: Span) -> Span:
        """See Grid."""
        return part

    def parts_of(self, whole: Span) -> tuple[Span, ...]:
        """See Grid."""
        return (whole,)

    def runs(self, last: Span, start: date) -> Sequence[Run]:
        """See Grid."""
        return ()


@dataclass(frozen=True, slots=True)
class Quarters:
    """Months in quarters. first_month: of any quarter, 1 … 12."""

    first_month: int = 1

    def parts(self, start: date) -> tuple[Span, ...]:
        """The months of four quarters."""
        return _months(self, start)

    def wholes(self, start: date) -> tuple[Span, ...]:
        """The current quarter and the next three."""
        return _quarters(self, start)

    def whole(self, part: Span) -> Span:
        """The quarter of a month."""
        return quarter_of(part.start, self.first_month)

    def parts_of(self, whole: Span) -> tuple[Span, ...]:
        """The three months of a quarter."""
        return _months_of(whole.start)

    def runs(self, last: Span, start: date) -> Sequence[Run]:
        """The two quarters that may be a half, and what may be left of a year."""
        return _runs(_quarters(self, start), last)


@lru_cache(maxsize=4096)
def quarter_of(day: date, first_month: int = 1) -> Span:
    """The quarter a day lies in, where a quarter begins with `first_month`."""
    back = (day.month - first_month) % 3
    return period_of(day) if (first_month - 1) % 3 == 0 else Quarter(Month(day.replace(day=1)).next(-back).start)


@lru_cache(maxsize=4096)
def _months_of(first: date) -> tuple[Span, ...]:
    month = Month(first)
    return (month, month.next(), month.next(2))


@lru_cache(maxsize=4096)
def _runs(quarters: Run, last: Span) -> Sequence[Run]:
    if last not in quarters:
        return ()
    place = quarters.index(last)
    lengths = sorted({2, place + 1} & set(range(2, place + 2)))
    return [quarters[place + 1 - length : place + 1] for length in lengths]


@lru_cache(maxsize=4096)
def _quarters(grid: Quarters, start: date) -> tuple[Span, ...]:
    first = quarter_of(start, grid.first_month)
    return tuple(first.next(later) for later in range(PERIODS))


@lru_cache(maxsize=4096)
def _months(grid: Quarters, start: date) -> tuple[Span, ...]:
    return tuple(month for quarter in grid.wholes(start) for month in grid.parts_of(quarter))


@lru_cache(maxsize=4096)
def places(grid: Grid, start: date) -> NDArray[np.int64]:
    """Of each part from `start` on the place of its whole; the last entry stands for beyond."""
    wholes = grid.wholes(start)
    found = [wholes.index(grid.whole(part)) for part in grid.parts(start)]
    return np.array([*found, len(wholes)], dtype=np.int64)


def spans_from(kind: str, count: int, first_month: int = 1) -> Calendar:
    """As `spans.calendar`, where quarters begin with `first_month`."""
    if kind != "quarter" or (first_month - 1) % 3 == 0:
        return calendar(kind, count)
    return lambda start: tuple(quarter_of(start, first_month).next(later) for later in range(count))
