"""What replayed forecasts teach: bias, weights, width and shocks, each shrunk towards a prior."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from math import exp, log, sqrt

import numpy as np

from services.forecast.blend import Blend, Level, Weights, branch_of
from services.forecast.bookings import Bookings, Owner, won_cases
from services.forecast.dataset import Company
from services.forecast.domain import Loadings
from services.forecast.replay import Expected, Replay, Sum

INDEPENDENT = 3.0  # replays overlap: three of them are worth one
BIAS_PRIOR = 1.0  # replays' worth of belief that the forecast is right
ERROR_PRIOR = 2.0  # replays' worth of belief that all parts miss alike
PRIOR_ERROR = 0.15  # sd of a part's log error
UNKNOWN_ERROR = 0.4  # of the company's total where nothing could be replayed
FURTHEST = log(2.0)
FACTOR_BOUNDS = (0.4, 2.5)
PARTS = ("deals", "pace", "mean")
OWNER_SHARE = 0.75  # of the deals in an owner's number
OWNER_SHARES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
OWNER_PRIOR = 40.0  # owners' worth of belief in OWNER_SHARE
SPREAD, SPREAD_PRIOR = 1.3, 20.0
SPREAD_BOUNDS = (0.8, 6.0)
TYPICAL_PRIOR = 10.0  # won deals
SHOCK_PRIOR = 3.0
PRIOR_VARIANCES = (0.02, 0.005)  # of company and quarter together, of region
MOST_VARIANCE = 0.15


def fit_blend(company: Company, bookings: Bookings, replays: Sequence[Replay], ahead: Sequence[Expected]) -> Blend:
    """The correction of each period in `ahead`, from what replays missed."""
    typical = typical_amounts(company)
    if not replays:
        return Blend((Level(shock=UNKNOWN_ERROR),), bookings, SPREAD, typical, "left out: nothing could be replayed")
    bias = _bias(replays)
    errors = _errors(replays, bias)
    share = _owner_share(replays)
    branches = {owner: branch_of(path) for owner, path in company.paths.items()}
    levels = tuple(_level(each, bias, errors, share, branches) for each in ahead)
    missed = [(_worth(each), _missed(each, bias, errors)) for each in replays]
    prior = PRIOR_ERROR**2 / (1 + (ahead[0].pace is not None))  # parts that miss independently halve the variance
    total = _shrunk([(worth, error**2) for worth, error in missed], prior, ERROR_PRIOR)
    spread = _spread(replays, share, typical)
    shock = sqrt(max(total - _own_variance(replays[-1], spread, typical), 0.02**2))
    levels = tuple(replace(each, shock=round(shock, 6)) for each in levels)
    note = (
        f"{len(replays)} forecasts replayed, {replays[0].day} to {replays[-1].day}: deals' level {exp(bias):.3f}, "
        + ", ".join(f"{name} missed by {sqrt(errors[name]):.3f}" for name in PARTS if name in errors)
        + f"; share of deals in an owner's number {share:.2f}"
    )
    return Blend(levels, bookings, round(spread, 6), typical, note)


def _worth(each: Replay) -> float:
    days = (each.expected.last - each.day).days
    return min(days / 91.0, 1.0) / INDEPENDENT


def _total(amounts: Mapping[Owner, float] | None) -> float:
    return sum(amounts.values()) if amounts else 0.0


def _log_ratio(actual: float, forecast: float) -> float:
    if actual <= 0 or forecast <= 0:
        return 0.0 if actual <= 0 and forecast <= 0 else FURTHEST if forecast <= 0 else -FURTHEST
    return min(max(log(actual / forecast), -FURTHEST), FURTHEST)


def _shrunk(parts: Sequence[tuple[float, float]], prior: float, worth: float) -> float:
    return (sum(weight * value for weight, value in parts) + worth * prior) / (sum(w for w, _ in parts) + worth)


def _bias(replays: Sequence[Replay]) -> float:
    """The log of actual over deals and new business, shrunk towards 0."""
    found = [(_worth(each), _log_ratio(_total(each.actual), _total(each.expected.base))) for each in replays]
    return _shrunk(found, 0.0, BIAS_PRIOR)


def _errors(replays: Sequence[Replay], bias: float) -> dict[str, float]:
    """Mean squared log error of each part, shrunk towards a common one."""
    found = {}
    for name, part in (("deals", "base"), ("pace", "pace"), ("mean", "mean")):
        missed = [
            (_worth(each), (_log_ratio(_total(each.actual), _total(known)) - (bias if name == "deals" else 0.0)) ** 2)
            for each in replays
            if (known := getattr(each.expected, part)) is not None
        ]
        found[name] = _shrunk(missed, PRIOR_ERROR**2, ERROR_PRIOR)
    return found


def _company_total(each: Expected, bias: float, errors: Mapping[str, float]) -> float:
    """The parts that are known, weighted by how well they did."""
    known = {"deals": exp(bias) * _total(each.base)}
    known |= {name: _total(part) for name, part in (("pace", each.pace), ("mean", each.mean)) if part is not None}
    weights = {name: 1.0 / errors[name] for name in known}
    return sum(weights[name] * known[name] for name in known) / sum(weights.values())


def _owner_weights(each: Expected, share: float) -> Weights:
    past = [name for name, part in (("pace", each.pace), ("mean", each.mean)) if part is not None]
    if not past:
        return Weights()
    parts = dict.fromkeys(past, (1.0 - share) / len(past))
    return Weights(share, parts.get("pace", 0.0), parts.get("mean", 0.0))


def _mixed(each: Expected, weights: Weights) -> dict[Owner, float]:
    """Each owner's parts, weighted."""
    found: dict[Owner, float] = {}
    for weight, part in ((weights.deals, each.base), (weights.pace, each.pace), (weights.mean, each.mean)):
        for owner, amount in (part or {}).items():
            found[owner] = found.get(owner, 0.0) + weight * amount
    return found


