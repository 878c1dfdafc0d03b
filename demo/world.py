"""What the company sells to whom: products, accounts, contacts, and the deals as they come in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from demo.people import Organisation
from demo.seasons import Calendar, Floats

INDUSTRIES = ("Manufacturing", "Construction", "Retail", "Finance", "Healthcare", "Public", "Software", "Logistics")
EXPOSED = np.array([1, 1, 1, 0, 0, 0, 0, 1])  # to the market shock
INDUSTRY_EFFECT = np.array([0.1, -0.25, -0.15, 0.25, 0.2, -0.1, 0.15, 0.0])
SOURCES = ("Website", "Referral", "Trade show", "Cold call", "Partner", "광고", "Webinar")
SOURCE_EFFECT = np.array([0.0, 0.5, 0.05, -0.45, 0.3, -0.3, 0.1])
SOURCE_SHARE = np.array([0.28, 0.12, 0.12, 0.2, 0.1, 0.1, 0.08])
MOTIONS = ("NEW", "RENEWAL", "EXPANSION")
MOTION_EFFECT = np.array([-0.1, 0.9, 0.35])
PRODUCTS = (  # id, name, series, list price in KRW
    ("P-10", "Insight Basic", "Insight", 4_800_000), ("P-11", "Insight Pro", "Insight", 14_500_000),
    ("P-12", "Insight Enterprise", "Insight", 52_000_000), ("P-20", "EdgeBox 100", "EdgeBox", 7_900_000),
    ("P-21", "EdgeBox 500", "EdgeBox", 23_000_000), ("P-30", "구축 서비스", "Services", 18_000_000),
    ("P-31", "유지보수", "Services", 6_200_000), ("P-32", "교육 과정", "Services", 2_400_000),
)  # fmt: skip
# Which products suit which industries: an interaction that fields show but no single one of them.
FIT = np.array([[0.0, 0.1, 0.0, 0.35, 0.4, 0.0, 0.1, 0.0], [-0.1, -0.2, -0.2, 0.3, 0.2, 0.1, 0.0, 0.1],
                [0.2, 0.2, 0.0, -0.2, -0.3, 0.0, 0.0, 0.1], [0.1, 0.3, 0.4, -0.4, -0.4, 0.0, 0.0, 0.0],
                [0.0, 0.1, 0.2, 0.0, 0.1, 0.1, 0.0, 0.1], [0.0, 0.0, 0.1, -0.1, -0.1, 0.3, 0.2, 0.2],
                [0.2, 0.2, 0.3, -0.5, -0.5, -0.2, 0.0, 0.0], [0.1, 0.0, -0.1, 0.2, 0.2, 0.0, 0.1, 0.0]])  # fmt: skip
UNSEEN = 0.5  # standard deviation of what no field shows
INTERCEPT = -0.1


@dataclass(frozen=True, slots=True)
class Accounts:
    """Customers, as columns."""

    industry: np.ndarray  # index into INDUSTRIES
    employees: np.ndarray
    english: np.ndarray  # writes and is written to in English
    customer_since: np.ndarray  # week from the calendar's first, negative: before


@dataclass(frozen=True, slots=True)
class Deals:
    """Deals as they come in, ordered by creation, as columns."""

    week: np.ndarray  # of creation
    day: np.ndarray  # of that week, 0..4
    owner: np.ndarray  # rep
    account: np.ndarray
    product: np.ndarray
    quantity: np.ndarray
    motion: np.ndarray
    source: np.ndarray
    stage: np.ndarray  # first stage
    amount: Floats  # KRW
    decider: np.ndarray  # a decision maker is known
    champion: np.ndarray
    seats: np.ndarray
    health: Floats  # at creation
    segment: np.ndarray  # 1 where exposed to the shock


def build_accounts(count: int, rng: Generator) -> Accounts:
    """Customers of every size and industry."""
    return Accounts(
        industry=rng.integers(len(INDUSTRIES), size=count),
        employees=np.exp(rng.normal(5.2, 1.3, count)).astype(int) + 5,
        english=rng.random(count) < 0.22,
        customer_since=np.where(rng.random(count) < 0.4, -rng.integers(1, 300, count), 10**6),
    )


def build_deals(count: int, calendar: Calendar, people: Organisation, accounts: Accounts, rng: Generator) -> Deals:
    """Deals over the weeks, growing by 15 % a year, shared among the reps who are there."""
    growth = 1.15 ** (np.arange(calendar.weeks) / 52) * rng.uniform(0.85, 1.15, calendar.weeks)
    week = np.sort(rng.choice(calendar.weeks, size=count, p=growth / growth.sum()))
    day = rng.integers(5, size=count)
    last = (calendar.today - calendar.monday(calendar.weeks - 1)).days - 1
    day = np.where(week == calendar.weeks - 1, np.minimum(day, max(last, 0)), day)
    owner = _owners(week, people, rng)
    motion = rng.choice(3, size=count, p=(0.7, 0.15, 0.15))
    account = _accounts_for(motion, week, owner, people, accounts, rng)
    product = rng.choice(len(PRODUCTS), size=count, p=(0.2, 0.2, 0.09, 0.14, 0.11, 0.1, 0.1, 0.06))
    source = rng.choice(len(SOURCES), size=count, p=SOURCE_SHARE)
    prices = np.array([product[3] for product in PRODUCTS], float)
    quantity = 1 + rng.poisson(np.clip(accounts.employees[account] / 400, 0.2, 6))
    amount = prices[product] * quantity * np.exp(rng.normal(0, 0.2, count))
    decider, champion = rng.random(count) < 0.35, rng.random(count) < 0.4
    seats = np.maximum(1, accounts.employees[account] * rng.uniform(0.02, 0.4, count)).astype(int)
    lead = (motion == 0) & (rng.random(count) < 0.85)
    health = (
        INTERCEPT + people.skill[owner] + INDUSTRY_EFFECT[accounts.industry[account]] + SOURCE_EFFECT[source]
        + MOTION_EFFECT[motion] + FIT[accounts.industry[account], product] + 0.25 * decider + 0.3 * champion
        - 0.12 * (np.log(amount) - 16.8) + rng.normal(0, UNSEEN, count)
    )  # fmt: skip
    return Deals(
        week=week, day=day, owner=owner, account=account, product=product, quantity=quantity, motion=motion,
        source=source, stage=np.where(lead, 0, np.where(motion == 1, 3, 2)), amount=amount, decider=decider,
        champion=champion, seats=seats,
        health=health, segment=EXPOSED[accounts.industry[account]],
    )  # fmt: skip


def _owners(week: np.ndarray, people: Organisation, rng: Generator) -> np.ndarray:
    """A rep for each deal among those there in its week, by capacity."""
    owner = np.empty(week.size, int)
    for each in np.unique(week):
        here = people.capacity * ((people.joined <= each) & (people.left > each + 1))
        members = week == each
        owner[members] = rng.choice(here.size, size=int(members.sum()), p=here / here.sum())
    return owner


def _accounts_for(
    motion: np.ndarray, week: np.ndarray, owner: np.ndarray, people: Organisation, accounts: Accounts, rng: Generator
) -> np.ndarray:
    """An account in the owner's language; renewals and expansions at customers of old."""
    account = np.empty(week.size, int)
    customers = accounts.customer_since < 0
    for english in (False, True):
        tongue = accounts.english == english
        for old in (False, True):
            members = (people.english[owner] == english) & ((motion > 0) == old)
            pool = np.flatnonzero(tongue & customers) if old else np.flatnonzero(tongue)
            if not pool.size:
                pool = np.arange(tongue.size)
            account[members] = rng.choice(pool, size=int(members.sum()))
    return account
