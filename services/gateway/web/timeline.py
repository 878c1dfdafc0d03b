"""A deal's history and activities as one list, newest first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from kit.money import Money
from learning.placements import percent_text
from learning.records import Activity, Change, ChangeValue, ContactRole, Credit, DealHistory, Entry
from services.gateway.feedback_record import FEEDBACK_ACTIVITY, TAKEN_BACK
from services.gateway.imports.weekly.meanings import business_number
from services.gateway.web.words import Words

SHOWN = 40
_TEN_DIGITS = re.compile(r"[0-9]{10}")
LATE = timedelta(days=1)  # recorded so much later than true is worth saying


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One field: what it was and what it became."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class EntryView:
    """An activity, or the changes of one moment."""

    time: str
    iso: str
    activity: str  # the kind of activity; empty for changes
    direction: str
    contact: str
    text: str
    changes: tuple[ChangeView, ...]
    created: bool
    late: str


def timeline(history: DealHistory, names: Mapping[str, str], words: Words) -> list[EntryView]:
    """Everything, newest first. `names` holds what user and account ids are called."""
    entries = [*_changes(history, names, words), *_activities(history, words)]
    entries.sort(key=lambda entry: entry.iso)
    return entries[::-1]  # of one moment the later change comes first too


def value_text(field: str, value: ChangeValue | None, names: Mapping[str, str], words: Words) -> str:
    """A field's value as people read it."""
    if value is None or value in ("", ()):
        return words("record.empty")
    if isinstance(value, tuple):
        return ", ".join(_entry_text(one, names, words) for one in value)
    if isinstance(value, bool):
        return words("record.yes" if value else "record.no")
    if isinstance(value, Money):
        return words.money({"currency": value.currency, "value": value.value})
    if isinstance(value, date):
        return words.day(value)
    if isinstance(value, float | int):
        return words.number(value)
    if field in {"owner_id", "account_id"}:
        return names.get(value, value)
    if _TEN_DIGITS.fullmatch(value) and business_number(value) and "사업자" in field:
        return f"{value[:3]}-{value[3:5]}-{value[5:]}"
    return words.name(field, value)


def _entry_text(one: Entry, names: Mapping[str, str], words: Words) -> str:
    if isinstance(one, ContactRole):
        name = names.get(one.contact_id, one.contact_id)
        return f"{name} ({words.name('role', one.role)})" if one.role else name
    if isinstance(one, Credit):
        return f"{names.get(one.owner_id, one.owner_id)} {percent_text(one.share)}"
    name = names.get(one.product_id, one.product_id)
    return name if one.quantity == 1 else f"{name} × {words.number(one.quantity)}"


def field_text(field: str, words: Words) -> str:
    """What a field is called; custom fields by their own name."""
    return field.removeprefix("fields.") if field.startswith("fields.") else words.name("field", field)


def _changes(history: DealHistory, names: Mapping[str, str], words: Words) -> list[EntryView]:
    """The changes of one moment and revision as one entry; the first are the creation."""
    entries: list[EntryView] = []
    state: dict[str, str] = {}
    names = {**names, **{contact.id: contact.name for contact, _ in history.contacts}}
    imported = len({change.recorded_time.date() for change in history.changes}) == 1  # then all is late, and no news
    for (moment, _), group in groupby(history.changes, key=lambda change: (change.effective_time, change.revision)):
        changes = list(group)
        shown: list[ChangeView] = []
        for change in changes:
            after = value_text(change.field, change.value, names, words)
            before = state.get(change.field, words("record.empty"))
            state[change.field] = after
            if before != after:
                shown.append(ChangeView(field_text(change.field, words), before, after))
        if shown:
            late = ""
            if not imported and _is_late(changes):
                late = words("record.known_later", day=words.day(_recorded(changes)))
            entries.append(
                EntryView(words.time(moment), moment.isoformat(), "", "", "", "", tuple(shown), not entries, late)
            )
    return entries


def _recorded(changes: list[Change]) -> date:
    return max(change.recorded_time for change in changes).date()


def _is_late(changes: list[Change]) -> bool:
    return all(change.recorded_time - change.effective_time >= LATE for change in changes)


def _activities(history: DealHistory, words: Words) -> list[EntryView]:
    people = {contact.id: contact.name for contact, _ in history.contacts}
    return [
        EntryView(
            words.time(one.time), one.time.isoformat(), words.name("activity", one.type),
            words.name("direction", one.direction), people.get(one.contact_id, ""), _note(one, words), (),
            created=False, late="",
        )
        for one in history.activities
    ]  # fmt: skip


def _note(one: Activity, words: Words) -> str:
    """Its text as it was written; what the gateway itself wrote in the reader's language."""
    own = one.id.startswith(FEEDBACK_ACTIVITY) and one.text == TAKEN_BACK
    return words("record.taken_back") if own else one.text


def marked(text: str, sentences: Sequence[str]) -> list[tuple[str, bool]]:
    """The text in pieces, and of each whether it is one of these sentences; longer sentences first."""
    pieces = [(text, False)]
    for sentence in sorted(filter(None, set(sentences)), key=len, reverse=True):
        cut: list[tuple[str, bool]] = []
        for piece, found in pieces:
            if found:
                cut.append((piece, True))
                continue
            for place, rest in enumerate(piece.split(sentence)):
                cut += [(sentence, True)] if place else []
                cut += [(rest, False)] if rest else []
        pieces = cut
    return pieces