def _level(
    each: Expected, bias: float, errors: Mapping[str, float], share: float, branches: Mapping[str, str]
) -> Level:
    """Each branch gets its own parts, weighted as the company's, and all together the company's total."""
    weights = _owner_weights(each, share)
    total = _company_total(each, bias, errors)
    general = _factor(total, _total(_mixed(each, weights)))
    wanted, mixed = {}, {}
    for branch in sorted(set(branches.values())):
        part = _restricted(each, {owner for owner, its in branches.items() if its == branch})
        wanted[branch] = _company_total(part, bias, errors)
        mixed[branch] = _total(_mixed(part, weights))
    scale = total / max(sum(wanted.values()), 1e-9)
    factors = {branch: _factor(scale * wanted[branch], mixed[branch]) for branch in wanted if mixed[branch] > 0}
    return Level(general, weights, branches=factors)


def _factor(wanted: float, mixed: float) -> float:
    return round(min(max(wanted / mixed, FACTOR_BOUNDS[0]), FACTOR_BOUNDS[1]), 6) if mixed > 0 else 1.0


def _restricted(each: Expected, owners: Container[str]) -> Expected:
    """The parts of some owners."""

    def some(part: Mapping[Owner, float] | None) -> dict[Owner, float] | None:
        return None if part is None else {owner: amount for owner, amount in part.items() if owner[0] in owners}

    return Expected(each.last, some(each.deals) or {}, some(each.new) or {}, some(each.pace), some(each.mean))


def _missed(each: Replay, bias: float, errors: Mapping[str, float]) -> float:
    return _log_ratio(_total(each.actual), _company_total(each.expected, bias, errors))


def _residuals(each: Replay, share: float) -> list[tuple[Owner, float, float]]:
    """Each owner's mean, scaled so that the company's total is right, and what was booked beyond it."""
    mixed = _mixed(each.expected, _owner_weights(each.expected, share))
    total, actual = _total(mixed), _total(each.actual)
    if total <= 0 or actual <= 0:
        return []
    scaled = {owner: amount * actual / total for owner, amount in mixed.items()}
    return [(o, scaled.get(o, 0.0), each.actual.get(o, 0.0) - scaled.get(o, 0.0)) for o in {*scaled, *each.actual}]


