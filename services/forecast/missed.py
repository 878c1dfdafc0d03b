"""How far the parts of a forecast missed in replays, and what follows for their weights and for the width."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import exp, log, sqrt

from services.forecast.bookings import Owner
from services.forecast.replay import Expected, Replay, Window

OVERLAP = 1 / 3  # what a replay is worth at least, however much of it another one sees too
BIAS_PRIOR = 1.5  # replays' worth of belief that the forecast is right
ERROR_PRIOR = 1.0  # replays' worth of belief that all parts miss alike
SHARE_PRIOR = 2.0  # as ERROR_PRIOR, of the branches' shares
PRIOR_ERROR = 0.15  # sd of a part's log error
LEAST_ERROR = 0.02
FARTHER = 1.2  # of a part's squared error from one period to the next, where nothing shows it
FURTHEST = log(2.0)
PARTS = ("deals", "pace", "mean")

Seen = tuple[float, Window]  # worth, window
Part = Mapping[Owner, float]


@dataclass(frozen=True, slots=True)
class Missed:
    """Of one period ahead: log of actual over deals, mean squared log errors by part, of the company's total and of
    the branches' shares of it, and the sd of the blend's own error beyond what owners' luck makes up."""

    bias: float = 0.0
    errors: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(PARTS, PRIOR_ERROR**2))
    of_shares: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(PARTS, PRIOR_ERROR**2))
    variance: float = PRIOR_ERROR**2 / 2  # parts that miss independently halve it

    @property
    def shock(self) -> float:
        """The sd of the company's shared error."""
        return max(sqrt(max(self.variance, 0.0)), LEAST_ERROR)

    def total(self, each: Expected) -> float:
        """The company's, from the parts that are known, weighted by how well they did."""
        known = {name: sum_of(part) for name, part in parts_of(each).items()}
        if "deals" in known:
            known["deals"] *= exp(self.bias)
        return _weighted(known, self.errors)

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
    found = []
    for each in having:
        alike = min(each.known / max(known, 1), 1.0) ** 2
        found.append((own * alike * each.windows[index].days / longest, each.windows[index]))
    return found


def learn_missed(
    seen: Sequence[Seen], before: Missed | None, branches: Mapping[str, str], luck: Callable[[Expected], float]
) -> Missed:
    """Shrunk towards what the period before showed, or a prior. luck: variance that a total has of itself."""
    prior = before or Missed()
    found = [(worth, log_ratio(sum_of(each.actual), sum_of(each.expected.base))) for worth, each in seen]
    bias = _shrunk(found, prior.bias, BIAS_PRIOR)
    farther = FARTHER if before else 1.0
    errors, of_shares = {}, {}
    for name in PARTS:
        known = [(worth, each, part) for worth, each in seen if (part := parts_of(each.expected).get(name)) is not None]
        missed = [(worth, log_ratio(sum_of(each.actual), sum_of(part))) for worth, each, part in known]
        if name == "deals":
            missed = _without_itself(missed, prior.bias)
        missed = [(worth, error**2) for worth, error in missed]
        errors[name] = _shrunk(missed, farther * prior.errors[name], ERROR_PRIOR)
        apart = [(worth, _share_error(part, each.actual, branches)) for worth, each, part in known]
        of_shares[name] = _shrunk(apart, prior.of_shares[name], SHARE_PRIOR)
    fresh = Missed(bias, errors, of_shares)
    beyond = [
        (worth, log_ratio(sum_of(each.actual), fresh.total(each.expected)) ** 2 - luck(each.expected))
        for worth, each in seen
    ]
    return Missed(bias, errors, of_shares, _shrunk(beyond, farther * prior.variance, ERROR_PRIOR))


def _without_itself(found: Sequence[tuple[float, float]], prior: float) -> list[tuple[float, float]]:
    """Each miss less the bias that the other ones show: one's own would flatter."""
    others = [[other for at, other in enumerate(found) if at != index] for index in range(len(found))]
    return [
        (worth, missed - _shrunk(rest, prior, BIAS_PRIOR)) for (worth, missed), rest in zip(found, others, strict=True)
    ]


def _share_error(part: Part, actual: Part, branches: Mapping[str, str]) -> float:
    """Mean squared log error of the branches' shares, weighted by what came."""
    total = sum_of(actual)
    if total <= 0 or sum_of(part) <= 0:
        return 0.0
    came, given = _shares_of(actual, branches), _shares_of(part, branches)
    return sum(came[branch] * log_ratio(came[branch], given.get(branch, 0.0)) ** 2 for branch in came)


def log_ratio(actual: float, forecast: float) -> float:
    """Of what came to what was forecast, bounded."""
    if actual <= 0 or forecast <= 0:
        return 0.0 if actual <= 0 and forecast <= 0 else FURTHEST if forecast <= 0 else -FURTHEST
    return min(max(log(actual / forecast), -FURTHEST), FURTHEST)


def _shrunk(parts: Sequence[tuple[float, float]], prior: float, worth: float) -> float:
    return (sum(weight * value for weight, value in parts) + worth * prior) / (sum(w for w, _ in parts) + worth)
