"""The sample company as a whole: one call from seed to everything there is to write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from random import Random

import numpy as np

from demo import flaws
from demo.customers import account_records, contact_records
from demo.hazards import Market, build_market
from demo.people import Organisation, build_organisation
from demo.seasons import Calendar, build_calendar
from demo.simulate import Paths, simulate
from demo.value import Values, solve
from demo.world import Accounts, Deals, build_accounts, build_deals
from learning.records import Account, Contact

DEALS_PER_ACCOUNT = 6


@dataclass(frozen=True, slots=True)
class Company:
    """Everything simulated, before it is told as records."""

    seed: int
    calendar: Calendar
    market: Market
    values: Values
    people: Organisation
    accounts: Accounts
    deals: Deals
    paths: Paths
    account_records: list[Account]
    contacts: list[tuple[Contact, str]]
    flawed: tuple[int, int]  # duplicates and junk records to add

    @property
    def last_day(self) -> date:
        """The last day on which anything happened."""
        return self.calendar.today - timedelta(days=1)


def build_company(deals: int, seed: int, today: date, hunch: float = 0.0) -> Company:
    """Simulate the company; the same arguments give the same company. hunch: see demo.hazards.Market."""
    rng, words = np.random.default_rng(seed), Random(seed)
    calendar, market, values = _truth(today, hunch)
    people = build_organisation(calendar, rng, words)
    flawed = flaws.counts(deals)
    real = deals - sum(flawed)
    accounts = build_accounts(max(20, deals // DEALS_PER_ACCOUNT), rng)
    incoming = build_deals(real, calendar, people, accounts, rng)
    return Company(
        seed=seed, calendar=calendar, market=market, values=values, people=people, accounts=accounts, deals=incoming,
        paths=simulate(market, calendar, people, incoming, values, rng),
        account_records=account_records(accounts, calendar, words),
        contacts=contact_records(accounts, calendar, words), flawed=flawed,
    )  # fmt: skip


@lru_cache(maxsize=2)
def _truth(today: date, hunch: float) -> tuple[Calendar, Market, Values]:
    """What is the same in all companies of a day, which takes seconds to solve."""
    calendar, market = build_calendar(today), build_market(hunch)
    return calendar, market, solve(market, calendar)
