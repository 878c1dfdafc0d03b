"""A linear score over encoded columns: fitted by Newton's method, served with numpy alone, explained exactly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from learning.calibration import sigmoid
from learning.columns import Floats, Table
from learning.encoder import ChoiceColumn, Encoder, NumberColumn
from learning.reading import Read, Reader

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
        # each column's first knot, then each one's second, …: no column twice in a turn
        turns = [place - self._hinged.tolist().index(column) for place, column in enumerate(self._hinged.tolist())]
        self._turns = [np.flatnonzero(np.array(turns) == turn) for turn in range(max(turns, default=-1) + 1)]

    def features(self, values: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """The standardised numbers followed by the hinges, and where values are missing (nan)."""
        missing = np.isnan(values)
        shaped = np.clip(values, self._low, self._high)
        if len(self._logs):
            shaped[:, self._logs] = np.log1p(shaped[:, self._logs])
        standard = (shaped - self._mean) / self._deviation
        hinges = np.maximum(standard[:, self._hinged] - self._knots, 0.0)
        if missing.any():
            standard[missing] = 0.0
            hinges[missing[:, self._hinged]] = 0.0
        return np.concatenate([standard, hinges], axis=1), missing

    def log_odds(self, features: Floats, missing: NDArray[np.bool_]) -> Floats:
        """Rows × (1 + refits): what the numbers add to the log-odds."""
        total = features @ self._slopes
        return np.asarray(total + missing @ self._gaps if missing.any() else total)

    def effects(self, features: Floats, missing: NDArray[np.bool_]) -> Floats:
        """Rows × number columns: what each adds to the model's own log-odds."""
        told = features * self._slopes[:, 0]  # no matrix product: a row gets the same bits alone and among others
        count = len(self._mean)
        found = told[:, :count] + missing * self._gaps[:, 0]
        for turn in self._turns:
            found[:, self._hinged[turn]] += told[:, count + turn]
        return np.asarray(found)


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
    def reader(self) -> Reader:
        """Reads tables for this score."""
        return Reader(self.encoder)

    @cached_property
    def _parts(self) -> tuple[NumberBlock, list[Floats], list[Floats]]:
        """The numbers together, the weights of every bin of each choice, and those of each text."""
        blocks = [block for _, block in self.blocks()]
        columns = self.encoder.columns
        numbers = [one for one in columns if isinstance(one, NumberColumn)]
        slopes = [blocks[index] for index in self.reader.numbers.tolist()]
        choices = [
            one.by_bin() @ block for one, block in zip(columns, blocks, strict=True) if isinstance(one, ChoiceColumn)
        ]
        texts = [blocks[index] for index in self.reader.texts.tolist()]
        return NumberBlock(numbers, slopes, len(self.intercepts)), choices, texts

    def score(self, table: Table) -> Scores:
        """Scores of every row, vectorised over rows and numbers."""
        total = self.refits(self.reader.read(table))
        return Scores(total[:, 0], spread(total[:, 1:]))

    def explained(self, table: Table) -> tuple[Scores, Floats]:
        """The scores of every row and its `effects`, in one pass."""
        read = self.reader.read(table)
        total = self.refits(read)
        return Scores(total[:, 0], spread(total[:, 1:])), self.effects(read)

    def refits(self, read: Read) -> Floats:
        """Rows × (1 + refits): the log-odds of the model and of its refits."""
        numbers, choices, texts = self._parts
        total = np.zeros((read.rows, len(self.intercepts))) + self.intercepts
        if len(self.reader.numbers):
            total += numbers.log_odds(*numbers.features(read.numbers))
        for bins, block in zip(read.bins, choices, strict=True):
            total += block[bins]
        for features, block in zip(read.texts, texts, strict=True):
            total += features @ block
        return total

    def effects(self, read: Read) -> Floats:
        """Rows × columns: each column's effect on the log-odds beside the average record's.

        `base` + the sum over columns is the log-odds that `score` gives, up to rounding.
        """
        numbers, choices, texts = self._parts
        found = np.empty((read.rows, len(self.encoder.columns)))
        if len(self.reader.numbers):
            found[:, self.reader.numbers] = numbers.effects(*numbers.features(read.numbers))
        for index, bins, block in zip(self.reader.choices.tolist(), read.bins, choices, strict=True):
            found[:, index] = block[bins, 0]
        for index, features, block in zip(self.reader.texts.tolist(), read.texts, texts, strict=True):
            found[:, index] = features @ block[:, 0]
        return found - self.means

    def contributions(self, table: Table) -> Floats:
        """Rows × columns: the effects of a table's rows."""
        return self.effects(self.reader.read(table))


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
