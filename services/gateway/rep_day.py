"""A rep's day: at most five suggestions, one a deal, at times that are free and allowed; the rest is tidied weekly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from kit.errors import InvalidInput
from learning.answers import Verb
from learning.contact_hours import ContactHours, Window, at_minute, overlap, windows, zone
from services.gateway.domain import InsightKind, Principal, Record
from services.gateway.feedback_record import Feedback, standing
from services.gateway.json_values import time_text
from services.gateway.merged import View, day_text, merged, suggestions
from services.gateway.service import Gateway, deal_summary
from services.gateway.shown_actions import hours_of
from services.gateway.store.interface import Query, Touch

MOST = 5
TIDY = 20
READ = 300  # deals, by gain, that a day is chosen from
LUNCH = (12 * 60, 13 * 60)  # kept free, unless the free hours that are given hold it
ANSWERS = 3  # of a customer's contacts tell when they like to talk
Span = tuple[int, int]  # minutes of a day


@dataclass(frozen=True, slots=True)
class Choice:
    """A suggestion that may go into the day, not yet worded, and the id of its deal."""

    deal_id: str
    action: Mapping[str, Any]
    hours: ContactHours | None
    touches: Sequence[Touch] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """A suggestion at its time of the day."""

    choice: Choice
    time: Mapping[str, str]
    liked_hour: int | None


@dataclass(slots=True)
class Plan:
    """A day as it fills."""

    day: date
    free: list[Window]
    items: list[Item] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class OpenDeals:
    """An owner's open deals, by gain, and what the moment adds to them."""

    owner: str
    records: Sequence[Record]
    view: View
    touches: Mapping[str, Sequence[Touch]]
    _merged: dict[str, dict[str, Any]] = field(default_factory=dict)

    def merged(self, record: Record) -> dict[str, Any]:
        """One of them as `merged` tells it, worked out once: a day shows a deal in several places. Not to be
        changed."""
        name = record.history.deal.id
        if name not in self._merged:
            self._merged[name] = merged(record, self.view)
        return self._merged[name]


async def open_deals(gateway: Gateway, principal: Principal, owner: str, language: str = "en") -> OpenDeals:
    """Those that a day is chosen from."""
    page = await gateway.store.list_records(principal, Query(owner_id=owner, outcome="OPEN", sort="-gain"), "", READ)
    view = await gateway.view(principal, page.records, language)
    touches = await gateway.store.touches(principal, [record.history.deal.id for record in page.records])
    return OpenDeals(owner, page.records, view, touches)


def rep_day(deals: OpenDeals, now: datetime, free: Sequence[Span] = ()) -> dict[str, Any]:
    """The owner's next working day; `free` are the spans of it without appointments, all but lunch without any."""
    found = [_choices(record, deals) for record in deals.records]
    met = in_touch((one for answers in deals.view.feedback.values() for one in standing(answers).values()), now)
    today = date.fromisoformat(deals.view.business_day)
    put_off = {name: until for name, answers in deals.view.feedback.items() if (until := put_off_until(answers, today))}
    daily = [
        [each for each in choices if each.deal_id not in put_off and not each.action["tidy_up"] and not met(each)]
        for choices, _ in found
    ]
    tidy = [each for choices, _ in found for each in choices if each.action["tidy_up"]]
    plan = fill(daily, now, free)
    tidy_day = end_of_week(plan.day, tidy)
    again = [date.fromisoformat(day) for _, day in found if day] + [tidy_day for _ in tidy[:1]] + [*put_off.values()]
    chosen = [(one.choice, {"time": one.time, "liked_hour": one.liked_hour}) for one in plan.items]
    return {
        "owner": deals.owner,
        "day": plan.day.isoformat(),
        "actions": _worded(deals, chosen),
        "look_again_date": None if plan.items else day_text(look_again(again, daily, plan.day)),
        "tidy_up": {"day": tidy_day.isoformat(), "actions": _worded(deals, [(one, {}) for one in tidy[:TIDY]])},
    }


def put_off_until(answers: Sequence[Feedback], today: date) -> date | None:
    """Until when a deal is left alone: who put one of its suggestions off did not ask for its next one instead."""
    ends = [one.until for one in standing(answers).values() if one.verb is Verb.SNOOZE and one.until]
    return max((end for end in ends if end > today), default=None)


def in_touch(answers: Iterable[Feedback], now: datetime) -> Callable[[Choice], bool]:
    """Tells whether somebody was in touch today with the person of a suggestion, by whatever channel and on whatever
    deal, or with anybody on its deal: once a day is enough."""
    done = [one for one in answers if one.verb is Verb.DONE]

    def met(choice: Choice) -> bool:
        place = zone(choice.hours.time_zone if choice.hours else "UTC")
        today, person = now.astimezone(place).date(), choice.action.get("contact_id", "")
        lately = [one for one in done if one.channel and one.time.astimezone(place).date() == today]
        if person and any(one.contact_id == person for one in lately):
            return True
        return bool(choice.action.get("channel")) and any(one.deal_id == choice.deal_id for one in lately)

    return met


