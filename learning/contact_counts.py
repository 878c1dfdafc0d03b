"""Recent contacts per channel, for contact limits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from learning.records import CHANNELS, Activity, ContactCounter

WEEK, MONTH = timedelta(days=7), timedelta(days=30)


def count_contacts(activities: Sequence[Activity], now: datetime) -> tuple[ContactCounter, ...]:
    """A counter for each channel used, of activities oldest first; what lies after `now` does not count.

    An activity is on a channel if its type is the channel's name. "Unanswered" are the outbound contacts since the
    last inbound one on that channel.
    """
    by_channel: dict[str, list[Activity]] = {}
    for activity in activities:
        if activity.type in CHANNELS and activity.time <= now:
            by_channel.setdefault(activity.type, []).append(activity)
    return tuple(_count(channel, by_channel[channel], now) for channel in CHANNELS if channel in by_channel)


def _count(channel: str, activities: Sequence[Activity], now: datetime) -> ContactCounter:
    week = month = unanswered = 0
    last_out: datetime | None = None
    last_in: datetime | None = None
    for activity in activities:
        if activity.direction == "outbound":
            week += now - activity.time < WEEK
            month += now - activity.time < MONTH
            unanswered += 1
            last_out = activity.time
        elif activity.direction == "inbound":
            unanswered = 0
            last_in = activity.time
    return ContactCounter(channel, week, month, unanswered, last_out, last_in)
