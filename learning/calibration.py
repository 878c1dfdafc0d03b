"""Calibration, linear in log-odds (Platt 1999), so that additive reasons stay additive."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def sigmoid(log_odds: Array) -> Array:
    """Log-odds to probability, without overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * log_odds))


def logit(probability: float) -> float:
    """Probability (strictly between 0 and 1) to log-odds."""
    return float(np.log(probability) - np.log1p(-probability))


@dataclass(frozen=True, slots=True)
class Calibrator:
    """calibrated log-odds = intercept + slope × log-odds; slope ≥ 0, so that it never turns an order round."""

    intercept: float = 0.0
    slope: float = 1.0

    def apply(self, log_odds: Array) -> Array:
        """Calibrated log-odds."""
        return self.intercept + self.slope * log_odds


def fit_calibrator(log_odds: Array, outcome: Array, weight: Array, strength: float = 4.0) -> Calibrator:
    """Penalised maximum likelihood by Newton's method; `strength` rows pull towards changing nothing.

    Weights count records: they add up to the number of records behind the rows.
    """
    if not len(outcome):
        return Calibrator()
    design = np.column_stack([np.ones_like(log_odds), log_odds])
    start = np.array([0.0, 1.0])
    theta = start.copy()
    for _ in range(50):
        p = sigmoid(design @ theta)
        gradient = design.T @ (weight * (p - outcome)) + strength * 0.25 * (theta - start)
        curvature = weight * np.maximum(p * (1 - p), 1e-6)
        hessian = (design * curvature[:, None]).T @ design + strength * 0.25 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        theta -= np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-9:
            break
    if theta[1] >= 0:
        return Calibrator(float(theta[0]), float(theta[1]))
    rate = (float(np.sum(weight * outcome)) + 0.5) / (float(weight.sum()) + 1.0)
    return Calibrator(logit(rate), 0.0)