def _owner_share(replays: Sequence[Replay]) -> float:
    """The share of deals that would have served owners best, shrunk towards OWNER_SHARE."""
    usable = [each for each in replays if each.expected.pace is not None]
    losses = []
    for share in OWNER_SHARES:
        found = [row for each in usable for row in _residuals(each, share)]
        losses.append(sum(missed**2 / max(mean, 1e-9) for _, mean, missed in found if mean > 0))
    if not usable or not any(losses):
        return OWNER_SHARE
    best = OWNER_SHARES[int(np.argmin(losses))]
    worth = sum(len(each.actual) for each in usable) / INDEPENDENT
    return (worth * best + OWNER_PRIOR * OWNER_SHARE) / (worth + OWNER_PRIOR)


def typical_amounts(company: Company) -> dict[Owner, float]:
    """Mean square over mean of booked amounts by owner, shrunk towards all: what scales an owner's variance."""
    amounts: dict[str, list[float]] = {}
    own: dict[Owner, list[float]] = {}
    for case in won_cases(company.cases):
        amounts.setdefault(case.currency, []).append(case.booked or 0.0)
        own.setdefault((case.owner_id, case.currency), []).append(case.booked or 0.0)
    found = {}
    for owner, booked in own.items():
        everyone = np.array(amounts[owner[1]])
        prior_square, prior_mean = float((everyone**2).mean()), float(everyone.mean())
        square = TYPICAL_PRIOR * prior_square + float((np.array(booked) ** 2).sum())
        mean = TYPICAL_PRIOR * prior_mean + float(sum(booked))
        found[owner] = round(square / mean, 4) if mean > 0 else 0.0
    return found


def _spread(replays: Sequence[Replay], share: float, typical: Mapping[Owner, float]) -> float:
    """Variance of owners' totals over that of independent deals, shrunk."""
    found = [
        missed**2 / (typical[owner] * mean)
        for each in replays
        for owner, mean, missed in _residuals(each, share)
        if mean > 0 and typical.get(owner, 0.0) > 0
    ]
    capped = [min(each, 25.0) for each in found]
    worth = len(found) / INDEPENDENT
    spread = (sum(capped) / INDEPENDENT + SPREAD_PRIOR * SPREAD) / (worth + SPREAD_PRIOR)
    return min(max(spread, SPREAD_BOUNDS[0]), SPREAD_BOUNDS[1])


def _own_variance(each: Replay, spread: float, typical: Mapping[Owner, float]) -> float:
    """Squared coefficient of variation of the company's total that owners' own luck makes up."""
    total = _total(each.expected.base)
    if total <= 0:
        return 0.0
    own = sum(spread * typical.get(owner, 0.0) * amount for owner, amount in each.expected.base.items())
    return own / total**2


def estimate_loadings(replays: Sequence[Replay]) -> tuple[Loadings, dict[str, float | int]]:
    """How much past counts of won deals varied beyond independent deals, shrunk towards a prior.

    Method of moments: Var(N) = Σ p(1-p) + ρ² Σᵢ≠ⱼ φ(tᵢ)φ(tⱼ) to first order in the shared variance ρ². A bias
    common to all replays is the correction's business and taken out first. Company and quarter cannot be told
    apart by one quarter ahead each, and share what is found.
    """
    worth = len(replays) / INDEPENDENT
    whole = [each.counts[""] for each in replays if "" in each.counts]
    bias = _ratio(sum(each.won for each in whole), sum(each.expected for each in whole))
    company = _excess([(each, bias) for each in whole])
    parts = []
    for each in replays:
        own = _ratio(each.counts[""].won, each.counts[""].expected) if "" in each.counts else 1.0
        parts += [(part, own) for name, part in each.counts.items() if name]
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
