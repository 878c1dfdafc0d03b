"""Past forecasts made again as of past days: what they missed sets the correction and the size of the shocks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import exp, log, sqrt

import numpy as np
from babel.numbers import get_currency_precision

from learning.records import Outcome
from services.forecast.amounts import fit_amounts
from services.forecast.dataset import Case, Company, Scores, base_rate, timing_examples
from services.forecast.domain import Floats, Loadings, share_within
from services.forecast.draws import threshold
from services.forecast.features import asked, timing_columns
from services.forecast.model import Ask, ForecastModel, amounts_of, region_of
from services.forecast.rates import fit_new_business
from services.forecast.timing import fit_timing

MOST_REPLAYS = 8
LEAST_REPLAYS = 3
LEAST_WINS = 40
INDEPENDENT = 3.0  # replays start every month and look three months ahead: three of them are worth one
CORRECTION_PRIOR = 3.0  # quarters' worth of belief that the forecast is right
SHOCK_PRIOR = 3.0
PRIOR_VARIANCES = (0.02, 0.005)  # of company and quarter together, of region
MOST_VARIANCE = 0.15
FURTHEST = log(2.0)


@dataclass(frozen=True, slots=True)
class Sum:
    """Open deals at a node on a replay's day. pairs: Σ φ(tᵢ)φ(tⱼ) over pairs, what a unit of shared variance adds."""

    expected: float = 0.0
    variance: float = 0.0
    density: float = 0.0
    density_squared: float = 0.0
    won: int = 0

    @property
    def pairs(self) -> float:
        return self.density**2 - self.density_squared


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """A forecast of the quarter of days after `day`, made of what was known then, beside what came."""

    day: date
    last: date
    model: ForecastModel
    asks: Sequence[Ask]
    owners: Sequence[str]  # of each ask
    deals: float  # expected booked amount of open deals, in major units
    new: float
    actual: float
    regions: dict[str, Sum]  # counts, by region node; "" for the company


def month_eves(first: date, last: date) -> list[date]:
    """The last day of each month within two days, ascending."""
    found, day = [], date(first.year, first.month, 1)
    while day <= last + timedelta(days=1):
        eve = day - timedelta(days=1)
        if first <= eve <= last:
            found.append(eve)
        day = (day + timedelta(days=32)).replace(day=1)
    return found


def quarter_after(day: date) -> date:
    """The last day of the three months that follow the end of a month."""
    return ((day + timedelta(days=1)).replace(day=1) + timedelta(days=95)).replace(day=1) - timedelta(days=1)


def replay_days(first: date, business_day: date) -> list[date]:
    """The latest month ends whose following three months are over, at most MOST_REPLAYS."""
    return [day for day in month_eves(first, business_day) if quarter_after(day) <= business_day][-MOST_REPLAYS:]


def fit_model(company: Company, scores: Scores, as_of: date, *, seed: int) -> ForecastModel:
    """Timing, amounts and new business of what was known at the end of a day."""
    cases = [case for case in company.cases if case.start <= as_of]
    rate = base_rate(cases, as_of)
    won = [case for case in cases if case.outcome is Outcome.WON and case.closed is not None and case.closed <= as_of]
    pairs = [(asked(case.rows[max(case.rows)], company.currency), case.booked) for case in won if case.rows]
    return ForecastModel(
        fit_timing(timing_examples(cases, scores, as_of, rate)),
        fit_amounts([(money, booked) for money, booked in pairs if booked is not None], company.currency),
        new_business=fit_new_business(company, as_of),
        seed=seed,
    )


def replay(company: Company, scores: Scores, day: date, *, seed: int) -> Replay | None:
    """The forecast of a past day again; None where too little had been won by then."""
    known = [case for case in company.cases if case.outcome is Outcome.WON and case.closed and case.closed <= day]
    if len(known) < LEAST_WINS:
        return None
    model = fit_model(company, scores, day, seed=seed)
    last, rate = quarter_after(day), base_rate(company.cases, day)
    cases = [case for case in company.cases if case.open_on(day)]
    asks = [_ask(company, scores, case, day, rate) for case in cases]
    return Replay(
        day, last, model, asks, [_owner(case, day) for case in cases], *_money(company, model, asks, day, last),
        _counts(model, asks, cases, day, last),
    )  # fmt: skip


def _owner(case: Case, day: date) -> str:
    return str(case.rows[day].get("owner_id") or "")


def _ask(company: Company, scores: Scores, case: Case, day: date, rate: float) -> Ask:
    row = case.rows[day]
    left = row.get("days_to_close_date")
    promised = day + timedelta(days=int(left)) if isinstance(left, float | int) else None
    score = scores.on(case.deal_id, day)
    region = region_of(company.paths.get(_owner(case, day), ()))
    return Ask(case.deal_id, day, row, promised, rate if score is None else score, region)


def _shares(model: ForecastModel, asks: Sequence[Ask], day: date, last: date) -> Floats:
    if not asks:
        return np.zeros(0)
    weights = model.weights(timing_columns([ask.row for ask in asks], [ask.day for ask in asks]))
    within = share_within(weights, np.array([(last - day).days]))[:, 0]
    shares: Floats = within * np.array([ask.win_probability for ask in asks])
    return shares


