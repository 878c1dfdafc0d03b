"""Whether what a log says about its propensities can be true: do its actions meet like with like once weighted?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import ndtri

from learning.off_policy.context import Encoder
from learning.off_policy.estimators import Log, overlap
from learning.off_policy.intervals import Floats

LEAST_ESS = 50.0
LEAST_SEEN = 20.0  # observations of a feature: rare values are unbalanced by chance
ERRORS = 1e-4  # chance that any column at all is called unbalanced though none is


def unbalanced(encoder: Encoder, features: Floats, log: Log, count: int) -> Mapping[str, float]:
    """Columns that differ by action although weighting by the propensities should have evened them: how many errors.

    Such a column was filled after the action, or the propensities are not those the actions were drawn with.
    """
    found: dict[str, float] = {}
    if not len(features) or not encoder.features:
        return found
    variance = features.var(axis=0)
    seen_by_row = variance**2 / np.maximum((features**4).mean(axis=0), 1e-300)  # observations that a row is worth
    sure = -float(ndtri(ERRORS / 2 / (features.shape[1] * count)))
    for action in range(count):
        taken = (log.actions == action).astype(np.float64)
        ess = overlap(log, taken).ess
        if ess < LEAST_ESS or taken.all():
            continue
        weights = taken / log.propensities
        centre = weights @ features / weights.sum()
        spread = (weights[:, None] ** 2 * (features - centre) ** 2).sum(axis=0) / weights.sum() ** 2
        error = np.maximum(spread, variance / ess) + variance / len(features)
        apart = np.where(ess * seen_by_row >= LEAST_SEEN, np.abs(centre) / np.sqrt(error), 0.0)
        for feature, distance in zip(encoder.features, apart.tolist(), strict=True):
            if distance > sure:
                found[feature.column] = max(found.get(feature.column, 0.0), distance)
    return found


def misweighted(log: Log, names: tuple[str, ...]) -> list[tuple[str, float]]:
    """Actions whose mean weight is not 1 by chance: some rows could not have had them, or propensities are wrong."""
    found = []
    sure = -float(ndtri(ERRORS / 2 / max(len(names), 1)))
    for action, name in enumerate(names):
        taken = (log.actions == action).astype(np.float64)
        if overlap(log, taken).ess < LEAST_ESS:
            continue
        weights = taken / log.propensities
        error = float(weights.std()) / len(weights) ** 0.5
        if error > 0 and abs(float(weights.mean()) - 1) > sure * error:
            found.append((name, float(weights.mean())))
    return found
