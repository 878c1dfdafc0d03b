"""Time as a dependency: wall time in production, a fixed one in tests and pinned companies."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

from kit.errors import InvalidInput


class Clock(Protocol):
    """Tells the time in UTC."""

    def now(self) -> datetime: ...


class WallClock:
    """The machine's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """Stands still until moved."""

    def __init__(self, at: datetime | date) -> None:
        self._now = _as_datetime(at)

    def now(self) -> datetime:
        return self._now

    def move(self, to: datetime | date) -> None:
        """Stand at another time."""
        self._now = _as_datetime(to)

    def advance(self, by: timedelta) -> None:
        """Go on by a span."""
        self._now += by


def utc_day(moment: datetime) -> date:
    """The UTC calendar day of a moment; a moment without a zone counts as UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).date()


def day_start(day: date) -> datetime:
    """The first moment of a UTC day."""
    return datetime.combine(day, time.min, UTC)


def day_end(day: date) -> datetime:
    """The last microsecond of a UTC day."""
    return datetime.combine(day, time.max, UTC)


def last_second(day: date) -> datetime:
    """The last whole second of a UTC day: the time of what is known to the day alone."""
    return day_end(day).replace(microsecond=0)


def as_of(now: datetime, day: date) -> datetime:
    """The moment an answer for a business day is as of: now, but never later than the day's end.

    A company whose clock stands still so sees answers as of its own day, not of today.
    """
    return min(now, day_end(day))


def parse_day(text: str, field: str = "day") -> date:
    """Read YYYY-MM-DD. Raises InvalidInput naming the field."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput(
            "this is no calendar day", field=field, value=text, mend="Write it as YYYY-MM-DD, such as 2017-09-30"
        ) from None


def _as_datetime(at: datetime | date) -> datetime:
    if isinstance(at, datetime):
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    return day_start(at)


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait for so long, or until stop is set."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass
