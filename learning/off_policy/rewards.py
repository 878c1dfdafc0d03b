"""The reward model of doubly robust scores: what is expected of a row, and how much an action adds to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from learning.off_policy.estimators import Ints, Log
from learning.off_policy.intervals import Floats
from learning.off_policy.shrinkage import LinearEffects, fit_effects

FOLDS = 5
LEAST_BOOSTED = 400  # rows for trees to have a say


@dataclass(frozen=True)
class Expectation:
    """E[reward | context] as the log was run: a shrunk linear part and, where they predict better, trees on top."""

    mean: float
    linear: LinearEffects
    trees: Any = None  # lightgbm.Booster of what the linear part leaves

    def predict(self, features: Floats) -> Floats:
        """(rows,)."""
        found = self.mean + self.linear.predict(features)[:, 0]
        return found + self.trees.predict(features, num_threads=1) if self.trees is not None else found


def fit_expectation(features: Floats, rewards: Floats, *, trees: bool, seed: int) -> Expectation:
    """Fit on all rows given."""
    mean = float(rewards.mean())
    nobody = np.zeros(len(rewards), dtype=np.int64)
    linear = fit_effects(features, nobody, 1, rewards - mean, np.ones(len(rewards)))
    left = rewards - mean - linear.predict(features)[:, 0]
    return Expectation(mean, linear, boosted(features, left, np.ones(len(rewards)), seed) if trees else None)


def boosted(features: Floats, target: Floats, weights: Floats, seed: int) -> Any:
    """A small, strongly regularised LightGBM regression."""
    import lightgbm

    settings = {
        "objective": "regression", "num_leaves": 5, "learning_rate": 0.05, "lambda_l2": 5.0, "seed": seed,
        "min_data_in_leaf": max(40, len(target) // 25), "feature_fraction": 0.7, "bagging_fraction": 0.7,
        "bagging_freq": 1, "num_threads": 1, "verbosity": -1, "deterministic": True, "force_col_wise": True,
    }  # fmt: skip
    return lightgbm.train(settings, lightgbm.Dataset(features, target, weight=weights), num_boost_round=60)


def expected_out_of_fold(features: Floats, rewards: Floats, folds: Ints, seed: int) -> tuple[Floats, bool]:
    """(rows,) expectations by models that did not see the row, and whether trees predict better than without."""
    plain, full = np.zeros(len(rewards)), np.zeros(len(rewards))
    able = len(rewards) >= LEAST_BOOSTED and features.shape[1] > 0
    for fold in range(int(folds.max()) + 1):
        inside, outside = folds != fold, folds == fold
        model = fit_expectation(features[inside], rewards[inside], trees=able, seed=seed)
        plain[outside] = Expectation(model.mean, model.linear).predict(features[outside])
        full[outside] = model.predict(features[outside])
    gain = (rewards - plain) ** 2 - (rewards - full) ** 2
    better = able and float(gain.mean()) > float(gain.std()) / len(gain) ** 0.5
    return (full if better else plain), better


def cross_fitted(features: Floats, log: Log, count: int, folds: Ints) -> Floats:
    """(rows, count) expected rewards of every action, linear in the context, by models that did not see the row."""
    predicted = np.zeros((len(folds), count))
    for fold in range(int(folds.max()) + 1):
        inside, outside = folds != fold, folds == fold
        expectation = fit_expectation(features[inside], log.rewards[inside], trees=False, seed=0)
        residuals = log.rewards[inside] - expectation.predict(features[inside])
        effects = fit_effects(features[inside], log.actions[inside], count, residuals, 1 / log.propensities[inside])
        predicted[outside] = expectation.predict(features[outside])[:, None] + effects.predict(features[outside])
    return predicted
