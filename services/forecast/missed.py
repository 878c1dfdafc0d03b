"""How far the parts of a forecast missed in replays, and what follows for their weights and for the width."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import exp, log

import numpy as np
from scipy.special import erf

from services.forecast.bookings import Owner
from services.forecast.domain import Floats
from services.forecast.replay import Expected, Replay, Window

OVERLAP = 1 / 3  # what a replay is worth at least, however much of it another one sees too
BIAS_PRIOR = 1.5  # replays' worth of belief that the forecast is right
ERROR_PRIOR = 1.0  # replays' worth of belief that all parts miss alike
SHARE_PRIOR = 2.0  # as ERROR_PRIOR, of the branches' shares
PRIOR_ERROR = 0.15  # sd of a part's log error
LEAST_ERROR = 0.02
FARTHER = 1.2  # of a part's squared error from one period to the next, where nothing shows it
FURTHEST = log(2.0)  # that a miss pulls a level or a weight
WIDEST = log(3.0)  # that a miss widens by
KNOWN = 1.5  # degrees of freedom that the prior of a variance has: few replays leave it uncertain
Z90, HELD = 1.2815515655446004, 0.8
PARTS = ("deals", "pace", "mean")

Seen = tuple[float, Window]  # worth, window
Part = Mapping[Owner, float]
Luck = Callable[[Part], float]  # squared coefficient of variation of a sum of so many deals by chance alone


@dataclass(frozen=True, slots=True)
class Missed:
    """Of one period ahead: log of actual over deals, mean squared log errors by part, of the company's total and of
    the branches' shares of it, and the sd of the blend's own error beyond what owners' luck makes up."""

    bias: float = 0.0
    errors: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(PARTS, PRIOR_ERROR**2))
    of_shares: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(PARTS, PRIOR_ERROR**2))
    variance: float = PRIOR_ERROR**2 / 2  # parts that miss independently halve it
    shock: float = PRIOR_ERROR  # sd of the company's shared error, as wide as its own uncertainty makes it

    def total(self, each: Expected, luck: Luck) -> float:
        """The company's, from the parts that are known, weighted by how well they did and by their own luck."""
        known = {name: sum_of(part) for name, part in parts_of(each).items()}
        known["deals"] *= exp(self.bias)
        lucky = lucks(each, luck)
        return _weighted(known, {name: self.errors[name] + lucky[name] for name in known})

    def shares(self, each: Expected, branches: Mapping[str, str]) -> dict[str, float]:
        """Each branch's share of the total."""
        known = {name: _shares_of(part, branches) for name, part in parts_of(each).items() if sum_of(part) > 0}
        names = {branch for shares in known.values() for branch in shares}
        return {
            branch: _weighted({name: shares.get(branch, 0.0) for name, shares in known.items()}, self.of_shares)
            for branch in sorted(names)
        }


def parts_of(each: Expected) -> dict[str, Part]:
    """Those that are known, by name."""
    parts: dict[str, Part | None] = {"deals": each.base, "pace": each.pace, "mean": each.mean}
    return {name: part for name, part in parts.items() if part is not None}


def lucks(each: Expected, luck: Luck) -> dict[str, float]:
    """By part the variance that its own past deals' luck gives it; deals that are yet to close had none."""
    found = {"deals": 0.0}
    if each.pace is not None:
        found["pace"] = luck(each.pace)
    if each.mean is not None:
        found["mean"] = luck(each.mean) / max(each.periods, 1)
    return found


def sum_of(amounts: Part | None) -> float:
    """All owners' together."""
    return sum(amounts.values()) if amounts else 0.0


def summed(part: Part, branches: Mapping[str, str]) -> dict[str, float]:
    """By branch of the tree; owners the tree does not know stand alone."""
    found: dict[str, float] = defaultdict(float)
    for owner, amount in part.items():
        found[branches.get(owner[0], "")] += amount
    return found


def _shares_of(part: Part, branches: Mapping[str, str]) -> dict[str, float]:
    total = sum_of(part)
    return {branch: amount / total for branch, amount in summed(part, branches).items()}


def _weighted(known: Mapping[str, float], errors: Mapping[str, float]) -> float:
    weights = {name: 1.0 / errors[name] for name in known}
    return sum(weights[name] * known[name] for name in known) / sum(weights.values()) if known else 0.0


def seen_windows(replays: Sequence[Replay], index: int, known: int) -> list[Seen]:
    """The replays' windows of the index-th period, each with what it is worth.

    Windows that overlap tell less, and so do those cut short and those forecast from less history: by the square of
    its length beside now's, since a young record misses by more and otherwise. known: days of recorded closings.
    """
    having = [each for each in replays if len(each.windows) > index]
    longest = max((each.windows[index].days for each in having), default=1)
    apart = [(later.day - each.day).days for each, later in pairwise(having)]
    own = min(1.0, max(sum(apart) / max(len(apart), 1) / longest, OVERLAP)) if apart else 1.0
    return [(own * alike(each, known) * each.windows[index].days / longest, each.windows[index]) for each in having]


