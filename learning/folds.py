"""Folds forward in time: a fold's model knows only outcomes that had come before the days it is tested on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.int64]  # proleptic ordinals; 0 where a record is not closed
Mask = NDArray[np.bool_]
# Shares of the outcomes that had come at the start of each fold.
SHARES = (0.4, 0.55, 0.7, 0.85)


@dataclass(frozen=True, slots=True)
class Fold:
    """`train`: rows whose outcome was known by the cut. `test`: rows taken after the cut, up to the next one."""

    cut: int
    train: Mask
    test: Mask


def forward_folds(taken: Days, closed: Days, records: Sequence[object], shares: Sequence[float] = SHARES) -> list[Fold]:
    """Folds over snapshot rows: `taken` the day of a row, `closed` the day its outcome came (0: not yet).

    `records` names each row's record, so that each counts once when the cuts are placed.
    """
    last = {record: day for record, day in zip(records, closed.tolist(), strict=True) if day}
    if not last:
        return []
    days = np.sort(np.fromiter(last.values(), np.int64))
    cuts = sorted({int(days[int(share * (len(days) - 1))]) for share in shares})
    ends = [*cuts[1:], int(taken.max()) + 1]
    folds = []
    for cut, end in zip(cuts, ends, strict=True):
        train = (closed > 0) & (closed <= cut) & (taken <= cut)
        folds.append(Fold(cut, train, (taken > cut) & (taken <= end)))
    return [fold for fold in folds if fold.train.any() and fold.test.any()]


def random_folds(records: NDArray[np.int64], known: Mask, count: int, seed: int) -> list[Fold]:
    """Folds without an order of time: records are drawn into `count` parts, each tested by the others' model."""
    groups = np.random.default_rng(seed).permutation(int(records.max()) + 1 if len(records) else 0) % count
    part = groups[records]
    folds = [Fold(0, known & (part != place), known & (part == place)) for place in range(count)]
    return [fold for fold in folds if fold.train.any() and fold.test.any()]
