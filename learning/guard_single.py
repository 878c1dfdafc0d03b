"""What one column alone says about the outcome, told on rows that it was not learned from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learning.columns import Floats, Texts
from learning.metrics import auc, log_loss

FOLDS = 5
BINS = 40
OWN_BIN = 0.02  # a number this frequent is a value of its own, such as 0
BELIEF = 2.0  # records that every level starts with, at the common rate
MOST_ROWS = 40_000

Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Single:
    """AUC, and the share of the base rate's log loss that the column alone explains."""

    auc: float
    explained: float


def levels(column: Floats | Texts) -> tuple[Codes, int]:
    """The level of each row, and how many there are; missing is the last. Numbers fall into bins."""
    if isinstance(column, Texts):
        count = len(column.dictionary)
        return np.where(column.codes < 0, count, column.codes), count + 1
    known = column[np.isfinite(column)]
    if not len(known):
        return np.zeros(len(column), dtype=np.int64), 1
    values, counts = np.unique(known, return_counts=True)
    if len(values) > BINS:
        edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1]))
        own = np.flatnonzero(counts >= OWN_BIN * len(known))
        edges = np.unique(np.concatenate([edges, values[own], values[own[own + 1 < len(values)] + 1]]))
    else:
        edges = values[1:]
    place = np.searchsorted(edges, column, side="right")
    return np.where(np.isfinite(column), place, len(edges) + 1), len(edges) + 2


@dataclass(frozen=True, slots=True)
class Labelled:
    """What came of the rows, what each weighs, and which of them are of one record; arrays with an entry a row.

    The weights of a record's rows add up to 1, so that sums of weights count records.
    """

    won: Floats
    weight: Floats
    record: Codes

    @classmethod
    def by_row(cls, won: Floats) -> Labelled:
        """Every row is a record of its own."""
        return cls(won, np.ones(len(won)), np.arange(len(won)))

    @property
    def counts(self) -> tuple[float, float]:
        """How many records were won, and how many lost."""
        return float(self.weight @ self.won), float(self.weight @ (1 - self.won))

    def take(self, rows: Codes) -> Labelled:
        """Some of the rows."""
        return Labelled(self.won[rows], self.weight[rows], self.record[rows])


def judge(column: Floats | Texts, labelled: Labelled, seed: int = 0) -> Single:
    """Cross-validated by record, on a sample where the rows are many."""
    place, count = levels(column)
    generator = np.random.default_rng(seed)
    if len(place) > MOST_ROWS:
        rows = generator.choice(len(place), MOST_ROWS, replace=False)
        place, labelled = place[rows], labelled.take(rows)
    won, weight = labelled.won, labelled.weight
    records, record = np.unique(labelled.record, return_inverse=True)
    fold = (generator.permutation(len(records)) % FOLDS)[record]
    base = (labelled.counts[0] + 1) / (weight.sum() + 2)
    told = np.empty(len(won))
    for number in range(FOLDS):
        learn = fold != number
        total = np.bincount(place[learn], weight[learn], count) + BELIEF
        good = np.bincount(place[learn], (weight * won)[learn], count) + BELIEF * base
        told[~learn] = (good / total)[place[~learn]]
    rate = labelled.counts[0] / weight.sum()
    loss = log_loss(won, told, weight) / log_loss(won, np.full(len(won), rate), weight)
    return Single(auc(won, told, weight), 1 - loss)
