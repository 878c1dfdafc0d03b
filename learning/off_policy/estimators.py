"""Off-policy estimators: self-normalised importance weighting and doubly robust, with influence values.

SNIPS (Swaminathan & Joachims 2015) is the mean reward under weights π(a|x) / μ(a|x). The doubly robust estimate
(Dudík, Langford & Li 2011; Robins, Rotnitzky & Zhao 1994) is the mean of a reward model under the policy plus the
weighted mean of the model's errors, self-normalised like SNIPS. Both come with jackknife influence values (Efron &
Stein 1981), so that differences of policies on the same rows have honest errors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learning.off_policy.intervals import Estimate, Floats, normal, wilson

Ints = NDArray[np.int64]

LEAST_ESS = 25.0  # effective rows below which an interval is not worth giving weight to
MOST_SHARE = 0.25  # of all weight on one row
MOST_LACKING = 0.3  # of what a policy would do
CERTAIN = 4.0  # standard errors
BELIEF = 6.0  # observations' worth of belief that an estimate varies as its actions' rewards do
SEEN = 3.0  # observations' worth of belief that rewards vary as they usually do


@dataclass(frozen=True, slots=True)
class Log:
    """Rows in which one action each was taken: (n,) arrays. `groups` numbers what belongs together, such as a deal."""

    actions: Ints
    rewards: Floats
    propensities: Floats  # of the action taken, given the row's context
    groups: Ints | None = None

    @property
    def binary(self) -> bool:
        """All rewards are 0 or 1."""
        return bool(np.all((self.rewards == 0) | (self.rewards == 1)))


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much of a log speaks about a policy."""

    rows: int  # with a weight above zero
    ess: float  # (Σw)² / Σw² (Kish 1965)
    largest: float  # share of all weight on one row
    lacking: float = 0.0  # share of what the policy would do that could (hardly) ever have been done, for certain

    @property
    def why(self) -> str:
        """Why the log cannot tell, empty where it can."""
        if not self.rows:
            return "never done in this log"
        if self.ess < LEAST_ESS:
            return f"too few comparable rows (effective sample {self.ess:.0f})"
        if self.largest > MOST_SHARE:
            return f"one row carries {self.largest:.0%} of all weight"
        if self.lacking > MOST_LACKING:
            return f"hardly ever done in {self.lacking:.0%} of such rows"
        return ""


@dataclass(frozen=True, slots=True)
class Valued:
    """A policy's value with what differences and intervals need."""

    value: float
    influence: Floats  # (n,) how much each row moves the value
    weights: Floats  # (n,) normalised to add up to one
    ess: float
    expected: float  # variance that rewards of the actions' usual spread give these weights
    about: float  # weighted mean of the rows' spread


def overlap(log: Log, chances: Floats, lacking: float = 0.0) -> Overlap:
    """`chances`: (n,) what the policy would have given the action taken in each row.

    `lacking` as estimated propensities tell it. Given ones tell it by weights that average less than 1.
    """
    weights = chances / log.propensities
    total, squares = float(weights.sum()), float((weights**2).sum())
    if total <= 0:
        return Overlap(0, 0.0, 0.0, 1.0)
    most = float(weights.mean() + CERTAIN * weights.std() / len(weights) ** 0.5)
    rows = int((weights > 0).sum())
    return Overlap(rows, total**2 / squares, float(weights.max()) / total, max(lacking, 1 - most, 0.0))


def spreads(log: Log, errors: Floats) -> Floats:
    """(n,) variance of a row's reward given its action, drawn to that of all actions where few rewards were seen.

    `errors` are the reward model's. An action counts by its rows, the others by as many as give 3 observations: rare
    or heavy-tailed rewards need many rows for one.
    """
    squares = errors**2
    mean = float(squares.mean()) if len(squares) else 0.0
    if mean <= 0:
        return np.zeros(len(errors))
    prior = SEEN * float((squares**2).mean()) / mean**2
    rows = np.bincount(log.actions)
    sums = np.bincount(log.actions, squares)
    return np.asarray(((sums + prior * mean) / (rows + prior))[log.actions], dtype=np.float64)


def snips(log: Log, chances: Floats, spread: Floats) -> Valued:
    """Self-normalised importance-weighted mean reward; `spread` from spreads()."""
    return _valued(log, chances, np.zeros(len(chances)), log.rewards, spread)


def doubly_robust(log: Log, chances: Floats, direct: Floats, predicted: Floats, spread: Floats) -> Valued:
    """`direct`: (n,) the reward model's mean over the policy's actions; `predicted`: for the action taken."""
    return _valued(log, chances, direct, log.rewards - predicted, spread)


def interval(log: Log, valued: Valued, level: float = 0.95) -> Estimate:
    """The value with its interval; nan where the log holds nothing of the policy."""
    if valued.ess <= 0:
        return Estimate(*[float("nan")] * 4)
    variance = _variance(valued.influence, log.groups, valued.expected)
    if log.binary:
        return wilson(valued.value, variance, valued.about, valued.ess, level)
    found = normal(valued.value, _grouped(valued.influence, log.groups), variance, valued.ess, level)
    low, high = float(log.rewards.min(initial=0.0)), float(log.rewards.max(initial=0.0))
    return Estimate(found.value, found.se, max(found.low, min(low, found.value)), max(found.high, found.value)) if (
        low >= 0 and high > 0
    ) else found  # fmt: skip


def difference(log: Log, one: Valued, other: Valued, spread: Floats, level: float = 0.95) -> Estimate:
    """`one` minus `other`, paired by row."""
    if min(one.ess, other.ess) <= 0:
        return Estimate(*[float("nan")] * 4)
    influence = one.influence - other.influence
    floor = float(((one.weights - other.weights) ** 2 * spread).sum())
    variance = _variance(influence, log.groups, floor)
    size = min(one.ess, other.ess)
    return normal(one.value - other.value, _grouped(influence, log.groups), variance, size, level)


def _valued(log: Log, chances: Floats, direct: Floats, errors: Floats, spread: Floats) -> Valued:
    weights = chances / log.propensities
    total, count = float(weights.sum()), len(weights)
    if total <= 0:
        return Valued(float("nan"), np.zeros(count), weights, 0.0, 0.0, 0.0)
    mean, error = float(direct.mean()), float(weights @ errors) / total
    # What leaving the row out takes away; a row with all the weight stands for itself.
    rest = np.where(total - weights > 1e-12 * total, total - weights, total)
    influence = (direct - mean) / max(count - 1, 1) + weights * (errors - error) / rest
    shares = weights / total
    squares = float((shares**2).sum())
    floor = float((shares**2 * spread).sum())
    return Valued(mean + error, influence, shares, 1 / squares, floor + float(direct.var()) / count, floor / squares)


def _variance(influence: Floats, groups: Ints | None, expected: float) -> float:
    """Of the estimate: what its rows show, raised towards what is expected of them where few of them show anything.

    Never lowered: a sample that lacks the large rewards shows too small a mean and too small a variance at once.
    """
    parts = _grouped(influence, groups)
    squares = (parts - parts.mean()) ** 2 if len(parts) else np.zeros(1)
    total = float(squares.sum())
    seen = total**2 / float((squares**2).sum()) if total > 0 else 0.0
    return max(total, (seen * total + BELIEF * expected) / (seen + BELIEF))


def _grouped(influence: Floats, groups: Ints | None) -> Floats:
    return influence if groups is None else np.bincount(groups, influence).astype(np.float64)
