"""How long things take and how they end, where some have not ended yet: Kaplan and Meier, Aalen and Johansen.

What is still under way counts for as long as it has lasted and no longer. Intervals need no draws and are the same
every time they are asked for: Greenwood's variance on the log-log scale (Kalbfleisch and Prentice) for a curve,
Brookmeyer and Crowley's for its median, Wilson's at the effective number of cases (Dorey and Korn 1987) for a share.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
LEVEL = 0.95
Z = NormalDist().inv_cdf(0.5 + LEVEL / 2)
ENDS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)  # quantiles
DRAWS, DRAWS_OF_HALF, SEED = 1_000, 200, 0
MANY = 500  # values whose mean is normal enough
UNDER_WAY = 0  # the cause of what has not ended


@dataclass(frozen=True, slots=True)
class Range:
    """A number with its interval; None at an end that lies beyond what has been seen."""

    value: float | None
    low: float | None
    high: float | None


NOTHING = Range(None, None, None)


def wilson(hits: float, cases: float) -> Range:
    """A share with Wilson's interval (1927); nothing of no cases."""
    if cases <= 0:
        return NOTHING
    share = hits / cases
    middle = (share + Z * Z / (2 * cases)) / (1 + Z * Z / cases)
    half = Z / (1 + Z * Z / cases) * (share * (1 - share) / cases + Z * Z / (4 * cases * cases)) ** 0.5
    return Range(share, max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share)))


@dataclass(frozen=True, slots=True)
class Curves:
    """What had become of the cases by each of the (times,) at which any ended.

    begun: cases at the outset. open: (times,) share not ended. ended: (causes, times) share ended by each cause,
    causes from 1. at_risk: (times,) cases under way just before. gone: (causes, times) those that ended then.
    """

    begun: int
    times: Floats
    open: Floats
    ended: Floats
    at_risk: Floats
    gone: Floats

    @classmethod
    def of(cls, lasted: Floats, causes: Ints, count: int) -> Curves:
        """Of (n,) durations and how each ended, UNDER_WAY or 1 to `count`.

        Of what ended and what is under way after the same time, the former ended first.
        """
        times = np.unique(lasted[causes != UNDER_WAY])
        places = np.searchsorted(times, lasted)
        gone = np.stack([np.bincount(places[causes == each], minlength=len(times)) for each in range(1, count + 1)])
        ordered = np.sort(lasted)
        at_risk = (len(lasted) - np.searchsorted(ordered, times, side="left")).astype(np.float64)
        kept = np.cumprod(1 - gone.sum(axis=0) / np.maximum(at_risk, 1))
        before = np.concatenate([[1.0], kept[:-1]])[: len(times)]
        return cls(len(lasted), times, kept, np.cumsum(before * gone / np.maximum(at_risk, 1), axis=1), at_risk,
                   gone.astype(np.float64))  # fmt: skip

    def median(self) -> Range:
        """The time by which half have ended, whatever their end, as far as that has been seen."""
        deaths = self.gone.sum(axis=0)
        left = np.maximum(self.at_risk - deaths, 1e-12)
        spread = np.sqrt(np.cumsum(np.where(self.at_risk > deaths, deaths / (self.at_risk * left), 0.0)))
        inside = np.clip(self.open, 1e-12, 1 - 1e-12)
        reach = Z * spread / np.abs(np.log(inside))
        lower, upper = inside ** np.exp(reach), inside ** np.exp(-reach)
        over = self.open <= 0  # nobody left: both ends have come down
        ends = (self.open, np.where(over, 0.0, lower), np.where(over, 0.0, upper))
        value, low, high = (_first(self.times, curve <= 0.5 + 1e-12) for curve in ends)
        return Range(value, low, high)

    def half_of(self, cause: int) -> float | None:
        """The time by which half of those had ended that are seen to end by a cause."""
        curve = self.ended[cause - 1]
        return _first(self.times, curve >= curve[-1] / 2 - 1e-12) if len(curve) and curve[-1] > 0 else None

    def share(self, cause: int) -> Range:
        """The share that ends by a cause within the longest time at which any was seen to end.

        With nothing under way it is the plain share with Wilson's interval.
        """
        if not len(self.times):
            return NOTHING
        share = float(self.ended[cause - 1][-1])
        variance = self._variance(cause - 1)
        ended = float(self.gone.sum())
        cases = share * (1 - share) / variance if 1e-12 < share < 1 - 1e-12 and variance > 0 else ended
        return wilson(share * cases, cases)

    def _variance(self, cause: int) -> float:
        """Of the share ended by a cause at the end (Marubini and Valsecchi 1995, formula 10.12)."""
        curve, mine, deaths, risk = self.ended[cause], self.gone[cause], self.gone.sum(axis=0), self.at_risk
        before = np.concatenate([[1.0], self.open[:-1]])
        ahead = curve[-1] - curve
        with np.errstate(divide="ignore", invalid="ignore"):
            first = np.where(risk > deaths, ahead**2 * deaths / (risk * (risk - deaths)), 0.0)
        second = before**2 * mine * (risk - mine) / risk**3
        third = ahead * before * mine / risk**2
        return float((first + second - 2 * third).sum())


def _first(times: Floats, reached: NDArray[np.bool_]) -> float | None:
    places = np.flatnonzero(reached)
    return float(times[places[0]]) if len(places) else None


def mean_of(values: Floats) -> Range:
    """The mean with its interval: drawn anew from the values (Efron's percentiles) while they are few, else normal.

    One value alone has no interval.
    """
    count = len(values)
    if not count:
        return NOTHING
    mean = float(values.mean())
    if count == 1:
        return Range(mean, None, None)
    if count > MANY:
        half = Z * float(values.std(ddof=1)) / count**0.5
        return Range(mean, mean - half, mean + half)
    drawn = values[np.random.default_rng(SEED).integers(0, count, (DRAWS, count))].mean(axis=1)
    low, high = np.quantile(drawn, ENDS)
    return Range(mean, float(low), float(high))


def drawn_half(lasted: Floats, causes: Ints, cause: int) -> Range:
    """`Curves.half_of` with Efron's percentile interval, of cases drawn anew; None at an end that was not seen.

    Draws in which nothing ended by the cause tell nothing and are left out.
    """
    count = int(causes.max(initial=1))
    value = Curves.of(lasted, causes, count).half_of(cause)
    if value is None or len(lasted) < 2:
        return Range(value, None, None)
    times, places = np.unique(lasted, return_inverse=True)
    cells, sizes = np.unique(places * (count + 1) + causes, return_counts=True)
    counted = np.random.default_rng(SEED).multinomial(len(lasted), sizes / sizes.sum(), DRAWS_OF_HALF)
    full = np.zeros((DRAWS_OF_HALF, len(times), count + 1))
    full[:, cells // (count + 1), cells % (count + 1)] = counted
    every = full.sum(axis=2)
    at_risk = np.maximum(np.cumsum(every[:, ::-1], axis=1)[:, ::-1], 1e-12)
    kept = np.cumprod(1 - full[:, :, 1:].sum(axis=2) / at_risk, axis=1)
    before = np.concatenate([np.ones((DRAWS_OF_HALF, 1)), kept[:, :-1]], axis=1)
    ended = np.cumsum(before * full[:, :, cause] / at_risk, axis=1)
    there = ended[:, -1] > 0
    halves = times[np.argmax(ended >= ended[:, -1:] / 2 - 1e-12, axis=1)][there]
    low, high = np.quantile(halves, ENDS, method="inverted_cdf")
    return Range(value, float(low), float(high))