def _money(
    company: Company, model: ForecastModel, asks: Sequence[Ask], day: date, last: date
) -> tuple[float, float, float]:
    """Expected from open deals, expected from deals not yet created, and what was booked; in major units."""
    start = day + timedelta(days=1)
    weights = np.zeros(53)
    means = [float(amounts_of(model.parameters(ask, weights))[0].value) for ask in asks]
    deals = float(_shares(model, asks, day, last) @ np.array(means)) if asks else 0.0
    exposure = model.new_business.exposure(start, start, last)
    new = 0.0
    for owner in model.new_business.owners:
        amount = exp(min(owner.log_amount_mean + owner.log_amount_sd**2 / 2, 39.0))
        new += owner.rate * exposure * amount / 10 ** get_currency_precision(owner.currency)
    actual = sum(case.booked or 0.0 for case in company.cases if case.won_within(start, last))
    return deals, new, actual


def _counts(model: ForecastModel, asks: Sequence[Ask], cases: Sequence[Case], day: date, last: date) -> dict[str, Sum]:
    shares = np.clip(_shares(model, asks, day, last), 1e-6, 1 - 1e-6)
    bounds = np.array([threshold(float(share)) for share in shares])
    densities = np.exp(-0.5 * bounds**2) / sqrt(2 * np.pi)
    won = np.array([case.won_within(day + timedelta(days=1), last) for case in cases], dtype=bool)
    members: dict[str, list[int]] = defaultdict(list)
    for index, ask in enumerate(asks):
        members[""].append(index)
        if ask.region:
            members[ask.region].append(index)
    return {
        region: Sum(
            float(shares[rows].sum()), float((shares[rows] * (1 - shares[rows])).sum()),
            float(densities[rows].sum()), float((densities[rows] ** 2).sum()), int(won[rows].sum()),
        )
        for region, rows in sorted(members.items())
    }  # fmt: skip


def estimate_correction(replays: Sequence[Replay]) -> tuple[float, str]:
    """Actual / forecast of the past, shrunk strongly towards 1, and how it came about."""
    usable = [each for each in replays if each.actual > 0 and each.deals + each.new > 0]
    if len(usable) < LEAST_REPLAYS:
        return 1.0, f"left out: {len(usable)} past quarters could be replayed, of {LEAST_REPLAYS} that it needs"
    if not all(each.model.new_business.owners for each in usable):
        usable = [each for each in usable if each.model.new_business.owners]
        if len(usable) < LEAST_REPLAYS:
            return 1.0, f"left out: only {len(usable)} replays knew enough of business not yet created"
    ratios = [float(np.clip(log(each.actual / (each.deals + each.new)), -FURTHEST, FURTHEST)) for each in usable]
    worth = len(usable) / INDEPENDENT
    shrunk = float(np.mean(ratios)) * worth / (worth + CORRECTION_PRIOR)
    note = f"{len(usable)} overlapping quarters replayed: booked / forecast {exp(float(np.mean(ratios))):.3f}"
    return round(exp(shrunk), 6), note


def estimate_loadings(replays: Sequence[Replay]) -> tuple[Loadings, dict[str, float | int]]:
    """How much past counts of won deals varied beyond independent deals, shrunk towards a prior.

    Method of moments: Var(N) = Σ p(1-p) + ρ² Σᵢ≠ⱼ φ(tᵢ)φ(tⱼ) to first order in the shared variance ρ². A bias
    common to all replays is the correction's business and taken out first. Company and quarter cannot be told
    apart by one quarter ahead each, and share what is found.
    """
    worth = len(replays) / INDEPENDENT
    whole = [each.regions[""] for each in replays if "" in each.regions]
    bias = _ratio(sum(each.won for each in whole), sum(each.expected for each in whole))
    company = _excess([(each, bias) for each in whole])
    parts = []
    for each in replays:
        own = _ratio(each.regions[""].won, each.regions[""].expected) if "" in each.regions else 1.0
        parts += [(part, own) for name, part in each.regions.items() if name]
    region = _excess(parts)
    found = []
    for estimate, prior in zip((company, region), PRIOR_VARIANCES, strict=True):
        mixed = prior if estimate is None else (worth * estimate + SHOCK_PRIOR * prior) / (worth + SHOCK_PRIOR)
        found.append(min(max(mixed, prior / 4), MOST_VARIANCE))
    half = round(sqrt(found[0] / 2), 6)
    seen = {"replays": len(replays)} | {
        name: round(value, 6) for name, value in (("company", company), ("region", region)) if value is not None
    }
    return Loadings(half, round(sqrt(found[1]), 6), half), seen


def _ratio(won: float, expected: float) -> float:
    """Shrunk by a handful of deals, and kept within a factor of two."""
    return min(max((won + 5.0) / (expected + 5.0), 0.5), 2.0)


def _excess(parts: Sequence[tuple[Sum, float]]) -> float | None:
    """Shared variance that the squared misses show beyond independence; None without any pairs."""
    pairs = sum(part.pairs for part, _ in parts)
    if pairs <= 0:
        return None
    beyond = sum((part.won - bias * part.expected) ** 2 - part.variance for part, bias in parts)
    return min(max(beyond / pairs, 0.0), MOST_VARIANCE)
