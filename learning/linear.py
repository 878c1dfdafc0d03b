"""A linear score over encoded columns: fitted with scikit-learn, served with numpy alone, explained exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from learning.calibration import sigmoid
from learning.columns import ChoiceColumn, Encoder, NumberColumn, Table, as_numbers

if TYPE_CHECKING:
    from scipy.sparse import csr_array

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


class NumberBlock:
    """All numeric columns of a scorer, standardised at once: with few rows, numpy's calls are what costs."""

    def __init__(self, columns: Sequence[NumberColumn], slopes: Floats, gaps: Floats) -> None:
        self._names = [column.name for column in columns]
        self._slopes, self._gaps = slopes, gaps
        self._low, self._high, self._mean, self._deviation = (
            np.array([getattr(column, name) for column in columns]) for name in ("low", "high", "mean", "deviation")
        )
        self._logs = np.flatnonzero([column.log for column in columns])

    def log_odds(self, table: Table) -> Floats:
        """Rows × (1 + refits): what the numbers add to the log-odds. The same as NumberColumn.standardise gives."""
        if not self._names:
            return np.zeros((table.rows, self._slopes.shape[1]))
        values = np.empty((len(self._names), table.rows))
        for index, name in enumerate(self._names):
            values[index] = as_numbers(table.columns.get(name), table.rows)
        values = values.T
        missing = np.isnan(values)
        shaped = np.clip(values, self._low, self._high)
        if len(self._logs):
            shaped[:, self._logs] = np.log1p(shaped[:, self._logs])
        standard = (shaped - self._mean) / self._deviation
        if not missing.any():
            return np.asarray(standard @ self._slopes)
        standard[missing] = 0.0
        return np.asarray(standard @ self._slopes + missing @ self._gaps)


@dataclass(frozen=True)
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

    @cached_property
    def _blocks(self) -> tuple[list[tuple[ChoiceColumn, Floats]], NumberBlock]:
        """The choices with their weights, and the numbers together."""
        choices, numbers, slopes, gaps = [], [], [], []
        start = 0
        for column in self.encoder.columns:
            block = self.weights[start : start + column.width]
            start += column.width
            if isinstance(column, ChoiceColumn):
                choices.append((column, block))
            else:
                numbers.append(column)
                slopes.append(block[0])
                gaps.append(block[1])
        shape = (len(numbers), len(self.intercepts))
        return choices, NumberBlock(numbers, np.reshape(slopes, shape), np.reshape(gaps, shape))

    def score(self, table: Table) -> Scores:
        """Scores of every row, vectorised over rows and numbers."""
        choices, numbers = self._blocks
        total = self.intercepts + numbers.log_odds(table)
        for column, block in choices:
            total += block[column.bins(table.columns.get(column.name), table.rows)]
        refits = total[:, 1:]
        if not refits.shape[1]:
            return Scores(total[:, 0], np.zeros(table.rows))
        away = refits - refits.mean(axis=1, keepdims=True)
        return Scores(total[:, 0], np.sqrt(np.einsum("ij,ij->i", away, away) / refits.shape[1]))

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


def mean_contributions(encoder: Encoder, features: csr_array, weights: Floats, sample_weight: Floats) -> Floats:
    """Each column's mean contribution over training rows."""
    by_feature = (sample_weight @ features) / sample_weight.sum() * weights
    starts = np.cumsum([0, *(column.width for column in encoder.columns)])
    return np.array([by_feature[a:b].sum() for a, b in pairwise(starts)])


@dataclass(slots=True)
class Fit:
    """An intercept and a weight per feature."""

    intercept: float
    weights: Floats


def fit_logistic(features: csr_array, outcome: Floats, weight: Floats, penalty: float, start: Fit | None = None) -> Fit:
    """L2-regularised logistic regression by Newton's method (scikit-learn), from `start` where one is given.

    Minimises Σ weight × loss + penalty / 2 × Σ weights²; the intercept is free. Both classes must occur.
    """
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1 / penalty, solver="newton-cholesky", tol=1e-5, max_iter=100, warm_start=True)
    if start is not None:
        model.coef_, model.intercept_ = start.weights[None, :].copy(), np.array([start.intercept])
        model.classes_ = np.array([0.0, 1.0])
    model.fit(features.toarray(), outcome, sample_weight=weight)
    return Fit(float(model.intercept_[0]), np.asarray(model.coef_[0], dtype=np.float64))


def one_step_refits(
    features: csr_array, outcome: Floats, weight: Floats, penalty: float, fit: Fit, draws: Sequence[Floats],
    centres: Floats | None = None,
) -> list[Fit]:  # fmt: skip
    """Bootstrap refits by one Newton step from the fit (the k-step bootstrap of Andrews 2002, k = 1).

    `draws` holds each row's multiplicity in each resample. The step uses the whole sample's curvature, so that all
    refits together cost about one iteration of the fit. `centres` (refits × features) are what each refit is shrunk
    towards, 0 where they are not given.
    """
    design = np.column_stack([np.ones(len(outcome)), features.toarray()])
    theta = np.concatenate([[fit.intercept], fit.weights])
    p = sigmoid(design @ theta)
    ridge = np.full(len(theta), penalty)
    ridge[0] = 1e-9
    hessian = (design * (weight * p * (1 - p))[:, None]).T @ design + np.diag(ridge)
    residuals = np.array([weight * times * (p - outcome) for times in draws]).T
    gradients = design.T @ residuals + (ridge * theta)[:, None]
    if centres is not None:
        gradients[1:] -= penalty * centres.T
    moved = theta[:, None] - np.linalg.solve(hessian, gradients)
    return [Fit(float(one[0]), one[1:]) for one in moved.T]
