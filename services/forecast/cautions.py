"""What a company's own data are too few or too odd for, in plain sentences: said beside every forecast."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from kit.money import decimals
from learning.doubtful_records import FEW_CLOSED, LARGE_SHARE, LEAST_WINS, record_doubt, said
from learning.records import Outcome
from services.forecast.dataset import Case, Company
from services.forecast.draws import LARGEST_MINOR
from services.forecast.features import asked
from services.forecast.replay import open_cases

LARGE_TIMES, LARGE_QUANTILE = 20, 0.95  # wins beyond so many times what this share of them stays below


def cautions(company: Company) -> list[str]:
    """Sentences, the gravest first; none where the record is long and even."""
    cases = open_cases(company)
    return [each for each in (*_of_history(company), *_of_amounts(company, cases), *_of_owners(company, cases)) if each]


def _of_history(company: Company) -> list[str]:
    won = sum(case.outcome is Outcome.WON for case in company.cases)
    closed = sum(case.closed is not None for case in company.cases)
    first = company.first_closing
    doubt = record_doubt(won, closed, None if first is None else (company.business_day - first).days + 1)
    return [said(*doubt)] if doubt else []


def _of_amounts(company: Company, cases: Sequence[Case]) -> list[str]:
    moneys = [asked(case.rows[company.business_day], company.currency) for case in cases]
    lacking = sum(money.amount is None for money in moneys)
    bounds = {currency: LARGEST_MINOR // 10 ** decimals(currency)[0] for currency in {each.currency for each in moneys}}
    beyond = [each.currency for each in moneys if each.amount is not None and each.amount > bounds[each.currency]]
    won = [case for case in company.cases if case.outcome is Outcome.WON]
    if won and not any(case.booked for case in won):
        return [said("wins_without_amounts")]
    if cases and lacking > LARGE_SHARE * len(cases):
        return [said("no_amounts", lacking, len(cases), usual=bool(won))]
    if beyond:
        return [said("too_large", len(beyond), len(cases), most=f"{bounds[beyond[0]]:,} {beyond[0]}")]
    return _of_wins(won, company.currency)


def _of_wins(won: Sequence[Case], currency: str) -> list[str]:
    """Wins so far above all others that they may well be typed wrong."""
    booked = [each.booked or 0.0 for each in won if each.currency == currency]
    bound = LARGE_TIMES * float(np.quantile(booked, LARGE_QUANTILE)) if len(booked) >= LEAST_WINS else 0.0
    beyond = sum(each > bound for each in booked) if bound else 0
    return [said("large_wins", beyond, len(booked), most=f"{bound:,.0f} {currency}")] if beyond else []


def _of_owners(company: Company, cases: Sequence[Case]) -> list[str]:
    closed = Counter(case.owner_id for case in company.cases if case.closed is not None)
    amounts: dict[str, list[float]] = defaultdict(list)
    for case in cases:
        amounts[case.owner_id].append(asked(case.rows[company.business_day], company.currency).amount or 0.0)
    told = []
    new = [owner for owner in amounts if closed[owner] < FEW_CLOSED] if closed else []
    led = [owner for owner, own in amounts.items() if len(own) > 1 and max(own) > LARGE_SHARE * sum(own)]
    lone = [owner for owner in amounts if not any(node.level == "manager" for node in company.paths.get(owner, ()))]
    if new:
        told.append(said("few_closed", len(new)))
    if led:
        told.append(said("one_deal", len(led)))
    if lone and len(lone) < len(amounts):
        told.append(said("no_manager", len(lone)))
    return told
