"""The simulated company told as records: every deal with its changes and activities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import Random

import numpy as np

from demo import flaws
from demo.activity import Deed, activities
from demo.company import Company
from demo.customers import by_account, roles_for
from demo.names import NEED_EN
from demo.notes import RIVALS, Subject, need
from demo.story import Start, Week, at_office, tell
from demo.world import MOTIONS, PRODUCTS, SOURCES
from learning.records import Activity, Change, Contact, Deal, Motion


@dataclass(frozen=True, slots=True)
class Told:
    """A deal as a CRM holds it. `number` is its place in Deals, −1 for a flaw; `flaw` is duplicate or junk."""

    number: int
    flaw: str
    deal: Deal
    changes: list[Change]
    activities: list[Activity]


def tell_all(company: Company) -> Iterator[Told]:
    """Every deal with its changes and activities; flaws last."""
    rng = Random(company.seed + 1)
    people = by_account(company.contacts)
    deals, paths = company.deals, company.paths
    bounds = np.searchsorted(paths.deal, np.arange(deals.week.size + 1))
    weeks, deeds, reps = _weeks(company), _deeds(company), company.people.rep_ids
    twins = set(rng.sample(range(deals.week.size), company.flawed[0]))
    originals: list[tuple[Deal, list[Change], str]] = []
    told = 0
    for number in range(deals.week.size):
        start = start_of(company, number, people[f"A-{deals.account[number]:05d}"], rng)
        rows = slice(bounds[number], bounds[number + 1])
        deal, changes = tell(start, weeks[rows], company.last_day, rng)
        customer = bool(company.accounts.customer_since[deals.account[number]] < 0)
        log = activities(start, deeds[rows], company.last_day, customer, told, rng)
        told += len(log)
        if number in twins:
            originals.append((deal, changes, reps[(int(deals.owner[number]) + 1) % len(reps)]))
        yield Told(number, "", deal, changes, log)
    yield from _flaws(company, originals, rng)


def _flaws(company: Company, originals: list[tuple[Deal, list[Change], str]], rng: Random) -> Iterator[Told]:
    number = company.deals.week.size
    for deal, changes, owner in originals:
        copy = flaws.duplicate((deal, changes), f"D-{number:06d}", owner, company.last_day, rng)
        yield Told(-1, "duplicate", *copy, [])
        number += 1
    for _ in range(company.flawed[1]):
        day = company.calendar.first + timedelta(days=rng.randrange((company.last_day - company.calendar.first).days))
        owner, account = rng.choice(company.people.rep_ids), rng.choice(company.account_records).id
        record = flaws.junk(f"D-{number:06d}", at_office(day, rng), owner, account, company.last_day, rng)
        yield Told(-1, "junk", *record, [])
        number += 1


def _weeks(company: Company) -> list[Week]:
    """The rows of the paths as plain values, which are quicker to read one by one."""
    paths, owners = company.paths, company.people.rep_ids
    mondays = [company.calendar.monday(week) for week in range(company.calendar.weeks)]
    rows = zip(
        paths.week.tolist(), paths.owner.tolist(), paths.situation.tolist(), paths.health.tolist(),
        paths.event.tolist(), paths.event_day.tolist(), paths.forgotten.tolist(), strict=True,
    )  # fmt: skip
    return [Week(mondays[week], owners[owner], *rest) for week, owner, *rest in rows]


def _deeds(company: Company) -> list[Deed]:
    paths, owners = company.paths, company.people.rep_ids
    mondays = [company.calendar.monday(week) for week in range(company.calendar.weeks)]
    until = np.where(paths.event > 0, paths.event_day, 4)
    rows = zip(
        paths.week.tolist(), paths.owner.tolist(), paths.situation.tolist(), paths.health.tolist(),
        paths.action.tolist(), paths.action_day.tolist(), paths.answered.tolist(), until.tolist(), strict=True,
    )  # fmt: skip
    return [Deed(mondays[week], owners[owner], *rest) for week, owner, *rest in rows]


def start_of(company: Company, number: int, people: list[tuple[Contact, str]], rng: Random) -> Start:
    """What a deal comes in with."""
    deals = company.deals
    owner, account, product = int(deals.owner[number]), int(deals.account[number]), PRODUCTS[deals.product[number]]
    subject = Subject(
        english=bool(company.people.english[owner]), product=product[1], need=rng.randrange(len(NEED_EN)),
        rival=rng.randrange(len(RIVALS)),
    )  # fmt: skip
    day = company.calendar.monday(int(deals.week[number])) + timedelta(days=int(deals.day[number]))
    record = company.account_records[account]
    return Start(
        id=f"D-{number:06d}", name=f"{record.name} {product[1]} {need(subject)}", created=at_office(day, rng),
        motion=Motion(MOTIONS[deals.motion[number]]), stage=int(deals.stage[number]),
        owner_id=company.people.rep_ids[owner], account_id=record.id, product_id=product[0],
        quantity=int(deals.quantity[number]), amount=float(deals.amount[number]),
        source=SOURCES[deals.source[number]], seats=int(deals.seats[number]), subject=subject,
        names={contact.id: contact.name for contact, _ in people},
        contacts=roles_for(people, bool(deals.decider[number]), bool(deals.champion[number]), rng),
    )  # fmt: skip
