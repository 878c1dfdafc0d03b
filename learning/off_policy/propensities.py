"""Propensities that a log does not hold: estimated out of fold, calibrated, clipped.

Candidates are the actions' plain frequencies, a multinomial logistic regression on the context and, for few actions,
boosted trees. A candidate's log-odds against the frequencies are multiplied by the slope that predicts best out of
fold. The frequencies stand unless something is better by more than its standard error: a randomised log stays one.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learning.off_policy.estimators import Ints
from learning.off_policy.intervals import Floats

SLOPES = (0.2, 0.4, 0.6, 0.8, 0.9, 1.0, 1.1, 1.25)
FOLDS = 5
CLIP = 0.01  # smallest propensity that is believed; with many actions a tenth of their equal share
MOST_FITTED = 20_000  # rows that one model learns from
LEAST_BOOSTED = 1_000
MOST_BOOSTED = 12  # actions
MANY = 50  # actions
MOST_ITERATIONS, MOST_ITERATIONS_MANY = 200, 30

Predict = Callable[[Floats], Floats]  # (rows, width) → (rows, classes)
NAMES = {"frequencies": "the actions' frequencies", "logistic": "a logistic regression on the context",
         "boosted": "boosted trees on the context"}  # fmt: skip


@dataclass(frozen=True)
class Propensities:
    """(rows, actions) chances of every action in every row, not less than `clip`, and how they came about."""

    chances: Floats
    clip: float
    clipped: float  # share of rows whose own action had less
    slope: float
    by: str  # of NAMES
    predict: Predict  # of other rows, by a model of all rows; neither clipped

    @property
    def rare(self) -> NDArray[np.bool_]:
        """(rows, actions) which were hardly ever taken in such rows."""
        return np.asarray(self.chances <= self.clip * 1.001)

    @property
    def rarely(self) -> Floats:
        """(actions,) share of the rows in which the action was hardly ever taken."""
        share: Floats = self.rare.mean(axis=0)
        return share


def estimate(features: Floats, actions: Ints, count: int, seed: int = 0, *, trees: bool = True) -> Propensities:
    """Chances of `count` actions given (rows, width) features, each row's from models that did not see it; without
    `trees` LightGBM is not asked."""
    rows = len(actions)
    folds = fold_numbers(actions, FOLDS, seed)
    fitters = _fitters(features, actions, count, trees=trees)
    plain, found = np.zeros((rows, count)), {name: np.zeros((rows, count)) for name in fitters}
    for fold in range(FOLDS):
        inside, outside = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        if not len(outside):
            continue
        plain[outside] = frequencies(actions[inside], count)
        for name, fit in fitters.items():
            model = _wide(fit, features, actions, inside, count, seed)
            found[name][outside] = model(features[outside])
    by, slope, chances = _calibrated(plain, found, actions)
    clip = min(CLIP, 0.1 / count)
    clipped = float((chances[np.arange(rows), actions] < clip).mean())
    usual = frequencies(actions, count)
    if by == "frequencies":
        return Propensities(
            np.maximum(chances, clip), clip, clipped, slope, by, lambda new: np.tile(usual, (len(new), 1))
        )
    final = _wide(fitters[by], features, actions, np.arange(rows), count, seed)
    return Propensities(
        np.maximum(chances, clip), clip, clipped, slope, by, lambda new: _tilted(usual[None, :], final(new), slope)
    )


def fold_numbers(strata: Ints, folds: int, seed: int) -> Ints:
    """(rows,) a fold each, at random and evenly within strata."""
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(strata))
    order = order[np.argsort(strata[order], kind="stable")]
    numbers = np.empty(len(strata), dtype=np.int64)
    numbers[order] = np.arange(len(strata)) % folds
    return numbers


def frequencies(actions: Ints, count: int) -> Floats:
    """(count,) shares of the actions, none of them zero."""
    counts = np.bincount(actions, minlength=count).astype(np.float64)
    return (counts + 0.5) / (len(actions) + 0.5 * count)


Fit = Callable[[Floats, Ints, int], Predict]  # features, classes numbered without gaps, seed


def _fitters(features: Floats, actions: Ints, count: int, *, trees: bool) -> dict[str, Fit]:
    if not features.shape[1] or len(np.unique(actions)) < 2:
        return {}
    fitters: dict[str, Fit] = {"logistic": _logistic}
    if trees and len(actions) >= LEAST_BOOSTED and count <= MOST_BOOSTED:
        fitters["boosted"] = _boosted
    return fitters


def _wide(fit: Fit, features: Floats, actions: Ints, rows: Ints, count: int, seed: int) -> Predict:
    """A model of some of the rows that answers for all actions, those it never saw by their frequency."""
    usual = frequencies(actions[rows], count)
    if len(rows) > MOST_FITTED:
        rows = np.random.default_rng(seed).choice(rows, MOST_FITTED, replace=False)
    classes, numbers = np.unique(actions[rows], return_inverse=True)
    if len(classes) < 2:
        return lambda new: np.tile(usual, (len(new), 1))
    model = fit(features[rows], numbers.astype(np.int64), seed)

    def predict(new: Floats) -> Floats:
        chances: Floats = np.tile(usual, (len(new), 1))
        chances[:, classes] = model(new) * usual[classes].sum()
        return chances

    return predict


def _logistic(features: Floats, classes: Ints, seed: int) -> Predict:
    from sklearn.linear_model import LogisticRegression

    steps = MOST_ITERATIONS_MANY if int(classes.max()) >= MANY else MOST_ITERATIONS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # not converged is good enough: the slope is chosen out of fold
        model = LogisticRegression(C=0.1, max_iter=steps, random_state=seed).fit(features, classes)
    return lambda new: np.asarray(model.predict_proba(new), dtype=np.float64)


def _boosted(features: Floats, classes: Ints, seed: int) -> Predict:
    import lightgbm

    settings = {
        "objective": "multiclass", "num_class": int(classes.max()) + 1, "num_leaves": 6, "learning_rate": 0.1,
        "min_data_in_leaf": max(20, len(classes) // 100), "lambda_l2": 5.0, "feature_fraction": 0.8, "seed": seed,
        "num_threads": 1, "verbosity": -1, "deterministic": True, "force_col_wise": True,
    }  # fmt: skip
    model = lightgbm.train(settings, lightgbm.Dataset(features, classes), num_boost_round=60)
    return lambda new: np.asarray(model.predict(new, num_threads=1), dtype=np.float64)


def _calibrated(plain: Floats, found: dict[str, Floats], actions: Ints) -> tuple[str, float, Floats]:
    own = np.arange(len(actions)), actions
    base = -np.log(plain[own])
    chosen, least, kept = ("frequencies", 0.0), float(base.mean()), plain
    for name, full in found.items():
        for slope in SLOPES:
            tilted = _tilted(plain, full, slope)
            losses = -np.log(np.maximum(tilted[own], 1e-12))
            gain = base - losses
            if float(losses.mean()) < least and float(gain.mean()) > float(gain.std()) / len(gain) ** 0.5:
                chosen, least, kept = (name, slope), float(losses.mean()), tilted
    return *chosen, kept


def _tilted(plain: Floats, full: Floats, slope: float) -> Floats:
    odds = plain * np.exp(np.clip(slope * (np.log(np.maximum(full, 1e-12)) - np.log(plain)), -30, 30))
    result: Floats = odds / odds.sum(axis=1, keepdims=True)
    return result
