"""When people may be contacted: working days, hours of the day, days off, on the clock of a place.

The action service names the hours with each suggestion; whoever shows it finds the next window that fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo

DAY_MINUTES = 24 * 60
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FARTHEST_DAYS = 400  # a calendar with no open day within so many has none


@dataclass(frozen=True, slots=True)
class ContactHours:
    """Hours of the day on certain days. `weekdays` are ISO numbers, 1 is Monday; minutes count from midnight."""

    time_zone: str = "UTC"
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5)
    from_minute: int = 9 * 60
    until_minute: int = 18 * 60
    days_off: tuple[str, ...] = ()  # ISO 8601

    def within(self, from_minute: int, until_minute: int) -> ContactHours:
        """These hours where they overlap the others; empty (until ≤ from) where they do not."""
        return ContactHours(
            self.time_zone, self.weekdays, max(self.from_minute, from_minute), min(self.until_minute, until_minute),
            self.days_off,
        )  # fmt: skip

    def open_on(self, day: date) -> bool:
        """Whether anything may be done that day."""
        return day.isoweekday() in self.weekdays and day.isoformat() not in self.days_off

    def next_open(self, day: date, count: int) -> list[date]:
        """The next open days after a day; fewer where the calendar has no more."""
        ahead = (day + timedelta(days=days) for days in range(1, FARTHEST_DAYS))
        return list(islice((one for one in ahead if self.open_on(one)), count))

    def allows(self, moment: datetime) -> bool:
        """Whether it may be done at that moment."""
        local = moment.astimezone(zone(self.time_zone))
        minute = local.hour * 60 + local.minute
        return self.open_on(local.date()) and self.from_minute <= minute < self.until_minute


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time, UTC."""

    start: datetime
    end: datetime

    @property
    def minutes(self) -> float:
        """How long it is."""
        return (self.end - self.start).total_seconds() / 60


def windows(hours: ContactHours, after: datetime, minutes: float, most: int = 1) -> list[Window]:
    """The next windows from `after` on in which so many minutes fit; one begun already counts from `after`.

    None of them where the hours of a day are too short for it.
    """
    found: list[Window] = []
    local = after.astimezone(zone(hours.time_zone)).date()
    for ahead in range(FARTHEST_DAYS):
        day = local + timedelta(days=ahead)
        if not hours.open_on(day):
            continue
        start = max(at_minute(day, hours.from_minute, hours.time_zone), after)
        end = at_minute(day, hours.until_minute, hours.time_zone)
        if end > start and (end - start).total_seconds() >= minutes * 60:
            found.append(Window(start, end))
            if len(found) == most:
                break
        elif ahead and hours.until_minute - hours.from_minute < minutes:
            break
    return found


@lru_cache(maxsize=4_096)  # a rep's day asks for the same few hours a thousand times
def at_minute(day: date, minute: int, time_zone: str) -> datetime:
    """The moment of a minute of a day on a place's clock, in UTC; 1440 is the next midnight."""
    begun = datetime(day.year, day.month, day.day, tzinfo=zone(time_zone))
    days, rest = divmod(minute, DAY_MINUTES)
    wall = begun + timedelta(days=days)
    return wall.replace(hour=rest // 60, minute=rest % 60).astimezone(UTC)


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name. Raises ValueError where there is none."""
    try:
        return ZoneInfo(name)
    except (OSError, KeyError, ValueError):
        raise ValueError(f"there is no time zone {name}") from None


def overlap(first: Sequence[Window], second: Window) -> list[Window]:
    """The parts of the windows that lie within the other one."""
    cut = [Window(max(one.start, second.start), min(one.end, second.end)) for one in first]
    return [one for one in cut if one.end > one.start]
