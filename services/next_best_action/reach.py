"""Whom to contact and on which channel: consent, contact limits, buying roles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from kit.clock import utc_day
from learning.records import ContactCounter
from services.next_best_action.domain import Action, Channel, Person


class Reach(NamedTuple):
    """A way to carry an action out; contact_id is empty where nobody is recorded, or nobody is needed."""

    channel: str = ""
    contact_id: str = ""


def free_from(channel: Channel, counter: ContactCounter | None, day: date) -> date:
    """The first day from `day` on that the channel's limits leave free.

    Counters hold no times but the last, so a full week or month is taken to empty that long after the last contact.
    """
    if counter is None or counter.last_outbound_time is None:
        return day
    last = utc_day(counter.last_outbound_time)
    free = day
    if counter.outbound_7_days >= channel.per_7_days:
        free = max(free, last + timedelta(days=7))
    if counter.outbound_30_days >= channel.per_30_days:
        free = max(free, last + timedelta(days=30))
    if counter.unanswered_in_a_row >= channel.unanswered:
        free = max(free, last + timedelta(days=channel.quiet_days))
    return free


def free_days(channels: Mapping[str, Channel], counters: Iterable[ContactCounter], day: date) -> Mapping[str, date]:
    """`free_from` for every channel."""
    known = {counter.channel: counter for counter in counters}
    return {name: free_from(channel, known.get(name), day) for name, channel in channels.items()}


@dataclass(frozen=True, slots=True)
class Way:
    """A channel as it stands for one deal: from when on it is free, and who may be reached on it."""

    free: date
    permitted: tuple[Person, ...]
    open: bool  # somebody may be reached: one of these, or nobody is recorded


def ways(
    channels: Mapping[str, Channel], people: tuple[Person, ...], counters: Iterable[ContactCounter], day: date
) -> Mapping[str, Way]:
    """Every channel, once for all actions. Nobody recorded counts as somebody unknown who said neither yes nor no."""
    free = free_days(channels, counters, day)
    found: dict[str, Way] = {}
    for name, channel in channels.items():
        permitted = tuple([person for person in people if _permitted(person, channel)])
        found[name] = Way(free[name], permitted, bool(permitted) or not (people or channel.consent))
    return found


def reach(action: Action, ways: Mapping[str, Way], day: date) -> Reach | date | None:
    """How to carry the action out; or the day its contact limits end; or None where consent forbids it.

    Of the channels in the action's order the first that is free and permitted; of the people permitted on it the one
    whose role the action names first.
    """
    if not action.channels:
        return Reach()
    later: date | None = None
    for name in action.channels:
        way = ways[name]
        if not way.open:
            continue
        if way.free > day:
            later = min(later, way.free) if later else way.free
            continue
        return Reach(name, _first(way.permitted, action))
    return later


def _first(permitted: tuple[Person, ...], action: Action) -> str:
    if len(permitted) < 2:
        return permitted[0].contact_id if permitted else ""
    return min(permitted, key=lambda each: _rank(each, action)).contact_id


def _permitted(person: Person, channel: Channel) -> bool:
    if channel.name in person.refused:
        return False
    return channel.name in person.consented or not channel.consent


def _rank(person: Person, action: Action) -> tuple[int, str]:
    place = action.roles.index(person.role) if person.role in action.roles else len(action.roles)
    return place, person.contact_id
