"""Entries of the log in the words of the page about who did what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote

from services.gateway.access.audit_query import KINDS
from services.gateway.access.audit_values import Names, node_called, value_told
from services.gateway.access.members import ADMINISTRATORS_ONLY, AccessEvent, Act
from services.gateway.change_log import CATALOGUE, IMPORT, NODE, SETTING, USER
from services.gateway.web.words import Words
from services.gateway.workspace import SERVICES

MEMBER, DEAL, MODEL = "member", "deal", "model"
NUMBERED = ("ask", "letter", "erasure", "duplicates")  # called by their number
PLACES = {  # where a kind of thing is seen
    SETTING: "/settings", MODEL: "/models", CATALOGUE: "/catalogue", USER: "/reporting", MEMBER: "/users",
    IMPORT: "/models", "letter": "/models", "currency": "/settings", "workspace": "/settings",
}  # fmt: skip
TEXTS = ("route", "detail")  # of a refusal
# where codes of the detail have their words
CODES = {"of": "audit_of", "role": "member_role", "way": "way", "state": "job", "reason": "audit_reason"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the log."""

    id: int
    time: str
    who: str
    act: str
    kind: str
    what: str
    address: str  # of the page about it
    before: str
    after: str
    more: str


def entries(events: Iterable[AccessEvent], names: Names, words: Words) -> list[Entry]:
    """In their order."""
    return [_entry(one, names, words) for one in events]


def _entry(event: AccessEvent, names: Names, words: Words) -> Entry:
    before, after = (value_told(event, name, names, words) for name in ("before", "after"))
    return Entry(
        event.id, words.time(event.time), names.called(event.by) if event.by else "",
        words.name("access_act", event.act), words.name("audit_kind", event.kind) if event.kind else "",
        _called(event, names, words), _address(event), before, after, _more(event, names, words),
    )  # fmt: skip


def _called(event: AccessEvent, names: Names, words: Words) -> str:
    record = event.record
    if not record:
        return ""
    if event.kind == SETTING:
        return words.name("audit_setting", record) if words.knows("audit_setting", record) else words.name(
            "settings", record)  # fmt: skip
    if event.kind == NODE:
        return node_called(record, names, words)
    if event.kind == USER:
        return names.user(record)
    if event.kind == MEMBER:
        return names.called(record)
    if event.kind == MODEL and record in SERVICES:
        return words(f"models.{record}")
    if event.kind == CATALOGUE:
        return words("audit_log.edition", number=record)
    return words("audit_log.number", number=record) if event.kind in NUMBERED else record


def _address(event: AccessEvent) -> str:
    deal = event.record if event.kind == DEAL else str(event.detail.get("deal", ""))
    if deal:
        return f"/deals/{quote(deal, safe='')}"
    if event.kind == NODE:
        period = str(event.detail.get("period", ""))
        return f"/forecast?node={quote(event.record, safe='')}" + (f"&period={quote(period)}" if period else "")
    if event.kind == SETTING and not event.record:
        return PLACES[SETTING]
    return PLACES.get(event.kind, "")


def _more(event: AccessEvent, names: Names, words: Words) -> str:
    """What else is known of it."""
    return " · ".join(filter(None, (_told(name, value, names, words) for name, value in event.detail.items())))


def _told(name: str, value: Any, names: Names, words: Words) -> str:
    if value is None or value == "":
        return ""
    if name in ("period", "type", "deal", *TEXTS):
        return str(value)
    if name == "day":
        return words.day(str(value))
    if name == "user":
        return words("audit_log.for_user", name=names.user(str(value)))
    if name == "users" and isinstance(value, list):
        return ", ".join(names.user(str(one)) for one in value)
    if name == "count":
        return words("audit_log.count", count=words.number(value))
    if name == "changed":
        return ", ".join(words.name("audit_field", one) for one in str(value).split(", "))
    if name == "active":
        return "" if value else words("users.off")
    return words.name(CODES[name], str(value)) if name in CODES else ""


def choices(words: Words, *, all_acts: bool) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Acts and kinds to choose from, by their names."""
    acts = [(one.value, words.name("access_act", one)) for one in Act if all_acts or one not in ADMINISTRATORS_ONLY]
    kinds = [(one, words.name("audit_kind", one)) for one in KINDS]
    return sorted(acts, key=lambda one: one[1].casefold()), sorted(kinds, key=lambda one: one[1].casefold())


def source(event: AccessEvent, entry: Entry) -> dict[str, Any]:
    """A row of the workbook: words, and the ids by which programs know them."""
    return asdict(entry) | {"time": event.time.isoformat(), "record": event.record, "by": event.by}
