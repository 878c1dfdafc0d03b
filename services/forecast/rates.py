"""Estimates business not yet created: how much each owner creates, and how much of it is won how soon."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np
from babel.numbers import get_currency_precision

from learning.periods import period_of
from learning.records import Node, Outcome
from learning.tree import COMPANY
from services.forecast.amounts import PRIOR_MISSING, Lognormal, shrunk
from services.forecast.dataset import Case, Company
from services.forecast.domain import Floats
from services.forecast.newbusiness import RIPENING_DAYS, NewBusiness, OwnerRate

LEAST_WINS = 40
LEAST_DAYS = 90
HALF_LIFE_DAYS = 180.0
PRIOR_DAYS = 30.0  # of an average owner's creating, as a prior of each owner's
SEASON_DAYS = 730
SEASON_PRIOR = 0.5  # share of a season's deviation that is believed
AMOUNT_PRIOR = 10.0


def fit_new_business(company: Company, as_of: date) -> NewBusiness:
    """From what was known at the end of a day; nothing, with the reason, where the history is too short."""
    cases = [case for case in company.cases if case.start <= as_of]
    wins = sum(case.outcome is Outcome.WON and case.closed is not None and case.closed <= as_of for case in cases)
    known_days = (as_of - company.first_day).days + 1
    if wins < LEAST_WINS or known_days < LEAST_DAYS:
        note = f"left out: {wins} wins in {known_days} days, of {LEAST_WINS} in {LEAST_DAYS} that an estimate needs"
        return NewBusiness(note=note)
    season = _season(cases, as_of, known_days)
    owners = _owner_rates(company, cases, as_of, season)
    seasonal = "by quarter" if season != (1.0, 1.0, 1.0, 1.0) else "none: less than two years of history"
    return NewBusiness(owners, ripening(cases, as_of), season, f"from {len(cases)} deals created; season {seasonal}")


def ripening(cases: Sequence[Case], as_of: date) -> Floats:
    """Cumulative incidence of winning by days since creation (Aalen-Johansen; losing competes, open is censored)."""
    ends = [case.closed if case.closed is not None and case.closed <= as_of else None for case in cases]
    days = np.array([((end or as_of) - case.start).days for case, end in zip(cases, ends, strict=True)])
    days = np.clip(days, 0, RIPENING_DAYS)
    closed = np.array([end is not None for end in ends])
    won = closed & np.array([case.outcome is Outcome.WON for case in cases])
    size = RIPENING_DAYS + 1
    leaving = np.bincount(days, minlength=size)
    at_risk = leaving[::-1].cumsum()[::-1]
    safe = np.maximum(at_risk, 1)
    open_share = np.cumprod(1.0 - np.bincount(days[closed], minlength=size) / safe)
    before = np.concatenate([[1.0], open_share[:-1]])
    reached: Floats = np.cumsum(before * np.bincount(days[won], minlength=size) / safe)
    return np.round(reached, 9)


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
    company: Company, cases: Sequence[Case], as_of: date, season: Sequence[float]
) -> tuple[OwnerRate, ...]:
    weights = {case.deal_id: 0.5 ** ((as_of - case.start).days / HALF_LIFE_DAYS) for case in cases}
    created: dict[str, Counter[str]] = defaultdict(Counter)
    for case in cases:
        created[case.owner_id][case.currency] += weights[case.deal_id]
    present = [owner for owner in sorted(created) if owner not in company.inactive]
    if not present:
        return ()
    exposure = sum(
        0.5 ** (day / HALF_LIFE_DAYS) * season[period_of(as_of - timedelta(days=day)).quarter - 1]
        for day in range((as_of - company.first_day).days + 1)
    )
    mean = sum(sum(created[owner].values()) for owner in present) / exposure / len(present)
    amounts = _amounts(cases, as_of)
    rates = []
    for owner in present:
        total = sum(created[owner].values())
        rate = (total + PRIOR_DAYS * mean) / (exposure + PRIOR_DAYS)
        for currency in sorted(created[owner]):
            log_mean, log_sd = amounts.get((owner, currency), amounts.get(("", currency), PRIOR_MISSING))
            to_minor = float(np.log(10.0)) * get_currency_precision(currency)
            share = created[owner][currency] / total
            path = company.paths.get(owner) or _under_company(owner)
            rates.append(OwnerRate(owner, currency, path, round(rate * share, 9), log_mean + to_minor, log_sd))
    return tuple(rates)


def _under_company(owner: str) -> tuple[Node, ...]:
    """Where the reporting tree has an owner it does not know, and deals without one."""
    return COMPANY, Node(f"owner:{owner}", "owner", owner, COMPANY.id)


def _amounts(cases: Sequence[Case], as_of: date) -> Mapping[tuple[str, str], Lognormal]:
    """The logarithm of booked amounts in major units by (owner, currency), shrunk to the currency's own."""
    logs: dict[tuple[str, str], list[float]] = defaultdict(list)
    for case in cases:
        if case.booked is not None and case.booked > 0 and case.closed is not None and case.closed <= as_of:
            for owner in ("", case.owner_id):
                logs[owner, case.currency].append(float(np.log(case.booked)))
    general = {key: shrunk(values, PRIOR_MISSING, 1.0) for key, values in logs.items() if not key[0]}
    return {
        key: general[key] if not key[0] else shrunk(values, general["", key[1]], AMOUNT_PRIOR)
        for key, values in logs.items()
    }
