"""What a rep's day shows: cards with whom, what, why and when; new leads; what moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from learning.contact_hours import ContactHours, zone
from learning.records import Contact
from services.gateway.domain import InsightKind, Record
from services.gateway.merged import may_contact
from services.gateway.shown_actions import addressed, hours_of
from services.gateway.web.call_views import titled
from services.gateway.web.suggestion_views import offers, points
from services.gateway.web.views import deal_view
from services.gateway.web.words import Words

Json = Mapping[str, Any]
ONE_DAY = timedelta(days=1)
MOST_MOVED, MOST_FIRST, MOST_SIGNALS = 6, 8, 3
INSTEAD = {"mail": ("call",), "call": ("mail",)}
BUTTONS = {"mail": "mail", "call": "call", "text": "sms"}  # channels that a program opens
MOVED = ("IMPROVING", "DECLINING")


@dataclass(frozen=True, slots=True)
class CardView:
    """A suggestion; `link` opens the phone or the mail program, empty where the channel or address is missing, and
    `no_link` says which address that is."""

    deal_id: str
    href: str
    deal: str
    account: str
    amount: str
    chance: str
    suggestion_id: str
    text: str
    who: str
    contact_id: str
    channel: str
    when: str
    liked: str
    gain: str
    points: str
    message: str
    link: str
    link_text: str
    no_link: str
    reasons: tuple[str, ...]
    signals: tuple[tuple[str, str], ...]  # what a note says may stop the deal, and the sentence
    offers: tuple[str, ...]
    snoozes: tuple[tuple[str, str], ...]  # days to put it off to, and what they are called
    accepted: bool  # somebody said that they will do it


@dataclass(frozen=True, slots=True)
class LineView:
    """A deal in a list, with what is to be said of it."""

    href: str
    name: str
    told: str
    chance: str
    way: str
    why: tuple[str, ...]


def card_view(action: Json, record: Record, shown: Json, day: date, words: Words) -> CardView:
    """Of a suggestion of a rep's day, its deal's record and that as merged."""
    deal = deal_view(shown, words, date.max)
    contact = next((one for one, _ in record.history.contacts if one.id == action["contact_id"]), None)
    kept = record.insights[InsightKind.NEXT_ACTIONS].body
    signals = kept.get("signals", ())[:MOST_SIGNALS]
    channel, link, link_text = link_of(action, contact, deal.name or deal.account, words)
    return CardView(
        deal_id=deal.id, href=deal.href, deal=deal.name, account=deal.account, amount=deal.amount,
        chance=deal.score.text if deal.score else "", suggestion_id=action["id"], text=action["text"],
        who=_who(contact, words), contact_id=action["contact_id"], channel=channel,
        when=_when(action, kept, words), liked=_liked(action, words),
        gain=words("actions.gain", amount=words.money(action["gain"], compact=True)) if action["gain"] else "",
        points=points(action, words), message=action["message"], link=link, link_text=link_text,
        no_link="" if link and channel == action["channel"] else no_link(action, contact, words),
        reasons=tuple(one["text"] or one["field"] for one in action["reasons"]),
        signals=tuple((words.name("signal", one["name"]), one["sentence"]) for one in signals),
        offers=offers(action, words), snoozes=snoozes(_hours(action, kept), day, words),
        accepted=bool(action["accepted"]),
    )  # fmt: skip


def _who(contact: Contact | None, words: Words) -> str:
    if contact is None:
        return ""
    name = addressed(contact, words.language)
    return f"{name}, {contact.title}" if words.language != "ko" and contact.title and contact.name else name


def link_of(action: Json, contact: Contact | None, name: str, words: Words) -> tuple[str, str, str]:
    """The channel, what opens it, and the button's text. Who has no mail address is called instead, and the other way
    round, unless they refused that; what services suggest knows no addresses."""
    channel = action["channel"]
    if contact is not None:
        ways = [channel, *(one for one in INSTEAD.get(channel, ()) if may_contact([(contact, "")], _by(action, one)))]
        for way in ways:
            if link := _address(way, action["message"] if way != "call" else "", contact, name, words):
                return way, link, words(f"day.{BUTTONS[way]}")
    return channel, "", ""


def _by(action: Json, channel: str) -> Json:
    return {"contact_id": action["contact_id"], "channel": channel}


def _address(channel: str, message: str, contact: Contact, name: str, words: Words) -> str:
    """The body stands last: what is changed on the page takes its place."""
    body = f"body={quote(message)}" if message else ""
    if channel == "mail" and contact.email:
        asked = "&".join(part for part in (f"subject={quote(words('day.subject', name=name))}", body) if part)
        return f"mailto:{quote(contact.email, safe='@.+-_')}?{asked}"
    number = "".join(one for one in contact.phone if one.isdigit() or one == "+")
    if number and channel == "call":
        return f"tel:{number}"
    return f"sms:{number}{'?' + body if body else ''}" if number and channel == "text" else ""


def _when(action: Json, kept: Json, words: Words) -> str:
    """The time of day in the customer's own time zone."""
    time = action.get("time")
    if not time:
        return ""
    place = zone(_hours(action, kept).time_zone)
    start, end = (datetime.fromisoformat(time[name]).astimezone(place) for name in ("start", "end"))
    return f"{start:%H:%M}–{end:%H:%M}"


