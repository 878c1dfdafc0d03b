"""Weeks and months beside learning's quarters: what a forecast can be asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Protocol, Self, TypeAlias

from kit.errors import InvalidInput
from learning.periods import period_of


class Span(Protocol):
    """A stretch of days with neighbours of its kind: a week, a month or a quarter."""

    @property
    def start(self) -> date: ...

    @property
    def end(self) -> date: ...

    def next(self, count: int = 1) -> Self:
        """The span `count` later; negative counts go back."""
        ...

    def __lt__(self, other: Any) -> bool: ...

    def __hash__(self) -> int: ...


Calendar: TypeAlias = Callable[[date], tuple[Span, ...]]  # the span of a day and those after it


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """A week from Monday on; `str()` gives ISO 8601 such as 2017-W31."""

    start: date

    @property
    def end(self) -> date:
        """Its Sunday."""
        return self.start + timedelta(days=6)

    def next(self, count: int = 1) -> Week:
        """The week `count` later; negative counts go back."""
        return Week(self.start + timedelta(weeks=count))

    def __str__(self) -> str:
        year, week, _ = self.start.isocalendar()
        return f"{year:04d}-W{week:02d}"


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month by its first day; `str()` gives text such as 2017-08."""

    start: date

    @property
    def end(self) -> date:
        """Its last day."""
        return self.next().start - timedelta(days=1)

    def next(self, count: int = 1) -> Month:
        """The month `count` later; negative counts go back."""
        index = self.start.year * 12 + self.start.month - 1 + count
        return Month(date(index // 12, index % 12 + 1, 1))

    def __str__(self) -> str:
        return f"{self.start:%Y-%m}"


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """Three months, by their first day, that are no calendar quarter; `str()` gives text such as 2017-08/2017-10."""

    start: date

    @property
    def end(self) -> date:
        """Its last day."""
        return self.next().start - timedelta(days=1)

    def next(self, count: int = 1) -> Quarter:
        """The quarter `count` later; negative counts go back."""
        return Quarter(Month(self.start).next(3 * count).start)

    def __str__(self) -> str:
        return f"{Month(self.start)}/{Month(self.start).next(2)}"


@dataclass(frozen=True, slots=True, order=True)
class Months:
    """Whole months from one day to another; `str()` gives text such as 2017-08 or 2017-10/2018-03."""

    start: date
    end: date

    def next(self, count: int = 1) -> Months:
        """As many months later, `count` times; negative counts go back."""
        length = (self.end.year - self.start.year) * 12 + self.end.month - self.start.month + 1
        start = Month(self.start).next(count * length)
        return Months(start.start, start.next(length - 1).end)

    def __str__(self) -> str:
        first, last = f"{self.start:%Y-%m}", f"{self.end:%Y-%m}"
        return first if first == last else f"{first}/{last}"


def _week_of(day: date) -> Span:
    return Week(day - timedelta(days=day.weekday()))


def _month_of(day: date) -> Span:
    return Month(day.replace(day=1))


SPANS: Mapping[str, Callable[[date], Span]] = {"week": _week_of, "month": _month_of, "quarter": period_of}


def span_of(kind: str, day: date) -> Span:
    """The week, month or quarter a day lies in. Raises InvalidInput for another kind."""
    if kind not in SPANS:
        raise InvalidInput("This is no kind of period.", field="period", value=kind, mend="Take week, month or quarter")
    return SPANS[kind](day)


@lru_cache(maxsize=64)
def calendar(kind: str, count: int) -> Calendar:
    """The `count` spans from a day on, as a function of the day."""

    @lru_cache(maxsize=4096)
    def spans(start: date) -> tuple[Span, ...]:
        first = span_of(kind, start)
        return tuple(first.next(later) for later in range(count))

    return spans


def same_day(kind: str, day: date, back: int) -> date:
    """The day as far into the span `back` earlier; the last day of a span answers to the last day."""
    span = span_of(kind, day)
    earlier = span.next(-back)
    return earlier.end if day == span.end else min(earlier.start + (day - span.start), earlier.end)
