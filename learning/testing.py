"""Made-up histories for tests: small, seeded, with a truth that is known."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from kit.clock import day_end
from kit.money import Money
from learning import history_rows
from learning.history import HistoryWriter, Manifest
from learning.records import (
    TRACKED_FIELDS,
    Account,
    Activity,
    Change,
    ChangeValue,
    Deal,
    DealHistory,
    Outcome,
    User,
    Value,
)

START = datetime(2016, 1, 4, 9, tzinfo=UTC)
SOURCES = ("web", "fair", "partner")


def created(deal: Deal, when: datetime) -> list[Change]:
    """The changes a deal starts with: every field that is set."""
    names = (name for name in TRACKED_FIELDS if name != "closed_date")
    values: dict[str, ChangeValue | None] = {name: getattr(deal, name) for name in names}
    values |= {f"fields.{name}": value for name, value in deal.fields.items()}
    for name in ("kind", "motion", "outcome"):
        values[name] = str(values[name])
    return [Change(name, value, when, when, 1) for name, value in values.items() if value not in (None, "", False, ())]


def finished(
    history: DealHistory, changes: Sequence[Change], activities: Sequence[Activity] = (), **members: object
) -> DealHistory:
    """The history with further changes and activities, the deal as given by `members`."""
    deal = history.deal
    kept = {name: getattr(deal, name) for name in Deal.__slots__}
    log = tuple(sorted((*history.activities, *activities), key=lambda one: one.time))
    past = tuple(sorted((*history.changes, *changes), key=lambda one: one.effective_time))
    return DealHistory(Deal(**{**kept, **members}), past, log, history.account, activity_count=len(log))


def opened(deal_id: str, when: datetime, **members: object) -> DealHistory:
    """A new deal with the history of its creation."""
    deal = Deal(deal_id, 1, created_time=when, **members)  # type: ignore[arg-type]
    return DealHistory(deal, tuple(created(deal, when)))


def win_probability(source: str, meetings: int, signal: float) -> float:
    """The truth of `company`: web is bad, partners are good, each meeting helps; `signal` scales it all (0: chance)."""
    effect = {"web": -1.0, "fair": 0.0, "partner": 1.0}[source] + 0.5 * (meetings - 1)
    return 1 / (1 + math.exp(-signal * effect))


def company(count: int, *, seed: int = 0, signal: float = 1.0, days: int = 700) -> list[DealHistory]:
    """Deals created over `days` from START, each closed 20 to 90 days later or still open at the end.

    Half of a deal's meetings happen in its first week, so that its source and its meetings predict the outcome.
    """
    generator = random.Random(seed)
    return [_deal(f"D{number:05d}", generator, signal, days) for number in range(count)]


def last_day(days: int = 700) -> date:
    """The business day `company` stands on."""
    return (START + timedelta(days=days)).date()


def _deal(deal_id: str, generator: random.Random, signal: float, days: int) -> DealHistory:
    born = START + timedelta(days=generator.random() * days)
    source, meetings = generator.choice(SOURCES), generator.randrange(4)
    fields: Mapping[str, Value] = {"source": source, "size": float(generator.randrange(1, 500))}
    owner = f"u{generator.randrange(8)}"
    amount = Money("USD", generator.randrange(100_000, 900_000))
    history = opened(
        deal_id, born, stage="Qualify", owner_id=owner, amount=amount, fields=fields,
        close_date=(born + timedelta(days=60)).date(),
    )  # fmt: skip
    closing = born + timedelta(days=generator.randrange(20, 90))
    activities = [
        Activity(
            f"{deal_id}-{n}", deal_id, "meeting", "outbound", born + timedelta(days=generator.random() * 5), "", "", ""
        )
        for n in range(meetings)
    ]
    changes = [Change("stage", "Offer", born + timedelta(days=10), born + timedelta(days=10), 2)]
    won = generator.random() < win_probability(source, meetings, signal)
    if closing.date() > last_day(days):
        past = [one for one in changes if one.effective_time.date() <= last_day(days)]
        return finished(history, past, [one for one in activities if one.time.date() <= last_day(days)])
    outcome = Outcome.WON if won else Outcome.LOST
    changes += [
        Change("outcome", str(outcome), closing, closing, 3), Change("closed_date", closing.date(), closing, closing, 3)
    ]  # fmt: skip
    return finished(history, changes, activities, outcome=outcome, closed_date=closing.date(), revision=3)


def write(folder: Path, histories: Sequence[DealHistory], day: date, accounts: Sequence[Account] = ()) -> Path:
    """The histories as a folder in the history format."""
    as_of = day_end(day)
    with HistoryWriter(folder, Manifest(as_of, day, "USD")) as writer:
        writer.append("deals", [history_rows.deal_row(one.deal) for one in histories])
        writer.append("changes", [history_rows.change_row(h.deal.id, one) for h in histories for one in h.changes])
        writer.append("activities", [history_rows.activity_row(one) for h in histories for one in h.activities])
        owners = sorted({one.deal.owner_id for one in histories if one.deal.owner_id})
        writer.append("users", [history_rows.user_row(User(owner, owner)) for owner in owners])
        writer.append("accounts", [history_rows.account_row(one) for one in accounts])
        past = [(one.id, change) for one in accounts for change in one.changes]
        writer.append("account_changes", [history_rows.account_change_row(*one) for one in past])
        lines = [(h.deal.id, line) for h in histories for line in h.deal.products]
        writer.append("deal_products", [history_rows.deal_product_row(deal_id, line) for deal_id, line in lines])
        roles = [(h.deal.id, role) for h in histories for role in h.deal.contacts]
        writer.append("deal_contacts", [history_rows.deal_contact_row(deal_id, role) for deal_id, role in roles])
        parts = [(h.deal.id, part) for h in histories for part in h.deal.credits]
        writer.append("deal_credits", [history_rows.deal_credit_row(deal_id, part) for deal_id, part in parts])
        people = {contact.id: contact for h in histories for contact, _ in h.contacts}
        writer.append("contacts", [history_rows.contact_row(one) for one in people.values()])
    return folder
