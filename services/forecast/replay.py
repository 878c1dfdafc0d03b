"""Past forecasts made again as of past days, of what was known then, beside what came."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from math import exp, sqrt

import numpy as np
from babel.numbers import get_currency_precision

from learning import doubtful_records
from services.forecast.amounts import fit_amounts
from services.forecast.bookings import Owner, made_and_won, read_bookings, won_cases
from services.forecast.dataset import Case, Company, Scores, base_rate, timing_examples, usual_amounts
from services.forecast.domain import HORIZON_WEEKS, Floats, share_within
from services.forecast.features import asked
from services.forecast.hashing import threshold
from services.forecast.model import Ask, ForecastModel, amounts_of, region_of
from services.forecast.newbusiness import OwnerRate, poisson_density
from services.forecast.rates import fit_new_business
from services.forecast.timing import fit_timing

LEAST_WINS = doubtful_records.LEAST_WINS
BACKS: Mapping[str, Sequence[int]] = {  # days back from today that forecasts are replayed as of
    "quarter": (28, 42, 56, 70, 91, 105, 122),
    "month": (28, 42, 56, 70, 84, 98),
    "week": (7, 14, 21, 28, 35, 42, 49, 56),
}
LEAST_DAYS = {"quarter": 28, "month": 28, "week": 1}  # that a replay looks ahead
LEVEL_BOUNDS = (0.3, 3.0)


@dataclass(frozen=True, slots=True)
class Sum:
    """Open deals at a node on a replay's day. density: by how much a unit of a shared shock moves their wins. pairs:
    its products over pairs of deals, what a unit of shared variance adds."""

    expected: float = 0.0
    variance: float = 0.0
    density: float = 0.0
    density_squared: float = 0.0
    won: int = 0

    @property
    def pairs(self) -> float:
        return self.density**2 - self.density_squared


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """Means by owner of the days up to `last`, in major units: open deals, not yet created, and what the past says."""

    last: date
    deals: Mapping[Owner, float]
    new: Mapping[Owner, float]
    pace: Mapping[Owner, float] | None
    mean: Mapping[Owner, float] | None
    periods: int = 1  # past ones that the mean is of
    moved: Mapping[str, float] = field(
        default_factory=dict
    )  # by region: of `base`, by a unit of a shock that all share

    @property
    def base(self) -> dict[Owner, float]:
        """Deals and new business."""
        return {owner: self.deals.get(owner, 0.0) + self.new.get(owner, 0.0) for owner in {*self.deals, *self.new}}


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """What a forecast expected of some days, and what came."""

    expected: Expected
    actual: Mapping[Owner, float]
    days: int


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """A forecast as of the end of `day`: of the current period, and of those after it as far as they are known.

    known: days of recorded closings by then. counts: by region node, "" for the company.
    """

    day: date
    known: int
    windows: Sequence[Window]
    counts: Mapping[str, Sum]


def replay_days(kind: str, business_day: date) -> list[date]:
    """The days that forecasts are replayed as of, ascending."""
    return [business_day - timedelta(days=back) for back in sorted(BACKS[kind], reverse=True)]


def fit_model(company: Company, scores: Scores, kind: str, *, seed: int) -> ForecastModel:
    """Timing, amounts, new business and past bookings of what is known, without any correction."""
    rate = base_rate(company.cases, company.business_day)
    won = won_cases(company.cases)
    pairs = [(asked(case.rows[max(case.rows)], company.currency), case.booked) for case in won if case.rows]
    timing = fit_timing(timing_examples(company, scores, rate), company.holiday_country)
    model = ForecastModel(
        timing,
        fit_amounts(
            [(money, booked) for money, booked in pairs if booked is not None],
            company.currency,
            [case.booked for case in won],
            usual_amounts(company),
        ),
        new_business=fit_new_business(company, timing, rate),
        rate=rate,
        seed=seed,
    )
    return replace(model, blend=replace(model.blend, bookings=read_bookings(company, kind)))


def with_new_level(model: ForecastModel, company: Company, kind: str, last: date) -> ForecastModel:
    """New business halfway between what rates say and what was made and won last time between the same days."""
    business = model.new_business
    before = made_and_won(company, kind, company.business_day, last)
    start = company.business_day + timedelta(days=1)
    rates = sum(wins * amount for _, wins, amount in _new(model, start, start, last))
    if before is None or rates <= 0:
        return model
    level = min(max(0.5 + 0.5 * before / rates, LEVEL_BOUNDS[0]), LEVEL_BOUNDS[1])
    return replace(model, new_business=replace(business, level=round(level, 6)))


def replay(
    company: Company, scores: Scores, day: date, windows: Sequence[tuple[int, int]], kind: str, *, seed: int
) -> Replay | None:
    """The forecast of a past day again; None where too little had been won by then.

    windows: the periods, each as the days from the day it is made on that come before it and to its end. The first
    is cut where the data end, later ones count only whole.
    """
    then = company.at(day)
    if len(won_cases(then.cases)) < LEAST_WINS or then.first_closing is None:
        return None
    left = (company.business_day - day).days
    first = (day, min(company.business_day, day + timedelta(days=windows[0][1])))
    later = [(day + timedelta(days=after), day + timedelta(days=last)) for after, last in windows[1:] if last <= left]
    model = with_new_level(fit_model(then, scores, kind, seed=seed), then, kind, first[1])
    asks = [ask_of(then, scores, case) for case in open_cases(then)]
    won = {case.deal_id for case in company.cases if case.won_within(day + timedelta(days=1), first[1])}
    counts = _counts(model, asks, [ask.deal_id in won for ask in asks], first[1])
    found = [
        Window(expected(model, then, asks, after, last), _booked(company, after, last), (last - after).days)
        for after, last in (first, *later)
    ]
    return Replay(day, (day - then.first_closing).days + 1, found, counts)


def _booked(company: Company, after: date, last: date) -> dict[Owner, float]:
    found: dict[Owner, float] = defaultdict(float)
    for case in company.cases:
        if case.won_within(after + timedelta(days=1), last):
            found[case.owner_id, case.currency] += case.booked or 0.0
    return found


def open_cases(company: Company) -> list[Case]:
    """Those open at the end of its day."""
    return [case for case in company.cases if case.open_on(company.business_day)]


def ask_of(company: Company, scores: Scores, case: Case) -> Ask:
    """What serving would be asked of an open deal."""
    day = company.business_day
    row = case.rows[day]
    left = row.get("days_to_close_date")
    promised = day + timedelta(days=int(left)) if isinstance(left, float | int) else None
    region = region_of(company.paths.get(str(row.get("owner_id") or ""), ()))
    return Ask(case.deal_id, day, row, promised, scores.on(case.deal_id, day), region)


def expected(model: ForecastModel, company: Company, asks: Sequence[Ask], after: date, last: date) -> Expected:
    """What is expected of the days after `after` up to `last`, as of the company's day."""
    day, bookings = company.business_day, model.blend.bookings
    shares, densities = _shares(model, asks, after, last)
    deals: dict[Owner, float] = defaultdict(float)
    moved: dict[str, float] = defaultdict(float)
    weights = np.zeros(HORIZON_WEEKS)
    for ask, share, density in zip(asks, shares, densities, strict=True):
        mean = amounts_of(model.parameters(ask, 0.5, weights))[0]
        deals[str(ask.row.get("owner_id") or ""), mean.currency] += share * float(mean.value)
        moved[ask.region] += density * float(mean.value)
    level = model.new_business.level if after == day else 1.0
    new: dict[Owner, float] = {}
    for owner, wins, amount in _new(model, day + timedelta(days=1), after + timedelta(days=1), last):
        new[owner.owner_id, owner.currency] = level * wins * amount
        moved[region_of(owner.path)] += poisson_density(level * wins) * amount
    return Expected(last, deals, new, bookings.pace(after, last, day), bookings.mean(after, last, day),
                    bookings.known(after, last, day), moved)  # fmt: skip


