"""Learns a policy from a log: the best single action for all, unless a personal one is better by what it was not
trained on.

Doubly robust scores out of fold value every candidate on rows it did not learn from (Athey & Wager 2021; Zhou, Athey &
Wager 2023). Personal candidates take the action of the highest shrunk effect. Of the candidates the simplest stands
whose value lies within a standard error of the best (Breiman et al. 1984). Actions the log cannot tell about are never
chosen; where it cannot tell about any, the policy keeps to what was done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.off_policy.estimators import MOST_LACKING, Ints, Log, difference, doubly_robust, overlap, spreads
from learning.off_policy.intervals import Estimate, Floats
from learning.off_policy.propensities import Propensities, estimate, fold_numbers
from learning.off_policy.rewards import (
    FOLDS,
    LEAST_BOOSTED,
    Expectation,
    boosted,
    expected_out_of_fold,
    fit_expectation,
)
from learning.off_policy.shrinkage import LinearEffects, fit_effects

LEAST_ESS = 10.0  # effective rows of an action that may be chosen
MOST_WEIGHT = 20.0  # times the mean, in learning
MOST_TREES = 12  # actions
SINGLE, LINEAR, BOOSTED, LOGGED = "single", "linear", "boosted", "logged"


@dataclass(frozen=True)
class Effects:
    """What each action adds to the expectation: levels alone, linear in the context, and trees on top."""

    levels: LinearEffects
    linear: LinearEffects
    trees: Mapping[int, Any]  # lightgbm.Booster by action

    def predict(self, features: Floats, slope: float) -> Floats:
        """(rows, actions) linear effects and, multiplied by the slope, what the trees add."""
        found = self.linear.predict(features)
        for action, booster in self.trees.items() if slope > 0 else ():
            found[:, action] += slope * booster.predict(features, num_threads=1)
        return found


@dataclass(frozen=True)
class Policy:
    """What was learned. `gains`: cross-fitted value of the personal candidates above the best single action."""

    kind: str
    best: int  # single action
    able: NDArray[np.bool_]  # (actions,) the log can tell about
    expectation: Expectation
    effects: Effects
    slope: float
    gains: Mapping[str, Estimate]
    propensities: Propensities | None
    features: int  # of the context

    def chances(self, features: Floats) -> Floats:
        """(rows, actions) probability with which the policy takes each action."""
        if self.kind == LOGGED and self.propensities is not None:
            return self.propensities.predict(features)
        chosen = np.full(len(features), self.best)
        if self.kind in (LINEAR, BOOSTED):
            effects = self.effects.predict(features, self.slope if self.kind == BOOSTED else 0.0)
            supported = None if self.propensities is None else _supported(self.propensities, features)
            chosen = _choose(effects, self.able, self.best, supported)
        result = np.zeros((len(features), len(self.able)))
        result[np.arange(len(features)), chosen] = 1.0
        return result

    def rewards(self, features: Floats) -> Floats:
        """(rows, actions) expected rewards."""
        found: Floats = self.expectation.predict(features)[:, None] + self.effects.predict(features, self.slope)
        return found


def learn(features: Floats, log: Log, count: int, propensities: Propensities | None, seed: int = 0) -> Policy:
    """A policy over `count` actions. `propensities` where they were estimated, for where each action is supported."""
    folds = fold_numbers(log.actions, FOLDS, seed)
    expected, trees = expected_out_of_fold(features, log.rewards, folds, seed)
    residuals = log.rewards - expected
    weights = 1 / log.propensities
    weights = np.minimum(weights, MOST_WEIGHT * weights.mean())
    able = able_actions(log, count, propensities)
    parts = [_fit(features, log.actions, count, residuals, weights, np.flatnonzero(folds != fold), seed)
             for fold in range(FOLDS)]  # fmt: skip
    slope = _slope(parts, features, log, residuals, weights, folds)
    gains = _gains(parts, features, log, expected, folds, able, slope, propensities)
    effects = _fit(features, log.actions, count, residuals, weights, np.arange(len(residuals)), seed)
    kind = _kind(able, gains)
    if kind == LOGGED and propensities is None:
        propensities = estimate(features, log.actions, count, seed)
    expectation = fit_expectation(features, log.rewards, trees=trees, seed=seed)
    return Policy(kind, _best(effects, able), able, expectation, effects, slope, gains, propensities, features.shape[1])


def able_actions(log: Log, count: int, propensities: Propensities | None) -> NDArray[np.bool_]:
    """(actions,) whether the log can tell about it: enough effective rows, and taken now and then in most contexts."""
    able = np.zeros(count, dtype=bool)
    for action in range(count):
        rarely = 0.0 if propensities is None else float(propensities.rarely[action])
        found = overlap(log, (log.actions == action).astype(np.float64), rarely)
        able[action] = found.ess >= LEAST_ESS and found.lacking <= MOST_LACKING
    return able


def _fit(
    features: Floats, actions: Ints, count: int, residuals: Floats, weights: Floats, rows: Ints, seed: int
) -> Effects:
    own, left, weight, seen = actions[rows], residuals[rows], weights[rows], features[rows]
    levels = fit_effects(seen, own, count, left, weight, slopes=False)
    linear = fit_effects(seen, own, count, left, weight)
    trees = {}
    if count <= MOST_TREES and features.shape[1]:
        after = left - linear.predict(seen)[np.arange(len(rows)), own]
        for action in range(count):
            inside = own == action
            if inside.sum() >= LEAST_BOOSTED:
                trees[action] = boosted(seen[inside], after[inside], weight[inside], seed)
    return Effects(levels, linear, trees)


def _slope(parts: list[Effects], features: Floats, log: Log, residuals: Floats, weights: Floats, folds: Ints) -> float:
    """How much of what the trees add is borne out on rows they did not see: the slope of a regression, in [0, 1]."""
    if not any(each.trees for each in parts):
        return 0.0
    added, left = np.zeros(len(residuals)), np.zeros(len(residuals))
    for fold, each in enumerate(parts):
        rows = np.flatnonzero(folds == fold)
        own = np.arange(len(rows)), log.actions[rows]
        linear = each.linear.predict(features[rows])
        added[rows] = (each.predict(features[rows], 1.0) - linear)[own]
        left[rows] = residuals[rows] - linear[own]
    squares = float((weights * added**2).sum())
    return min(max(float((weights * added * left).sum()) / squares, 0.0), 1.0) if squares > 0 else 0.0


def _gains(
    parts: list[Effects], features: Floats, log: Log, expected: Floats, folds: Ints, able: NDArray[np.bool_],
    slope: float, propensities: Propensities | None,
) -> dict[str, Estimate]:  # fmt: skip
    """Cross-fitted value of each personal candidate above the best single action."""
    rows, count = len(expected), len(able)
    kinds = [LINEAR, BOOSTED] if slope > 0 else [LINEAR]
    chosen = {kind: np.zeros(rows, dtype=np.int64) for kind in (SINGLE, *kinds)}
    predicted = np.zeros((rows, count))
    for fold, each in enumerate(parts):
        inside = np.flatnonzero(folds == fold)
        best = _best(each, able)
        chosen[SINGLE][inside] = best
        predicted[inside] = expected[inside, None] + each.linear.predict(features[inside])
        supported = None if propensities is None else propensities.chances[inside] > propensities.clip * 1.001
        for kind in kinds:
            effects = each.predict(features[inside], slope if kind == BOOSTED else 0.0)
            chosen[kind][inside] = _choose(effects, able, best, supported)
    own = predicted[np.arange(rows), log.actions]
    spread = spreads(log, log.rewards - own)
    valued = {
        kind: doubly_robust(
            log, (log.actions == each).astype(np.float64), predicted[np.arange(rows), each], own, spread
        )
        for kind, each in chosen.items()
    }
    return {kind: difference(log, valued[kind], valued[SINGLE], spread) for kind in kinds}


def _kind(able: NDArray[np.bool_], gains: Mapping[str, Estimate]) -> str:
    """The simplest candidate within a standard error of the best."""
    if not able.any():
        return LOGGED
    best = max(gains, key=lambda kind: gains[kind].value)
    if not gains[best].value > gains[best].se:
        return SINGLE
    enough = gains[best].value - gains[best].se
    return next(kind for kind in (LINEAR, BOOSTED) if kind in gains and gains[kind].value >= enough)


def _best(effects: Effects, able: NDArray[np.bool_]) -> int:
    levels = effects.levels.coefficients[:, 0]
    return int(np.argmax(np.where(able, levels, -np.inf))) if able.any() else int(np.argmax(levels))


def _choose(effects: Floats, able: NDArray[np.bool_], best: int, supported: NDArray[np.bool_] | None) -> Ints:
    """The action of the highest effect in each row, the best single one where nothing is above it."""
    open_to = np.broadcast_to(able, effects.shape) if supported is None else able & supported
    chosen = np.where(open_to, effects, -np.inf).argmax(axis=1)
    better = open_to[np.arange(len(effects)), chosen] & (effects[np.arange(len(effects)), chosen] > effects[:, best])
    if supported is not None:
        better |= ~supported[:, best] & open_to.any(axis=1)
    return np.asarray(np.where(better, chosen, best), dtype=np.int64)


def _supported(propensities: Propensities, features: Floats) -> NDArray[np.bool_]:
    return propensities.predict(features) > propensities.clip
