"""Effects of many actions as linear functions of the context, each shrunk by how much the actions differ at all.

For every action a weighted regression of the rewards' residuals on the context; the coefficients have a normal prior
around zero whose two variances (of the levels, of the slopes) are those under which all actions together are most
likely (empirical Bayes: Robbins 1956, Morris 1983). Where actions do not differ, all effects shrink to nothing; a rare
action keeps little of what chance gave it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from learning.off_policy.estimators import SEEN, Ints
from learning.off_policy.intervals import Floats

GRID = np.concatenate([[0.0], np.geomspace(1e-6, 1.0, 19)])  # prior variances, as shares of the residuals' variance


@dataclass(frozen=True, slots=True)
class LinearEffects:
    """Posterior means; effects are against the mean of what the log did."""

    coefficients: Floats  # (actions, 1 + width)
    level_sd: Floats  # (actions,) posterior standard deviation of the level
    level_variance: float  # of the prior
    slope_variance: float

    def predict(self, features: Floats) -> Floats:
        """(rows, actions)."""
        result: Floats = self.coefficients[:, 0] + features @ self.coefficients[:, 1:].T
        return result


@dataclass(frozen=True, slots=True)
class _Evidence:
    """Precision and precision-weighted estimate of each action: (actions, 1 + width, 1 + width) and (…, 1 + width)."""

    precision: Floats
    pull: Floats


def fit_effects(
    features: Floats, actions: Ints, count: int, residuals: Floats, weights: Floats, *, slopes: bool = True
) -> LinearEffects:
    """`features` are centred; `weights` are inverse propensities. Without slopes an action has a level alone."""
    used = features if slopes else features[:, :0]
    evidence = _gather(used, actions, count, residuals, weights)
    scale = float(residuals.var()) or 1.0
    level, slope = _most_likely(evidence, scale, used.shape[1])
    prior = _prior(level, slope, used.shape[1])
    posterior = _posterior(evidence, prior)
    coefficients = np.zeros((count, 1 + features.shape[1]))
    coefficients[:, : 1 + used.shape[1]] = posterior[0]
    return LinearEffects(coefficients, np.sqrt(np.maximum(posterior[1], 0.0)), level, slope)


def _gather(features: Floats, actions: Ints, count: int, residuals: Floats, weights: Floats) -> _Evidence:
    width = 1 + features.shape[1]
    precision, pull = np.zeros((count, width, width)), np.zeros((count, width))
    variance = float(np.average(residuals**2, weights=weights)) if len(residuals) else 1.0
    variance = variance or 1.0
    squared = residuals**2
    prior = SEEN * float((squared**2).mean() / squared.mean() ** 2) if squared.any() else SEEN
    order = np.argsort(actions, kind="stable")
    bounds = np.searchsorted(actions[order], np.arange(count + 1))
    for action in range(count):
        rows = order[bounds[action] : bounds[action + 1]]
        if not len(rows):
            continue
        design = np.column_stack([np.ones(len(rows)), features[rows]])
        weight = weights[rows] / weights[rows].mean()
        effective = len(rows) / float((weight**2).mean())
        level = float(np.average(residuals[rows], weights=weight))
        squares = float(np.average((residuals[rows] - level) ** 2, weights=weight))
        noise = (effective * squares + prior * variance) / (effective + prior)
        # Weights of unequal size tell less than their number of rows.
        scale = effective / len(rows) / noise
        precision[action] = scale * (design * weight[:, None]).T @ design
        pull[action] = scale * design.T @ (weight * residuals[rows])
    return _Evidence(precision, pull)


def _prior(level: float, slope: float, width: int) -> Floats:
    return np.asarray(np.sqrt(np.concatenate([[level], np.full(width, slope)])), dtype=np.float64)


def _most_likely(evidence: _Evidence, scale: float, width: int) -> tuple[float, float]:
    """Prior variances of levels and slopes by coordinate ascent of the marginal likelihood over a grid."""
    level, slope = 0.0, 0.0
    for _ in range(2 if width else 1):
        # Some difference of levels is always believed in, so that the best of equals is the one best borne out.
        level = max(GRID[1:] * scale, key=lambda value: _likelihood(evidence, _prior(value, slope, width)))
        if width:
            slope = max(GRID * scale, key=lambda value: _likelihood(evidence, _prior(level, value, width)))
    return float(level), float(slope)


def _likelihood(evidence: _Evidence, sd: Floats) -> float:
    """Log marginal likelihood of all actions up to a constant."""
    middle = np.eye(len(sd)) + sd[:, None] * evidence.precision * sd
    pull = evidence.pull * sd
    solved = np.linalg.solve(middle, pull[..., None])[..., 0]
    return float(0.5 * (pull * solved).sum() - 0.5 * np.linalg.slogdet(middle)[1].sum())


def _posterior(evidence: _Evidence, sd: Floats) -> tuple[Floats, Floats]:
    """Means (actions, 1 + width), and variances of the level (actions,)."""
    middle = np.eye(len(sd)) + sd[:, None] * evidence.precision * sd
    inverse = np.linalg.inv(middle)
    means: Floats = sd * np.einsum("aij,aj->ai", inverse, evidence.pull * sd)
    return means, np.asarray(sd[0] ** 2 * inverse[:, 0, 0])
