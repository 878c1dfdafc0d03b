"""The activities of a deal's path: what the rep did, what came back, and what happened on the web."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from operator import attrgetter
from random import Random

from demo import notes
from demo.hazards import ACTIONS, SITUATIONS
from demo.story import Start, at_office
from learning.records import Activity

# The activity type that an action is logged as: the first that comes up, by chance.
TYPES = {
    "call": ("call",), "mail": ("mail",), "chat": ("chat", "chat", "chat", "text"), "meeting": ("meeting",),
    "visit": ("visit",), "demo": ("meeting",), "send_quote": ("mail",),
    "support_internal_approval": ("mail", "meeting"),
    "involve_decision_maker": ("meeting", "visit"), "answer_objection": ("call", "meeting", "mail"),
    "second_contact": ("call", "mail", "chat"),
}  # fmt: skip
ANSWERS = ("mail", "mail", "call", "chat", "meeting")
WEB = ("web_visit", "web_visit", "download", "mail_opened")
NOTED = 0.06  # weekly chance of a note to oneself
SERVICE = 0.02  # weekly chance of a service case at a customer
TOLD = 0.85  # chance that what comes to stand in the way is told in the week it does
UNSAID = tuple(SITUATIONS.index(name) for name in ("contact_changed", "silent"))  # no customer says; reps note it


@dataclass(frozen=True, slots=True)
class Deed:
    """A week's doings, as demo.simulate.Paths has them."""

    monday: date
    owner_id: str
    situation: int
    health: float
    action: int
    action_day: int
    answered: bool
    last_day: int  # of the week, on which the deal is still open


def activities(
    start: Start, deeds: Sequence[Deed], last_day: date, customer: bool, number: int, rng: Random
) -> list[Activity]:
    """A deal's activities by time, numbered from `number`; none after `last_day` or the close."""
    found: list[Activity] = []
    for place, deed in enumerate(deeds):
        following = deeds[place + 1].situation if place + 1 < len(deeds) else 0
        found += of_week(start, deed, following, customer, rng)
    kept = sorted((one for one in found if one.time.date() <= last_day), key=attrgetter("time"))
    return [replace(one, id=f"T-{number + place:07d}") for place, one in enumerate(kept)]


def of_week(start: Start, deed: Deed, following: int, customer: bool, rng: Random) -> list[Activity]:
    """A week's, in no order. following: the situation of the week after."""
    found: list[Activity] = []
    _deed(found, start, deed, rng)
    if following and not deed.situation and rng.random() < TOLD:
        _arisen(found, start, deed, following, rng)

    if rng.random() < 0.10 + 0.04 * max(-1.5, min(2.0, deed.health)):
        kind, day = rng.choice(WEB), rng.randint(0, deed.last_day)
        _add(found, start, deed, kind, "inbound", day, _contact(start, rng), "", rng)
    if rng.random() < NOTED:
        text = notes.internal(start.subject, deed.situation, start.names[_contact(start, rng)], rng)
        _add(found, start, deed, "note", "internal", rng.randint(0, deed.last_day), "", text, rng)
    if customer and rng.random() < SERVICE:
        day = rng.randint(0, deed.last_day)
        _add(found, start, deed, "service_case", "inbound", day, _contact(start, rng), "", rng)
    return found


def _deed(found: list[Activity], start: Start, deed: Deed, rng: Random) -> None:
    """What the rep did and the answer to it."""
    if deed.action:
        name = ACTIONS[deed.action]
        contact = _contact(start, rng)
        text = notes.outbound(start.subject, deed.action, deed.situation, start.names[contact], rng)
        _add(found, start, deed, rng.choice(TYPES[name]), "outbound", deed.action_day, contact, text, rng)
    if deed.answered:
        contact = _contact(start, rng)
        text = notes.inbound(start.subject, deed.situation, start.names[contact], rng)
        day = rng.randint(min(deed.action_day, deed.last_day), deed.last_day)
        _add(found, start, deed, rng.choice(ANSWERS), "inbound", day, contact, text, rng)


def _arisen(found: list[Activity], start: Start, deed: Deed, situation: int, rng: Random) -> None:
    """What the customer says, or the rep notes, when something comes to stand in the way."""
    contact = _contact(start, rng)
    text = notes.arisen(start.subject, situation, start.names[contact], rng)
    if situation in UNSAID:
        _add(found, start, deed, "note", "internal", deed.last_day, "", text, rng)
    else:
        _add(found, start, deed, rng.choice(ANSWERS), "inbound", deed.last_day, contact, text, rng)


def _contact(start: Start, rng: Random) -> str:
    """One of those who take part."""
    return rng.choice(start.contacts).contact_id


def _add(
    found: list[Activity], start: Start, deed: Deed, kind: str, direction: str, day: int, contact: str, text: str,
    rng: Random,
) -> None:  # fmt: skip
    """An activity in office hours before the day's event."""
    time = at_office(deed.monday + timedelta(days=day), rng, 0, 6)
    found.append(Activity("", start.id, kind, direction, time, contact, deed.owner_id, text))
