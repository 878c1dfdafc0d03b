"""A suggestion as a person reads it: whom, when, and what to write, filled in at the moment it is shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from learning.contact_hours import ContactHours, windows
from learning.records import Contact
from services.gateway.domain import Record
from services.gateway.json_values import time_text

INTERNAL = ("contact_limits", "hours")  # for who shows a suggestion, not for who reads it
_PLACE = re.compile(r"\{\{|\}\}|\{(\w+)\}")
UNKNOWN = {"ko": "담당자님", "en": "there"}


def shown_action(action: Mapping[str, Any], record: Record, now: datetime | None, language: str) -> dict[str, Any]:
    """The suggestion with contact, message and window; without what only limits it."""
    found = {name: value for name, value in action.items() if name not in INTERNAL}
    contact = next((one for one, _ in record.history.contacts if one.id == action["contact_id"]), None)
    found["contact"] = {"id": contact.id, "name": contact.name, "title": contact.title} if contact else None
    found["message"] = message(action.get("message") or {}, record, contact, language)
    found["window"] = window(action, now)
    return {"minutes": 0.0, "tidy_up": False, "products": []} | found


def window(action: Mapping[str, Any], now: datetime | None) -> dict[str, str] | None:
    """The next span within the action's hours that is long enough; None without hours."""
    hours = hours_of(action)
    if hours is None or now is None:
        return None
    found = windows(hours, now, action.get("minutes", 0.0))
    return {"start": time_text(found[0].start), "end": time_text(found[0].end)} if found else None


def hours_of(action: Mapping[str, Any]) -> ContactHours | None:
    """The hours that came with a suggestion."""
    given = action.get("hours")
    if not given:
        return None
    return ContactHours(
        given["time_zone"] or "UTC", tuple(given["weekdays"]), given["from_minute"], given["until_minute"],
        tuple(given["days_off"]),
    )  # fmt: skip


def message(templates: Mapping[str, str], record: Record, contact: Contact | None, language: str) -> str:
    """The message in the reader's language with its places filled; empty where the action has none."""
    deal, account = record.history.deal, record.history.account
    values = {
        "contact": addressed(contact, language),
        "sender": record.owner_name,
        "account": account.name if account else deal.name or deal.id,
        "deal": deal.name or (account.name if account else "") or deal.id,
    }

    def fill(place: re.Match[str]) -> str:
        return values.get(place[1], place[0]) if place[1] else place[0][0]

    return _PLACE.sub(fill, templates.get(language) or templates.get("en", ""))


def addressed(contact: Contact | None, language: str) -> str:
    """How a person is spoken to: in Korean by name and title, such as 김민수 부장님."""
    if contact is None or not contact.name:
        return UNKNOWN[language]
    if language != "ko":
        return contact.name
    title = contact.title.removesuffix("님")
    return f"{contact.name} {title}님" if title else f"{contact.name}님"