def _worded(deals: OpenDeals, chosen: Sequence[tuple[Choice, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """What was chosen as people read it, with its deal: wording all that it was chosen from would take long."""
    ids = {one.deal_id for one, _ in chosen}
    records = {one.history.deal.id: one for one in deals.records if one.history.deal.id in ids}
    shown = {name: deals.merged(record) for name, record in records.items()}
    actions = {
        (name, action["id"]): action for name, one in shown.items() for action in one["next_actions"]["actions"]
    }  # fmt: skip
    return [
        {"deal": deal_summary(shown[one.deal_id]), **actions[one.deal_id, one.action["id"]], **more}
        for one, more in chosen
    ]


def fill(choices: Sequence[Sequence[Choice]], now: datetime, free: Sequence[Span] = ()) -> Plan:
    """The day of the first that may be done: by gain, the first of each deal's suggestions that still fits."""
    timed = [each for listed in choices for each in listed if each.hours is not None]
    starts = [(slots[0].start, each.hours) for each in timed if each.hours is not None
              if (slots := windows(each.hours, now, each.action["minutes"]))]  # fmt: skip
    if not starts:
        return Plan(now.date(), [])
    start, hours = min(starts, key=lambda one: one[0])
    day = start.astimezone(zone(hours.time_zone)).date()
    spans = free or ((0, LUNCH[0]), (LUNCH[1], 24 * 60))
    whole = [Window(at_minute(day, first, hours.time_zone), at_minute(day, last, hours.time_zone))
             for first, last in spans]  # fmt: skip
    plan = Plan(day, [Window(max(one.start, now), one.end) for one in whole if one.end > now])
    for listed in choices:
        if len(plan.items) == MOST:
            break
        for each in listed:
            if _placed(each, plan):
                break
    plan.items.sort(key=lambda item: item.time["start"])
    return plan


def _placed(each: Choice, plan: Plan) -> bool:
    """Whether a free and allowed time was found, which is then taken."""
    if each.hours is None or not each.hours.open_on(plan.day):
        return False
    name, day = each.hours.time_zone, plan.day
    allowed = Window(at_minute(day, each.hours.from_minute, name), at_minute(day, each.hours.until_minute, name))
    length = timedelta(minutes=each.action["minutes"])
    slots = [one for one in overlap(plan.free, allowed) if one.end - one.start >= length]
    if not slots:
        return False
    liked = liked_hour(each.touches, name)
    start = _start(slots, length, day, liked, name)
    taken = Window(start, start + length)
    plan.free = [part for one in plan.free for part in _without(one, taken)]
    time = {"start": time_text(taken.start), "end": time_text(taken.end)}
    plan.items.append(Item(each, time, liked))
    return True


def _without(one: Window, taken: Window) -> list[Window]:
    """What is left of a free span."""
    if taken.end <= one.start or taken.start >= one.end:
        return [one]
    parts = (Window(one.start, taken.start), Window(taken.end, one.end))
    return [part for part in parts if part.end > part.start]


def _start(slots: Sequence[Window], length: timedelta, day: date, liked: int | None, name: str) -> datetime:
    """The hour in which the customer answers, where it is free; else the earliest time."""
    if liked is not None:
        hour = Window(at_minute(day, liked * 60, name), at_minute(day, liked * 60 + 60, name))
        for slot in overlap(slots, hour):
            if any(one.start <= slot.start and slot.start + length <= one.end for one in slots):
                return slot.start
    return slots[0].start


def liked_hour(touches: Sequence[Touch], name: str) -> int | None:
    """The hour of the day in which the customer got in touch most; None where too few contacts tell."""
    hours = Counter(one.time.astimezone(zone(name)).hour for one in touches if not one.outbound)
    if hours.total() < ANSWERS:
        return None
    return max(sorted(hours), key=lambda hour: hours[hour])


def _choices(record: Record, deals: OpenDeals) -> tuple[list[Choice], str]:
    """The suggestions of a deal, best first, and when to look again where there are none."""
    insight = record.insights.get(InsightKind.NEXT_ACTIONS)
    if insight is None:
        return [], ""
    name = record.history.deal.id
    log, defaults = deals.touches.get(name, ()), {"minutes": 0.0, "tidy_up": False}
    found = [Choice(name, defaults | dict(one), hours_of(one), log) for one in suggestions(record, deals.view)]
    return found, "" if found else insight.body.get("look_again_date") or ""


def look_again(said: Sequence[date], daily: Sequence[Sequence[Choice]], day: date) -> date | None:
    """Of an empty day: the first of the days that are said, or the next on which what did not fit may be done."""
    left = next((each.hours for listed in daily for each in listed if each.hours is not None), None)
    next_open = [_open_from(day + timedelta(days=1), left)] if left is not None else []
    return min([*said, *next_open], default=None)


def end_of_week(day: date, tidy: Sequence[Choice]) -> date:
    """The last working day of the week that the day is in; of the next one where none is left."""
    hours = next((each.hours for each in tidy if each.hours is not None), ContactHours())
    first = _open_from(day, hours)
    week = [first + timedelta(days=ahead) for ahead in range(7 - first.weekday())]
    return max(one for one in week if one == first or hours.open_on(one))


def _open_from(day: date, hours: ContactHours) -> date:
    """The first day from this one on that is open; this one where none is."""
    found = windows(hours, at_minute(day, 0, hours.time_zone), 0)
    return found[0].start.astimezone(zone(hours.time_zone)).date() if found else day


def free_spans(text: str) -> list[Span]:
    """Spans such as 09:00-11:00,14:00-15:30, in order. Raises InvalidInput."""
    found: list[Span] = []
    for part in text.split(",") if text else ():
        first, _, last = part.strip().partition("-")
        span = (_minutes(first), _minutes(last))
        if -1 in span or span[0] >= span[1] or (found and span[0] < found[-1][1]) or len(found) == 48:
            raise InvalidInput("these are no free hours", field="free", value=text[:60],
                               mend="Write them in order, such as 09:00-11:00,14:00-15:30")  # fmt: skip
        found.append(span)
    return found


def _minutes(text: str) -> int:
    hour, _, minute = text.strip().partition(":")
    if len(hour) != 2 or len(minute) != 2 or not (hour + minute).isascii() or not (hour + minute).isdecimal():
        return -1
    found = int(hour) * 60 + int(minute)
    return found if int(minute) < 60 and found <= 24 * 60 else -1