def _new(model: ForecastModel, start: date, first: date, last: date) -> Iterator[tuple[OwnerRate, float, float]]:
    """Of each owner how many wins are expected, and their mean amount in major units."""
    exposure = model.new_business.exposure(start, first, last)
    for owner in model.new_business.owners:
        amount = exp(min(owner.log_amount_mean + owner.log_amount_sd**2 / 2, 39.0))
        yield owner, owner.rate * exposure, amount / 10 ** get_currency_precision(owner.currency)


def _shares(model: ForecastModel, asks: Sequence[Ask], after: date, last: date) -> tuple[Floats, Floats]:
    """P(won on the days after `after` up to `last`), and how much a unit of a shock that all share moves it."""
    if not asks:
        return np.zeros(0), np.zeros(0)
    probability, weights = model.chances(asks)
    days = np.array([max((after - asks[0].day).days, 0), (last - asks[0].day).days])
    reached = share_within(weights, days)
    within: Floats = reached[:, 1] - reached[:, 0]
    bounds = np.array([threshold(float(each)) for each in probability])
    return probability * within, within * np.exp(-0.5 * bounds**2) / sqrt(2 * np.pi)


def _counts(model: ForecastModel, asks: Sequence[Ask], won: Sequence[bool], last: date) -> dict[str, Sum]:
    shares, densities = _shares(model, asks, asks[0].day, last) if asks else (np.zeros(0), np.zeros(0))
    ended = np.array(won, dtype=bool)
    members: dict[str, list[int]] = defaultdict(list)
    for index, ask in enumerate(asks):
        members[""].append(index)
        if ask.region:
            members[ask.region].append(index)
    return {
        region: Sum(
            float(shares[rows].sum()), float((shares[rows] * (1 - shares[rows])).sum()),
            float(densities[rows].sum()), float((densities[rows] ** 2).sum()), int(ended[rows].sum()),
        )
        for region, rows in sorted(members.items())
    }  # fmt: skip