def no_link(action: Json, contact: Contact | None, words: Words) -> str:
    """Why a suggestion to write or call has no button; nothing of channels that no program opens."""
    channel = action["channel"]
    if channel not in BUTTONS:
        return ""
    if contact is None:
        return words("day.no_contact")
    return words("day.no_mail" if channel == "mail" else "day.no_phone", name=contact.name or words("day.no_name"))


def _hours(action: Json, kept: Json) -> ContactHours:
    own = next((one for one in kept["actions"] if one["id"] == action["id"]), None)
    return (hours_of(own) if own else None) or ContactHours()


def snoozes(hours: ContactHours, day: date, words: Words) -> tuple[tuple[str, str], ...]:
    """Working days after that of the card: the next one, the third, and the first of the next week."""
    monday = day + timedelta(days=7 - day.weekday())
    found: dict[str, str] = {}
    for name, start, count in (("next_day", day, 1), ("third_day", day, 3), ("next_week", monday - ONE_DAY, 1)):
        if open_days := hours.next_open(start, count):
            found.setdefault(open_days[-1].isoformat(), words(f"day.{name}", day=words.day(open_days[-1])))
    return tuple(found.items())


def _liked(action: Json, words: Words) -> str:
    hour = action.get("liked_hour")
    return "" if hour is None else words("day.liked", hour=f"{hour:02d}:00")


def first_touch(records: Sequence[Json], today: date, words: Words) -> list[LineView]:
    """Leads that nobody has contacted yet, likeliest first, with how long they wait."""
    found = []
    for record in records:
        deal = deal_view(record, words, today)
        created = record["created_time"]
        waits = max(0, (today - date.fromisoformat(created[:10])).days) if created else None
        told = "" if waits is None else words("day.waits", count=words.number(waits))
        found.append(
            LineView(deal.href, titled(deal.name, deal.account), told, deal.score.text if deal.score else "", "", ())
        )
    return found


def movers(records: Sequence[Json], words: Words) -> list[LineView]:
    """Deals whose win chance moved, largest amounts first, with what moved it."""
    found = []
    for record in records:
        score = record["lead_score"]
        if not score or score["trend"] not in MOVED:
            continue
        deal = deal_view(record, words, date.max)
        if deal.score is None:
            continue
        why = tuple(one.text for one in deal.score.moved[:2] if one.text)
        told = f"{deal.amount} · {deal.stage}"
        name, way = titled(deal.name, deal.account), score["trend"].lower()
        found.append(LineView(deal.href, name, told, deal.score.text, way, why))
    return found[:MOST_MOVED]
