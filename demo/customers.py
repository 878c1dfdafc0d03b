"""Accounts and contacts as records, and who of them takes part in a deal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from random import Random

from demo.names import (
    BUSINESS_EN,
    BUSINESS_KO,
    COMPANY_EN,
    COMPANY_KO,
    TITLES_EN,
    TITLES_KO,
    person,
)
from demo.seasons import Calendar
from demo.world import INDUSTRIES, Accounts
from learning.records import CHANNELS, Account, Change, Consent, Contact, ContactRole, Value

GRANTED = {"call": 0.8, "mail": 0.75, "chat": 0.55, "text": 0.4, "visit": 0.7}
SOURCES = ("web form", "명함", "전시회", "contract")
GROWING = 0.35  # of accounts have another number of employees at the end than at first
ROLES_PER_ACCOUNT = ("decides", "champions", "uses", "purchases")


def account_records(accounts: Accounts, calendar: Calendar, rng: Random) -> list[Account]:
    """Accounts with names and custom fields; some fields are missing."""
    records = []
    for number, (industry, employees, english, since) in enumerate(
        zip(accounts.industry, accounts.employees, accounts.english, accounts.customer_since, strict=True)
    ):
        name = INDUSTRIES[industry]
        if english:
            title = f"{rng.choice(COMPANY_EN)} {rng.choice(BUSINESS_EN[name])}"
        else:
            title = f"{rng.choice(('', '(주)', '㈜'))}{rng.choice(COMPANY_KO)}{rng.choice(BUSINESS_KO[name])}"
        fields: dict[str, Value] = {"Industry": name, "상장": rng.random() < 0.2}
        if rng.random() < 0.9:
            fields["Employees"] = float(employees)
        if since < 0:
            fields["Customer since"] = calendar.monday(int(since))
        records.append(_with_history(Account(f"A-{number:05d}", title, fields), calendar))
    return records


def _with_history(account: Account, calendar: Calendar) -> Account:
    """The account with how its fields came to be: known since before the first deal, but some grew or shrank since."""
    chance, start = Random(account.id), datetime.combine(calendar.first - timedelta(days=90), time(), UTC)
    changes = [Change(f"fields.{name}", value, start, start) for name, value in account.fields.items()]
    employees, span = account.fields.get("Employees"), (calendar.today - calendar.first).days
    if isinstance(employees, float) and chance.random() < GROWING and span > 1:
        before = float(max(1, round(employees / chance.uniform(0.7, 1.6))))
        when = start + timedelta(days=90 + chance.randrange(1, span))
        changes = [replace(one, value=before) if one.field == "fields.Employees" else one for one in changes]
        changes.append(Change("fields.Employees", employees, when, when))
    return replace(account, changes=tuple(changes))


def contact_records(accounts: Accounts, calendar: Calendar, rng: Random) -> list[tuple[Contact, str]]:
    """Contacts with the buying role they are born to: four to six at every account."""
    records: list[tuple[Contact, str]] = []
    for account, english in enumerate(accounts.english):
        roles = [*ROLES_PER_ACCOUNT, "uses"] + (["blocks"] if rng.random() < 0.3 else [])
        for role in roles:
            number = len(records)
            titles = (TITLES_EN if english else TITLES_KO)[role]
            contact = Contact(
                f"C-{number:06d}", person(bool(english), rng), f"A-{account:05d}", rng.choice(titles),
                f"contact{number}@example.com", f"010-0000-{number % 10000:04d}" if rng.random() < 0.85 else "",
                _consents(calendar, rng),
            )  # fmt: skip
            records.append((contact, role))
    return records


def _consents(calendar: Calendar, rng: Random) -> tuple[Consent, ...]:
    """Consents and refusals on some channels, given before or in the first weeks."""
    known = [channel for channel in CHANNELS if rng.random() < 0.8]
    return tuple(
        Consent(
            channel, rng.random() < GRANTED[channel], rng.choice(SOURCES),
            calendar.first - timedelta(days=rng.randrange(-20, 700)),
        )
        for channel in known
    )  # fmt: skip


def by_account(contacts: Sequence[tuple[Contact, str]]) -> Mapping[str, list[tuple[Contact, str]]]:
    """Contacts of each account."""
    found: dict[str, list[tuple[Contact, str]]] = defaultdict(list)
    for contact, role in contacts:
        found[contact.account_id].append((contact, role))
    return found


def roles_for(
    people: Sequence[tuple[Contact, str]], decider: bool, champion: bool, rng: Random
) -> tuple[ContactRole, ...]:
    """Who takes part: the decision maker and the champion where the deal has them, and some users or buyers."""
    chosen = []
    for contact, role in people:
        wanted = {
            "decides": float(decider),
            "champions": float(champion),
            "uses": 0.6,
            "purchases": 0.3,
            "blocks": 0.25,
        }
        if rng.random() < wanted[role]:
            chosen.append(ContactRole(contact.id, role))
    if not chosen:
        chosen.append(ContactRole(people[2][0].id, "uses"))
    return tuple(chosen)
