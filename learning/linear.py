"""A linear score over encoded columns: fitted by Newton's method, served with numpy alone, explained exactly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from learning.calibration import sigmoid
from learning.columns import Floats, Table, as_numbers
from learning.encoder import ChoiceColumn, Encoder, NumberColumn
from learning.texts import TextColumn

Z90 = 1.6448536269514722  # the normal distribution's 95th percentile
CHUNK = 4096  # rows scored at a time, so that they stay in the processor's cache


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

    def __init__(self, columns: Sequence[NumberColumn], weights: Sequence[Floats], refits: int) -> None:
        self._names = [column.name for column in columns]
        self._low, self._high, self._mean, self._deviation = (
            np.array([getattr(column, name) for column in columns]) for name in ("low", "high", "mean", "deviation")
        )
        self._logs = np.flatnonzero([column.log for column in columns])
        hinges = [(place, knot) for place, column in enumerate(columns) for knot in column.knots]
        self._hinged = np.array([place for place, _ in hinges], dtype=np.int64)
        self._knots = np.array([knot for _, knot in hinges])
        slopes = [*(block[0] for block in weights), *(row for block in weights for row in block[2:])]
        self._slopes = np.reshape(np.array(slopes), (len(columns) + len(hinges), refits))
        self._gaps = np.reshape(np.array([block[1] for block in weights]), (len(columns), refits))

    def log_odds(self, table: Table) -> Floats:
        """Rows × (1 + refits): what the numbers add to the log-odds. The same as NumberColumn.features gives."""
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
        gaps = missing.any()
        hinges = np.maximum(standard[:, self._hinged] - self._knots, 0.0)
        if gaps:
            standard[missing] = 0.0
            hinges[missing[:, self._hinged]] = 0.0
        total = np.concatenate([standard, hinges], axis=1) @ self._slopes
        return np.asarray(total + missing @ self._gaps if gaps else total)


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

    def blocks(self) -> Iterator[tuple[int, Floats]]:
        """Every column's place and its part of the weights."""
        ends = np.cumsum([0, *(column.width for column in self.encoder.columns)]).tolist()
        yield from ((index, self.weights[a:b]) for index, (a, b) in enumerate(pairwise(ends)))

    @cached_property
    def _parts(self) -> tuple[list[tuple[ChoiceColumn, Floats]], list[tuple[TextColumn, Floats]], NumberBlock]:
        """The choices with the weight of every bin, the texts with theirs, and the numbers together."""
        choices, texts, numbers, slopes = [], [], [], []
        for index, block in self.blocks():
            column = self.encoder.columns[index]
            if isinstance(column, ChoiceColumn):
                choices.append((column, column.by_bin() @ block))
            elif isinstance(column, TextColumn):
                texts.append((column, block))
            else:
                numbers.append(column)
                slopes.append(block)
        return choices, texts, NumberBlock(numbers, slopes, len(self.intercepts))

    def refits(self, table: Table) -> Floats:
        """Rows × (1 + refits): the log-odds of the model and of its refits."""
        choices, texts, numbers = self._parts
        total = self.intercepts + numbers.log_odds(table)
        for column, block in choices:
            total += block[column.bins(table.columns.get(column.name), table.rows)]
        for text, block in texts:
            total += text.features(table.columns.get(text.name), table.rows) @ block
        return np.asarray(total)

    def score(self, table: Table) -> Scores:
        """Scores of every row, vectorised over rows and numbers."""
        total = self.refits(table)
        return Scores(total[:, 0], spread(total[:, 1:]))

    def contributions(self, table: Table) -> Floats:
        """Rows × columns: each column's effect on the log-odds beside the average record's.

        `base` + the sum over columns is the log-odds that `score` gives, up to rounding.
        """
        effects = np.empty((table.rows, len(self.encoder.columns)))
        for index, block in self.blocks():
            column = self.encoder.columns[index]
            effects[:, index] = column.features(table.columns.get(column.name), table.rows) @ block[:, 0]
        return effects - self.means


def spread(refits: Floats) -> Floats:
    """Each row's standard deviation over refits; 0 without any."""
    if not refits.shape[1]:
        return np.zeros(len(refits))
    away = refits - refits.mean(axis=1, keepdims=True)
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", away, away) / refits.shape[1]))


def mean_contributions(encoder: Encoder, features: Floats, weights: Floats, sample_weight: Floats) -> Floats:
    """Each column's mean contribution over training rows."""
    by_feature = (sample_weight @ features) / sample_weight.sum() * weights
    starts = np.cumsum([0, *(column.width for column in encoder.columns)])
    return np.array([by_feature[a:b].sum() for a, b in pairwise(starts)])


@dataclass(slots=True)
class Fit:
    """An intercept and a weight per feature."""

    intercept: float
    weights: Floats


def fit_logistic(features: Floats, outcome: Floats, weight: Floats, penalty: float, start: Fit | None = None) -> Fit:
    """L2-regularised logistic regression by Newton's method with halved steps, from `start` where one is given.

    Minimises Σ weight × loss + penalty / 2 × Σ weights²; the intercept is free. The curvature is taken in single
    precision, which costs half and changes the way, not the end.
    """
    design = np.column_stack([np.ones(len(outcome)), features])
    single = design.astype(np.float32)
    theta = np.zeros(design.shape[1]) if start is None else np.concatenate([[start.intercept], start.weights])
    ridge = np.full(len(theta), penalty)
    ridge[0] = 1e-6
    value = _objective(design @ theta, outcome, weight, theta, ridge)
    for _ in range(30):
        p = sigmoid(design @ theta)
        gradient = design.T @ (weight * (p - outcome)) + ridge * theta
        root = np.sqrt(weight * p * (1 - p)).astype(np.float32)
        half = single * root[:, None]
        hessian = (half.T @ half).astype(np.float64)
        hessian[np.diag_indices_from(hessian)] += ridge + 1e-6
        step = np.linalg.solve(hessian, gradient)
        scale, moved = 1.0, np.inf
        while scale > 1e-3:
            moved = _objective(design @ (theta - scale * step), outcome, weight, theta - scale * step, ridge)
            if moved <= value:
                break
            scale /= 2
        if moved > value:
            break
        theta -= scale * step
        done, value = value - moved < 1e-9 * (1 + abs(value)), moved
        if done:
            break
    return Fit(float(theta[0]), theta[1:])


def _objective(log_odds: Floats, outcome: Floats, weight: Floats, theta: Floats, ridge: Floats) -> float:
    loss = np.logaddexp(0.0, log_odds) - outcome * log_odds
    return float(weight @ loss + 0.5 * (ridge @ np.square(theta)))


def one_step_refits(
    features: Floats, outcome: Floats, weight: Floats, penalty: float, fit: Fit, draws: Sequence[Floats],
    centres: Floats | None = None,
) -> list[Fit]:  # fmt: skip
    """Bootstrap refits by one Newton step from the fit (the k-step bootstrap of Andrews 2002, k = 1).

    `draws` holds each row's multiplicity in each resample. The step uses the whole sample's curvature, so that all
    refits together cost about one iteration of the fit. `centres` (refits × features) are what each refit is shrunk
    towards, 0 where they are not given.
    """
    design = np.column_stack([np.ones(len(outcome)), features])
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
