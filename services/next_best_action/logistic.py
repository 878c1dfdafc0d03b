"""Ridge logistic regressions of many outcomes on the same features, of all rows and of folds that leave deals out.

Newton's method; gradients in double and curvature in single precision, which moves the way to the optimum, not the
optimum. A fold begins where all rows together ended, and is there after a step or two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learning.calibration import sigmoid

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
FOLDS = 3  # of deals
STEPS = 30
CLOSE = 1e-6  # a step this small is the last
LONGEST_STEP = 2.0
INTERCEPT_RIDGE = 1e-6


class Logistic:
    """Features (rows, columns) and what their coefficients are drawn to 0 by; the intercept, the first, is free."""

    def __init__(self, features: Floats, penalty: Floats) -> None:
        self._matrix = np.column_stack([np.ones(len(features)), features])
        self._single = self._matrix.astype(np.float32)
        self._scaled = np.empty_like(self._single)
        self._ridge = np.concatenate([[INTERCEPT_RIDGE], penalty])

    def fit(self, target: Floats, weights: Floats, start: Floats | None = None) -> Floats:
        """(1 + columns,) coefficients."""
        coefficients = _rate(target, weights, len(self._ridge)) if start is None else start
        pull = self._ridge * (np.arange(len(self._ridge)) > 0)
        for _ in range(STEPS):
            chances = sigmoid(self._matrix @ coefficients)
            gradient = self._matrix.T @ (weights * (target - chances)) - pull * coefficients
            root = np.sqrt(weights * chances * (1 - chances)).astype(np.float32)
            scaled = np.multiply(self._single, root[:, None], out=self._scaled)
            step = np.linalg.solve((scaled.T @ scaled).astype(np.float64) + np.diag(self._ridge), gradient)
            coefficients = coefficients + np.clip(step, -LONGEST_STEP, LONGEST_STEP)
            if np.max(np.abs(step)) < CLOSE:
                break
        return coefficients

    def chances(self, coefficients: Floats) -> Floats:
        """(rows,)"""
        return sigmoid(self._matrix @ coefficients)


def _rate(target: Floats, weights: Floats, columns: int) -> Floats:
    """The coefficients without any feature."""
    rate = float(np.clip(np.average(target, weights=weights), 1e-3, 1 - 1e-3))
    found = np.zeros(columns)
    found[0] = np.log(rate / (1 - rate))
    return found


@dataclass(frozen=True, slots=True)
class Fitted:
    """Chances (rows,) by regressions that did not see the row's deal; coefficients of the one that saw all."""

    chances: Floats
    coefficients: Floats


class OutOfFold:
    """Regressions that leave out one fold of deals each. deals: (rows,) a number a deal, from 0."""

    def __init__(self, features: Floats, deals: Ints, penalty: Floats) -> None:
        self._regression = Logistic(features, penalty)
        self._folds = np.random.default_rng(0).permutation(int(deals.max(initial=-1)) + 1)[deals] % FOLDS

    def fit(self, target: Floats, weights: Floats, start: Floats | None = None) -> Fitted:
        """Of one outcome, 0 or 1 by row. start: coefficients of a like one."""
        whole, chances = self._regression.fit(target, weights, start), np.zeros(len(target))
        for fold in range(FOLDS):
            outside = self._folds == fold
            if outside.any() and not outside.all():
                own = self._regression.fit(target, np.where(outside, 0.0, weights), whole)
                chances[outside] = self._regression.chances(own)[outside]
        return Fitted(chances, whole)
