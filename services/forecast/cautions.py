"""What a company's own data are too few or too odd for, in plain sentences: said beside every forecast."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from kit.money import decimals
from learning.records import Outcome
from services.forecast.dataset import Case, Company
from services.forecast.draws import LARGEST_MINOR
from services.forecast.features import asked
from services.forecast.replay import LEAST_WINS, open_cases

FEW_CLOSED = 5  # of an owner's deals
LARGE_SHARE = 0.5  # of an owner's open amounts
SHORT_DAYS = 183  # of recorded closings


def cautions(company: Company) -> list[str]:
    """Sentences, the gravest first; none where the record is long and even."""
    cases = open_cases(company)
    return [each for each in (*_of_history(company), *_of_amounts(company, cases), *_of_owners(company, cases)) if each]


def _of_history(company: Company) -> list[str]:
    won = sum(case.outcome is Outcome.WON for case in company.cases)
    first = company.first_closing
    if first is None:
        return ["No deal has closed yet: dates and chances are a general prior, and the range is wide."]
    closed = sum(case.closed is not None for case in company.cases)
    if not won and closed >= LEAST_WINS:
        return [
            f"None of {closed} closed deals was won: next to nothing is expected, and a first win would change that."
        ]
    if won < LEAST_WINS:
        deals = "Only 1 deal has" if won == 1 else f"Only {won} deals have" if won else "No deal has"
        return [f"{deals} been won: dates and chances stay near a general prior, and the range is wide."]
    days = (company.business_day - first).days + 1
    if days < SHORT_DAYS:
        return [f"Closings are recorded for {days} days: no two quarters can be compared, and seasons are not known."]
    return []


def _of_amounts(company: Company, cases: Sequence[Case]) -> list[str]:
    moneys = [asked(case.rows[company.business_day], company.currency) for case in cases]
    lacking = sum(money.amount is None for money in moneys)
    bounds = {currency: LARGEST_MINOR // 10 ** decimals(currency)[0] for currency in {each.currency for each in moneys}}
    beyond = [each.currency for each in moneys if each.amount is not None and each.amount > bounds[each.currency]]
    won = [case for case in company.cases if case.outcome is Outcome.WON]
    if won and not any(case.booked for case in won):
        return ["No won deal has an amount: money cannot be forecast from this record, count deals instead."]
    if cases and lacking > LARGE_SHARE * len(cases):
        usual = "what such deals brought in" if won else "a general prior"
        return [f"{lacking} of {len(cases)} open deals have no amount: they count with {usual}."]
    if beyond:
        most = f"{bounds[beyond[0]]:,} {beyond[0]}"
        return [f"{len(beyond)} of {len(cases)} open deals ask for more than {most}: they count as no more than that."]
    return []


def _of_owners(company: Company, cases: Sequence[Case]) -> list[str]:
    closed = Counter(case.owner_id for case in company.cases if case.closed is not None)
    amounts: dict[str, list[float]] = defaultdict(list)
    for case in cases:
        amounts[case.owner_id].append(asked(case.rows[company.business_day], company.currency).amount or 0.0)
    told = []
    new = sorted(owner for owner in amounts if closed[owner] < FEW_CLOSED) if closed else []
    if new:
        owners = "1 owner has" if len(new) == 1 else f"{len(new)} owners have"
        told.append(f"{owners} fewer than {FEW_CLOSED} closed deals: what is expected of them is what others do.")
    led = [owner for owner, own in amounts.items() if len(own) > 1 and max(own) > LARGE_SHARE * sum(own)]
    if led:
        owners = "1 owner" if len(led) == 1 else f"{len(led)} owners"
        told.append(f"One deal is most of what {owners} may win: the range's ends are that deal won or not.")
    lone = [owner for owner in amounts if not any(node.level == "manager" for node in company.paths.get(owner, ()))]
    if lone and len(lone) < len(amounts):
        owners = "1 owner has" if len(lone) == 1 else f"{len(lone)} owners have"
        told.append(f"{owners} no manager: their deals are in no team's number.")
    return told
