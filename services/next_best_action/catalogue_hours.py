"""The catalogue's [calendar] and the hours of its channels, checked and combined."""

from __future__ import annotations

from collections.abc import Mapping

from kit.errors import InvalidInput
from learning.contact_hours import DAY_MINUTES, WEEKDAYS, ContactHours, zone
from services.next_best_action.catalogue_checks import members
from services.next_best_action.domain import Action, Calendar, Channel

MOST_DAYS_OFF = 500


def working_hours(calendar: Calendar) -> ContactHours:
    """The calendar's hours. Raises InvalidInput naming the key."""
    where = "calendar"
    try:
        zone(calendar.time_zone)
    except ValueError as error:
        raise InvalidInput(str(error), field=f"{where}.time_zone", value=calendar.time_zone,
                           mend="Use a name of the IANA database, such as Asia/Seoul") from None  # fmt: skip
    members(calendar.working_days, WEEKDAYS, f"{where}.working_days", "Use some of")
    if not calendar.working_days:
        raise InvalidInput("no day is a working day", field=f"{where}.working_days", mend="Name at least one")
    if len(calendar.days_off) > MOST_DAYS_OFF:
        raise InvalidInput("too many days off", field=f"{where}.days_off", value=str(len(calendar.days_off)),
                           mend=f"Keep at most {MOST_DAYS_OFF}")  # fmt: skip
    days = tuple(sorted({WEEKDAYS.index(name) + 1 for name in calendar.working_days}))
    off = tuple(sorted({day.isoformat() for day in calendar.days_off}))
    return ContactHours(calendar.time_zone, days, *span(calendar.hours, f"{where}.hours"), off)


def channel_hours(working: ContactHours, channel: Channel) -> tuple[ContactHours, ContactHours]:
    """The channel's hours, and those of what promotes something on it. Raises InvalidInput naming the key."""
    where = f"channels.{channel.name}"
    plain = working
    if channel.hours is not None:
        first, last = span(channel.hours, f"{where}.hours")
        plain = ContactHours(working.time_zone, working.weekdays, first, last, working.days_off)
    promotional = plain.within(*span(channel.promotional_hours, f"{where}.promotional_hours"))
    if promotional.until_minute <= promotional.from_minute:
        raise InvalidInput("no hour is left of it within the channel's hours", field=f"{where}.promotional_hours",
                           value=" to ".join(channel.promotional_hours),
                           mend="Let it overlap the hours of the channel or the calendar")  # fmt: skip
    return plain, promotional


def check_length(action: Action, hours: ContactHours, channel: str) -> None:
    """Refuse an action that takes longer than a day of its channel has."""
    if action.minutes > hours.until_minute - hours.from_minute:
        raise InvalidInput(f"it takes longer than the hours of {channel or 'the calendar'} last",
                           field=f"actions.{action.name}.minutes", value=f"{action.minutes:g}",
                           mend="Make it shorter, or the hours longer")  # fmt: skip


def span(times: tuple[str, str], where: str) -> tuple[int, int]:
    """Two times of a day as minutes since midnight. Raises InvalidInput where they are none, or no span."""
    first, last = (_minute(text, where) for text in times)
    if first >= last:
        raise InvalidInput("it ends before it begins", field=where, value=" to ".join(times),
                           mend='Write it such as ["09:00", "18:00"]')  # fmt: skip
    return first, last


def _minute(text: str, where: str) -> int:
    hour, colon, minute = text.partition(":")
    if colon and len(hour) == len(minute) == 2 and (hour + minute).isascii() and (hour + minute).isdecimal():
        found = int(hour) * 60 + int(minute)
        if int(minute) < 60 and found <= DAY_MINUTES:
            return found
    raise InvalidInput("this is no time of day", field=where, value=text, mend="Write it such as 09:00, up to 24:00")


Hours = Mapping[tuple[str, bool], ContactHours]  # by channel ("" without one) and whether it promotes


def all_hours(calendar: Calendar, channels: Mapping[str, Channel]) -> Hours:
    """The hours of every channel, plain and promotional."""
    working = working_hours(calendar)
    found = {("", False): working, ("", True): working}
    for name, channel in channels.items():
        found[name, False], found[name, True] = channel_hours(working, channel)
    return found
