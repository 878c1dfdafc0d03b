"""A linear score over encoded columns: fitted with scikit-learn, served with numpy alone, explained exactly."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from learning.calibration import sigmoid
from learning.columns import ChoiceColumn, Encoder, NumberColumn, Table

Floats = NDArray[np.float64]
Z90 = 1.6448536269514722  # the normal distribution's 95th percentile


@dataclass(frozen=True, slots=True)
class Scores:
    """Per row: the log-odds, their standard deviation over bootstrap refits, and the 90 % interval around them."""

    log_odds: Floats
    deviation: Floats

    @property
    def probability(self) -> Floats:
        return sigmoid(self.log_odds)

    @property
    def low(self) -> Floats:
        return sigmoid(self.log_odds - Z90 * self.deviation)

    @property
    def high(self) -> Floats:
        return sigmoid(self.log_odds + Z90 * self.deviation)


@dataclass(frozen=True, slots=True)
class LinearScorer:
    """log-odds = intercept + Σ features × weights, for the model itself (first) and its bootstrap refits.

    weights: features × (1 + refits); intercepts: 1 + refits; means: per column, its mean contribution where it was
    trained, so that a reason says what sets a record apart from the average one.
    """

    encoder: Encoder
    weights: Floats
    intercepts: Floats
    means: Floats

    @property
    def base(self) -> float:
        """The log-odds of the average record: what the reasons' effects are added to."""
        return float(self.intercepts[0] + self.means.sum())

    def score(self, table: Table) -> Scores:
        """Scores of every row, vectorised by column."""
        total = np.repeat(self.intercepts[None, :], table.rows, axis=0)
        numbers: list[Floats] = []
        slopes: list[Floats] = []
        start = 0
        for column in self.encoder.columns:
            source = table.columns.get(column.name)
            block = self.weights[start : start + column.width]
            start += column.width
            if isinstance(column, ChoiceColumn):
                total += block[column.bins(source, table.rows)]
                continue
            standard, missing = column.standardise(source, table.rows)
            numbers.append(standard)
            slopes.append(block[0])
            if missing.any():
                total += missing[:, None] * block[1]
        if numbers:
            total += np.column_stack(numbers) @ np.array(slopes)
        return Scores(total[:, 0], total[:, 1:].std(axis=1) if total.shape[1] > 1 else np.zeros(table.rows))

    def contributions(self, table: Table) -> Floats:
        """Rows × columns: each column's effect on the log-odds beside the average record's.

        `base` + the sum over columns is the log-odds that `score` gives, up to rounding.
        """
        effects = np.empty((table.rows, len(self.encoder.columns)))
        start = 0
        for index, column in enumerate(self.encoder.columns):
            source = table.columns.get(column.name)
            block = self.weights[start : start + column.width, 0]
            start += column.width
            if isinstance(column, NumberColumn):
                standard, missing = column.standardise(source, table.rows)
                effects[:, index] = standard * block[0] + missing * block[1]
            else:
                effects[:, index] = block[column.bins(source, table.rows)]
        return effects - self.means


def mean_contributions(encoder: Encoder, features: Floats, weights: Floats, sample_weight: Floats) -> Floats:
    """Each column's mean contribution over training rows."""
    by_feature = np.average(features, axis=0, weights=sample_weight) * weights
    starts = np.cumsum([0, *(column.width for column in encoder.columns)])
    return np.array([by_feature[a:b].sum() for a, b in pairwise(starts)])


@dataclass(slots=True)
class Fit:
    """An intercept and a weight per feature."""

    intercept: float
    weights: Floats


def fit_logistic(features: Floats, outcome: Floats, weight: Floats, penalty: float, start: Fit | None = None) -> Fit:
    """L2-regularised logistic regression by Newton's method (scikit-learn's newton-cholesky).

    Minimises Σ weight × loss + penalty / 2 × Σ weights²; the intercept is free. Both classes must occur.
    """
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1 / penalty, solver="newton-cholesky", tol=1e-5, max_iter=100, warm_start=True)
    if start is not None:
        model.coef_, model.intercept_ = start.weights[None, :].copy(), np.array([start.intercept])
        model.classes_ = np.array([0.0, 1.0])
    model.fit(features, outcome, sample_weight=weight)
    return Fit(float(model.intercept_[0]), np.asarray(model.coef_[0], dtype=np.float64))
