"""How calibrated and how selective probabilities are, as data for pictures, with intervals over whole records."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from learning.metrics import Array, ece

Groups = NDArray[np.int64]
BINS, STEPS = 10, 20
FEWEST = 5  # records that a bin holds at least, or it joins its neighbour
DRAWS = 200
SLACK = 0.01


@dataclass(frozen=True, slots=True)
class Judged:
    """Probabilities and what came of them; a row's weight; `groups` numbers the rows' records from 0."""

    won: Array
    probability: Array
    weight: Array
    groups: Groups

    def take(self, rows: NDArray[np.bool_]) -> Judged:
        """Some of the rows, their records numbered anew."""
        _, groups = np.unique(self.groups[rows], return_inverse=True)
        return Judged(self.won[rows], self.probability[rows], self.weight[rows], groups.astype(np.int64))

    @property
    def records(self) -> int:
        """How many records the rows are of."""
        return len(np.unique(self.groups))


@dataclass(frozen=True, slots=True)
class Gap:
    """The rate beside the mean probability of some rows, and how far chance alone moves the rate (one deviation)."""

    records: int
    mean: float
    rate: float
    error: float

    def interval(self, level: float) -> tuple[float, float]:
        """Of rate − mean, at a level such as .9."""
        reach = NormalDist().inv_cdf(0.5 + level / 2) * self.error
        return self.rate - self.mean - reach, self.rate - self.mean + reach


def gap(rows: Judged) -> Gap:
    """Rate and mean probability; the error is that of sums over records, so that a record's rows count once.

    Half a record on each side keeps a few rows that all ended alike from looking certain.
    """
    weight = float(rows.weight.sum())
    mean, rate = (float(rows.weight @ one) / weight for one in (rows.probability, rows.won))
    count = rows.records
    away = np.bincount(rows.groups, rows.weight * (rows.won - rows.probability - (rate - mean)))
    seen = float(np.sqrt(np.square(away).sum())) / weight
    shrunk = (rate * count + 0.5) / (count + 1)
    return Gap(count, mean, rate, max(seen, float(np.sqrt(shrunk * (1 - shrunk) / (count + 1)))))


def calibration_curve(rows: Judged, level: float = 0.9) -> list[dict[str, float]]:
    """Bins of about equal weight by probability: bounds, mean probability, rate with its interval, records."""
    found = []
    edges = _edges(rows)
    place = np.searchsorted(edges, rows.probability, side="right")
    for bin_ in range(len(edges) + 1):
        inside = place == bin_
        if not rows.weight[inside].sum() > 0:
            continue
        part = rows.take(inside)
        seen = gap(part)
        low, high = (min(max(seen.mean + end, 0.0), 1.0) for end in seen.interval(level))
        found.append({
            "low": float(part.probability.min()), "high": float(part.probability.max()), "mean": seen.mean,
            "rate": seen.rate, "rate_low": low, "rate_high": high, "records": seen.records,
        })  # fmt: skip
    return found


def _edges(rows: Judged) -> Array:
    """Inner bounds of the bins: quantiles by weight, so many that none is nearly empty."""
    count = max(1, min(BINS, rows.records // FEWEST))
    order = np.argsort(rows.probability, kind="stable")
    reached = np.cumsum(rows.weight[order]) / rows.weight.sum()
    places = np.searchsorted(reached, np.arange(1, count) / count)
    return np.unique(rows.probability[order][np.minimum(places, len(order) - 1)])


def gain_curve(rows: Judged, seed: int, level: float = 0.9) -> list[dict[str, float]]:
    """For shares of the rows, best first: the part of all wins among them, its interval, and its lift over the rate.

    Empty where nothing was won. Equal probabilities count with their mean outcome.
    """
    shares = np.arange(1, STEPS + 1) / STEPS
    if not float(rows.weight @ rows.won) > 0:
        return []
    value = _gains(rows, rows.weight, shares)
    generator = np.random.default_rng(seed)
    count = int(rows.groups.max()) + 1
    drawn = []
    for _ in range(DRAWS):
        weight = rows.weight * np.bincount(generator.integers(0, count, count), minlength=count)[rows.groups]
        if float(weight @ rows.won) > 0:
            drawn.append(_gains(rows, weight, shares))
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    columns = zip(shares.tolist(), value.tolist(), low.tolist(), high.tolist(), strict=True)
    return [{"share": a, "won": b, "won_low": c, "won_high": d, "lift": b / a} for a, b, c, d in columns]


def _gains(rows: Judged, weight: Array, shares: Array) -> Array:
    _, place = np.unique(-rows.probability, return_inverse=True)
    total, good = np.bincount(place, weight), np.bincount(place, weight * rows.won)
    ends = np.concatenate([[0.0], np.cumsum(total) / total.sum()])
    return np.asarray(np.interp(shares, ends, np.concatenate([[0.0], np.cumsum(good) / good.sum()])))


def chance_ece(rows: Judged, seed: int = 0) -> float:
    """The 95th percentile of the ECE that these probabilities would have if each were exactly true.

    A record's outcome is drawn once for all of its rows.
    """
    generator = np.random.default_rng(seed)
    count = int(rows.groups.max()) + 1
    found = []
    for _ in range(DRAWS):
        won = (generator.random(count)[rows.groups] < rows.probability).astype(np.float64)
        found.append(ece(won, rows.probability, rows.weight))
    return float(np.quantile(found, 0.95))
