"""What replayed forecasts teach: bias, weights, width and shocks, each shrunk towards a prior."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from math import exp, sqrt

import numpy as np

from services.forecast.blend import Blend, Level, Weights, branch_of
from services.forecast.bookings import Bookings, Owner, won_cases
from services.forecast.dataset import Company
from services.forecast.domain import Loadings
from services.forecast.missed import LEAST_ERROR, Luck, Missed, Part, alike, learn_missed, seen_windows, sum_of, summed
from services.forecast.replay import Expected, Replay, Sum, Window

INDEPENDENT = 3.0  # replays overlap: three of them are worth one
UNKNOWN_ERROR = 0.4  # of the company's total where nothing could be replayed
UNSEEN_ERROR = 1.0  # where not even a closing was ever seen: any level may be right
FACTOR_BOUNDS = (0.4, 2.5)
OWNER_SHARE = 0.75  # of the deals in an owner's number
OWNER_SHARES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
OWNER_PRIOR = 40.0  # owners' worth of belief in OWNER_SHARE
SPREAD, SPREAD_PRIOR = 1.3, 20.0
SPREAD_BOUNDS = (1.0, 6.0)
SIZE_PRIOR = 10.0  # won deals
SHOCK_PRIOR = 3.0
PRIOR_VARIANCES = (0.02, 0.005)  # of company and quarter together, of region
MOST_VARIANCE = 0.15


def fit_blend(
    company: Company, bookings: Bookings, replays: Sequence[Replay], ahead: Sequence[Expected], loadings: Loadings
) -> Blend:
    """The correction of each period in `ahead`, from what replays missed. loadings: that deals are drawn with."""
    sizes = usual_sizes(company)
    typical = {owner: size for owner, (_, size) in sizes.items()}
    if not replays:
        shock = UNKNOWN_ERROR if company.first_closing else UNSEEN_ERROR
        return Blend((Level(shock=shock),), bookings, SPREAD, sizes, "left out: nothing could be replayed")
    share = _owner_share(replays)
    spread = _spread(replays, share, typical)
    branches = {owner: branch_of(path) for owner, path in company.paths.items()}
    known = company.known_days
    luck = partial(_own_variance, spread=spread, typical=typical)
    missed: Missed | None = None
    levels: list[tuple[Missed, Level]] = []
    for index, each in enumerate(ahead):
        windows = seen_windows(replays, index, known)
        missed = learn_missed(windows, missed, branches, luck)
        levels.append((missed, _level(each, missed, share, branches, luck, loadings)))
    note = f"{len(replays)} forecasts replayed, {replays[0].day} to {replays[-1].day}: {_told(levels[0][0], share)}"
    return Blend(tuple(level for _, level in levels), bookings, round(spread, 6), sizes, note)


def _told(missed: Missed, share: float) -> str:
    parts = ", ".join(f"{name} missed by {sqrt(error):.3f}" for name, error in missed.errors.items())
    return f"deals' level {exp(missed.bias):.3f}, {parts}; share of deals in an owner's number {share:.2f}"


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
    each: Expected, missed: Missed, share: float, branches: Mapping[str, str], luck: Luck, loadings: Loadings
) -> Level:  # fmt: skip
    """The company's total, and each branch's share of it, from the parts by how well they did.

    Of the error that all share, what the deals' shared shocks draw already is not drawn again.
    """
    weights = _owner_weights(each, share)
    total = missed.total(each, luck)
    mixed = _mixed(each, weights)
    general = _factor(total, sum_of(mixed))
    by_branch = summed(mixed, branches)
    wanted = missed.shares(each, branches)
    factors = {branch: _factor(total * wanted.get(branch, 0.0), by_branch[branch]) for branch in sorted(by_branch)}
    drawn = weights.deals**2 * _shared_variance(each, loadings, sum_of(mixed))
    shock = sqrt(max(missed.shock**2 - drawn, LEAST_ERROR**2))
    return Level(general, weights, round(shock, 6), factors if len(factors) > 1 else {})


def _shared_variance(each: Expected, loadings: Loadings, total: float) -> float:
    """Squared coefficient of variation of a total that the shocks shared by its deals and new business make up."""
    if total <= 0:
        return 0.0
    everyone = (loadings.company**2 + loadings.quarter**2) * sum(each.moved.values()) ** 2
    regional = loadings.region**2 * sum(moved**2 for region, moved in each.moved.items() if region)
    return (everyone + regional) / total**2


def _factor(wanted: float, mixed: float) -> float:
    return round(min(max(wanted / mixed, FACTOR_BOUNDS[0]), FACTOR_BOUNDS[1]), 6) if mixed > 0 else 1.0


def _residuals(each: Window, share: float) -> list[tuple[Owner, float, float]]:
    """Each owner's mean, scaled so that the company's total is right, and what was booked beyond it."""
    mixed = _mixed(each.expected, _owner_weights(each.expected, share))
    total, actual = sum_of(mixed), sum_of(each.actual)
    if total <= 0 or actual <= 0:
        return []
    scaled = {owner: amount * actual / total for owner, amount in mixed.items()}
    return [(o, scaled.get(o, 0.0), each.actual.get(o, 0.0) - scaled.get(o, 0.0)) for o in {*scaled, *each.actual}]


def _owner_share(replays: Sequence[Replay]) -> float:
    """The share of deals that would have served owners best, shrunk towards OWNER_SHARE."""
    usable = [each.windows[0] for each in replays if each.windows[0].expected.pace is not None]
    losses = []
    for share in OWNER_SHARES:
        found = [row for each in usable for row in _residuals(each, share)]
        losses.append(sum(missed**2 / max(mean, 1e-9) for _, mean, missed in found if mean > 0))
    if not usable or not any(losses):
        return OWNER_SHARE
    best = OWNER_SHARES[int(np.argmin(losses))]
    worth = sum(len(each.actual) for each in usable) / INDEPENDENT
    return (worth * best + OWNER_PRIOR * OWNER_SHARE) / (worth + OWNER_PRIOR)


def usual_sizes(company: Company) -> dict[Owner, tuple[float, float]]:
    """The mean of booked amounts, and their mean square over it, by owner, shrunk towards all: ("", currency)."""
    amounts: dict[Owner, list[float]] = {}
    for case in won_cases(company.cases):
        for owner_id in {"", case.owner_id}:
            amounts.setdefault((owner_id, case.currency), []).append(case.booked or 0.0)
    found = {}
    for owner, booked in amounts.items():
        everyone, own = np.array(amounts["", owner[1]]), np.array(booked)
        if everyone.mean() > 0:
            square = SIZE_PRIOR * float((everyone**2).mean()) + float((own**2).sum())
            mean = SIZE_PRIOR * float(everyone.mean()) + float(own.sum())
            found[owner] = round(mean / (SIZE_PRIOR + len(own)), 4), round(square / mean, 4)
    return found


def _spread(replays: Sequence[Replay], share: float, typical: Mapping[Owner, float]) -> float:
    """Variance of owners' totals over that of independent deals, shrunk; never below independence.

    A ratio of sums: with few deals an owner, most ratios are small and a few enormous.
    """
    found = [
        (missed**2, typical[owner] * mean)
        for each in replays
        for owner, mean, missed in _residuals(each.windows[0], share)
        if mean > 0 and typical.get(owner, 0.0) > 0
    ]
    alone = sum(variance for _, variance in found)
    ratio = sum(squared for squared, _ in found) / alone if alone > 0 else SPREAD
    worth = len(found) / INDEPENDENT
    spread = (worth * ratio + SPREAD_PRIOR * SPREAD) / (worth + SPREAD_PRIOR)
    return min(max(spread, SPREAD_BOUNDS[0]), SPREAD_BOUNDS[1])


def _own_variance(part: Part, spread: float, typical: Mapping[Owner, float]) -> float:
    """Squared coefficient of variation of the company's total that owners' own luck makes up."""
    total = sum_of(part)
    own = sum(typical.get(owner, typical.get(("", owner[1]), 0.0)) * amount for owner, amount in part.items())
    return spread * own / total**2 if total > 0 else 0.0


def estimate_loadings(replays: Sequence[Replay], known: int) -> tuple[Loadings, dict[str, float | int]]:
    """How much past counts of won deals varied beyond independent deals, shrunk towards a prior.

    Method of moments: Var(N) = Σ p(1-p) + ρ² Σᵢ≠ⱼ dᵢdⱼ to first order in the shared variance ρ², with d the change of
    a deal's chance by a unit of the shock. A bias common to all replays is the correction's business and taken out
    first; a young record misses by more than the market does, and counts for less. known: days of recorded closings.
    Company and quarter cannot be told apart by one quarter ahead each, and share what is found.
    """
    seen = [(alike(each, known), each.counts) for each in replays]
    worth = sum(own for own, _ in seen) / INDEPENDENT
    whole = [(own, counts[""]) for own, counts in seen if "" in counts]
    bias = _ratio(sum(own * each.won for own, each in whole), sum(own * each.expected for own, each in whole))
    company = _excess([(own, each, bias) for own, each in whole])
    parts = []
    for own, counts in seen:
        level = _ratio(counts[""].won, counts[""].expected) if "" in counts else 1.0
        parts += [(own, part, level) for name, part in counts.items() if name]
    region = _excess(parts)
    found = []
    for estimate, prior in zip((company, region), PRIOR_VARIANCES, strict=True):
        mixed = prior if estimate is None else (worth * estimate + SHOCK_PRIOR * prior) / (worth + SHOCK_PRIOR)
        found.append(min(max(mixed, prior / 4), MOST_VARIANCE))
    half = round(sqrt(found[0] / 2), 6)
    told = {"replays": len(replays)} | {
        name: round(value, 6) for name, value in (("company", company), ("region", region)) if value is not None
    }
    return Loadings(half, round(sqrt(found[1]), 6), half), told


def _ratio(won: float, expected: float) -> float:
    """Shrunk by a handful of deals, and kept within a factor of two."""
    return min(max((won + 5.0) / (expected + 5.0), 0.5), 2.0)


def _excess(parts: Sequence[tuple[float, Sum, float]]) -> float | None:
    """Shared variance that the squared misses show beyond independence, from (worth, counts, bias); None without any
    pairs."""
    pairs = sum(worth * part.pairs for worth, part, _ in parts)
    if pairs <= 0:
        return None
    beyond = sum(worth * ((part.won - bias * part.expected) ** 2 - part.variance) for worth, part, bias in parts)
    return min(max(beyond / pairs, 0.0), MOST_VARIANCE)
