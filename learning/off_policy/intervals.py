"""Intervals of a mean from its influence values: honest where rewards are rare, skewed or heavy tailed.

Yes/no rewards: Wilson's score interval (1927) at the effective number of rows, the one that gives the estimate its
variance (Korn & Graubard 1998); it does not shrink to a point where no reward was seen. Other rewards: Hall's
transformation (1992), which removes the skewness of the studentised mean. Both take quantiles of Student's t at the
effective sample size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_SKEW = 1.0  # of the estimate; beyond it the transformation is no approximation any more
FLAT = 1e-9


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its standard error and a two-sided interval."""

    value: float
    se: float
    low: float
    high: float

    @property
    def significant(self) -> bool:
        """Zero lies outside of the interval."""
        return self.low > 0 or self.high < 0


def normal(value: float, influence: Floats, variance: float, size: float, level: float) -> Estimate:
    """Interval by Hall's transformation. `influence` adds up to the estimate's error; `size`: effective sample size."""
    se = float(np.sqrt(variance))
    if se <= 0:
        return Estimate(value, 0.0, value, value)
    skew = float(np.sum(influence**3) / np.sum(influence**2) ** 1.5) if np.any(influence) else 0.0
    z = _quantile(size, level)
    return Estimate(value, se, value - se * _untransformed(z, skew), value - se * _untransformed(-z, skew))


def wilson(value: float, variance: float, about: float, size: float, level: float) -> Estimate:
    """Score interval of a share, which is moved to 0 or 1 where it lies beyond.

    `about`: a share above zero that says how much a row varies where none was seen.
    """
    share, se = min(max(value, 0.0), 1.0), float(np.sqrt(variance))
    spread = max(share * (1 - share), min(about, 0.5) * (1 - min(about, 0.5)))
    if se <= 0 or spread <= 0:
        return Estimate(share, se, share, share)
    rows, z = spread / variance, _quantile(size, level)
    centre = (share + z**2 / (2 * rows)) / (1 + z**2 / rows)
    half = z / (1 + z**2 / rows) * float(np.sqrt(share * (1 - share) / rows + z**2 / (4 * rows**2)))
    return Estimate(share, se, max(0.0, min(centre - half, share)), min(1.0, max(centre + half, share)))


def _quantile(size: float, level: float) -> float:
    from scipy.special import stdtrit  # takes a quarter of a second, of the gateway's start too

    return float(stdtrit(max(size - 1, 1.0), 0.5 + level / 2))


def _untransformed(quantile: float, skew: float) -> float:
    """The studentised mean whose transform is the quantile."""
    kept = float(np.clip(skew, -MOST_SKEW, MOST_SKEW))
    if abs(kept) < FLAT:
        return quantile
    return float(3 / kept * (np.cbrt(1 + kept * (quantile - kept / 6)) - 1))
