"""How good probabilities are: AUC, log loss, ECE and lift, with bootstrap intervals over whole deals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Metric = Callable[[Array, Array, Array], float]
EPSILON = 1e-12


def auc(outcome: Array, probability: Array, weight: Array) -> float:
    """P(a won row ranks above a lost one), ties counting half (Mann–Whitney); nan with one class only."""
    _, place = np.unique(probability, return_inverse=True)
    won = np.bincount(place, weight * outcome)
    lost = np.bincount(place, weight * (1 - outcome))
    pairs = won.sum() * lost.sum()
    if pairs <= 0:
        return float("nan")
    return float((won * (np.cumsum(lost) - lost / 2)).sum() / pairs)


def log_loss(outcome: Array, probability: Array, weight: Array) -> float:
    """Mean negative log-likelihood, in nats."""
    p = np.clip(probability, EPSILON, 1 - EPSILON)
    loss = -(outcome * np.log(p) + (1 - outcome) * np.log1p(-p))
    return float(np.average(loss, weights=weight))


def ece(outcome: Array, probability: Array, weight: Array, bins: int = 10) -> float:
    """Expected calibration error over equal-width bins: the weighted mean of |rate − mean probability|."""
    place = np.minimum((probability * bins).astype(np.int64), bins - 1)
    gap = np.bincount(place, weight * (outcome - probability), bins)
    return float(np.abs(gap).sum() / weight.sum())


def lift(outcome: Array, probability: Array, weight: Array, share: float = 0.1) -> float:
    """The rate among the best `share` of rows by probability, over the rate of all; nan where none was won.

    Equal probabilities count with their mean outcome, so that the order of rows plays no part.
    """
    _, place = np.unique(probability, return_inverse=True)
    total = np.bincount(place, weight)
    outcome = (np.bincount(place, weight * outcome) / np.where(total > 0, total, 1.0))[place]
    order = np.argsort(-probability, kind="stable")
    before = np.cumsum(weight[order]) - weight[order]
    part = np.clip(share * weight.sum() - before, 0, weight[order])
    rate = np.average(outcome, weights=weight)
    return float((part * outcome[order]).sum() / part.sum() / rate) if rate > 0 else float("nan")


METRICS: dict[str, Metric] = {"auc": auc, "log_loss": log_loss, "ece": ece, "lift": lift}


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 90 % and 95 % bootstrap intervals."""

    value: float
    low90: float
    high90: float
    low95: float
    high95: float

    def to_json(self) -> dict[str, float | None]:
        """As evaluation.json has it, rounded; null where undefined."""
        names = ("value", "low90", "high90", "low95", "high95")
        numbers = {name: float(getattr(self, name)) for name in names}
        return {name: round(number, 6) if np.isfinite(number) else None for name, number in numbers.items()}


def bootstrap(
    metric: Metric, outcome: Array, probability: Array, weight: Array, groups: NDArray[np.int64], *, seed: int,
    resamples: int = 200,
) -> Interval:  # fmt: skip
    """A metric with percentile intervals, resampling groups (deals: their rows go together).

    An interval holds the figure itself: that of a mean of sizes, such as the ECE, may lie beside all resampled ones.
    """
    generator = np.random.default_rng(seed)
    count = int(groups.max()) + 1 if len(groups) else 0
    values = []
    for _ in range(resamples if count else 0):
        times = np.bincount(generator.integers(0, count, count), minlength=count)
        drawn = weight * times[groups]
        if drawn.sum() > 0:
            values.append(metric(outcome, probability, drawn))
    finite = np.array([value for value in values if np.isfinite(value)])
    value = metric(outcome, probability, weight) if len(outcome) else float("nan")
    if not len(finite):
        return Interval(value, *[float("nan")] * 4)
    low95, low90, high90, high95 = np.quantile(finite, [0.025, 0.05, 0.95, 0.975])
    low95, low90 = (min(float(low), value) for low in (low95, low90))
    high90, high95 = (max(float(high), value) for high in (high90, high95))
    return Interval(value, low90, high90, low95, high95)