def alike(each: Replay, known: int) -> float:
    """What a replay from a young record is worth: by the square of its length beside now's, `known`."""
    return min(each.known / max(known, 1), 1.0) ** 2


def learn_missed(seen: Sequence[Seen], before: Missed | None, branches: Mapping[str, str], luck: Luck) -> Missed:
    """Shrunk towards what the period before showed, or a prior. What came had luck, which no part can be blamed for."""
    prior = before or Missed()
    chance = [luck(each.expected.base) for _, each in seen]
    found = [
        (worth / (1.0 + own / PRIOR_ERROR**2), log_ratio(sum_of(each.actual), sum_of(each.expected.base)))
        for (worth, each), own in zip(seen, chance, strict=True)
    ]
    bias = _shrunk(found, prior.bias, BIAS_PRIOR)
    unbiased = _without_itself(found, prior.bias)
    farther = FARTHER if before else 1.0
    errors, of_shares = {}, {}
    for name in PARTS:
        missed, apart = [], []
        for (worth, each), own, mended in zip(seen, chance, unbiased, strict=True):
            part = parts_of(each.expected).get(name)
            if part is None:
                continue
            error = mended if name == "deals" else log_ratio(sum_of(each.actual), sum_of(part))
            missed.append((worth, error**2, own + lucks(each.expected, luck)[name]))
            apart.append((worth, _share_error(part, each.actual, branches)))
        errors[name] = _posterior(missed, farther * prior.errors[name], ERROR_PRIOR).harmonic
        of_shares[name] = _shrunk(apart, prior.of_shares[name], SHARE_PRIOR)
    fresh = Missed(bias, errors, of_shares)
    beyond = [
        (worth, log_ratio(sum_of(each.actual), fresh.total(each.expected, luck), WIDEST) ** 2, own)
        for (worth, each), own in zip(seen, chance, strict=True)
    ]
    posterior = _posterior(beyond, farther * prior.variance, KNOWN)
    return Missed(bias, errors, of_shares, posterior.harmonic, max(posterior.width, LEAST_ERROR))


@dataclass(frozen=True, slots=True)
class Posterior:
    """Of a variance, on a grid."""

    grid: Floats
    share: Floats

    @property
    def harmonic(self) -> float:
        """The harmonic mean: what weights, which are its inverse, go by."""
        return float(1.0 / (self.share / self.grid).sum())

    @property
    def width(self) -> float:
        """The sd of the normal whose p10 and p90 hold 80 % of what may come: with few misses seen, a wide one."""
        low, high = 0.0, float(np.sqrt(self.grid[-1]))
        for _ in range(40):
            middle = (low + high) / 2.0
            held = erf(Z90 * middle / np.sqrt(2.0 * self.grid))
            low, high = (middle, high) if float(held @ self.share) < HELD else (low, middle)
        return high


def _posterior(missed: Sequence[tuple[float, float, float]], prior: float, known: float) -> Posterior:
    """Of a variance v, from (worth, squared miss, variance by luck beside v), shrunk towards a prior.

    The prior is scaled inverse χ² with `known` degrees of freedom. Without luck the harmonic mean is the mean of the
    squared misses and the prior; where luck alone explains them, the prior stays.
    """
    grid = prior * np.exp(np.linspace(-6.0, 6.0, 121))
    log_density = -0.5 * known * (np.log(grid) + prior / grid)
    for worth, squared, own in missed:
        log_density = log_density - 0.5 * worth * (np.log(grid + own) + squared / (grid + own))
    density = np.exp(log_density - log_density.max())
    return Posterior(grid, density / density.sum())


def _without_itself(found: Sequence[tuple[float, float]], prior: float) -> list[float]:
    """Each miss less the bias that the other ones show: one's own would flatter."""
    others = [[other for at, other in enumerate(found) if at != index] for index in range(len(found))]
    return [missed - _shrunk(rest, prior, BIAS_PRIOR) for (_, missed), rest in zip(found, others, strict=True)]


def _share_error(part: Part, actual: Part, branches: Mapping[str, str]) -> float:
    """Mean squared log error of the branches' shares, weighted by what came."""
    total = sum_of(actual)
    if total <= 0 or sum_of(part) <= 0:
        return 0.0
    came, given = _shares_of(actual, branches), _shares_of(part, branches)
    return sum(came[branch] * log_ratio(came[branch], given.get(branch, 0.0)) ** 2 for branch in came)


def log_ratio(actual: float, forecast: float, furthest: float = FURTHEST) -> float:
    """Of what came to what was forecast, bounded."""
    if actual <= 0 or forecast <= 0:
        return 0.0 if actual <= 0 and forecast <= 0 else furthest if forecast <= 0 else -furthest
    return min(max(log(actual / forecast), -furthest), furthest)


def _shrunk(parts: Sequence[tuple[float, float]], prior: float, worth: float) -> float:
    return (sum(weight * value for weight, value in parts) + worth * prior) / (sum(w for w, _ in parts) + worth)
