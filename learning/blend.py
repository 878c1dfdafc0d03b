"""Linear model and trees in one score: non-negative stacking in log-odds, which is the calibration too."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from learning.boosting import TreeReader
from learning.calibration import sigmoid
from learning.columns import Floats, Table
from learning.encoder import Encoder
from learning.linear import LinearScorer, Scores, spread
from learning.tree_paths import PathTable
from learning.trees import Trees

SIMPLE = 12.0  # records that speak for the linear model alone
NOTHING = 16.0  # records that speak for weights that add up to 1
SHIFT = 4.0  # records that speak for no intercept


@dataclass(frozen=True, slots=True)
class Stack:
    """log-odds = intercept + linear × the linear model's + trees × the trees'; neither weight is negative."""

    intercept: float = 0.0
    linear: float = 1.0
    trees: float = 0.0

    def apply(self, linear: Floats, trees: Floats | None) -> Floats:
        """Stacked log-odds."""
        total = self.intercept + self.linear * linear
        return total if trees is None or not self.trees else total + self.trees * trees


def fit_stack(linear: Floats, trees: Floats | None, won: Floats, weight: Floats) -> Stack:
    """Penalised maximum likelihood of out-of-fold log-odds; weights count records.

    The penalty pulls the sum of the weights towards 1 and the trees' weight towards 0. Among the ways to hold a
    weight at its bound of 0 the best admissible one is taken, which is exact for two weights.
    """
    if not len(won):
        return Stack()
    columns = [linear] if trees is None else [linear, trees]
    found: list[tuple[float, Stack]] = []
    for kept in ([0], [0, 1], [1], []) if trees is not None else ([0], []):
        theta, value = _newton([columns[one] for one in kept], 1 in kept, won, weight)
        if all(one >= 0 for one in theta[1:]):
            weights = dict(zip(kept, theta[1:], strict=True))
            found.append((value, Stack(theta[0], weights.get(0, 0.0), weights.get(1, 0.0))))
    return min(found, key=lambda one: one[0])[1]


def _newton(columns: list[Floats], trees: bool, won: Floats, weight: Floats) -> tuple[list[float], float]:
    design = np.column_stack([np.ones(len(won)), *columns])
    size = design.shape[1]
    # quarter of a record: the curvature of one whose chance is even
    penalty = np.zeros((size, size))
    penalty[0, 0] = SHIFT / 4
    penalty[1:, 1:] = NOTHING / 4
    if trees:
        penalty[-1, -1] += SIMPLE / 4
    centre = np.zeros(size)
    if size > 1:
        centre[1] = 1.0
    if trees and size == 2:  # the trees alone: their weight is the sum too
        centre[1] = NOTHING / (NOTHING + SIMPLE)
    theta = centre.copy()
    for _ in range(50):
        p = sigmoid(design @ theta)
        gradient = design.T @ (weight * (p - won)) + penalty @ (theta - centre)
        curvature = weight * np.maximum(p * (1 - p), 1e-6)
        step = np.linalg.solve((design * curvature[:, None]).T @ design + penalty + 1e-9 * np.eye(size), gradient)
        theta -= np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-9:
            break
    log_odds = design @ theta
    loss = float(weight @ (np.logaddexp(0.0, log_odds) - won * log_odds))
    weights = theta[1:]
    away = SHIFT / 4 * theta[0] ** 2 + NOTHING / 4 * (float(weights.sum()) - 1) ** 2
    shy = SIMPLE / 4 * float(weights[-1]) ** 2 if trees else 0.0
    return [float(one) for one in theta], loss + (away + shy) / 2


@dataclass(frozen=True)
class Blend:
    """A linear score with its part of the stack folded in, and trees beside it.

    tree_weights: 1 + refits, the trees' part of the stack for the model and for each refit.
    """

    linear: LinearScorer
    trees: Trees
    tree_weights: Floats

    @property
    def encoder(self) -> Encoder:
        """Of both."""
        return self.linear.encoder

    @property
    def base(self) -> float:
        """The log-odds that the effects are added to."""
        return self.linear.base + float(self.tree_weights[0]) * self.trees.root

    @cached_property
    def _tree_reader(self) -> TreeReader:
        return TreeReader(self.encoder)

    @cached_property
    def _paths(self) -> PathTable:
        weight = float(self.tree_weights[0]) / self.trees.bags
        return PathTable(self.trees.leaves, self._tree_reader.origin, len(self.encoder.columns), weight)

    def score(self, table: Table) -> Scores:
        """Scores of every row.

        The deviation joins that of the refits with that of the trees, whose bags leave out a part of the records
        each: the delete-a-group jackknife.
        """
        read = self.linear.reader.read(table)
        bags = np.empty((self.trees.bags, read.rows))
        for rows, leaves in self.trees.parts(self._tree_reader.features(read)):
            bags[:, rows] = self.trees.by_bag(leaves)
        return self._scores(self.linear.refits(read), bags)

    def explained(self, table: Table) -> tuple[Scores, Floats]:
        """The scores of every row, and rows × columns of effects: `base` + a row's effects is its log-odds.

        Both are read off the same leaves: a tree's share goes to the columns it splits on along the row's path.
        """
        read = self.linear.reader.read(table)
        bags, effects = np.empty((self.trees.bags, read.rows)), self.linear.effects(read)
        for rows, leaves in self.trees.parts(self._tree_reader.features(read)):
            bags[:, rows] = self.trees.by_bag(leaves)
            effects[rows] += self._paths.sums(leaves)
        return self._scores(self.linear.refits(read), bags), effects

    def _scores(self, refits: Floats, bags: Floats) -> Scores:
        count, mean = len(bags), bags.mean(axis=0)
        total = refits + mean[:, None] * self.tree_weights
        jackknife = np.sqrt((count - 1) / count * np.square(bags - mean).sum(axis=0))
        return Scores(total[:, 0], np.hypot(spread(total[:, 1:]), self.tree_weights[0] * jackknife))
