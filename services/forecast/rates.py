"""Estimates business not yet created: how much each owner creates, and how much of it is won how soon."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
from babel.numbers import get_currency_precision

from learning.periods import period_of
from learning.records import Node, Outcome
from learning.tree import COMPANY
from services.forecast.amounts import PRIOR_MISSING, Lognormal, shrunk, unknown_amount
from services.forecast.bookings import won_cases
from services.forecast.dataset import Case, Company, usual_amounts
from services.forecast.domain import Floats
from services.forecast.features import timing_columns
from services.forecast.newbusiness import RIPENING_DAYS, NewBusiness, OwnerRate
from services.forecast.rows import Row
from services.forecast.timing import TimingModel

LEAST_WINS = 1  # what is created is counted in deals, which are more
LEAST_DAYS = 14  # left out, it would teach later replays that more comes than deals say
HALF_LIFE_DAYS = 180.0
PRIOR_DAYS = 30.0  # of an average owner's creating, as a prior of each owner's
SEASON_DAYS = 730
SEASON_PRIOR = 0.5  # share of a season's deviation that is believed
AMOUNT_PRIOR = 10.0
QUARTER_WEEKS = 14
LONGEST_RIPENING = timedelta(days=366)  # of what is created before the first closing is known
BEGINNINGS = 60


def fit_new_business(company: Company, timing: TimingModel, rate: float) -> NewBusiness:
    """From what is known; nothing, with the reason, where the history is too short. rate: P(won) of a new deal."""
    as_of, begun, before = company.business_day, record_begun(company), there_before(company)
    usual = usual_amounts(company)
    wins = [case for case in won_cases(company.cases) if case.start >= begun or not case.begun]
    company = replace(company, cases=tuple([case for case in company.cases if case.begun and case.start >= begun]))
    cases = company.cases
    known_days = (as_of - begun).days + 1
    if not cases or len(wins) < LEAST_WINS or known_days < LEAST_DAYS:
        note = (
            f"left out: {len(wins)} wins in {known_days} days, of {LEAST_WINS} in {LEAST_DAYS} that an estimate needs"
        )
        return NewBusiness(note=note)
    season = _season(cases, as_of, known_days)
    timing = replace(timing, country="")  # new deals of any quarter: these holidays are not that one's
    since = begun if before else company.first_day
    amounts = _amounts(wins, usual)
    owners = _owner_rates(company, timing, rate, season, since, amounts)
    seasonal = "by quarter" if season != (1.0, 1.0, 1.0, 1.0) else "none: less than two years of history"
    made = f"{len(cases)} deals created" + (f" in {known_days} days beside {before} there before" if before else "")
    return NewBusiness(owners, ripening(company, timing, rate), season, f"from {made}; season {seasonal}")


def there_before(company: Company) -> int:
    """How many deals were there when they were first seen: nobody knows when they were created."""
    return sum(not case.begun for case in company.cases)


def record_begun(company: Company) -> date:
    """The first day from which creating is on record: deals dated long before anything closed are strays."""
    first = company.first_closing
    return max(company.first_day, first - LONGEST_RIPENING) if first else company.first_day


def ripening(company: Company, timing: TimingModel, rate: float) -> Floats:
    """P(won within d days of creation) by the place in the quarter of creation; shape (14, RIPENING_DAYS + 1).

    The mean over the deals last created, as they began.
    """
    eve = period_of(company.business_day).end
    days = [eve - timedelta(days=7 * left + 3) for left in range(QUARTER_WEEKS)]
    rows = _beginnings(company)
    columns = timing_columns([row for row in rows for _ in days], days * len(rows))
    won = timing.outlook(timing.index(columns), np.full(len(columns), rate)).won
    won = won.reshape(len(rows), len(days), -1).mean(axis=0)
    reached = np.concatenate([np.zeros((len(days), 1)), np.cumsum(won, axis=1)], axis=1)
    at = np.arange(RIPENING_DAYS + 1) / 7.0
    weeks = np.arange(reached.shape[1])
    lasting, won_at_once = _first_day(company)
    return np.round(won_at_once + lasting * np.stack([np.interp(at, weeks, row) for row in reached]), 9)


def _first_day(company: Company) -> tuple[float, float]:
    """The shares of deals that outlast the day they are created on, and that are won on it."""
    since = company.first_closing or company.first_day
    cases = [case for case in company.cases if case.start >= since]
    ended = [case for case in cases if case.closed == case.start]
    won = sum(case.outcome is Outcome.WON for case in ended)
    return (len(cases) - len(ended) + 1.0) / (len(cases) + 1.0), won / (len(cases) + 1.0)


def _beginnings(company: Company) -> list[Row]:
    """How the deals last created stood on their first day, whoever owns them."""
    begun = [case for case in company.cases if case.sampled and case.sampled[0] == case.start]
    newest = sorted(begun, key=lambda case: (case.start, case.deal_id))[-BEGINNINGS:]
    rows: list[Row] = [dict(case.rows[case.start]) | {"age_days": 0.0, "owner_id": ""} for case in newest]
    return rows or [{"age_days": 0.0}]


def _winning(timing: TimingModel, owners: Sequence[str], as_of: date, rate: float) -> Floats:
    """How often each owner's new deals are won within a quarter, relative to a neutral owner's."""
    eve = period_of(as_of).end
    days = [eve - timedelta(days=back) for back in (91, 45, 14)]
    rows = [{"age_days": 0.0, "owner_id": owner} for owner in ("", *owners)]
    columns = timing_columns([row for row in rows for _ in days], days * len(rows))
    won = timing.outlook(timing.index(columns, 13), np.full(len(columns), rate)).won.sum(axis=1)
    totals = won.reshape(len(rows), -1).sum(axis=1)
    relative: Floats = totals[1:] / max(float(totals[0]), 1e-12)
    return relative


def _season(cases: Sequence[Case], as_of: date, known_days: int) -> tuple[float, float, float, float]:
    """Creation by calendar quarter relative to the mean, shrunk; all 1 without two years of history."""
    if known_days < SEASON_DAYS:
        return (1.0, 1.0, 1.0, 1.0)
    years = known_days // 365
    first = as_of - timedelta(days=365 * years - 1)
    counts = Counter(period_of(case.start).quarter for case in cases if case.start >= first)
    mean = sum(counts.values()) / 4.0
    one, two, three, four = (1.0 + SEASON_PRIOR * (counts[quarter] / mean - 1.0) for quarter in (1, 2, 3, 4))
    return (one, two, three, four)


def _owner_rates(
    company: Company, timing: TimingModel, rate: float, season: Sequence[float], since: date,
    amounts: Callable[[str, str], Lognormal],
) -> tuple[OwnerRate, ...]:  # fmt: skip
    """Each owner's creating since a day, in deals a day that are worth an average owner's."""
    cases, as_of = company.cases, company.business_day
    weights = {case.deal_id: 0.5 ** ((as_of - case.start).days / HALF_LIFE_DAYS) for case in cases}
    created: dict[str, Counter[str]] = defaultdict(Counter)
    for case in cases:
        created[case.owner_id][case.currency] += weights[case.deal_id]
    present = [owner for owner in sorted(created) if owner not in company.inactive]
    if not present:
        return ()
    exposure = sum(
        0.5 ** (day / HALF_LIFE_DAYS) * season[period_of(as_of - timedelta(days=day)).quarter - 1]
        for day in range((as_of - since).days + 1)
    )
    mean = sum(sum(created[owner].values()) for owner in present) / exposure / len(present)
    rates = []
    for owner, relative in zip(present, _winning(timing, present, as_of, rate), strict=True):
        total = sum(created[owner].values())
        worth = float(relative) * (total + PRIOR_DAYS * mean) / (exposure + PRIOR_DAYS)
        for currency in sorted(created[owner]):
            log_mean, log_sd = amounts(owner, currency)
            to_minor = float(np.log(10.0)) * get_currency_precision(currency)
            share = created[owner][currency] / total
            path = company.paths.get(owner) or _under_company(owner)
            rates.append(OwnerRate(owner, currency, path, round(worth * share, 9), log_mean + to_minor, log_sd))
    return tuple(rates)


def _under_company(owner: str) -> tuple[Node, ...]:
    """Where the reporting tree has an owner it does not know, and deals without one."""
    return COMPANY, Node(f"owner:{owner}", "owner", owner, COMPANY.id)


def _amounts(won: Sequence[Case], usual: Mapping[str, Lognormal]) -> Callable[[str, str], Lognormal]:
    """The logarithm of booked amounts in major units by owner and currency, shrunk to the currency's own, and that to
    the usual one."""
    logs: dict[tuple[str, str], list[float]] = defaultdict(list)
    for case in won:
        if case.booked is not None and case.booked > 0:
            for owner in ("", case.owner_id):
                logs[owner, case.currency].append(float(np.log(case.booked)))
    booked = [case.booked for case in won]

    def amounts(owner: str, currency: str) -> Lognormal:
        if not logs["", currency]:
            return unknown_amount(booked, usual.get(currency, PRIOR_MISSING))
        general = shrunk(logs["", currency], usual.get(currency, PRIOR_MISSING), 1.0)
        return shrunk(logs[owner, currency], general, AMOUNT_PRIOR) if owner else general

    return amounts
