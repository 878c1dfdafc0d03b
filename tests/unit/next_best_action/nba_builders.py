"""Situations and deals for the tests of this folder."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from kit.money import Money
from learning.records import Activity, Change, Consent, Contact, ContactRole, Deal, DealHistory
from services.next_best_action.domain import Asked
from services.next_best_action.model import ActionModel

DAY = date(2026, 3, 31)
CREATED = datetime(2026, 1, 1, 9, tzinfo=UTC)

USUAL = Money("USD", 2_000_000)


def at(days_ago: float) -> datetime:
    """So many days before the end of DAY."""
    return datetime(2026, 4, 1, tzinfo=UTC) - timedelta(days=days_ago)


def activity(kind: str, direction: str, days_ago: float, text: str = "") -> Activity:
    return Activity(f"{kind}-{direction}-{days_ago}", "d1", kind, direction, at(days_ago), text=text)


def person(name: str = "p1", granted: tuple[str, ...] = (), refused: tuple[str, ...] = ()) -> Contact:
    consents = [Consent(channel, granted=True) for channel in granted]
    consents += [Consent(channel, granted=False) for channel in refused]
    return Contact(name, "", consents=tuple(consents))


def asked(
    *, probability: float = 0.4, amount: Money | None = USUAL, activities: tuple[Activity, ...] = (),
    contacts: tuple[tuple[Contact, str], ...] = (), counters: Any = (), slip_risk: float = 0.0, **deal: Any,
) -> Asked:  # fmt: skip
    """A deal of 90 days in stage Engaging, worth 20,000 USD."""
    values: dict[str, Any] = {"id": "d1", "revision": 4, "stage": "Engaging", "amount": amount, "created_time": CREATED}
    values["contacts"] = tuple(ContactRole(contact.id, role) for contact, role in contacts)
    record = Deal(**(values | deal))
    changes = (Change("stage", record.stage, CREATED, CREATED),)
    history = DealHistory(record, changes, activities, contacts=contacts, counters=tuple(counters),
                          activity_count=len(activities))  # fmt: skip
    return Asked(history, DAY, probability, amount, slip_risk)


class Prior:
    """The model in use when none was promoted."""

    current = (ActionModel(), None)
